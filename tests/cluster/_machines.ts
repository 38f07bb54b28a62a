/** A line over two machines, for the command line and for programs: numbers are counted on one and doubled on the other, and back. */

import { type CarryOptions, Pipeline, type Reader, type TaskContext, type Writer } from "@ringmill/ringmill";

type Float = "float64";

/** Writes so many numbers; fails after some. */
export function count(
  { numbers }: { numbers: Writer<Float> },
  { params, sleep }: TaskContext<{ total: number; pauseMs?: number; failsAfter?: number }>,
): void {
  for (let n = 0; n < params.total; n++) {
    if (n === params.failsAfter) throw new RangeError("the lens is dirty");
    numbers.write(Float64Array.of(n));
    if (params.pauseMs) sleep(params.pauseMs);
  }
}

/** Doubles. */
export function double({ numbers, doubled }: { numbers: Reader<Float>; doubled: Writer<Float> }): void {
  for (const [n] of numbers) doubled.write(Float64Array.of(2 * n));
}

/** Prints how many have come, and whether all are right. */
export function report({ doubled }: { doubled: Reader<Float> }): void {
  let next = 0;
  for (const [n] of doubled) if (n === 2 * next) next++;
  console.log(`${next} in order`);
}

/** What is declared. */
export interface MachineLineOptions {
  readonly total?: number;
  readonly pauseMs?: number;
  readonly failsAfter?: number;
  readonly carry?: CarryOptions;
}

/** The declaration. */
export function machineLine({ total = 200, pauseMs, failsAfter, carry }: MachineLineOptions = {}): Pipeline {
  const pipe = new Pipeline("labelled", import.meta);
  const numbers = pipe.addStream("numbers", { shape: [1], dtype: "float64", carry });
  const doubled = pipe.addStream("doubled", { shape: [1], dtype: "float64", carry });
  const params = { total, pauseMs, failsAfter };
  pipe.addTask("count", { fn: count, writes: { numbers }, params, machine: "edge" });
  pipe.addTask("double", { fn: double, reads: { numbers }, writes: { doubled }, machine: "hub" });
  pipe.addTask("report", { fn: report, reads: { doubled }, machine: "edge" });
  return pipe;
}

export default machineLine;
/** One whose source fails. */
export const failing = () => machineLine({ failsAfter: 50 });
/** One that never ends by itself. */
export const endless = () => machineLine({ total: Infinity, pauseMs: 1 });
/** The same, whose programs end when another one is stopped. */
export const ending = () => machineLine({ total: Infinity, pauseMs: 1, carry: { onLostPeer: "end" } });
