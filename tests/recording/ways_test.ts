/** Ways to record and replay that people come upon: several at once, one of another, large frames, files of others. */

import { Pipeline } from "@ringmill/ringmill";
import { openRecording, record, replay } from "@ringmill/ringmill/recording";
import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { findProgram } from "../_programs.ts";
import { temporaryFolder } from "./_helpers.ts";
import * as tasks from "./_tasks.ts";

const TASKS = new URL("./_tasks.ts", import.meta.url);
const OPTIONS = { shape: [4], dtype: "float32" } as const;

/** A line of so many frames that are recorded. */
function line(to: string, frames: number, shape: readonly number[] = [4]) {
  const pipe = new Pipeline("line", TASKS);
  const samples = pipe.addStream("samples", { ...OPTIONS, shape });
  pipe.addTask("count", { fn: tasks.count, writes: { samples }, params: { frames } });
  record(pipe, samples, { to });
  return { pipe, samples };
}

/** The first number of each recorded frame, and what was said to be lost. */
function firstsOf(folder: string): { readonly firsts: number[]; readonly lost: number } {
  using recording = openRecording(folder);
  const stream = recording.stream("samples");
  equal(stream.isComplete, true);
  return { firsts: Array.from(stream, ({ data }) => (data as Float32Array)[0]), lost: stream.lost };
}

const upTo = (frames: number) => Array.from({ length: frames }, (_, n) => n);

Deno.test("A running replay can be recorded: the same frames, from a number on, with numbers and times of their own", async () => {
  await using folder = await temporaryFolder();
  const { pipe } = line(`${folder.path}/a`, 500);
  await using _pipe = pipe;
  await pipe.run();
  await using second = new Pipeline("line", TASKS);
  const samples = second.addStream("samples", OPTIONS);
  replay(second, samples, { from: `${folder.path}/a`, speed: Infinity, start: { frame: 100 } });
  record(second, samples, { to: `${folder.path}/b` });
  await second.run();
  deepEqual(firstsOf(`${folder.path}/b`), { firsts: upTo(500).slice(100), lost: 0 });
  using recording = openRecording(`${folder.path}/b`);
  equal(recording.stream("samples").read(0)!.data[0 as never], 100);
});

Deno.test("Two recordings at once do not disturb each other, and one folder belongs to one of them", async () => {
  await using folder = await temporaryFolder();
  const lines = ["a", "b"].map((name) => line(`${folder.path}/${name}`, 2000));
  await Promise.all(lines.map(({ pipe }) => pipe.run()));
  for (const name of ["a", "b"]) deepEqual(firstsOf(`${folder.path}/${name}`), { firsts: upTo(2000), lost: 0 });

  const rivals = [1, 2, 3].map(() => line(`${folder.path}/c`, 2000));
  const outcomes = await Promise.allSettled(rivals.map(({ pipe }) => pipe.run()));
  equal(outcomes.filter(({ status }) => status === "fulfilled").length, 1);
  for (const outcome of outcomes) {
    if (outcome.status === "rejected") match(outcome.reason.message, /c: it holds another recording/);
  }
  deepEqual(firstsOf(`${folder.path}/c`), { firsts: upTo(2000), lost: 0 });
});

Deno.test("Streams of one pipeline may be recorded into two folders", async () => {
  await using folder = await temporaryFolder();
  const { pipe, samples } = line(`${folder.path}/a`, 300);
  await using _pipe = pipe;
  const doubled = pipe.addStream("doubled", OPTIONS);
  pipe.addTask("double", { fn: tasks.double, reads: { samples }, writes: { doubled } });
  record(pipe, doubled, { to: `${folder.path}/b` });
  await pipe.run();
  deepEqual(firstsOf(`${folder.path}/a`), { firsts: upTo(300), lost: 0 });
  using recording = openRecording(`${folder.path}/b`);
  deepEqual([[...recording.streams.keys()], recording.stream("doubled").frames], [["doubled"], 300]);
});

Deno.test("Frames of 1 MiB at full speed are recorded and replayed without a loss", async () => {
  await using folder = await temporaryFolder();
  const frames = 100;
  const { pipe } = line(folder.path, frames, [1024, 256]);
  await using _pipe = pipe;
  await pipe.run();
  deepEqual(firstsOf(folder.path), { firsts: upTo(frames), lost: 0 });
  await using again = new Pipeline("line", TASKS);
  const samples = again.addStream("samples", { shape: [1024, 256], dtype: "float32" });
  again.addTask("check", { fn: tasks.expectCount, reads: { samples }, params: { frames } });
  replay(again, samples, { from: folder.path, speed: Infinity });
  await again.run();
});

Deno.test("The guide's lines of Python read a recording", async (t) => {
  const guide = await Deno.readTextFile(new URL("../../src/recording/README.md", import.meta.url));
  const [, code] = /```python\n([^]*?)```/.exec(guide)!;
  await using folder = await temporaryFolder();
  const { pipe } = line(folder.path, 500, [2, 3]);
  await pipe.run();
  const script = code.replaceAll("run-7/samples.arrows", `${folder.path}/samples.arrows`);
  const found = findProgram("python3");
  const ran = found === undefined ? null : await new Deno.Command(found, { args: ["-c", script] }).output();
  const text = new TextDecoder();
  const errors = ran ? text.decode(ran.stderr) : "No module named python3";
  const [, missing] = /No module named '?([^']*)/.exec(errors) ?? [];
  if (missing !== undefined) {
    const name = `skipped, missing ${missing.trim()}: pip install pyarrow polars numpy brings it`;
    return void await t.step({ name, fn() {}, ignore: true });
  }
  equal(errors, "");
  match(text.decode(ran!.stdout), /^\(500, 2, 3\) 0 lost\nshape: \(1, 1\)/);
});

/** Writes a recording with pyarrow, as somebody would who has only read the guide. */
const PYARROW = `
import sys
try:
    import numpy as np, pyarrow as pa
except ImportError as error:
    print("missing:", error.name); sys.exit()
folder, kind = sys.argv[1:]
rows = 1000
frames = np.repeat(np.arange(rows, dtype="f4")[:, None], 4, axis=1)
data = pa.FixedShapeTensorArray.from_numpy_ndarray(frames)
if kind == "struct":
    data = pa.StructArray.from_arrays([data, pa.FixedShapeTensorArray.from_numpy_ndarray(frames.astype("f8"))], ["a", "b"])
start = 1_700_000_000_000_000_000
table = pa.table({
    "frame": pa.array(range(rows), pa.uint64()),
    "time": pa.array([start + n * 1000 for n in range(rows)], pa.timestamp("ns", "UTC")),
    "lost": pa.array([0] * rows, pa.uint32()),
    "data": data,
})
options = pa.ipc.IpcWriteOptions(compression="lz4" if kind == "compressed" else None)
if kind == "nulls":
    table = table.set_column(2, "lost", pa.array([None] + [0] * (rows - 1), pa.uint32()))
if kind == "order":
    table = table.select(["time", "frame", "lost", "data"])
with pa.ipc.new_stream(f"{folder}/samples.arrows", table.schema, options=options) as writer:
    writer.write_table(table, max_chunksize=300)
with open(f"{folder}/recording.toml", "w") as file:
    file.write('format_version = 1\\npipeline = "line"\\nrun = "by hand"\\nstarted_at = 2023-11-14T22:13:20Z\\n')
print("written")
`;

Deno.test("A file that pyarrow has written replays, or says why it cannot", async (t) => {
  const python = findProgram("python3");
  for (
    const [kind, expected] of [
      ["plain", null],
      ["struct", null],
      ["compressed", /compressed, which Ringmill does not read/],
      ["nulls", /is not what the schema says, or has nulls/],
      ["order", /samples\.arrows/],
    ] as const
  ) {
    await using folder = await temporaryFolder();
    const args = ["-c", PYARROW, folder.path, kind];
    const ran = python === undefined ? null : await new Deno.Command(python, { args }).output();
    const text = new TextDecoder();
    const said = ran ? text.decode(ran.stdout) + text.decode(ran.stderr) : "missing: python3";
    if (said.startsWith("missing:")) {
      const name = `skipped, ${said.trim()}: pip install pyarrow numpy brings it`;
      return void await t.step({ name, fn() {}, ignore: true });
    }
    equal(said, "written\n");
    await using pipe = new Pipeline("line", TASKS);
    const dtype = kind === "struct" ? { a: "float32", b: "float64" } as const : "float32";
    const samples = pipe.addStream("samples", { shape: [4], dtype });
    const begin = () => Promise.try(() => replay(pipe, samples as never, { from: folder.path, speed: Infinity }));
    if (expected) {
      await rejects(begin(), expected);
      continue;
    }
    await begin();
    const reader = pipe.openReader("samples");
    await pipe.start();
    const firsts: number[] = [];
    for await (const frame of reader as AsyncIterable<unknown>) {
      const arrays = ArrayBuffer.isView(frame)
        ? [frame as Float32Array]
        : Object.values(frame as object) as Float32Array[];
      firsts.push(arrays.at(-1)![3]);
    }
    await pipe.join();
    deepEqual(firsts, upTo(1000));
  }
});
