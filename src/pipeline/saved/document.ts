/** A saved pipeline, as it stands in a TOML file: its types, and the rules for each of its fields. */

import { DEAD_FRAME_RULES, type DeadFrameOptions } from "../../manager/dead_frames.ts";
import { MANAGER_RULES } from "../../manager/manager.ts";
import { type FailedFramePolicy, TASK_RESTART_RULES } from "../../manager/restart.ts";
import type { FrameType } from "../../ring/dtypes.ts";
import type { WaitStrategy } from "../../ring/waiting.ts";
import type { Rule } from "../../rules.ts";
import * as rules from "../../rules.ts";
import { type AbandonedPolicy, STALL_TIMEOUT, STATE_RULES } from "../../manager/specs.ts";
import { ABANDONED_POLICY } from "../add_task.ts";
import { CARRY_RULES, type CommitPolicy, type KeepPolicy, type LostPeerPolicy, type NewRunPolicy } from "../carry.ts";
import { STREAM_RULES } from "../stream.ts";
import type { ControlMode } from "../task.ts";

/** Names of streams or events, by a function's names for them. */
export type SavedBindings = Readonly<Record<string, string>>;

/** A `[[streams]]`. */
export interface SavedStream {
  readonly name: string;
  readonly description?: string;
  readonly shape: readonly number[];
  /** A name, or since version 2 a table of names by the names of columns. */
  readonly dtype: FrameType;
  readonly frames?: number;
  readonly cache_align?: boolean;
  readonly min_reader_pos_refresh_interval?: number;
  readonly min_reader_pos_refresh_ms?: number;
  readonly wait?: WaitStrategy;
  readonly carry?: SavedCarry;
}

/** How a stream crosses to other machines, as it is saved. */
export interface SavedCarry {
  readonly keep?: KeepPolicy;
  readonly replicas?: number;
  readonly max_bytes?: number;
  readonly parcel_bytes?: number;
  readonly window_bytes?: number;
  readonly on_lost_peer?: LostPeerPolicy;
  readonly peer_timeout_ms?: number;
  readonly on_new_run?: NewRunPolicy;
  readonly commit?: CommitPolicy;
}

/** An `[[events]]`. */
export interface SavedEvent {
  readonly name: string;
  readonly description?: string;
  readonly initial_state?: boolean;
}

/** A `[[tasks]]`. */
export interface SavedTask {
  readonly name: string;
  readonly description?: string;
  /** As in an import, relative to the file. Missing for a terminator, like all that has to do with a function. */
  readonly function_module?: string;
  /** The name of the export. */
  readonly function_qualname?: string;
  readonly control_mode: ControlMode;
  /** The key among `events` of the event that a controlled task runs on. */
  readonly control_event?: string;
  readonly permissions?: unknown;
  readonly reads?: SavedBindings;
  /** The keys among `reads` of readers that want the newest frame only. */
  readonly latest?: readonly string[];
  readonly on_abandoned?: AbandonedPolicy;
  readonly restart?: SavedRestart;
  readonly state?: { readonly shape: readonly number[]; readonly dtype: FrameType };
  readonly stall_timeout_ms?: number;
  readonly machine?: string;
  readonly writes?: SavedBindings;
  readonly events?: SavedBindings;
  /** As `encodeParams()` makes it. */
  readonly params?: unknown;
}

/** When a task goes on in a new worker, as it is saved. */
export interface SavedRestart {
  readonly limit?: number;
  readonly backoff_ms?: number;
  readonly max_backoff_ms?: number;
  readonly reset_ms?: number;
  readonly on_failed_frame?: FailedFramePolicy;
}

/** How many frames that tasks have failed on are kept, as it is saved. */
export interface SavedDeadLetters {
  readonly most?: number;
  readonly most_bytes?: number;
  readonly backpressure?: DeadFrameOptions["backpressure"];
}

/** The whole file. */
export interface SavedPipeline {
  readonly format_version: 1 | 2;
  readonly name: string;
  readonly grace_ms?: number;
  readonly full_warning_ms?: number;
  readonly dead_letters?: SavedDeadLetters;
  readonly streams?: readonly SavedStream[];
  readonly events?: readonly SavedEvent[];
  readonly tasks?: readonly SavedTask[];
}

/** The versions of the format that are read. A file is of the first one that has all its fields. */
export const FORMAT_VERSIONS: readonly number[] = [1, 2];

/** The fields of version 1, for ever: whatever else a file has makes it one of version 2. */
const FIRST_FIELDS = {
  file: ["format_version", "name", "grace_ms", "streams", "events", "tasks"],
  stream: [
    "name",
    "description",
    "shape",
    "dtype",
    "frames",
    "cache_align",
    "min_reader_pos_refresh_interval",
    "min_reader_pos_refresh_ms",
    "wait",
  ],
  event: ["name", "description", "initial_state"],
  task: [
    "name",
    "description",
    "function_module",
    "function_qualname",
    "control_mode",
    "control_event",
    "permissions",
    "reads",
    "writes",
    "events",
    "params",
  ],
} as const;

/** The first version that has all fields of a file. */
export function versionOf(file: Omit<SavedPipeline, "format_version">): 1 | 2 {
  const { streams = [], events = [], tasks = [] } = file;
  const isFirst = (kind: keyof typeof FIRST_FIELDS, table: object) =>
    Object.keys(table).every((field) => (FIRST_FIELDS[kind] as readonly string[]).includes(field));
  const areFirst = isFirst("file", file) && streams.every((stream) => isFirst("stream", stream)) &&
    events.every((event) => isFirst("event", event)) && tasks.every((task) => isFirst("task", task));
  return areFirst && streams.every(({ dtype }) => typeof dtype === "string") ? 1 : 2;
}

/** Bytes that a file may have, and the same in words. */
export const LARGEST_FILE = 256 * 1024 ** 2;
export const LARGEST = "256 MiB";

/** Rules for the fields of one table. */
export interface TableRules {
  readonly required: Readonly<Record<string, Rule>>;
  readonly optional: Readonly<Record<string, Rule>>;
}

/** Whether a value is a table. Dates are none. */
export function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

const tables: Rule = {
  expected: "an array of tables",
  isKind: (value) => Array.isArray(value) && value.every(isTable),
};

const bindings: Rule = {
  expected: "a table of texts that are not empty",
  isKind: (value) => isTable(value) && Object.values(value).every((target) => rules.keeps(rules.name, target)),
};

/** What a pipeline, or a part of it, is called. */
const called: Rule = {
  ...rules.name,
  expected: `a text of 1 to ${rules.LONGEST_NAME} characters`,
  isInRange: (value: string) => value !== "" && value.length <= rules.LONGEST_NAME,
};

const anything: Rule = { expected: "anything", isKind: () => true };

/** The fields of the file itself. */
export const PIPELINE_FIELDS: TableRules = {
  required: {
    format_version: {
      expected: FORMAT_VERSIONS.join(" or "),
      isKind: (value) => FORMAT_VERSIONS.includes(value as number),
    },
    name: called,
  },
  optional: {
    grace_ms: MANAGER_RULES.graceMs,
    full_warning_ms: MANAGER_RULES.fullWarningMs,
    dead_letters: rules.tableOf("a table of most (1 or more), most_bytes (1 or more) and backpressure", {
      most: DEAD_FRAME_RULES.most,
      most_bytes: DEAD_FRAME_RULES.mostBytes,
      backpressure: DEAD_FRAME_RULES.backpressure,
    }),
    streams: tables,
    events: tables,
    tasks: tables,
  },
};

/** The fields of its arrays of tables. */
export const TABLE_FIELDS: Readonly<Record<"streams" | "events" | "tasks", TableRules>> = {
  streams: {
    required: { name: called, shape: STREAM_RULES.shape, dtype: STREAM_RULES.dtype },
    optional: {
      description: rules.text,
      frames: STREAM_RULES.frames,
      cache_align: STREAM_RULES.cacheAlign,
      min_reader_pos_refresh_interval: STREAM_RULES.minReaderPosRefreshInterval,
      min_reader_pos_refresh_ms: STREAM_RULES.minReaderPosRefreshMs,
      wait: STREAM_RULES.wait,
      carry: rules.tableOf("a table of the options of carry", {
        keep: CARRY_RULES.keep,
        replicas: CARRY_RULES.replicas,
        max_bytes: CARRY_RULES.maxBytes,
        parcel_bytes: CARRY_RULES.parcelBytes,
        window_bytes: CARRY_RULES.windowBytes,
        on_lost_peer: CARRY_RULES.onLostPeer,
        peer_timeout_ms: CARRY_RULES.peerTimeoutMs,
        on_new_run: CARRY_RULES.onNewRun,
        commit: CARRY_RULES.commit,
      }),
    },
  },
  events: {
    required: { name: called },
    optional: { description: rules.text, initial_state: rules.boolean },
  },
  tasks: {
    required: {
      name: called,
      control_mode: rules.oneOf(["plain", "switchable", "toggleable", "terminator"] satisfies ControlMode[]),
    },
    optional: {
      description: rules.text,
      function_module: rules.name,
      function_qualname: rules.name,
      control_event: rules.text,
      permissions: rules.permissions,
      reads: bindings,
      latest: rules.arrayOf(rules.name, "an array of keys of its reads"),
      on_abandoned: ABANDONED_POLICY,
      restart: rules.tableOf("a table of the options of restart", {
        limit: TASK_RESTART_RULES.limit,
        backoff_ms: TASK_RESTART_RULES.backoffMs,
        max_backoff_ms: TASK_RESTART_RULES.maxBackoffMs,
        reset_ms: TASK_RESTART_RULES.resetMs,
        on_failed_frame: TASK_RESTART_RULES.onFailedFrame,
      }),
      state: rules.tableOf("a table of shape and dtype", STATE_RULES),
      stall_timeout_ms: STALL_TIMEOUT,
      machine: rules.name,
      writes: bindings,
      events: bindings,
      params: anything,
    },
  },
};
