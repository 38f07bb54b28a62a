/** A line over three machines, of which the one in the middle has two tasks. As a program: `_chain.ts JSON`. */

import { Pipeline, type Reader, type TaskContext, type Writer } from "@ringmill/ringmill";
import { nats } from "@ringmill/ringmill/cluster";
import { LEASE_MS } from "./_line.ts";
import { count, note } from "./_tasks.ts";

export { count, note };

type Float = "float64";

/** Hands frames on, sooner than the next task takes them: what lies between is lost when the program is killed. */
export function first({ frames, half }: { frames: Reader<Float>; half: Writer<Float> }): void {
  for (const frame of frames) half.write(frame);
}

/** Leaves out what the next machine has. */
export function second(
  { half, whole }: { half: Reader<Float>; whole: Writer<Float> },
  { resumeFrom, sleep }: TaskContext,
): void {
  for (const frame of half) {
    if (frame[3] >= resumeFrom) whole.write(frame);
    sleep(2);
  }
}

interface ChainOptions {
  readonly url: string;
  readonly machine: string;
  readonly total: number;
  readonly path: string;
}

async function run({ url, machine, total, path }: ChainOptions): Promise<void> {
  await using pipe = new Pipeline("chain", import.meta);
  const carry = { onNewRun: "resume", parcelBytes: 1024 } as const;
  const [frames, half, whole] = ["frames", "half", "whole"].map((name) =>
    pipe.addStream(name, { shape: [4], dtype: "float64", carry: name === "half" ? undefined : carry })
  );
  pipe.addTask("count", { fn: count, writes: { frames }, params: { total, run: 1, pauseMs: 1 }, machine: "edge" });
  pipe.addTask("first", { fn: first, reads: { frames }, writes: { half }, machine: "hub" });
  pipe.addTask("second", { fn: second, reads: { half }, writes: { whole }, machine: "hub" });
  pipe.addTask("note", { fn: note, reads: { frames: whole }, params: { path }, machine: "wall" });
  await pipe.run({ machine, transport: nats(url, { leaseMs: LEASE_MS }) });
}

if (import.meta.main) await run(JSON.parse(Deno.args[0]));
