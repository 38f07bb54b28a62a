/** Tasks on frames with named columns. */

import type { Reader, TaskContext, Writer } from "@ringmill/ringmill";

/** The columns of a tick. */
export const TICK = { time: "int64", price: "float64", size: "int32" } as const;
type Tick = { time: "int64"; price: "float64"; size: "int32" };

/** Writes so many frames: in turn in place, by its own frame, and by one from outside. */
export function quote({ ticks }: { ticks: Writer<Tick> }, { params }: TaskContext<{ count: number }>): void {
  const length = ticks.frameLength;
  for (let n = 0; n < params.count; n++) {
    const own = { time: new BigInt64Array(length), price: new Float64Array(length), size: new Int32Array(length) };
    const frame = [ticks.look(Infinity)!, ticks.frame(), own][n % 3];
    frame.time.fill(BigInt(n));
    frame.price.fill(n / 2);
    frame.size.fill(-n);
    if (n % 3 === 0) ticks.increment();
    else ticks.write(frame);
  }
}

/** Sums price times size of each frame, and says so. */
export function value({ ticks, values }: { ticks: Reader<Tick>; values: Writer<"float64"> }): void {
  for (const { price, size } of ticks) {
    values.write(Float64Array.of(price.reduce((sum, each, index) => sum + each * size[index], 0)));
  }
}
