/**
 * Who holds an end of a link: one message per end in a JetStream stream of its own, exchanged by compare-and-swap on the
 * sequence number of the message, and renewed three times as often as it must be.
 *
 * Whoever finds it not renewed for as long as its holder has said may take it. It names one owner at any time and never goes away by itself,
 * so that a holder who was frozen or cut off finds out exactly whether somebody else had the end since.
 */

import { JetStreamApiError } from "@nats-io/jetstream";
import { FencedError, TransportError } from "../errors.ts";
import { sleepUntil } from "../sleep.ts";
import type { Connection } from "./connection.ts";
import { CLAIMS_STREAM } from "./names.ts";
import { lastMessage } from "./server_stream.ts";

/** How often it is renewed, and looked at, within a lease. */
const RENEWALS = 3;
const LOOKS = 12;
/** "wrong last sequence". */
const WRONG_SEQUENCE = 10071;

/** Who holds an end. */
export interface Holder {
  readonly owner: string;
  readonly host: string;
  readonly pid: number;
  readonly since: string;
  readonly isHeld: boolean;
  /** How long it holds the end after the last renewal. */
  readonly leaseMs: number;
}

/** What is stored for an end. */
export interface Entry {
  readonly sequence: number;
  readonly holder: Holder;
}

function isHolder(value: unknown): value is Holder {
  const { owner, host, pid, since, isHeld, leaseMs } = Object(value);
  return [owner, host, since].every((text) => typeof text === "string") && typeof isHeld === "boolean" &&
    [pid, leaseMs].every((number) => typeof number === "number");
}

/**
 * What is stored for an end, from the leader; `null` if nobody has had it yet.
 *
 * @throws {TransportError} If something else is stored there.
 */
export async function readClaim(
  connection: Connection,
  subject: string,
  action: string,
  signal?: AbortSignal,
): Promise<Entry | null> {
  const message = await lastMessage(connection, CLAIMS_STREAM, subject, signal);
  if (!message) return null;
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(message.data));
  } catch {
    // Not a claim of ours.
  }
  if (isHolder(value)) return { sequence: message.seq, holder: value };
  throw new TransportError(`Cannot ${action}: what is stored at ${subject} does not say who holds the end`);
}

/** A claim that is held. */
export class Claim {
  readonly #connection: Connection;
  readonly #subject: string;
  readonly #action: string;
  readonly #holder: Holder;
  #sequence = 0;
  #timer: ReturnType<typeof setInterval> | undefined;
  #renewal: Promise<void> | undefined;

  private constructor(connection: Connection, subject: string, action: string) {
    this.#connection = connection;
    this.#subject = subject;
    this.#action = action;
    const [owner, since] = [crypto.randomUUID(), new Date().toISOString()];
    const { leaseMs } = connection;
    this.#holder = { owner, host: Deno.hostname(), pid: Deno.pid, since, isHeld: true, leaseMs };
  }

  /**
   * Takes an end, which may last as long as its lease after its holder was killed.
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
    claim.#timer = setInterval(() => claim.#renewal ??= claim.#renew(), connection.leaseMs / RENEWALS);
    return claim;
  }

  #read(signal?: AbortSignal): Promise<Entry | null> {
    return readClaim(this.#connection, this.#subject, this.#action, signal);
  }

  /**
   * Whether nobody renews an entry; false if it was given back meanwhile. Only time in which the server answers counts.
   *
   * @throws {FencedError} If it is renewed.
   */
  async #isSilent(entry: Entry, signal: AbortSignal): Promise<boolean> {
    const { leaseMs } = entry.holder;
    const lookMs = leaseMs / LOOKS;
    let since = performance.now();
    while (performance.now() - since < leaseMs) {
      await sleepUntil(lookMs, signal);
      const asked = performance.now();
      const now = await this.#read(signal);
      if (performance.now() - asked > lookMs * 2) since = performance.now();
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

  /** Gives the end back, unless the server does not answer in time: then it is free after its lease. */
  async release(timeoutMs: number): Promise<void> {
    clearInterval(this.#timer);
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      await Promise.race([this.#renewal, sleepUntil(timeoutMs)]);
      if (!this.#connection.failure) await this.#swap(this.#sequence, { ...this.#holder, isHeld: false }, signal);
    } catch {
      // The lease runs out by itself.
    }
  }
}
