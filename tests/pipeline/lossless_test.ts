/** Nothing is lost unless a task asks for it; and then it is counted. */

import { deepEqual, equal, match } from "node:assert/strict";
import { drawTable } from "@ringmill/ringmill/view";
import { collect, INT, newPipeline } from "./_helpers.ts";
import * as tasks from "./_tasks.ts";

Deno.test("Writer.write() in a task waits for room by default: no frame is lost on a small ring", async () => {
  await using pipe = newPipeline();
  const numbers = pipe.addStream("numbers", { ...INT, frames: 2 });
  pipe.addTask("source", { fn: tasks.writePlainly, writes: { numbers }, params: { count: 2000 } });
  const reader = pipe.openReader(numbers);
  await pipe.start();
  const read = await collect(reader);
  deepEqual(read, Array.from({ length: 2000 }, (_, n) => n));
  await pipe.join();
});

for (const cacheAlign of [true, false]) {
  Deno.test(`Parts of a task that write one stream, also in bytes, share its room, with cacheAlign ${cacheAlign}`, async () => {
    await using pipe = newPipeline();
    const numbers = pipe.addStream("numbers", { shape: [4], dtype: "int32", frames: 1, cacheAlign });
    const count = 2000;
    pipe.addTask("source", { fn: tasks.writeInParts, writes: { numbers }, params: { count } });
    const reader = pipe.openReader(numbers);
    await pipe.start();
    const next = [0, 1, 2, 3].map((part) => part * count);
    for await (const frame of reader) {
      const part = Math.floor(frame[0] / count);
      deepEqual(frame, new Int32Array(4).fill(next[part]++));
    }
    deepEqual(next, [1, 2, 3, 4].map((part) => part * count));
    await pipe.join();
  });
}

Deno.test("Frames that a task's writer refused stand in metrics, and in the table of a run's summary", async () => {
  await using pipe = newPipeline();
  const numbers = pipe.addStream("numbers", { ...INT, frames: 4 });
  const done = pipe.addStream("done", INT);
  pipe.addTask("source", { fn: tasks.writeTooMuch, writes: { numbers, done }, params: { count: 10 } });
  const reader = pipe.openReader(numbers);
  const doneReader = pipe.openReader(done);
  await pipe.compile();
  pipe.startMonitor({ intervalMs: 10 });
  const snapshots = pipe.watch();
  await pipe.start();
  deepEqual(await doneReader.readAsync(), Int32Array.of(6));
  deepEqual(await collect(reader), [0, 1, 2, 3]);
  await pipe.join();
  const { writes } = pipe.metrics("source");
  deepEqual([writes.numbers.refused, writes.done.refused, writes.numbers.frames], [6, 0, 4]);
  let last;
  for await (const snapshot of snapshots) last = snapshot;
  match(drawTable(last!), /REFUSED\n.*\n?source .* 6\n/);
});

Deno.test("Pipeline.join() takes { timeoutMs, signal }", async () => {
  await using pipe = newPipeline();
  const numbers = pipe.addStream("numbers", { ...INT, frames: 2 });
  pipe.addTask("source", { fn: tasks.writePlainly, writes: { numbers }, params: { count: 100 } });
  const reader = pipe.openReader(numbers);
  await pipe.start();
  equal(await pipe.join({ timeoutMs: 5 }), false);
  const outcome = await pipe.join({ signal: AbortSignal.timeout(5) }).catch((error) => error.name);
  equal(outcome, "TimeoutError");
  equal((await collect(reader)).length, 100);
  equal(await pipe.join(), true);
});
