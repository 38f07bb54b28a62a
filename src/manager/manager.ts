/** Runs tasks in workers on one shared memory: what a pipeline compiles to. */

import { completeRestart } from "./restart.ts";
import { type DeadFrameOptions, DeadFrames } from "./dead_frames.ts";
import { resetRecord } from "../ring/task_record.ts";
import type { SharedMemory } from "../ring/shared_memory.ts";
import { readerHands } from "./supervision/reader_hand.ts";
import { watchStalls } from "./supervision/stall_watch.ts";
import { SupervisedTask, UNSUPERVISED } from "./supervision/supervised_task.ts";
import { DeclarationError, LifecycleError, StoppedError, TaskError, UnknownNameError } from "../errors.ts";
import { releaseBinding } from "../ring/bindings.ts";
import type { FrameDescription } from "../ring/description.ts";
import { Onlooker } from "../ring/onlooker.ts";
import { Reader } from "../ring/reader.ts";
import { RingReader, RingWriter } from "../ring/ring.ts";
import { type AsyncTaskEvent, TaskEvent } from "../ring/task_event.ts";
import { checkWaitOptions, type WaitOptions } from "../ring/waiting.ts";
import { keepAlive } from "../keep_alive.ts";
import { within } from "../ring/within.ts";
import { SOURCE } from "../ring/source.ts";
import { Writer } from "../ring/writer.ts";
import { checkOptions, duration, milliseconds, object, type Rules } from "../rules.ts";
import { Blueprint, type CarriedPart, type Layout, type OpenableEnd, type ProgramEnd } from "./task/blueprint.ts";
import { watchFullRings } from "./supervision/full_watch.ts";
import { targetOf } from "../worker/export_target.ts";
import { importingWorker } from "../worker/importing.ts";
import { stopOnUnload } from "../worker/unload.ts";
import { reportError, summarizeError } from "../worker/error_report.ts";
import { untilAborted } from "../worker/until_aborted.ts";
import type { MonitorOptions, Snapshot, TaskMetrics } from "./metrics.ts";
import { Monitor, MONITOR_RULES, type Monitored } from "./monitor.ts";
import type { TaskJob } from "./task/task_protocol.ts";
import type { ExportTarget } from "../worker/export_target.ts";
import type { EventSpec, RingSpec, TaskSpec } from "./specs.ts";
import type { Closable } from "./task/deferred_handle.ts";
import { TaskGroup, type TaskLife, type TaskProgress } from "./task_group.ts";
import { checkOrder } from "./task/order.ts";
import { OwnStops } from "./task/own_stops.ts";
import { TaskWorker } from "./task/task_worker.ts";
import { report, warn } from "../notices.ts";
import { DEFAULT_GRACE_MS } from "../timers.ts";
import { suggest } from "../suggest.ts";

/** Options of a {@link Manager}. */
export interface ManagerOptions {
  /**
   * How long tasks may take to notice the stop, in milliseconds. A task that takes longer is given up on and reported.
   *
   * @default {1000}
   */
  graceMs?: number;
  /** How many frames that tasks have failed on are kept until somebody takes them. */
  deadLetters?: DeadFrameOptions;
  /**
   * How long a ring may stay full while its writer waits for room, in milliseconds. Then a warning names it and its slowest
   * reader, once for each ring. The same holds for dead letters that nobody takes. `Infinity` turns that off.
   *
   * @default {5000}
   */
  fullWarningMs?: number;
}

/** What each option of a manager must be. */
export const MANAGER_RULES = {
  graceMs: duration,
  deadLetters: object,
  fullWarningMs: milliseconds(1),
} satisfies Rules;

/** Where a {@link Manager} is in its life. */
export type ManagerState = "declared" | "compiling" | "compiled" | "started" | "failed" | "closed";

/** How a message says so. */
const STATES: Readonly<Record<ManagerState, string>> = {
  declared: "it was not compiled",
  compiling: "it is being compiled",
  compiled: "it was compiled already",
  started: "it was started already",
  failed: "it could not be compiled",
  closed: "it is closed",
};

/**
 * Makes rings and events in one shared memory and runs tasks on them, each in its own worker. This is the layer below
 * `Pipeline`, without its checks of the topology: for raw rings and custom orchestration.
 *
 * @example
 * ```ts
 * import { Manager } from "@ringmill/ringmill/runtime";
 * import { equal } from "node:assert/strict";
 *
 * await using manager = new Manager("bytes");
 * manager.addRing({ name: "chunks", bytes: 4096 });
 * const writer = manager.openWriter("chunks");
 * const reader = manager.openReader("chunks");
 * await manager.start();
 * writer.write(new TextEncoder().encode("hello"));
 * const bytes = new Uint8Array(5);
 * equal(reader.readInto(bytes), true);
 * equal(new TextDecoder().decode(bytes), "hello");
 * ```
 */
export class Manager implements AsyncDisposable {
  /** Its name, for messages. */
  readonly name: string;
  /** Frames that tasks have failed on for good. */
  readonly deadLetters: DeadFrames;
  readonly #graceMs: number;
  readonly #fullWarningMs: number;
  readonly #blueprint: Blueprint;
  #state: ManagerState = "declared";
  #loading: Promise<void> | undefined;
  #group: TaskGroup | undefined;
  #ownStops: OwnStops | undefined;
  #programEnds: readonly ProgramEnd[] = [];
  #monitored: Monitored | undefined;
  #monitor: Monitor | undefined;
  #mustStop = false;
  #closing: Promise<void> | undefined;
  /**
   * Hears warnings while the tasks run.
   *
   * @internal
   */
  onWarning: (warning: string) => void = (warning) => warn(`"${this.name}": ${warning}`);
  /**
   * What is known of links with other machines.
   *
   * @internal
   */
  linksOf: () => Snapshot["links"] = () => undefined;
  /** Takes back what is to be done when the program is unloaded. */
  #forgetUnload: () => void = () => {};

  /**
   * A manager without anything.
   *
   * @throws {RangeError} If `graceMs` is negative, or `fullWarningMs` is less than 1.
   */
  constructor(name: string, options: ManagerOptions = {}) {
    checkOptions(`make "${name}"`, options, MANAGER_RULES);
    const { graceMs = DEFAULT_GRACE_MS, fullWarningMs = 5000 } = options;
    this.name = name;
    this.#graceMs = graceMs;
    this.#fullWarningMs = fullWarningMs;
    this.#blueprint = new Blueprint(name);
    this.deadLetters = new DeadFrames(options.deadLetters, {
      longestMs: fullWarningMs,
      warn: (warning) => this.onWarning(warning),
    });
  }

  /**
   * Declares a ring.
   *
   * @throws {DeclarationError} If its name is taken.
   * @throws {RangeError} If its size is out of range.
   */
  addRing(spec: RingSpec): void {
    this.checkState("add a ring to", "declared");
    this.#blueprint.addRing(spec);
  }

  /**
   * Declares an event.
   *
   * @throws {DeclarationError} If its name is taken.
   */
  addEvent(spec: EventSpec): void {
    this.checkState("add an event to", "declared");
    this.#blueprint.addEvent(spec);
  }

  /**
   * Declares a task. Its rings and events must be declared before.
   *
   * @throws {DeclarationError} If its name is taken, or a ring would get a second writer.
   * @throws {UnknownNameError} If a ring or event is unknown.
   */
  addTask(spec: TaskSpec): void {
    this.checkState("add a task to", "declared");
    this.#blueprint.addTask(spec);
  }

  /**
   * Says that nobody need read a ring: its writer is not abandoned when its readers have ended. Of a pipeline's terminators.
   *
   * @internal
   */
  terminate(ring: string): void {
    this.#blueprint.terminate(ring);
  }

  /**
   * Has a ring take no memory. Of a pipeline's streams all of whose tasks are left out, or run on other machines.
   *
   * @internal
   */
  leaveOut(ring: string): void {
    this.#blueprint.leaveOut(ring);
  }

  /**
   * Says that a ring's frames come from another machine, or go to one. Of a pipeline's carried streams.
   *
   * @internal
   */
  carry(ring: string, part: CarriedPart): void {
    this.#blueprint.carry(ring, part);
  }

  /** Makes this thread a reader of a raw ring. The handle works once the manager is compiled. */
  openReader(name: string): RingReader {
    return this.#open("reader", name, RingReader);
  }

  /** Makes this thread the writer of a raw ring. The handle works once the manager is compiled. */
  openWriter(name: string): RingWriter {
    return this.#open("writer", name, RingWriter);
  }

  /** As {@link openReader}, for a ring with frames. */
  openFrameReader(name: string, options: { readonly isLatest?: boolean } = {}): Reader {
    return this.#open<Reader>(options.isLatest ? "latest reader" : "reader", name, Reader);
  }

  /** As {@link openWriter}, for a ring with frames. */
  openFrameWriter(name: string): Writer {
    return this.#open<Writer>("writer", name, Writer);
  }

  /** Makes this thread a party to an event. The handle works once the manager is compiled. */
  openEvent(name: string): AsyncTaskEvent {
    return this.#open("event", name, TaskEvent);
  }

  #open<Handle extends Closable>(
    end: OpenableEnd,
    name: string,
    kind: { readonly prototype: Handle },
  ): Handle {
    this.checkState("open a handle of", "declared");
    return this.#blueprint.open(end, name, kind);
  }

  /** Where it is in its life. */
  get state(): ManagerState {
    return this.#state;
  }

  /**
   * Checks that it is in one of the `allowed` states.
   *
   * @throws {LifecycleError} If it is in another; `action` says what that prevents.
   */
  checkState(action: string, ...allowed: ManagerState[]): void {
    if (!allowed.includes(this.#state)) {
      throw new LifecycleError(`Cannot ${action} "${this.name}": ${STATES[this.#state]}`);
    }
  }

  /**
   * Makes the memory, starts the workers, and has them import their modules.
   *
   * @throws {LifecycleError} If it was compiled before, or is closed.
   * @throws {DeclarationError} If a function is not an export of its module.
   * @throws {TaskError} If a module cannot be imported.
   * @throws {RangeError} If the rings need more than 4 GiB.
   */
  async compile(): Promise<void> {
    const worker = importingWorker();
    if (worker !== undefined) {
      throw new LifecycleError(
        `Cannot start "${this.name}" in the worker of "${worker}", which only imports the module that starts it: ` +
          "put the start behind if (import.meta.main)",
      );
    }
    this.checkState("compile", "declared");
    this.#state = "compiling";
    try {
      await (this.#loading = this.#load());
      this.checkState("compile", "compiling");
      this.#state = "compiled";
    } catch (error) {
      if (this.#state === "compiling") this.#state = "failed";
      this.deadLetters.end();
      throw error;
    }
  }

  async #load(): Promise<void> {
    const targets = await this.#findTargets();
    this.checkState("compile", "compiling");
    const onClose = () => this.#checkAbandoned();
    const layout = this.#blueprint.layOut(targets, { mayBlock: false, stopReason: this.#stopReason, onClose });
    const lives = this.#startTasks(layout);
    const bindings = new Map(layout.jobs.map(({ task, bindings }) => [task, Object.values(bindings)]));
    const group = this.#group = new TaskGroup(lives, this.#graceMs, {
      stopping: () => layout.memory.stop(layout.waiters),
      ended: (task) => {
        // The worker may have died before it came to this.
        for (const binding of bindings.get(task)!) releaseBinding(layout.memory, binding);
        this.#checkAbandoned();
      },
      left: () => this.#checkAbandoned(),
    });
    this.#programEnds = layout.programEnds;
    this.#ownStops = new OwnStops(layout.memory, layout.jobs, {
      isRunning: (task) => !["ended", "failed"].includes(group.stateOf(task)),
      told: (task) => group.leave(task),
      endsAbandoned: (task) => this.#blueprint.task(task).onAbandoned !== "continue",
    });
    this.#endOnUnload(group);
    if (this.#mustStop) group.stop();
    const { memory, rings, jobs } = layout;
    const stateOf = (task: string) => group.stateOf(task);
    const figures = new Map(lives.map((life) => [life.name, life]));
    const supervisionOf = (task: string) => {
      const life = figures.get(task);
      return life instanceof SupervisedTask ? life.figures : UNSUPERVISED;
    };
    this.#monitored = { memory, rings, jobs, stateOf, supervisionOf, links: () => this.linksOf() };
    this.#watchStalls(group, layout);
    group.allEnded.then(() => this.deadLetters.end());
    await group.load();
    if (group.hasFailed) throw this.#takeFailure(group);
  }

  /** Nothing runs on without its program; a program that never asks what became of its tasks is told at its end. */
  #endOnUnload(group: TaskGroup): void {
    this.#forgetUnload = stopOnUnload(() => {
      group.stop();
      if (!group.hasFailed || group.isReported) return;
      report(group.takeFailure());
      Deno.exitCode ||= 1;
    });
    group.allEnded.then(() => {
      if (!group.hasFailed) this.#forgetUnload();
    });
  }

  /** The failure, for whoever asked: all tasks were told to stop when it came, so that nothing is left for the unload. */
  #takeFailure(group: TaskGroup): Error {
    this.#forgetUnload();
    return group.takeFailure();
  }

  /** Tells tasks of which nobody reads anything any more, unless all are told to stop anyway. */
  #checkAbandoned(): void {
    if (this.#state === "started" && !this.#group!.isStopping) this.#ownStops!.checkAbandoned();
  }

  /** The tasks that were stopped since nobody read any more what they wrote: by each, who has read it. */
  get abandoned(): ReadonlyMap<string, readonly string[]> {
    return this.#ownStops?.abandoned ?? new Map();
  }

  #watchStalls(group: TaskGroup, { memory, jobs }: Layout): void {
    const watch = watchStalls({
      memory,
      jobs,
      timeoutOf: (task) => this.#blueprint.task(task).stallTimeoutMs,
      mayWork: (task) => group.mayWork(task),
      stalled: (task, deed) => group.giveUp(task, deed),
    });
    group.allEnded.then(() => watch[Symbol.dispose]());
  }

  #watchFullRings(group: TaskGroup, { memory, rings, jobs }: Monitored): void {
    const watch = watchFullRings({
      memory,
      rings,
      jobs,
      longestMs: this.#fullWarningMs,
      warn: (warning) => this.onWarning(warning),
    });
    group.allEnded.then(() => watch[Symbol.dispose]());
  }

  /** One that is started again when it has failed, or one that is not. */
  #startTask(job: TaskJob, memory: SharedMemory): TaskLife {
    const { permissions, restart } = this.#blueprint.task(job.task);
    if (!restart) return new TaskWorker(job, this.name, permissions);
    const bindings = Object.keys(job.bindings).length + (job.activation ? 1 : 0);
    return new SupervisedTask({
      start: (restarts, before) => {
        const isOwed = restarts > 0 && (before?.isActivated ?? true);
        const activation = job.activation && { ...job.activation, isOwed };
        return new TaskWorker({ ...job, restarts, activation }, this.name, permissions);
      },
      restart: completeRestart(restart),
      hands: readerHands(memory, job.bindings),
      deadLetters: this.deadLetters,
      resetRecord: () => resetRecord(memory, job.record, bindings),
    });
  }

  /** Starts a worker for each job, or none. */
  #startTasks({ jobs, memory }: Layout): TaskLife[] {
    const workers: TaskLife[] = [];
    for (const job of jobs) {
      try {
        workers.push(this.#startTask(job, memory));
      } catch (cause) {
        for (const worker of workers) worker.terminate();
        const report = reportError(cause);
        throw new TaskError(job.task, `its worker could not be started: ${summarizeError(report)}`, { cause });
      }
    }
    return workers;
  }

  async #findTargets(): Promise<Map<string, ExportTarget>> {
    const targets = new Map<string, ExportTarget>();
    for (const { name, fn, module } of this.#blueprint.tasks) {
      try {
        targets.set(name, typeof fn === "string" ? { module, exportName: fn } : await targetOf(fn, module));
      } catch (error) {
        if (!(error instanceof DeclarationError)) throw error;
        throw new DeclarationError(`Cannot run task "${name}": ${error.message}`);
      }
    }
    return targets;
  }

  /** What this thread's handles throw after the stop: the failure that caused it, if one did. */
  readonly #stopReason = (): Error => {
    return this.#group?.hasFailed ? this.#takeFailure(this.#group) : new StoppedError(`"${this.name}" was stopped`);
  };

  readonly #drainReason = (): Error => new StoppedError(`"${this.name}" is drained`);

  /**
   * Compiles if need be, and starts the tasks in the order given (that of their declaration by default), each when the
   * one before has begun.
   *
   * @throws {TypeError} If `order` is no list.
   * @throws {UnknownNameError} If it names a task that there is not.
   * @throws {DeclarationError} If it names a task twice, or leaves one out: it could never run.
   * @throws {LifecycleError} If it was started before, or is closed.
   */
  async start(order?: Iterable<string>): Promise<void> {
    if (order !== undefined) order = checkOrder(this.name, order, this.#blueprint.tasks.map(({ name }) => name));
    if (this.#state === "declared") await this.compile();
    this.checkState("start", "compiled");
    this.#state = "started";
    this.#watchFullRings(this.#group!, this.#monitored!);
    await this.#group!.run(order ?? this.#blueprint.tasks.map(({ name }) => name));
    // Readers of the program may have been closed before.
    this.#checkAbandoned();
  }

  /**
   * Asks all tasks to stop: whatever they call on a binding throws a `StoppedError`, which unwinds them. Before the start,
   * it makes the start one that ends at once.
   *
   * @throws {LifecycleError} If it is closed.
   */
  stop(): void {
    this.checkState("stop", "declared", "compiling", "compiled", "started", "failed");
    this.#mustStop = true;
    this.#group?.stop();
  }

  /**
   * Waits until all tasks have ended: true, or false if that took longer than `timeoutMs` (without bound by default).
   * Rejects with the reason of `signal` if that aborts first; the tasks run on.
   *
   * @throws {TaskError} If a task failed. The others were stopped then; `others` has what else failed.
   * @throws {LifecycleError} If it was neither started nor told to stop, or is closed.
   */
  async join(options: WaitOptions = {}): Promise<boolean> {
    checkWaitOptions(`join "${this.name}"`, options);
    const { timeoutMs = Infinity, signal } = options;
    const beforeStart: ManagerState[] = this.#mustStop ? ["declared", "compiling", "compiled"] : [];
    this.checkState("join", "started", "failed", ...beforeStart);
    const inTime = await within(untilAborted(this.#whenEnded(), signal), timeoutMs);
    if (this.#state === "failed" && !this.#group) {
      throw new LifecycleError(`Cannot join "${this.name}": ${STATES.failed}`);
    }
    if (inTime && this.#group?.hasFailed) throw this.#takeFailure(this.#group);
    return inTime;
  }

  async #whenEnded(): Promise<void> {
    // compile() reports this failure: only wait for it here.
    await this.#loading?.catch(() => {});
    await this.#group?.allEnded;
  }

  /** Starts, and waits until all tasks have ended. Throws what {@link start} and {@link join} throw. */
  async run(order?: Iterable<string>): Promise<void> {
    await this.start(order);
    await this.join();
  }

  /**
   * Ends what runs without losing anything: tasks that read nothing are told to stop, the program's own writers and events
   * are closed (calls that would write or signal throw a `StoppedError`), and all others go on until their streams have
   * ended. A task that is told unwinds by a `StoppedError`, once: what it writes in `finally` still arrives. After
   * `timeoutMs` (without bound by default), or when `signal` aborts, it is a {@link stop}. Resolves to whether everything was
   * drained; an aborted `signal` rejects it, by its reason.
   *
   * @throws {TaskError} If a task failed.
   * @throws {LifecycleError} If it was not started, or is closed.
   */
  async drain(options: WaitOptions = {}): Promise<boolean> {
    checkWaitOptions(`drain "${this.name}"`, options);
    this.checkState("drain", "started");
    const { timeoutMs = Infinity, signal } = options;
    const group = this.#group!;
    const wasStopping = group.isStopping;
    this.#ownStops!.drain();
    for (const { handle } of this.#programEnds) handle[SOURCE].finish?.(this.#drainReason);
    const inTime = await within(untilAborted(group.allEnded, signal), timeoutMs).catch(() => false);
    if (!inTime) group.stop();
    await group.allEnded;
    if (group.hasFailed) throw this.#takeFailure(group);
    signal?.throwIfAborted();
    return inTime && !wasStopping;
  }

  /**
   * Takes a snapshot of all tasks and rings now and at each interval, until all tasks have ended.
   *
   * @throws {TypeError} If `intervalMs` is no number.
   * @throws {RangeError} If `intervalMs` is below 10.
   * @throws {LifecycleError} If it is not compiled or is closed, or is monitored already.
   */
  startMonitor(options: MonitorOptions = {}): void {
    checkOptions(`monitor "${this.name}"`, options, MONITOR_RULES);
    const { intervalMs = 100 } = options;
    this.checkState("monitor", "compiled", "started");
    if (this.#monitor) throw new LifecycleError(`Cannot monitor "${this.name}": it is monitored already`);
    this.#monitor = this.openMonitor(intervalMs);
  }

  /**
   * A monitor of its own for somebody else, until all tasks have ended, or without any until the stop. For compiled managers.
   *
   * @internal
   */
  openMonitor(intervalMs: number): Monitor {
    const monitor = new Monitor(this.#monitored!, intervalMs);
    // Without tasks, the program alone knows when it has done: it is over at the stop.
    const { memory, jobs } = this.#monitored!;
    (jobs.length > 0 ? this.#group!.allEnded : memory.whenStopped()).then(() => monitor.stop());
    return monitor;
  }

  /**
   * Looks at the frames of a ring that has some, and what they are. One at a time for each ring. For compiled managers.
   *
   * @internal
   */
  openOnlooker(name: string): { readonly onlooker: Onlooker; readonly frame: FrameDescription } {
    const { memory, rings } = this.#monitored!;
    const ring = rings.find((ring) => ring.name === name);
    if (!ring?.frame) throw new UnknownNameError(`Cannot look at stream "${name}" of "${this.name}": it is not here`);
    return { onlooker: new Onlooker(memory, ring), frame: ring.frame };
  }

  /**
   * Whether it was told to stop, or is closed. For compiled managers.
   *
   * @internal
   */
  get isStopping(): boolean {
    return this.#monitored!.memory.stopped;
  }

  /**
   * The lives of the tasks. For compiled managers.
   *
   * @internal
   */
  get progress(): Iterable<TaskProgress> {
    return this.#group!.progress;
  }

  /**
   * The latest snapshot of all tasks by name, or of one. It remains after the end.
   *
   * @throws {LifecycleError} If `startMonitor()` was not called.
   * @throws {UnknownNameError} If there is no such task.
   */
  metrics(): Readonly<Record<string, TaskMetrics>>;
  /** As above, of one task. */
  metrics(task: string): TaskMetrics;
  metrics(task?: string): TaskMetrics | Readonly<Record<string, TaskMetrics>> {
    if (!this.#monitor) {
      throw new LifecycleError(`Cannot read metrics of "${this.name}": startMonitor() was not called`);
    }
    const { tasks } = this.#monitor.latest;
    if (task === undefined) return tasks;
    if (!Object.hasOwn(tasks, task)) {
      throw new UnknownNameError(`Cannot find task "${task}" in "${this.name}"${suggest(task, Object.keys(tasks))}`);
    }
    return tasks[task];
  }

  /**
   * The snapshots as they are taken, until all tasks have ended. Begins to monitor unless that was done before. Who is too
   * slow for all of them gets the latest.
   *
   * @throws {LifecycleError} If it is not compiled, or is closed.
   */
  watch(): AsyncIterableIterator<Snapshot> {
    if (!this.#monitor) this.startMonitor();
    const snapshots = this.#monitor!.snapshots();
    // Tasks keep the program from exiting.
    return this.#monitored!.jobs.length > 0 ? snapshots : whileAwaited(snapshots);
  }

  /**
   * Stops all tasks, waits for them, and lets everything go. Closing twice is the same as closing once.
   *
   * @throws {TaskError} If a task ignored the stop, or failed and no other call has said so.
   */
  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    this.#state = "closed";
    const group = this.#group;
    if (!group) return this.deadLetters.end();
    group.stop();
    await group.allEnded;
    this.#forgetUnload();
    if (group.hasFailed && !group.isReported) throw group.takeFailure();
  }

  /** As {@link close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** The values of `values`; the program does not exit while somebody waits for the next. */
async function* whileAwaited<Value>(values: AsyncGenerator<Value, void>): AsyncGenerator<Value, void> {
  try {
    for (let next; !(next = await keepAlive(values.next())).done;) yield next.value;
  } finally {
    await values.return();
  }
}
