/** The tasks of the benchmarks of `select()` and of many small frames at once, on Ringmill's streams. */

import { type Reader, select, type TaskContext, type Writer } from "@ringmill/ringmill";
import { Receipt } from "./_measure.ts";
import type { Load } from "./_stream_tasks.ts";

type Receipts = Writer<"float64">;

/** One stream or several, and what came of them. */
type Sources = { readonly receipts: Receipts } & Readonly<Record<string, Reader<"uint32"> | Receipts>>;

function publish(receipts: Receipts, receipt: Receipt): void {
  const { time, sum } = receipt.settle();
  receipts.write(Float64Array.of(time, sum));
}

/** Writes to each stream in turn. */
export function writeInTurn(streams: Readonly<Record<string, Writer<"uint32">>>, { params }: TaskContext<Load>) {
  const writers = Object.values(streams);
  const frames = writers.map((writer) => writer.frame());
  for (let n = 0; n < params.frames; n++) {
    const at = n % writers.length;
    frames[at][0] = n;
    writers[at].write(frames[at]);
  }
}

/** Reads a frame of whichever stream has one. */
export function readSelected({ receipts, ...streams }: Sources, { params }: TaskContext<Load>) {
  const readers = streams as Record<string, Reader<"uint32">>;
  const receipt = new Receipt();
  const frames = Object.fromEntries(Object.entries(readers).map(([name, reader]) => [name, reader.frame()]));
  while (receipt.count < params.frames) {
    const key = select(readers);
    const frame = frames[key];
    if (readers[key].readInto(frame)) receipt.take(frame[0]);
  }
  publish(receipts, receipt);
}

/** Reads each stream in its turn, since it knows the order. */
export function readInTurn({ receipts, ...streams }: Sources, { params }: TaskContext<Load>) {
  const readers = Object.values(streams) as Reader<"uint32">[];
  const receipt = new Receipt();
  const frames = readers.map((reader) => reader.frame());
  while (receipt.count < params.frames) {
    const at = receipt.count % readers.length;
    if (readers[at].readInto(frames[at], Infinity)) receipt.take(frames[at][0]);
  }
  publish(receipts, receipt);
}

/** Fills up to 64 frames at once. */
export function writeMany({ frames }: { frames: Writer<"uint32"> }, { params }: TaskContext<Load>) {
  for (let n = 0; n < params.frames;) {
    const many = frames.lookMany(Math.min(64, params.frames - n), { timeoutMs: Infinity })!;
    for (const frame of many) frame[0] = n++;
    frames.increment();
  }
}

/** Looks at up to 64 frames at once. */
export function readMany({ frames, receipts }: { frames: Reader<"uint32">; receipts: Receipts }) {
  const receipt = new Receipt();
  for (let many; (many = frames.lookMany(64, { timeoutMs: Infinity })) !== null;) {
    for (const frame of many) receipt.take(frame[0]);
    frames.increment();
  }
  publish(receipts, receipt);
}
