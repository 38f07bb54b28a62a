import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { Pipeline, StoppedError, TaskError, type TaskFunction } from "@ringmill/ringmill";
import { collect, INT, newPipeline, TASKS } from "./_helpers.ts";
import * as tasks from "./_tasks.ts";

/** The task `bad` runs `fn`, with neighbours before and after it that would wait for ever. */
function withNeighbours(fn: TaskFunction, options: Record<string, unknown> = {}): Pipeline {
  const pipe = newPipeline("failing");
  const before = pipe.addStream("before", { ...INT, frames: 2 }), numbers = pipe.addStream("numbers", INT);
  pipe.addTask("count", { fn: tasks.countForever, writes: { numbers: before } });
  pipe.addTask("drain", { fn: tasks.drain, reads: { numbers: before } });
  pipe.addTask("bad", { fn: fn as typeof tasks.throwError, writes: { numbers }, ...options });
  pipe.addTask("wait", { fn: tasks.drain, reads: { numbers } });
  return pipe;
}

/** The error of `run()`. */
async function failureOf(pipe: Pipeline): Promise<TaskError> {
  try {
    await pipe.run();
  } catch (error) {
    ok(error instanceof TaskError, String(error));
    return error;
  } finally {
    await pipe.close();
  }
  throw new Error("the pipeline did not fail");
}

Deno.test("A task that throws stops the pipeline, and run() rejects with its own error whole", async () => {
  const error = await failureOf(withNeighbours(tasks.throwError));
  equal(error.task, "bad");
  equal(error.message, 'Task "bad" failed: it threw Overload: too loud');
  const cause = error.cause as Error & { level: number };
  deepEqual([cause.name, cause.message, cause.level], ["Overload", "too loud", 11]);
  match(cause.stack!, /throwError.*_tasks\.ts/);
  deepEqual(error.others, []);
});

Deno.test("A task that rejects stops the pipeline, and its error keeps class and cause", async () => {
  const error = await failureOf(withNeighbours(tasks.rejectAsync));
  equal(error.message, 'Task "bad" failed: it threw RangeError: no more');
  ok(error.cause instanceof RangeError);
  ok(error.cause.cause instanceof TypeError);
  equal(error.cause.cause.message, "the reason");
});

Deno.test("What a task throws need not be an error", async () => {
  const error = await failureOf(withNeighbours(tasks.throwText));
  equal(error.message, 'Task "bad" failed: it threw just a text');
  equal(error.cause, "just a text");
});

Deno.test("An error that cannot be cloned is reported all the same", async () => {
  const error = await failureOf(withNeighbours(tasks.throwOdd));
  equal(error.message, 'Task "bad" failed: it threw Symbol(no text): odd');
});

Deno.test("Messages that a task posts are not taken for its host's", async () => {
  await using pipe = newPipeline();
  const numbers = pipe.addStream("numbers", INT);
  pipe.addTask("post", { fn: tasks.postForeign, writes: { numbers } });
  const reader = pipe.openReader(numbers);
  await pipe.run();
  deepEqual(await collect(reader), [1]);
});

Deno.test("An error from a timer of a task is reported as the task's", async () => {
  const error = await failureOf(withNeighbours(tasks.throwLater));
  equal(error.message, 'Task "bad" failed: it threw outside its function RangeError: from a timer');
});

Deno.test("A promise that a task leaves rejected is reported as the task's", async () => {
  const error = await failureOf(withNeighbours(tasks.rejectLater));
  equal(error.message, 'Task "bad" failed: it left a promise rejected with RangeError: nobody caught it');
});

Deno.test("A task that calls Deno.exit() is reported, and the program goes on", async () => {
  match(
    (await failureOf(withNeighbours(tasks.exit))).message,
    /^Task "bad" failed: it ended its worker before it returned$/,
  );
});

Deno.test("A task that closes its worker is reported", async () => {
  match((await failureOf(withNeighbours(tasks.closeWorker))).message, /it closed its worker before it returned$/);
});

Deno.test("A frame of the wrong length is a TypeError of the task that writes it", async () => {
  const error = await failureOf(withNeighbours(tasks.writeWrong));
  ok(error.cause instanceof TypeError);
  match(error.cause.message, /stream "numbers": expected Int32Array of 1, received Int32Array of 2$/);
});

Deno.test("A module that cannot be found is reported with the task's name", async () => {
  const error = await failureOf(withNeighbours(tasks.throwError, { module: "./_missing.ts" }));
  match(error.message, /^Task "bad" failed: it could not be imported: TypeError: Module not found .*_missing\.ts/);
});

Deno.test("A module that does not parse is reported with the task's name", async () => {
  const error = await failureOf(withNeighbours(tasks.throwError, { module: "data:text/javascript,export function (" }));
  match(error.message, /^Task "bad" failed: it could not be imported: .*SyntaxError: /);
});

Deno.test("A module that throws while it is imported is reported with the task's name", async () => {
  const module = "data:text/javascript,throw new RangeError('at the top')";
  const error = await failureOf(withNeighbours(tasks.throwError, { module }));
  match(error.message, /^Task "bad" failed: it could not be imported: RangeError: at the top$/);
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
  equal(((other.cause as Error).cause as Error).name, "StoppedError");
});

Deno.test("A task that fails does not end its streams: who reads them is stopped instead", async () => {
  const pipe = newPipeline("failing");
  const numbers = pipe.addStream("numbers", INT), total = pipe.addStream("total", INT);
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
    for (;;) await writer.writeAsync(Int32Array.of(1), 1000);
  }, { name: "TaskError", message: 'Task "drain" failed: it threw RangeError: one is enough' });
});

Deno.test("A task that ignores the stop is named by close(), which returns after the grace period", async () => {
  const pipe = new Pipeline("stubborn", TASKS, { graceMs: 50 });
  const isOver = new SharedArrayBuffer(4);
  const numbers = pipe.addStream("numbers", INT);
  pipe.addTask("spin", { fn: tasks.ignoreStop, writes: { numbers }, params: isOver });
  pipe.addTask("drain", { fn: tasks.drain, reads: { numbers } });
  await pipe.start();
  await rejects(() => pipe.close(), { message: 'Task "spin" failed: it ignored the stop for 50 ms' });
  Atomics.store(new Int32Array(isOver), 0, 1);
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
  await rejects(() => collect(reader), StoppedError);
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
