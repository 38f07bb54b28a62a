/** The tasks of the two-worker benchmarks, on Ringmill's streams. */

import type { Reader, TaskContext, Writer } from "@ringmill/ringmill";
import { Receipt } from "./_measure.ts";

/** How many frames to send. */
export interface Load {
  readonly frames: number;
}

/** The number that a frame begins with, and its other words are not touched: the copy is what is timed. */
type Frames = Writer<"uint32">;

/** Copies frames into the ring from the writer's own frame. */
export function writeCopies({ frames }: { frames: Frames }, { params }: TaskContext<Load>) {
  const frame = frames.frame();
  for (let n = 0; n < params.frames; n++) {
    frame[0] = n;
    frames.write(frame, Infinity);
  }
}

/** Fills frames in place. */
export function writeInPlace({ frames }: { frames: Frames }, { params }: TaskContext<Load>) {
  for (let n = 0; n < params.frames; n++) {
    frames.look(Infinity)![0] = n;
    frames.increment();
  }
}

/** Nanoseconds per frame, and the sum of their numbers. */
type Receipts = Writer<"float64">;

function publish(receipts: Receipts, receipt: Receipt): void {
  const { time, sum } = receipt.settle();
  receipts.write(Float64Array.of(time, sum), Infinity);
}

/** Copies frames out of the ring into the reader's own frame. */
export function readCopies({ frames, receipts }: { frames: Reader<"uint32">; receipts: Receipts }) {
  const receipt = new Receipt();
  const frame = frames.frame();
  while (frames.readInto(frame, Infinity)) receipt.take(frame[0]);
  publish(receipts, receipt);
}

/** Looks at frames in place. */
export function readInPlace({ frames, receipts }: { frames: Reader<"uint32">; receipts: Receipts }) {
  const receipt = new Receipt();
  for (const frame of frames) receipt.take(frame[0]);
  publish(receipts, receipt);
}
