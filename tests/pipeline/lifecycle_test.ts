import { deepEqual, equal, ok, rejects, throws } from "node:assert/strict";
import { LifecycleError, Pipeline } from "@ringmill/ringmill";
import { collect, INT, newPipeline, TASKS } from "./_helpers.ts";
import * as tasks from "./_tasks.ts";

/** Counts to `count`, and lets the program read. */
function counting(count: number) {
  const pipe = newPipeline("counting");
  const numbers = pipe.addStream("numbers", INT);
  pipe.addTask("count", { fn: tasks.count, writes: { numbers }, params: { count } });
  return { pipe, reader: pipe.openReader(numbers) };
}

/** Runs until it is stopped. */
function endless() {
  const pipe = newPipeline("endless");
  const numbers = pipe.addStream("numbers", INT);
  pipe.addTask("count", { fn: tasks.countForever, writes: { numbers } });
  pipe.addTask("drain", { fn: tasks.drain, reads: { numbers } });
  return pipe;
}

Deno.test("Pipeline.run() moves all frames through all tasks, in order", async () => {
  await using pipe = newPipeline();
  const numbers = pipe.addStream("numbers", INT);
  const doubled = pipe.addStream("doubled", INT);
  const again = pipe.addStream("again", INT);
  const total = pipe.addStream("total", INT);
  pipe.addTask("count", { fn: tasks.count, writes: { numbers }, params: { count: 1000 } });
  pipe.addTask("double", { fn: tasks.double, reads: { numbers }, writes: { doubled } });
  pipe.addTask("double again", { fn: tasks.doubleAsync, reads: { numbers: doubled }, writes: { doubled: again } });
  pipe.addTask("sum", { fn: tasks.sum, reads: { numbers: again }, writes: { total } });
  const result = pipe.openReader(total);
  await pipe.run();
  deepEqual(await collect(result), [4 * 999 * 1000 / 2]);
});

Deno.test("Every reader of a stream sees every frame", async () => {
  await using pipe = newPipeline();
  const numbers = pipe.addStream("numbers", INT);
  pipe.addTask("count", { fn: tasks.count, writes: { numbers }, params: { count: 500 } });
  const readers = ["a", "b", "c"].map((name) => {
    const total = pipe.addStream(name, INT);
    pipe.addTask(`sum ${name}`, { fn: tasks.sum, reads: { numbers }, writes: { total } });
    return pipe.openReader(total);
  });
  const own = pipe.openReader(numbers);
  await pipe.start();
  equal((await collect(own)).length, 500);
  for (const reader of readers) deepEqual(await collect(reader), [499 * 500 / 2]);
  await pipe.join();
});

Deno.test("A task that returns early does not hold its writer back", async () => {
  await using pipe = newPipeline();
  const numbers = pipe.addStream("numbers", { ...INT, frames: 2 });
  pipe.addTask("count", { fn: tasks.count, writes: { numbers }, params: { count: 1000 } });
  pipe.addTask("read one", { fn: tasks.readOne, reads: { numbers } });
  await pipe.run();
});

Deno.test("A task that nobody reads runs against a terminator", async () => {
  await using pipe = newPipeline();
  const numbers = pipe.addStream("numbers", { ...INT, frames: 2 });
  const doubled = pipe.addStream("doubled", INT);
  pipe.addTask("count", { fn: tasks.count, writes: { numbers }, params: { count: 1000 } });
  pipe.addTask("double", { fn: tasks.double, reads: { numbers }, writes: { doubled } });
  pipe.addTask.terminator("end", { reads: { numbers, doubled } });
  await pipe.run();
});

Deno.test("Pipeline.compile() and start() can be called once", async () => {
  const { pipe, reader } = counting(3);
  await pipe.compile();
  await rejects(() => pipe.compile(), {
    name: "LifecycleError",
    message: 'Cannot compile "counting": it was compiled already',
  });
  await pipe.start();
  await rejects(() => pipe.start(), {
    name: "LifecycleError",
    message: 'Cannot start "counting": it was started already',
  });
  await rejects(() => pipe.run(), LifecycleError);
  await rejects(() => pipe.compile(), LifecycleError);
  deepEqual(await collect(reader), [0, 1, 2]);
  await pipe.close();
});

Deno.test("A closed pipeline throws a LifecycleError, whatever is called", async () => {
  const { pipe } = counting(3);
  await pipe.close();
  await pipe.close();
  for (const method of ["compile", "start", "run", "join"] as const) {
    await rejects(() => pipe[method](), { name: "LifecycleError", message: /it is closed$/ });
  }
  throws(() => pipe.stop(), LifecycleError);
  throws(() => pipe.addStream("more", INT), LifecycleError);
  throws(() => pipe.addEvent("more"), LifecycleError);
  throws(() => pipe.addTask("more", { fn: tasks.drain, reads: { numbers: "numbers" } }), LifecycleError);
  throws(() => pipe.openReader("numbers"), LifecycleError);
});

Deno.test("Pipeline.join() before start() is a LifecycleError", async () => {
  const { pipe } = counting(3);
  await rejects(() => pipe.join(), LifecycleError);
  await pipe.compile();
  await rejects(() => pipe.join(), LifecycleError);
  await pipe.close();
});

Deno.test("Pipeline.join() resolves to whether all tasks ended in time", async () => {
  const pipe = endless();
  await pipe.start();
  equal(await pipe.join({ timeoutMs: 20 }), false);
  await rejects(() => pipe.join({ timeoutMs: -1 }), { name: "RangeError", message: /received -1$/ });
  await rejects(() => pipe.join({ timeoutMs: NaN }), RangeError);
  pipe.stop();
  pipe.stop();
  equal(await pipe.join(), true);
  equal(await pipe.join({ timeoutMs: 0.5 }), true);
  await pipe.close();
});

Deno.test("Pipeline.stop() unwinds tasks that sleep, and async tasks through their signal", async () => {
  await using pipe = newPipeline();
  pipe.addTask("sleep", { fn: tasks.sleepForever });
  pipe.addTask("wait", { fn: tasks.awaitSignal });
  await pipe.start();
  equal(await pipe.join({ timeoutMs: 20 }), false);
  pipe.stop();
  equal(await pipe.join(), true);
});

Deno.test("Pipeline.stop() before the start is not lost: the pipeline starts and ends at once", async () => {
  await using early = endless();
  early.stop();
  await early.run();
  await using late = endless();
  const running = late.run();
  late.stop();
  await running;
});

Deno.test("Pipeline.join() after a stop() before the start resolves: nothing will run", async () => {
  const compile = async (pipe: Pipeline) => {
    await pipe.compile();
  };
  for (const begin of [() => {}, (pipe: Pipeline) => void pipe.compile(), compile]) {
    await using pipe = endless();
    await begin(pipe);
    pipe.stop();
    equal(await pipe.join(), true);
  }
});

Deno.test("Pipeline.join() after a stop() while run() compiles resolves when both are done", async () => {
  await using pipe = endless();
  const running = pipe.run();
  await new Promise((resolve) => setTimeout(resolve, 1));
  pipe.stop();
  deepEqual(await Promise.all([pipe.join(), running]), [true, undefined]);
});

Deno.test("Pipeline.stop() ends the workers of a compiled pipeline; its start is one that ends at once", async () => {
  const { pipe, reader } = counting(3);
  await pipe.compile();
  pipe.stop();
  equal(await pipe.join(), true);
  await pipe.start();
  throws(() => reader.read(), { name: "StoppedError" });
  await pipe.close();
});

Deno.test("Pipeline.close() stops what runs, and does so at once for concurrent callers", async () => {
  const pipe = endless();
  await pipe.start();
  await Promise.all([pipe.close(), pipe.close()]);
  await rejects(() => pipe.join(), LifecycleError);
});

Deno.test("Pipeline.close() lets a compiled pipeline go that was never started", async () => {
  const { pipe, reader } = counting(3);
  await pipe.compile();
  await pipe.close();
  throws(() => reader.read(), { name: "StoppedError" });
});

Deno.test("Pipeline.close() interrupts a compile", async () => {
  const { pipe } = counting(3);
  const compiling = pipe.compile();
  await pipe.close();
  await rejects(compiling, LifecycleError);
});

Deno.test("await using closes a pipeline, also when its block throws", async () => {
  let pipe: Pipeline | undefined;
  await rejects(async () => {
    await using opened = pipe = endless();
    await opened.start();
    throw new RangeError("from the block");
  }, RangeError);
  await rejects(() => pipe!.start(), LifecycleError);
});

Deno.test("Several pipelines in one program do not disturb each other", async () => {
  const all = [10, 200, 3000].map((count) => ({ count, ...counting(count) }));
  const [first] = all;
  await Promise.all(all.map(({ pipe }) => pipe.start()));
  first.pipe.stop();
  for (const { count, pipe, reader } of all.slice(1)) {
    equal((await collect(reader)).length, count);
    await pipe.join();
  }
  await Promise.all(all.map(({ pipe }) => pipe.close()));
});

Deno.test("A pipeline that is stopped throws StoppedError at the program's own ends", async () => {
  await using pipe = newPipeline();
  const numbers = pipe.addStream("numbers", INT);
  const writer = pipe.openWriter(numbers);
  const reader = pipe.openReader(numbers);
  await pipe.start();
  const reading = reader.readAsync();
  pipe.stop();
  await rejects(reading, { name: "StoppedError" });
  throws(() => writer.write(Int32Array.of(1)), { name: "StoppedError" });
});

Deno.test("A task gets its name, its params and its state in the context", async () => {
  await using pipe = newPipeline();
  const text = pipe.addStream("text", { shape: [256], dtype: "uint8" });
  const params = { gain: 2, window: [1, 2], when: new Date(0), bytes: Uint8Array.of(1) };
  pipe.addTask("teller", { fn: tasks.writeContext, writes: { text }, params });
  const reader = pipe.openReader(text);
  await pipe.run();
  const told = new TextDecoder().decode(reader.read()!).replace(/\0+$/, "");
  deepEqual(JSON.parse(told), { name: "teller", params: JSON.parse(JSON.stringify(params)), stopped: false });
});

Deno.test("A pipeline without tasks starts and ends", async () => {
  const pipe = new Pipeline("empty", TASKS);
  await pipe.run();
  ok(await pipe.join());
  await pipe.close();
});

Deno.test("TaskContext may be taken apart: its methods need no this", async () => {
  await using pipe = newPipeline();
  const numbers = pipe.addStream("numbers", { shape: [4], dtype: "int32" });
  pipe.addTask("apart", { fn: tasks.takeApart, writes: { numbers }, params: 7 });
  const reader = pipe.openReader(numbers);
  await pipe.start();
  deepEqual([...(await reader.readAsync())!], [5, 7, 0, 0]);
});
