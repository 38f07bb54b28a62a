/**
 * The reading end of a link of which only the newest frame counts. Its JetStream stream holds that and hardly more: older parcels
 * are discarded by newer ones, so holes are as they should be, and nothing is acked.
 */

import type { Consumer, ConsumerMessages, JsMsg } from "@nats-io/jetstream";
import { TransportError } from "../errors.ts";
import type { ReadingDescription, ReadingLink, TakenParcel } from "../link.ts";
import { sleepUntil } from "../sleep.ts";
import type { Connection } from "./connection.ts";
import { streamOf } from "./names.ts";
import { addPassingConsumer, findStream, hasSentMore, identityOf } from "./server_stream.ts";
import { WriterWatch } from "./writer_watch.ts";

const PULL = { expires: 4000, idle_heartbeat: 1000, max_messages: 2 } as const;
/** Between two attempts. */
const PAUSE_MS = 200;

/** A reading end. */
export class NewestReadingLink implements ReadingLink {
  readonly isRejoined = false;
  readonly #connection: Connection;
  readonly #description: ReadingDescription;
  readonly #identity: string;
  readonly #watch: WriterWatch;
  /** The sequence number of the last parcel that was taken. */
  #taken = 0;
  #consumer: Consumer | undefined;
  #messages: ConsumerMessages | undefined;
  #incoming: AsyncIterator<JsMsg> | undefined;
  /** How many messages are still to come for the request. */
  #expected = 0;
  #owned: AsyncDisposable | undefined;

  constructor(connection: Connection, description: ReadingDescription, identity: string) {
    this.#connection = connection;
    this.#description = description;
    this.#identity = identity;
    this.#watch = new WriterWatch(connection, description, {
      taken: () => this.#taken,
      lost: () => this.#messages?.stop(),
    });
    connection.onFailure = () => this.#messages?.stop();
  }

  /** Closes what the link was opened with, at its end. */
  owns(resources: AsyncDisposable): void {
    this.#owned = resources;
  }

  async take(signal: AbortSignal): Promise<TakenParcel> {
    for (;;) {
      signal.throwIfAborted();
      this.#connection.check();
      this.#watch.check();
      const message = await this.#next(signal);
      if (!message || message.seq <= this.#taken) continue;
      this.#taken = message.seq;
      this.#description.figures.add("bytes", message.data.length);
      return { bytes: message.data, place: message.seq };
    }
  }

  /** The next message, or `null` if a request is over. */
  async #next(signal: AbortSignal): Promise<JsMsg | null> {
    const stop = () => this.#messages?.stop();
    signal.addEventListener("abort", stop);
    try {
      const incoming = this.#incoming ??= await this.#request(signal);
      const { done, value } = await incoming.next();
      if (!done) {
        this.#expected--;
        return value;
      }
      this.#dropRequest();
      // Another consumer has them sent again.
      if (this.#expected > 0 && await hasSentMore(this.#connection, this.#consumer!, this.#taken, signal)) {
        this.#consumer = undefined;
      }
    } catch (error) {
      await this.#recover(error, signal);
    } finally {
      signal.removeEventListener("abort", stop);
    }
    return null;
  }

  async #request(signal: AbortSignal): Promise<AsyncIterator<JsMsg>> {
    this.#consumer ??= await addPassingConsumer(
      this.#connection,
      streamOf(this.#description.link),
      this.#taken + 1,
      signal,
    );
    this.#messages = await this.#consumer.fetch(PULL);
    this.#expected = PULL.max_messages;
    return this.#messages[Symbol.asyncIterator]();
  }

  #dropRequest(): void {
    this.#messages?.stop();
    this.#messages = this.#incoming = undefined;
  }

  /** A request has failed, perhaps since the server has forgotten its consumer: another one goes on behind what was taken. */
  async #recover(error: unknown, signal: AbortSignal): Promise<void> {
    this.#dropRequest();
    this.#consumer = undefined;
    signal.throwIfAborted();
    this.#connection.check();
    if (error instanceof TransportError) throw error;
    await sleepUntil(PAUSE_MS, signal);
    const { link, action } = this.#description;
    const info = await findStream(this.#connection, streamOf(link), signal);
    if (info && identityOf(info) === this.#identity) return;
    throw new TransportError(`Cannot ${action}: the server has lost the link`);
  }

  ack(): void {}

  async settle(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {
    this.#watch[Symbol.dispose]();
    this.#dropRequest();
    await this.#owned?.[Symbol.asyncDispose]();
  }
}
