import { Pipeline, TaskError } from "@ringmill/ringmill";
import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { SupervisedTask, type Supervision } from "../../src/manager/supervision/supervised_task.ts";
import { completeRestart } from "../../src/manager/restart.ts";
import * as crashing from "./_crashing_tasks.ts";
import * as tasks from "./_stalling_tasks.ts";

const TASKS = new URL("./_stalling_tasks.ts", import.meta.url);
const CRASHING = new URL("./_crashing_tasks.ts", import.meta.url);
const ONE = { shape: [1], dtype: "float64", frames: 4 } as const;
const NUMBERS = { fn: crashing.numbers, module: CRASHING } as const;

function line() {
  const pipe = new Pipeline("line", TASKS, { graceMs: 50, fullWarningMs: Infinity });
  const samples = pipe.addStream("samples", ONE);
  return { pipe, samples };
}

Deno.test("stallTimeoutMs names the task that gets nothing done, what waits, and what the task waits for", async () => {
  const rest = "nothing can end its thread, which may go on writing";
  for (const [name, doing] of [["waitsForEvent", 'event "never"'], ["waitsForPromise", "nothing that can be seen"]]) {
    const { pipe, samples } = line();
    await using _pipe = pipe;
    pipe.addTask("numbers", { ...NUMBERS, writes: { samples }, params: { frames: 100 } });
    const never = pipe.addEvent("never");
    // Somebody might signal it.
    pipe.openEvent(never);
    const events = name === "waitsForEvent" ? { events: { never } } : {};
    const fn = tasks[name as "waitsForEvent"];
    pipe.addTask("hang", { fn, reads: { samples }, ...events, stallTimeoutMs: 100 } as never);
    await rejects(pipe.run(), (error) => {
      ok(error instanceof TaskError);
      const frames = 'while 4 frames of stream "samples" wait';
      equal(
        error.message,
        `Task "hang" failed: it got nothing done for 100 ms ${frames}; it waits for ${doing}; ${rest}`,
      );
      return true;
    });
  }
});

Deno.test("stallTimeoutMs says nothing of a join that waits for one of its streams", async () => {
  const { pipe, samples } = line();
  await using _pipe = pipe;
  const right = pipe.addStream("right", ONE);
  pipe.addTask("numbers", { ...NUMBERS, writes: { samples }, params: { frames: 2 } });
  pipe.addTask("pauses", { fn: tasks.pauses, writes: { samples: right } });
  pipe.addTask("joins", { fn: tasks.joins, reads: { left: samples, right }, stallTimeoutMs: 50 });
  await pipe.run();
});

Deno.test("stallTimeoutMs says nothing of a task that waits for room, but of who does not make any", async () => {
  const { pipe, samples } = line();
  await using _pipe = pipe;
  const passed = pipe.addStream("passed", ONE);
  pipe.addTask("numbers", { ...NUMBERS, writes: { samples }, params: { frames: 100 } });
  pipe.addTask("passes", { fn: tasks.passes, reads: { samples }, writes: { passed }, stallTimeoutMs: 50 });
  pipe.addTask("hang", { fn: tasks.waitsForPromise, reads: { samples: passed }, stallTimeoutMs: 200 });
  await rejects(pipe.run(), /Task "hang" failed: it got nothing done for 200 ms/);
});

for (const mode of ["toggleable", "switchable"] as const) {
  Deno.test(`stallTimeoutMs says nothing of a ${mode} task that waits for its event, though frames wait`, async () => {
    const { pipe, samples } = line();
    await using _pipe = pipe;
    const bell = pipe.addEvent("bell");
    pipe.addTask("numbers", { ...NUMBERS, writes: { samples }, params: { frames: 3 } });
    pipe.addTask("signalsLate", { fn: tasks.signalsLate, events: { bell } });
    const options = { fn: tasks.takes, activateOn: "bell", events: { bell }, reads: { samples }, stallTimeoutMs: 50 };
    pipe.addTask[mode]("takes", options as never);
    await pipe.run();
  });

  Deno.test(`stallTimeoutMs names a ${mode} task that hangs when it is called`, async () => {
    const { pipe, samples } = line();
    await using _pipe = pipe;
    const bell = pipe.addEvent("bell", { initialState: true });
    pipe.addTask("numbers", { ...NUMBERS, writes: { samples }, params: { frames: 100 } });
    const fn = tasks.waitsForPromise;
    const options = { fn, activateOn: "bell", events: { bell }, reads: { samples }, stallTimeoutMs: 50 };
    pipe.addTask[mode]("hang", options as never);
    await rejects(
      pipe.run(),
      /Task "hang" failed: it got nothing done for 50 ms while 4 frames of stream "samples" wait/,
    );
  });
}

Deno.test("stallTimeoutMs does not count the wait before a restart", async () => {
  const { pipe, samples } = line();
  await using _pipe = pipe;
  const doubled = pipe.addStream("doubled", ONE);
  pipe.addTask("numbers", { ...NUMBERS, writes: { samples }, params: { frames: 20 } });
  pipe.addTask("stage", {
    ...{ fn: crashing.byLook, module: CRASHING, reads: { samples }, writes: { doubled } },
    ...{ params: { at: [5], how: "throw" }, restart: { backoffMs: 2500 }, stallTimeoutMs: 2000 },
    state: { shape: [1], dtype: "float64" },
  });
  const reader = pipe.openReader(doubled);
  await pipe.start();
  const arrived: number[] = [];
  for await (const [n] of reader) arrived.push(n);
  await pipe.join();
  deepEqual(arrived, Array.from({ length: 20 }, (_, n) => 2 * n));
});

Deno.test("stallTimeoutMs names a task whose new worker never gets through its import", async () => {
  const file = `${await Deno.makeTempDir()}/hang`;
  const { pipe, samples } = line();
  await using _pipe = pipe;
  pipe.addTask("numbers", { ...NUMBERS, writes: { samples }, params: { frames: 100 } });
  pipe.addTask("stage", {
    ...{ fn: tasks.failsForGood, module: `${TASKS.href}?file=${encodeURIComponent(file)}`, reads: { samples } },
    ...{ params: { file }, restart: { backoffMs: 1 }, stallTimeoutMs: 300 },
  });
  await rejects(pipe.run(), /Task "stage" failed: it got nothing done for 300 ms while 4 frames/);
});

Deno.test("A task whose worker cannot be started again fails with the reason", async () => {
  const failure = new TaskError("stage", "it threw Error: crash");
  const ran = { name: "stage", state: "failed", inHand: undefined, discard: () => {} };
  const loaded = Promise.resolve();
  const begun = Promise.resolve(true);
  const ended = Promise.resolve(failure);
  const task = new SupervisedTask({
    start: (restarts: number) => {
      if (restarts > 0) throw new Error("no more threads");
      return { ...ran, loaded, begun, ended };
    },
    restart: completeRestart({ backoffMs: 0 }),
    hands: new Map(),
    resetRecord: () => {},
  } as unknown as Supervision);
  const last = await task.ended;
  equal(last?.message, 'Task "stage" failed: its worker could not be started again: Error: no more threads');
  equal(task.state, "failed");
});

Deno.test("stallTimeoutMs does not count what waits for a reader that the task has closed", async () => {
  const { pipe, samples } = line();
  await using _ = pipe;
  const done = pipe.addStream("done", ONE);
  pipe.addTask("closes", { fn: tasks.closesEarly, reads: { samples }, writes: { done }, stallTimeoutMs: 50 });
  const writer = pipe.openWriter(samples);
  const reader = pipe.openReader(done);
  await pipe.start();
  for (let n = 0; n < 4; n++) await writer.writeAsync(Float64Array.of(n));
  deepEqual(await reader.readAsync(), Float64Array.of(1));
  equal(await pipe.join(), true);
});
