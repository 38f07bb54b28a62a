/** What a manager is told to make. */

import type { FrameDescription } from "../ring/description.ts";
import { WAIT_STRATEGIES, type WaitStrategy } from "../ring/waiting.ts";
import {
  anything,
  arrayOf,
  boolean,
  callback,
  duration,
  either,
  frameType,
  integer,
  milliseconds,
  name,
  object,
  oneOf,
  permissions,
  type Rule,
  type Rules,
  shape,
  tableOf,
} from "../rules.ts";
import type { FrameTypeName } from "../ring/dtypes.ts";
import type { TaskRestart } from "./restart.ts";
import type { TaskPermissions } from "../worker/permitted_worker.ts";

/**
 * `switchable` runs again and again while the event is open, `toggleable` once per activation, which it takes; both until
 * nobody is left who could signal, or all that they read has ended.
 */
export type ActivationMode = "switchable" | "toggleable";

/** An array, or one for each of several columns, in the shared memory that outlives a task's worker, all 0 at first. */
export interface TaskStateOptions<D extends FrameTypeName = FrameTypeName> {
  /** Elements along each dimension, each 1 or more; of columns, of each. */
  shape: readonly number[];
  /** The type of an element, by its name or NumPy code; or named columns, as of a stream. */
  dtype: D;
}

/** What becomes of a task of which nobody reads anything any more. */
export type AbandonedPolicy = "stop" | "continue";

/** A ring, as a {@link Manager} is told to make it. */
export interface RingSpec {
  /** Unique among the rings. */
  name: string;
  /** Bytes that it holds, 1 to 2^31 - 1. */
  bytes: number;
  /**
   * How its ends wait.
   *
   * @default {"adaptive"}
   */
  wait?: WaitStrategy;
  /**
   * The writer looks at its readers after this many writes, although there is room: 1 to 2^32 - 1.
   *
   * @default {64}
   */
  minReaderPosRefreshInterval?: number;
  /**
   * The same after this many milliseconds, 0 to `Infinity`. The clock is read at some of the writes only.
   *
   * @default {5}
   */
  minReaderPosRefreshMs?: number;
  /** What frames it carries. Without, tasks get a {@link RingReader} or {@link RingWriter} of raw bytes. */
  frame?: FrameDescription;
}

/** An event, as a {@link Manager} is told to make it. */
export interface EventSpec {
  /** Unique among the events. */
  name: string;
  /**
   * Whether an activation is pending from the start.
   *
   * @default {false}
   */
  initialState?: boolean;
}

/** A task, as a {@link Manager} is told to run it. */
export interface TaskSpec {
  /** Unique among the tasks. */
  name: string;
  /** The function, an export of `module`; or the name of the export. */
  // deno-lint-ignore ban-types
  fn: Function | string;
  /** Absolute URL of the module. */
  module: string;
  /** Rings that it reads, by the function's names for them. */
  reads?: Readonly<Record<string, string>>;
  /** Which of `reads` want the newest frame only, and never hold their writers back. */
  latest?: readonly string[];
  /** Rings that it writes, by the function's names for them. */
  writes?: Readonly<Record<string, string>>;
  /** Events that it signals or waits for, by the function's names for them. */
  events?: Readonly<Record<string, string>>;
  /** Runs the function when an event says so, instead of once. */
  activation?: { readonly mode: ActivationMode; readonly event: string };
  /**
   * What becomes of the task when all readers of all that it writes have ended: it is stopped, or goes on.
   *
   * @default {"stop"}
   */
  onAbandoned?: AbandonedPolicy;
  /** Has it go on in a new worker when it has failed. */
  restart?: TaskRestart;
  /** An array that outlives its worker. */
  state?: TaskStateOptions;
  /** It fails when it gets nothing done for so many milliseconds although frames wait for it. */
  stallTimeoutMs?: number;
  /** Rings that its work goes into and that other machines read: `context.resumeFrom`. */
  feeds?: readonly string[];
  /** Those, and the rings before them that its work passes, in that order. */
  onTheWay?: readonly string[];
  /** Constants for the function: anything that can be structured-cloned. */
  params?: unknown;
  /** Deno's permissions of its worker, for which Deno wants `--unstable-worker-options`. */
  permissions?: TaskPermissions;
}

/** What each field of a {@link RingSpec} must be. */
export const RING_RULES = {
  name,
  bytes: integer(1, 2 ** 31 - 1),
  wait: oneOf(WAIT_STRATEGIES),
  minReaderPosRefreshInterval: integer(1, 2 ** 32 - 1),
  minReaderPosRefreshMs: duration,
  frame: object,
} satisfies Record<keyof RingSpec, Rule>;

/** What each field of an {@link EventSpec} must be. */
export const EVENT_SPEC_RULES = { name, initialState: boolean } satisfies Record<keyof EventSpec, Rule>;

/** What `stallTimeoutMs` must be. */
export const STALL_TIMEOUT: Rule = { ...milliseconds(1), expected: "a number of milliseconds, 1 or more" };

/** What each option of a task's `state` must be. */
export const STATE_RULES: Rules = { shape, dtype: frameType };

/** What each field of a {@link TaskSpec} must be. */
export const TASK_SPEC_RULES = {
  name,
  fn: either(callback, name),
  module: name,
  reads: object,
  latest: arrayOf(name, "an array of keys of reads"),
  writes: object,
  events: object,
  activation: object,
  params: anything,
  onAbandoned: oneOf(["stop", "continue"] satisfies AbandonedPolicy[]),
  permissions,
  restart: object,
  state: tableOf("an object of shape and dtype", STATE_RULES),
  stallTimeoutMs: STALL_TIMEOUT,
  feeds: arrayOf(name, "an array of names of rings"),
  onTheWay: arrayOf(name, "an array of names of rings"),
} satisfies Record<keyof TaskSpec, Rule>;
