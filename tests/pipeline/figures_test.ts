/** Figures are true: of what has ended, of several waits at once, and of what is not known. */

import { fileURLToPath } from "node:url";
import { deepEqual, equal, ok } from "node:assert/strict";
import { Pipeline, type Snapshot, type TaskMetrics } from "@ringmill/ringmill";
import { drawTable } from "@ringmill/ringmill/view";
import * as tasks from "./_figures_tasks.ts";

const MODULE = new URL("./_figures_tasks.ts", import.meta.url);
const ONE = { shape: [1], dtype: "float64" } as const;

/** Runs the module as a program with fewer permissions. */
async function runWith(permission: string, kind: string) {
  const config = fileURLToPath(new URL("../../deno.json", import.meta.url));
  const { stdout, stderr, success } = await new Deno.Command(Deno.execPath(), {
    args: ["run", permission, "--no-check", "--config", config, fileURLToPath(MODULE), kind],
  }).output();
  ok(success, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** The share of the time of snapshots that a figure takes. */
function meanOf(snapshots: readonly Snapshot[], figure: (snapshot: Snapshot) => number | null): number {
  const total = snapshots.reduce((sum, { elapsedMs }) => sum + elapsedMs, 0);
  return snapshots.reduce((sum, snapshot) => sum + (figure(snapshot) ?? 0) * snapshot.elapsedMs, 0) / total;
}

for (const intervalMs of [50, 200, 10_000]) {
  for (const throws of [false, true]) {
    const end = throws ? "fails" : "ends";
    Deno.test(`The CPU time of a task that ${end} is whole at an interval of ${intervalMs} ms`, async () => {
      const { usedMs, sumMs, last } = await tasks.burnAndLinger(intervalMs, 400, throws);
      equal(last.state, throws ? "failed" : "ended");
      ok(usedMs >= 20 && last.cpuMs! >= usedMs && sumMs > 0.8 * usedMs, `${sumMs} and ${last.cpuMs} of ${usedMs}`);
    });
  }
}

for (const intervalMs of [50, 10_000]) {
  Deno.test(`The CPU time of a task that is started again is that of all its threads, at ${intervalMs} ms`, async () => {
    await using pipe = new Pipeline("burn again", MODULE);
    const a = pipe.addStream("a", { ...ONE, frames: 4 });
    const restart = { backoffMs: 0 };
    pipe.addTask("burner", { fn: tasks.crashingBurner, writes: { a }, params: { ms: 200 }, restart });
    const own = pipe.openReader(a);
    const snapshots = (await tasks.snapshotsOf(pipe, intervalMs)).map(({ tasks, elapsedMs }) => ({
      ...tasks.burner,
      elapsedMs,
    }));
    const used = Array.from({ length: 3 }, () => own.read()![0]);
    const usedMs = used.reduce((sum, ms) => sum + ms, 0);
    const sumMs = snapshots.reduce((sum, { cpuPercent, elapsedMs }) => sum + (cpuPercent ?? 0) / 100 * elapsedMs, 0);
    const { cpuMs } = snapshots.at(-1)!;
    ok(usedMs >= 60 && cpuMs! >= usedMs && sumMs > 0.8 * usedMs, `${sumMs} and ${cpuMs} of ${usedMs}`);
    const known = snapshots.map(({ cpuMs }) => cpuMs).filter((ms) => ms !== null);
    deepEqual(known, known.toSorted((a, b) => a - b));
  });
}

Deno.test("The CPU time of a task that ends is whole where the system tells nothing", async () => {
  const { usedMs, sumMs, last } = await runWith("--allow-read", "burn");
  ok(last.cpuMs >= usedMs && sumMs > 0.8 * usedMs, `${sumMs} and ${last.cpuMs} of ${usedMs}`);
});

Deno.test("CPU and heap of a task that never waits are null where the system tells nothing, in all outputs", async () => {
  const metrics: TaskMetrics = await runWith("--allow-read", "forever");
  deepEqual([metrics.cpuPercent, metrics.cpuMs, metrics.heapBytes, metrics.nice], [null, null, null, null]);
  ok(metrics.framesOut > 0);
  const snapshot = { sampledAt: 0, elapsedMs: 50, pid: 1, rssBytes: 1, tasks: { forever: metrics }, streams: {} };
  const cells = drawTable(snapshot).split("\n")[2].split(/ {2,}/);
  deepEqual(cells.filter((cell) => cell === "–").length, 2);
});

/** Two that write at their own pace, and one that waits for both at once. */
function joining(): Pipeline {
  const pipe = new Pipeline("join", MODULE);
  const a = pipe.addStream("a", ONE);
  const b = pipe.addStream("b", ONE);
  pipe.addTask("fast", { fn: tasks.every, writes: { a }, params: { ms: 100, count: 5 } });
  pipe.addTask("slow", { fn: tasks.every, writes: { a: b }, params: { ms: 200, count: 5 } });
  pipe.addTask("join", { fn: tasks.join, reads: { a, b } });
  return pipe;
}

Deno.test("An async task that waits for two streams at once is waiting, for the one that holds it up", async () => {
  await using pipe = joining();
  const snapshots = await tasks.snapshotsOf(pipe, 50);
  const joins = snapshots.map(({ tasks }) => tasks.join);
  const waiting = joins.filter(({ state }) => state === "waiting");
  ok(waiting.length > 0.8 * joins.length, `${waiting.length} of ${joins.length}`);
  ok(waiting.filter(({ waitingFor }) => waitingFor?.name === "b").length > 0.7 * waiting.length);
  ok(joins.some(({ waits }) => waits.length === 2));
  ok(meanOf(snapshots, ({ tasks }) => tasks.join.blockedOnEmpty) > 0.75);
  const { reads: { a, b } } = joins.at(-1)!;
  ok(b.waitedMs > 900 && b.waitedMs > a.waitedMs, `${b.waitedMs} and ${a.waitedMs}`);
  ok(meanOf(snapshots, ({ tasks }) => tasks.join.reads.b.blocked) > 0.75);
});

for (const fn of [tasks.eitherOf, tasks.eitherOfAsync]) {
  Deno.test(`A task that selects has waited for each of its streams as long as it did: ${fn.name}`, async () => {
    await using pipe = new Pipeline("select", MODULE);
    const a = pipe.addStream("a", ONE);
    const b = pipe.addStream("b", ONE);
    pipe.addTask("fast", { fn: tasks.every, writes: { a }, params: { ms: 40, count: 5 } });
    pipe.addTask("slow", { fn: tasks.every, writes: { a: b }, params: { ms: 300, count: 2 } });
    pipe.addTask("either", { fn, reads: { a, b } });
    const snapshots = await tasks.snapshotsOf(pipe, 50);
    const either = snapshots.map(({ tasks }) => tasks.either);
    const { reads } = either.at(-1)!;
    // For the fast one while there was some, for the slow one all the time.
    ok(reads.a.waitedMs >= 150, `${reads.a.waitedMs}`);
    ok(reads.b.waitedMs >= 500 && reads.b.waitedMs > reads.a.waitedMs, `${reads.b.waitedMs} and ${reads.a.waitedMs}`);
    ok(either.some(({ waits }) => waits.length === 2));
    ok(either.some(({ waits }) => waits.length === 1 && waits[0].name === "b"));
    // One thread waits no longer than there is time, however much it waits for.
    const elapsedMs = snapshots.reduce((sum, snapshot) => sum + snapshot.elapsedMs, 0);
    const share = meanOf(snapshots, ({ tasks }) => tasks.either.blockedOnEmpty);
    ok(share <= 1.001 && share * elapsedMs >= 500, `${share} of ${elapsedMs}`);
    ok(snapshots.every(({ tasks }) => (tasks.either.blockedOnEmpty ?? 0) <= 1.001));
  });
}

Deno.test("A wait that is given up does not hide another one on the same stream", async () => {
  await using pipe = new Pipeline("give up", MODULE);
  const a = pipe.addStream("a", ONE);
  pipe.addTask("slow", { fn: tasks.every, writes: { a }, params: { ms: 400, count: 1 } });
  pipe.addTask("waits", { fn: tasks.giveUp, reads: { a } });
  const snapshots = await tasks.snapshotsOf(pipe, 20);
  const states = snapshots.map(({ tasks }) => tasks.waits).filter(({ state }) => state !== "ended");
  ok(states.filter(({ state }) => state === "waiting").length > 0.8 * states.length);
  ok(states.at(-1)!.reads.a.waitedMs > 300);
});

for (const busyMs of [2, 12, 20]) {
  Deno.test(`A period of 25 ms with ${busyMs} ms of work shows as that, whatever the moments of looking`, async () => {
    await using pipe = new Pipeline("pulse", MODULE);
    const a = pipe.addStream("a", ONE);
    pipe.addTask("clock", { fn: tasks.every, writes: { a }, params: { ms: 25, count: 20 } });
    pipe.addTask("pulse", { fn: tasks.pulse, reads: { a }, params: { busyMs } });
    const snapshots = await tasks.snapshotsOf(pipe, 100);
    const { pulse } = snapshots.at(-1)!.tasks;
    // What it did not wait is what it worked, within what other programs took of the cores.
    const elapsedMs = snapshots.reduce((sum, snapshot) => sum + snapshot.elapsedMs, 0);
    const goneOnMs = elapsedMs - pulse.reads.a.waitedMs;
    ok(goneOnMs >= 20 * busyMs, `it waited ${pulse.reads.a.waitedMs} of ${elapsedMs} ms`);
    const share = meanOf(snapshots, ({ tasks }) => tasks.pulse.blockedOnEmpty);
    ok(Math.abs(share - pulse.reads.a.waitedMs / elapsedMs) < 0.01);
  });
}

Deno.test("Figures of the time since the snapshot before are null in the first one", async () => {
  await using pipe = joining();
  await pipe.compile();
  pipe.startMonitor();
  const { blockedOnEmpty, blockedOnFull, cpuPercent, reads } = pipe.metrics("join");
  deepEqual([blockedOnEmpty, blockedOnFull, cpuPercent], [null, null, null]);
  deepEqual([reads.a.framesPerSecond, reads.a.bytesPerSecond, reads.a.blocked], [null, null, null]);
  deepEqual([reads.a.frames, reads.a.waitedMs], [0, 0]);
});

Deno.test("A wait that began before anybody monitored counts from then on", async () => {
  await using pipe = new Pipeline("late", MODULE);
  const a = pipe.addStream("a", ONE);
  pipe.addTask("slow", { fn: tasks.every, writes: { a }, params: { ms: 500, count: 1 } });
  pipe.addTask("pulse", { fn: tasks.pulse, reads: { a }, params: { busyMs: 0 } });
  await pipe.start();
  await new Promise((resolve) => setTimeout(resolve, 100));
  pipe.startMonitor({ intervalMs: 50 });
  equal(pipe.metrics("pulse").waits.length, 1);
  let sumMs = 0;
  let totalMs = 0;
  for await (const { tasks, elapsedMs } of pipe.watch()) {
    sumMs += (tasks.pulse.blockedOnEmpty ?? 0) * elapsedMs;
    totalMs += elapsedMs;
  }
  ok(sumMs > 0.6 * totalMs && sumMs <= totalMs, `${sumMs} of ${totalMs}`);
});

Deno.test("Snapshots show the system's clock as it is set, and time that passes is not altered by it", async () => {
  const { now } = Date;
  await using pipe = joining();
  using _ = { [Symbol.dispose]: () => void (Date.now = now) };
  await pipe.start();
  const snapshots: Snapshot[] = [];
  for await (const snapshot of pipe.watch()) {
    ok(Math.abs(snapshot.sampledAt - Date.now()) < 30_000);
    if (snapshots.push(snapshot) === 2) Date.now = () => now() + 3_600_000;
  }
  ok(snapshots.at(-1)!.sampledAt - snapshots[0].sampledAt > 3_500_000);
  ok(snapshots.every(({ elapsedMs }) => elapsedMs < 30_000));
});
