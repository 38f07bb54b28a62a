/** The answers that a thread waits for. */

import type { RecordQueue } from "../../ring/record_queue.ts";
import type { Envelope } from "../message/envelope.ts";
import { decodeAnswer } from "../message/message_record.ts";

/** One answer that is waited for. */
interface Pending {
  readonly answer: PromiseWithResolvers<Envelope>;
  /** The number of the kernel's mailbox: it is whom the request went to. */
  readonly kernel: number;
  /** By `performance.now()`. */
  readonly until: number;
  /** What it rejects with then. */
  readonly timeout: () => Error;
}

/** An answer that is going to be waited for. */
export interface Ticket {
  /** Unique among those that a mailbox waits for. */
  readonly number: number;
  readonly answer: Promise<Envelope>;
}

const MOST_TICKETS = 2 ** 32;

/** Matches what comes to a thread's mailbox with its requests. It listens only while it waits for something. */
export class Mailbox {
  readonly #queue: RecordQueue;
  readonly #owner: string;
  readonly #pending = new Map<number, Pending>();
  #tickets = 0;
  /** Until when it waits at the moment; -Infinity while it does not. */
  #waitsUntil = -Infinity;
  #isListening = false;

  /** `signal` aborts when the thread is to end. Nothing is waited for then. */
  constructor(queue: RecordQueue, owner: string, signal: AbortSignal) {
    this.#queue = queue;
    this.#owner = owner;
    signal.addEventListener("abort", () => {
      this.#rejectAll(() => signal.reason);
      // It listens no longer.
      queue.wake();
    });
  }

  /** Waits for an answer of a kernel, for `timeoutMs`. */
  expect(kernel: number, timeoutMs: number, timeout: () => Error): Ticket {
    const number = this.#nextNumber(), answer = Promise.withResolvers<Envelope>();
    const until = performance.now() + timeoutMs;
    this.#pending.set(number, { answer, kernel, until, timeout });
    if (!this.#isListening) this.#listen();
    else if (until < this.#waitsUntil) {
      this.#waitsUntil = until;
      this.#queue.wake();
    }
    return { number, answer: answer.promise };
  }

  #nextNumber(): number {
    do this.#tickets = (this.#tickets + 1) % MOST_TICKETS; while (this.#pending.has(this.#tickets));
    return this.#tickets;
  }

  /** Waits no longer for an answer: its request was not sent. */
  forget({ number }: Ticket): void {
    this.#pending.delete(number);
  }

  /** The kernel of that number answers no more. What has come already counts. */
  kernelIsGone(kernel: number, reason: () => Error): void {
    this.#takeAll();
    for (const [number, pending] of this.#pending) {
      if (pending.kernel === kernel) this.#settle(number, reason());
    }
  }

  #rejectAll(reason: () => Error): void {
    for (const number of this.#pending.keys()) this.#settle(number, reason());
  }

  async #listen(): Promise<void> {
    this.#isListening = true;
    try {
      // After those that are sending at the moment have sent.
      await null;
      while (this.#pending.size > 0) {
        const since = this.#queue.wakes, left = this.#untilNext() - performance.now();
        const record = await this.#queue.takeAsync(Math.max(left, 0), { since });
        if (record) this.#take(record);
        this.#takeAll();
      }
    } catch (error) {
      this.#rejectAll(() => error as Error);
    } finally {
      this.#isListening = false;
      this.#waitsUntil = -Infinity;
    }
  }

  /** When the next of those that are waited for will be too late. Rejects those that are. */
  #untilNext(): number {
    const now = performance.now();
    // Perhaps too early, if that one has been answered meanwhile; never too late.
    if (this.#waitsUntil > now) return this.#waitsUntil;
    // What has come in time counts, though this thread was too busy to hear of it.
    this.#takeAll();
    let next = Infinity;
    for (const [number, { until, timeout }] of this.#pending) {
      if (until <= now) this.#settle(number, timeout());
      else next = Math.min(next, until);
    }
    return this.#waitsUntil = next;
  }

  #takeAll(): void {
    for (let record = this.#queue.take(); record; record = this.#queue.take()) this.#take(record);
  }

  #take(record: Uint8Array<ArrayBuffer>): void {
    const { ticket, outcome } = decodeAnswer(record, this.#owner);
    this.#settle(ticket, outcome);
  }

  #settle(number: number, outcome: Envelope | Error): void {
    const pending = this.#pending.get(number);
    // Nobody waits for it any more.
    if (!pending) return;
    this.#pending.delete(number);
    if (outcome instanceof Error) pending.answer.reject(outcome);
    else pending.answer.resolve(outcome);
  }
}
