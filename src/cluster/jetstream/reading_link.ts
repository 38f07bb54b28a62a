/**
 * A reading end of a link on JetStream.
 *
 * The stream's sequence numbers have no holes, so each parcel must have the next one. After anything that was not as it should
 * be, the consumer is reset: the server then sends again all that is not acked, in order, of which the known part is dropped.
 */

import { type Consumer, type ConsumerMessages, DeliverPolicy, type JsMsg } from "@nats-io/jetstream";
import { TransportError } from "../errors.ts";
import type { ReadingDescription, ReadingLink, TakenParcel } from "../link.ts";
import { Door, sleepUntil } from "../sleep.ts";
import type { Connection } from "./connection.ts";
import { streamOf, tokenOf } from "./names.ts";
import {
  addConsumer,
  checkStream,
  findConsumer,
  findStream,
  hasSentMore,
  identityOf,
  mayRejoin,
  parcelBytesOf,
  pauseForWriter,
} from "./server_stream.ts";
import { WriterWatch } from "./writer_watch.ts";

/** How long one request for parcels lasts, and how often the server shows meanwhile that it is there. */
const PULL = { expires: 4000, idle_heartbeat: 1000 } as const;
/** Between two attempts. */
const PAUSE_MS = 200;
/** How long an ack may take. */
const ACK_MS = 2000;

/** A reading end. */
export class JetStreamReadingLink implements ReadingLink {
  readonly #connection: Connection;
  readonly #description: ReadingDescription;
  readonly #stream: string;
  readonly #door = new Door();
  /** Messages that were taken and are not acked, by their sequence numbers. */
  readonly #unacked = new Map<number, JsMsg>();
  /** The sequence number of the last parcel that was taken, that which is to be acked, and that which is. */
  #taken = 0;
  #wanted = 0;
  #acked = 0;
  #acking: Promise<void> | undefined;
  #identity = "";
  #consumer: Consumer | undefined;
  #messages: ConsumerMessages | undefined;
  #incoming: AsyncIterator<JsMsg> | undefined;
  /** How many messages are still to come for the request. */
  #expected = 0;
  /** Whether the consumer was reset because of a hole, and nothing has come since. */
  #hasHole = false;
  #resetting: Promise<void> | undefined;
  #parcelBytes = 0;
  /** Messages that came while somebody waited for an ack. */
  readonly #stash: JsMsg[] = [];
  #owned: AsyncDisposable | undefined;
  readonly #consumerName: string;
  readonly #watch: WriterWatch;
  isRejoined = false;

  constructor(connection: Connection, description: ReadingDescription) {
    this.#connection = connection;
    this.#description = description;
    this.#stream = streamOf(description.link);
    this.#consumerName = tokenOf(description.reader);
    this.#watch = new WriterWatch(connection, description, {
      taken: () => this.#taken,
      lost: () => this.#messages?.stop(),
    });
    connection.onFailure = () => {
      this.#messages?.stop();
      this.#door.open();
    };
  }

  /** Closes what the link was opened with, at its end. */
  owns(resources: AsyncDisposable): void {
    this.#owned = resources;
  }

  #cannot(what: string): TransportError {
    return new TransportError(`Cannot ${this.#description.action}: ${what}`);
  }

  /** Waits until the writing end has made the link, and checks it. */
  async find(signal: AbortSignal): Promise<void> {
    const { link, reader } = this.#description;
    for (let looks = 0;; looks++) {
      const info = await findStream(this.#connection, this.#stream, signal);
      if (info) checkStream(this.#description, info);
      this.#identity = info ? identityOf(info) : "";
      if (info && await findConsumer(this.#connection, this.#stream, this.#consumerName, signal)) return;
      // The writing end makes its readers right after the link, and before anything else.
      if (info && mayRejoin(info, reader)) return;
      if (
        info && info.state.last_seq > 0 &&
        !await findConsumer(this.#connection, this.#stream, this.#consumerName, signal)
      ) {
        throw this.#cannot(`link "${link}" has no reader "${reader}": the publishing program names its readers`);
      }
      await pauseForWriter(this.#description, looks, signal);
    }
  }

  /** Makes the consumer of a reader that was not waited for, of what is new from now on. */
  async rejoin(signal: AbortSignal): Promise<void> {
    if (await findConsumer(this.#connection, this.#stream, this.#consumerName, signal)) return;
    await addConsumer(this.#connection, this.#stream, this.#consumerName, DeliverPolicy.New, signal);
    this.isRejoined = true;
  }

  /** Goes on where the last program that had this end has come to. */
  async attach(signal: AbortSignal): Promise<void> {
    await this.#reset(signal);
    const info = (await findStream(this.#connection, this.#stream, signal))!;
    const consumer = (await findConsumer(this.#connection, this.#stream, this.#consumerName, signal))!;
    const floor = consumer.ack_floor.stream_seq;
    this.#taken = this.#wanted = this.#acked = floor > 0 ? floor : Math.max(0, info.state.first_seq - 1);
    this.#consumer = await this.#connection.ask(
      () => this.#connection.client.consumers.get(this.#stream, this.#consumerName),
      signal,
    );
  }

  /** Has the server send again what is not acked. Acks of what it has sent before would not mean the same any more. */
  async #reset(signal?: AbortSignal): Promise<void> {
    this.#resetting ??= this.#resetOnce(signal).finally(() => this.#resetting = undefined);
    await this.#resetting;
  }

  async #resetOnce(signal?: AbortSignal): Promise<void> {
    this.#dropRequest();
    this.#unacked.clear();
    await this.#check(signal);
    await this.#connection.ask(
      () => this.#connection.manager.consumers.reset(this.#stream, this.#consumerName),
      signal,
    );
  }

  /** @throws {TransportError} If the server has lost the link or this reader. */
  async #check(signal?: AbortSignal): Promise<void> {
    const info = await findStream(this.#connection, this.#stream, signal);
    const isThere = info && identityOf(info) === this.#identity;
    if (!isThere) throw this.#cannot("the server has lost the link, with what was not consumed");
    this.#parcelBytes = parcelBytesOf(info);
    if (await findConsumer(this.#connection, this.#stream, this.#consumerName, signal)) return;
    const { reader } = this.#description;
    throw this.#cannot(
      mayRejoin(info, reader)
        ? `reader "${reader}" was not there for too long: what it had not consumed was dropped`
        : `the server has lost its reader "${reader}", with what was not consumed`,
    );
  }

  async take(signal: AbortSignal): Promise<TakenParcel> {
    for (;;) {
      if (this.#stash.length === 0) this.#watch.check();
      const message = this.#stash.shift() ?? await this.#nextNew(signal);
      if (!message) continue;
      this.#description.figures.add("bytes", message.data.length);
      return { bytes: message.data, place: message.seq };
    }
  }

  async #nextNew(signal: AbortSignal): Promise<JsMsg | null> {
    const message = await this.#next(signal);
    return message && await this.#accept(message, signal) ? message : null;
  }

  /** The next message, or `null` if a request is over. */
  async #next(signal: AbortSignal): Promise<JsMsg | null> {
    signal.throwIfAborted();
    this.#connection.check();
    const stop = () => this.#messages?.stop();
    signal.addEventListener("abort", stop);
    try {
      await this.#resetting;
      const incoming = this.#incoming ??= await this.#request();
      const { done, value } = await incoming.next();
      // After a reset, what was sent before it comes again.
      if (incoming !== this.#incoming) return null;
      if (!done) {
        this.#expected--;
        return value;
      }
      this.#dropRequest();
      if (this.#expected > 0 && await hasSentMore(this.#connection, this.#consumer!, this.#taken, signal)) {
        await this.#reset(signal);
      }
    } catch (error) {
      await this.#recover(error, signal);
    } finally {
      signal.removeEventListener("abort", stop);
    }
    return null;
  }

  /** Asks for as many parcels as may be on the way. */
  async #request(): Promise<AsyncIterator<JsMsg>> {
    const max_messages = Math.max(1, Math.floor(this.#description.windowBytes / this.#parcelBytes));
    this.#messages = await this.#consumer!.fetch({ ...PULL, max_messages });
    this.#expected = max_messages;
    return this.#messages[Symbol.asyncIterator]();
  }

  #dropRequest(): void {
    this.#messages?.stop();
    this.#messages = this.#incoming = undefined;
  }

  /** A request has failed: what was sent for it may never arrive. */
  async #recover(error: unknown, signal: AbortSignal): Promise<void> {
    this.#dropRequest();
    signal.throwIfAborted();
    this.#connection.check();
    if (error instanceof TransportError) throw error;
    await sleepUntil(PAUSE_MS, signal);
    await this.#reset(signal);
  }

  /** Whether a message is the next one. */
  async #accept(message: JsMsg, signal: AbortSignal): Promise<boolean> {
    const { seq } = message;
    if (seq <= this.#taken + 1 && seq > this.#acked) this.#unacked.set(seq, message);
    if (seq <= this.#taken) {
      this.#startAck();
      return false;
    }
    if (seq === this.#taken + 1) {
      this.#taken = seq;
      this.#hasHole = false;
      return true;
    }
    if (this.#hasHole) throw this.#cannot(`${seq - this.#taken - 1} parcels are missing after number ${this.#taken}`);
    this.#hasHole = true;
    await this.#reset(signal);
    return false;
  }

  ack(place: number): void {
    this.#wanted = Math.max(this.#wanted, place);
    this.#startAck();
  }

  #startAck(): void {
    if (this.#wanted <= this.#acked || this.#acking) return;
    // Without a message that can be acked, one is to come: it was asked for again.
    const place = this.#lastToAck();
    if (place !== undefined) this.#acking = this.#sendAck(place);
  }

  /** One ack at a time, of the last message that may be. One whose answer is lost is sent again. */
  async #sendAck(place: number): Promise<void> {
    try {
      if (await this.#ackMessage(place)) this.#passed(place);
      else await this.#lookAtFloor();
    } catch (error) {
      this.#connection.fail(error as Error);
    } finally {
      this.#acking = undefined;
      this.#door.open();
    }
  }

  #lastToAck(): number | undefined {
    let last: number | undefined;
    for (const sequence of this.#unacked.keys()) {
      if (sequence <= this.#wanted && sequence > (last ?? 0)) last = sequence;
    }
    return last;
  }

  /** A client's message is acked once only; the server's answer decides. */
  async #ackMessage(sequence: number): Promise<boolean> {
    const message = this.#unacked.get(sequence)!;
    return await message.ackAck({ timeout: ACK_MS }).catch(() => false);
  }

  #passed(sequence: number): void {
    this.#acked = Math.max(this.#acked, sequence);
    for (const known of this.#unacked.keys()) if (known <= this.#acked) this.#unacked.delete(known);
  }

  /** No answer: was it acked? If not, the message comes again, as only a new copy of it can be acked. */
  async #lookAtFloor(): Promise<void> {
    await this.#check();
    const consumer = await findConsumer(this.#connection, this.#stream, this.#consumerName);
    this.#passed(consumer?.ack_floor.stream_seq ?? 0);
    if (this.#acked < this.#wanted) await this.#reset();
  }

  async settle(signal: AbortSignal): Promise<void> {
    while (this.#acked < this.#wanted) {
      this.#connection.check();
      this.#startAck();
      if (this.#acking) await this.#door.pass(signal);
      else await this.#stashNext(signal);
    }
  }

  /** Nobody takes messages while an ack is waited for, but what is to be acked may have to come again first. */
  async #stashNext(signal: AbortSignal): Promise<void> {
    const message = await this.#nextNew(signal);
    if (message) this.#stash.push(message);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#watch[Symbol.dispose]();
    this.#dropRequest();
    await this.#owned?.[Symbol.asyncDispose]();
  }
}
