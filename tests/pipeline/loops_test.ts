/** Loops over streams in tasks and in the program: no frame twice, none torn, and quiet ends. */

import { deepEqual, equal, ok } from "node:assert/strict";
import { Pipeline } from "@ringmill/ringmill";
import { collect, INT } from "./_helpers.ts";
import * as tasks from "./_loop_tasks.ts";

const newPipeline = (name: string) => new Pipeline(name, new URL("./_loop_tasks.ts", import.meta.url));

/** What a task that reads `count` frames has written on `seen`. */
async function seenBy(fn: typeof tasks.skipInLoop, { count = 7, frames = 16, size = 1 } = {}): Promise<number[]> {
  await using pipe = newPipeline(fn.name);
  const numbers = pipe.addStream("numbers", { shape: [size], dtype: "int32", frames });
  const seen = pipe.addStream("seen", { ...INT, frames: 4096 });
  pipe.addTask("source", { fn: tasks.count, writes: { numbers }, params: count });
  pipe.addTask("sink", { fn, reads: { numbers }, writes: { seen } });
  const reader = pipe.openReader(seen);
  await pipe.start();
  const all: number[] = [];
  for await (const [n] of reader) all.push(n);
  equal(await pipe.join(), true);
  return all;
}

Deno.test("A task's loops end by close() in the body, and the task does not fail", async () => {
  deepEqual(await seenBy(tasks.closeInLoop), [0, 1, 2]);
  deepEqual(await seenBy(tasks.closeInAsyncLoop), [0, 1, 2]);
});

Deno.test("A task's loop that skips sees each frame at most once", async () => {
  for (const fn of [tasks.skipInLoop, tasks.skipInAsyncLoop]) {
    const seen = await seenBy(fn, { count: 2000 });
    deepEqual(seen, [...new Set(seen)].sort((a, b) => a - b));
    equal(seen.at(-1), 1999);
  }
});

Deno.test("A task's loop that reads on gets pairs, also over a ring of two frames that is always full", async () => {
  for (const fn of [tasks.pairs, tasks.asyncPairs]) {
    deepEqual(await seenBy(fn, { count: 1000, frames: 2 }), Array.from({ length: 1000 }, (_, n) => n));
  }
});

Deno.test("A task that breaks off may wait for its producer, over a ring of one frame", async () => {
  await using pipe = newPipeline("break");
  const numbers = pipe.addStream("numbers", { ...INT, frames: 1 });
  const go = pipe.addEvent("go");
  pipe.addTask("source", { fn: tasks.writeTwoAndSignal, writes: { numbers }, events: { go } });
  pipe.addTask("sink", { fn: tasks.breakAndWait, reads: { numbers }, events: { go } });
  await pipe.run();
});

Deno.test("A reader that does not hold its writer back reads to the end, whole frames only", async () => {
  for (const frames of [1, 2, 3]) {
    for (const fn of [tasks.readPassing, tasks.readPassingAsync, tasks.loopPassing, tasks.loopPassingAsync]) {
      const [had, torn, lost, last] = await seenBy(fn, { count: 5000, frames, size: 1024 });
      deepEqual([torn, had + lost, last], [0, 5000, 4999], `${fn.name}, ${frames} frames`);
    }
  }
});

Deno.test("The program's for await ends at a stop without an error", async () => {
  await using pipe = newPipeline("stop");
  const numbers = pipe.addStream("numbers", INT);
  pipe.addTask("source", { fn: tasks.count, writes: { numbers }, params: Infinity });
  const reader = pipe.openReader(numbers);
  await pipe.start();
  let seen = 0;
  for await (const _ of reader) if (++seen === 100) pipe.stop();
  ok(seen >= 100);
  equal(await pipe.join(), true);
});

Deno.test("The program's for await throws the failure that has stopped the pipeline", async () => {
  await using pipe = newPipeline("fail");
  const numbers = pipe.addStream("numbers", INT);
  pipe.addTask("source", { fn: tasks.countAndThrow, writes: { numbers } });
  const reader = pipe.openReader(numbers);
  await pipe.start();
  const looping = (async () => {
    for await (const _ of reader);
  })();
  const outcome = await looping.catch((error) => error.name);
  equal(outcome, "TaskError");
});

Deno.test("A task's loops at a time over one reader share its frames, and each keeps its own while it works", async () => {
  for (const frames of [16, 3, 1]) {
    const seen = await seenBy(tasks.loopsAtATime, { count: 300, frames });
    deepEqual(seen.toSorted((a, b) => a - b), Array.from({ length: 300 }, (_, n) => n));
  }
});

Deno.test("Loops at a time, and inside each other, over a reader of the newest frames have frames of their own", async () => {
  await using pipe = newPipeline("latest");
  const numbers = pipe.addStream("numbers", { shape: [64], dtype: "int32", frames: 4 });
  const writer = pipe.openWriter(numbers);
  const reader = pipe.openReader(numbers.latest);
  await pipe.start();
  const seen: number[] = [];
  const loop = async () => {
    for await (const frame of reader) {
      const before = frame.slice();
      await new Promise((resolve) => setTimeout(resolve));
      deepEqual(frame, before);
      seen.push(frame[0]);
      if (frame[0] < 90) continue;
      for await (const inner of reader) {
        deepEqual(frame, before);
        seen.push(inner[0]);
      }
    }
  };
  const loops = Promise.all([loop(), loop(), loop()]);
  for (let n = 0; n < 100; n++) {
    writer.write(new Int32Array(64).fill(n));
    await Promise.resolve();
    if (n % 10 === 0) await new Promise((resolve) => setTimeout(resolve));
  }
  writer.close();
  await loops;
  equal(new Set(seen).size, seen.length);
  ok(seen.length > 5);
});

Deno.test("mapFramesAsync() loses nothing where two of them write one stream", async () => {
  await using pipe = newPipeline("both");
  const [left, right, both] = ["left", "right", "both"].map((name) => pipe.addStream(name, { ...INT, frames: 2 }));
  pipe.addTask("left", { fn: tasks.count, writes: { numbers: left }, params: 500 });
  pipe.addTask("right", { fn: tasks.count, writes: { numbers: right }, params: 500 });
  pipe.addTask("maps", { fn: tasks.mapsBoth, reads: { left, right }, writes: { both } });
  const reader = pipe.openReader(both);
  await pipe.start();
  const all = (await collect(reader)).sort((a, b) => a - b);
  deepEqual(all, Array.from({ length: 1000 }, (_, n) => n >> 1));
});

for (const kind of ["every frame", "the newest frames"]) {
  Deno.test(`A loop of ${kind} that is left while it waits ends at once, and takes no frame`, async () => {
    await using pipe = newPipeline("left");
    const numbers = pipe.addStream("numbers", INT);
    const writer = pipe.openWriter(numbers);
    const reader = pipe.openReader(kind === "every frame" ? numbers : numbers.latest);
    await pipe.start();
    const done = { done: true, value: undefined };
    const loop = reader[Symbol.asyncIterator]();
    const waiting = loop.next();
    deepEqual(await loop.return!(), done);
    deepEqual([await waiting, await loop.next()], [done, done]);
    const cancelled = ReadableStream.from(reader).getReader();
    const read = cancelled.read();
    await cancelled.cancel();
    deepEqual(await read, done);
    {
      await using disposed = reader[Symbol.asyncIterator]() as AsyncIterator<unknown> & AsyncDisposable;
      disposed.next();
    }
    writer.write(Int32Array.of(7));
    deepEqual(await reader.readAsync(), Int32Array.of(7));
    equal(reader.read(), null);
    writer.write(Int32Array.of(8));
    writer.close();
    deepEqual(await collect(reader), [8]);
  });
}
