/** The tasks of the benchmarks of restarts. */

import type { Reader, TaskContext, Writer } from "@ringmill/ringmill";
import { now } from "../../src/ring/clock.ts";
import { Receipt } from "./_measure.ts";

/** Writes frames that begin with their number. */
export function write({ frames }: { frames: Writer<"uint32"> }, { params }: TaskContext<{ frames: number }>) {
  const frame = frames.frame();
  for (let n = 0; n < params.frames; n++) {
    frame[0] = n;
    frames.write(frame, Infinity);
  }
}

/** Reads them in the loop that everybody writes. */
export function readInLoop({ frames, receipts }: { frames: Reader<"uint32">; receipts: Writer<"float64"> }) {
  const receipt = new Receipt();
  for (const frame of frames) receipt.take(frame[0]);
  const { time, sum } = receipt.settle();
  receipts.write(Float64Array.of(time, sum), Infinity);
}

/** Crashes once, and tells how many milliseconds later it has the next frame. */
export function crashOnce(
  { frames, receipts }: { frames: Reader<"uint32">; receipts: Writer<"float64"> },
  { state, resumed }: TaskContext<unknown, Float64Array>,
) {
  for (const _ of frames) {
    if (resumed) {
      receipts.write(Float64Array.of(now() - state[0], 1), Infinity);
      return;
    }
    state[0] = now();
    throw new Error("planned");
  }
}
