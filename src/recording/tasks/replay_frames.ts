/** The task that writes the frames of a recording into a stream. */

import type { TaskContext } from "../../manager/task_context.ts";
import { now } from "../../ring/clock.ts";
import type { FrameType } from "../../ring/dtypes.ts";
import type { Writer } from "../../ring/writer.ts";
import type { FrameFormat } from "../format/frame_format.ts";
import type { LoadedBatch } from "../format/loaded_batch.ts";
import { type RecordedPlace, StoredFrames } from "../format/stored_frames.ts";
import { ReplayClock } from "./replay_clock.ts";

/** What is replayed, and how. */
export interface ReplayParams {
  readonly paths: readonly string[];
  readonly speed: number;
  readonly start?: RecordedPlace;
  readonly end?: RecordedPlace;
  readonly isLoop: boolean;
  readonly clock: SharedArrayBuffer;
}

/** Writes the frames when they are due, to the end of the recording, or for ever. */
export function replayFrames(
  { frames }: { frames: Writer<FrameType> },
  { params, sleep, tellLateness }: TaskContext<ReplayParams>,
): void {
  const { paths, speed, start, end, isLoop } = params;
  const clock = new ReplayClock(params.clock);
  using stored = new StoredFrames(paths);
  let hasFrames = true;
  for (let round = 0; hasFrames && (round === 0 || isLoop); round++) {
    hasFrames = false;
    for (const { loaded, row } of stored.between(start, end)) {
      if (speed !== Infinity) tellLateness(waitUntil(clock.dueAt(loaded.times[row], round, speed), sleep));
      writeFrame(frames, stored.format, loaded, row);
      hasFrames = true;
    }
  }
}

/** Returns how late it is then, in milliseconds. */
function waitUntil(dueAt: number, sleep: (ms: number) => void): number {
  const ms = dueAt - now();
  if (ms > 0) sleep(ms);
  return Math.max(0, now() - dueAt);
}

/** Copies a frame from its batch into the ring. */
function writeFrame(
  frames: Writer<FrameType>,
  { columns, bytes }: FrameFormat,
  { data }: LoadedBatch,
  row: number,
): void {
  const { buffer, byteOffset } = addressOf(frames.look(Infinity)!);
  const slot = new Uint8Array(buffer, byteOffset, bytes);
  columns.forEach(({ offset, bytes }, index) => {
    slot.set(data[index].subarray(row * bytes, (row + 1) * bytes), offset);
  });
  frames.increment();
}

/** Where a frame lies: its only array, or the first of its columns. */
function addressOf(frame: object): Uint8Array<SharedArrayBuffer> {
  return (ArrayBuffer.isView(frame) ? frame : Object.values(frame)[0]) as Uint8Array<SharedArrayBuffer>;
}
