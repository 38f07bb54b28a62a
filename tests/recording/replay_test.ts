import { DeclarationError, Pipeline } from "@ringmill/ringmill";
import { record, replay } from "@ringmill/ringmill/recording";
import { deepEqual, equal, ok, rejects, throws } from "node:assert/strict";
import { StoredFrames } from "../../src/recording/format/stored_frames.ts";
import { makeReplayClock, ReplayClock } from "../../src/recording/tasks/replay_clock.ts";
import { addFrames, type Kind, recorderOf, temporaryFolder } from "./_helpers.ts";
import * as tasks from "./_tasks.ts";

const TASKS = new URL("./_tasks.ts", import.meta.url);
const OPTIONS = { shape: [4], dtype: "float32" } as const;

/** A recording of so many frames of "samples", and as many of "doubled". */
async function recorded(folder: string, frames: number): Promise<void> {
  await using pipe = new Pipeline("line", TASKS);
  const samples = pipe.addStream("samples", OPTIONS);
  const doubled = pipe.addStream("doubled", OPTIONS);
  pipe.addTask("count", { fn: tasks.count, writes: { samples }, params: { frames } });
  pipe.addTask("double", { fn: tasks.double, reads: { samples }, writes: { doubled } });
  pipe.addTask("swallow", { fn: tasks.swallow, reads: { samples: doubled } });
  record(pipe, samples, { to: folder });
  record(pipe, doubled, { to: folder });
  await pipe.run();
}

async function framesOf(pipe: Pipeline, name: string): Promise<number[]> {
  const reader = pipe.openReader(pipe.stream(name, "float32"));
  await pipe.start();
  const firsts: number[] = [];
  for await (const frame of reader) firsts.push(frame[0]);
  await pipe.join();
  return firsts;
}

Deno.test("replay() gives every frame again, and leaves out the task that wrote them", async () => {
  await using folder = await temporaryFolder();
  await recorded(folder.path, 3000);
  await using pipe = new Pipeline("line", TASKS);
  const samples = pipe.addStream("samples", OPTIONS);
  pipe.addTask("count", { fn: tasks.countOn, writes: { samples }, params: { pauseMs: 0 } });
  pipe.addTask("check", { fn: tasks.expectCount, reads: { samples }, params: { frames: 3000 } });
  replay(pipe, samples, { from: folder.path, speed: Infinity });
  deepEqual([...pipe.tasks.keys()], ["check", "replay samples"]);
  await pipe.run();
});

Deno.test("replay() leaves out what only feeds a task that is left out, and keeps what others need", async () => {
  await using folder = await temporaryFolder();
  await recorded(folder.path, 5);
  const declare = () => {
    const pipe = new Pipeline("line", TASKS);
    const samples = pipe.addStream("samples", OPTIONS);
    const doubled = pipe.addStream("doubled", OPTIONS);
    pipe.addTask("count", { fn: tasks.count, writes: { samples }, params: { frames: 2 } });
    pipe.addTask("double", { fn: tasks.double, reads: { samples }, writes: { doubled } });
    return { pipe, samples, doubled };
  };
  const alone = declare();
  await using _alone = alone.pipe;
  replay(alone.pipe, alone.doubled, { from: folder.path, speed: Infinity });
  deepEqual(await framesOf(alone.pipe, "doubled"), [0, 2, 4, 6, 8]);
  deepEqual([...alone.pipe.tasks.keys()], ["replay doubled"]);

  const shared = declare();
  await using _shared = shared.pipe;
  shared.pipe.addTask("check", { fn: tasks.expectCount, reads: { samples: shared.samples }, params: { frames: 2 } });
  replay(shared.pipe, shared.doubled, { from: folder.path, speed: Infinity });
  deepEqual(await framesOf(shared.pipe, "doubled"), [0, 2, 4, 6, 8]);
  deepEqual([...shared.pipe.tasks.keys()], ["count", "check", "replay doubled"]);
});

export function both({ samples, doubled }: Parameters<typeof tasks.double>[0] & Parameters<typeof tasks.count>[0]) {
  void samples, doubled;
}

Deno.test("replay() of some of a task's streams is refused when the pipeline is compiled", async () => {
  await using folder = await temporaryFolder();
  await recorded(folder.path, 5);
  await using pipe = new Pipeline("line", TASKS);
  const samples = pipe.addStream("samples", OPTIONS);
  const doubled = pipe.addStream("doubled", OPTIONS);
  // deno-lint-ignore no-explicit-any
  pipe.addTask("both", { fn: both as any, module: import.meta, writes: { samples, doubled } } as any);
  pipe.addTask.terminator("nobody", { reads: { samples, doubled } });
  replay(pipe, samples, { from: folder.path });
  const expected =
    'Cannot compile pipeline "line": task "both" writes "samples", "doubled", of which "samples" has another ' +
    'writer and "doubled" has not: replace all of them, or none';
  await rejects(pipe.compile(), new DeclarationError(expected));
});

Deno.test("replay() takes places: from a frame, up to seconds or a date", async () => {
  await using folder = await temporaryFolder();
  await recorded(folder.path, 10);
  for (
    const [options, expected] of [
      [{ start: { frame: 7 } }, [7, 8, 9]],
      [{ end: { frame: 3 } }, [0, 1, 2]],
      [{ start: { frame: 2 }, end: { frame: 4 } }, [2, 3]],
      [{ start: new Date(0), end: { seconds: 3600 } }, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
      [{ end: new Date(0) }, []],
      [{ end: new Date(0), loop: true }, []],
    ] as const
  ) {
    await using pipe = new Pipeline("line", TASKS);
    const samples = pipe.addStream("samples", OPTIONS);
    replay(pipe, samples, { from: folder.path, speed: Infinity, ...options });
    deepEqual(await framesOf(pipe, "samples"), expected);
  }
});

Deno.test("replay() tells in the metrics how late it is, but where it goes as fast as it can", async () => {
  await using folder = await temporaryFolder();
  await recorded(folder.path, 10);
  for (const speed of [1000, Infinity]) {
    await using pipe = new Pipeline("line", TASKS);
    const samples = pipe.addStream("samples", { ...OPTIONS, frames: 2 });
    replay(pipe, samples, { from: folder.path, speed });
    const reader = pipe.openReader(samples);
    await pipe.compile();
    pipe.startMonitor({ intervalMs: 10 });
    await pipe.start();
    // Nobody makes room for the third frame; those after it are late then.
    await new Promise((resolve) => setTimeout(resolve, 300));
    for await (const _ of reader);
    await pipe.join();
    const { latenessMs } = pipe.metrics("replay samples");
    if (speed === Infinity) equal(latenessMs, null);
    else ok(latenessMs! > 100 && latenessMs! < 60_000, `${latenessMs}`);
  }
});

Deno.test("replay() in a loop goes on until the pipeline is stopped", async () => {
  await using folder = await temporaryFolder();
  await recorded(folder.path, 3);
  await using pipe = new Pipeline("line", TASKS);
  const samples = pipe.addStream("samples", OPTIONS);
  replay(pipe, samples, { from: folder.path, speed: Infinity, loop: true });
  const reader = pipe.openReader(samples);
  await pipe.start();
  const firsts: number[] = [];
  for await (const frame of reader) if (firsts.push(frame[0]) === 8) break;
  deepEqual(firsts, [0, 1, 2, 0, 1, 2, 0, 1]);
  pipe.stop();
  await pipe.join();
});

Deno.test("replay() refuses what does not fit", async () => {
  await using folder = await temporaryFolder();
  await recorded(folder.path, 3);
  await using pipe = new Pipeline("line", TASKS);
  const from = folder.path;
  const samples = pipe.addStream("samples", { shape: [2, 2], dtype: "float64" });
  const other = pipe.addStream("other", OPTIONS);
  const doubled = pipe.addStream("doubled", OPTIONS);
  // deno-lint-ignore no-explicit-any
  const wrong = (stream: any, options: any) => () => replay(pipe, stream, options);
  throws(wrong(samples, { from }), {
    name: "DeclarationError",
    message: 'Cannot replay stream "samples": the stream has float64 [2, 2], the recording float32 [4]',
  });
  throws(wrong(other, { from }), /recording .* has no stream "other", but "doubled", "samples"/);
  throws(wrong(other, { from: `${from}/none` }), /Cannot open recording .*none: it has no recording.toml/);
  throws(wrong(other, {}), /from must be a path or URL, received undefined/);
  for (const speed of [0, -1, NaN]) throws(wrong(other, { from, speed }), /speed must be a number above 0/);
  throws(wrong(other, { from, speed: "2" }), TypeError);
  throws(wrong(other, { from, start: 5 }), /start must be \{ frame \}, \{ seconds \} or a date, received 5/);
  throws(wrong(other, { from, start: { frame: -1 } }), RangeError);
  throws(wrong(other, { from, end: new Date(NaN) }), RangeError);
  throws(wrong(other, { from, sped: 1 }), /no option "sped"; did you mean "speed"\?/);
  replay(pipe, other, { from, stream: "samples", speed: 2 });
  throws(wrong(doubled, { from }), /speed of the pipeline's other replayed streams is 2, received 1/);
});

Deno.test("ReplayClock makes frames due by their time, at any speed, in each round, for all streams alike", async () => {
  const memory = makeReplayClock();
  const [one, other] = [new ReplayClock(memory), new ReplayClock(memory)];
  const span = (first: number, last: number, frames: number) => ({
    first: { frame: 0, time: BigInt(first) * 1_000_000n },
    last: { frame: frames - 1, time: BigInt(last) * 1_000_000n },
  });
  one.include(span(1000, 1090, 10));
  other.include(span(1050, 1250, 3));
  const begun = one.dueAt(1_000_000_000n, 0, 2);
  await new Promise((resolve) => setTimeout(resolve, 5));
  equal(other.dueAt(1_000_000_000n, 0, 2), begun);
  equal(other.dueAt(1_050_000_000n, 0, 2) - begun, 25);
  // The longer stream ends at 1250, and its next frame would come 100 later.
  equal(one.dueAt(1_000_000_000n, 1, 1) - one.dueAt(1_000_000_000n, 0, 1), 350);
});

Deno.test("StoredFrames.span() tells the first and last frame between two places", async () => {
  await using folder = await temporaryFolder();
  const kind: Kind = { shape: [2], dtype: "int8" };
  using recorder = recorderOf(kind, folder.path);
  addFrames(recorder, kind, 10, 3);
  recorder.finish();
  using stored = new StoredFrames([`${folder.path}/s.arrows`]);
  const frames = (...places: Parameters<StoredFrames["span"]>) => {
    const span = stored.span(...places);
    return span && [span.first.frame, span.last.frame];
  };
  deepEqual(frames(), [0, 9]);
  deepEqual(frames({ frame: 3 }, { frame: 9 }), [3, 8]);
  deepEqual(frames({ frame: 4 }, { frame: 5 }), [4, 4]);
  deepEqual(frames({ frame: 10 }), null);
  deepEqual(frames(undefined, { frame: 0 }), null);
  ok(stored.span()!.first.time <= stored.span()!.last.time);
});
