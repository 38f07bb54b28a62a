/**
 * What a program may leave running: each kind has a thread whose event loop never comes free, or that waits for ever. They
 * are parked nearly all the time, as there are many at once.
 */

import { Pipeline, type TaskContext, type Writer } from "@ringmill/ringmill";
import { message, ringKernel, RingKernelRuntime } from "@ringmill/ringmill/actors";
import { type CallContext, WorkerPool } from "@ringmill/ringmill/graph";
import { LinearNode, LinearPipeline } from "@ringmill/ringmill/linear";
import { measureMemory } from "../../src/linear/profile/memory_profile.ts";

const MODULE = import.meta.url;

type Samples = { samples: Writer<"float32"> };

const parked = new Int32Array(new SharedArrayBuffer(4));
const park = () => Atomics.wait(parked, 0, 0, 5);

export function writeForEver({ samples }: Samples): void {
  for (;; park()) samples.write(new Float32Array(4), Infinity);
}

export function sleepForEver(_: Samples, context: TaskContext): void {
  context.sleep(Infinity);
}

/** Leaves a pipeline behind in its own worker. */
export async function leavePipeline({ samples }: Samples): Promise<void> {
  await pipelineOf(writeForEver).start();
  samples.write(new Float32Array(4), Infinity);
}

/** Waits for the pipeline that it has left behind. */
export async function runPipeline(_: Samples, context: TaskContext): Promise<void> {
  await pipelineOf(writeForEver).start();
  await new Promise((resolve) => context.signal.addEventListener("abort", resolve));
}

export function writeOnce({ samples }: Samples): void {
  samples.write(new Float32Array(4), Infinity);
}

export function fail(): void {
  throw new Error("on purpose");
}

/** Computes until it is told not to. */
export function compute(started: Int32Array<SharedArrayBuffer>, context: CallContext): void {
  Atomics.store(started, 0, 1);
  while (!context.cancelled) park();
}

/** A function of a node that never returns, although its event loop is free. */
export function neverReturn(): Promise<never> {
  console.log("called");
  return new Promise(() => setInterval(() => {}, 1000));
}

export const Text = message<{ text: string }>("Text");

export const busy = ringKernel({ id: "busy", module: MODULE, input: Text, output: Text }, (ctx) => {
  while (!ctx.shouldTerminate) park();
});

export async function leaveUnclosed(): Promise<void> {
  await start(writeForEver);
}

export async function leaveAndWait(): Promise<void> {
  await start(writeForEver);
  await new Promise(() => {});
}

export const leaves = ringKernel({ id: "leaves", module: MODULE, input: Text, output: Text }, async (ctx) => {
  for await (const message of ctx) {
    await start(writeForEver);
    await ctx.send(message);
  }
});

export const quick = ringKernel({ id: "quick", module: MODULE, input: Text, output: Text }, () => {});

export function pipelineOf(fn: (bindings: Samples, context: TaskContext) => unknown): Pipeline {
  const pipe = new Pipeline("left", new URL(MODULE));
  const samples = pipe.addStream("samples", { shape: [4], dtype: "float32" });
  pipe.addTask("source", { fn, writes: { samples } });
  pipe.addTask.terminator("unread", { reads: { samples } });
  return pipe;
}

async function start(fn: (bindings: Samples, context: TaskContext) => unknown): Promise<void> {
  await pipelineOf(fn).start();
}

/** Each begins something and resolves when that runs. */
export const KINDS: Readonly<Record<string, () => Promise<void>>> = {
  "a pipeline that runs": () => start(writeForEver),
  "a pipeline that waits": () => start(sleepForEver),
  "a pipeline that is compiled": () => pipelineOf(writeForEver).compile(),
  "a pipeline that a task started and waits beside": () => start(runPipeline),
  "a pipeline that a task left behind": async () => {
    const pipe = pipelineOf(leavePipeline);
    await pipe.run();
  },
  "a pipeline whose run was reported as failed": async () => {
    const pipe = pipelineOf(writeForEver);
    pipe.addTask("fails", { fn: fail });
    await pipe.run().catch(() => {});
  },
  "a kernel that computes": async () => {
    const runtime = new RingKernelRuntime();
    await runtime.launch("busy", busy);
    await runtime.activate("busy");
  },
  "a function in a pool": async () => {
    const pool = new WorkerPool({ name: "left", workers: 1 });
    const started = new Int32Array(new SharedArrayBuffer(4));
    pool.run({ module: MODULE, exportName: "compute" }, [started], { context: true }).catch(() => {});
    while (pool.size === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  },
  "a measurement of memory": async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    measureMemory(() => {
      resolve();
      return new Promise(() => {});
    });
    await promise;
  },
  "a node that is profiled in a worker": async () => {
    const node = new LinearNode({ fn: neverReturn, module: MODULE, profile: "worker" });
    new LinearPipeline({ name: "unclosed", nodes: [node], quiet: true }).run().catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 500));
  },
};
