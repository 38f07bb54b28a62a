/**
 * The types of wiring: from the parameter of a task function follow the bindings that its declaration must have, and from
 * the bindings of a declaration the functions that fit it.
 */

import type { FrameType } from "../ring/dtypes.ts";
import type { Reader } from "../ring/reader.ts";
import type { TaskEvent } from "../ring/task_event.ts";
import type { Writer } from "../ring/writer.ts";
import type { TaskRestart } from "../manager/restart.ts";
import type { AbandonedPolicy, TaskStateOptions } from "../manager/specs.ts";
import type { TaskContext } from "../manager/task_context.ts";
import type { ModuleReference } from "../worker/module_url.ts";
import type { TaskPermissions } from "../worker/permitted_worker.ts";
import type { EventHandle } from "./event.ts";
import type { LatestStream, StreamHandle } from "./stream.ts";

export type { ModuleReference };

/** A task function: any export whose parameters are bindings, and a context if it wants it. */
// deno-lint-ignore no-explicit-any
export type TaskFunction = (bindings: any, context: TaskContext<any, any>) => unknown;

/** What a task function wants as its first argument. */
// deno-lint-ignore no-explicit-any
export type BindingsOf<F> = F extends (bindings: infer B, ...rest: any) => unknown ? B : never;

/** What a function reads: its own names for streams. A name of a stream may stand for the handle. */
export type ReadsOf<B> = {
  [K in keyof B as NonNullable<B[K]> extends Reader<infer _> ? K : never]: NonNullable<B[K]> extends Reader<infer D>
    ? StreamHandle<D> | LatestStream<D> | string
    : never;
};

/** What a function writes. */
export type WritesOf<B> = {
  [K in keyof B as NonNullable<B[K]> extends Writer<infer _> ? K : never]: NonNullable<B[K]> extends Writer<infer D>
    ? StreamHandle<D> | string
    : never;
};

/** What events a function signals or waits for. */
export type EventsOf<B> = {
  [K in keyof B as NonNullable<B[K]> extends TaskEvent ? K : never]: EventHandle | string;
};

/** What the editor says of a binding where the function has no parameter of that kind. */
export interface NotTaken {
  /** In place of a stream to read. */
  reads: "The function has no Reader";
  /** In place of a stream to write. */
  writes: "The function has no Writer";
  /** In place of an event. */
  events: "The function has no TaskEvent";
}

/** A property, required where something is needed, and empty where nothing is possible. */
export type Needed<Property extends keyof NotTaken, Needs> = keyof Needs extends never
  ? { [P in Property]?: Record<string, NotTaken[Property]> }
  : Record<never, never> extends Needs ? { [P in Property]?: Needs }
  : { [P in Property]: Needs };

/** What a task function wants as its context's `params`. */
// deno-lint-ignore no-explicit-any
export type ParamsOf<F> = F extends (bindings: any, context: TaskContext<infer P, infer _>) => unknown ? P : unknown;

/** The constants that a function expects in its context. */
export type ParamsFor<F> = undefined extends ParamsOf<F> ? { params?: ParamsOf<F> } : { params: ParamsOf<F> };

/** What every kind of task may be declared with. */
export interface CommonTaskOptions {
  /** The module that exports the function. The pipeline's own by default. */
  module?: ModuleReference;
  /** Deno's permissions of the task's worker, all of this program's by default. Deno wants `--unstable-worker-options`. */
  permissions?: TaskPermissions;
  /**
   * What becomes of the task when all readers of all streams that it writes have ended or were closed: it is unwound as by
   * a stop, or goes on. A stream that a terminator reads keeps its writer going.
   *
   * @default {"stop"}
   */
  onAbandoned?: AbandonedPolicy;
  /**
   * Has a task that fails (it throws, rejects, exits, or closes its worker) go on in a new worker, where the failed one has
   * stopped; its neighbours notice nothing but a pause. Without, the first failure stops the pipeline.
   */
  restart?: TaskRestart;
  /** An array in the shared memory that outlives the task's worker: `context.state`. */
  state?: TaskStateOptions;
  /**
   * Fails a task that gets nothing done for so many milliseconds, 1 or more, although frames wait for it. Time in which it
   * waits for frames of another stream, for room, for its activation or for a restart does not count. It is not started again,
   * whatever `restart` says: nothing can end its thread, which may go on writing.
   */
  stallTimeoutMs?: number;
  /**
   * The label of the machine that the task runs on where the pipeline is started with `machine`: a name of your own, never an
   * address. Without, all tasks run in one program.
   */
  machine?: string;
  /** For people. */
  description?: string;
}

/** Options of `Pipeline.addTask()` for a function. */
export type TaskOptions<F extends TaskFunction> =
  & CommonTaskOptions
  & { /** The function, an export of its module. */ fn: F }
  & Needed<"reads", ReadsOf<BindingsOf<F>>>
  & Needed<"writes", WritesOf<BindingsOf<F>>>
  & Needed<"events", EventsOf<BindingsOf<F>>>
  & ParamsFor<F>;

/** Options of `Pipeline.addTask.switchable()` and `.toggleable()`: the control event is not passed to the function. */
export type ControlledTaskOptions<F extends TaskFunction, Gate extends string> =
  & CommonTaskOptions
  & { /** The function, an export of its module. */ fn: F }
  & { /** Which of `events` the task runs on, by the name it is bound to. */ activateOn: Gate }
  & { events: EventsOf<BindingsOf<F>> & { [G in Gate]: EventHandle | string } }
  & Needed<"reads", ReadsOf<BindingsOf<F>>>
  & Needed<"writes", WritesOf<BindingsOf<F>>>
  & ParamsFor<F>;

/** Bindings by a function's names for them. */
export interface Bindings {
  /** Streams to read. */
  reads?: Readonly<Record<string, StreamHandle | LatestStream | string>>;
  /** Streams to write. */
  writes?: Readonly<Record<string, StreamHandle | string>>;
  /** Events to signal or wait for. */
  events?: Readonly<Record<string, EventHandle | string>>;
}

/** Options of `Pipeline.addTask()` without a function. */
export interface DecoratorOptions extends CommonTaskOptions, Bindings {
  /** Given to the returned function instead. */
  fn?: undefined;
  /** Constants for the function. */
  params?: unknown;
}

/** The element type of a stream's handle. */
export type DTypeBehind<Handle> = Handle extends StreamHandle<infer D> | LatestStream<infer D> ? D : FrameType;

/** What a function gets that is declared with the bindings `B`. A stream bound by name may be of any type. */
export type BoundBy<B extends Bindings> =
  & { [K in keyof B["reads"]]: B["reads"][K] extends string ? Reader<never> : Reader<DTypeBehind<B["reads"][K]>> }
  & { [K in keyof B["writes"]]: B["writes"][K] extends string ? Writer<never> : Writer<DTypeBehind<B["writes"][K]>> }
  & { [K in keyof B["events"]]: TaskEvent };

/** A function that fits the bindings `B`. */
// deno-lint-ignore no-explicit-any
export type TaskFunctionFor<B extends Bindings> = (bindings: BoundBy<B>, context: TaskContext<any, any>) => unknown;

/** Options of `Pipeline.addTask.terminator()`. */
export interface TerminatorOptions {
  /** The streams, by any names or in a list. */
  reads: Readonly<Record<string, StreamHandle | string>> | readonly (StreamHandle | string)[];
  /** For people. */
  description?: string;
}

/**
 * Options of `Pipeline.addTask()`: of a task, or, without `fn`, of the function that it returns. One type for both, as the
 * compiler blames the call, and not the mistake in it, where it has two signatures to choose from. A function of type `any`
 * may have any bindings.
 */
export type AddTaskOptions<F extends TaskFunction, B extends DecoratorOptions> =
  & { /** The function, an export of its module. */ fn?: F }
  & ([F] extends [never] ? B : 0 extends 1 & F ? Omit<DecoratorOptions, "fn"> : TaskOptions<F>);

/** What `Pipeline.addTask()` returns: nothing, or, without `fn`, what registers the function that it is given. */
export type AddedTask<F extends TaskFunction, B extends DecoratorOptions> = [F] extends [never]
  ? <G extends TaskFunctionFor<B>>(fn: G) => G
  : void;

/** `Pipeline.addTask`: a function, with the other kinds of tasks as its properties. */
export interface AddTask {
  /**
   * Declares a task that runs `fn` once, in a worker of its own. Its streams end when it returns. Without `fn` it returns a
   * function that registers what it is given, and returns it.
   *
   * @throws {DeclarationError} If the name is taken, or a handle belongs to another pipeline.
   * @throws {TypeError} If `fn` is no function, or `params` cannot be cloned.
   */
  <F extends TaskFunction = never, const B extends DecoratorOptions = DecoratorOptions>(
    name: string,
    options: AddTaskOptions<F, B>,
  ): AddedTask<F, B>;
  /**
   * Declares a task that waits for an event and then runs again and again, for as long as the event is open.
   *
   * @throws {DeclarationError} If `activateOn` is not among `events`, and as for a plain task.
   */
  switchable<F extends TaskFunction, const Gate extends string>(
    name: string,
    options: ControlledTaskOptions<F, Gate>,
  ): void;
  /**
   * Declares a task that waits for an event and then runs once per activation, which it takes.
   *
   * @throws {DeclarationError} If `activateOn` is not among `events`, and as for a plain task.
   */
  toggleable<F extends TaskFunction, const Gate extends string>(
    name: string,
    options: ControlledTaskOptions<F, Gate>,
  ): void;
  /**
   * Declares that nobody reads some streams: their writers are never held back. It takes no worker.
   *
   * @throws {DeclarationError} If the name is taken, or a handle belongs to another pipeline.
   */
  terminator(name: string, options: TerminatorOptions): void;
}
