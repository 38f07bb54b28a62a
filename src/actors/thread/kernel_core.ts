/** A kernel in its worker: what it works with. One object, as there may be thousands of them. */

import { StoppedError } from "../../errors.ts";
import { now } from "../../ring/clock.ts";
import type { KernelRecord } from "../../ring/kernel_record.ts";
import type { RecordQueue } from "../../ring/record_queue.ts";
import { Turns } from "../../ring/turns.ts";
import { within } from "../../ring/within.ts";
import type { ErrorReport } from "../../worker/error_report.ts";
import { KernelStateError, MessageError } from "../errors.ts";
import type { KernelUse } from "../kernel_link.ts";
import { KERNEL_STATES } from "../kernel_state.ts";
import type { MessageEnvelope } from "../message.ts";
import { Envelope, type Header } from "../message/envelope.ts";
import { type FailureReport, reportDrop, reportFailure, reportTermination } from "../message/failure.ts";
import type { ReplyTo } from "../message/message_record.ts";
import { type Destination, namesOf } from "../message/preparation.ts";
import type { AnyRingKernel } from "../ring_kernel.ts";
import type { WaitOptions } from "../../ring/waiting.ts";
import { Inbox, type InboxOptions } from "./inbox.ts";
import { InputGauge } from "./input_gauge.ts";
import type { InputSource } from "./input_source.ts";
import { mailboxOf, openKernelMemory, type OwnMemory } from "./kernel_memory.ts";
import type { FromKernel, KernelJob } from "./kernel_protocol.ts";
import type { Output } from "./lazy_output.ts";
import { type Letter, LetterInHand } from "./letter_in_hand.ts";
import type { LocalInput, LocalInputOwner } from "./local_input.ts";
import type { LocalItem } from "./local_item.ts";
import type { LocalPost, Tenant } from "./local_post.ts";
import { Mailbox, type MailboxOptions } from "./mailbox.ts";
import { OpenRequests, type ReceivedRequest } from "./open_requests.ts";
import { Outlet, queueOf, TooLongError } from "./outlet.ts";
import type { ThreadAccess } from "./peer.ts";
import { PostOffice, type PostOfficeOptions, SENT } from "./post_office.ts";
import { Settler } from "./settler.ts";
import { type TakenRequest, TakenTable } from "./taken_table.ts";
import { type AskRuntime, ThreadDirectory, WorkerDirectory } from "./worker_directory.ts";
import { WorkerRuntime } from "./worker_runtime.ts";

const ACTIVE = KERNEL_STATES.indexOf("active");

/** What a kernel's thread has for it, and for the others that share it. */
export interface ThreadServices {
  readonly directory: ThreadDirectory;
  readonly settler: Settler;
  readonly access: ThreadAccess;
}

/** The services of a thread that has one kernel. */
export function servicesFor(
  { threadSlot, oversubscribed }: KernelJob,
  signal: AbortSignal,
  ask: AskRuntime,
): ThreadServices {
  const directory: ThreadDirectory = new ThreadDirectory(() => access, ask);
  const settler = new Settler(directory, signal);
  const access: ThreadAccess = { threadSlot, handles: { oversubscribed }, settler };
  return { directory, settler, access };
}

/** Why waits of this thread's kernels were ended. */
const stops = new WeakSet<StoppedError>();

/** Whether an error only says that a kernel of this thread was told to stop: a wait that it has left behind is no failure. */
export function isStop(error: unknown): boolean {
  return error instanceof StoppedError && stops.has(error);
}

/** Turns of this thread's event loop, whoever receives. */
const turns = new Turns();

/** What the worker of a kernel hears from it. */
export interface CoreHost {
  /** Tells the kernel's runtime. `number` is the kernel's in this worker. */
  post(number: number, message: FromKernel): void;
}

/** A kernel in its worker. */
export class KernelCore implements InboxOptions, PostOfficeOptions, MailboxOptions, Tenant, LocalInputOwner {
  /** Its id, and that of its mailbox. */
  readonly kernel: string;
  readonly mailboxId: number;
  /** Which of the kernel's workers this is. */
  readonly worker: number;
  readonly isTimed: boolean;
  readonly lastFailure: FailureReport | null;
  readonly record: KernelRecord;
  readonly queue: InputSource;
  /** Where answers come; `null` if they are handed over. */
  readonly answers: RecordQueue | null;
  /** The longest answer that it takes. */
  readonly answerBytes: number;
  /** Its input, in a worker that kernels share. */
  readonly input: LocalInput | null;
  readonly inHand: LetterInHand | null;
  readonly directory: WorkerDirectory;
  readonly #definition: AnyRingKernel;
  readonly #services: ThreadServices;
  readonly #host: CoreHost;
  readonly #number: number;
  readonly #out: Output;
  readonly #taken: SharedArrayBuffer | null;
  readonly #inbox: Inbox;
  #controller: AbortController | undefined;
  #isAborted = false;
  #outlet: Outlet | undefined;
  #post: PostOffice | undefined;
  #mailbox: Mailbox | undefined;
  #runtime: WorkerRuntime | undefined;
  #requests: OpenRequests | undefined;
  /** Calls that wait for another state, in a worker that kernels share. */
  #watching: (() => void)[] | undefined;
  /** Where answers to it are put that come from the same worker. */
  localAnswers: Outlet | undefined;

  /** Opens everything that a job needs. `controller` is that of a kernel that has the thread for itself. */
  constructor(
    job: KernelJob,
    definition: AnyRingKernel,
    services: ThreadServices,
    host: CoreHost,
    number: number,
    controller: AbortController | undefined,
  ) {
    const { id, memory } = job.self;
    const { threadSlot, handles } = services.access;
    const { id: mailboxId, bytes } = mailboxOf(id, memory);
    const opened = openKernelMemory(memory, threadSlot, handles);
    this.kernel = id;
    this.mailboxId = mailboxId;
    this.worker = job.worker;
    this.isTimed = job.isTimed;
    this.lastFailure = job.lastFailure;
    this.record = opened.record;
    this.answers = opened.mailbox;
    this.answerBytes = bytes / 2;
    this.inHand = memory.inHand && new LetterInHand(memory.inHand);
    this.directory = new WorkerDirectory(mailboxId, services.directory, (message) => host.post(number, message));
    this.#definition = definition;
    this.#services = services;
    this.#host = host;
    this.#number = number;
    this.#controller = controller;
    this.#out = opened.output;
    this.#taken = "taken" in memory ? (memory as OwnMemory).taken : null;
    this.record.waitsForAnswer = this.record.waitsForRoom = null;
    this.input = this.local?.moveIn(this, opened.input instanceof InputGauge ? opened.input : null, job.left) ?? null;
    this.queue = this.input ?? opened.input as RecordQueue;
    this.#inbox = new Inbox(this);
    if (!this.local) this.record.whenStopped(job.worker).then(() => this.#abort());
  }

  /** The post of its worker, if kernels share that. */
  get local(): LocalPost | undefined {
    return this.#services.access.local;
  }

  // For what it receives.

  get attempts(): number {
    return this.#definition.settings.attempts;
  }

  get attempt(): number {
    return this.#inbox.attempt;
  }

  requests(): OpenRequests {
    return this.#requests ??= new OpenRequests(this.local?.table ?? new TakenTable(this.#taken!), this.mailboxId);
  }

  fail(replyTo: ReplyTo, failure: FailureReport): void {
    this.#services.settler.settle(replyTo, failure);
  }

  bury(letter: Letter, error: ErrorReport | null): void {
    this.#host.post(this.#number, { kind: "dead letter", ...letter, error });
  }

  stopped(why = "was told to terminate"): StoppedError {
    const error = new StoppedError(`Kernel "${this.kernel}" ${why}`);
    stops.add(error);
    return error;
  }

  /** Whether it may take a message that is handed to it. */
  get mayTake(): boolean {
    return this.record.state === ACTIVE && !this.record.mustStop(this.worker);
  }

  get takesCopies(): boolean {
    return !this.#definition.settings.ack;
  }

  get dropsOldest(): boolean {
    return this.#definition.settings.backpressure.input === "dropOldest";
  }

  onDropped({ replyTo }: LocalItem): void {
    if (replyTo) this.fail(replyTo, reportDrop(this.kernel));
  }

  // For what it sends and asks.

  get #outside(): Destination {
    return outsideOf(this.kernel, this.#definition);
  }

  get #output(): Outlet {
    const { kernel, mailboxId: mailbox } = this;
    return this.#outlet ??= new Outlet(queueOf(this.#out.queue), {
      kernel,
      mailbox,
      backpressure: this.#definition.settings.backpressure.output,
      place: this.#outside.place,
      bytesOption: `queueBytes of kernel "${kernel}"`,
    });
  }

  get #office(): PostOffice {
    return this.#post ??= new PostOffice(this);
  }

  mailbox(): Mailbox {
    return this.#mailbox ??= new Mailbox(this);
  }

  /** Hears an answer that has come to its worker. */
  hear(carried: Parameters<Mailbox["hear"]>[0]): void {
    if (this.#mailbox) this.#mailbox.hear(carried);
    else this.onLate();
  }

  hearFirst(): void {
    this.local?.drain();
  }

  get owner(): string {
    return this.kernel;
  }

  onLate(): void {
    this.record.countLateAnswer();
  }

  noteWait(mailbox: number | null): void {
    this.record.waitsForAnswer = mailbox === null ? null : { mailbox, since: now() };
  }

  noteRoom(mailbox: number | null): void {
    this.record.waitsForRoom = mailbox === null ? null : { mailbox, since: now() };
  }

  noteUse(kernel: string, by: KernelUse): void {
    this.#host.post(this.#number, { kind: "used", id: kernel, by });
  }

  /**
   * Notes the kernel as the one that runs, just before its function goes on with `result`: several may go on in one turn of the
   * event loop.
   */
  noteBefore<Result>(result: Promise<Result>): Promise<Result> {
    if (this.local) result.then(this.#noteRunning, this.#noteRunning);
    return result;
  }

  readonly #noteRunning = () => this.local?.noteRunning(this.mailboxId);

  get runtime(): WorkerRuntime {
    return this.#runtime ??= new WorkerRuntime(this.#office, this.directory);
  }

  // Its state.

  get isActive(): boolean {
    return this.record.state === ACTIVE;
  }

  get shouldTerminate(): boolean {
    return this.record.mustStop(this.worker) || this.#inbox.isDrained;
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#isAborted) this.#controller.abort(this.stopped());
    }
    return this.#controller.signal;
  }

  #abort(): void {
    this.#isAborted = true;
    this.#controller?.abort(this.stopped());
  }

  /** Its state has changed, or it must stop: told in a worker that kernels share. */
  changed(): void {
    if (this.record.mustStop(this.worker)) this.#abort();
    for (const look of this.#watching?.splice(0) ?? []) look();
    if (!this.input) return;
    this.input.wake();
    if (this.input.isClosing) this.local!.noteClosing(this.input);
  }

  async whenStateIs(states: readonly number[], timeoutMs: number): Promise<void> {
    const { record, worker } = this;
    if (!this.local) return await record.whenStateIs(states, worker, timeoutMs);
    const until = performance.now() + timeoutMs;
    for (let left = timeoutMs; left > 0; left = until - performance.now()) {
      record.noteQuiet();
      if (states.includes(record.state) || record.mustStop(worker)) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.onceChanged(resolve);
      await within(promise, left);
    }
  }

  onceChanged(look: () => void): void {
    (this.#watching ??= []).push(look);
  }

  // What its function calls.

  waitActive(call: number): Promise<void> {
    return this.#inbox.waitActive(Infinity, undefined, call);
  }

  receive(options: WaitOptions | undefined, call: number): Promise<Envelope> {
    const inbox = this.#inbox;
    try {
      const message = inbox.takeNow(call);
      if (turns.isDue) return this.#afterTurn(message, options, call);
      if (message) return Promise.resolve(message);
      return options === undefined && this.input ? inbox.awaitNext(this.input, call) : inbox.takeNext(options, call);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async #afterTurn(message: Envelope | null, options: WaitOptions | undefined, call: number): Promise<Envelope> {
    await turns.take();
    return message ?? await this.#inbox.takeNext(options, call);
  }

  send(message: MessageEnvelope, options?: WaitOptions): Promise<void> {
    const header = Envelope.headerOf(message);
    const request = header && this.#requests?.answeredBy(header);
    if (request) return this.#answer(message, request, options);
    if (this.#definition.settings.output === "none" && header) return this.#sendNowhere(header);
    return this.#office.deliver(this.#output, this.#outside, message, null, options);
  }

  /** A kernel without an output answers requests only. What answers a message that was no request is left out, and counted. */
  #sendNowhere({ kind, correlationCount }: Header): Promise<void> {
    if (correlationCount !== 0) {
      this.record.countLateAnswer();
      return SENT;
    }
    const what = `Cannot send a message from kernel "${this.kernel}": its output is "none", it only answers requests`;
    return Promise.reject(
      new MessageError(`${what}, received "${kind.name}"`, { messageType: kind.name, kernel: this.kernel }),
    );
  }

  #answer(message: MessageEnvelope, request: ReceivedRequest, options?: WaitOptions): Promise<void> {
    if (request.isClosed || request.isOverdue) {
      this.requests().close(request);
      this.record.countLateAnswer();
      return SENT;
    }
    this.requests().begin(request);
    const mailbox = this.directory.thread.knownMailbox(request.replyTo.mailbox);
    const sent = mailbox
      ? this.#office.deliver(mailbox, this.#outside, message, answerTo(request), options)
      : this.#findAndAnswer(message, request, options);
    if (sent !== SENT) return this.#awaitAnswering(sent, request);
    this.requests().close(request);
    return sent;
  }

  async #findAndAnswer(message: MessageEnvelope, request: ReceivedRequest, options?: WaitOptions): Promise<void> {
    const mailbox = await this.directory.thread.findMailbox(request.replyTo.mailbox);
    if (mailbox) await this.#office.deliver(mailbox, this.#outside, message, answerTo(request), options);
  }

  async #awaitAnswering(sent: Promise<void>, request: ReceivedRequest): Promise<void> {
    try {
      await sent;
    } catch (error) {
      // The asker's own limit is the asker's failure. Whoever asked and has ended waits for nothing.
      if (error instanceof TooLongError) await this.#refuseAnswer(error, request);
      else if (!(error instanceof KernelStateError)) throw this.#answerFailed(error, request);
    }
    this.requests().close(request);
  }

  async #refuseAnswer({ message }: Error, { replyTo }: ReceivedRequest): Promise<void> {
    await this.#services.settler.settle(replyTo, { kind: "unanswered", kernel: this.kernel, reason: message });
  }

  /** They go on waiting: the kernel may send another answer. */
  #answerFailed(error: unknown, request: ReceivedRequest): unknown {
    this.requests().reopen(request);
    return error;
  }

  async forward(kernel: string, message: MessageEnvelope, options?: WaitOptions): Promise<void> {
    const request = Envelope.headerOf(message)?.request as ReceivedRequest | null | undefined;
    if (!request) return await this.#office.forward(kernel, message, null, options);
    if (request.isClosed || request.isOverdue) return this.requests().close(request);
    this.requests().begin(request);
    try {
      await this.#office.forward(kernel, message, request.replyTo, options);
    } catch (error) {
      throw this.#answerFailed(error, request);
    }
    const peer = this.directory.known(kernel);
    if (peer) this.#inbox.noteForward(request, peer);
    this.requests().close(request);
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
    const open = (this.#requests?.open ?? []).filter((request) => !this.#inbox.keeps(request));
    for (const request of open) this.requests().begin(request);
    await this.#services.settler.settleAll(open.map(({ replyTo }) => replyTo), failure);
    for (const request of open) this.requests().close(request);
  }

  /** The function is about to be called. Returns the number of the call. */
  begin(): number {
    return this.#inbox.begin();
  }

  /** The function has ended, perhaps by an error. Whether it has received a message since it was called. */
  end(hasFailed: boolean, error?: unknown): boolean {
    return this.#inbox.end(hasFailed, error);
  }

  /** The function has ended for good, or another one takes its place: it waits for nothing any more. */
  abandon(): void {
    this.#abort();
  }

  /** Its work here has ended. In a worker that goes on, it fails what it has not answered itself. */
  settle(failure: FailureReport | null): void {
    if (this.local) this.failUnanswered(failure ?? reportTermination(this.kernel));
  }

  /** A failure of this kernel. */
  failureOf(incident: string, error: Parameters<typeof reportFailure>[2]): FailureReport {
    return reportFailure(this.kernel, incident, error);
  }
}

/** Where the kernels of a definition send to, for messages. */
const outsides = new WeakMap<AnyRingKernel, Destination["types"]>();

function outsideOf(kernel: string, definition: AnyRingKernel): Destination {
  let types = outsides.get(definition);
  if (types === undefined) outsides.set(definition, types = namesOf(definition.output));
  return { kernel, place: `from kernel "${kernel}"`, types };
}

/** What makes a message the answer to a request: `until` of 0 says that it is none itself. */
function answerTo({ replyTo: { ticket } }: ReceivedRequest): { mailbox: number; ticket: number; until: number } {
  return { mailbox: 0, ticket, until: 0 };
}
