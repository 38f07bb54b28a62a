import fc from "fast-check";
import { openRecording, repairRecording } from "@ringmill/ringmill/recording";
import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import { lacks } from "../_programs.ts";
import { type DType, DTYPES } from "../../src/ring/dtypes.ts";
import { makeFolder, partPath } from "../../src/recording/format/folder.ts";
import { PlacedReader } from "../../src/recording/format/batch_index.ts";
import { addFrames, frameBytes, frameData, type Kind, recorderOf, temporaryFolder } from "./_helpers.ts";

const SMALL: Kind = { shape: [3], dtype: "float32" };

Deno.test("A recording gives back frames of every dtype, of one, two and three dimensions", async () => {
  for (const dtype of Object.keys(DTYPES) as DType[]) {
    for (const shape of [[1], [5], [2, 3], [2, 1, 4]]) {
      await using folder = await temporaryFolder();
      const kind = { shape, dtype };
      using recorder = recorderOf(kind, folder.path);
      addFrames(recorder, kind, 7, 3);
      recorder.finish();
      using recording = openRecording(folder.path);
      const stream = recording.stream("s");
      deepEqual([stream.shape, stream.dtype, stream.frames, stream.isComplete], [shape, dtype, 7, true]);
      const bytes = Array.from(stream, ({ data }) => [data.constructor, new Uint8Array(data.buffer as ArrayBuffer)]);
      const expected = Array.from({ length: 7 }, (_, n) => [DTYPES[dtype].array, frameBytes(kind, n)]);
      deepEqual(bytes, expected);
    }
  }
});

Deno.test("A recording gives back frames with named columns", async () => {
  await using folder = await temporaryFolder();
  const kind: Kind = { shape: [3], dtype: { flag: "bool", time: "int64", z: "complex64", price: "float64" } };
  using recorder = recorderOf(kind, folder.path);
  addFrames(recorder, kind, 5, 2);
  recorder.finish();
  using recording = openRecording(folder.path);
  const stream = recording.stream("s");
  deepEqual(stream.dtype, kind.dtype);
  deepEqual(Object.keys(stream.dtype), Object.keys(kind.dtype));
  deepEqual(Array.from(stream, ({ data }) => data), Array.from({ length: 5 }, (_, n) => frameData(kind, n)));
});

Deno.test("A recording of nothing is a recording", async () => {
  await using folder = await temporaryFolder();
  using recorder = recorderOf(SMALL, folder.path);
  recorder.finish();
  using recording = openRecording(folder.path);
  const { frames, start, end, last, lost, isComplete } = recording.stream("s");
  deepEqual({ frames, start, end, last, lost, isComplete }, {
    ...{ frames: 0, start: null, end: null, last: null },
    ...{ lost: 0, isComplete: true },
  });
  equal(recording.stream("s").read(0), null);
  equal(recording.stream("s").at(new Date()), null);
});

Deno.test("A recording has frames by number and by time, and says what was lost", async () => {
  await using folder = await temporaryFolder();
  using recorder = recorderOf(SMALL, folder.path);
  const frame = new Uint8Array(12);
  recorder.add([frame, frame]);
  recorder.flush();
  recorder.add([frame], 3);
  recorder.finish();
  using recording = openRecording(folder.path);
  const stream = recording.stream("s");
  deepEqual(Array.from(stream, ({ frame, lost }) => [frame, lost]), [[0, 0], [1, 0], [5, 3]]);
  deepEqual([stream.frames, stream.lost, stream.last], [3, 3, 5]);
  deepEqual([0, 1, 2, 4, 5, 6, -1].map((n) => stream.read(n)?.frame), [
    0,
    1,
    undefined,
    undefined,
    5,
    undefined,
    undefined,
  ]);
  equal(stream.at(stream.end!)?.frame, 5);
  equal(stream.at(stream.start! - 1n), null);
  ok(Math.abs(Number(stream.start! / 1_000_000n) - Date.now()) < 60_000);
  deepEqual(Array.from(stream.between({ frame: 1 }, { frame: 5 }), ({ frame }) => frame), [1]);
  deepEqual(Array.from(stream.between(new Date(0)), ({ frame }) => frame), [0, 1, 5]);
  deepEqual(Array.from(stream.between({ seconds: 0 }, { seconds: 1e6 }), ({ frame }) => frame), [0, 1, 5]);
});

Deno.test("A recording that is cut anywhere gives its whole batches, and says that it was cut off", async () => {
  await using folder = await temporaryFolder();
  using recorder = recorderOf(SMALL, folder.path);
  addFrames(recorder, SMALL, 6, 2);
  const withoutEnd = (await Deno.stat(partPath(folder.path, "s"))).size;
  recorder.finish();
  const path = partPath(folder.path, "s");
  const whole = await Deno.readFile(path);
  const counts = new Set<number>();
  for (let length = whole.length - 1; length > 0; length--) {
    await Deno.writeFile(path, whole.subarray(0, length));
    try {
      using recording = openRecording(folder.path);
      const stream = recording.stream("s");
      equal(stream.isComplete, false);
      counts.add(stream.frames);
      const expected = Array.from({ length: stream.frames }, (_, n) => frameData(SMALL, n));
      deepEqual(Array.from(stream, ({ data }) => data), expected);
      if (length >= withoutEnd) equal(stream.frames, 6);
    } catch (error) {
      match((error as Error).message, /Cannot open .*s\.arrows: it ends before its schema does/);
    }
  }
  deepEqual(Array.from(counts), [6, 4, 2, 0]);
});

Deno.test("A recording with any byte changed is refused or read, without a hang or much memory", async () => {
  await using folder = await temporaryFolder();
  using recorder = recorderOf(SMALL, folder.path);
  addFrames(recorder, SMALL, 6, 2);
  recorder.finish();
  const path = partPath(folder.path, "s");
  const whole = await Deno.readFile(path);
  for (let at = 0; at < whole.length; at += 3) {
    const changed = whole.slice();
    changed[at] ^= 0xff;
    await Deno.writeFile(path, changed);
    try {
      using recording = openRecording(folder.path);
      ok(Array.from(recording.stream("s")).length <= 6);
    } catch (error) {
      match((error as Error).message, /^Cannot (open|read) /);
    }
  }
});

Deno.test("Parts of a recording are complete in themselves, and read as one stream", async () => {
  await using folder = await temporaryFolder();
  using recorder = recorderOf(SMALL, folder.path, { split: { bytes: 2000, seconds: Infinity } });
  addFrames(recorder, SMALL, 20, 2);
  recorder.finish();
  using recording = openRecording(folder.path);
  const stream = recording.stream("s");
  ok(stream.parts.length > 2);
  ok(stream.parts.every(({ isComplete, bytes }) => isComplete && bytes <= 2000));
  deepEqual(Array.from(stream, ({ frame }) => frame), Array.from({ length: 20 }, (_, n) => n));
});

Deno.test("A recording refuses a folder that holds another one, and one of a newer Ringmill", async () => {
  await using folder = await temporaryFolder();
  recorderOf(SMALL, folder.path).finish();
  const toml = `${folder.path}/recording.toml`;
  await Deno.writeTextFile(toml, (await Deno.readTextFile(toml)).replace('run = "r"', 'run = "other"'));
  throws(() => recorderOf(SMALL, folder.path), /Cannot record into .*: it holds another recording/);
  await Deno.writeTextFile(toml, (await Deno.readTextFile(toml)).replace("format_version = 1", "format_version = 2"));
  throws(
    () => openRecording(folder.path),
    /Cannot open recording .*: it was made by a newer Ringmill: its format_version is 2, this one reads 1 at most/,
  );
  throws(() => openRecording(`${folder.path}/none`), /it has no recording.toml/);
});

const makePipe = async (path: string) => void await new Deno.Command("mkfifo", { args: [path] }).output();
const ODD = {
  "a folder": { make: (path: string) => Deno.mkdir(path), ignore: false },
  "a pipe": { make: makePipe, ignore: Deno.build.os === "windows" || lacks("mkfifo") },
};

for (const [what, { make, ignore }] of Object.entries(ODD)) {
  const name = `A recording refuses ${what} in place of a file, by its path and without waiting for it`;
  Deno.test({ name, ignore }, async () => {
    await using folder = await temporaryFolder();
    recorderOf(SMALL, folder.path).finish();
    const path = `${folder.path}/odd.arrows`;
    await make(path);
    throws(() => openRecording(folder.path), /Cannot open .*odd\.arrows: it is no file$/);
    throws(() => repairRecording(folder.path), /Cannot repair odd\.arrows: it is no file$/);
    await Deno.remove(path);
    const other = `${folder.path}/other`;
    await Deno.mkdir(other);
    await make(`${other}/recording.toml`);
    throws(() => openRecording(other), /Cannot open recording .*other: recording\.toml is no file$/);
  });
}

Deno.test("A recording is made, and none is overwritten, on a file system without links", async () => {
  const { linkSync } = Deno;
  Deno.linkSync = () => {
    throw new Error("Operation not permitted (os error 1)");
  };
  try {
    await using folder = await temporaryFolder();
    {
      using recorder = recorderOf(SMALL, folder.path);
      addFrames(recorder, SMALL, 5, 2);
      recorder.finish();
    }
    throws(() => recorderOf(SMALL, folder.path).add([frameBytes(SMALL, 0)]), Deno.errors.AlreadyExists);
    const head = { pipeline: "p", run: "another", startedAt: new Date(0) };
    throws(() => makeFolder(folder.path, head), /it holds another recording/);
    throws(() => makeFolder(`${folder.path}/recording.toml/x`, head), /^Error: Cannot record into .*\/x: /);
    using recording = openRecording(folder.path);
    deepEqual(Array.from(recording.stream("s"), ({ data }) => data), [0, 1, 2, 3, 4].map((n) => frameData(SMALL, n)));
    deepEqual(Array.from(Deno.readDirSync(folder.path), ({ name }) => name).sort(), ["recording.toml", "s.arrows"]);
  } finally {
    Deno.linkSync = linkSync;
  }
});

Deno.test("A recording is opened, and a frame of it found, without the file being read", async () => {
  await using folder = await temporaryFolder();
  const kind: Kind = { shape: [4096], dtype: "float32" };
  using recorder = recorderOf(kind, folder.path);
  const frame = new Uint8Array(4 * 4096);
  for (let n = 0; n < 2000; n++) recorder.add([frame]);
  recorder.finish();
  let bytes = 0;
  let reads = 0;
  const { read } = PlacedReader.prototype;
  PlacedReader.prototype.read = function (place, into) {
    bytes += into.length;
    reads++;
    return read.call(this, place, into);
  };
  try {
    using recording = openRecording(folder.path);
    const stream = recording.stream("s");
    const batches = 125;
    equal(reads <= batches + 10 && bytes < 0.01 * stream.parts[0].bytes, true, `${reads} reads of ${bytes} bytes`);
    [reads, bytes] = [0, 0];
    equal(stream.read(1234)!.frame, 1234);
    // By bisection, and then one batch.
    equal(reads < 20 && bytes < 300_000, true, `${reads} reads of ${bytes} bytes`);
    [reads, bytes] = [0, 0];
    equal(stream.at(stream.end!)!.frame >= 0, true);
    equal(reads < 20 && bytes < 300_000, true, `${reads} reads of ${bytes} bytes`);
  } finally {
    PlacedReader.prototype.read = read;
  }
});

Deno.test("A recording with any bytes changed, cut or put in is refused by its name, or read within its bounds", async () => {
  await using folder = await temporaryFolder();
  const kind: Kind = { shape: [2], dtype: { a: "int8", b: "float64" } };
  using recorder = recorderOf(kind, folder.path);
  addFrames(recorder, kind, 9, 3);
  recorder.finish();
  const path = partPath(folder.path, "s");
  const whole = await Deno.readFile(path);
  const edit = fc.record({
    at: fc.nat(whole.length - 1),
    cut: fc.constantFrom(0, 0, 0, 1, 4, 8, 64),
    put: fc.oneof(
      fc.uint8Array({ maxLength: 8 }),
      fc.constantFrom([255, 255, 255, 127], [255, 255, 255, 255, 255, 255, 255, 127], [0, 0, 0, 128]).map((bytes) =>
        Uint8Array.from(bytes)
      ),
    ),
    isOver: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
      let bytes: Uint8Array = whole;
      for (const { at, cut, put, isOver } of edits) {
        const end = bytes.subarray(at + cut + (isOver ? put.length : 0));
        bytes = Uint8Array.from([...bytes.subarray(0, at), ...put, ...end]);
      }
      Deno.writeFileSync(path, bytes);
      try {
        using recording = openRecording(folder.path);
        const stream = recording.stream(recording.streams.keys().next().value!);
        ok(Array.from(stream).length <= bytes.length);
        stream.read(4);
        stream.at(new Date());
        repairRecording(folder.path);
      } catch (error) {
        match((error as Error).message, /^Cannot (open|read|repair) /);
      }
    }),
    { numRuns: Number(Deno.env.get("FC_RUNS") ?? 1000) },
  );
});

Deno.test("Parts that are split by time are one stream, and a part of another type is refused by its path", async () => {
  await using folder = await temporaryFolder();
  using recorder = recorderOf(SMALL, folder.path, { split: { bytes: Infinity, seconds: 0.02 } });
  for (let n = 0; n < 4; n++) {
    recorder.add([frameBytes(SMALL, n)]);
    recorder.flush();
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  recorder.finish();
  {
    using recording = openRecording(folder.path);
    const stream = recording.stream("s");
    ok(stream.parts.length > 1 && stream.isComplete, `${stream.parts.length} parts`);
    deepEqual(Array.from(stream, ({ frame }) => frame), [0, 1, 2, 3]);
    // Over the seams, from the middle on.
    deepEqual(Array.from(stream.between({ frame: 1 }, { frame: 3 }), ({ frame }) => frame), [1, 2]);
  }
  await using elsewhere = await temporaryFolder();
  const other: Kind = { shape: [3], dtype: "int32" };
  using foreign = recorderOf(other, elsewhere.path);
  addFrames(foreign, other, 2, 1);
  foreign.finish();
  await Deno.copyFile(partPath(elsewhere.path, "s"), partPath(folder.path, "s", 9));
  throws(
    () => openRecording(folder.path),
    /files differ: .*00000\.arrows has float32 \[3\], .*00009\.arrows has int32/,
  );
});
