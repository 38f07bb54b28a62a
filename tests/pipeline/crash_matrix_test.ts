/** Each way to crash at each point of the loop, in each policy. */

import { type FailedFramePolicy, Pipeline } from "@ringmill/ringmill";
import { deepEqual, rejects } from "node:assert/strict";
import { CRASHES_AT, type CrashPlan, numbers, POINTS, stage, WAYS } from "./_matrix_tasks.ts";

const TASKS = new URL("./_matrix_tasks.ts", import.meta.url);
const ONE = { shape: [1], dtype: "float64" } as const;
const FRAMES = 8;
const ALL = Array.from({ length: FRAMES }, (_, n) => n);

const POLICIES: Readonly<Record<string, FailedFramePolicy>> = {
  retry: "retry",
  skip: "skip",
  deadLetters: { attempts: 1, then: "deadLetters" },
};

/** All of them with RINGMILL_CRASHES=all: each has a worker in each policy. */
const TRIED = Deno.env.get("RINGMILL_CRASHES") === "all" ? WAYS : (["close", "throw later"] as const);

/** What arrives, by the rule: a frame in hand comes again, or is consumed; what was written stays. */
function expected(point: CrashPlan["point"], policy: string): { frames: number[]; letters: number[]; skipped: number } {
  const isHeld = point === "holds" || point === "has written";
  const isKept = policy === "retry";
  const twice = isKept && point === "has written";
  const missing = !isKept && point === "holds";
  const frames = ALL.flatMap((n) => n !== CRASHES_AT ? [n] : missing ? [] : twice ? [n, n] : [n]);
  const isLetter = isHeld && policy === "deadLetters";
  return { frames, letters: isLetter ? [CRASHES_AT] : [], skipped: isHeld && !isKept && !isLetter ? 1 : 0 };
}

function addStage(pipe: Pipeline, name: string, plan: CrashPlan, onFailedFrame: FailedFramePolicy) {
  const passed = pipe.addStream(`of ${name}`, ONE);
  pipe.addTask(name, {
    ...{ fn: stage, reads: { samples: "samples" }, writes: { passed }, params: plan },
    ...{ state: { shape: [1], dtype: "float64" }, restart: { backoffMs: 0, onFailedFrame } },
  } as never);
  return pipe.openReader(passed);
}

for (const point of POINTS) {
  Deno.test(`restart: a task that crashes when it ${point}, in each way, by each policy`, async () => {
    await using pipe = new Pipeline("matrix", TASKS);
    const samples = pipe.addStream("samples", ONE);
    pipe.addTask("numbers", { fn: numbers, writes: { samples }, params: { frames: FRAMES } });
    const cases = TRIED.flatMap((way) =>
      Object.entries(POLICIES).map(([policy, onFailedFrame]) => {
        const name = `${way}, ${policy}`;
        return { name, policy, reader: addStage(pipe, name, { point, way }, onFailedFrame) };
      })
    );
    await pipe.compile();
    pipe.startMonitor({ intervalMs: 1000 });
    await pipe.start();
    const letters = Array.fromAsync(pipe.deadLetters);
    const arrived = await Promise.all(cases.map(async ({ name, policy, reader }) => {
      const frames: number[] = [];
      for await (const [n] of reader) frames.push(Number(n));
      return { name, policy, frames };
    }));
    await pipe.join();
    const all = await letters;
    for (const { name, policy, frames } of arrived) {
      const { restarts, skippedFrames: skipped, deadLetters, state } = pipe.metrics(name);
      const own = all.filter(({ task }) => task === name).map(({ frame }) => frame);
      deepEqual({ name, frames, letters: own, skipped }, { name, ...expected(point, policy) });
      deepEqual({ name, restarts, deadLetters, state }, { name, restarts: 1, deadLetters: own.length, state: "ended" });
    }
  });
}

Deno.test("restart: by fail, a crash with a frame in hand ends the pipeline, and one without does not", async () => {
  for (const point of POINTS) {
    await using pipe = new Pipeline("matrix", TASKS);
    const samples = pipe.addStream("samples", ONE);
    pipe.addTask("numbers", { fn: numbers, writes: { samples }, params: { frames: FRAMES } });
    const reader = addStage(pipe, "stage", { point, way: "throw" }, { attempts: 1, then: "fail" });
    const run = async () => {
      await pipe.start();
      for await (const _ of reader);
      await pipe.join();
    };
    const isHeld = point === "holds" || point === "has written";
    const text = 'Task "stage" failed: it threw Error: crash (on frame 3 of stream "samples", at attempt 1)';
    if (isHeld) await rejects(run(), { name: "TaskError", message: text });
    else await run();
  }
});
