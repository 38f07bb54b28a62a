/**
 * Who holds an end of a link: one message per end in a JetStream stream of its own, exchanged by compare-and-swap on the
 * sequence number of the message, and renewed each second.
 *
 * Whoever finds it not renewed for {@link LEASE_MS} may take it. It names one owner at any time and never goes away by itself,
 * so that a holder who was frozen or cut off finds out exactly whether somebody else had the end since.
 */

import { JetStreamApiError } from "@nats-io/jetstream";
import { FencedError, TransportError } from "../errors.ts";
import { sleepUntil } from "../sleep.ts";
import type { Connection } from "./connection.ts";
import { CLAIMS_STREAM } from "./names.ts";

/** How long an end is held after the last renewal. */
const LEASE_MS = 3000;
const RENEW_MS = 1000;
const LOOK_MS = 250;
/** "wrong last sequence". */
const WRONG_SEQUENCE = 10071;
/** "no message found". */
const NO_MESSAGE = 10037;

/** Who holds an end. */
interface Holder {
  readonly owner: string;
  readonly host: string;
  readonly pid: number;
  readonly since: string;
  readonly isHeld: boolean;
}

/** What is stored for an end. */
interface Entry {
  readonly sequence: number;
  readonly holder: Holder;
}

function isHolder(value: unknown): value is Holder {
  const { owner, host, pid, since, isHeld } = Object(value);
  return [owner, host, since].every((text) => typeof text === "string") && typeof pid === "number" &&
    typeof isHeld === "boolean";
}

/** A claim that is held. */
export class Claim {
  readonly #connection: Connection;
  readonly #subject: string;
  readonly #action: string;
  readonly #holder: Holder = {
    owner: crypto.randomUUID(),
    host: Deno.hostname(),
    pid: Deno.pid,
    since: new Date().toISOString(),
    isHeld: true,
  };
  #sequence = 0;
  #timer: ReturnType<typeof setInterval> | undefined;
  #renewal: Promise<void> | undefined;

  private constructor(connection: Connection, subject: string, action: string) {
    this.#connection = connection;
    this.#subject = subject;
    this.#action = action;
  }

  /**
   * Takes an end, which may last {@link LEASE_MS} after its holder was killed.
   *
   * @throws {FencedError} If another program holds it.
   */
  static async take(connection: Connection, subject: string, action: string, signal: AbortSignal): Promise<Claim> {
    const claim = new Claim(connection, subject, action);
    for (;;) {
      const entry = await claim.#read(signal);
      if (entry?.holder.isHeld && !await claim.#isSilent(entry, signal)) continue;
      if (await claim.#swap(entry?.sequence ?? 0, claim.#holder, signal)) break;
    }
    claim.#timer = setInterval(() => claim.#renewal ??= claim.#renew(), RENEW_MS);
    return claim;
  }

  /** What is stored, from the leader. */
  async #read(signal?: AbortSignal): Promise<Entry | null> {
    const query = { last_by_subj: this.#subject };
    const message = await this.#connection.ask(async () => {
      try {
        return await this.#connection.manager.streams.getMessage(CLAIMS_STREAM, query);
      } catch (error) {
        if (error instanceof JetStreamApiError && error.code === NO_MESSAGE) return null;
        throw error;
      }
    }, signal);
    if (!message) return null;
    return { sequence: message.seq, holder: this.#parse(message.data) };
  }

  #parse(bytes: Uint8Array): Holder {
    let value: unknown;
    try {
      value = JSON.parse(new TextDecoder().decode(bytes));
    } catch {
      // It is no holder.
    }
    if (isHolder(value)) return value;
    throw new TransportError(
      `Cannot ${this.#action}: what is stored at ${this.#subject} does not say who holds the end`,
    );
  }

  /**
   * Whether nobody renews an entry; false if it was given back meanwhile. Only time in which the server answers counts.
   *
   * @throws {FencedError} If it is renewed.
   */
  async #isSilent(entry: Entry, signal: AbortSignal): Promise<boolean> {
    let since = performance.now();
    while (performance.now() - since < LEASE_MS) {
      await sleepUntil(LOOK_MS, signal);
      const asked = performance.now();
      const now = await this.#read(signal);
      if (performance.now() - asked > LOOK_MS * 2) since = performance.now();
      if (now?.sequence === entry.sequence) continue;
      if (now?.holder.isHeld) throw this.#fenced(now.holder);
      return false;
    }
    return true;
  }

  #fenced({ host, pid, since }: Holder): FencedError {
    const other = `another program has this end of the link: ${JSON.stringify(host)}, pid ${pid}, since ${since}`;
    return new FencedError(`Cannot ${this.#action}: ${other}`);
  }

  /** Stores a holder in place of an entry. False if that has changed. */
  async #swap(expected: number, holder: Holder, signal?: AbortSignal): Promise<boolean> {
    const bytes = JSON.stringify(holder);
    try {
      const { seq } = await this.#connection.ask(
        () => this.#connection.client.publish(this.#subject, bytes, { expect: { lastSubjectSequence: expected } }),
        signal,
      );
      this.#sequence = seq;
      return true;
    } catch (error) {
      if (!(error instanceof JetStreamApiError) || error.code !== WRONG_SEQUENCE) throw error;
      // The answer to an attempt before may have been lost.
      return await this.#adopt(signal);
    }
  }

  /** Whether what is stored is this claim's. */
  async #adopt(signal?: AbortSignal): Promise<boolean> {
    const entry = await this.#read(signal);
    if (entry?.holder.owner !== this.#holder.owner) return false;
    this.#sequence = entry.sequence;
    return true;
  }

  async #renew(): Promise<void> {
    try {
      if (!await this.#swap(this.#sequence, this.#holder)) await this.verify();
    } catch (error) {
      this.#connection.fail(error as Error);
    } finally {
      this.#renewal = undefined;
    }
  }

  /**
   * Resolves if nobody else has had the end up to now.
   *
   * @throws {FencedError} If somebody has.
   */
  async verify(signal?: AbortSignal): Promise<void> {
    const entry = await this.#read(signal);
    if (entry?.holder.owner === this.#holder.owner) return;
    if (entry) throw this.#fenced(entry.holder);
    throw new TransportError(`Cannot ${this.#action}: the server has lost who holds this end of the link`);
  }

  /** Gives the end back, unless the server does not answer in time: then it is free after {@link LEASE_MS}. */
  async release(timeoutMs: number): Promise<void> {
    clearInterval(this.#timer);
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      await Promise.race([this.#renewal, sleepUntil(timeoutMs)]);
      if (!this.#connection.failure) await this.#swap(this.#sequence, { ...this.#holder, isHeld: false }, signal);
    } catch {
      // Nobody who ends can do more.
    }
  }
}
