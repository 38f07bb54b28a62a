import { deepEqual, equal, ok, rejects, throws } from "node:assert/strict";
import { getPriority } from "node:os";
import {
  LifecycleError,
  Pipeline,
  type Snapshot,
  type TaskMetrics,
  UnknownNameError,
  type WaitingFor,
} from "@ringmill/ringmill";
import * as busy from "./_busy_tasks.ts";
import { INT, newPipeline } from "./_helpers.ts";
import * as tasks from "./_tasks.ts";

const BUSY = new URL("./_busy_tasks.ts", import.meta.url);

/** The first snapshot that satisfies a condition. */
async function snapshotWhere(pipe: Pipeline, condition: (snapshot: Snapshot) => boolean): Promise<Snapshot> {
  for await (const snapshot of pipe.watch()) if (condition(snapshot)) return snapshot;
  throw new Error("the pipeline ended before");
}

/** The first metrics of a task that satisfy a condition. */
async function metricsWhere(pipe: Pipeline, task: string, condition: (metrics: TaskMetrics) => boolean) {
  return (await snapshotWhere(pipe, ({ tasks }) => condition(tasks[task]))).tasks[task];
}

/** What it waits for, without for how long. */
function named(wait: WaitingFor | null) {
  ok(wait!.forMs! >= 0);
  const { forMs: _, ...rest } = wait!;
  return rest;
}

/** count -> double -> the program. */
function line(count: number) {
  const pipe = newPipeline("line");
  const numbers = pipe.addStream("numbers", INT);
  const doubled = pipe.addStream("doubled", INT);
  pipe.addTask("count", { fn: tasks.count, writes: { numbers }, params: { count } });
  pipe.addTask("double", { fn: tasks.double, reads: { numbers }, writes: { doubled } });
  pipe.addTask("drain", { fn: tasks.drain, reads: { numbers: doubled } });
  return pipe;
}

Deno.test("Pipeline.metrics() counts frames and bytes in and out, exactly at the end", async () => {
  await using pipe = line(10_000);
  await pipe.compile();
  pipe.startMonitor({ intervalMs: 20 });
  await pipe.run();
  deepEqual(Object.keys(pipe.metrics()), ["count", "double", "drain"]);
  const { count, double, drain } = pipe.metrics();
  deepEqual([count.framesIn, count.framesOut, count.bytesOut], [0, 10_000, 40_000]);
  deepEqual([double.framesIn, double.framesOut, double.bytesIn, double.bytesOut], [10_000, 10_000, 40_000, 40_000]);
  deepEqual([drain.framesIn, drain.framesOut], [10_000, 0]);
  deepEqual(Object.keys(double.reads), ["numbers"]);
  equal(double.writes.doubled.stream, "doubled");
  deepEqual([count, double, drain].map(({ state }) => state), ["ended", "ended", "ended"]);
  await pipe.close();
  equal(pipe.metrics("count").framesOut, 10_000);
});

Deno.test("Pipeline.metrics() of a task tells of its process, thread and memory", async () => {
  await using pipe = line(10);
  await pipe.compile();
  pipe.startMonitor();
  const { pid, threadId, nice, rssBytes, sampledAt } = pipe.metrics("double");
  equal(pid, Deno.pid);
  ok(rssBytes > 1_000_000);
  ok(Math.abs(sampledAt - Date.now()) < 60_000);
  if (Deno.build.os === "linux") {
    const threads = Object.values(pipe.metrics()).map((metrics) => metrics.threadId);
    equal(new Set(threads).size, 3);
    ok(threads.every((thread) => Number.isInteger(thread) && thread! > 0));
    equal(nice, getPriority());
    ok(Deno.statSync(`/proc/self/task/${threadId}`).isDirectory);
  }
});

Deno.test("Pipeline.metrics() says of a compiled task that it waits for the start", async () => {
  await using pipe = line(10);
  await pipe.compile();
  pipe.startMonitor();
  const { state, waitingFor, cpuPercent, blockedOnEmpty } = pipe.metrics("count");
  deepEqual([state, waitingFor, cpuPercent, blockedOnEmpty], ["waiting", { what: "start" }, null, null]);
});

Deno.test("Pipeline.metrics() tells who is blocked on an empty and who on a full stream", async () => {
  await using pipe = new Pipeline("blocked", BUSY);
  const numbers = pipe.addStream("numbers", { ...INT, frames: 2 });
  const idle = pipe.addStream("idle", INT);
  pipe.addTask("write", { fn: tasks.countForever, module: new URL("./_tasks.ts", BUSY), writes: { numbers } });
  pipe.addTask("read", { fn: busy.readSlowly, reads: { numbers } });
  pipe.addTask("starve", { fn: busy.readAsync, reads: { numbers: idle } });
  pipe.openWriter(idle);
  await pipe.start();
  pipe.startMonitor({ intervalMs: 50 });
  const { tasks: { write, starve }, streams } = await snapshotWhere(
    pipe,
    ({ tasks, streams }) =>
      tasks.write.blockedOnFull! > 0.5 && tasks.starve.blockedOnEmpty! > 0.5 && streams.numbers.pressurePercent >= 50,
  );
  equal(write.blockedOnEmpty, 0);
  equal(starve.blockedOnFull, 0);
  deepEqual(named(starve.waitingFor), { what: "data", name: "idle" });
  equal(streams.idle.pressurePercent, 0);
  deepEqual(
    named((await metricsWhere(pipe, "write", ({ state }) => state === "waiting")).waitingFor),
    { what: "room", name: "numbers" },
  );
  deepEqual(named((await metricsWhere(pipe, "read", ({ waitingFor }) => waitingFor !== null)).waitingFor), {
    what: "sleep",
  });
  pipe.stop();
});

Deno.test("Pipeline.metrics() is true of a task that never waits: frames, rates and CPU time grow", async () => {
  await using pipe = new Pipeline("busy", BUSY);
  const numbers = pipe.addStream("numbers", { ...INT, frames: 1024 });
  const done = pipe.addStream("done", INT);
  pipe.addTask("compute", { fn: busy.compute, writes: { numbers }, reads: { done } });
  const reader = pipe.openReader(numbers);
  const writer = pipe.openWriter(done);
  await pipe.compile();
  reader.setBlocking(false);
  await pipe.start();
  pipe.startMonitor({ intervalMs: 30 });
  const { state, framesOut, writes, cpuPercent } = await metricsWhere(
    pipe,
    "compute",
    ({ writes, cpuPercent }) => writes.numbers.framesPerSecond! > 0 && (cpuPercent! > 0 || Deno.build.os !== "linux"),
  );
  equal(state, "running");
  ok(framesOut > 0 && cpuPercent! <= 100);
  equal(writes.numbers.bytesPerSecond, 4 * writes.numbers.framesPerSecond!);
  writer.write(Int32Array.of(1));
  await pipe.join();
});

Deno.test("Pipeline.metrics() tells of waiting for an event, and of the end", async () => {
  await using pipe = new Pipeline("event", BUSY);
  const go = pipe.addEvent("go");
  pipe.addTask("await", { fn: busy.awaitGo, events: { go } });
  const own = pipe.openEvent(go);
  await pipe.start();
  pipe.startMonitor({ intervalMs: 10 });
  deepEqual(named((await metricsWhere(pipe, "await", ({ waitingFor }) => waitingFor !== null)).waitingFor), {
    what: "event",
    name: "go",
  });
  own.signal();
  await pipe.join();
  deepEqual([pipe.metrics("await").state, pipe.metrics("await").waitingFor], ["ended", null]);
});

Deno.test("Pipeline.metrics() tells a controlled task's wait for its activation", async () => {
  await using pipe = newPipeline();
  const numbers = pipe.addStream("numbers", INT);
  const go = pipe.addEvent("go");
  pipe.addTask.toggleable("calls", { fn: tasks.countCalls, writes: { numbers }, events: { go }, activateOn: "go" });
  pipe.openReader(numbers);
  pipe.openEvent(go);
  await pipe.start();
  pipe.startMonitor({ intervalMs: 10 });
  deepEqual(named((await metricsWhere(pipe, "calls", ({ waitingFor }) => waitingFor !== null)).waitingFor), {
    what: "event",
    name: "go",
  });
  pipe.stop();
});

Deno.test("Pipeline.metrics() tells which task has failed", async () => {
  await using pipe = line(10_000);
  const more = pipe.addStream("more", INT);
  pipe.addTask("bad", { fn: tasks.throwError, writes: { numbers: more } });
  pipe.addTask("wait", { fn: tasks.drain, reads: { numbers: more } });
  await pipe.compile();
  pipe.startMonitor();
  await rejects(pipe.run(), { name: "TaskError", task: "bad" });
  equal(pipe.metrics("bad").state, "failed");
  equal(pipe.metrics("wait").state, "ended");
});

Deno.test("Pipeline.metrics() counts what passed a reader by", async () => {
  await using pipe = new Pipeline("passing", BUSY);
  const numbers = pipe.addStream("numbers", { ...INT, frames: 2, minReaderPosRefreshInterval: 1 });
  pipe.addTask("pass", { fn: busy.letPass, reads: { numbers } });
  pipe.addTask("write", {
    fn: tasks.count,
    module: new URL("./_tasks.ts", BUSY),
    writes: { numbers },
    params: { count: 50_000 },
  });
  await pipe.compile();
  pipe.startMonitor();
  await pipe.run();
  const { framesIn, reads: { numbers: { lost } } } = pipe.metrics("pass");
  ok(framesIn > 0);
  equal(framesIn + lost, 50_000);
});

Deno.test("Pipeline.metrics() knows the heap of each task, as of its last wait", async () => {
  await using pipe = new Pipeline("heap", BUSY);
  const numbers = pipe.addStream("numbers", INT);
  const idle = pipe.addStream("idle", INT);
  pipe.addTask("hoard", { fn: busy.hoard, reads: { numbers } });
  pipe.addTask("small", { fn: busy.readAsync, reads: { numbers: idle } });
  const writers = [pipe.openWriter(numbers), pipe.openWriter(idle)];
  await pipe.compile();
  pipe.startMonitor({ intervalMs: 20 });
  await pipe.start();
  const { heapBytes } = await metricsWhere(pipe, "hoard", ({ heapBytes }) => heapBytes! > 20_000_000);
  for (const writer of writers) writer.close();
  await pipe.join();
  const { small } = pipe.metrics();
  ok(small.heapBytes! > 0 && small.heapBytes! < heapBytes!);
});

Deno.test("Pipeline.watch() gives snapshots until the pipeline has ended, with the final figures last", async () => {
  await using pipe = line(20_000);
  await pipe.start();
  pipe.startMonitor({ intervalMs: 10 });
  let last: Snapshot | undefined;
  let times = 0;
  for await (const snapshot of pipe.watch()) {
    if (last) ok(snapshot.sampledAt > last.sampledAt);
    last = snapshot;
    times++;
  }
  ok(times >= 1);
  deepEqual([last!.tasks.drain.framesIn, last!.streams.doubled.frames], [20_000, 20_000]);
  equal(last!.tasks, pipe.metrics());
  for await (const _ of pipe.watch()) throw new Error("it has ended");
});

Deno.test("Pipeline.watch() begins to monitor, can be left, and be had twice", async () => {
  await using pipe = newPipeline();
  pipe.addTask("sleep", { fn: tasks.sleepForever });
  await pipe.start();
  for await (const _ of pipe.watch()) break;
  const [one, other] = [pipe.watch(), pipe.watch()];
  const both = await Promise.all([one.next(), other.next()]);
  equal(both[0].value, both[1].value);
  pipe.stop();
});

Deno.test("Pipeline.metrics() without a monitor, or of an unknown task, is refused", async () => {
  await using pipe = line(1);
  throws(() => pipe.metrics(), LifecycleError);
  throws(() => pipe.metrics(), /Cannot read metrics of "line": startMonitor\(\) was not called/);
  throws(() => pipe.startMonitor(), { name: "LifecycleError", message: 'Cannot monitor "line": it was not compiled' });
  await pipe.compile();
  pipe.startMonitor();
  throws(() => pipe.startMonitor(), /Cannot monitor "line": it is monitored already/);
  throws(() => pipe.metrics("dubble"), UnknownNameError);
  throws(() => pipe.metrics("dubble"), /Cannot find task "dubble" in "line"; did you mean "double"\?$/);
  throws(() => pipe.metrics("toString"), UnknownNameError);
});

for (
  const [intervalMs, name] of [[9, "RangeError"], [NaN, "RangeError"], [Infinity, "RangeError"], ["1", "TypeError"]]
) {
  Deno.test(`Pipeline.startMonitor() refuses an intervalMs of ${intervalMs}`, async () => {
    await using pipe = line(1);
    await pipe.compile();
    const message =
      `Cannot monitor "line": intervalMs must be a number of milliseconds from 10 to 2147483647, received ${
        Deno.inspect(intervalMs)
      }`;
    throws(() => pipe.startMonitor({ intervalMs: intervalMs as number }), { name: name as string, message });
  });
}
