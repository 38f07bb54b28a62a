/** Ends: of a pipeline by one of its tasks, of tasks that nobody reads any more, by a drain, and by a signal. */

import { deepEqual, equal, match, ok, rejects, throws } from "node:assert/strict";
import { LifecycleError, Pipeline, TaskError, type TaskFunction } from "@ringmill/ringmill";
import { collect, INT } from "./_helpers.ts";
import * as tasks from "./_stop_tasks.ts";

const newPipeline = (name = "ends") => new Pipeline(name, new URL("./_stop_tasks.ts", import.meta.url));

/** A pipeline whose `source` writes what `sink` reads. */
function line(source: TaskFunction, sink: TaskFunction, frames = 8): Pipeline {
  const pipe = newPipeline();
  const numbers = pipe.addStream("numbers", { ...INT, frames });
  pipe.addTask("source", { fn: source as typeof tasks.countForever, writes: { numbers } });
  pipe.addTask("sink", { fn: sink as typeof tasks.readTen, reads: { numbers } });
  return pipe;
}

for (const [name, sink] of Object.entries({ "has returned": tasks.readTen, "has closed it": tasks.closeAfterTen })) {
  Deno.test(`A source is stopped when its only reader ${name}, and it is told by whom`, async () => {
    await using pipe = line(tasks.countForever, sink);
    await pipe.start();
    while (!pipe.abandoned.has("source")) await pipe.join({ timeoutMs: 5 });
    deepEqual(pipe.abandoned.get("source"), ["sink"]);
    pipe.startMonitor();
    while (pipe.metrics("source").state !== "ended") {
      await pipe.join({ timeoutMs: 20 });
      if (name === "has returned") break;
    }
    pipe.stop();
    equal(await pipe.join(), true);
  });
}

for (
  const source of [tasks.sleepForever, tasks.waitForEvent, tasks.waitForEventBlocked, tasks.waitForSignal]
) {
  Deno.test(`A task that waits elsewhere is stopped when nobody reads what it writes: ${source.name}`, async () => {
    await using pipe = newPipeline();
    const numbers = pipe.addStream("numbers", INT);
    const go = pipe.addEvent("go");
    const events = source.name.startsWith("waitForEvent") ? { events: { go } } : {};
    pipe.addTask("source", {
      fn: source as typeof tasks.waitForEvent,
      writes: { numbers },
      ...events as { events: { go: typeof go } },
    });
    const reader = pipe.openReader(numbers);
    const own = pipe.openEvent(go);
    await pipe.start();
    reader.close();
    equal(await pipe.join(), true);
    deepEqual(pipe.abandoned.get("source"), ["the program"]);
    own.close();
  });
}

for (const when of ["after compile()", "while the workers start"]) {
  Deno.test(`A task is stopped when its only reader is closed ${when}`, async () => {
    await using pipe = newPipeline();
    const numbers = pipe.addStream("numbers", INT);
    pipe.addTask("source", { fn: tasks.countForever, writes: { numbers } });
    const reader = pipe.openReader(numbers);
    await pipe.compile();
    if (when === "after compile()") reader.close();
    const started = pipe.start();
    reader.close();
    await started;
    equal(await pipe.join({ timeoutMs: 20_000 }), true);
    deepEqual([...pipe.abandoned], [["source", ["the program"]]]);
  });
}

Deno.test("A whole line ends when its last task has seen enough", async () => {
  await using pipe = newPipeline();
  const numbers = pipe.addStream("numbers", INT);
  const passed = pipe.addStream("passed", INT);
  pipe.addTask("source", { fn: tasks.countForever, writes: { numbers } });
  pipe.addTask("pass", { fn: tasks.pass, reads: { numbers }, writes: { passed } });
  pipe.addTask("sink", { fn: tasks.readTen, reads: { numbers: passed } });
  await pipe.run();
  deepEqual([...pipe.abandoned], [["pass", ["sink"]], ["source", ["pass"]]]);
});

Deno.test("A task goes on while one of its streams, or one of the readers, is left", async () => {
  await using pipe = newPipeline();
  const numbers = pipe.addStream("numbers", INT);
  pipe.addTask("source", { fn: tasks.countForever, writes: { numbers } });
  pipe.addTask("sink", { fn: tasks.readTen, reads: { numbers } });
  const reader = pipe.openReader(numbers);
  await pipe.start();
  for (let n = 0; n < 1000; n++) equal((await reader.readAsync())![0], n);
  equal(pipe.abandoned.size, 0);
  reader.close();
  equal(await pipe.join(), true);
});

Deno.test("onAbandoned: a task that is to continue does, and its writer tells", async () => {
  await using pipe = newPipeline();
  const numbers = pipe.addStream("numbers", INT);
  const said = pipe.addStream("said", { shape: [2], dtype: "int32" });
  pipe.addTask("source", { fn: tasks.goOn, writes: { numbers, said }, onAbandoned: "continue" });
  pipe.addTask("sink", { fn: tasks.readTen, reads: { numbers } });
  const reader = pipe.openReader(said);
  await pipe.start();
  deepEqual(await reader.readAsync(), Int32Array.of(0, 1));
  equal(await pipe.join(), true);
});

Deno.test("onAbandoned: a stream with a terminator is never abandoned", async () => {
  await using pipe = line(tasks.countForever, tasks.readTen);
  pipe.addTask.terminator("nobody", { reads: ["numbers"] });
  await pipe.start();
  equal(await pipe.join({ timeoutMs: 200 }), false);
  equal(pipe.abandoned.size, 0);
  pipe.stop();
  await pipe.join();
});

Deno.test("onAbandoned refuses what is no policy", () => {
  const pipe = newPipeline();
  const options = { fn: tasks.leaveRejection, onAbandoned: "ignore" as "stop" };
  throws(() => pipe.addTask("a", options), {
    name: "RangeError",
    message: /one of stop, continue, received "ignore"$/,
  });
});

Deno.test("TaskContext.stop() stops the pipeline, which is a normal end", async () => {
  await using pipe = line(tasks.countForever, tasks.askForStop);
  await pipe.run();
  equal(await pipe.join(), true);
});

for (const source of [tasks.countAndSum, tasks.countAndSumAsync]) {
  Deno.test(`Pipeline.drain() loses nothing, not even what ${source.name} writes in finally`, async () => {
    await using pipe = newPipeline();
    const numbers = pipe.addStream("numbers", { ...INT, frames: 4 });
    const sums = pipe.addStream("sums", INT);
    pipe.addTask("source", { fn: source as typeof tasks.countAndSum, writes: { numbers } });
    pipe.addTask("sum", { fn: tasks.sum, reads: { numbers }, writes: { sums } });
    const reader = pipe.openReader(sums);
    await pipe.start();
    await pipe.join({ timeoutMs: 50 });
    equal(await pipe.drain({ timeoutMs: 60_000 }), true);
    deepEqual(await collect(reader), [0]);
    equal(await pipe.join(), true);
  });
}

Deno.test("Pipeline.drain() ends the program's own writers and events", async () => {
  await using pipe = newPipeline();
  const numbers = pipe.addStream("numbers", INT);
  const sums = pipe.addStream("sums", INT);
  const go = pipe.addEvent("go");
  pipe.addTask.toggleable("sum", {
    fn: tasks.sum,
    reads: { numbers },
    writes: { sums },
    events: { go },
    activateOn: "go",
  });
  const writer = pipe.openWriter(numbers);
  const reader = pipe.openReader(sums);
  const own = pipe.openEvent(go);
  await pipe.start();
  own.signal();
  for (const n of [1, 2, 3]) writer.write(Int32Array.of(n));
  equal(await pipe.drain(), true);
  deepEqual(await collect(reader), [6]);
  const drained = { name: "StoppedError", message: '"ends" is drained' };
  throws(() => writer.write(Int32Array.of(4)), drained);
  await rejects(writer.writeAsync(Int32Array.of(4)), drained);
  throws(() => own.signal(), drained);
});

Deno.test("Pipeline.drain() stops after its time-out, or when its signal aborts", async () => {
  for (const way of ["timeout", "signal"]) {
    await using pipe = newPipeline();
    const numbers = pipe.addStream("numbers", { ...INT, frames: 2 });
    pipe.addTask("source", { fn: tasks.countAndSum, writes: { numbers } });
    // Nobody reads on.
    pipe.openReader(numbers);
    await pipe.start();
    const drained = pipe.drain(way === "timeout" ? { timeoutMs: 20 } : { signal: AbortSignal.timeout(20) });
    if (way === "timeout") equal(await drained, false);
    else await rejects(drained, { name: "TimeoutError" });
    equal(await pipe.join(), true);
  }
});

Deno.test("Pipeline.drain() is refused before the start and after the end", async () => {
  const pipe = line(tasks.countForever, tasks.readTen);
  await rejects(() => pipe.drain(), LifecycleError);
  await pipe.close();
  await rejects(() => pipe.drain(), LifecycleError);
});

Deno.test("Pipeline.run() is stopped by its signal, before and during the run, as a normal end", async () => {
  for (const signal of [AbortSignal.abort(), AbortSignal.timeout(100)]) {
    await using pipe = line(tasks.countForever, tasks.readAll);
    await pipe.run({ signal });
    equal(await pipe.join(), true);
  }
  await using pipe = line(tasks.countForever, tasks.readAll);
  await rejects(() => pipe.run({ signl: 1 } as object), { name: "TypeError", message: /did you mean "signal"/ });
  await rejects(() => pipe.run({ signal: 1 } as object), { name: "TypeError", message: /AbortSignal, received 1$/ });
});

for (const name of Object.keys(tasks.WRAPPINGS)) {
  Deno.test(`A stop is no failure of a task that answers it by ${name}`, async () => {
    await using pipe = newPipeline();
    const numbers = pipe.addStream("numbers", INT);
    pipe.addTask("sink", { fn: tasks.wrapStop, reads: { numbers }, params: name });
    pipe.openWriter(numbers);
    await pipe.start();
    await pipe.join({ timeoutMs: 20 });
    pipe.stop();
    equal(await pipe.join(), true);
  });
}

for (const name of Object.keys(tasks.FAILURES)) {
  Deno.test(`A task fails, also at a stop, by ${name}`, async () => {
    const pipe = newPipeline();
    const numbers = pipe.addStream("numbers", INT);
    pipe.addTask("sink", { fn: tasks.failAtStop, reads: { numbers }, params: name });
    pipe.openWriter(numbers);
    await pipe.start();
    await pipe.join({ timeoutMs: 20 });
    pipe.stop();
    await rejects(() => pipe.join(), TaskError);
    await pipe.close();
  });
}

for (const name of ["AbortError", "StoppedError"]) {
  Deno.test(`A task fails by what looks like an ${name} before there is a stop`, async () => {
    const pipe = newPipeline();
    const numbers = pipe.addStream("numbers", INT);
    pipe.addTask("sink", { fn: tasks.failBeforeStop, reads: { numbers }, params: name });
    pipe.openWriter(numbers);
    await rejects(() => pipe.run(), { name: "TaskError", message: /early/ });
    await pipe.close();
  });
}

Deno.test("A task fails by a rejection that it has begun and not awaited", async () => {
  const pipe = newPipeline();
  pipe.addTask("source", { fn: tasks.leaveRejection });
  const failure = await pipe.run().catch((error) => error);
  ok(failure instanceof TaskError);
  match(failure.message, /left a promise rejected with RangeError: nobody awaits this/);
  await pipe.close();
});
