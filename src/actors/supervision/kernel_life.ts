/** The life of a kernel that was launched, on the thread that did so. */

import { clockZero, now } from "../../ring/clock.ts";
import type { WaitFigures } from "../../ring/kernel_record.ts";
import { within } from "../../ring/within.ts";
import { stopOnUnload } from "../../worker/unload.ts";
import { type KernelError, KernelStateError, QueueTimeoutError } from "../errors.ts";
import type { LaunchOptions, TerminateOptions } from "../kernel_context.ts";
import { KERNEL_STATES, type KernelAction, type KernelState, stateAfter } from "../kernel_state.ts";
import type { AnyRingKernel, KernelPlace } from "../ring_kernel.ts";
import { type FailureReport, rebuildKernelError, reportFailure, reportTermination } from "../message/failure.ts";
import { replyToIn } from "../message/message_record.ts";
import type { RecordBytes } from "../message/sheet.ts";
import type { RecordQueue } from "../../ring/record_queue.ts";
import { InputGauge } from "../thread/input_gauge.ts";
import type { PoolQueues } from "../thread/kernel_memory.ts";
import type { KernelGone, KernelJob, KernelQuestion, PeerDescription, ToKernel } from "../thread/kernel_protocol.ts";
import type { Letter } from "../thread/letter_in_hand.ts";
import { type OpenPeer, openPeer } from "../thread/peer.ts";
import type { Settler } from "../thread/settler.ts";
import type { TakenRequest } from "../thread/taken_table.ts";
import type { KernelTelemetry, KernelWait } from "../telemetry.ts";
import { type Home, type HomeSurroundings, OwnHome, SharedHome } from "./home.ts";
import type { StartedKernel, WorkerOrder } from "./kernel_worker.ts";
import type { SharedHost } from "./shared_host.ts";
import { Stopwatch } from "./stopwatch.ts";
import { Supervisor, type SupervisorHooks } from "./supervisor.ts";
import { clearQueue } from "./clear_queue.ts";

/** What the life of a kernel needs of its runtime. */
export interface Surroundings extends HomeSurroundings {
  readonly isTimed: boolean;
  readonly graceMs: number;
  /** The most threads, this one among them. */
  readonly parties: number;
  /** Fails requests. */
  readonly settler: Settler;
  /** The kernel has ended. */
  announce(life: KernelLife, gone: KernelGone): void;
  /** A call of its function has ended, or its worker: children end with that. */
  endChildren(life: KernelLife): void;
  /** Answers what its worker asks. */
  onQuestion(life: KernelLife, question: Exclude<KernelQuestion, { kind: "dead letter" }>): void;
  /** A message was tried in vain. */
  bury(life: KernelLife, letter: Letter, error: KernelError | null): void;
  /** What a kernel waits for, by names. */
  nameWait(kind: KernelWait["kind"], wait: WaitFigures): KernelWait;
}

/** How a kernel is launched. */
export interface LaunchOrder {
  readonly id: string;
  readonly mailboxId: number;
  readonly kernel: AnyRingKernel;
  readonly params: unknown;
  /** The id of the kernel that has launched it; `null` if the program has. */
  readonly parent: string | null;
  /** Where it runs. */
  readonly place: KernelPlace;
  /** The queues of the pool that it belongs to, if it does. */
  readonly pool?: PoolQueues;
  /** Whether there are more kernels than cores. */
  readonly oversubscribed: boolean;
}

/** A worker that knows of a kernel: that of another kernel, or one that kernels share. */
export interface Knower {
  post(message: Extract<ToKernel, { kind: "peer" | "mailbox" | "gone" }>): void;
}

/** What is counted of a kernel, and the milliseconds in which it was active: nothing yet. */
const NOTHING = {
  messagesProcessed: 0,
  messagesSent: 0,
  messagesDropped: 0,
  messagesExpired: 0,
  messagesLost: 0,
  lateAnswers: 0,
  deadLetters: 0,
  errors: 0,
  restarts: 0,
  activeMs: 0,
};

type KernelCounts = typeof NOTHING;

/** Counts of now without those of before. A message in hand may have been counted before, and be lost since. */
function countsSince(before: KernelCounts, now: KernelCounts): KernelCounts {
  const since = { ...now };
  for (const name of Object.keys(NOTHING) as (keyof KernelCounts)[]) {
    since[name] = Math.max(now[name] - before[name], 0);
  }
  return since;
}

/** A kernel that was launched. */
export class KernelLife implements SupervisorHooks {
  readonly id: string;
  readonly parent: string | null;
  /** As this thread sees it. */
  readonly peer: OpenPeer;
  readonly #home: Home;
  #knownBy: Set<Knower> | undefined;
  readonly #order: LaunchOrder;
  readonly #surroundings: Surroundings;
  readonly #supervisor: Supervisor;
  readonly #uptime = new Stopwatch();
  readonly #activeTime = new Stopwatch();
  /** Until it is loaded, or has ended. */
  #loading: PromiseWithResolvers<void> | undefined = Promise.withResolvers();
  readonly #ended: PromiseWithResolvers<KernelError | null> = Promise.withResolvers();
  #state: KernelState = "created";
  /** Once it is forgotten: its figures at the end. */
  #final: KernelTelemetry | undefined;
  #errors = 0;
  #lost = 0;
  #deadLetters = 0;
  /** Whether its function may be running still. */
  #isGivenUp = false;
  /** What does not count any more. */
  #countedBefore: KernelCounts = NOTHING;
  #lastError: KernelError | null = null;
  #lastFailure: FailureReport | null = null;
  #failure: KernelError | null = null;
  /** Calls of `terminate()` that wait; undefined before the first. */
  #terminations: number | undefined;
  /** Takes back that it terminates when the program is unloaded. */
  #forgetUnload: (() => void) | undefined;

  /** @throws {RangeError} If there is no memory for its queues. */
  constructor(order: LaunchOrder, surroundings: Surroundings) {
    const { id, mailboxId, kernel, pool, oversubscribed } = order;
    const { parties, graceMs, settler } = surroundings;
    const { settings } = kernel;
    this.id = id;
    this.parent = order.parent;
    // May reject before launch() awaits it: mark it as handled.
    this.#loading!.promise.catch(() => {});
    this.#order = order;
    this.#surroundings = surroundings;
    this.#supervisor = new Supervisor(id, settings, graceMs, this);
    const options = { id, mailboxId, parties, settings, pool };
    this.#home = order.place === "shared" ? new SharedHome(options, surroundings) : new OwnHome(options, surroundings);
    this.peer = openPeer(this.description, { threadSlot: 0, handles: { mayBlock: false, oversubscribed }, settler });
  }

  /** As other threads are told of it. */
  get description(): PeerDescription {
    const { kernel: { input, settings } } = this.#order;
    return {
      id: this.id,
      memory: this.#home.memory,
      backpressure: settings.backpressure.input,
      types: input && input.map(({ messageType }) => messageType),
    };
  }

  /** The host that it shares with others; `null` if it has a worker of its own. */
  get host(): SharedHost | null {
    return this.#home.host;
  }

  /** A worker knows of it from now on. */
  noteKnower(knower: Knower): void {
    (this.#knownBy ??= new Set()).add(knower);
  }

  /** Tells all workers that know of it something, for the last time. */
  tellKnowers(message: Extract<ToKernel, { kind: "gone" }>): void {
    for (const knower of this.#knownBy ?? []) knower.post(message);
    this.#knownBy = undefined;
  }

  /** What was launched. */
  get kernel(): AnyRingKernel {
    return this.#order.kernel;
  }

  /** Whether it shares its worker with others. */
  get isShared(): boolean {
    return this.host !== null;
  }

  get state(): KernelState {
    return this.#state;
  }

  /** Resolves when it has ended: to what has ended it, or `null`. */
  get ended(): Promise<KernelError | null> {
    return this.#ended.promise;
  }

  /**
   * Starts its worker. Resolves when its function is called.
   *
   * @throws {TypeError} If its constants cannot be cloned.
   * @throws {KernelError} If its module cannot be imported within `timeoutMs`, or does not define it.
   */
  async launch({ timeoutMs = Infinity }: LaunchOptions): Promise<void> {
    const loading = this.#loading!.promise;
    this.#uptime.start();
    // The worker that kernels share is ended for all of them.
    if (!this.host) this.#forgetUnload = stopOnUnload(() => this.mustTerminate());
    try {
      this.#supervisor.start();
    } catch (error) {
      this.#supervisor.stop();
      throw launchError(this.id, error as Error);
    }
    if (!await within(loading, timeoutMs)) this.#giveUpLoading(timeoutMs);
    await loading;
  }

  #giveUpLoading(timeoutMs: number): void {
    const failure = reportFailure(this.id, `was not ready after ${timeoutMs} ms: its module is still being imported`);
    this.failed(failure);
    this.#isGivenUp = true;
    this.#supervisor.abandon(failure);
  }

  /** @throws {KernelStateError} If the state does not allow it. */
  change(action: Exclude<KernelAction, "terminate">): void {
    this.#enter(stateAfter(action, this.id, this.#state));
  }

  /**
   * Lets it finish the message in hand. Resolves when it has.
   *
   * @throws {QueueTimeoutError} If it has not for `timeoutMs`.
   */
  async deactivate(timeoutMs: number): Promise<void> {
    this.change("deactivate");
    const { record } = this.peer.memory;
    const until = performance.now() + timeoutMs;
    const isDone = () => record.isQuiet || this.#state !== "deactivated";
    // It may have been active again meanwhile.
    for (let left = timeoutMs; left > 0 && !isDone(); left = until - performance.now()) {
      await Promise.race([record.whenQuiet(left), this.ended]);
    }
    if (isDone()) return;
    const what = `Cannot see kernel "${this.id}" quiet: it is deactivated`;
    throw new QueueTimeoutError(`${what}, and has had a message in hand for ${timeoutMs} ms more`);
  }

  #enter(state: KernelState): void {
    this.#note(state);
    this.#tellChange();
  }

  #note(state: KernelState): void {
    const { record } = this.peer.memory;
    this.#state = state;
    record.state = KERNEL_STATES.indexOf(state);
    if (state === "active") this.#activeTime.start();
    else this.#activeTime.stop();
  }

  /** If it waits for messages, it looks at its state. */
  #tellChange(): void {
    this.peer.memory.input.wake();
    if (this.host) this.post({ kind: "changed" });
  }

  /**
   * Tells its function to end. Resolves when it has.
   *
   * @throws {KernelStateError} If it has ended already.
   * @throws {KernelError} If it ignores that for `timeoutMs`.
   */
  async terminate({ timeoutMs, drain = false }: TerminateOptions): Promise<void> {
    const { graceMs } = this.#surroundings;
    if (!drain) return await this.#end(timeoutMs ?? graceMs);
    const canDrain = this.#state === "active" || this.#state === "deactivated";
    if (canDrain && await this.#drain(timeoutMs ?? Infinity)) return;
    await this.#end(graceMs);
  }

  /** True if it has processed what is queued, and ended, within the time. */
  async #drain(timeoutMs: number): Promise<boolean> {
    const { input } = this.peer.memory;
    this.#terminations ??= 0;
    input.close();
    this.#enter("terminating");
    this.#activeTime.start();
    return await within(this.ended, timeoutMs);
  }

  async #end(timeoutMs: number): Promise<void> {
    if (this.#state !== "terminated" || this.#terminations === undefined) this.#stop();
    this.#terminations = (this.#terminations ?? 0) + 1;
    const hasEnded = await within(this.ended, timeoutMs);
    this.#terminations--;
    if (hasEnded) return;
    const failure = reportFailure(this.id, `ignored its termination for ${timeoutMs} ms`);
    // Another call may give it more time.
    if (this.#terminations === 0) {
      this.failed(failure);
      this.#isGivenUp = true;
      this.#supervisor.abandon(failure);
    }
    throw rebuildKernelError(failure);
  }

  #stop(): void {
    const { record, input } = this.peer.memory;
    const state = stateAfter("terminate", this.id, this.#state);
    record.stop();
    if (!this.#order.pool) input.close();
    this.#enter(state);
    this.#supervisor.stop();
  }

  /** Posts to its worker. */
  post(message: ToKernel): void {
    this.#supervisor.post(message);
  }

  /** Nobody knows of it by its id any more: its memory is another kernel's. */
  forget(): void {
    this.#final = this.telemetry;
    if (this.#state === "terminated" && !this.#isGivenUp) this.#home.giveBack();
  }

  /** Counts, since it was launched. */
  get #counts(): KernelCounts {
    const { record, input, output } = this.peer.memory;
    const { expired, lateAnswers } = record;
    const made = output.ifMade;
    // Members of a pool share their queues. What was taken out of a queue in shared memory at the end was lost.
    const taken = this.#order.pool
      ? record.finished
      : input.taken - expired - (input instanceof InputGauge ? 0 : this.#lost);
    return {
      messagesProcessed: Math.max(taken, 0),
      messagesSent: made?.written ?? 0,
      messagesDropped: input.dropped + (made?.dropped ?? 0),
      messagesExpired: expired,
      messagesLost: this.#lost,
      lateAnswers,
      deadLetters: this.#deadLetters,
      errors: this.#errors,
      restarts: this.#supervisor.restarts,
      activeMs: this.#activeTime.ms,
    };
  }

  /** Counts begin anew. */
  resetTelemetry(): void {
    const { record } = this.peer.memory;
    this.#lastError = null;
    this.#countedBefore = this.#counts;
    if (!this.#surroundings.isTimed) return;
    record.latency.reset();
    record.processing.reset();
  }

  get telemetry(): KernelTelemetry {
    if (this.#final) return this.#final;
    const { record, input, output } = this.peer.memory;
    const { isTimed } = this.#surroundings;
    const { queueSize } = this.#order.kernel.settings;
    const { activeMs, ...counts } = countsSince(this.#countedBefore, this.#counts);
    return {
      kernelId: this.id,
      state: this.#state,
      ...counts,
      throughput: activeMs > 0 ? counts.messagesProcessed / activeMs * 1000 : 0,
      queueDepth: input.depth,
      outputDepth: output.ifMade?.depth ?? 0,
      queueSize: queueSize.input,
      outputSize: queueSize.output,
      waitsFor: this.#waitsFor(),
      holdsUpMs: this.#state === "terminated" ? 0 : this.host?.heldUpBy(this.peer.mailboxId) ?? 0,
      latencyMs: isTimed ? record.latency.figures : null,
      processingMs: isTimed ? record.processing.figures : null,
      lastError: this.#lastError,
      failure: this.#failure,
      uptimeMs: this.#uptime.ms,
    };
  }

  #waitsFor(): KernelWait | null {
    if (this.#state === "terminated") return null;
    const { waitsForRoom, waitsForAnswer } = this.peer.memory.record;
    if (waitsForRoom) return this.#surroundings.nameWait("room", waitsForRoom);
    return waitsForAnswer && this.#surroundings.nameWait("answer", waitsForAnswer);
  }

  // What its supervisor tells.

  startWorker(worker: number, order: Omit<WorkerOrder, "job">): { started: StartedKernel; job: KernelJob } {
    return this.#home.start(order, (threadSlot, left) => this.#newJob(worker, threadSlot, left));
  }

  #newJob(worker: number, threadSlot: number, left: readonly RecordBytes[]): KernelJob {
    const { kernel, params } = this.#order;
    const { isTimed } = this.#surroundings;
    const { oversubscribed } = this.#order;
    return {
      self: this.description,
      zero: clockZero(),
      module: kernel.module,
      definition: kernel.id,
      worker,
      threadSlot,
      params,
      isTimed,
      oversubscribed,
      left,
      lastFailure: this.#home.inHand && this.#lastFailure,
    };
  }

  returnThreadSlot(threadSlot: number): void {
    this.#home.returnThreadSlot(threadSlot);
  }

  stopWorker(worker: number): void {
    this.peer.memory.record.stop(worker);
    this.#tellChange();
  }

  succeeded(): number {
    return this.peer.memory.record.succeeded;
  }

  loaded(): void {
    // Its function has yet to be called: it cannot wait.
    this.#note("launched");
    this.#loading?.resolve();
    this.#loading = undefined;
  }

  failed(failure: FailureReport): void {
    this.#errors++;
    this.#lastError = rebuildKernelError(failure);
    this.#lastFailure = failure;
  }

  callEnded(): void {
    this.#surroundings.endChildren(this);
  }

  /** Only what the worker had taken is lost; and of that, what is in hand is received again if it is acknowledged. */
  lost(failure: FailureReport, worker: StartedKernel | undefined): void {
    const { input } = this.peer.memory;
    if (worker?.losesQueued && input instanceof InputGauge) this.#lost += input.forgetHeld();
    const taken = worker?.taken(false) ?? [];
    const letter = this.#home.inHand?.letter;
    const kept = letter && replyToIn(letter.record);
    const isKept = ({ ticket, mailbox }: TakenRequest) => kept?.ticket === ticket && kept.mailbox === mailbox;
    this.#surroundings.settler.settleAll(taken.filter((request) => !isKept(request)), failure);
  }

  mustTerminate(): void {
    // terminate() records the failure; nobody awaits it here.
    this.terminate({}).catch(() => {});
  }

  onQuestion(question: KernelQuestion): void {
    if (question.kind !== "dead letter") return this.#surroundings.onQuestion(this, question);
    this.#bury(question, question.error && rebuildKernelError(reportFailure(this.id, "threw", question.error)));
  }

  #bury(letter: Letter, error: KernelError | null): void {
    this.#deadLetters++;
    this.#surroundings.bury(this, letter, error ?? this.#lastError);
  }

  over(failure: FailureReport | null, taken: readonly TakenRequest[]): void {
    const { input, output, mailbox } = this.peer.memory;
    const told = failure ?? reportTermination(this.id);
    this.#forgetUnload?.();
    this.#enter("terminated");
    this.#uptime.stop();
    for (const queue of this.#order.pool ? [mailbox] : [input, output, mailbox]) queue?.close();
    this.#failure = failure && rebuildKernelError(this.#order.pool ? failure : withLoss(failure, input.depth));
    this.#settleTaken(told, taken);
    if (input instanceof InputGauge) this.#lost += input.depth;
    else if (!this.#order.pool) this.#clearInput(input, told);
    this.#home.leave(told);
    this.#surroundings.endChildren(this);
    this.#surroundings.announce(this, { id: this.id, mailboxId: this.peer.mailboxId });
    if (this.#loading) {
      const what = `Cannot launch kernel "${this.id}": it was terminated meanwhile`;
      this.#loading.reject(this.#failure ?? new KernelStateError(what));
    }
    this.#loading = undefined;
    this.#ended.resolve(this.#failure);
  }

  #settleTaken(failure: FailureReport, taken: readonly TakenRequest[]): void {
    const { settler } = this.#surroundings;
    const { inHand } = this.#home;
    const letter = inHand?.letter;
    if (letter) this.#bury(letter, this.#failure);
    const kept = letter && replyToIn(letter.record);
    inHand?.clear();
    settler.settleAll(kept ? [...taken, kept] : taken, failure);
  }

  /** What nobody will take is lost, and whoever waits for an answer to it is told. */
  #clearInput(input: RecordQueue, failure: FailureReport): void {
    clearQueue(input, (record) => {
      this.#lost++;
      const replyTo = replyToIn(record);
      if (replyTo) this.#surroundings.settler.settle(replyTo, failure);
    });
  }

  /** Since when it waits, for messages about it. */
  get waits(): KernelWait | null {
    return this.#waitsFor();
  }
}

/** The failure that ends a kernel says what it leaves. */
function withLoss(failure: FailureReport, messages: number): FailureReport {
  if (messages === 0) return failure;
  const left = messages === 1 ? "1 message was" : `${messages} messages were`;
  return { ...failure, reason: `${failure.reason}; ${left} left in its input` };
}

function launchError(kernel: string, cause: Error): Error {
  if (cause.name !== "DataCloneError") return cause;
  return new TypeError(`Cannot launch kernel "${kernel}": its params cannot be cloned: ${cause.message}`, { cause });
}

/** How long something has lasted, by the program's clock. */
export function sinceMs(since: number): number {
  return Math.max(now() - since, 0);
}
