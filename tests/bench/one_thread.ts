/** Write and read of one frame in one thread: the public bindings, the bare core, plain JavaScript, and memcpy. */

import { Arena, SharedMemory } from "../../src/ring/shared_memory.ts";
import { readerAddress, ringBytes, type RingDescription } from "../../src/ring/description.ts";
import { Reader } from "../../src/ring/reader.ts";
import { Writer } from "../../src/ring/writer.ts";
import { formatBytes, printTable, race, ratio, timePerCall, verify } from "./_measure.ts";
import { PlainRing } from "./_plain_ring.ts";

const FRAMES = 32;

function makeRing(bytes: number) {
  const arena = new Arena();
  const ring: RingDescription = {
    name: "bench",
    address: arena.reserve(ringBytes(bytes * FRAMES, 1)),
    capacity: bytes * FRAMES,
    readers: 1,
    wait: "adaptive",
    refresh: { interval: 64, ms: 5 },
    frame: { shape: [bytes], dtype: "uint8", stride: bytes },
  };
  const from = arena.reserve(bytes), to = arena.reserve(bytes);
  const memory = SharedMemory.create(arena);
  memory.core.ring_init(ring.address, ring.capacity, 1, 0n);
  return { memory, ring, from, to };
}

/** Calls `move` and checks that it moved: the frame that comes out is the one that went in. */
function timed(what: string, count: number, from: Uint8Array, to: Uint8Array, move: (count: number) => void): number {
  from.forEach((_, at) => from[at] = (at * 7 + count) % 251);
  to.fill(0);
  const time = timePerCall(count, move);
  verify(to.every((value, at) => value === from[at]), what);
  return time;
}

async function timeSize(bytes: number) {
  const count = Math.max(300, Math.min(300_000, Math.floor(2e9 / bytes / 10)));
  const bare = makeRing(bytes), bound = makeRing(bytes), held = makeRing(bytes);
  const plain = new PlainRing(bytes, FRAMES);
  const source = new Uint8Array(bytes), target = new Uint8Array(bytes);
  const at = ({ memory }: typeof bare, address: number) => memory.bytes.subarray(address, address + bytes);
  const ends = ({ memory, ring, from, to }: typeof bare) => ({
    writer: new Writer<"uint8">(memory, { kind: "writer", ring, scratch: from }),
    reader: new Reader<"uint8">(memory, { kind: "reader", ring, index: 0, scratch: to }),
  });
  const copied = ends(bound), looked = ends(held);
  return await race({
    // On plain buffers `set` is the C library's memmove. A frame in and out again is two of them.
    memcpy: () =>
      timed("memcpy", count, source, target, (count) => {
        for (let n = 0; n < count; n++) target.set(source);
      }),
    core: () => {
      const { memory, ring, from, to } = bare;
      const { writer_write, reader_read } = memory.core;
      const reader = readerAddress(ring, 0);
      return timed("the core", count, at(bare, from), at(bare, to), (count) => {
        for (let n = 0; n < count; n++) {
          writer_write(ring.address, from, bytes);
          reader_read(ring.address, reader, to, bytes);
        }
      });
    },
    bindings: () => {
      const { writer, reader } = copied;
      const from = writer.frame(), to = reader.frame();
      return timed("the bindings", count, from, to, (count) => {
        for (let n = 0; n < count; n++) {
          writer.write(from);
          reader.readInto(to);
        }
      });
    },
    look: () => {
      const { writer, reader } = looked;
      const from = writer.frame(), to = reader.frame();
      return timed("look and increment", count, from, to, (count) => {
        for (let n = 0; n < count; n++) {
          const slot = writer.look()!;
          if (n === count - 1) slot.set(from);
          writer.increment();
          const frame = reader.look()!;
          if (n === count - 1) to.set(frame);
          reader.increment();
        }
      });
    },
    plain: () =>
      timed("the plain ring", count, source, target, (count) => {
        for (let n = 0; n < count; n++) {
          plain.write(source);
          plain.readInto(target);
        }
      }),
  }, 5);
}

/** Prints the table. */
export async function benchOneThread(): Promise<void> {
  const rows: (string | number)[][] = [
    ["frame", "core ns", "bindings ns", "bindings/core", "look ns", "plain JS ns", "plain/bindings", "bindings/memcpy"],
  ];
  for (const bytes of [32, 64, 1024, 16_384, 131_072, 1_048_576]) {
    const { memcpy, core, bindings, look, plain } = await timeSize(bytes);
    const ratios = [ratio(plain / bindings), ratio(bindings / (2 * memcpy))];
    rows.push([formatBytes(bytes), core, bindings, ratio(bindings / core), look, plain, ...ratios]);
  }
  printTable("One thread: one frame written and read again (copies; look: without copy)", rows);
}

if (import.meta.main) await benchOneThread();
