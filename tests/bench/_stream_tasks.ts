/** The tasks of the two-worker benchmarks, on Ringmill's streams. */

import type { Reader, TaskContext, Writer } from "@ringmill/ringmill";

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

/** Sums up the numbers and tells how long it took from the first frame to the last: nanoseconds per frame. */
class Receipt {
  #sum = 0;
  #count = 0;
  #start = 0;

  take(number: number): void {
    if (this.#count++ === 0) this.#start = performance.now();
    this.#sum += number;
  }

  /** Nanoseconds per frame, or `NaN` if frames were lost or doubled. */
  settle(expected: number): number {
    const time = (performance.now() - this.#start) / (expected - 1) * 1e6;
    return this.#count === expected && this.#sum === expected * (expected - 1) / 2 ? time : NaN;
  }
}

/** Copies frames out of the ring into the reader's own frame. */
export function readCopies(
  { frames, times }: { frames: Reader<"uint32">; times: Writer<"float64"> },
  { params }: TaskContext<Load>,
) {
  const receipt = new Receipt();
  const frame = frames.frame();
  while (frames.readInto(frame, Infinity)) receipt.take(frame[0]);
  times.write(Float64Array.of(receipt.settle(params.frames)), Infinity);
}

/** Looks at frames in place. */
export function readInPlace(
  { frames, times }: { frames: Reader<"uint32">; times: Writer<"float64"> },
  { params }: TaskContext<Load>,
) {
  const receipt = new Receipt();
  for (const frame of frames) receipt.take(frame[0]);
  times.write(Float64Array.of(receipt.settle(params.frames)), Infinity);
}
