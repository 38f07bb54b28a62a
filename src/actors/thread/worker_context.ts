/** What a kernel's function gets, in its worker. */

import { StoppedError } from "../../errors.ts";
import type { HandleOptions } from "../../ring/ring_ends.ts";
import type { KernelRecord } from "../../ring/kernel_record.ts";
import type { RecordQueue } from "../../ring/record_queue.ts";
import { checkTimeout } from "../../ring/waiting.ts";
import { now } from "../message/clock.ts";
import { Envelope, type Header } from "../message/envelope.ts";
import { KernelStateError, QueueTimeoutError } from "../errors.ts";
import { reportError } from "../../worker/error_report.ts";
import { type FailureReport, reportFailure } from "../message/failure.ts";
import type { KernelContext, KernelPeers, WaitOptions } from "../kernel_context.ts";
import { KERNEL_STATES } from "../kernel_state.ts";
import { Mailbox } from "./mailbox.ts";
import type { Message, MessageEnvelope } from "../message.ts";
import { Outlet } from "./outlet.ts";
import { type OpenPeer, openPeer } from "./peer.ts";
import { PostOffice, SENT } from "./post_office.ts";
import { type Destination, namesOf } from "../message/preparation.ts";
import type { FromKernel, KernelJob } from "./kernel_protocol.ts";
import { type AnswerWanted, decodeMessage, encodeFailure, type Received, wantedIn } from "../message/message_record.ts";
import type { AnyRingKernel } from "../ring_kernel.ts";
import { Turns } from "../../ring/turns.ts";
import { Unanswered } from "./unanswered.ts";
import { WorkerDirectory } from "./worker_directory.ts";

const ACTIVE = KERNEL_STATES.indexOf("active");

/** The longest wait for room in the mailbox of somebody who asked a kernel that has failed. */
const FAILURE_TIMEOUT_MS = 10_000;

/** A kernel's context in its worker. */
export class WorkerContext implements KernelContext {
  readonly kernelId: string;
  readonly params: unknown;
  readonly runtime: KernelPeers;
  /** What the worker knows of other kernels. */
  readonly directory: WorkerDirectory;
  /** The answers that it waits for. */
  readonly mailbox: Mailbox;
  readonly #worker: number;
  readonly #isTimed: boolean;
  readonly #record: KernelRecord;
  readonly #input: RecordQueue;
  readonly #output: Outlet;
  readonly #outside: Destination;
  readonly #post: PostOffice;
  readonly #controller = new AbortController();
  readonly #unanswered = new Unanswered();
  readonly #turns = new Turns();
  /** When the message was taken that is being processed; 0 if none is. */
  #takenAt = 0;
  #hasReceived = false;

  /** Opens everything that a job needs. */
  constructor(job: KernelJob, kernel: AnyRingKernel, post: (message: FromKernel) => void) {
    const { id, backpressure } = job.self;
    const options: HandleOptions = { isCrowded: job.isCrowded };
    const self: OpenPeer = openPeer(job.self, job.party, options);
    this.kernelId = id;
    this.params = job.params;
    this.#worker = job.worker;
    this.#isTimed = job.isTimed;
    this.#record = self.memory.record;
    this.#input = self.memory.input;
    this.#outside = { kernel: id, place: `from kernel "${id}"`, types: namesOf(kernel.output) };
    this.#output = new Outlet(self.output, id, backpressure, this.#outside.place);
    this.directory = new WorkerDirectory(job.party, options, post);
    this.mailbox = new Mailbox(self.memory.mailbox, id, this.signal);
    this.runtime = this.#post = new PostOffice({
      directory: this.directory,
      mailbox: this.mailbox,
      number: self.number,
      signal: this.signal,
      isTimed: job.isTimed,
      noteUse: (kernel, by) => post({ kind: "used", id: kernel, by }),
    });
    this.#record.whenStopped(job.worker).then(() => this.#controller.abort(this.#stopped()));
  }

  get isActive(): boolean {
    return this.#record.state === ACTIVE;
  }

  get shouldTerminate(): boolean {
    return this.#record.mustStop(this.#worker);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  #stopped(): StoppedError {
    return new StoppedError(`Kernel "${this.kernelId}" was told to terminate`);
  }

  async waitActive(): Promise<void> {
    await this.#waitActive(Infinity);
  }

  #waitActive(timeoutMs: number): Promise<void> {
    return this.#record.whenStateIs(ACTIVE, this.#worker, timeoutMs);
  }

  async receive({ timeoutMs = Infinity }: WaitOptions = {}): Promise<Message> {
    const message = this.#takeNow() ?? await this.#takeNext(timeoutMs);
    if (this.#turns.isDue) await this.#turns.take();
    return message as unknown as Message;
  }

  [Symbol.asyncIterator](): AsyncIterator<Message> {
    return { next: () => this.#next() };
  }

  async #next(): Promise<IteratorResult<Message>> {
    try {
      // Not by `receive()`: its promise would be one more for each message.
      const message = this.#takeNow() ?? await this.#takeNext(Infinity);
      if (this.#turns.isDue) await this.#turns.take();
      return { done: false, value: message as unknown as Message };
    } catch (error) {
      if (error instanceof StoppedError && this.shouldTerminate) return { done: true, value: undefined };
      throw error;
    }
  }

  /** The message that was received last is processed: the next is asked for. */
  #finish(): void {
    if (this.#takenAt === 0) return;
    this.#record.processing.note(now() - this.#takenAt);
    this.#takenAt = 0;
  }

  #takeNow(): Envelope | null {
    this.#finish();
    if (this.shouldTerminate) throw this.#stopped();
    const record = this.isActive ? this.#input.take() : null;
    return record && this.#open(record);
  }

  async #takeNext(timeoutMs: number): Promise<Envelope> {
    checkTimeout(timeoutMs, `receive in kernel "${this.kernelId}"`);
    const until = performance.now() + timeoutMs;
    for (let left = timeoutMs;; left = Math.max(until - performance.now(), 0)) {
      // Before the state is looked at: a change after that is not missed.
      const since = this.#input.wakes;
      if (this.shouldTerminate) throw this.#stopped();
      if (!this.isActive) await this.#waitActive(left);
      else {
        const record = await this.#input.takeAsync(left, { since });
        if (record) return this.#open(record);
      }
      if (performance.now() >= until && !this.shouldTerminate) throw this.#timeout(timeoutMs);
    }
  }

  #timeout(timeoutMs: number): QueueTimeoutError {
    return new QueueTimeoutError(`Cannot receive in kernel "${this.kernelId}": nothing came for ${timeoutMs} ms`);
  }

  #open(record: Uint8Array<ArrayBuffer>): Envelope {
    this.#hasReceived = true;
    const { message, header, sentAt, wanted } = this.#decode(record);
    if (wanted) this.#unanswered.add(header, wanted);
    if (this.#isTimed) {
      this.#takenAt = now();
      if (sentAt > 0) this.#record.latency.note(this.#takenAt - sentAt);
    }
    return message;
  }

  #decode(record: Uint8Array<ArrayBuffer>): Received {
    try {
      return decodeMessage(record, this.kernelId);
    } catch (error) {
      const wanted = wantedIn(record);
      if (wanted) this.#fail([wanted], reportFailure(this.kernelId, "could not read it:", reportError(error)));
      throw error;
    }
  }

  send(message: MessageEnvelope, { timeoutMs = Infinity }: WaitOptions = {}): Promise<void> {
    const header = Envelope.headerOf(message), wanted = header && this.#unanswered.take(header);
    if (!wanted) return this.#post.deliver(this.#output, this.#outside, message, null, timeoutMs);
    const mailbox = this.directory.knownMailbox(wanted.mailbox);
    const sent = mailbox
      ? this.#post.deliver(mailbox, this.#outside, message, answerTo(wanted), timeoutMs)
      : this.#findAndAnswer(message, wanted, timeoutMs);
    return sent === SENT ? sent : this.#awaitAnswering(sent, header, wanted);
  }

  async #findAndAnswer(message: MessageEnvelope, wanted: AnswerWanted, timeoutMs: number): Promise<void> {
    const mailbox = await this.directory.findMailbox(wanted.mailbox);
    if (mailbox) await this.#post.deliver(mailbox, this.#outside, message, answerTo(wanted), timeoutMs);
  }

  async #awaitAnswering(sent: Promise<void>, header: Header, wanted: AnswerWanted): Promise<void> {
    try {
      await sent;
    } catch (error) {
      // Whoever asked has ended, and waits for nothing.
      if (error instanceof KernelStateError) return;
      // They go on waiting: the kernel may send another answer.
      this.#unanswered.restore(header, wanted);
      throw error;
    }
  }

  /** Answers all that it has received and not answered with a failure. Never rejects. */
  async failUnanswered(failure: FailureReport): Promise<void> {
    await this.#fail(this.#unanswered.takeAll(), failure);
  }

  async #fail(all: readonly AnswerWanted[], failure: FailureReport): Promise<void> {
    await Promise.allSettled(all.map(async ({ mailbox: number, ticket }) => {
      const mailbox = await this.directory.findMailbox(number);
      if (!mailbox) return;
      const parcel = { record: encodeFailure(ticket, failure, mailbox.maxBytes), priority: 0, messageType: "failure" };
      if (!mailbox.offer(parcel)) await mailbox.wait(parcel, FAILURE_TIMEOUT_MS, this.signal);
    }));
  }

  /** The function is about to be called. */
  begin(): void {
    this.#hasReceived = false;
  }

  /** The function has ended. Whether it has received a message since it was called. */
  end(): boolean {
    this.#finish();
    return this.#hasReceived;
  }
}

/** What makes a message the answer to a request. */
function answerTo({ ticket }: AnswerWanted): AnswerWanted {
  return { mailbox: 0, ticket, until: 0 };
}
