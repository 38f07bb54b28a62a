/** Times reading frames with columns, and plain ones of the same bytes. */

import { ringBytes, type RingDescription } from "../../src/ring/description.ts";
import type { FrameType } from "../../src/ring/dtypes.ts";
import { Reader } from "../../src/ring/reader.ts";
import { Arena, SharedMemory } from "../../src/ring/shared_memory.ts";
import { Writer } from "../../src/ring/writer.ts";
import { onJob } from "./_jobs.ts";
import { medians, verify } from "./_measure.ts";

/** What the worker is told to do. */
export interface ColumnsJob {
  /** The size of a frame: a multiple of 64. */
  readonly bytes: number;
}

const COLUMNS = { a: "int64", b: "float64", c: "int64", d: "float64" } as const;

function makeStreams(bytes: number, frames: number) {
  const arena = new Arena();
  const make = (name: string, dtype: FrameType, length: number) => {
    const ring: RingDescription = {
      name,
      address: arena.reserve(ringBytes(bytes * frames, 1)),
      capacity: bytes * frames,
      readers: 1,
      wait: "adaptive",
      refresh: { interval: 64, ms: 5 },
      frame: { shape: [length], dtype, stride: bytes },
    };
    return { ring, from: arena.reserve(bytes), to: arena.reserve(bytes) };
  };
  const columns = make("columns", COLUMNS, bytes / 32);
  const plain = make("plain", "float64", bytes / 8);
  const memory = SharedMemory.create(arena);
  for (const { ring } of [columns, plain]) memory.core.ring_init(ring.address, ring.capacity, 1, 0n);
  const ends = <D extends FrameType>({ ring, from, to }: typeof plain) => ({
    writer: new Writer<D>(memory, { kind: "writer", ring, scratch: from }),
    reader: new Reader<D>(memory, { kind: "reader", ring, index: 0, scratch: to }),
  });
  return { columns: ends<typeof COLUMNS>(columns), plain: ends<"float64">(plain) };
}

/** Nanoseconds per frame of `read`, by which a full ring is read `rounds` times. */
function timeReads(writer: Writer<never>, frames: number, rounds: number, read: () => void): number {
  let time = 0;
  for (let round = 0; round < rounds; round++) {
    for (let n = 0; n < frames; n++) {
      (writer as Writer).look();
      writer.increment();
    }
    const start = performance.now();
    for (let n = 0; n < frames; n++) read();
    time += performance.now() - start;
  }
  return time / (frames * rounds) * 1e6;
}

async function timeSize({ bytes }: ColumnsJob): Promise<Record<string, number>> {
  const frames = Math.max(4, Math.min(256, Math.floor((1 << 22) / bytes)));
  const rounds = Math.max(8, Math.min(2000, Math.floor(3e8 / bytes / frames)));
  const { columns, plain } = makeStreams(bytes, frames);
  columns.writer.write({ ...columns.writer.frame() });
  plain.writer.write(new Float64Array(bytes / 8));
  const outs = { columns: columns.reader.read()!, plain: plain.reader.read()! };
  const check = () => {
    const value = Math.floor(Math.random() * 1000);
    for (const column of Object.values(columns.writer.look()!)) {
      column.fill((column instanceof Float64Array ? value : BigInt(value)) as never);
    }
    columns.writer.increment();
    plain.writer.look()!.fill(value);
    plain.writer.increment();
    verify(columns.reader.readInto(outs.columns) && plain.reader.readInto(outs.plain), "readInto()");
    const all = Object.values(outs.columns).flatMap((column) => Array.from(column as Float64Array, Number));
    verify(all.length === bytes / 8 && all.every((each) => each === value), "columns");
    verify(outs.plain.every((each) => each === value), "plain frames");
  };
  const sink: unknown[] = [null];
  const rivals = (of: "columns" | "plain") => {
    const { writer, reader } = { columns, plain }[of] as unknown as { writer: Writer<never>; reader: Reader };
    const out = outs[of] as Float64Array;
    const time = (read: () => void) => () => {
      check();
      return timeReads(writer, frames, rounds, read);
    };
    return {
      [`${of}: look`]: time(() => {
        sink[0] = reader.look();
        reader.increment();
      }),
      [`${of}: readInto`]: time(() => void reader.readInto(out)),
      [`${of}: read`]: time(() => void (sink[0] = reader.read())),
    };
  };
  return await medians({ ...rivals("columns"), ...rivals("plain") }, 9);
}

onJob(timeSize);
