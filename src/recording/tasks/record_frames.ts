/** The task that records a stream. */

import { StoppedError } from "../../errors.ts";
import type { TaskContext } from "../../manager/task_context.ts";
import type { FrameType } from "../../ring/dtypes.ts";
import type { Reader } from "../../ring/reader.ts";
import type { StreamHead } from "../format/arrow_schema.ts";
import { bytesOf } from "../format/frame_format.ts";
import { type FolderHead, makeFolder } from "../format/folder.ts";
import { DiskFull, type RecorderSettings, StreamRecorder } from "./stream_recorder.ts";
import { tell } from "../../notices.ts";

/** What a recorder is told. */
export interface RecordParams {
  readonly head: StreamHead;
  readonly folder: FolderHead;
  readonly settings: RecorderSettings;
  /** Whether the writer waits for the recorder. */
  readonly isBlocking: boolean;
}

/** How often frames that cannot be recorded any more are let go. */
const IDLE_MS = 100;

/** Records until the stream ends, or the pipeline is stopped. */
export function recordFrames(
  { frames }: { frames: Reader<FrameType> },
  { params, sleep }: TaskContext<RecordParams>,
): void {
  const { head, folder, settings } = params;
  makeFolder(settings.folder, folder);
  using recorder = new StreamRecorder(head, settings);
  try {
    try {
      if (params.isBlocking) recordAll(frames, recorder);
      else recordSome(frames, recorder);
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

/** Takes every frame: many small ones in one go. */
function recordAll(frames: Reader<FrameType>, recorder: StreamRecorder): void {
  while (!frames.closed) {
    const found = frames.lookMany(recorder.room, { timeoutMs: recorder.patience });
    if (found === null) {
      recorder.flush();
      continue;
    }
    recorder.add(found.map((frame) => bytesOf(frame, frames.frameBytes)));
    frames.increment();
  }
}

/** Takes what it can without holding the writer back. */
function recordSome(frames: Reader<FrameType>, recorder: StreamRecorder): void {
  frames.setBlocking(false);
  const frame = frames.frame();
  const bytes = bytesOf(frame, frames.frameBytes);
  let lost = frames.lost;
  while (!frames.closed) {
    if (!frames.readInto(frame, recorder.patience)) {
      if (recorder.patience === 0) recorder.flush();
      continue;
    }
    recorder.add([bytes], frames.lost - lost);
    lost = frames.lost;
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
