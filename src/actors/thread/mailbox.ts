/** The answers that a thread waits for. */

import type { RecordQueue } from "../../ring/record_queue.ts";
import { Timer } from "../../timers.ts";
import type { Envelope } from "../message/envelope.ts";
import { decodeAnswer } from "../message/message_record.ts";
import type { RecordBytes } from "../message/sheet.ts";
import { LocalItem } from "./local_item.ts";

/** A request whose answer is going to be waited for. */
export interface Expectation {
  /** The id of the mailbox of the kernel that is asked. */
  readonly kernel: number;
  readonly timeoutMs: number;
  /** What the answer rejects with when that time is over. The ticket is to be forgotten then. */
  readonly timeout: () => Error;
}

/** One answer that is waited for. */
interface Pending extends Expectation {
  readonly answer: PromiseWithResolvers<Envelope>;
  /** By `performance.now()`. */
  readonly until: number;
}

/** An answer that is going to be waited for. */
export interface Ticket {
  /** No other request of the mailbox has it, also after its owner got a new worker. */
  readonly number: number;
  readonly answer: Promise<Envelope>;
}

/** Tickets of one worker. Those of the next begin here: 2^21 workers get 2^32 each. */
const TICKETS_OF_WORKER = 2 ** 32;

/** What a {@link Mailbox} works with. */
export interface MailboxOptions {
  /** Where answers arrive; `null` if it is handed them. */
  readonly answers: RecordQueue | null;
  /** Of one that is handed answers: has it handed all that have come. */
  hearFirst?(): void;
  /** Whose it is, for messages. */
  readonly owner: string;
  /** Which of its owner's workers this is. */
  readonly worker: number;
  /** Aborts when the thread is to end. Nothing is waited for then. */
  readonly signal: AbortSignal;
  /** Hears of an answer for which nobody waits. */
  onLate(): void;
  /** Hears whose answer has been waited for longest, by a mailbox's id; `null` if none is. */
  noteWait?(kernel: number | null): void;
}

/** Matches what comes to a thread's mailbox with its requests. It listens only while it waits for something. */
export class Mailbox {
  readonly #options: MailboxOptions;
  readonly #pending = new Map<number, Pending>();
  #tickets: number;
  /** The ticket that has waited longest; 0 if none does. */
  #oldest = 0;
  /** Until when it waits at the moment; -Infinity while it does not. */
  #waitsUntil = -Infinity;
  #isListening = false;
  #timer: Timer | undefined;

  constructor(options: MailboxOptions) {
    const { answers: queue, signal, worker } = options;
    this.#options = options;
    this.#tickets = worker * TICKETS_OF_WORKER;
    signal.addEventListener("abort", () => {
      // What has come already counts.
      this.#takeAll();
      this.#rejectAll(() => signal.reason);
      // It listens no longer.
      queue?.wake();
      this.#timer?.cancel();
    });
  }

  /** Waits for an answer. */
  expect(expectation: Expectation): Ticket {
    const number = ++this.#tickets;
    const answer = Promise.withResolvers<Envelope>();
    const until = performance.now() + expectation.timeoutMs;
    this.#pending.set(number, { ...expectation, answer, until });
    if (this.#oldest === 0) this.#noteOldest(number, expectation.kernel);
    if (this.#options.answers) this.#listenTo(this.#options.answers, until);
    else this.#setTimer(until);
    return { number, answer: answer.promise };
  }

  #listenTo(queue: RecordQueue, until: number): void {
    if (!this.#isListening) this.#listen(queue);
    else if (until < this.#waitsUntil) {
      this.#waitsUntil = until;
      queue.wake();
    }
  }

  /** It is handed answers: only those that are too late need a look. */
  #setTimer(until: number): void {
    if (until === Infinity || this.#waitsUntil <= until && this.#waitsUntil !== -Infinity) return;
    this.#waitsUntil = until;
    this.#timer?.cancel();
    this.#timer = new Timer(Math.max(until - performance.now(), 0), () => {
      this.#waitsUntil = -Infinity;
      const next = this.#untilNext();
      this.#waitsUntil = -Infinity;
      this.#setTimer(next);
    });
  }

  #noteOldest(number: number, kernel: number | null): void {
    this.#oldest = number;
    this.#options.noteWait?.(kernel);
  }

  /** Waits no longer for an answer. */
  forget({ number }: Ticket): void {
    this.#pending.delete(number);
    if (number === this.#oldest) this.#noteNext();
  }

  #noteNext(): void {
    const [next] = this.#pending;
    this.#noteOldest(next?.[0] ?? 0, next?.[1].kernel ?? null);
  }

  /** What was waited for by a ticket, which is not any more. */
  #take(number: number): Pending | undefined {
    const pending = this.#pending.get(number);
    if (!pending) return undefined;
    this.#pending.delete(number);
    if (number === this.#oldest) this.#noteNext();
    return pending;
  }

  /** An answer is too late. Its wait stays noted until it is forgotten: others, whose time ends now, too, see the circle. */
  #giveUp(number: number, { answer, timeout }: Pending): void {
    this.#pending.delete(number);
    answer.reject(timeout());
  }

  #rejectAll(reason: () => Error): void {
    for (const number of this.#pending.keys()) this.#settle(number, reason());
  }

  async #listen(queue: RecordQueue): Promise<void> {
    this.#isListening = true;
    try {
      // Let the sends of this turn go first.
      await null;
      while (this.#pending.size > 0) {
        const since = queue.wakes;
        const left = this.#untilNext() - performance.now();
        const record = await queue.takeAsync(Math.max(left, 0), { since });
        if (record) this.hear(record);
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
    for (const [number, pending] of this.#pending) {
      if (pending.until <= now) this.#giveUp(number, pending);
      else next = Math.min(next, pending.until);
    }
    return this.#waitsUntil = next;
  }

  /** Hears what has come: also while it waits for nothing, when it does not listen. */
  hearAll(): void {
    this.#takeAll();
  }

  #takeAll(): void {
    const { answers: queue } = this.#options;
    if (!queue) return this.#options.hearFirst?.();
    for (let record = queue.take(); record; record = queue.take()) this.hear(record);
  }

  /** Hears an answer. */
  hear(carried: RecordBytes | LocalItem): void {
    const { owner } = this.#options;
    const { ticket, outcome } = carried instanceof LocalItem && carried.message
      ? { ticket: carried.replyTo!.ticket, outcome: carried.message }
      : decodeAnswer(carried instanceof LocalItem ? carried.record! : carried, owner);
    if (!this.#settle(ticket, outcome) && !(outcome instanceof Error)) this.#options.onLate();
  }

  /** False if nobody waits for it any more. */
  #settle(number: number, outcome: Envelope | Error): boolean {
    const pending = this.#take(number);
    if (!pending) return false;
    if (outcome instanceof Error) pending.answer.reject(outcome);
    else pending.answer.resolve(outcome);
    return true;
  }
}
