/** What a kernel's function receives, in its worker: the messages of its input, in their order, each once or until it is done. */

import type { StoppedError } from "../../errors.ts";
import { now } from "../../ring/clock.ts";
import type { KernelRecord } from "../../ring/kernel_record.ts";
import { LONGEST_TIMER_MS } from "../../ring/within.ts";
import { untilAborted } from "../../worker/until_aborted.ts";
import { type ErrorReport, reportError } from "../../worker/error_report.ts";
import { QueueTimeoutError } from "../errors.ts";
import { KERNEL_STATES } from "../kernel_state.ts";
import { Envelope } from "../message/envelope.ts";
import { type FailureReport, reportFailure } from "../message/failure.ts";
import { decodeMessage, type Received, type ReplyTo, replyToIn } from "../message/message_record.ts";
import type { WaitOptions } from "../../ring/waiting.ts";
import { waitOf } from "../wait_options.ts";
import { Cancellations } from "./cancellations.ts";
import type { RecordBytes } from "../message/sheet.ts";
import type { InputSource } from "./input_source.ts";
import type { LocalInput } from "./local_input.ts";
import { LocalItem } from "./local_item.ts";
import type { Letter, LetterInHand } from "./letter_in_hand.ts";
import type { OpenRequests, ReceivedRequest } from "./open_requests.ts";
import type { Peer } from "./post_office.ts";
import type { TakenRequest } from "./taken_table.ts";

const ACTIVE = KERNEL_STATES.indexOf("active");
const TERMINATING = KERNEL_STATES.indexOf("terminating");

/** What an {@link Inbox} works with. */
export interface InboxOptions {
  /** The kernel's id. */
  readonly kernel: string;
  readonly queue: InputSource;
  readonly record: KernelRecord;
  /** Which of the kernel's workers this is. */
  readonly worker: number;
  readonly isTimed: boolean;
  requests(): OpenRequests;
  /** Where the message in hand is kept until it is done; `null` if it is done as soon as it is taken. */
  readonly inHand: LetterInHand | null;
  /** How often a message is tried, if it is kept until it is done. */
  readonly attempts: number;
  /** What ended the worker before, if it had a message in hand that was kept. */
  readonly lastFailure: FailureReport | null;
  /** Resolves when the kernel's state is one of these, it must stop, or the time is up. */
  whenStateIs(states: readonly number[], timeoutMs: number): Promise<void>;
  /** Calls back when the state has changed, or the kernel must stop: in a worker that kernels share. */
  onceChanged(look: () => void): void;
  /** Fails a request. */
  fail(replyTo: ReplyTo, failure: FailureReport): void;
  /** Tells of a message that was tried as often as it may be. */
  bury(letter: Letter, error: ErrorReport | null): void;
  /** Why nothing is received any more: the kernel was told to terminate, or what `why` says. */
  stopped(why?: string): StoppedError;
}

/** The messages that a kernel receives. */
export class Inbox {
  readonly #options: InboxOptions;
  #cancellations: Cancellations | undefined;
  /** When the message was taken that is being processed; 0 if none is, or nobody wants to know. */
  #takenAt = 0;
  #isBusy = false;
  #hasReceived = false;
  /** Which call of the function may receive. Those before have ended. */
  #call = 0;
  /** A message that was in hand when the function ended before: it is received first. */
  #again: Letter | null = null;
  #attempt = 1;
  /** What ended the function last. */
  #lastFailure: FailureReport | null;

  constructor(options: InboxOptions) {
    this.#options = options;
    this.#lastFailure = options.lastFailure;
  }

  /** Which attempt the message in hand is, from 1. */
  get attempt(): number {
    return this.#attempt;
  }

  /** Whether the kernel is to end when its input is empty, and it is. */
  get isDrained(): boolean {
    const { record, queue } = this.#options;
    return record.state === TERMINATING && queue.closed && queue.depth === 0 && !this.#isBusy;
  }

  /** The function is about to be called. Returns the number of the call. */
  begin(): number {
    this.#hasReceived = false;
    this.#again = this.#options.inHand?.letter ?? null;
    return this.#call;
  }

  /** The function has ended, perhaps by an error. Whether it has received a message since it was called. */
  end(hasFailed: boolean, error?: unknown): boolean {
    const { inHand, kernel } = this.#options;
    this.#lastFailure = hasFailed ? reportFailure(kernel, "threw", reportError(error)) : null;
    if (!hasFailed || !inHand) this.#finish(hasFailed);
    this.#isBusy = false;
    this.#takenAt = 0;
    // What the call has left waiting receives nothing that is the next one's.
    this.#call++;
    this.#options.queue.wake();
    return this.#hasReceived;
  }

  /** Whether a request came by a message that will be received again. */
  keeps({ replyTo }: ReceivedRequest): boolean {
    const { letter } = this.#options.inHand ?? { letter: null };
    const kept = letter && replyToIn(letter.record);
    return !!kept && kept.ticket === replyTo.ticket && kept.mailbox === replyTo.mailbox;
  }

  /** The message that was received last is processed: the next is asked for, or the function has failed on it. */
  #finish(hasFailed = false): void {
    if (!this.#isBusy) return;
    const { record, inHand } = this.#options;
    this.#isBusy = false;
    inHand?.clear();
    if (hasFailed) record.countFailed();
    else record.countFinished();
    if (this.#takenAt === 0) return;
    record.processing.note(now() - this.#takenAt);
    this.#takenAt = 0;
  }

  get #mustStop(): boolean {
    const { record, worker } = this.#options;
    return record.mustStop(worker);
  }

  /** Whether messages may be taken: the kernel is active, or drains its input before it ends. */
  get #mayTake(): boolean {
    const { state } = this.#options.record;
    return state === ACTIVE || state === TERMINATING;
  }

  /** The next message, if one is there, for a call of the function. */
  takeNow(call: number): Envelope | null {
    this.#checkCall(call);
    this.#finish();
    if (this.#mustStop) throw this.#options.stopped();
    if (!this.#mayTake) return null;
    if (this.#again) return this.#openAgain();
    for (;;) {
      const record = this.#options.queue.take();
      if (!record) return null;
      const message = this.#open(record);
      if (message) return message;
    }
  }

  /** As `takeNext()` without bound, of an input in this worker's heap: with as little as possible kept meanwhile. */
  awaitNext(input: LocalInput, call: number): Promise<Envelope> {
    return new Promise((resolve, reject) => {
      const look = () => {
        try {
          const message = this.takeNow(call);
          if (message) resolve(message);
          else this.#wait(input, look, found);
        } catch (error) {
          reject(error);
        }
      };
      const found = (item: LocalItem | null) => {
        try {
          const message = item && this.#open(item);
          if (message) resolve(message);
          else look();
        } catch (error) {
          reject(error);
        }
      };
      look();
    });
  }

  /** Calls back when a message is found, or when it is time to look again. */
  #wait(input: LocalInput, look: () => void, found: (item: LocalItem | null) => void): void {
    if (this.isDrained || input.closed && this.#mayTake) throw this.#options.stopped();
    if (this.#mayTake) return input.wait(found);
    this.#options.record.noteQuiet();
    this.#options.onceChanged(look);
  }

  /** The next message, once there is one. */
  async takeNext(options: WaitOptions | undefined, call: number): Promise<Envelope> {
    const { kernel, queue } = this.#options;
    const { timeoutMs, signal } = waitOf(`receive in kernel "${kernel}"`, options);
    const until = performance.now() + timeoutMs;
    for (let left = timeoutMs;; left = Math.max(until - performance.now(), 0)) {
      // Before the state is looked at: a change after that is not missed.
      const since = queue.wakes;
      const message = this.takeNow(call);
      if (message) return message;
      if (this.isDrained || queue.closed && this.#mayTake) throw this.#options.stopped();
      if (!this.#mayTake) await this.waitActive(left, signal, call);
      else {
        const record = await queue.takeAsync(left, { since, signal });
        const message = record && this.#open(record);
        if (message && call !== this.#call) this.#failWithCall(message);
        else if (message) return message;
      }
      if (performance.now() >= until && !this.#mustStop) throw this.#timeout(timeoutMs);
    }
  }

  /** It was taken for a call that failed in the same turn: that had received it. */
  #failWithCall(message: Envelope): void {
    const { inHand, record, requests, fail } = this.#options;
    const request = Envelope.headerOf(message)!.request as ReceivedRequest | null;
    this.#isBusy = false;
    this.#takenAt = 0;
    // It is received again.
    if (inHand) return;
    record.countFailed();
    if (!request || !this.#lastFailure) return;
    requests().close(request);
    fail(request.replyTo, this.#lastFailure);
  }

  #checkCall(call: number): void {
    if (call !== this.#call) throw this.#options.stopped("has ended the call of its function that receives this");
  }

  /** Until the kernel is active, or ends, or the time is up. */
  async waitActive(timeoutMs: number, signal: AbortSignal | undefined, call: number): Promise<void> {
    const { record } = this.#options;
    this.#checkCall(call);
    this.#finish();
    record.noteQuiet();
    await untilAborted(this.#options.whenStateIs([ACTIVE, TERMINATING], timeoutMs), signal);
  }

  #timeout(timeoutMs: number): QueueTimeoutError {
    const { kernel } = this.#options;
    return new QueueTimeoutError(`Cannot receive in kernel "${kernel}": nothing came for ${timeoutMs} ms`);
  }

  /** What was taken; `null` if it is a request whose asker has given up. */
  #open(taken: RecordBytes | LocalItem): Envelope | null {
    const { record, isTimed, inHand } = this.#options;
    const { header, sentAt, replyTo, message, entry } = this.#read(taken);
    if (replyTo && this.#isExpired(replyTo)) {
      record.countExpired();
      if (entry !== undefined) this.#options.requests().leaveOut(entry);
      return null;
    }
    this.#hasReceived = true;
    this.#isBusy = true;
    this.#attempt = 1;
    inHand?.keep(taken instanceof LocalItem ? taken.record! : taken);
    if (replyTo) header.request = this.#options.requests().add(header, replyTo, entry);
    if (isTimed) {
      this.#takenAt = now();
      if (sentAt > 0) record.latency.note(this.#takenAt - sentAt);
    }
    return message;
  }

  #read(taken: RecordBytes | LocalItem): Received & { entry?: number } {
    if (!(taken instanceof LocalItem)) return this.#decode(taken);
    const { record, message, header, sentAt, replyTo, entry } = taken;
    if (record) return { ...this.#decode(record, entry), entry };
    return { message: message!, header: header!, sentAt, replyTo, entry };
  }

  #isExpired(replyTo: ReplyTo): boolean {
    return replyTo.until !== Infinity && replyTo.until < now() || this.#cancellations?.take(replyTo) === true;
  }

  /** The message that was in hand before, once more; `null` if it was tried often enough. */
  #openAgain(): Envelope | null {
    const { inHand, attempts } = this.#options;
    const letter = this.#again!;
    this.#again = null;
    const { header, replyTo, message } = this.#decode(letter.record);
    if (letter.attempts >= attempts) {
      this.#bury(letter, replyTo);
      return this.takeNow(this.#call);
    }
    inHand!.countAttempt();
    this.#hasReceived = true;
    this.#isBusy = true;
    this.#attempt = letter.attempts + 1;
    if (replyTo) header.request = this.#requestOf(replyTo) ?? this.#options.requests().add(header, replyTo);
    return message;
  }

  /** Its request is open still, unless this is a new worker. */
  #requestOf({ mailbox, ticket }: ReplyTo): ReceivedRequest | undefined {
    return this.#options.requests().find(mailbox, ticket);
  }

  #bury(letter: Letter, replyTo: ReplyTo | null): void {
    const { inHand, kernel, record } = this.#options;
    const { reason, error } = this.#lastFailure ?? reportFailure(kernel, "was ended");
    const open = replyTo && this.#requestOf(replyTo);
    if (open) this.#options.requests().close(open);
    const times = letter.attempts === 1 ? "once" : `${letter.attempts} times, the last time`;
    if (replyTo) this.#options.fail(replyTo, { kernel, reason: `it failed on a message ${times}: ${reason}`, error });
    this.#options.bury(letter, error ?? null);
    inHand!.clear();
    record.countFailed();
  }

  #decode(bytes: Uint8Array<ArrayBuffer>, entry?: number): Received {
    const { kernel } = this.#options;
    try {
      return decodeMessage(bytes, kernel);
    } catch (error) {
      if (entry !== undefined) this.#options.requests().leaveOut(entry);
      const replyTo = replyToIn(bytes);
      if (replyTo) this.#options.fail(replyTo, reportFailure(kernel, "could not read it:", reportError(error)));
      throw error;
    }
  }

  /** A request was handed on to another kernel. */
  noteForward({ replyTo }: ReceivedRequest, to: Peer): void {
    (this.#cancellations ??= new Cancellations()).noteForward(replyTo, to);
  }

  /** Drops the interest in a request's answer. Returns the kernel that it was handed on to, if it was. */
  cancel(request: TakenRequest): Peer | undefined {
    const requests = this.#options.requests();
    const open = requests.find(request.mailbox, request.ticket);
    if (!open) return (this.#cancellations ??= new Cancellations()).note(request);
    requests.giveUp(open);
    open.cancelling?.abort(cancelled());
    return undefined;
  }

  /** A signal that aborts when nobody waits for an answer any more, or with `own`. */
  signalOf(request: ReceivedRequest | null, own: AbortSignal): AbortSignal {
    if (!request) return own;
    if (!request.cancelling) {
      request.cancelling = new AbortController();
      if (request.isClosed) request.cancelling.abort(cancelled());
      else abortAt(request, request.cancelling);
    }
    return AbortSignal.any([own, request.cancelling.signal]);
  }
}

function cancelled(): DOMException {
  return new DOMException("Nobody waits for the answer of this request any more", "AbortError");
}

function abortAt({ replyTo: { until } }: ReceivedRequest, controller: AbortController): void {
  const left = until - now();
  if (left > LONGEST_TIMER_MS) return;
  const timer = setTimeout(() => controller.abort(cancelled()), left);
  Deno.unrefTimer(timer);
}
