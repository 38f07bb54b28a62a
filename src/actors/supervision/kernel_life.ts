/** The life of a kernel that was launched, on the thread that did so. */

import { within } from "../../ring/within.ts";
import { stopOnUnload } from "../../worker/unload.ts";
import { type KernelError, KernelStateError } from "../errors.ts";
import { type FailureReport, rebuildFailure, reportFailure } from "../message/failure.ts";
import { createKernelMemory, type MailboxDescription } from "../thread/kernel_memory.ts";
import type { KernelLink, KernelUse } from "../kernel_link.ts";
import { KERNEL_STATES, type KernelDeed, type KernelState, stateAfter } from "../kernel_state.ts";
import { type OpenPeer, openPeer } from "../thread/peer.ts";
import { namesOf } from "../message/preparation.ts";
import type { KernelGone, KernelJob, PeerDescription, ToKernel } from "../thread/kernel_protocol.ts";
import type { AnyRingKernel } from "../ring_kernel.ts";
import { Stopwatch } from "./stopwatch.ts";
import { Supervisor, type SupervisorHooks } from "./supervisor.ts";
import type { KernelTelemetry } from "../telemetry.ts";

/** What the life of a kernel needs of its runtime. */
export interface Surroundings {
  readonly isTimed: boolean;
  readonly graceMs: number;
  /** The most threads, this one among them. */
  readonly parties: number;
  /** Whether there are more kernels than cores. */
  readonly isCrowded: boolean;
  /** Gives a new thread its number in queues. */
  takeParty(): number;
  /** Takes it back, once that thread has ended. */
  returnParty(party: number): void;
  /** Tells all threads. */
  announce(gone: KernelGone): void;
  /** A kernel has used another one. */
  noteUse(link: KernelLink): void;
  peer(id: string): PeerDescription | null;
  mailbox(number: number): MailboxDescription | null;
}

/** How a kernel is launched. */
export interface LaunchOrder {
  readonly id: string;
  /** The number of its mailbox. */
  readonly number: number;
  readonly kernel: AnyRingKernel;
  readonly params: unknown;
}

/** A kernel that was launched. */
export class KernelLife implements SupervisorHooks {
  readonly id: string;
  /** As other threads are told of it. */
  readonly description: PeerDescription;
  /** As this thread sees it. */
  readonly peer: OpenPeer;
  readonly #order: LaunchOrder;
  readonly #surroundings: Surroundings;
  readonly #supervisor: Supervisor;
  readonly #uptime = new Stopwatch();
  readonly #activeTime = new Stopwatch();
  readonly #loading: PromiseWithResolvers<void> = Promise.withResolvers();
  readonly #ended: PromiseWithResolvers<void> = Promise.withResolvers();
  #state: KernelState = "created";
  #errors = 0;
  #lastError: KernelError | null = null;
  #failure: KernelError | null = null;
  #terminating: Promise<void> | undefined;
  /** Takes back that it terminates when the program is unloaded. */
  #forgetUnload: () => void = () => {};

  /** @throws {RangeError} If there is no memory for its queues. */
  constructor(order: LaunchOrder, surroundings: Surroundings) {
    const { id, number, kernel } = order, { parties, graceMs, isCrowded } = surroundings, { settings } = kernel;
    this.id = id;
    this.#order = order;
    this.#surroundings = surroundings;
    this.#supervisor = new Supervisor(id, settings, graceMs, this);
    const types = namesOf(kernel.input), memory = createKernelMemory(id, number, parties, settings);
    this.description = { id, memory, backpressure: settings.backpressure, types: types && [...types] };
    this.peer = openPeer(this.description, 0, { mayBlock: false, isCrowded });
  }

  /** What was launched. */
  get kernel(): AnyRingKernel {
    return this.#order.kernel;
  }

  get state(): KernelState {
    return this.#state;
  }

  /**
   * Starts its worker. Resolves when its function is called.
   *
   * @throws {TypeError} If its constants cannot be cloned.
   * @throws {KernelError} If its module cannot be imported, or does not define it.
   */
  async launch(): Promise<void> {
    this.#uptime.start();
    this.#forgetUnload = stopOnUnload(() => this.mustTerminate());
    // Where it is awaited is not yet known.
    this.#loading.promise.catch(() => {});
    try {
      this.#supervisor.start();
    } catch (error) {
      this.#supervisor.stop();
      throw launchError(this.id, error as Error);
    }
    await this.#loading.promise;
  }

  /** @throws {KernelStateError} If the state does not allow it. */
  change(deed: Exclude<KernelDeed, "terminate">): void {
    this.#enter(stateAfter(deed, this.id, this.#state));
  }

  #enter(state: KernelState): void {
    const { record, input } = this.peer.memory;
    this.#state = state;
    record.state = KERNEL_STATES.indexOf(state);
    // If it waits for messages, it looks at its state.
    input.wake();
    if (state === "active") this.#activeTime.start();
    else this.#activeTime.stop();
  }

  /**
   * Tells its function to end. Resolves when it has.
   *
   * @throws {KernelStateError} If it has ended already.
   * @throws {KernelError} If it ignores that for `timeoutMs`.
   */
  terminate(timeoutMs: number): Promise<void> {
    return this.#terminating ??= this.#terminate(timeoutMs);
  }

  async #terminate(timeoutMs: number): Promise<void> {
    this.#enter(stateAfter("terminate", this.id, this.#state));
    const { record, input } = this.peer.memory;
    record.stop();
    input.close();
    input.wake();
    this.#supervisor.stop();
    if (await within(this.#ended.promise, timeoutMs)) return;
    const failure = reportFailure(this.id, `ignored its termination for ${timeoutMs} ms`);
    this.failed(failure);
    this.#supervisor.abandon(failure);
    throw rebuildFailure(failure);
  }

  /** Posts to its worker. */
  tell(message: ToKernel): void {
    this.#supervisor.tell(message);
  }

  get telemetry(): KernelTelemetry {
    const { record, input, output } = this.peer.memory, { isTimed } = this.#surroundings;
    const processed = input.taken, activeMs = this.#activeTime.ms;
    return {
      kernelId: this.id,
      state: this.#state,
      messagesProcessed: processed,
      messagesSent: output.written,
      messagesDropped: input.dropped + output.dropped,
      throughput: activeMs > 0 ? processed / activeMs * 1000 : 0,
      queueDepth: input.depth,
      outputDepth: output.depth,
      queueSize: this.#order.kernel.settings.queueSize,
      latencyMs: isTimed ? record.latency.figures : null,
      processingMs: isTimed ? record.processing.figures : null,
      errors: this.#errors,
      lastError: this.#lastError,
      failure: this.#failure,
      restarts: this.#supervisor.restarts,
      uptimeMs: this.#uptime.ms,
    };
  }

  // What its supervisor tells.

  newJob(worker: number): KernelJob {
    const { kernel, params } = this.#order, { isTimed, isCrowded } = this.#surroundings;
    return {
      self: this.description,
      module: kernel.module,
      definition: kernel.id,
      worker,
      party: this.#surroundings.takeParty(),
      params,
      isTimed,
      isCrowded,
    };
  }

  returnParty(party: number): void {
    this.#surroundings.returnParty(party);
  }

  stopWorker(worker: number): void {
    this.peer.memory.record.stop(worker);
    this.peer.memory.input.wake();
  }

  loaded(): void {
    this.#enter("launched");
    this.#loading.resolve();
  }

  failed(failure: FailureReport): void {
    this.#errors++;
    this.#lastError = rebuildFailure(failure);
  }

  lost(failure: FailureReport): void {
    this.#announce(failure, true);
  }

  mustTerminate(): void {
    // What it ignores is counted, and kept.
    this.terminate(this.#surroundings.graceMs).catch(() => {});
  }

  over(failure: FailureReport | null): void {
    const { input, output, mailbox } = this.peer.memory;
    this.#failure = failure && rebuildFailure(failure);
    this.#forgetUnload();
    this.#enter("terminated");
    this.#uptime.stop();
    for (const queue of [input, output, mailbox]) queue.close();
    this.#announce(failure, false);
    const { id } = this;
    if (failure) this.#loading.reject(rebuildFailure(failure));
    else this.#loading.reject(new KernelStateError(`Cannot launch kernel "${id}": it was terminated meanwhile`));
    this.#ended.resolve();
  }

  #announce(failure: FailureReport | null, goesOn: boolean): void {
    this.#surroundings.announce({ id: this.id, number: this.peer.number, failure, goesOn });
  }

  find(id: string): void {
    this.tell({ kind: "peer", id, peer: this.#surroundings.peer(id) });
  }

  used(kernel: string, by: KernelUse): void {
    this.#surroundings.noteUse({ user: this.id, kernel, by });
  }

  findMailbox(number: number): void {
    this.tell({ kind: "mailbox", number, mailbox: this.#surroundings.mailbox(number) });
  }
}

function launchError(kernel: string, cause: Error): Error {
  if (cause.name !== "DataCloneError") return cause;
  return new TypeError(`Cannot launch kernel "${kernel}": its params cannot be cloned: ${cause.message}`, { cause });
}
