/** Frames to the disk and back: a recording, a plain file in batches, and MCAP; and a pipeline with a recorder and without. */

import { McapIndexedReader, McapWriter } from "@mcap/core";
import { join } from "node:path";
import process from "node:process";
import { Pipeline } from "@ringmill/ringmill";
import { record } from "@ringmill/ringmill/recording";
import { makeFolder } from "../../src/recording/format/folder.ts";
import { formatOf } from "../../src/recording/format/frame_format.ts";
import { StoredFrames } from "../../src/recording/format/stored_frames.ts";
import { openRecording } from "../../src/recording/open_recording.ts";
import { StreamRecorder } from "../../src/recording/tasks/stream_recorder.ts";
import { isSumOfAll, medians, verify } from "./_measure.ts";
import { writePlainFile } from "./_recording_tasks.ts";
import { readCopies, writeCopies } from "./_stream_tasks.ts";
import { against, formatBytes, type Row, type Table } from "./_table.ts";

const STREAM_TASKS = new URL("./_stream_tasks.ts", import.meta.url);
const ROUNDS = 5;
/** Frames that a ring gives at once. */
const AT_ONCE = 32;
const BATCH_BYTES = 256 * 1024;
/** A number and a time before each frame of the plain file. */
const HEAD_BYTES = 16;
const CASES = [[64, 500_000], [16 * 1024, 8000], [1 << 20, 128]] as const;

/** CPU time of this process in microseconds, user and system. */
function cpuTime(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** Microseconds of CPU for each megabyte of frames. */
async function cpuPerMegabyte(bytes: number, work: () => void | Promise<void>): Promise<number> {
  const begun = cpuTime();
  await work();
  return (cpuTime() - begun) / bytes * 1e6;
}

/** Frames as a ring has them: each begins with its number. */
class Source {
  readonly count: number;
  readonly frameBytes: number;
  readonly #slots: readonly Uint8Array<SharedArrayBuffer>[];
  readonly #numbers: readonly Uint32Array<SharedArrayBuffer>[];

  constructor(frameBytes: number, count: number) {
    this.count = count;
    this.frameBytes = frameBytes;
    const memory = new SharedArrayBuffer(AT_ONCE * frameBytes);
    new Uint8Array(memory).forEach((_, at, bytes) => bytes[at] = at % 251);
    const slots = Array.from({ length: AT_ONCE }, (_, slot) => slot * frameBytes);
    this.#slots = slots.map((at) => new Uint8Array(memory, at, frameBytes));
    this.#numbers = slots.map((at) => new Uint32Array(memory, at, 1));
  }

  /** The frames in groups of no more than `room()`. */
  *groups(room: () => number): Generator<readonly Uint8Array<SharedArrayBuffer>[]> {
    for (let first = 0; first < this.count;) {
      const size = Math.min(AT_ONCE, room(), this.count - first);
      for (let n = 0; n < size; n++) this.#numbers[n][0] = first + n;
      yield size === AT_ONCE ? this.#slots : this.#slots.slice(0, size);
      first += size;
    }
  }
}

/** What is written into a folder that goes away again. */
class Files {
  readonly folder: string = Deno.makeTempDirSync({ prefix: "bench-" });
  readonly source: Source;

  constructor(source: Source) {
    this.source = source;
  }

  #path(name: string): string {
    return join(this.folder, name);
  }

  remove(): void {
    Deno.removeSync(this.folder, { recursive: true });
  }

  record(): void {
    const { source } = this;
    const folder = this.#path("recording");
    try {
      Deno.removeSync(folder, { recursive: true });
    } catch {
      // It is the first one.
    }
    makeFolder(folder, { pipeline: "bench", run: "r", startedAt: new Date() });
    const head = {
      pipeline: "bench",
      stream: "s",
      description: "",
      format: formatOf([source.frameBytes / 4], "uint32"),
    };
    const how = { flushMs: Infinity, fsyncMs: null, split: null, minFreeBytes: 0, onFull: "stop" } as const;
    using recorder = new StreamRecorder(head, { folder, ...how });
    for (const frames of source.groups(() => recorder.room)) recorder.add(frames);
    recorder.finish();
  }

  writePlain(): void {
    const { source } = this;
    const size = source.frameBytes + HEAD_BYTES;
    const capacity = Math.max(1, Math.floor(BATCH_BYTES / size));
    const block = new Uint8Array(capacity * size);
    const view = new DataView(block.buffer);
    using file = Deno.openSync(this.#path("plain"), { write: true, create: true, truncate: true });
    let rows = 0;
    let number = 0;
    const write = () => {
      writeWhole(file, block.subarray(0, rows * size));
      rows = 0;
    };
    for (const frames of source.groups(() => capacity - rows)) {
      const time = performance.now();
      for (const frame of frames) {
        const at = rows++ * size;
        view.setFloat64(at, number++, true);
        view.setFloat64(at + 8, time, true);
        block.set(frame, at + HEAD_BYTES);
      }
      if (rows === capacity) write();
    }
    write();
  }

  async writeMcap(): Promise<void> {
    using file = Deno.openSync(this.#path("mcap"), { write: true, create: true, truncate: true });
    let position = 0n;
    const write = (bytes: Uint8Array) => {
      writeWhole(file, bytes);
      position += BigInt(bytes.length);
      return Promise.resolve();
    };
    const writer = new McapWriter({ writable: { write, position: () => position }, chunkSize: BATCH_BYTES });
    await writer.start({ profile: "", library: "bench" });
    const schemaId = await writer.registerSchema({ name: "frame", encoding: "", data: new Uint8Array() });
    const channel = { topic: "s", messageEncoding: "uint32", schemaId, metadata: new Map() };
    const channelId = await writer.registerChannel(channel);
    let sequence = 0;
    for (const frames of this.source.groups(() => Infinity)) {
      const time = BigInt(Math.round(performance.now() * 1e6));
      for (const data of frames) {
        await writer.addMessage({ channelId, sequence: sequence++, publishTime: time, logTime: time, data });
      }
    }
    await writer.end();
  }

  #check(sum: number, what: string): void {
    verify(isSumOfAll(sum, this.source.count), what);
  }

  /** As a replay reads: whole batches. */
  readRecording(): void {
    using stored = new StoredFrames([join(this.#path("recording"), "s.arrows")]);
    const { frameBytes } = this.source;
    let sum = 0;
    for (const batch of stored.batches) {
      const { data: [bytes], numbers } = stored.load(batch);
      const words = new Uint32Array(bytes.buffer, bytes.byteOffset);
      for (let row = 0; row < numbers.length; row++) sum += words[row * frameBytes / 4];
    }
    this.#check(sum, "a recording that is read");
  }

  readFrames(): void {
    using recording = openRecording(this.#path("recording"));
    let sum = 0;
    for (const { data } of recording.stream("s")) sum += (data as Uint32Array)[0];
    this.#check(sum, "frames of a recording");
  }

  readPlain(): void {
    const { frameBytes, count } = this.source;
    const size = frameBytes + HEAD_BYTES;
    const block = new Uint8Array(Math.max(1, Math.floor(BATCH_BYTES / size)) * size);
    const words = new Uint32Array(block.buffer);
    using file = Deno.openSync(this.#path("plain"));
    let sum = 0;
    let left = count * size;
    while (left > 0) {
      const bytes = block.subarray(0, Math.min(left, block.length));
      for (let at = 0; at < bytes.length;) at += file.readSync(bytes.subarray(at))!;
      for (let at = HEAD_BYTES; at < bytes.length; at += size) sum += words[at / 4];
      left -= bytes.length;
    }
    this.#check(sum, "a plain file that is read");
  }

  async readMcap(): Promise<void> {
    using file = Deno.openSync(this.#path("mcap"));
    const { size } = file.statSync();
    const readable = {
      size: () => Promise.resolve(BigInt(size)),
      read: (offset: bigint, length: bigint) => {
        const bytes = new Uint8Array(Number(length));
        file.seekSync(offset, Deno.SeekMode.Start);
        for (let at = 0; at < bytes.length;) at += file.readSync(bytes.subarray(at))!;
        return Promise.resolve(bytes);
      },
    };
    let sum = 0;
    const reader = await McapIndexedReader.Initialize({ readable });
    for await (const { data } of reader.readMessages({ validateCrcs: false })) {
      sum += new DataView(data.buffer, data.byteOffset).getUint32(0, true);
    }
    this.#check(sum, "MCAP that is read");
  }
}

function writeWhole(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
}

async function measureFiles(frameBytes: number, count: number): Promise<{ written: Row; read: Row }> {
  const files = new Files(new Source(frameBytes, count));
  const label = formatBytes(frameBytes);
  const timed = (work: () => void | Promise<void>) => () => cpuPerMegabyte(frameBytes * count, work);
  try {
    const written = await medians({
      recording: timed(() => files.record()),
      "plain file": timed(() => files.writePlain()),
      MCAP: timed(() => files.writeMcap()),
    }, ROUNDS);
    const read = await medians({
      recording: timed(() => files.readRecording()),
      "frame by frame": timed(() => files.readFrames()),
      "plain file": timed(() => files.readPlain()),
      MCAP: timed(() => files.readMcap()),
    }, ROUNDS);
    const wanted = { "plain file": 0.7 };
    return {
      written: { label, times: written, ratios: against(written, "recording", wanted) },
      read: { label, times: read, ratios: against(read, "recording", wanted, ["plain file", "MCAP"]) },
    };
  } finally {
    files.remove();
  }
}

/** Microseconds of a line for each frame: a writer, a reader, and what else reads. */
async function timeLine(frameBytes: number, count: number, folder: string, beside: "recorder" | "plain" | null) {
  await using pipe = new Pipeline("line", STREAM_TASKS);
  const frames = pipe.addStream("frames", { shape: [frameBytes / 4], dtype: "uint32", frames: 64 });
  const receipts = pipe.addStream("receipts", { shape: [2], dtype: "float64" });
  pipe.addTask("write", { fn: writeCopies, writes: { frames }, params: { frames: count } });
  pipe.addTask("read", { fn: readCopies, reads: { frames }, writes: { receipts } });
  const path = join(folder, "plain");
  const module = new URL("./_recording_tasks.ts", import.meta.url);
  if (beside === "plain") pipe.addTask("plain", { fn: writePlainFile, module, reads: { frames }, params: { path } });
  if (beside === "recorder") record(pipe, frames, { to: join(folder, "line") });
  const result = pipe.openReader(receipts);
  await pipe.compile();
  const start = performance.now();
  await pipe.run();
  const time = (performance.now() - start) * 1000 / count;
  verify(isSumOfAll(result.read()![1], count), "a line");
  if (beside === "recorder") Deno.removeSync(join(folder, "line"), { recursive: true });
  return time;
}

async function measureLine(frameBytes: number, count: number): Promise<Row> {
  const folder = Deno.makeTempDirSync({ prefix: "bench-" });
  const timed = (beside: "recorder" | "plain" | null) => () => timeLine(frameBytes, count, folder, beside);
  try {
    const times = await medians({
      "with a recorder": timed("recorder"),
      "with a plain file": timed("plain"),
      "without": timed(null),
    }, ROUNDS);
    return { label: formatBytes(frameBytes), times, ratios: against(times, "with a recorder") };
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/** Measures. */
export async function benchRecording(): Promise<Table[]> {
  const rows = [];
  for (const [bytes, count] of CASES) rows.push(await measureFiles(bytes, count));
  const lines = [];
  for (const [bytes, count] of CASES) lines.push(await measureLine(bytes, count));
  const unit = "us of CPU per MB";
  return [
    { title: "Frames written to the disk", unit, rows: rows.map(({ written }) => written) },
    { title: "Frames read from the disk", unit, rows: rows.map(({ read }) => read) },
    {
      title: "A line that is recorded, and one with a task that writes a plain file",
      unit: "us per frame",
      rows: lines,
    },
  ];
}
