import { Pipeline, TaskError, type TaskOptions, type TaskRestart } from "@ringmill/ringmill";
import { deepEqual, equal, match, ok, rejects, throws } from "node:assert/strict";
import { type DeadFrame, DeadFrames } from "../../src/manager/dead_frames.ts";
import * as tasks from "./_crashing_tasks.ts";

const TASKS = new URL("./_crashing_tasks.ts", import.meta.url);
const ONE = { shape: [1], dtype: "float64" } as const;
const FRAMES = 200;
const SOON = { backoffMs: 1, limit: 100 };

type StageName =
  | "byLook"
  | "byLoop"
  | "byAsyncLoop"
  | "byMapFrames"
  | "betweenWriteAndIncrement"
  | "byLookMany"
  | "sums";

interface Case {
  readonly stage: StageName | "leavesCodeBehind";
  readonly crash: tasks.Crash;
  readonly restart?: TaskRestart;
}

function declare({ stage, crash, restart = SOON }: Case, frames = FRAMES) {
  const pipe = new Pipeline("line", TASKS);
  const samples = pipe.addStream("samples", ONE);
  const doubled = pipe.addStream("doubled", ONE);
  pipe.addTask("numbers", { fn: tasks.numbers, writes: { samples }, params: { frames } });
  const state = { shape: [1], dtype: "float64" } as const;
  const options: TaskOptions<typeof tasks.byLook> = {
    ...{ fn: tasks[stage] as typeof tasks.byLook, reads: { samples }, writes: { doubled } },
    ...{ params: crash, restart, state },
  };
  pipe.addTask("stage", options);
  return { pipe, reader: pipe.openReader(doubled) };
}

/** What arrives, until the stream ends. */
async function run(declared: ReturnType<typeof declare>): Promise<number[]> {
  const arrived: number[] = [];
  await declared.pipe.start();
  for await (const [n] of declared.reader) arrived.push(n);
  await declared.pipe.join();
  return arrived;
}

const all = (frames = FRAMES) => Array.from({ length: frames }, (_, n) => 2 * n);

for (const stage of ["byLook", "byLoop", "byAsyncLoop", "byMapFrames", "byLookMany"] as const) {
  for (const how of ["throw", "close", "exit"] as const) {
    Deno.test(`restart: a stage ${stage} that ends by ${how} in the first, a middle and the last frame loses and doubles nothing`, async () => {
      const declared = declare({ stage, crash: { at: [0, 100, FRAMES - 1], how } });
      await using _pipe = declared.pipe;
      deepEqual(await run(declared), all());
    });
  }
}

Deno.test("restart: a crash between write and increment gives that frame twice", async () => {
  const declared = declare({ stage: "betweenWriteAndIncrement", crash: { at: [3, 50], how: "throw" } });
  await using _pipe = declared.pipe;
  const expected = all().flatMap((n) => n === 6 || n === 100 ? [n, n] : [n]);
  deepEqual(await run(declared), expected);
});

Deno.test("restart: nothing that a failed worker has left behind reaches a stream", async () => {
  const declared = declare({ stage: "leavesCodeBehind", crash: { at: [3, 50], how: "throw" } });
  await using _pipe = declared.pipe;
  deepEqual(await run(declared), all());
});

Deno.test("restart: state outlives the worker, and a run knows that it was resumed", async () => {
  const declared = declare({ stage: "sums", crash: { at: [3, 50], how: "throw" } }, 100);
  await using _pipe = declared.pipe;
  const arrived = await run(declared);
  deepEqual(arrived, Array.from({ length: 100 }, (_, n) => n * (n + 1) / 2));
});

Deno.test("restart: state of columns outlives the worker, and is saved", async () => {
  await using pipe = new Pipeline("line", TASKS);
  const samples = pipe.addStream("samples", ONE);
  const doubled = pipe.addStream("doubled", { shape: [2], dtype: "float64" });
  pipe.addTask("numbers", { fn: tasks.numbers, writes: { samples }, params: { frames: 20 } });
  const state = { shape: [2], dtype: { count: "u4", sum: "float64" } } as const;
  pipe.addTask("counts", {
    ...{ fn: tasks.countsColumns, reads: { samples }, writes: { doubled }, restart: SOON, state },
    params: { at: [3, 9], how: "throw" },
  } as never);
  const reader = pipe.openReader(doubled);
  await pipe.start();
  const frames = await Array.fromAsync(reader, (frame) => Array.from(frame as Float64Array));
  await pipe.join();
  deepEqual(frames, Array.from({ length: 20 }, (_, n) => [n + 1, n * (n + 1) / 2]));
  const path = `${await Deno.makeTempDir()}/line.toml`;
  const again = new Pipeline("line", TASKS);
  again.addTask("numbers", { fn: tasks.numbers, writes: { samples: again.addStream("samples", ONE) }, state } as never);
  await again.save(path);
  await using made = await Pipeline.reconstruct(path, { allowModules: [TASKS] });
  deepEqual(structuredClone(made.tasks.get("numbers")!.state), {
    shape: [2],
    dtype: { count: "uint32", sum: "float64" },
  });
});

for (const onFailedFrame of ["skip", { attempts: 3, then: "skip" }] as const) {
  Deno.test(`onFailedFrame: ${JSON.stringify(onFailedFrame)} leaves poison frames out, each counted apart`, async () => {
    const crash = { at: [0, 7, 8, FRAMES - 1], always: true, how: "throw" } as const;
    for (const stage of ["byLoop", "byAsyncLoop"] as const) {
      const declared = declare({ stage, crash, restart: { backoffMs: 0, limit: 12, onFailedFrame } });
      await using pipe = declared.pipe;
      await pipe.compile();
      pipe.startMonitor({ intervalMs: 10 });
      deepEqual(await run(declared), all().filter((n) => !crash.at.includes(n / 2 as 0)));
      const { restarts, skippedFrames, lastError, state } = pipe.metrics("stage");
      const attempts = onFailedFrame === "skip" ? 1 : 3;
      deepEqual([restarts, skippedFrames, state], [4 * attempts, 4, "ended"]);
      match(lastError!, /Task "stage" failed: it threw Error: crash/);
    }
  });
}

Deno.test("onFailedFrame: retry ends after limit restarts in a row, with the frame's number and the last error", async () => {
  const crash = { at: [5], always: true, how: "throw" } as const;
  const declared = declare({ stage: "byLoop", crash, restart: { backoffMs: 1, limit: 2 } });
  await using _pipe = declared.pipe;
  const expected =
    'Task "stage" failed: it threw Error: crash (after 2 restarts in a row, on frame 5 of stream "samples")';
  await rejects(run(declared), (error) => {
    ok(error instanceof TaskError);
    equal(error.message, expected);
    equal((error.cause as Error).message, "crash");
    return true;
  });
});

Deno.test("onFailedFrame: fail ends after so many attempts on one frame", async () => {
  const crash = { at: [5], always: true, how: "throw" } as const;
  const onFailedFrame = { attempts: 3, then: "fail" } as const;
  const declared = declare({ stage: "byLoop", crash, restart: { backoffMs: 1, onFailedFrame } });
  await using _pipe = declared.pipe;
  await rejects(run(declared), /it threw Error: crash \(on frame 5 of stream "samples", at attempt 3\)/);
});

Deno.test("onFailedFrame: deadLetters hands over task, stream, frame, attempts, error and data, and goes on", async () => {
  const crash = { at: [5, 9], always: true, how: "throw" } as const;
  const onFailedFrame = { attempts: 2, then: "deadLetters" } as const;
  const declared = declare({ stage: "byLoop", crash, restart: { backoffMs: 1, onFailedFrame } });
  await using pipe = declared.pipe;
  const letters = Array.fromAsync(pipe.deadLetters);
  deepEqual(await run(declared), all().filter((n) => n !== 10 && n !== 18));
  const taken = (await letters).map(({ error, ...letter }) => ({ ...letter, error: (error as Error).message }));
  const rest = { task: "stage", stream: "samples", attempts: 2, error: "crash" };
  deepEqual(taken, [5, 9].map((frame) => ({ ...rest, frame, data: Float64Array.of(frame) })));
});

for (const backpressure of ["block", "reject", "dropOldest"] as const) {
  Deno.test(`deadLetters: ${backpressure} when there are too many`, async () => {
    const pipe = new Pipeline("line", TASKS, { deadLetters: { most: 2, backpressure } });
    await using _pipe = pipe;
    const samples = pipe.addStream("samples", ONE);
    const doubled = pipe.addStream("doubled", ONE);
    pipe.addTask("numbers", { fn: tasks.numbers, writes: { samples }, params: { frames: 10 } });
    const restart = { backoffMs: 0, onFailedFrame: { attempts: 1, then: "deadLetters" } } as const;
    const params = { at: [1, 2, 3], always: true, how: "throw" } as const;
    const state = { shape: [1], dtype: "float64" } as const;
    pipe.addTask("stage", { fn: tasks.byLook, reads: { samples }, writes: { doubled }, params, state, restart });
    const reader = pipe.openReader(doubled);
    await pipe.start();
    if (backpressure === "block") {
      equal((await reader.readAsync())![0], 0);
      while (pipe.deadLetters.size < 2) await new Promise((resolve) => setTimeout(resolve, 5));
      equal(await reader.readAsync({ timeoutMs: 300 }), null);
      equal(pipe.deadLetters.size, 2);
    }
    const frames: number[] = [];
    if (backpressure === "block") {
      for await (const { frame } of pipe.deadLetters) if (frames.push(frame) === 3) break;
    }
    await pipe.join();
    for await (const { frame } of pipe.deadLetters) frames.push(frame);
    deepEqual(frames, { block: [1, 2, 3], reject: [1, 2], dropOldest: [2, 3] }[backpressure]);
    equal(pipe.deadLetters.dropped, backpressure === "block" ? 0 : 1);
  });
}

Deno.test("deadLetters: mostBytes limits what is kept, but for a single letter", async () => {
  for (const [backpressure, kept] of [["reject", [0]], ["dropOldest", [3]]] as const) {
    const letters = new DeadFrames({ mostBytes: 20, backpressure });
    for (let frame = 0; frame < 4; frame++) {
      const data = frame === 0 || frame === 3 ? new Float64Array(4) : { a: new Int8Array(8), b: new Int8Array(4) };
      const letter = { task: "t", stream: "s", frame, attempts: 1, error: null, data };
      equal(await letters.add(letter as DeadFrame, Promise.withResolvers().promise), true);
    }
    letters.end();
    deepEqual((await Array.fromAsync(letters)).map(({ frame }) => frame), kept);
    equal(letters.dropped, 3);
  }
});

Deno.test("deadLetters: a task that waits for long since nobody takes any is warned about, once", async () => {
  const pipe = new Pipeline("line", TASKS, { deadLetters: { most: 1 }, fullWarningMs: 50 });
  await using _pipe = pipe;
  const samples = pipe.addStream("samples", ONE);
  pipe.addTask("numbers", { fn: tasks.numbers, writes: { samples }, params: { frames: 4 } });
  const restart = { backoffMs: 0, onFailedFrame: { attempts: 1, then: "deadLetters" } } as const;
  pipe.addTask("fails", { fn: tasks.failsAlways, reads: { samples }, restart });
  await pipe.start();
  while (pipe.warnings.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await new Promise((resolve) => setTimeout(resolve, 100));
  deepEqual(pipe.warnings, [
    'task "fails" has waited for 50 ms since the dead letters are full, 1 of them, and nobody takes them: ' +
    "read pipe.deadLetters, or set the option deadLetters",
  ]);
  equal((await Array.fromAsync(pipe.deadLetters)).length, 4);
  await pipe.join();
});

Deno.test("deadLetters: who waits for some is told the end of a pipeline that never ran", async () => {
  const unused = new Pipeline("line", TASKS);
  const letters = Array.fromAsync(unused.deadLetters);
  await unused.close();
  deepEqual(await letters, []);
  await using refused = new Pipeline("line", TASKS);
  const unwritten = refused.addStream("unwritten", ONE);
  refused.addTask("fails", { fn: tasks.failsAlways, reads: { samples: unwritten } });
  const others = Array.fromAsync(refused.deadLetters);
  await rejects(refused.compile(), /unwritten/);
  await refused.close();
  deepEqual(await others, []);
});

Deno.test("restart: of a join, both frames in hand come again, or are left out together", async () => {
  for (const onFailedFrame of ["retry", "skip"] as const) {
    await using pipe = new Pipeline("join", TASKS);
    const [left, right, joined] = ["left", "right", "joined"].map((name) => pipe.addStream(name, ONE));
    pipe.addTask("lefts", { fn: tasks.numbers, writes: { samples: left }, params: { frames: 20 } });
    pipe.addTask("rights", { fn: tasks.numbers, writes: { samples: right }, params: { frames: 20 } });
    const restart = { backoffMs: 1, onFailedFrame };
    const params = { at: [4], always: onFailedFrame === "skip", how: "throw" } as const;
    const state = { shape: [1], dtype: "float64" } as const;
    pipe.addTask("join", { fn: tasks.join, reads: { left, right }, writes: { joined }, params, state, restart });
    const reader = pipe.openReader(joined);
    await pipe.start();
    const arrived: number[] = [];
    for await (const [n] of reader) arrived.push(n);
    await pipe.join();
    deepEqual(arrived, all(20).filter((n) => onFailedFrame === "retry" || n !== 8));
  }
});

Deno.test("restart: a toggleable task that fails is called again for the activation that it had taken", async () => {
  await using pipe = new Pipeline("bell", TASKS);
  const button = pipe.addEvent("button");
  const doubled = pipe.addStream("doubled", ONE);
  pipe.addTask("press", { fn: tasks.press, events: { button }, params: { times: 5 } });
  pipe.addTask.toggleable("ring", {
    ...{ fn: tasks.onPress, activateOn: "button", events: { button }, writes: { doubled } },
    ...{ params: { at: [1, 3], how: "throw" }, restart: SOON, state: { shape: [1], dtype: "float64" } },
  });
  const reader = pipe.openReader(doubled);
  await pipe.start();
  const arrived: number[] = [];
  for await (const [n] of reader) arrived.push(n);
  await pipe.join();
  deepEqual(arrived, [0, 1, 2, 3, 4]);
});

Deno.test("restart: a stop cuts the back-off short, as a normal end", async () => {
  const crash = { at: [0], always: true, how: "throw" } as const;
  const declared = declare({ stage: "byLoop", crash, restart: { backoffMs: 1e9, maxBackoffMs: 1e9 } });
  await using pipe = declared.pipe;
  await pipe.compile();
  pipe.startMonitor({ intervalMs: 10 });
  await pipe.start();
  while (pipe.metrics("stage").state !== "restarting") await new Promise((resolve) => setTimeout(resolve, 5));
  pipe.stop();
  equal(await pipe.join({ timeoutMs: 5000 }), true);
});

Deno.test("restart: what cannot be imported is not started again", async () => {
  await using pipe = new Pipeline("line", TASKS);
  const samples = pipe.addStream("samples", ONE);
  const module = "data:text/javascript,throw new Error('no module'); export function stage() {}";
  // deno-lint-ignore no-explicit-any
  const stage = function stage() {} as any;
  pipe.addTask("stage", { fn: stage, module, writes: { samples }, restart: SOON } as never);
  pipe.openReader(samples);
  await rejects(pipe.run(), /stage/);
});

Deno.test("stallTimeoutMs names the task that gets nothing done, and what waits", async () => {
  await using pipe = new Pipeline("line", TASKS, { graceMs: 100 });
  const samples = pipe.addStream("samples", { ...ONE, frames: 4 });
  pipe.addTask("numbers", { fn: tasks.numbers, writes: { samples }, params: { frames: 100 } });
  pipe.addTask("hang", { fn: tasks.hang, reads: { samples }, stallTimeoutMs: 100, restart: SOON });
  await rejects(
    pipe.run(),
    /Task "hang" failed: it got nothing done for 100 ms while 4 frames of stream "samples" wait; it sleeps;/,
  );
});

Deno.test("restart, state and stallTimeoutMs are saved, in a file of version 2, and made again", async () => {
  const path = `${await Deno.makeTempDir()}/line.toml`;
  const restart = { limit: 3, backoffMs: 5, onFailedFrame: { attempts: 2, then: "deadLetters" } } as const;
  const { pipe } = declare({ stage: "byLook", crash: { at: [], how: "throw" }, restart });
  await using _pipe = pipe;
  await pipe.save(path);
  match(await Deno.readTextFile(path), /format_version = 2/);
  await using again = await Pipeline.reconstruct(path, { allowModules: [TASKS] });
  const { restart: made, state } = again.tasks.get("stage")!;
  deepEqual({ ...made }, { ...restart, maxBackoffMs: undefined, resetMs: undefined });
  deepEqual({ ...state }, { shape: [1], dtype: "float64" });
});

Deno.test("addTask() refuses a restart, a state or a time-out that is none", () => {
  const pipe = new Pipeline("line", TASKS);
  const samples = pipe.addStream("samples", ONE);
  // deno-lint-ignore no-explicit-any
  const add = (options: any) => () =>
    pipe.addTask("t", { fn: tasks.numbers, writes: { samples }, ...options } as never);
  throws(add({ restart: true }), { name: "TypeError", message: /restart must be an object, received true/ });
  throws(add({ restart: { limits: 1 } }), /there is no option "limits"; did you mean "limit"\?/);
  throws(add({ restart: { limit: 0 } }), RangeError);
  throws(add({ restart: { onFailedFrame: "drop" } }), /onFailedFrame must be "retry", "skip" or/);
  throws(add({ restart: { onFailedFrame: { attempts: 0, then: "skip" } } }), RangeError);
  throws(add({ restart: { onFailedFrame: { attempts: 1, then: "retry" } } }), RangeError);
  throws(add({ state: { shape: [0], dtype: "int8" } }), RangeError);
  throws(add({ state: { shape: [1] } }), /dtype must be /);
  throws(add({ state: { shape: [1], dtype: "int9" } }), RangeError);
  throws(add({ state: { shape: [1], dtype: {} } }), /state: dtype must have one column or more/);
  throws(add({ state: { shape: [1], dtype: { a: "int9" } } }), /state: dtype\.a must be one of/);
  throws(add({ stallTimeoutMs: 0 }), RangeError);
  throws(add({ stallTimeoutMs: "1" }), TypeError);
});
