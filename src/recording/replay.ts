/** Replays recorded streams. */

import { DeclarationError } from "../errors.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import { replaceWriter } from "../pipeline/replaced_writers.ts";
import type { StreamHandle } from "../pipeline/stream.ts";
import * as rules from "../rules.ts";
import { folderPath, partsIn, readFolderHead } from "./format/folder.ts";
import { formatOf, formatText } from "./format/frame_format.ts";
import { type RecordedPlace, StoredFrames } from "./format/stored_frames.ts";
import { makeReplayClock, ReplayClock } from "./tasks/replay_clock.ts";
import { replayFrames, type ReplayParams } from "./tasks/replay_frames.ts";
import { warn } from "../notices.ts";

/** Options of {@link replay}. */
export interface ReplayOptions {
  /** The recording's folder. */
  from: string | URL;
  /**
   * The stream of the recording.
   *
   * @default {the name of the stream}
   */
  stream?: string;
  /**
   * How fast: 1 is as it was recorded, 2 in half the time, `Infinity` as fast as the pipeline takes it. All replayed streams
   * of a pipeline share one clock, so this is the same for all of them.
   *
   * @default {1}
   */
  speed?: number;
  /** Where to begin: `{ frame }`, `{ seconds }` after the first one, or a date. */
  start?: RecordedPlace;
  /** Where to end: the first frame that is not replayed. */
  end?: RecordedPlace;
  /**
   * Begins anew at the end, until the pipeline is stopped; the same for all replayed streams of a pipeline.
   *
   * @default {false}
   */
  loop?: boolean;
}

const place: rules.Rule = {
  expected: "{ frame }, { seconds } or a date",
  isKind: (value) =>
    value instanceof Date ||
    (typeof value === "object" && value !== null && ["frame", "seconds"].includes(Object.keys(value).join())),
  isInRange: (value: RecordedPlace) =>
    value instanceof Date ? !Number.isNaN(value.getTime()) : Object.values(value).every((number) => number >= 0),
};

/** What each option of {@link replay} must be. */
export const REPLAY_RULES: rules.Rules = {
  from: rules.pathOrUrl,
  stream: rules.name,
  speed: {
    ...rules.number(0),
    expected: "a number above 0",
    isInRange: (value: number) => value > 0,
  },
  start: place,
  end: place,
  loop: rules.boolean,
};

/** What all replayed streams of a pipeline share. */
interface Shared {
  readonly clock: SharedArrayBuffer;
  readonly speed: number;
  readonly isLoop: boolean;
}

const shared = new WeakMap<Pipeline, Shared>();

/** The pipeline's clock. The streams that share one cannot run at speeds of their own. */
function sharedBy(pipe: Pipeline, action: string, { speed = 1, loop: isLoop = false }: ReplayOptions): Shared {
  const found = shared.get(pipe);
  if (!found) {
    const made = { clock: makeReplayClock(), speed, isLoop };
    shared.set(pipe, made);
    return made;
  }
  const differing = found.speed !== speed ? "speed" : found.isLoop !== isLoop ? "loop" : null;
  if (differing === null) return found;
  const values = differing === "speed" ? `${found.speed}, received ${speed}` : `${found.isLoop}, received ${isLoop}`;
  throw new DeclarationError(`Cannot ${action}: ${differing} of the pipeline's other replayed streams is ${values}`);
}

/** The files of a stream in a recording. */
function filesOf(action: string, folder: string, stream: string): readonly string[] {
  readFolderHead(folder);
  const parts = partsIn(folder);
  const found = parts.get(stream);
  if (found) return found;
  const known = Array.from(parts.keys(), (name) => `"${name}"`).join(", ") || "none";
  throw new DeclarationError(`Cannot ${action}: recording ${folder} has no stream "${stream}", but ${known}`);
}

/** A recording that was cut off replays as far as it goes, which somebody should know. */
function warnIfCutOff(stream: string, stored: StoredFrames): void {
  if (stored.parts.every(({ isComplete }) => isComplete)) return;
  const after = stored.last ? `after frame ${stored.last.frame}` : "before its first frame";
  warn(`The recording of stream "${stream}" was cut off ${after}`);
}

/**
 * Has a recording take the place of whoever writes a stream. Tasks all of whose streams are replayed do not run, nor do those
 * that only feed them. Call it before the pipeline is compiled, in place of nothing else: the declaration stays as it is.
 *
 * @throws {TypeError | RangeError} If an option is not what it must be.
 * @throws {DeclarationError} If the recording has no such stream, or its frames are of another shape or type; and, when the
 * pipeline is compiled, if only some of the streams of a task are replayed.
 *
 * @example
 * ```ts
 * import { Pipeline } from "@ringmill/ringmill";
 * import { record, replay } from "@ringmill/ringmill/recording";
 * import { deepEqual } from "node:assert/strict";
 *
 * const folder = `${await Deno.makeTempDir()}/run-7`;
 * const samples = { shape: [2], dtype: "float32" } as const;
 * await using first = new Pipeline("line", import.meta);
 * const recorded = first.addStream("samples", samples);
 * record(first, recorded, { to: folder });
 * const writer = first.openWriter(recorded);
 * await first.start();
 * await writer.writeAsync(Float32Array.of(1, 2));
 * writer.close();
 * await first.join();
 *
 * await using second = new Pipeline("line", import.meta);
 * const replayed = second.addStream("samples", samples);
 * replay(second, replayed, { from: folder, speed: Infinity });
 * const reader = second.openReader(replayed);
 * await second.start();
 * deepEqual(await reader.readAsync(), Float32Array.of(1, 2));
 * ```
 */
export function replay(pipe: Pipeline, stream: StreamHandle, options: ReplayOptions): void {
  const action = `replay stream "${stream.name}"`;
  rules.checkOptions(action, options, REPLAY_RULES);
  if (options.from === undefined) rules.checkRule(action, "from", rules.pathOrUrl, options.from);
  const paths = filesOf(action, folderPath(options.from), options.stream ?? stream.name);
  using stored = new StoredFrames(paths);
  const [declared, recorded] = [formatText(formatOf(stream.shape, stream.dtype)), formatText(stored.format)];
  if (declared !== recorded) {
    throw new DeclarationError(`Cannot ${action}: the stream has ${declared}, the recording ${recorded}`);
  }
  const { clock, speed, isLoop } = sharedBy(pipe, action, options);
  const { start, end } = options;
  const span = stored.span(start, end);
  if (span) new ReplayClock(clock).include(span);
  warnIfCutOff(stream.name, stored);
  const params: ReplayParams = { paths, speed, start, end, isLoop, clock };
  const task = `replay ${stream.name}`;
  pipe.addTask(task, {
    fn: replayFrames,
    module: import.meta.resolve("./tasks/replay_frames.ts"),
    writes: { frames: stream },
    params,
  });
  replaceWriter(pipe, stream.name, task);
}
