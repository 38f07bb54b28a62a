/** Times one size of frames in one thread. */

import { Arena, SharedMemory } from "../../src/ring/shared_memory.ts";
import { dataAddress, readerAddress, ringBytes, type RingDescription } from "../../src/ring/description.ts";
import { Reader } from "../../src/ring/reader.ts";
import { Writer } from "../../src/ring/writer.ts";
import { onJob } from "./_jobs.ts";
import { medians, timePerCall, verify } from "./_measure.ts";
import { PlainRing } from "./_plain_ring.ts";

/** What the worker is told to do. */
export interface OneThreadJob {
  /** The size of a frame. */
  readonly bytes: number;
  /** The module of `_memcpy.ts`. */
  readonly memcpy: WebAssembly.Module;
}

const FRAMES = 32;

/** Rings in one memory, each with a frame to write from and one to read into. */
function makeRings(bytes: number) {
  const arena = new Arena();
  const make = (name: string) => {
    const ring: RingDescription = {
      name,
      address: arena.reserve(ringBytes(bytes * FRAMES, 1)),
      capacity: bytes * FRAMES,
      readers: 1,
      wait: "adaptive",
      refresh: { interval: 64, ms: 5 },
      frame: { shape: [bytes], dtype: "uint8", stride: bytes },
    };
    return { ring, from: arena.reserve(bytes), to: arena.reserve(bytes) };
  };
  const rings = { bare: make("bare"), copied: make("copied"), held: make("held"), none: make("none") };
  const memory = SharedMemory.create(arena);
  for (const { ring } of Object.values(rings)) memory.core.ring_init(ring.address, ring.capacity, 1, 0n);
  return { memory, ...rings };
}

/** Calls `move` and checks that it moved: the frame that comes out is the one that went in. */
function timed(what: string, count: number, from: Uint8Array, to: Uint8Array, move: (count: number) => void): number {
  from.forEach((_, at) => from[at] = (at * 7 + count) % 251);
  to.fill(0);
  const time = timePerCall(count, move);
  verify(to.every((value, at) => value === from[at]), what);
  return time;
}

/** Nanoseconds per frame. */
async function timeSize({ bytes, memcpy: module }: OneThreadJob): Promise<Record<string, number>> {
  const count = Math.max(500, Math.min(1_000_000, Math.floor(5e8 / bytes)));
  const { memory, bare, copied, held, none } = makeRings(bytes);
  const plain = new PlainRing(bytes, FRAMES);
  const source = new Uint8Array(bytes);
  const target = new Uint8Array(bytes);
  const at = (address: number) => memory.bytes.subarray(address, address + bytes);
  const ends = ({ ring, from, to }: typeof bare) => ({
    writer: new Writer<"uint8">(memory, { kind: "writer", ring, scratch: from }),
    reader: new Reader<"uint8">(memory, { kind: "reader", ring, index: 0, scratch: to }),
  });
  const copying = ends(copied);
  const looking = ends(held);
  return await medians({
    "memcpy": () => {
      const instance = new WebAssembly.Instance(module, { env: { memory: memory.handle.memory } });
      const memcpy = instance.exports.memcpy as (to: number, from: number, length: number) => void;
      const { ring, from, to } = none;
      const data = dataAddress(ring);
      return timed("memcpy", count, at(from), at(to), (count) => {
        for (let n = 0; n < count; n++) {
          const slot = data + n % FRAMES * bytes;
          memcpy(slot, from, bytes);
          memcpy(to, slot, bytes);
        }
      });
    },
    "core": () => {
      const { writer_write, reader_read } = memory.core;
      const { ring, from, to } = bare;
      const reader = readerAddress(ring, 0);
      return timed("the core", count, at(from), at(to), (count) => {
        for (let n = 0; n < count; n++) {
          writer_write(ring.address, from, bytes);
          reader_read(ring.address, reader, to, bytes);
        }
      });
    },
    "bindings": () => {
      const { writer, reader } = copying;
      const from = writer.frame();
      const to = reader.frame();
      return timed("the bindings", count, from, to, (count) => {
        for (let n = 0; n < count; n++) {
          writer.write(from);
          reader.readInto(to);
        }
      });
    },
    "in place": () => {
      const { writer, reader } = looking;
      const from = writer.frame();
      const to = reader.frame();
      return timed("look and increment", count, from, to, (count) => {
        for (let n = 1; n <= count; n++) {
          const slot = writer.look()!;
          if (n === count) slot.set(from);
          writer.increment();
          const frame = reader.look()!;
          if (n === count) to.set(frame);
          reader.increment();
        }
      });
    },
    "plain JS": () =>
      timed("the plain ring", count, source, target, (count) => {
        for (let n = 0; n < count; n++) {
          plain.write(source);
          plain.readInto(target);
        }
      }),
  }, 9);
}

onJob(timeSize);
