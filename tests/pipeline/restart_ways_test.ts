/** Restarts beside everything else that tasks do: latest frames, selects, events, ends, drains, raw rings. */

import { Pipeline } from "@ringmill/ringmill";
import { Manager } from "@ringmill/ringmill/runtime";
import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import * as tasks from "./_restart_ways_tasks.ts";

const TASKS = new URL("./_restart_ways_tasks.ts", import.meta.url);
const ONE = { shape: [1], dtype: "float64" } as const;
const STATE = { shape: [1], dtype: "float64" } as const;
const SOON = { backoffMs: 1, limit: 100 } as const;
const LATE = { backoffMs: 1e9, maxBackoffMs: 1e9 } as const;

async function arriving(pipe: Pipeline, name: string): Promise<number[]> {
  const reader = pipe.openReader(pipe.stream(name, "float64"));
  await pipe.start();
  const frames: number[] = [];
  for await (const [n] of reader) frames.push(n);
  await pipe.join();
  return frames;
}

async function untilRestarting(pipe: Pipeline, task: string): Promise<void> {
  while (pipe.metrics(task).state !== "restarting") await new Promise((resolve) => setTimeout(resolve, 5));
}

for (const when of ["while it is to be started again", "before"] as const) {
  Deno.test(`restart: a task that nobody reads any more is stopped, also if that came ${when}`, async () => {
    await using pipe = new Pipeline("line", TASKS);
    const samples = pipe.addStream("samples", ONE);
    const restart = when === "before" ? { backoffMs: 100 } : LATE;
    pipe.addTask("source", { fn: tasks.crashesAndGoesOn, writes: { samples }, restart });
    pipe.addTask("sink", { fn: tasks.takesOne, reads: { samples } });
    await pipe.run();
    deepEqual([...pipe.abandoned.keys()], ["source"]);
  });
}

Deno.test("restart: a drain ends a task that is to be started again", async () => {
  await using pipe = new Pipeline("line", TASKS);
  const samples = pipe.addStream("samples", ONE);
  pipe.addTask("source", { fn: tasks.crashesAlways, writes: { samples }, restart: LATE });
  pipe.addTask("sink", { fn: tasks.takesAll, reads: { samples } });
  await pipe.compile();
  pipe.startMonitor({ intervalMs: 10 });
  await pipe.start();
  await untilRestarting(pipe, "source");
  equal(await pipe.drain({ timeoutMs: 20_000 }), true);
});

Deno.test("restart: of a stream's newest frames, a task that failed gets one that is newest then", async () => {
  await using pipe = new Pipeline("line", TASKS);
  const samples = pipe.addStream("samples", ONE);
  const seen = pipe.addStream("seen", ONE);
  pipe.addTask("numbers", { fn: tasks.numbers, writes: { samples }, params: { frames: 5 } });
  pipe.addTask("latest", {
    ...{ fn: tasks.crashesOnLatest, reads: { samples: samples.latest }, writes: { seen }, state: STATE },
    restart: { ...SOON, onFailedFrame: "skip" },
  });
  const frames = await arriving(pipe, "seen");
  ok(frames.length <= 5 && frames.every((n, index) => index === 0 || n > frames[index - 1]), `${frames}`);
});

Deno.test("restart: a task that selects loses and doubles nothing", async () => {
  await using pipe = new Pipeline("line", TASKS);
  const [left, right, merged] = ["left", "right", "merged"].map((name) => pipe.addStream(name, ONE));
  pipe.addTask("lefts", { fn: tasks.numbers, writes: { samples: left }, params: { frames: 30 } });
  pipe.addTask("rights", { fn: tasks.numbers, writes: { samples: right }, params: { frames: 30 } });
  pipe.addTask("merge", {
    ...{ fn: tasks.selects, reads: { left, right }, writes: { merged }, state: STATE, restart: SOON },
  });
  const frames = await arriving(pipe, "merged");
  deepEqual(frames.toSorted((a, b) => a - b), Array.from({ length: 60 }, (_, n) => Math.floor(n / 2)));
});

Deno.test("restart: a task that waits for an event misses no signal that comes later", async () => {
  await using pipe = new Pipeline("line", TASKS);
  const bell = pipe.addEvent("bell");
  const seen = pipe.addStream("seen", ONE);
  pipe.addTask("signals", { fn: tasks.signals, events: { bell }, params: { times: 6 } });
  pipe.addTask("waits", { fn: tasks.waits, events: { bell }, writes: { seen }, state: STATE, restart: SOON });
  const frames = await arriving(pipe, "seen");
  ok(!frames.includes(2) && frames[0] === 1 && frames.length >= 2, `${frames}`);
});

Deno.test("restart: a switchable task that fails is called again while its event is open", async () => {
  await using pipe = new Pipeline("line", TASKS);
  const samples = pipe.addStream("samples", ONE);
  const seen = pipe.addStream("seen", ONE);
  const open = pipe.addEvent("open", { initialState: true });
  pipe.addTask("numbers", { fn: tasks.numbers, writes: { samples }, params: { frames: 5 } });
  pipe.addTask.switchable("switched", {
    ...{ fn: tasks.onOpen, activateOn: "open", events: { open }, reads: { samples }, writes: { seen } },
    ...{ state: STATE, restart: SOON },
  } as never);
  deepEqual(await arriving(pipe, "seen"), [0, 1, 2, 3, 4]);
});

Deno.test("onFailedFrame: attempts count for each frame, whatever else fails in between", async () => {
  await using pipe = new Pipeline("line", TASKS);
  const [left, right, seen] = ["left", "right", "seen"].map((name) => pipe.addStream(name, ONE));
  pipe.addTask("lefts", { fn: tasks.numbers, writes: { samples: left }, params: { frames: 3 } });
  pipe.addTask("rights", { fn: tasks.numbers, writes: { samples: right }, params: { frames: 3 } });
  pipe.addTask("turns", {
    ...{ fn: tasks.crashesInTurn, reads: { left, right }, writes: { seen }, state: STATE },
    restart: { ...SOON, onFailedFrame: { attempts: 3, then: "deadLetters" } },
  });
  deepEqual(await arriving(pipe, "seen"), [1]);
  // The third failure with a frame in hand is one with the first stream's alone.
  const letters = await Array.fromAsync(pipe.deadLetters);
  deepEqual(letters.map(({ stream, frame, attempts }) => [stream, frame, attempts]), [["left", 0, 3]]);
});

Deno.test("restart: what a failed run has closed stays closed", async () => {
  await using pipe = new Pipeline("line", TASKS);
  const early = pipe.addStream("early", ONE);
  const seen = pipe.addStream("seen", ONE);
  pipe.addTask("closes", { fn: tasks.closesFirst, writes: { early, seen }, restart: SOON });
  pipe.addTask("sink", { fn: tasks.takesAll, reads: { samples: early } });
  equal((await arriving(pipe, "seen")).length, 1);
});

Deno.test("restart: a crash while the pipeline stops is a failure, and is not started again", async () => {
  await using pipe = new Pipeline("line", TASKS);
  const samples = pipe.addStream("samples", ONE);
  pipe.openWriter(samples);
  pipe.addTask("sink", { fn: tasks.crashesAtStop, reads: { samples }, restart: SOON });
  await pipe.start();
  pipe.stop();
  await rejects(pipe.join(), /Task "sink" failed: it threw Error: crash while it stops/);
  equal(pipe.tasks.size, 1);
});

Deno.test("restart: dead letters of a raw ring have its bytes", async () => {
  await using manager = new Manager("raw");
  manager.addRing({ name: "bytes", bytes: 64 });
  manager.addTask({ name: "write", fn: "writesBytes", module: TASKS.href, writes: { bytes: "bytes" } });
  manager.addTask({
    ...{ name: "read", fn: "failsOnBytes", module: TASKS.href, reads: { bytes: "bytes" } },
    restart: { backoffMs: 1, onFailedFrame: { attempts: 1, then: "deadLetters" } },
  });
  await manager.start();
  await manager.join();
  const [{ stream, frame, data }, ...others] = await Array.fromAsync(manager.deadLetters);
  deepEqual([stream, frame, data, others], ["bytes", 0, Uint8Array.of(1, 2, 3, 4), []]);
});

for (const closing of Object.keys(tasks.CLOSINGS) as (keyof typeof tasks.CLOSINGS)[]) {
  Deno.test(`restart: a part of a failed task that closes ${closing} takes nothing from the next run`, async () => {
    await using pipe = new Pipeline("line", TASKS);
    const [samples, others, seen, signalled] = ["samples", "others", "seen", "signalled"].map((name) =>
      pipe.addStream(name, { ...ONE, frames: 4 })
    );
    const go = pipe.addEvent("go");
    pipe.addTask("samples", { fn: tasks.numbers, writes: { samples }, params: { frames: 20 } });
    pipe.addTask("others", { fn: tasks.numbers, writes: { samples: others }, params: { frames: 20 } });
    pipe.addTask("copy", {
      ...{ fn: tasks.closesBehind, reads: { samples, others }, writes: { seen }, events: { go }, params: closing },
      restart: SOON,
    });
    pipe.addTask("wait", { fn: tasks.untilSignalled, events: { go }, writes: { seen: signalled } });
    const reader = pipe.openReader(signalled);
    // A frame that a part has read, and not written, is gone with it.
    equal((await arriving(pipe, "seen")).filter((n) => n === 19).length, 2);
    deepEqual(reader.read(), Float64Array.of(1));
  });
}

for (const way of ["promise", "timer", "close"] as const) {
  Deno.test(`restart: a task that has returned and leaves a ${way} behind that fails goes on with its streams`, async () => {
    await using pipe = new Pipeline("line", TASKS);
    const samples = pipe.addStream("samples", { ...ONE, frames: 4 });
    const seen = pipe.addStream("seen", { ...ONE, frames: 4 });
    pipe.addTask("numbers", { fn: tasks.numbers, writes: { samples }, params: { frames: 20 } });
    pipe.addTask("copy", { fn: tasks.failsBehind, reads: { samples }, writes: { seen }, params: way, restart: SOON });
    deepEqual(await arriving(pipe, "seen"), Array.from({ length: 20 }, (_, n) => n));
  });

  Deno.test(`A stream does not end when its task has returned and leaves a ${way} behind that fails`, async () => {
    await using pipe = new Pipeline("line", TASKS);
    const samples = pipe.addStream("samples", ONE);
    const seen = pipe.addStream("seen", ONE);
    pipe.addTask("numbers", { fn: tasks.numbers, writes: { samples }, params: { frames: 20 } });
    pipe.addTask("copy", { fn: tasks.failsBehind, reads: { samples }, writes: { seen }, params: way });
    const reader = pipe.openReader(seen);
    await pipe.start();
    const reading = async () => {
      for await (const _ of reader);
    };
    await rejects(reading, { name: "TaskError", task: "copy" });
  });
}
