/** The declaration of a pipeline, and its life. */

import { DEAD_FRAME_RULES, type DeadFrames } from "../manager/dead_frames.ts";
import { DeclarationError, LifecycleError, UnknownNameError } from "../errors.ts";
import { formatDType, isSameType, parseFrameType } from "../ring/columns.ts";
import type { DType, FrameType, FrameTypeName } from "../ring/dtypes.ts";
import type { AsyncReader } from "../ring/reader.ts";
import type { AsyncTaskEvent } from "../ring/task_event.ts";
import type { WaitOptions } from "../ring/waiting.ts";
import type { AsyncWriter } from "../ring/writer.ts";
import { Manager, MANAGER_RULES, type ManagerOptions } from "../manager/manager.ts";
import type { MonitorOptions, Snapshot, TaskMetrics } from "../manager/metrics.ts";
import { countOf, showAs } from "../inspect.ts";
import type { ActivationMode } from "../manager/specs.ts";
import type { LiveFrame } from "../view/live/live_frame.ts";
import type { Dashboard } from "../view/live/dashboard.ts";
import type { RunDashboardOptions } from "../view/live/run_options.ts";
import { EventHandle, type EventOptions } from "./event.ts";
import { linkMetrics } from "./links.ts";
import { moduleUrl } from "../worker/module_url.ts";
import { checkReplaced, runningStreams, runningTasks } from "./replaced_writers.ts";
import { carryWarnings, type Cut, cutPipeline, MACHINE_RULES, type MachineOptions, tasksOf } from "./machines.ts";
import { type Declaration, type Plan, planPipeline } from "./plan.ts";
import { LatestStream, StreamHandle, type StreamHandleOf, type StreamOptions } from "./stream.ts";
import { carriedStreams, fedStreams, streamsOnTheWay } from "./carried_streams.ts";
import { createAddTask, targetName } from "./add_task.ts";
import {
  checkName,
  checkOptions,
  checkRule,
  frameType,
  keeps,
  moduleReference,
  object,
  type Rules,
  signal,
} from "../rules.ts";
import type { ReconstructOptions } from "./reconstruct.ts";
import type { ProgramEnds } from "./plan.ts";
import type { DeclaredBinding, TaskDeclaration } from "./task.ts";
import { isTelemetryOn } from "../open_telemetry.ts";
import { followFailures } from "./followed_failures.ts";
import { exportTelemetry } from "./telemetry.ts";
import { whyUnsaved } from "./unsaved_tasks.ts";
import type { AddTask, ModuleReference } from "./wiring.ts";
import { warn } from "../notices.ts";
import { DEFAULT_GRACE_MS } from "../timers.ts";
import { suggest } from "../suggest.ts";

/** Options of `Pipeline.run()`. */
export interface RunPipelineOptions extends MachineOptions {
  /** Stops the pipeline when it aborts. */
  signal?: AbortSignal;
}

/** What each option of a run must be. */
export const RUN_RULES = { ...MACHINE_RULES, signal } satisfies Rules;

/** Options of a {@link Pipeline}. */
export interface PipelineOptions extends ManagerOptions {}

/**
 * A line of tasks, each in its own worker, with streams of typed frames between them.
 *
 * @example Declare a line, here without running it
 * ```ts
 * import { Pipeline, type Reader, type Writer } from "@ringmill/ringmill";
 * import { deepEqual } from "node:assert/strict";
 *
 * // In a module of their own, or in this one: exports, so that workers can import them.
 * export function source({ samples }: { samples: Writer<"float32"> }) {
 *   for (let n = 0; n < 100; n++) samples.write(samples.frame().fill(n));
 * }
 *
 * export function sink({ samples }: { samples: Reader<"float32"> }) {
 *   for (const frame of samples) console.log(frame);
 * }
 *
 * const pipe = new Pipeline("demo", import.meta);
 * const samples = pipe.addStream("samples", { shape: [4], dtype: "float32" });
 * pipe.addTask("source", { fn: source, writes: { samples } });
 * pipe.addTask("sink", { fn: sink, reads: { samples } });
 * deepEqual([...pipe.tasks.keys()], ["source", "sink"]);
 * // Then, behind if (import.meta.main): await pipe.run();
 * ```
 */
export class Pipeline implements AsyncDisposable {
  /** Its name, for messages and drawings. */
  readonly name: string;
  /** Declares tasks: `addTask()`, `addTask.switchable()`, `addTask.toggleable()`, `addTask.terminator()`. */
  readonly addTask: AddTask;
  readonly #manager: Manager;
  readonly #module: string;
  readonly #options: PipelineOptions & { readonly graceMs: number };
  readonly #streams = new Map<string, StreamHandle>();
  readonly #events = new Map<string, EventHandle>();
  readonly #tasks = new Map<string, TaskDeclaration>();
  readonly #opened = { reads: new Set<string>(), writes: new Set<string>(), events: new Set<string>() };
  #cut: Cut | undefined;
  /** What was declared before it was cut. */
  #whole: Declaration | undefined;
  #order: readonly string[] = [];
  #warnings: readonly string[] = [];
  #dashboard: Dashboard | undefined;

  static {
    showAs(Pipeline, (pipe) => {
      const { tasks, streams, events } = pipe;
      const counts = [countOf(tasks.size, "task"), countOf(streams.size, "stream"), countOf(events.size, "event")];
      return [pipe.#manager.state, ...counts].join(", ");
    });
  }

  /**
   * An empty pipeline. `module` is the module that exports the task functions, usually `import.meta`; the program's main
   * module if left out.
   *
   * @throws {TypeError} If `name` is empty, or `module` is none.
   * @throws {RangeError} If `graceMs` is negative, or `fullWarningMs` is less than 1.
   */
  constructor(name: string, module: ModuleReference = Deno.mainModule, options: PipelineOptions = {}) {
    checkName("make a pipeline", name);
    checkOptions(`make pipeline "${name}"`, options, MANAGER_RULES);
    this.name = name;
    checkRule(`make pipeline "${name}"`, "module", moduleReference, module);
    this.#module = moduleUrl(module);
    const { graceMs = DEFAULT_GRACE_MS, fullWarningMs, deadLetters } = options;
    this.#options = { graceMs, fullWarningMs, deadLetters: deadLetters && { ...deadLetters } };
    if (deadLetters !== undefined) checkOptions(`make pipeline "${name}": deadLetters`, deadLetters, DEAD_FRAME_RULES);
    this.#manager = new Manager(name, options);
    this.#manager.linksOf = () => linkMetrics(this);
    this.#manager.onWarning = (warning) => this.#warn(warning);
    this.addTask = createAddTask({
      streams: this.#streams,
      events: this.#events,
      check: (name) => this.#checkDeclaring("a task", name, this.#tasks),
      register: (task) => void this.#tasks.set(task.name, task),
    });
  }

  /** The declared streams by name. */
  get streams(): ReadonlyMap<string, StreamHandle> {
    return this.#streams;
  }

  /** The declared events by name. */
  get events(): ReadonlyMap<string, EventHandle> {
    return this.#events;
  }

  /** The declared tasks by name; of a pipeline that runs as one machine, the tasks of that machine. */
  get tasks(): ReadonlyMap<string, TaskDeclaration> {
    return runningTasks(this, this.#declared);
  }

  get #declared(): Pick<Declaration, "tasks" | "opened"> {
    const tasks = this.#cut ? tasksOf(this.#tasks, this.#cut.machine) : this.#tasks;
    return { tasks, opened: this.#opened };
  }

  /** The machine that this program is, once it is compiled as one; otherwise `undefined`. */
  get machine(): string | undefined {
    return this.#cut?.machine;
  }

  /** The streams and events of which the program itself is an end, by name. */
  get opened(): ProgramEnds {
    return this.#opened;
  }

  /**
   * Frames that tasks have failed on for good, by `onFailedFrame: { attempts, then: "deadLetters" }`: for whoever takes them,
   * each once, until the pipeline has ended.
   */
  get deadLetters(): DeadFrames {
    return this.#manager.deadLetters;
  }

  /**
   * The handle of a stream, for a pipeline that was reconstructed.
   *
   * @throws {UnknownNameError} If there is no such stream.
   * @throws {TypeError} If `dtype` is given and is not the stream's.
   *
   * @example
   * ```ts
   * import { Pipeline } from "@ringmill/ringmill";
   * import { equal, throws } from "node:assert/strict";
   *
   * const pipe = new Pipeline("radar");
   * pipe.addStream("echoes", { shape: [8], dtype: "float32" });
   * const reader = pipe.openReader(pipe.stream("echoes", "float32"));
   * equal(pipe.stream("echoes").frames, 32);
   * throws(() => pipe.stream("echoes", "int8"), TypeError);
   * ```
   */
  stream<const Name extends FrameTypeName = DType>(name: string, dtype?: Name): StreamHandleOf<Name> {
    const stream = this.#find("stream", this.#streams, name);
    if (dtype === undefined) return stream as unknown as StreamHandleOf<Name>;
    const isDeclared = keeps(frameType, dtype);
    const expected = isDeclared ? parseFrameType(`find stream "${name}"`, dtype) : null;
    if (expected === null || !isSameType(expected, stream.dtype)) {
      const received = Deno.inspect(dtype);
      throw new TypeError(
        `Cannot find stream "${name}": its dtype is ${formatDType(stream.dtype)}, received ${received}`,
      );
    }
    return stream as unknown as StreamHandleOf<Name>;
  }

  /**
   * The handle of an event, for a pipeline that was reconstructed.
   *
   * @throws {UnknownNameError} If there is no such event.
   */
  event(name: string): EventHandle {
    return this.#find("event", this.#events, name);
  }

  #find<Handle>(kind: string, known: ReadonlyMap<string, Handle>, name: string): Handle {
    const found = known.get(name);
    if (found) return found;
    throw new UnknownNameError(
      `Cannot find ${kind} ${Deno.inspect(name)}: pipeline "${this.name}" has none of that name${
        suggest(name, known.keys())
      }`,
    );
  }

  /**
   * What `compile()` found allowed, but probably not meant, and the streams that stayed full for long while the tasks ran.
   * They are printed, too.
   */
  get warnings(): readonly string[] {
    return this.#warnings;
  }

  #warn(warning: string): void {
    warn(`Pipeline "${this.name}": ${warning}`);
    this.#warnings = [...this.#warnings, warning];
  }

  /**
   * Declares a stream: one task writes it, any number read it.
   *
   * @throws {DeclarationError} If the name is taken.
   * @throws {TypeError} If an option is of the wrong kind.
   * @throws {RangeError} If an option is out of range.
   * @throws {LifecycleError} If the pipeline is compiled or closed.
   */
  addStream<const Name extends FrameTypeName>(name: string, options: StreamOptions<Name>): StreamHandleOf<Name> {
    this.#checkDeclaring("a stream", name, this.#streams);
    const stream = new StreamHandle(name, options);
    this.#manager.addRing(stream.ringSpec);
    this.#streams.set(name, stream);
    return stream as unknown as StreamHandleOf<Name>;
  }

  /**
   * Declares an event. Any number of tasks may signal it; one that waits is the intended pattern.
   *
   * @throws {DeclarationError} If the name is taken.
   * @throws {LifecycleError} If the pipeline is compiled or closed.
   */
  addEvent(name: string, options: EventOptions = {}): EventHandle {
    this.#checkDeclaring("an event", name, this.#events);
    const event = new EventHandle(name, options);
    this.#manager.addEvent({ name, initialState: event.initialState });
    this.#events.set(name, event);
    return event;
  }

  #checkDeclaring(kind: string, name: string, known: ReadonlyMap<string, unknown>): void {
    this.#manager.checkState(`add ${kind} to`, "declared");
    checkName(`add ${kind}`, name);
    if (known.has(name)) {
      throw new DeclarationError(`Cannot add ${kind} to pipeline "${this.name}": the name "${name}" is taken`);
    }
  }

  /**
   * Makes the program itself a reader of a stream. The handle works once the pipeline is compiled; nothing in it blocks.
   * The program must read on, or close it: it holds the writer back like any reader, unless it opens `stream.latest`.
   *
   * @throws {UnknownNameError} If there is no such stream.
   * @throws {LifecycleError} If the pipeline is compiled or closed.
   */
  openReader<D extends FrameType = DType>(stream: StreamHandle<D> | LatestStream<D> | string): AsyncReader<D> {
    const isLatest = stream instanceof LatestStream;
    const name = this.#open<StreamHandle>("reads", "stream", this.#streams, isLatest ? stream.stream : stream);
    return this.#manager.openFrameReader(name, { isLatest }) as unknown as AsyncReader<D>;
  }

  /**
   * Makes the program itself the writer of a stream. The handle works once the pipeline is compiled; nothing in it blocks.
   * `close()` it at the end: the readers wait for that.
   *
   * @throws {UnknownNameError} If there is no such stream.
   * @throws {DeclarationError} If the program writes it already.
   * @throws {LifecycleError} If the pipeline is compiled or closed.
   */
  openWriter<D extends FrameType = DType>(stream: StreamHandle<D> | string): AsyncWriter<D> {
    const name = this.#open("writes", "stream", this.#streams, stream);
    return this.#manager.openFrameWriter(name) as unknown as AsyncWriter<D>;
  }

  /**
   * Makes the program itself a party to an event. The handle works once the pipeline is compiled; nothing in it blocks.
   *
   * @throws {UnknownNameError} If there is no such event.
   * @throws {LifecycleError} If the pipeline is compiled or closed.
   */
  openEvent(event: EventHandle | string): AsyncTaskEvent {
    return this.#manager.openEvent(this.#open("events", "event", this.#events, event));
  }

  #open<Handle extends { readonly name: string }>(
    side: "reads" | "writes" | "events",
    kind: string,
    known: ReadonlyMap<string, Handle>,
    reference: Handle | string,
  ): string {
    this.#manager.checkState(`open a ${kind} of`, "declared");
    const name = targetName(reference, known, kind, `open ${kind}`);
    if (!known.has(name)) {
      const near = suggest(name, known.keys());
      throw new UnknownNameError(`Cannot open ${kind} "${name}": pipeline "${this.name}" has no such ${kind}${near}`);
    }
    if (side === "writes" && this.#opened.writes.has(name)) {
      throw new DeclarationError(`Cannot open a writer of stream "${name}": the program writes it already`);
    }
    this.#opened[side].add(name);
    return name;
  }

  /**
   * Checks the declaration as a whole, makes the shared memory, starts the workers and has them import their modules. The
   * tasks do not run yet. From now on the pipeline keeps the program alive, until its tasks have ended or it is closed.
   *
   * With `machine`, only the tasks with that label run here, and `transport` carries the streams that cross to the programs
   * of the other machines, which run the same declaration.
   *
   * @throws {DeclarationError} If the declaration cannot run, or cannot be cut; the message has all problems.
   * @throws {TaskError} If a module cannot be imported.
   * @throws {RangeError} If the streams need more than 4 GiB.
   * @throws {LifecycleError} If it was compiled before, or is closed.
   */
  async compile(options: MachineOptions = {}): Promise<void> {
    checkOptions(`compile "${this.name}"`, options, MACHINE_RULES);
    if (options.transport && options.machine === undefined) {
      throw new TypeError(`Cannot compile "${this.name}": transport goes with machine`);
    }
    this.#manager.checkState("compile", "declared");
    checkReplaced(this, this.#declared);
    const whole = planPipeline(this.#running);
    const { order, warnings } = options.machine === undefined ? whole : this.#planMachine(options);
    for (const warning of warnings) this.#warn(warning);
    const { tasks } = this;
    this.#order = order.filter((name) => tasks.get(name)!.mode !== "terminator");
    // In the order of declaration, which metrics keep.
    for (const task of tasks.values()) {
      if (task.mode !== "terminator") this.#hand(task);
      else for (const { target } of task.reads) this.#manager.terminate(target);
    }
    for (const [stream, way] of carriedStreams(this)) {
      this.#manager.carry(stream, way === "newest" ? "newest" : "whole");
    }
    const { streams } = this.#running;
    for (const stream of this.#streams.keys()) if (!streams.has(stream)) this.#manager.leaveOut(stream);
    await this.#manager.compile();
  }

  /** What runs here, with its streams. */
  get #running(): Declaration {
    const { tasks } = this;
    const streams = runningStreams(this.#streams, { tasks: this.#tasks, opened: this.#opened }, tasks);
    return { name: this.name, streams, events: this.#events, tasks, opened: this.#opened };
  }

  /** Leaves the part of one machine, with tasks at its borders. */
  #planMachine(options: MachineOptions): Plan {
    const whole = this.#running;
    const warnings = carryWarnings(whole);
    const cut = cutPipeline(whole, options);
    [this.#whole, this.#cut] = [whole, cut];
    options.transport?.connect(this, cut.machine, cut.crossings, cut.machines);
    const plan = planPipeline(this.#running);
    return { ...plan, warnings: [...warnings, ...plan.warnings] };
  }

  /** Hands a task to the manager: what only plans and files need is left out, the rest passes through. */
  #hand({ mode, fn, exportName, module, gate, machine: _, description: __, ...task }: TaskDeclaration): void {
    const byLocal = (bindings: readonly DeclaredBinding[]) =>
      Object.fromEntries(bindings.map(({ local, target }) => [local, target]));
    this.#manager.addTask({
      ...task,
      fn: fn ?? exportName!,
      module: module === undefined ? this.#module : moduleUrl(module, this.#module),
      reads: byLocal(task.reads),
      writes: byLocal(task.writes),
      events: byLocal(task.events),
      latest: task.reads.filter(({ latest }) => latest).map(({ local }) => local),
      activation: gate && { mode: mode as ActivationMode, event: gate.target },
      feeds: fedStreams(this, this.tasks, task.name),
      // Those that write come first where frames flow.
      onTheWay: streamsOnTheWay(this, this.tasks, task.name, this.#order.toReversed()),
    });
  }

  /**
   * Saves the declaration as a TOML file, from which {@link reconstruct} makes the pipeline again. The file is written whole
   * or not at all; folders are made for it. The same declaration gives the same file. Possible at any time.
   *
   * Functions are saved as the names of their modules, relative to the file, and exports. Params may hold what JSON can,
   * and bigints, dates, typed arrays, Maps and Sets; the order of keys in plain objects may change. The program's own
   * ends are not saved: who reconstructs the pipeline opens them again, by the names of their streams.
   *
   * @throws {DeclarationError} If a function is not an export of its module, a name that is bound is unknown, or a task is an end
   * of a link to other programs: labels of machines are saved.
   * @throws {TypeError} If params hold what cannot be saved. The message names task, param and value.
   *
   * @example
   * ```ts
   * import { Pipeline } from "@ringmill/ringmill";
   * import { equal } from "node:assert/strict";
   *
   * const pipe = new Pipeline("radar");
   * pipe.addStream("echoes", { shape: [8], dtype: "float32" });
   * const folder = await Deno.makeTempDir();
   * await pipe.save(`${folder}/saved/radar.toml`);
   * const restored = await Pipeline.reconstruct(`${folder}/saved/radar.toml`);
   * equal(restored.stream("echoes").dtype, "float32");
   * ```
   */
  async save(path: string | URL): Promise<void> {
    // Workers import this module too, and need none of it.
    const { savePipeline } = await import("./saved/save.ts");
    const { streams, tasks } = this.#whole ?? this.#running;
    const unsaved = whyUnsaved(this, tasks.keys());
    if (unsaved !== null) {
      const advice = "save the pipeline before that, or give its tasks a machine";
      throw new DeclarationError(`Cannot save pipeline "${this.name}": ${unsaved}: ${advice}`);
    }
    await savePipeline(path, {
      name: this.name,
      options: this.#options,
      module: this.#module,
      streams,
      events: this.#events,
      tasks,
    });
  }

  /**
   * Makes the pipeline again that {@link save} has saved. The file is not trusted: it may only name modules in its own
   * folder and below, unless the caller allows others, and none of them is imported before the pipeline is compiled.
   * Whoever may write into that folder decides what runs.
   *
   * @throws {PipelineFileError} If the file is not a saved pipeline, or names a module that is not allowed.
   * @throws {Deno.errors.NotFound} If there is no such file.
   * @throws {TypeError} If `allowModules` has something that is no module.
   */
  static async reconstruct(path: string | URL, options: ReconstructOptions = {}): Promise<Pipeline> {
    const { reconstructPipeline } = await import("./reconstruct.ts");
    return await reconstructPipeline(path, options, Pipeline.#create);
  }

  /** An empty pipeline, and what declares a task of it that has no function yet. */
  static #create(name: string, options: PipelineOptions): { pipe: Pipeline; addTask(task: TaskDeclaration): void } {
    const pipe = new Pipeline(name, undefined, options);
    return { pipe, addTask: (task) => void pipe.#tasks.set(task.name, task) };
  }

  /**
   * Compiles if need be, and starts the tasks in reverse topological order: those that read before those that write. The
   * options are those of {@link compile}.
   *
   * @throws {LifecycleError} If it was started before, or is closed. Otherwise as {@link compile}.
   */
  async start(options: MachineOptions = {}): Promise<void> {
    checkOptions(`start "${this.name}"`, options, MACHINE_RULES);
    if (options.machine !== undefined) this.#manager.checkState("choose a machine of", "declared");
    if (this.#manager.state === "declared") await this.compile(options);
    if (this.#manager.state === "compiled" && isTelemetryOn()) exportTelemetry(this.#manager);
    if (this.#manager.state === "compiled") followFailures(this, this.#manager);
    await this.#manager.start(this.#order);
  }

  /**
   * Starts, and waits until all tasks have ended. When `signal` aborts, the pipeline is stopped, which is a normal end.
   *
   * @throws {TaskError} If a task failed. The others were stopped then. Otherwise as {@link start}.
   *
   * @example For a second at most
   * ```ts
   * import { Pipeline } from "@ringmill/ringmill";
   *
   * await using pipe = new Pipeline("loop");
   * const samples = pipe.addStream("samples", { shape: [2], dtype: "float32" });
   * pipe.openWriter(samples), pipe.openReader(samples);
   * await pipe.run({ signal: AbortSignal.timeout(1000) });
   * ```
   */
  async run(options: RunPipelineOptions = {}): Promise<void> {
    checkOptions(`run "${this.name}"`, options, RUN_RULES);
    const { signal, ...machine } = options;
    const stop = () => {
      if (this.#manager.state !== "closed") this.stop();
    };
    if (signal?.aborted) stop();
    signal?.addEventListener("abort", stop);
    try {
      await this.start(machine);
      await this.join();
    } finally {
      signal?.removeEventListener("abort", stop);
    }
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
   *
   * @example
   * ```ts
   * import { Pipeline } from "@ringmill/ringmill";
   * import { deepEqual, equal } from "node:assert/strict";
   *
   * await using pipe = new Pipeline("loop");
   * const samples = pipe.addStream("samples", { shape: [1], dtype: "int32" });
   * const writer = pipe.openWriter(samples);
   * const reader = pipe.openReader(samples);
   * await pipe.start();
   * writer.write(Int32Array.of(1));
   * equal(await pipe.drain({ timeoutMs: 1000 }), true);
   * deepEqual(reader.read(), Int32Array.of(1));
   * equal(reader.closed, true);
   * ```
   */
  async drain(options: WaitOptions = {}): Promise<boolean> {
    return await this.#manager.drain(options);
  }

  /** The tasks that were stopped since nobody read any more what they wrote: by each, who has read it. */
  get abandoned(): ReadonlyMap<string, readonly string[]> {
    return this.#manager.abandoned;
  }

  /**
   * Asks all tasks to stop: whatever they call on a binding throws a `StoppedError`, which unwinds them. Before the start,
   * it makes the start one that ends at once.
   *
   * @throws {LifecycleError} If it is closed.
   */
  stop(): void {
    this.#manager.stop();
  }

  /**
   * Waits until all tasks have ended: true, or false if that took longer than `timeoutMs` (without bound by default).
   * Rejects with the reason of `signal` if that aborts first; the tasks run on.
   *
   * @throws {TaskError} If a task failed. The others were stopped then; `others` has what else failed.
   * @throws {RangeError} If `timeoutMs` is negative.
   * @throws {LifecycleError} If it was neither started nor told to stop, or is closed.
   */
  async join(options: WaitOptions = {}): Promise<boolean> {
    return await this.#manager.join(options);
  }

  /**
   * Takes a snapshot of all tasks and streams now and at each interval, until all tasks have ended. The tasks need not do
   * anything for it: they count in shared memory anyway, and are looked at from outside, blocked or busy.
   *
   * @throws {TypeError} If `intervalMs` is no number.
   * @throws {RangeError} If `intervalMs` is below 10.
   * @throws {LifecycleError} If it is not compiled or is closed, or is monitored already.
   *
   * @example
   * ```ts
   * import { Pipeline } from "@ringmill/ringmill";
   * import { equal } from "node:assert/strict";
   *
   * await using pipe = new Pipeline("loop");
   * const samples = pipe.addStream("samples", { shape: [2], dtype: "float32", frames: 4 });
   * const writer = pipe.openWriter(samples);
   * pipe.openReader(samples);
   * await pipe.start();
   * writer.write(Float32Array.of(1, 2));
   * pipe.startMonitor({ intervalMs: 10 });
   * for await (const { streams } of pipe.watch()) {
   *   equal(streams.samples.pressurePercent, 25);
   *   break;
   * }
   * ```
   */
  startMonitor(options: MonitorOptions = {}): void {
    this.#manager.startMonitor(options);
  }

  /**
   * The latest snapshot of all tasks by name, or of one. It remains after the end. Terminators run nowhere and have none.
   *
   * @throws {LifecycleError} If `startMonitor()` was not called.
   * @throws {UnknownNameError} If there is no such task.
   */
  metrics(): Readonly<Record<string, TaskMetrics>>;
  /** As above, of one task. */
  metrics(task: string): TaskMetrics;
  metrics(task?: string): TaskMetrics | Readonly<Record<string, TaskMetrics>> {
    return task === undefined ? this.#manager.metrics() : this.#manager.metrics(task);
  }

  /**
   * The snapshots of tasks and streams as they are taken, until all tasks have ended; of a pipeline that has only ends of the
   * program, until it is stopped or closed. Begins to monitor unless that was done before. Who is too slow for all of them
   * gets the latest.
   *
   * @throws {LifecycleError} If it is not compiled, or is closed.
   */
  watch(): AsyncIterableIterator<Snapshot> {
    return this.#manager.watch();
  }

  /**
   * Serves a page on 127.0.0.1 that shows what runs: the drawing with live figures, tables, and charts over time. Compiles
   * if need be, so call it before `start()` or after. It is closed with the pipeline, and does not keep the program alive.
   * The handle says its URL, which has a secret token in it; below it, `updates` has the figures as server-sent events.
   *
   * @throws {TypeError} If an option is of the wrong kind.
   * @throws {RangeError} If `port` is not from 0 to 65535, or `intervalMs` below 10.
   * @throws {Deno.errors.AddrInUse} If something else listens on the port.
   * @throws {LifecycleError} If it is closed, or has a dashboard already. Otherwise as {@link compile}.
   *
   * @example
   * ```ts
   * import { Pipeline } from "@ringmill/ringmill";
   * import { match } from "node:assert/strict";
   *
   * await using pipe = new Pipeline("loop");
   * const samples = pipe.addStream("samples", { shape: [4], dtype: "float32" });
   * pipe.openWriter(samples), pipe.openReader(samples);
   * const { url } = await pipe.serveDashboard();
   * match(url, /^http:\/\/127\.0\.0\.1:\d+\/[\w-]{22}\/$/);
   * ```
   */
  async serveDashboard(options: RunDashboardOptions = {}): Promise<Dashboard> {
    checkRule(`serve the dashboard of "${this.name}"`, "its options", object, options);
    // Workers import this module too, and need none of it.
    const { completeOptions, servePipeline } = await import("../view/live/serve_pipeline.ts");
    const complete = completeOptions(this.name, options);
    if (this.#manager.state === "declared") await this.compile();
    this.#manager.checkState("serve the dashboard of", "compiled", "started");
    if (this.#dashboard?.isOpen) {
      throw new LifecycleError(`Cannot serve the dashboard of "${this.name}": it is served at ${this.#dashboard.url}`);
    }
    return this.#dashboard = servePipeline(this, this.#manager, complete);
  }

  /**
   * The newest frame of a stream, drawn small, as it changes, until the stream ends or `signal` aborts. Nobody looks at the
   * stream before. For compiled pipelines.
   *
   * @internal
   */
  async *followFrames(stream: string, signal: AbortSignal): AsyncGenerator<LiveFrame, void> {
    const { followFrames } = await import("../view/live/stream_frames.ts");
    yield* followFrames(this.#manager, [this.#streams.get(stream)!], signal);
  }

  /**
   * Stops all tasks, waits for them, and lets everything go. Closing twice is the same as closing once.
   *
   * @throws {TaskError} If a task ignored the stop for longer than `graceMs`, or failed and no other call has said so.
   */
  async close(): Promise<void> {
    try {
      await this.#manager.close();
    } finally {
      await this.#dashboard?.close();
    }
  }

  /** As {@link close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
