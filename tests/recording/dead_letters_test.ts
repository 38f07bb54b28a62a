import { Pipeline } from "@ringmill/ringmill";
import { openRecording, recordDeadLetters, replay } from "@ringmill/ringmill/recording";
import { deepEqual, equal, match, rejects, throws } from "node:assert/strict";
import * as crashing from "../pipeline/_crashing_tasks.ts";
import { smallDisk, temporaryFolder } from "./_helpers.ts";

const TASKS = new URL("../pipeline/_crashing_tasks.ts", import.meta.url);
const ONE = { shape: [1], dtype: "float64" } as const;
const STATE = { shape: [1], dtype: "float64" } as const;
const RESTART = { backoffMs: 0, limit: 100, onFailedFrame: { attempts: 1, then: "deadLetters" } } as const;

/** A line whose stage fails for good on some frames of so many. */
function line(at: readonly number[], frames = 20, shape = [1]) {
  const pipe = new Pipeline("line", TASKS);
  const samples = pipe.addStream("sam/ples", { ...ONE, shape });
  const doubled = pipe.addStream("doubled", ONE);
  pipe.addTask("numbers", { fn: crashing.numbers, writes: { samples }, params: { frames, length: shape[0] } });
  const options = { reads: { samples }, writes: { doubled }, restart: RESTART, state: STATE } as const;
  pipe.addTask("stage", { fn: crashing.byLook, ...options, params: { at, always: true, how: "throw" } });
  pipe.addTask.terminator("nobody", { reads: { doubled } });
  return { pipe, samples };
}

async function listIn(folder: string): Promise<Record<string, unknown>[]> {
  const text = await Deno.readTextFile(`${folder}/letters.jsonl`);
  return text.trim().split("\n").map((line) => JSON.parse(line));
}

Deno.test("recordDeadLetters() lists each letter and keeps its frame, which can be replayed", async () => {
  await using folder = await temporaryFolder();
  const to = `${folder.path}/dead`;
  const { pipe } = line([3, 4, 19]);
  await using _pipe = pipe;
  const written = recordDeadLetters(pipe, { to });
  await pipe.run();
  equal(await written, 3);
  const list = await listIn(to);
  const rest = { version: 1, task: "stage", stream: "sam/ples", attempts: 1, error: "Error: crash" };
  deepEqual(
    list.map(({ time: _time, stack: _stack, ...letter }) => letter),
    [3, 4, 19].map((frame) => ({ ...rest, frame })),
  );
  match(String(list[0].stack), /_crashing_tasks\.ts/);
  match(String(list[0].time), /^\d{4}-.*Z$/);

  using recording = openRecording(`${to}/stage`);
  const stream = recording.stream("sam/ples");
  deepEqual(Array.from(stream, ({ frame, lost, data }) => [frame, lost, (data as Float64Array)[0]]), [
    [3, 3, 3],
    [4, 0, 4],
    [19, 14, 19],
  ]);
  equal(stream.isComplete, true);

  throws(() => openRecording(to), /it has no recording\.toml, but dead letters, those of each task .*: .*dead\/stage$/);

  const mended = line([]);
  await using _mended = mended.pipe;
  replay(mended.pipe, mended.samples, { from: `${to}/stage`, speed: Infinity });
  const reader = mended.pipe.openReader("doubled");
  await mended.pipe.start();
  deepEqual((await Array.fromAsync(reader)).map(([n]) => Number(n)), [6, 8, 38]);
  await mended.pipe.join();
});

Deno.test("recordDeadLetters() keeps both frames of a join, and frames of named columns, each task's in its folder", async () => {
  await using folder = await temporaryFolder();
  await using pipe = new Pipeline("join", TASKS);
  const left = pipe.addStream("left", ONE);
  const right = pipe.addStream("right", ONE);
  const joined = pipe.addStream("joined", { shape: [2], dtype: { a: "int8", b: "float64" } });
  pipe.addTask("lefts", { fn: crashing.numbers, writes: { samples: left }, params: { frames: 8 } });
  pipe.addTask("rights", { fn: crashing.numbers, writes: { samples: right }, params: { frames: 8 } });
  const params = { at: [5], always: true, how: "throw" } as const;
  pipe.addTask("join", {
    ...{ fn: crashing.joinColumns, reads: { left, right }, writes: { joined } },
    ...{ params, state: STATE, restart: RESTART },
  });
  pipe.addTask("fails", { fn: crashing.failsOnAll, reads: { joined }, restart: RESTART });
  const written = recordDeadLetters(pipe, { to: folder.path });
  await pipe.run();
  equal(await written, 2 + 7);
  using ofJoin = openRecording(`${folder.path}/join`);
  for (const name of ["left", "right"]) {
    deepEqual(Array.from(ofJoin.stream(name), ({ frame, data }) => [frame, data]), [[5, Float64Array.of(5)]]);
  }
  using ofFails = openRecording(`${folder.path}/fails`);
  deepEqual(ofFails.stream("joined").read(6)!.data, { a: Int8Array.of(7, 7), b: Float64Array.of(14, 14) });
});

Deno.test("recordDeadLetters() refuses a folder with others, and options that are none", async () => {
  await using folder = await temporaryFolder();
  const to = `${folder.path}/dead`;
  await using pipe = line([]).pipe;
  const written = recordDeadLetters(pipe, { to });
  // deno-lint-ignore no-explicit-any
  const wrong = (options: any) => () => void recordDeadLetters(pipe, options);
  throws(wrong({ to }), /Cannot write the dead letters of pipeline "line" into .*dead: it holds others/);
  throws(wrong({}), { name: "TypeError", message: /to must be a path or URL, received undefined/ });
  throws(wrong({ to, minFreeByte: 1 }), /no option "minFreeByte"; did you mean "minFreeBytes"\?/);
  throws(wrong({ to, minFreeBytes: -1 }), RangeError);
  throws(wrong({ to: `${to}/letters.jsonl/x` }), /Cannot write the dead letters of pipeline "line" into/);
  await pipe.close();
  equal(await written, 0);
});

Deno.test("recordDeadLetters() onto a disk that fills up counts what is lost, and the pipeline goes on", async (t) => {
  await using disk = await smallDisk(1024);
  if (!disk) return void await t.step({ name: "skipped: no small disk can be mounted here", fn() {}, ignore: true });
  const at = Array.from({ length: 12 }, (_, n) => n);
  const { pipe } = line(at, 13, [16_384]);
  await using _pipe = pipe;
  const to = `${disk.path}/dead`;
  const written = recordDeadLetters(pipe, { to, minFreeBytes: 100_000 });
  const refused = rejects(written, (error) => {
    const [, lost, all] = /: (\d+) of (\d+) are lost: less than minFreeBytes, 100000, are free/.exec(
      (error as Error).message,
    )!;
    equal(all, "12");
    equal(Number(lost) > 2 && Number(lost) < 12, true, lost);
    return true;
  });
  await pipe.run();
  await refused;
  using recording = openRecording(`${to}/stage`);
  equal((await listIn(to)).length, recording.stream("sam/ples").frames);
});
