/** Recorders that fail, and streams whose writers do. */

import { Pipeline } from "@ringmill/ringmill";
import { openRecording, record, type RecordOptions } from "@ringmill/ringmill/recording";
import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { recordParams } from "../../src/recording/record.ts";
import { RECORDER_STATE } from "../../src/recording/tasks/record_frames.ts";
import { temporaryFolder } from "./_helpers.ts";
import * as tasks from "./_tasks.ts";

const TASKS = new URL("./_tasks.ts", import.meta.url);
/** So many frames fill a batch. */
const BATCH = 256;
const FRAMES = 10 * BATCH;

/** A line with a recorder that crashes. */
function line(to: string, crash: tasks.RecorderCrash, options: Partial<RecordOptions> = {}) {
  const pipe = new Pipeline("line", TASKS);
  const samples = pipe.addStream("samples", { shape: [256], dtype: "float32" });
  pipe.addTask("count", { fn: tasks.count, writes: { samples }, params: { frames: FRAMES } });
  pipe.addTask("swallow", { fn: tasks.swallow, reads: { samples } });
  const restart = { backoffMs: 1, limit: crash.times === Infinity ? 1 : 5 };
  const all = { to, flushMs: Infinity, restart, ...options };
  pipe.addTask("record samples", {
    ...{ fn: tasks.recordAndCrash, reads: { frames: samples }, state: RECORDER_STATE, restart },
    params: { ...recordParams(pipe, samples, all), crash },
  } as never);
  return pipe;
}

/** Frame numbers that were recorded; each frame must be filled with its own, and `lost` must say what lies before. */
function recorded(folder: string): number[] {
  using recording = openRecording(folder);
  const stream = recording.stream("samples");
  let next = 0;
  const numbers = Array.from(stream, ({ frame, lost, data }) => {
    equal(lost, frame - next);
    next = frame + 1;
    equal((data as Float32Array).every((x) => x === frame), true);
    return frame;
  });
  equal(stream.isComplete, true);
  return numbers;
}

const POINTS = { before: "before a write", after: "after a write", inSync: "when the disk is to keep it" };

for (
  const [how, at, times] of [["before", 1, 1], ["before", 3, 2], ["after", 3, 1], ["inSync", 3, 1], [
    "close",
    4,
    1,
  ]] as const
) {
  const point = how in POINTS ? POINTS[how as "before"] : `after a write by ${how}`;
  Deno.test(`record() with restart: a recorder that crashes ${point}, number ${at}, goes on, and says what is lost`, async () => {
    await using folder = await temporaryFolder();
    const to = `${folder.path}/r`;
    await using pipe = line(to, { at, times, how }, how === "inSync" ? { fsyncMs: 0 } : {});
    await pipe.run();
    const numbers = recorded(to);
    equal(new Set(numbers).size, numbers.length);
    equal(numbers.at(-1), FRAMES - 1);
    // Of each crash the frames of a batch that was on its way, at most; those that had been written are there.
    const lost = FRAMES - numbers.length;
    equal(how === "before" ? lost <= times * BATCH : lost === 0, true, `${lost}`);
  });
}

Deno.test("record() with restart fails the pipeline after its limit, and without at once", async () => {
  await using folder = await temporaryFolder();
  const crash = { at: 1, times: Infinity, how: "before" } as const;
  await using pipe = line(`${folder.path}/r`, crash);
  await rejects(pipe.run(), /Task "record samples" failed: it threw Error: crash \(after 1 restart in a row/);
});

Deno.test("record() with restart that skips says in lost what passed by, also while there was no worker", async () => {
  await using folder = await temporaryFolder();
  const to = `${folder.path}/r`;
  await using pipe = line(to, { at: 2, times: 2, how: "before" }, { backpressure: "skip", flushMs: 1 });
  await pipe.run();
  const numbers = recorded(to);
  equal(new Set(numbers).size, numbers.length);
});

Deno.test("record() of a writer that is started again has each frame once", async () => {
  await using folder = await temporaryFolder();
  await using pipe = new Pipeline("line", TASKS);
  const options = { shape: [4], dtype: "float32" } as const;
  const samples = pipe.addStream("samples", options);
  const doubled = pipe.addStream("doubled", options);
  pipe.addTask("count", { fn: tasks.count, writes: { samples }, params: { frames: 1000 } });
  const params = { at: [0, 500, 999] };
  pipe.addTask("double", { fn: tasks.crashAndDouble, reads: { samples }, writes: { doubled }, params, restart: {} });
  record(pipe, doubled, { to: folder.path, flushMs: 1 });
  await pipe.run();
  using recording = openRecording(folder.path);
  const stream = recording.stream("doubled");
  deepEqual([stream.frames, stream.lost, stream.isComplete], [1000, 0, true]);
  for (const { frame, data } of stream) equal((data as Float32Array)[0], 2 * frame);
});

Deno.test("record() whose folder goes away fails by name", async () => {
  await using folder = await temporaryFolder();
  const file = `${folder.path}/file`;
  await Deno.writeTextFile(file, "");
  await using pipe = new Pipeline("line", TASKS);
  const samples = pipe.addStream("samples", { shape: [4], dtype: "float32" });
  pipe.addTask("count", { fn: tasks.count, writes: { samples }, params: { frames: 10 } });
  record(pipe, samples, { to: `${file}/r` });
  await rejects(pipe.run(), (error) => {
    match((error as Error).message, /Task "record samples" failed/);
    return true;
  });
});
