import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { Pipeline, StoppedError, TaskError } from "@ringmill/ringmill";
import { collect, failureOf, INT, newPipeline, TASKS, withNeighbours } from "./_helpers.ts";
import * as tasks from "./_tasks.ts";

Deno.test("Messages that a task posts are not taken for its host's", async () => {
  await using pipe = newPipeline();
  const numbers = pipe.addStream("numbers", INT);
  pipe.addTask("post", { fn: tasks.postForeign, writes: { numbers } });
  const reader = pipe.openReader(numbers);
  await pipe.run();
  deepEqual(await collect(reader), [1]);
});

Deno.test("Two failures are both reported", async () => {
  const pipe = newPipeline("failing");
  const numbers = pipe.addStream("numbers", INT);
  pipe.addTask("first", { fn: tasks.throwError, writes: { numbers } });
  pipe.addTask("second", { fn: tasks.failOnStop, reads: { numbers } });
  const error = await failureOf(pipe);
  equal(error.task, "first");
  equal(
    error.message,
    'Task "first" failed: it threw Overload: too loud; task "second": it threw Error: could not clean up',
  );
  const [other] = error.others;
  equal(other.task, "second");
});

Deno.test("A task that fails does not end its streams: who reads them is stopped instead", async () => {
  const pipe = newPipeline("failing");
  const numbers = pipe.addStream("numbers", INT);
  const total = pipe.addStream("total", INT);
  pipe.addTask("bad", { fn: tasks.throwError, writes: { numbers } });
  pipe.addTask("sum", { fn: tasks.sum, reads: { numbers }, writes: { total } });
  const reader = pipe.openReader(total);
  await failureOf(pipe);
  equal(reader.ring.unread, 0);
});

Deno.test("Pipeline.join() rejects like run()", async () => {
  const pipe = withNeighbours(tasks.throwError);
  await pipe.start();
  await rejects(() => pipe.join(), TaskError);
  await rejects(() => pipe.join(), TaskError);
  await pipe.close();
});

Deno.test("Pipeline.join() rejects after a start() that could not import a module", async () => {
  const pipe = withNeighbours(tasks.throwError, { module: "./_missing.ts" });
  await rejects(() => pipe.start(), TaskError);
  await rejects(() => pipe.join(), TaskError);
  await pipe.close();
});

Deno.test("Pipeline.close() throws a failure that nothing else has reported", async () => {
  const pipe = newPipeline("failing");
  const numbers = pipe.addStream("numbers", INT);
  pipe.addTask("bad", { fn: tasks.failOnStop, reads: { numbers } });
  pipe.openWriter(numbers);
  await pipe.start();
  await rejects(() => pipe.close(), { message: 'Task "bad" failed: it threw Error: could not clean up' });
  await rejects(() => pipe.close(), TaskError);
});

Deno.test("A failure reaches the program at its own end of a stream", async () => {
  await using pipe = newPipeline("failing");
  const numbers = pipe.addStream("numbers", INT);
  pipe.addTask("drain", { fn: tasks.failAfterOne, reads: { numbers } });
  const writer = pipe.openWriter(numbers);
  await pipe.start();
  await rejects(async () => {
    for (;;) await writer.writeAsync(Int32Array.of(1), { timeoutMs: 1000 });
  }, { name: "TaskError", message: 'Task "drain" failed: it threw RangeError: one is enough' });
});

Deno.test("A grace period without end waits for the task", async () => {
  const pipe = new Pipeline("patient", TASKS, { graceMs: Infinity });
  pipe.addTask("sleep", { fn: tasks.sleepForever });
  await pipe.start();
  await pipe.close();
});

Deno.test("A stop is a normal end: the pipeline joins and closes without an error", async () => {
  const pipe = newPipeline();
  const numbers = pipe.addStream("numbers", INT);
  pipe.addTask("count", { fn: tasks.countForever, writes: { numbers } });
  const reader = pipe.openReader(numbers);
  await pipe.start();
  await reader.readAsync();
  pipe.stop();
  // The program's own loop ends quietly; a call says why there is nothing.
  await collect(reader);
  await rejects(() => reader.readAsync(), StoppedError);
  equal(await pipe.join(), true);
  await pipe.close();
});

for (const name of ["lambda", "nested", "unexported", "bound"]) {
  Deno.test(`A function that is ${name} is refused, naming task, function and module`, async () => {
    const nested = function nested() {};
    const fn = { lambda: () => {}, nested, unexported: (() => nested)(), bound: tasks.sleepForever.bind(null) }[name]!;
    const pipe = newPipeline("failing");
    pipe.addTask("odd", { fn });
    await rejects(() => pipe.run(), (error: Error) => {
      equal(error.name, "DeclarationError");
      match(
        error.message,
        new RegExp(`^Cannot run task "odd": function "${fn.name}" is not an export of file:.*_tasks\\.ts`),
      );
      return true;
    });
    await pipe.close();
  });
}

Deno.test("A module that does not export the function is named", async () => {
  const pipe = newPipeline("failing");
  pipe.addTask("odd", { fn: tasks.sleepForever, module: import.meta });
  await rejects(() => pipe.run(), {
    name: "DeclarationError",
    message: /"sleepForever" is not an export of .*failure_test/,
  });
  await pipe.close();
});
