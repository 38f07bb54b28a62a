/** The task that records a stream. */

import { existsSync } from "node:fs";
import { StoppedError } from "../../errors.ts";
import type { TaskContext } from "../../manager/task_context.ts";
import type { DType, FrameOf, FrameType } from "../../ring/dtypes.ts";
import type { Reader } from "../../ring/reader.ts";
import type { StreamHead } from "../format/arrow_schema.ts";
import { bytesOf } from "../format/frame_format.ts";
import { type FolderHead, makeFolder, partPath } from "../format/folder.ts";
import { repairFile } from "../repair_recording.ts";
import { DiskFull, type RecorderProgress, type RecorderSettings, StreamRecorder } from "./stream_recorder.ts";
import { tell } from "../../notices.ts";

/** What a recorder is told. */
export interface RecordParams {
  readonly head: StreamHead;
  readonly folder: FolderHead;
  readonly settings: RecorderSettings;
  /** Whether the writer waits for the recorder. */
  readonly isBlocking: boolean;
}

/** An array that outlives the recorder's worker: what is known of the frames. */
export const RECORDER_STATE = { shape: [3], dtype: "float64" } as const;

/** How far the recorder has got, in such an array. */
class SharedProgress implements RecorderProgress {
  readonly #state: Float64Array;

  constructor(state: Float64Array) {
    this.#state = state;
  }

  get flushed(): number {
    return this.#state[0];
  }

  set flushed(number: number) {
    this.#state[0] = number;
  }

  get parts(): number {
    return this.#state[1];
  }

  set parts(count: number) {
    this.#state[1] = count;
  }

  /** Frames that were consumed; those that passed by unread do not count. */
  get taken(): number {
    return this.#state[2];
  }

  set taken(count: number) {
    this.#state[2] = count;
  }
}

/** How often frames that cannot be recorded any more are let go. */
const IDLE_MS = 100;

/** Records until the stream ends, or the pipeline is stopped. */
export function recordFrames(
  { frames }: { frames: Reader<FrameType> },
  { params, state, resumed, sleep }: TaskContext<RecordParams, FrameOf<DType> | undefined>,
): void {
  const { head, folder, settings } = params;
  makeFolder(settings.folder, folder);
  const progress = new SharedProgress(state as Float64Array | undefined ?? new Float64Array(3));
  if (resumed) endLastPart(settings.folder, head.stream, progress);
  using recorder = new StreamRecorder(head, settings, progress);
  try {
    try {
      if (params.isBlocking) recordAll(frames, recorder, progress);
      else recordSome(frames, recorder, progress);
    } catch (error) {
      if (error instanceof StoppedError) recorder.finish();
      throw error;
    }
    recorder.finish();
  } catch (error) {
    if (!(error instanceof DiskFull) || settings.onFull === "fail") throw error;
    tell(`Cannot go on recording stream "${head.stream}" of pipeline "${head.pipeline}": ${error.message}`);
    recorder[Symbol.dispose]();
    passBy(frames, sleep);
  }
}

/** The recorder that failed has left its file without an end. What is in it counts, whatever the recorder knew of. */
function endLastPart(folder: string, stream: string, progress: SharedProgress): void {
  const path = partPath(folder, stream, progress.parts - 1);
  // The task may have failed before its first part, or the file was removed.
  if (progress.parts === 0 || !existsSync(path)) return;
  const last = repairFile(path)?.last ?? -1;
  progress.flushed = Math.max(progress.flushed, last + 1);
}

/** Takes every frame: many small ones in one go. */
function recordAll(frames: Reader<FrameType>, recorder: StreamRecorder, progress: SharedProgress): void {
  passKnown(frames, recorder, progress);
  while (!frames.closed) {
    const found = frames.lookMany(recorder.room, { timeoutMs: recorder.patience });
    if (found === null) {
      recorder.flush();
      continue;
    }
    recorder.add(found.map((frame) => bytesOf(frame, frames.frameBytes)), progress.taken - recorder.next);
    frames.increment();
    progress.taken += found.length;
  }
}

/** Frames that a recorder has written and not consumed come again. */
function passKnown(frames: Reader<FrameType>, { next }: StreamRecorder, progress: SharedProgress): void {
  while (progress.taken < next && frames.look(Infinity)) {
    frames.increment();
    progress.taken++;
  }
}

/** Takes what it can without holding the writer back. */
function recordSome(frames: Reader<FrameType>, recorder: StreamRecorder, progress: SharedProgress): void {
  frames.setBlocking(false);
  const frame = frames.frame();
  const bytes = bytesOf(frame, frames.frameBytes);
  while (!frames.closed) {
    if (!frames.readInto(frame, recorder.patience)) {
      if (recorder.patience === 0) recorder.flush();
      continue;
    }
    const number = progress.taken + frames.lost;
    progress.taken++;
    recorder.add([bytes], number - recorder.next);
  }
}

/** Stays a reader of the stream, which nobody must take for abandoned, without holding its writer back. */
function passBy(frames: Reader<FrameType>, sleep: (ms: number) => void): void {
  frames.setBlocking(false);
  while (!frames.closed) {
    frames.skipToNewest();
    frames.read();
    sleep(IDLE_MS);
  }
}
