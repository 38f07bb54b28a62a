/** What can go wrong around a task, and what the user sees of it. */

import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { Pipeline, type TaskFunction } from "@ringmill/ringmill";
import { collect, failureOf, INT, newPipeline, TASKS, withNeighbours } from "./_helpers.ts";
import * as tasks from "./_tasks.ts";

/** A fault, and the `TaskError` with which `run()` rejects; the tasks around have ended then. */
interface Fault {
  /** What the task does. */
  readonly task: string;
  readonly fn: TaskFunction;
  readonly module?: string;
  /** The error's `reason`: its message after `Task "bad" failed: `. */
  readonly says: string | RegExp;
  /** The error's cause, as a text. */
  readonly cause?: string | RegExp;
}

const source = (text: string) => `data:text/javascript,${text}`;

const FAULTS: readonly Fault[] = [
  // What it throws.
  { task: "throws", fn: tasks.throwError, says: "it threw Overload: too loud", cause: "Overload: too loud" },
  { task: "rejects", fn: tasks.rejectAsync, says: "it threw RangeError: no more", cause: "RangeError: no more" },
  { task: "throws what is no error", fn: tasks.throwText, says: "it threw just a text", cause: "just a text" },
  { task: "throws what cannot be cloned", fn: tasks.throwOdd, says: "it threw Symbol(no text): odd", cause: /odd/ },
  {
    task: "throws from a timer",
    fn: tasks.throwLater,
    says: "it threw outside its function RangeError: from a timer",
    cause: "RangeError: from a timer",
  },
  {
    task: "leaves a promise rejected",
    fn: tasks.rejectLater,
    says: "it left a promise rejected with RangeError: nobody caught it",
    cause: "RangeError: nobody caught it",
  },
  // How it ends its worker.
  { task: "calls Deno.exit()", fn: tasks.exit, says: "it ended its worker before it returned" },
  { task: "calls self.close()", fn: tasks.closeWorker, says: "it closed its worker before it returned" },
  // What it is made of.
  {
    task: "is in a module that cannot be found",
    fn: tasks.throwError,
    module: "./_missing.ts",
    says: /^it could not be imported: TypeError: Module not found .*_missing\.ts/,
    cause: /Module not found/,
  },
  {
    task: "is in a module that does not parse",
    fn: tasks.throwError,
    module: source("export function ("),
    says: /^it could not be imported: .*SyntaxError: /,
    cause: /SyntaxError/,
  },
  {
    task: "is in a module that throws while it is imported",
    fn: tasks.throwError,
    module: source("throw new RangeError('at the top')"),
    says: "it could not be imported: RangeError: at the top",
    cause: "RangeError: at the top",
  },
  // What it does to its bindings.
  {
    task: "writes a frame of the wrong length",
    fn: tasks.writeWrong,
    says: /^it threw TypeError: Cannot use the frame with stream "numbers": /,
    cause: /expected Int32Array of 1, received Int32Array of 2$/,
  },
  {
    task: "writes a frame of the wrong kind",
    fn: tasks.writeFloats,
    says: /^it threw TypeError: Cannot use the frame with stream "numbers": /,
    cause: /expected Int32Array of 1, received Float32Array of 1$/,
  },
  {
    task: "writes after it has closed its writer",
    fn: tasks.writeAfterClose,
    says: 'it threw Error: Cannot write "numbers": its writer is closed',
    cause: /^Error/,
  },
  {
    task: "increments twice after one look()",
    fn: tasks.incrementTwice,
    says: 'it threw Error: Cannot increment "numbers": look() has found no frame before',
    cause: /^Error/,
  },
  {
    task: "waits for a negative time",
    fn: tasks.waitBackwards,
    says:
      'it threw RangeError: Cannot write "numbers": timeoutMs must be a number of milliseconds, 0 or more, received -1',
    cause: /^RangeError/,
  },
  // What it uses up.
  {
    task: "recurses without end",
    fn: tasks.recurse,
    says: "it threw RangeError: Maximum call stack size exceeded",
    cause: /^RangeError/,
  },
  {
    task: "wants more memory for an array than there is",
    fn: tasks.allocate,
    says: /^it threw RangeError: (Array buffer allocation failed|Invalid typed array length: \d+)$/,
    cause: /^RangeError/,
  },
];

function agrees(actual: string, expected: string | RegExp): void {
  if (typeof expected === "string") equal(actual, expected);
  else match(actual, expected);
}

for (const { task, fn, module, says, cause } of FAULTS) {
  Deno.test(`A task that ${task} fails under its name, and stops the pipeline`, async () => {
    const error = await failureOf(withNeighbours(fn, { module }));
    equal(error.message, `Task "bad" failed: ${error.reason}`);
    agrees(error.reason, says);
    deepEqual([error.task, error.others], ["bad", []]);
    if (cause === undefined) equal(error.cause, undefined);
    else agrees(String(error.cause), cause);
  });
}

Deno.test("A task's error arrives whole: with its own properties, its cause and its stack", async () => {
  const { cause: thrown } = await failureOf(withNeighbours(tasks.throwError));
  ok(thrown instanceof Error);
  equal((thrown as tasks.Overload).level, 11);
  match(thrown.stack!, /throwError.*_faulty_tasks\.ts/);
  const { cause: rejected } = await failureOf(withNeighbours(tasks.rejectAsync));
  ok(rejected instanceof RangeError && rejected.cause instanceof TypeError);
  equal(rejected.cause.message, "the reason");
});

Deno.test("A task in an endless loop is named by join() and close(), once it was told to stop for graceMs", async () => {
  const pipe = new Pipeline("stubborn", TASKS, { graceMs: 50 });
  const isOver = new SharedArrayBuffer(4);
  pipe.addTask("spin", { fn: tasks.ignoreStop, params: isOver });
  await pipe.start();
  equal(await pipe.join({ timeoutMs: 20 }), false);
  const failure = { name: "TaskError", message: 'Task "spin" failed: it ignored the stop for 50 ms' };
  pipe.stop();
  await rejects(() => pipe.join(), failure);
  await pipe.close();
  Atomics.store(new Int32Array(isOver), 0, 1);
});

Deno.test("A task that only close() stops, and that ignores it, is named by close()", async () => {
  const pipe = new Pipeline("stubborn", TASKS, { graceMs: 50 });
  const isOver = new SharedArrayBuffer(4);
  pipe.addTask("spin", { fn: tasks.ignoreStop, params: isOver });
  await pipe.start();
  await rejects(() => pipe.close(), { message: 'Task "spin" failed: it ignored the stop for 50 ms' });
  Atomics.store(new Int32Array(isOver), 0, 1);
});

Deno.test("A task that closes its writer twice has done nothing wrong", async () => {
  await using pipe = newPipeline();
  const numbers = pipe.addStream("numbers", INT);
  pipe.addTask("close", { fn: tasks.closeTwice, writes: { numbers } });
  const reader = pipe.openReader(numbers);
  await pipe.run();
  deepEqual(await collect(reader), [1]);
});

/** What a task has noted. */
function noted(report: SharedArrayBuffer): string {
  return new TextDecoder().decode(new Uint8Array(report).slice()).replace(/\0+$/, "");
}

Deno.test("A reader that is used after its task has returned throws, and holds nobody back", async () => {
  await using pipe = newPipeline();
  const numbers = pipe.addStream("numbers", { ...INT, frames: 1 });
  const report = new SharedArrayBuffer(256);
  pipe.addTask("count", { fn: tasks.count, writes: { numbers }, params: { count: 100 } });
  pipe.addTask("return", { fn: tasks.useReaderLater, reads: { numbers }, params: report });
  await pipe.run();
  equal(noted(report), 'Error: Cannot use "numbers": its task has returned');
});

for (const way of Object.keys(tasks.WAITS)) {
  Deno.test(`A task that waits in ${way} gets a StoppedError of its name, and the pipeline ends normally`, async () => {
    await using pipe = newPipeline();
    const empty = pipe.addStream("empty", INT);
    const full = pipe.addStream("full", { ...INT, frames: 1 });
    const go = pipe.addEvent("go");
    const begun = new SharedArrayBuffer(4);
    const report = new SharedArrayBuffer(256);
    const bindings = { reads: { empty }, writes: { full }, events: { go } };
    pipe.addTask("wait", { fn: tasks.wait, ...bindings, params: { way, begun, report } });
    pipe.openWriter(empty);
    pipe.openReader(full);
    pipe.openEvent(go);
    await pipe.start();
    while (Atomics.load(new Int32Array(begun), 0) === 0) await pipe.join({ timeoutMs: 1 });
    // It is about to wait, and most probably does by then.
    equal(await pipe.join({ timeoutMs: 20 }), false);
    pipe.stop();
    equal(await pipe.join(), true);
    equal(noted(report), 'StoppedError: Task "wait" was stopped');
  });
}
