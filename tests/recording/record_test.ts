import { DeclarationError, Pipeline } from "@ringmill/ringmill";
import { openRecording, record } from "@ringmill/ringmill/recording";
import { deepEqual, equal, match, ok, rejects, throws } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { findProgram } from "../_programs.ts";
import { repairFile } from "../../src/recording/repair_recording.ts";
import { smallDisk, temporaryFolder } from "./_helpers.ts";
import * as tasks from "./_tasks.ts";

const TASKS = new URL("./_tasks.ts", import.meta.url);
const CONFIG = fileURLToPath(new URL("../../deno.json", import.meta.url));

function line(frames: number, length = 4) {
  const pipe = new Pipeline("line", TASKS);
  const samples = pipe.addStream("samples", { shape: [length], dtype: "float32" });
  const doubled = pipe.addStream("doubled", { shape: [length], dtype: "float32" });
  pipe.addTask("count", { fn: tasks.count, writes: { samples }, params: { frames } });
  pipe.addTask("double", { fn: tasks.double, reads: { samples }, writes: { doubled } });
  pipe.addTask("swallow", { fn: tasks.swallow, reads: { samples: doubled } });
  return { pipe, samples, doubled };
}

Deno.test("record() writes every frame of several streams into one recording", async () => {
  await using folder = await temporaryFolder();
  const { pipe, samples, doubled } = line(10_000);
  await using _pipe = pipe;
  record(pipe, samples, { to: folder.path });
  record(pipe, doubled, { to: folder.path });
  await pipe.run();
  using recording = openRecording(folder.path);
  equal(recording.pipeline, "line");
  for (const [name, factor] of [["samples", 1], ["doubled", 2]] as const) {
    const stream = recording.stream(name);
    deepEqual([stream.frames, stream.lost, stream.isComplete], [10_000, 0, true]);
    for (const { frame, data } of stream) deepEqual(data, new Float32Array(4).fill(factor * frame));
  }
  throws(
    () => recording.stream("nothing"),
    /Cannot find stream "nothing" in recording .*: it has "doubled", "samples"/,
  );
});

Deno.test("record() of a stopped pipeline ends the recording properly", async () => {
  await using folder = await temporaryFolder();
  await using pipe = new Pipeline("endless", TASKS);
  const samples = pipe.addStream("samples", { shape: [4], dtype: "float32" });
  pipe.addTask("count", { fn: tasks.countOn, writes: { samples }, params: { pauseMs: 1 } });
  record(pipe, samples, { to: folder.path, flushMs: 5, fsyncMs: 10 });
  await pipe.start();
  await new Promise((resolve) => setTimeout(resolve, 100));
  pipe.stop();
  await pipe.join();
  using recording = openRecording(folder.path);
  const stream = recording.stream("samples");
  ok(stream.isComplete && stream.frames > 0);
  for (const { frame, data } of stream) deepEqual(data, new Float32Array(4).fill(frame));
});

Deno.test("record() that skips holds nobody back, and what it has missed adds up", async () => {
  await using folder = await temporaryFolder();
  const { pipe, samples } = line(20_000);
  await using _pipe = pipe;
  record(pipe, samples, { to: folder.path, backpressure: "skip" });
  await pipe.run();
  using recording = openRecording(folder.path);
  let next = 0;
  for (const { frame, lost, data } of recording.stream("samples")) {
    equal(frame, next + lost);
    deepEqual(data, new Float32Array(4).fill(frame));
    next = frame + 1;
  }
  equal(next, 20_000);
});

Deno.test("record() refuses what it cannot do", async () => {
  await using folder = await temporaryFolder();
  const { pipe, samples } = line(1);
  await using _pipe = pipe;
  const to = folder.path;
  // deno-lint-ignore no-explicit-any
  const wrong = (options: any) => () => record(pipe, samples, options);
  throws(wrong({}), { name: "TypeError", message: /^Cannot record stream "samples": to must be a path or URL/ });
  throws(wrong({ to, flushMs: -1 }), { name: "RangeError", message: /flushMs must be a number of milliseconds/ });
  throws(wrong({ to, flushMS: 1 }), { name: "TypeError", message: /no option "flushMS"; did you mean "flushMs"\?/ });
  throws(wrong({ to, backpressure: "drop" }), /backpressure must be one of block, skip, received "drop"/);
  throws(wrong({ to, split: { byte: 1 } }), /split: there is no option "byte"; did you mean "bytes"\?/);
  throws(wrong({ to, onFull: "dropOldest" }), /onFull "dropOldest" needs the option split/);
  record(pipe, samples, { to });
  throws(wrong({ to: `${to}/other` }), DeclarationError);
  await pipe.run();
  const again = line(1);
  await using _again = again.pipe;
  record(again.pipe, again.samples, { to });
  await rejects(again.pipe.run(), /it holds another recording/);
});

for (const onFull of ["stop", "fail", "dropOldest"] as const) {
  Deno.test(`record() onto a disk that fills up: ${onFull}`, async (t) => {
    await using disk = await smallDisk(1024);
    if (!disk) return void await t.step({ name: "skipped: no small disk can be mounted here", fn() {}, ignore: true });
    const frames = 400;
    const { pipe, samples } = line(frames, 4096);
    await using _pipe = pipe;
    const split = onFull === "dropOldest" ? { bytes: 300_000 } : undefined;
    record(pipe, samples, { to: `${disk.path}/r`, minFreeBytes: 100_000, onFull, split });
    const errors: unknown[] = [];
    if (onFull === "fail") await rejects(pipe.run(), /less than minFreeBytes, 100000, are free/);
    else await pipe.run().catch((error) => errors.push(error));
    deepEqual(errors, []);
    using recording = openRecording(`${disk.path}/r`);
    const stream = recording.stream("samples");
    ok(stream.frames > 0 && stream.frames < frames);
    equal(stream.isComplete, onFull === "dropOldest");
    if (onFull === "dropOldest") equal(stream.last, frames - 1);
  });
}

Deno.test("record() leaves all that was flushed readable, whenever its program is killed", async (t) => {
  let missing: string | undefined;
  const isLong = Deno.env.has("RINGMILL_KILLS");
  const script = `
    import { Pipeline } from "@ringmill/ringmill";
    import { record } from "@ringmill/ringmill/recording";
    const pipe = new Pipeline("endless", ${JSON.stringify(TASKS.href)});
    const samples = pipe.addStream("samples", { shape: [64], dtype: "float32" });
    const { countOn } = await import(${JSON.stringify(TASKS.href)});
    pipe.addTask("count", { fn: countOn, writes: { samples }, params: { pauseMs: 0 } });
    record(pipe, samples, { to: Deno.args[0], flushMs: 1 });
    await pipe.run();`;
  const kills = Number(Deno.env.get("RINGMILL_KILLS") ?? 8);
  for (let n = 0; n < kills; n++) {
    await using folder = await temporaryFolder();
    const main = `${folder.path}/main.ts`;
    await Deno.writeTextFile(main, script);
    const args = ["run", "-A", "--no-check", "--config", CONFIG, main, `${folder.path}/r`];
    const child = new Deno.Command(Deno.execPath(), { args, stdout: "null", stderr: "null" }).spawn();
    const size = () => Deno.stat(`${folder.path}/r/samples.arrows`).then(({ size }) => size, () => 0);
    while (await size() < 100_000) await new Promise((resolve) => setTimeout(resolve, 5));
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 50));
    child.kill("SIGKILL");
    await child.status;
    using recording = openRecording(`${folder.path}/r`);
    const stream = recording.stream("samples");
    ok(stream.frames > 0 && !stream.isComplete);
    for (const { frame, data } of stream) {
      if ((data as Float32Array).some((x) => x !== frame)) throw new Error(`frame ${frame}`);
    }
    if (!isLong && n < kills - 1) continue;
    const found = await framesByPython(stream.parts[0].path);
    if (typeof found === "string") missing = found;
    else deepEqual(found, { pyarrow: stream.frames, repaired: [stream.frames, stream.frames] });
  }
  if (missing !== undefined) await t.step({ name: `${missing}: others' readers are not tried`, fn() {}, ignore: true });
});

/** Frames that pyarrow finds in a file that was cut off, batch by batch; and those of pyarrow and polars once it is ended. */
async function framesByPython(path: string): Promise<string | { pyarrow: number; repaired: number[] }> {
  const code = `
import json, sys
try:
    import pyarrow as pa, polars as pl
except ImportError as error:
    print(json.dumps(f"missing {error.name}, which pip install pyarrow polars brings")); sys.exit()
path, repaired = sys.argv[1:]
frames = 0
with pa.ipc.open_stream(path) as reader:
    try:
        for batch in reader:
            assert batch["frame"].to_pylist() == list(range(frames, frames + batch.num_rows))
            frames += batch.num_rows
    except pa.ArrowInvalid:
        pass
    except OSError:
        pass
print(json.dumps({ "pyarrow": frames, "repaired": [pa.ipc.open_stream(repaired).read_all().num_rows, pl.read_ipc_stream(repaired).height] }))
`;
  const python = findProgram("python3");
  if (python === undefined) return "missing python3";
  const copy = `${path}.repaired`;
  await Deno.copyFile(path, copy);
  repairFile(copy);
  const { stdout, stderr } = await new Deno.Command(python, { args: ["-c", code, path, copy] }).output();
  const text = new TextDecoder();
  equal(text.decode(stderr), "");
  return JSON.parse(text.decode(stdout));
}

Deno.test("A recording is a table of pyarrow and polars", async (t) => {
  await using folder = await temporaryFolder();
  const { pipe, samples } = line(5000);
  await using _pipe = pipe;
  record(pipe, samples, { to: folder.path });
  await pipe.run();
  const code = `
import sys
try:
    import numpy, pyarrow as pa, polars as pl
except ImportError as error:
    print("missing:", error.name); sys.exit()
path = sys.argv[1]
table = pa.ipc.open_stream(path).read_all()
assert table.column_names == ["frame", "time", "lost", "data"], table.column_names
assert str(table.schema.field("time").type) == "timestamp[ns, tz=UTC]"
assert isinstance(table.schema.field("data").type, pa.FixedShapeTensorType)
tensor = table["data"].combine_chunks().to_numpy_ndarray()
assert tensor.shape == (5000, 4) and (tensor == numpy.arange(5000, dtype="f4")[:, None]).all()
assert table["frame"].to_pylist() == list(range(5000))
frame = pl.read_ipc_stream(path)
assert frame.shape == (5000, 4), frame.shape
print("read")
`;
  const args = ["-c", code, `${folder.path}/samples.arrows`];
  const ended = findProgram("python3") ? await new Deno.Command("python3", { args }).output() : null;
  const said = ended
    ? new TextDecoder().decode(ended.stdout) + new TextDecoder().decode(ended.stderr)
    : "missing: python3";
  if (said.startsWith("missing:")) {
    const name = `skipped, ${said.trim()}: pip install pyarrow polars numpy brings it`;
    return void await t.step({ name, fn() {}, ignore: true });
  }
  match(said, /^read\n$/);
});
