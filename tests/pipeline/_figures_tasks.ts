/** Tasks that count their own figures, and a program that prints what a monitor says of them. */

import {
  Pipeline,
  type Reader,
  select,
  selectAsync,
  type Snapshot,
  type TaskContext,
  type Writer,
} from "@ringmill/ringmill";
import process from "node:process";

type Bytes = Writer<"float64">;

function burn(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

/** What a task says of itself, when all that it does is done. */
const ownCpuMs = () => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
};

/** Computes for a while, never waits, and then writes the CPU time that it has used since it was called. */
export function burner({ a }: { a: Bytes }, { params }: TaskContext<{ ms: number; throws?: boolean }>): void {
  const before = ownCpuMs();
  burn(params.ms);
  a.write(Float64Array.of(ownCpuMs() - before), Infinity);
  if (params.throws) throw new Error("burnt out");
}

/** Computes for a while and says how much that was, and crashes until it was started again twice. */
export function crashingBurner({ a }: { a: Bytes }, context: TaskContext<{ ms: number }>): void {
  const before = ownCpuMs();
  burn(context.params.ms);
  a.write(Float64Array.of(ownCpuMs() - before), Infinity);
  if (context.restarts < 2) throw new Error("burnt out");
}

/** Reads all, and then sleeps. */
export function linger({ a }: { a: Reader<"float64"> }, context: TaskContext<{ ms: number }>): void {
  for (const _ of a);
  context.sleep(context.params.ms);
}

/** Computes for ever. */
export function forever({ a }: { a: Bytes }): void {
  for (;;) a.write(Float64Array.of(1));
}

/** Writes ten frames, one each so many milliseconds, beginning at once or not. */
export function every({ a }: { a: Bytes }, context: TaskContext<{ ms: number; count: number }>): void {
  for (let n = 0; n < context.params.count; n++) {
    context.sleep(context.params.ms);
    a.write(Float64Array.of(n), Infinity);
  }
}

/** Waits for both at once, again and again. */
export async function join({ a, b }: { a: Reader<"float64">; b: Reader<"float64"> }): Promise<void> {
  for (;;) {
    const [one, other] = await Promise.all([a.readAsync(), b.readAsync()]);
    if (!one || !other) return;
  }
}

/** Waits for either, and reads what comes. */
export function eitherOf({ a, b }: { a: Reader<"float64">; b: Reader<"float64"> }): void {
  while (!a.closed || !b.closed) {
    const key = select({ a: a.closed ? null : a, b: b.closed ? null : b });
    (key === "a" ? a : b).read();
  }
}

/** The same without blocking the thread. */
export async function eitherOfAsync({ a, b }: { a: Reader<"float64">; b: Reader<"float64"> }): Promise<void> {
  while (!a.closed || !b.closed) {
    const key = await selectAsync({ a: a.closed ? null : a, b: b.closed ? null : b });
    (key === "a" ? a : b).read();
  }
}

/** A wait that is given up again and again, while another one on the same stream lasts. */
export async function giveUp({ a }: { a: Reader<"float64"> }): Promise<void> {
  const patient = a.readAsync();
  for (let n = 0; n < 20; n++) await a.readAsync({ timeoutMs: 10 });
  await patient;
}

/** Computes for `busy` of each 25 ms, and waits for a frame in the rest. */
export function pulse({ a }: { a: Reader<"float64"> }, { params }: TaskContext<{ busyMs: number }>): void {
  for (const _ of a) burn(params.busyMs);
}

/** All snapshots of a pipeline, from before its start to its end. */
export async function snapshotsOf(pipe: Pipeline, intervalMs: number): Promise<Snapshot[]> {
  await pipe.compile();
  pipe.startMonitor({ intervalMs });
  const all: Snapshot[] = [];
  const watching = (async () => {
    for await (const snapshot of pipe.watch()) all.push(snapshot);
  })();
  await pipe.run().catch((error) => {
    if (!String(error).includes("burnt out")) throw error;
  });
  await watching;
  return all;
}

/** A burner, somebody who reads on for a while, and what is known of both. */
export async function burnAndLinger(intervalMs: number, ms: number, throws = false) {
  await using pipe = new Pipeline("burn", import.meta);
  const a = pipe.addStream("a", { shape: [1], dtype: "float64" });
  pipe.addTask("burner", { fn: burner, writes: { a }, params: { ms, throws } });
  pipe.addTask("linger", { fn: linger, reads: { a }, params: { ms: 300 } });
  const own = pipe.openReader(a);
  const snapshots = await snapshotsOf(pipe, intervalMs);
  // Whoever reads of a failed task gets its failure.
  const usedMs = throws ? ms / 4 : own.read()![0];
  const tasks = snapshots.map(({ tasks, elapsedMs }) => ({ ...tasks.burner, elapsedMs }));
  const sumMs = tasks.reduce((sum, { cpuPercent, elapsedMs }) => sum + (cpuPercent ?? 0) / 100 * elapsedMs, 0);
  return { usedMs, sumMs, last: tasks.at(-1)! };
}

if (import.meta.main) {
  const [kind] = Deno.args;
  if (kind === "burn") {
    const { usedMs, sumMs, last } = await burnAndLinger(10_000, 500);
    console.log(JSON.stringify({ usedMs, sumMs, last }));
  } else {
    await using pipe = new Pipeline("forever", import.meta);
    const a = pipe.addStream("a", { shape: [1], dtype: "float64", frames: 1024 });
    pipe.addTask("forever", { fn: forever, writes: { a } });
    pipe.addTask.terminator("end", { reads: { a } });
    await pipe.start();
    // It computes already when it is first looked at.
    await new Promise((resolve) => setTimeout(resolve, 200));
    pipe.startMonitor({ intervalMs: 50 });
    await new Promise((resolve) => setTimeout(resolve, 300));
    console.log(JSON.stringify(pipe.metrics("forever")));
    pipe.stop();
  }
}
