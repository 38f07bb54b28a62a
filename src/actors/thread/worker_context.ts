/** What a kernel's function gets, in its worker. */

import { StoppedError } from "../../errors.ts";
import { now } from "../../ring/clock.ts";
import type { KernelRecord } from "../../ring/kernel_record.ts";
import { Turns } from "../../ring/turns.ts";
import { checkRule, duration } from "../../rules.ts";
import { KernelStateError, MessageError } from "../errors.ts";
import type { KernelContext } from "../kernel_context.ts";
import { KERNEL_STATES } from "../kernel_state.ts";
import type { Message, MessageEnvelope } from "../message.ts";
import { Envelope, type Header } from "../message/envelope.ts";
import { type FailureReport, reportFailure } from "../message/failure.ts";
import type { TakenRequest } from "./taken_table.ts";
import { type Destination, namesOf } from "../message/preparation.ts";
import type { AnyRingKernel } from "../ring_kernel.ts";
import type { WaitOptions } from "../../ring/waiting.ts";
import { Inbox } from "./inbox.ts";
import type { FromKernel, KernelJob } from "./kernel_protocol.ts";
import { LetterInHand } from "./letter_in_hand.ts";
import { Mailbox } from "./mailbox.ts";
import { OpenRequests, type ReceivedRequest } from "./open_requests.ts";
import { Outlet, TooLongError } from "./outlet.ts";
import { openPeer, type ThreadAccess } from "./peer.ts";
import { PostOffice, SENT } from "./post_office.ts";
import { Settler } from "./settler.ts";
import { TakenTable } from "./taken_table.ts";
import { WorkerDirectory } from "./worker_directory.ts";
import { WorkerRuntime } from "./worker_runtime.ts";

const ACTIVE = KERNEL_STATES.indexOf("active");

/** The methods that a function may take out of its context. */
const METHODS = ["receive", "send", "forward", "waitActive", "sleep", "signalOf"] as const;

/** A kernel's context in its worker. */
export class WorkerContext implements KernelContext {
  readonly kernelId: string;
  readonly params: unknown;
  readonly runtime: WorkerRuntime;
  /** What the worker knows of other kernels. */
  readonly directory: WorkerDirectory;
  readonly #worker: number;
  readonly #record: KernelRecord;
  readonly #inbox: Inbox;
  readonly #output: Outlet;
  readonly #outside: Destination;
  readonly #sendsNothing: boolean;
  readonly #post: PostOffice;
  readonly #settler: Settler;
  readonly #controller = new AbortController();
  readonly #requests: OpenRequests;
  readonly #turns = new Turns();

  /** Opens everything that a job needs. */
  constructor(job: KernelJob, kernel: AnyRingKernel, post: (message: FromKernel) => void) {
    const { id, memory } = job.self;
    const { settings } = kernel;
    for (const method of METHODS) Object.defineProperty(this, method, { value: this[method].bind(this) });
    this.kernelId = id;
    this.params = job.params;
    this.#worker = job.worker;
    const access = (): ThreadAccess => ({
      threadSlot: job.threadSlot,
      handles: { oversubscribed: job.oversubscribed },
      settler: this.#settler,
      noteRoom: (mailbox) => this.#record.waitsForRoom = mailbox === null ? null : { mailbox, since: now() },
    });
    this.directory = new WorkerDirectory(memory.mailbox.id, access, post);
    this.#settler = new Settler(this.directory, this.signal);
    const self = openPeer(job.self, access());
    this.#record = self.memory.record;
    this.#record.waitsForAnswer = this.#record.waitsForRoom = null;
    this.#requests = new OpenRequests(new TakenTable(memory.taken));
    this.#sendsNothing = settings.output === "none";
    this.#outside = { kernel: id, place: `from kernel "${id}"`, types: namesOf(kernel.output) };
    this.#output = new Outlet(self.memory.output, {
      kernel: id,
      mailbox: memory.mailbox.id,
      backpressure: settings.backpressure.output,
      place: this.#outside.place,
      bytesOption: `queueBytes of kernel "${id}"`,
      noteWait: access().noteRoom,
    });
    const mailbox = new Mailbox({
      queue: self.memory.mailbox,
      owner: id,
      worker: job.worker,
      signal: this.signal,
      onLate: () => this.#record.countLateAnswer(),
      noteWait: (mailbox) => this.#record.waitsForAnswer = mailbox === null ? null : { mailbox, since: now() },
    });
    this.#post = new PostOffice({
      directory: this.directory,
      mailbox,
      mailboxId: self.mailboxId,
      signal: this.signal,
      isTimed: job.isTimed,
      noteUse: (kernel, by) => post({ kind: "used", id: kernel, by }),
    });
    this.runtime = new WorkerRuntime(this.#post, this.directory);
    this.#inbox = new Inbox({
      kernel: id,
      queue: self.memory.input,
      record: this.#record,
      worker: job.worker,
      isTimed: job.isTimed,
      requests: this.#requests,
      inHand: memory.inHand && new LetterInHand(memory.inHand),
      attempts: settings.attempts,
      fail: (replyTo, failure) => this.#settler.settle(replyTo, failure),
      bury: (letter, error) => post({ kind: "dead letter", ...letter, error }),
      stopped: () => this.#stopped(),
    });
    this.#record.whenStopped(job.worker).then(() => this.#controller.abort(this.#stopped()));
  }

  get isActive(): boolean {
    return this.#record.state === ACTIVE;
  }

  get shouldTerminate(): boolean {
    return this.#record.mustStop(this.#worker) || this.#inbox.isDrained;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get attempt(): number {
    return this.#inbox.attempt;
  }

  #stopped(): StoppedError {
    return new StoppedError(`Kernel "${this.kernelId}" was told to terminate`);
  }

  async waitActive(): Promise<void> {
    await this.#inbox.waitActive(Infinity, undefined);
  }

  async sleep(ms: number): Promise<void> {
    checkRule(`sleep in kernel "${this.kernelId}"`, "ms", duration, ms);
    await sleep(ms, this.signal);
  }

  async receive(options?: WaitOptions): Promise<Message> {
    const message = this.#inbox.takeNow() ?? await this.#inbox.takeNext(options);
    if (this.#turns.isDue) await this.#turns.take();
    return message as unknown as Message;
  }

  [Symbol.asyncIterator](): AsyncIterator<Message> {
    return { next: () => this.#next() };
  }

  async #next(): Promise<IteratorResult<Message>> {
    try {
      // Not by `receive()`: its promise would be one more for each message.
      const message = this.#inbox.takeNow() ?? await this.#inbox.takeNext(undefined);
      if (this.#turns.isDue) await this.#turns.take();
      return { done: false, value: message as unknown as Message };
    } catch (error) {
      if (error instanceof StoppedError && this.shouldTerminate) return { done: true, value: undefined };
      throw error;
    }
  }

  send(message: MessageEnvelope, options?: WaitOptions): Promise<void> {
    const header = Envelope.headerOf(message);
    const request = header && this.#requests.answeredBy(header);
    if (request) return this.#answer(message, request, options);
    if (this.#sendsNothing && header) return this.#sendNowhere(header);
    return this.#post.deliver(this.#output, this.#outside, message, null, options);
  }

  /** A kernel without an output answers requests only. What answers a message that was no request is left out, and counted. */
  #sendNowhere({ kind, correlationCount }: Header): Promise<void> {
    if (correlationCount !== 0) {
      this.#record.countLateAnswer();
      return SENT;
    }
    const what = `Cannot send a message from kernel "${this.kernelId}": its output is "none", it only answers requests`;
    return Promise.reject(
      new MessageError(`${what}, received "${kind.name}"`, { messageType: kind.name, kernel: this.kernelId }),
    );
  }

  #answer(message: MessageEnvelope, request: ReceivedRequest, options?: WaitOptions): Promise<void> {
    if (request.isClosed || request.isOverdue) {
      this.#requests.close(request);
      this.#record.countLateAnswer();
      return SENT;
    }
    this.#requests.begin(request);
    const mailbox = this.directory.knownMailbox(request.replyTo.mailbox);
    const sent = mailbox
      ? this.#post.deliver(mailbox, this.#outside, message, answerTo(request), options)
      : this.#findAndAnswer(message, request, options);
    if (sent !== SENT) return this.#awaitAnswering(sent, request);
    this.#requests.close(request);
    return sent;
  }

  async #findAndAnswer(message: MessageEnvelope, request: ReceivedRequest, options?: WaitOptions): Promise<void> {
    const mailbox = await this.directory.findMailbox(request.replyTo.mailbox);
    if (mailbox) await this.#post.deliver(mailbox, this.#outside, message, answerTo(request), options);
  }

  async #awaitAnswering(sent: Promise<void>, request: ReceivedRequest): Promise<void> {
    try {
      await sent;
    } catch (error) {
      // The asker's own limit is the asker's failure. Whoever asked and has ended waits for nothing.
      if (error instanceof TooLongError) await this.#refuseAnswer(error, request);
      else if (!(error instanceof KernelStateError)) throw this.#answerFailed(error, request);
    }
    this.#requests.close(request);
  }

  async #refuseAnswer({ message }: Error, { replyTo }: ReceivedRequest): Promise<void> {
    await this.#settler.settle(replyTo, { kind: "refused", kernel: this.kernelId, reason: message });
  }

  /** They go on waiting: the kernel may send another answer. */
  #answerFailed(error: unknown, request: ReceivedRequest): unknown {
    this.#requests.reopen(request);
    return error;
  }

  async forward(kernel: string, message: MessageEnvelope, options?: WaitOptions): Promise<void> {
    const request = Envelope.headerOf(message)?.request as ReceivedRequest | null | undefined;
    if (!request) return await this.#post.forward(kernel, message, null, options);
    if (request.isClosed || request.isOverdue) return this.#requests.close(request);
    this.#requests.begin(request);
    try {
      await this.#post.forward(kernel, message, request.replyTo, options);
    } catch (error) {
      throw this.#answerFailed(error, request);
    }
    const peer = this.directory.known(kernel);
    if (peer) this.#inbox.noteForward(request, peer);
    this.#requests.close(request);
  }

  signalOf(message: MessageEnvelope): AbortSignal {
    const header = Envelope.headerOf(message);
    if (!header) {
      throw new TypeError(`Cannot tell the signal of a message: expected a message, received ${Deno.inspect(message)}`);
    }
    return this.#inbox.signalOf(header.request as ReceivedRequest | null, this.signal);
  }

  /** Nobody waits for the answer of a request any more. */
  cancel(request: TakenRequest): void {
    const forwardedTo = this.#inbox.cancel(request);
    if (forwardedTo) this.directory.passCancel(forwardedTo, request);
  }

  /** Answers all that it has received and not answered with a failure. Never rejects. */
  async failUnanswered(failure: FailureReport): Promise<void> {
    const open = this.#requests.open.filter((request) => !this.#inbox.keeps(request));
    for (const request of open) this.#requests.begin(request);
    await this.#settler.settleAll(open.map(({ replyTo }) => replyTo), failure);
    for (const request of open) this.#requests.close(request);
  }

  /** The function is about to be called. */
  begin(): void {
    this.#inbox.begin();
  }

  /** The function has ended, perhaps by an error. Whether it has received a message since it was called. */
  end(error?: unknown): boolean {
    return this.#inbox.end(error);
  }

  /** The function has ended for good, or another one takes its place: it waits for nothing any more. */
  abandon(): void {
    this.#controller.abort(this.#stopped());
  }

  /** A failure of this kernel. */
  failureOf(incident: string, error: Parameters<typeof reportFailure>[2]): FailureReport {
    return reportFailure(this.kernelId, incident, error);
  }
}

/** What makes a message the answer to a request: `until` of 0 says that it is none itself. */
function answerTo({ replyTo: { ticket } }: ReceivedRequest): { mailbox: number; ticket: number; until: number } {
  return { mailbox: 0, ticket, until: 0 };
}

/** Timers cannot wait longer. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Resolves after `ms`; rejects as soon as the signal aborts. */
function sleep(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const until = performance.now() + ms;
  let timer: ReturnType<typeof setTimeout>;
  const wait = () => {
    const left = until - performance.now();
    if (left <= 0) return resolve();
    timer = setTimeout(wait, Math.min(left, LONGEST_TIMER_MS));
  };
  const abort = () => reject(signal.reason);
  if (signal.aborted) abort();
  else {
    signal.addEventListener("abort", abort);
    wait();
  }
  return promise.finally(() => {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  });
}
