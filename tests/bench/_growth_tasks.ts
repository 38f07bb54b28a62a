/** The tasks of pipelines that grow: a source, stages, a sink, each with some work to do on a frame. */

import process from "node:process";
import type { Reader, TaskContext, Writer } from "@ringmill/ringmill";
import { Receipt } from "./_measure.ts";

/** How much there is to do. */
export interface GrowthLoad {
  readonly frames: number;
  /** Rounds of arithmetic that each task spends on a frame. */
  readonly work: number;
}

/** Something to do that no compiler leaves out: a number that only so many rounds lead to. */
export function labour(rounds: number, seed: number): number {
  let sum = seed;
  for (let n = 0; n < rounds; n++) sum = (Math.imul(sum, 1_664_525) + 1_013_904_223) | 0;
  return sum;
}

/** Nanoseconds of processor time that this thread has taken. Node's function counts in coarse ticks. */
export function threadTime(): number {
  if (Deno.build.os === "linux") return Number(Deno.readTextFileSync("/proc/thread-self/schedstat").split(" ")[0]);
  const { user, system } = process.threadCpuUsage();
  return (user + system) * 1000;
}

type Frames = Writer<"int32">;

/** Numbers the frames. Publishes nanoseconds of processor time per frame. */
export function source(
  { outlet, costs }: { outlet: Frames; costs: Writer<"float64"> },
  { params: { frames, work } }: TaskContext<GrowthLoad>,
) {
  const before = threadTime();
  for (let n = 0; n < frames; n++) {
    const frame = outlet.look(Infinity)!;
    frame[0] = n;
    frame[1] = labour(work, n);
    outlet.increment();
  }
  costs.write(Float64Array.of((threadTime() - before) / frames), Infinity);
}

/** Passes the frames on. */
export function stage(
  { inlet, outlet }: { inlet: Reader<"int32">; outlet: Frames },
  { params: { work } }: TaskContext<GrowthLoad>,
) {
  for (const frame of inlet) {
    const next = outlet.look(Infinity)!;
    next[0] = frame[0];
    next[1] = labour(work, frame[1]);
    outlet.increment();
  }
}

/** Publishes nanoseconds per frame, the sum of the frames' numbers, and what all work on the last of them has led to. */
export function sink(
  { inlet, receipts }: { inlet: Reader<"int32">; receipts: Writer<"float64"> },
  { params: { frames, work } }: TaskContext<GrowthLoad>,
) {
  const receipt = new Receipt(frames / 5);
  let last = 0;
  for (const frame of inlet) {
    last = labour(work, frame[1]);
    receipt.take(frame[0]);
  }
  const { time, sum } = receipt.settle();
  receipts.write(Float64Array.of(time, sum, last), Infinity);
}
