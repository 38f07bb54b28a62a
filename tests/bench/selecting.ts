/** Waiting for any of several streams against reading one, and many small frames at once against one by one. */

import { Pipeline } from "@ringmill/ringmill";
import { isSumOfAll, medians, verify } from "./_measure.ts";
import { NativeFloor } from "./_native.ts";
import { readInTurn, readMany, readSelected, writeInTurn, writeMany } from "./_select_tasks.ts";
import { readInPlace, writeInPlace } from "./_stream_tasks.ts";
import { against, type Row, type Table } from "./_table.ts";
import { timeStream } from "./two_workers.ts";

const TASKS = new URL("./_select_tasks.ts", import.meta.url);
const BYTES = 64;
const FRAMES = 200_000;
const MANY = 4_000_000;
/** Frames that the ring of small ones holds. */
const WINDOW = 1024;
const ROUNDS = 3;

/** Nanoseconds per frame over so many streams. */
async function timeStreams(count: number, read: typeof readSelected): Promise<number> {
  await using pipe = new Pipeline("bench", TASKS);
  const names = Array.from({ length: count }, (_, index) => `stream ${index}`);
  const streams = Object.fromEntries(
    names.map((name) => [name, pipe.addStream(name, { shape: [BYTES / 4], dtype: "uint32", frames: 32 })]),
  );
  const receipts = pipe.addStream("receipts", { shape: [2], dtype: "float64" });
  const params = { frames: FRAMES };
  pipe.addTask("write", { fn: writeInTurn, writes: streams, params });
  // deno-lint-ignore no-explicit-any
  pipe.addTask("read", { fn: read as any, reads: streams, writes: { receipts }, params });
  const result = pipe.openReader(receipts);
  await pipe.run();
  const [time, sum] = result.read()!;
  verify(isSumOfAll(sum, FRAMES), `${read.name} over ${count} streams`);
  return time;
}

async function measureSelect(streams: number): Promise<Row> {
  const times = await medians({
    "select and read": () => timeStreams(streams, readSelected),
    "read in turn": () => timeStreams(streams, readInTurn),
    "read one": () => timeStreams(1, readInTurn),
  }, ROUNDS);
  return { label: `${streams} streams`, times, ratios: against(times, "select and read") };
}

async function measureMany(): Promise<Row> {
  const native = await NativeFloor.build();
  const times = await medians({
    "lookMany of 64": () => timeStream(BYTES, MANY, writeMany, readMany, WINDOW, TASKS),
    "one by one": () => timeStream(BYTES, MANY, writeInPlace, readInPlace, WINDOW),
    "native threads": native ? () => native.copy(BYTES, MANY, WINDOW) : undefined,
  }, ROUNDS);
  return { label: "64 B", times, ratios: against(times, "lookMany of 64", { "one by one": 3 }) };
}

/** Measures. */
export async function benchSelecting(): Promise<Table[]> {
  const rows: Row[] = [];
  for (const streams of [2, 8, 32]) rows.push(await measureSelect(streams));
  return [{
    title: "A frame of 64 B from one worker to another, by whichever of several streams",
    unit: "ns",
    note: "Read in turn: by who knows in which order the frames come. Read one: all of them by one stream.",
    rows,
  }, {
    title: "Small frames from one worker to another, in place",
    unit: "ns",
    note: "Native threads copy each frame into a ring and out of it, one by one.",
    rows: [await measureMany()],
  }];
}
