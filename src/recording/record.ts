/** Records streams of a pipeline. */

import type { Pipeline } from "../pipeline/pipeline.ts";
import type { StreamHandle } from "../pipeline/stream.ts";
import * as rules from "../rules.ts";
import { folderPath } from "./format/folder.ts";
import { formatOf } from "./format/frame_format.ts";
import { RECORDER_STATE, recordFrames, type RecordParams } from "./tasks/record_frames.ts";
import { RESTART_RULES, type RestartPolicy } from "../worker/restart_policy.ts";
import type { RecorderSettings } from "./tasks/stream_recorder.ts";

/** Options of {@link record}. */
export interface RecordOptions {
  /** The folder, which must not hold another recording. */
  to: string | URL;
  /**
   * `"block"`: the recorder is a reader like any other, for which the writer waits, so that every frame is recorded.
   * `"skip"`: it holds nobody back; the column `lost` says what it missed.
   *
   * @default {"block"}
   */
  backpressure?: "block" | "skip";
  /**
   * Frames are written when there are 256 KiB of them, or after this many milliseconds.
   *
   * @default {100}
   */
  flushMs?: number;
  /**
   * Has the disk keep what was written every so many milliseconds, even if the machine fails. `null` leaves that to the system:
   * what was flushed then outlives the program, but not the machine.
   *
   * @default {null}
   */
  fsyncMs?: number | null;
  /** Begins a new file when this one has so many bytes, or is so many seconds old. Each is complete in itself. */
  split?: { bytes?: number; seconds?: number };
  /**
   * Bytes that stay free on the disk.
   *
   * @default {67108864}
   */
  minFreeBytes?: number;
  /**
   * What happens when they do not: `"stop"` ends the recording with an error on the terminal, and the pipeline goes on;
   * `"fail"` has the task fail, and with it the pipeline; `"dropOldest"` removes the oldest file of this stream, for which it
   * needs `split`.
   *
   * @default {"stop"}
   */
  onFull?: "stop" | "fail" | "dropOldest";
  /**
   * Has the recorder go on in a new worker, and a new file, when it fails; `lost` of the next frame says what was gathered and
   * is gone. Without, the pipeline fails.
   */
  restart?: RestartPolicy;
}

/** What each option of {@link record} must be. */
export const RECORD_RULES: rules.Rules = {
  to: rules.pathOrUrl,
  backpressure: rules.oneOf(["block", "skip"]),
  flushMs: rules.duration,
  fsyncMs: { ...rules.duration, expected: `${rules.duration.expected}, or null`, isKind: isNumberOrNull },
  split: rules.object,
  minFreeBytes: rules.integer(0),
  onFull: rules.oneOf(["stop", "fail", "dropOldest"]),
  restart: rules.tableOf("an object", RESTART_RULES),
};

const SPLIT_RULES: rules.Rules = { bytes: rules.integer(1), seconds: rules.number(0) };
/** What stays free on a disk. */
export const DEFAULT_MIN_FREE_BYTES: number = 64 * 1024 * 1024;

function isNumberOrNull(value: unknown): boolean {
  return value === null || typeof value === "number";
}

/** One run of each pipeline: its recordings belong together. */
const runs = new WeakMap<Pipeline, string>();

/** The run of a pipeline. */
export function runOf(pipe: Pipeline): string {
  const run = runs.get(pipe) ?? crypto.randomUUID();
  runs.set(pipe, run);
  return run;
}

const UNLIMITED = { bytes: Infinity, seconds: Infinity } as const;

function settingsOf(action: string, options: RecordOptions): RecorderSettings {
  rules.checkOptions(action, options, RECORD_RULES);
  if (options.to === undefined) rules.checkRule(action, "to", rules.pathOrUrl, options.to);
  const { flushMs = 100, fsyncMs = null, minFreeBytes = DEFAULT_MIN_FREE_BYTES, onFull = "stop" } = options;
  // Each worker has files of its own.
  const split = options.split ?? (options.restart && UNLIMITED);
  if (options.split) rules.checkOptions(`${action}: split`, options.split, SPLIT_RULES);
  if (onFull === "dropOldest" && !options.split) {
    throw new TypeError(`Cannot ${action}: onFull "dropOldest" needs the option split`);
  }
  return {
    folder: folderPath(options.to),
    flushMs,
    fsyncMs,
    split: split ? { bytes: split.bytes ?? Infinity, seconds: split.seconds ?? Infinity } : null,
    minFreeBytes,
    onFull,
  };
}

/**
 * Has a pipeline record one of its streams, from the start to the end of the stream or the stop of the pipeline. It adds a
 * task that reads the stream, named `record` and the stream's name: call it before the pipeline is compiled. Streams that
 * are recorded to the same folder are one recording.
 *
 * Each stream becomes a file of Arrow's IPC stream format, `<stream>.arrows`, which pyarrow and polars read. Killed at any
 * moment, the program leaves all that was flushed readable.
 *
 * The recorder needs the permissions to read and write the folder.
 *
 * @throws {TypeError | RangeError} If an option is not what it must be.
 * @throws {DeclarationError} If the stream is not one of the pipeline, or is recorded already.
 *
 * @example
 * ```ts
 * import { Pipeline } from "@ringmill/ringmill";
 * import { openRecording, record } from "@ringmill/ringmill/recording";
 * import { deepEqual } from "node:assert/strict";
 *
 * const folder = `${await Deno.makeTempDir()}/run-7`;
 * await using pipe = new Pipeline("line", import.meta);
 * const samples = pipe.addStream("samples", { shape: [2], dtype: "float32" });
 * record(pipe, samples, { to: folder });
 * const writer = pipe.openWriter(samples);
 * await pipe.start();
 * await writer.writeAsync(Float32Array.of(1, 2));
 * writer.close();
 * await pipe.join();
 *
 * using recording = openRecording(folder);
 * deepEqual(recording.stream("samples").read(0)?.data, Float32Array.of(1, 2));
 * ```
 */
export function record(pipe: Pipeline, stream: StreamHandle, options: RecordOptions): void {
  const { name } = stream;
  const params = recordParams(pipe, stream, options);
  const { restart } = options;
  const state = restart && RECORDER_STATE;
  pipe.addTask(`record ${name}`, {
    fn: recordFrames,
    module: import.meta.resolve("./tasks/record_frames.ts"),
    reads: { frames: stream },
    params,
    restart,
    state,
  });
}

/** What the recorder of a stream is told. */
export function recordParams(pipe: Pipeline, stream: StreamHandle, options: RecordOptions): RecordParams {
  const { name, shape, dtype, description = "" } = stream;
  const settings = settingsOf(`record stream "${name}"`, options);
  return {
    head: { pipeline: pipe.name, stream: name, description, format: formatOf(shape, dtype) },
    folder: { pipeline: pipe.name, run: runOf(pipe), startedAt: new Date() },
    settings,
    isBlocking: options.backpressure !== "skip",
  };
}
