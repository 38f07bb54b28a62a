/** A drain loses nothing of what a source writes when it is told, however it hears of it. */

import { deepEqual, equal, rejects, throws } from "node:assert/strict";
import { Pipeline, type TaskFunction } from "@ringmill/ringmill";
import { collect, INT } from "./_helpers.ts";
import * as tasks from "./_drain_tasks.ts";

/** A pipeline with a source of two streams, which the program reads. */
function drained(fn: TaskFunction, params?: string) {
  const pipe = new Pipeline("drain", new URL("./_drain_tasks.ts", import.meta.url));
  const left = pipe.addStream("left", { ...INT, frames: 4 });
  const right = pipe.addStream("right", { ...INT, frames: 4 });
  const events = { never: pipe.addEvent("never"), ends: pipe.addEvent("ends") };
  pipe.addTask("source", { fn: fn as typeof tasks.source, writes: { left, right }, events, params: params! });
  pipe.addTask("holder", { fn: tasks.holder, reads: { right }, events: { never: events.never } });
  pipe.openEvent(events.ends);
  return { pipe, left: pipe.openReader(left), right: pipe.openReader(right) };
}

const REST = Array.from({ length: tasks.REST }, (_, index) => index + 1);

for (const [name, fn] of Object.entries({ source: tasks.source, asyncSource: tasks.asyncSource })) {
  for (const way of Object.keys(tasks.WAYS)) {
    Deno.test(`drain(): what ${name} writes in finally arrives when it hears of it by ${way}`, async () => {
      const { pipe, left, right } = drained(fn as TaskFunction, way);
      await using _ = pipe;
      await pipe.start();
      const found = Promise.all([collect(left), collect(right)]);
      await pipe.join({ timeoutMs: 20 });
      equal(await pipe.drain({ timeoutMs: 30_000 }), true);
      const [lefts, rights] = await found;
      deepEqual(lefts.filter((n) => n > 0), REST);
      deepEqual(rights, REST);
      equal(await pipe.join(), true);
    });
  }
}

Deno.test("drain(): each part of an async task hears of it, once", async () => {
  const { pipe, left, right } = drained(tasks.parts as TaskFunction);
  await using _ = pipe;
  await pipe.start();
  const found = Promise.all([collect(left), collect(right)]);
  await pipe.join({ timeoutMs: 20 });
  equal(await pipe.drain({ timeoutMs: 30_000 }), true);
  for (const numbers of await found) deepEqual(numbers.filter((n) => n > 0), REST);
});

for (const beside of Object.keys(tasks.BESIDES)) {
  Deno.test(`drain(): a part that always finds room hears of it beside ${beside}`, async () => {
    // Which part hears first is a matter of chance.
    for (let round = 0; round < 8; round++) {
      const { pipe, left, right } = drained(tasks.besides as TaskFunction, beside);
      await using _ = pipe;
      await pipe.start();
      const found = Promise.all([collect(left), collect(right)]);
      await pipe.join({ timeoutMs: 20 });
      equal(await pipe.drain({ timeoutMs: 10_000 }), true);
      deepEqual((await found)[0].filter((n) => n > 0), REST);
    }
  });
}

Deno.test("drain(): a toggleable source that returns when it is told is not called again", async () => {
  const pipe = new Pipeline("drain", new URL("./_drain_tasks.ts", import.meta.url));
  await using _ = pipe;
  const [left, right] = ["left", "right"].map((name) => pipe.addStream(name, INT));
  const never = pipe.addEvent("never");
  pipe.addTask.toggleable("source", {
    fn: tasks.returning,
    writes: { left, right },
    events: { never },
    activateOn: "never",
  });
  const own = pipe.openEvent(never);
  const readers = [pipe.openReader(left), pipe.openReader(right)];
  await pipe.start();
  own.signal();
  const found = Promise.all(readers.map((reader) => collect(reader)));
  await pipe.join({ timeoutMs: 20 });
  equal(await pipe.drain({ timeoutMs: 30_000 }), true);
  deepEqual(await found, [REST, REST]);
});

Deno.test("A task that pipes into a stream hears when nobody reads it any more", async () => {
  await using pipe = new Pipeline("abandoned", new URL("./_drain_tasks.ts", import.meta.url));
  const left = pipe.addStream("left", INT);
  pipe.addTask("source", { fn: tasks.pipeIdle, writes: { left } });
  const reader = pipe.openReader(left);
  await pipe.start();
  reader.close();
  equal(await pipe.join(), true);
  deepEqual([...pipe.abandoned.keys()], ["source"]);
});

Deno.test("drain() rejects when its signal is aborted already", async () => {
  const { pipe } = drained(tasks.source as TaskFunction, "sleep()");
  await using _ = pipe;
  await pipe.start();
  await rejects(pipe.drain({ signal: AbortSignal.abort(new Error("not now")) }), { message: "not now" });
});

for (const restart of [undefined, {}]) {
  Deno.test(`drain() rejects by what a source throws when it is told, ${restart ? "and could be started again" : "at its first failure"}`, async () => {
    const pipe = new Pipeline("drain", new URL("./_drain_tasks.ts", import.meta.url));
    const left = pipe.addStream("left", INT);
    pipe.addTask("source", { fn: tasks.failing, writes: { left }, restart });
    const reader = pipe.openReader(left);
    await pipe.start();
    const found = collect(reader);
    await pipe.join({ timeoutMs: 20 });
    await rejects(pipe.drain(), { name: "TaskError", message: /RangeError: the file is gone/ });
    await found.catch(() => {});
    await pipe.close();
  });
}

Deno.test("A toggleable task that fails between its calls is not called for that", async () => {
  await using pipe = new Pipeline("drain", new URL("./_drain_tasks.ts", import.meta.url));
  const left = pipe.addStream("left", INT);
  const go = pipe.addEvent("go");
  const restart = { backoffMs: 0 };
  pipe.addTask.toggleable("source", {
    fn: tasks.leavesPromise,
    writes: { left },
    events: { go },
    activateOn: "go",
    restart,
  });
  const own = pipe.openEvent(go);
  const reader = pipe.openReader(left);
  await pipe.start();
  pipe.startMonitor({ intervalMs: 10 });
  for (let n = 1; n <= 2; n++) {
    own.signal();
    deepEqual(await reader.readAsync(), Int32Array.of(1));
    while (pipe.metrics("source").restarts < n) await pipe.join({ timeoutMs: 5 });
    equal(await reader.readAsync({ timeoutMs: 100 }), null);
  }
  own.close();
  equal(await pipe.join(), true);
});

Deno.test("drain(): whoever writes or signals in the program gets a StoppedError, also while it waits or pipes", async () => {
  const drained = { name: "StoppedError", message: '"drain" is drained' };
  await using pipe = new Pipeline("drain", new URL("./_drain_tasks.ts", import.meta.url));
  const [left, right] = ["left", "right"].map((name) => pipe.addStream(name, { ...INT, frames: 1 }));
  const go = pipe.addEvent("go");
  pipe.addTask("sink", { fn: tasks.takesBoth, reads: { left, right }, events: { go } });
  const writers = [pipe.openWriter(left), pipe.openWriter(right)];
  const own = pipe.openEvent(go);
  await pipe.start();
  const piped = new ReadableStream<Int32Array>().pipeTo(writers[1].writable());
  const wrote = (async () => {
    for (;;) await writers[0].writeAsync(Int32Array.of(1));
  })();
  const heard = Promise.all([rejects(wrote, drained), rejects(piped, drained)]);
  await pipe.join({ timeoutMs: 20 });
  equal(await pipe.drain({ timeoutMs: 30_000 }), true);
  await heard;
  throws(() => own.signal(), drained);
});
