import { equal, notEqual, ok, throws } from "node:assert/strict";
import { layout } from "../../src/ring/core.generated.ts";
import { Arena, SharedMemory } from "../../src/ring/shared_memory.ts";
import { makeEvent, makeRing } from "./_helpers.ts";
import { watched } from "./_threads.ts";

const PAGE = 65_536;

Deno.test("Arena.reserve() hands out lines that do not overlap, none of them at address 0", () => {
  const arena = new Arena();
  let end: number = layout.ARENA;
  for (const bytes of [1, 127, 128, 129, 1000, 0, 5]) {
    const address = arena.reserve(bytes);
    equal(address, end);
    equal(address % layout.LINE, 0);
    end += Math.ceil(bytes / layout.LINE) * layout.LINE;
  }
  equal(arena.bytes, end);
});

Deno.test("SharedMemory.create() makes exactly the pages that the arena needs", () => {
  const exact = new Arena();
  exact.reserve(PAGE - layout.ARENA);
  equal(SharedMemory.create(exact).buffer.byteLength, PAGE);
  exact.reserve(1);
  equal(SharedMemory.create(exact).buffer.byteLength, 2 * PAGE);
});

Deno.test("SharedMemory.create() makes a memory that cannot grow", () => {
  const { handle } = SharedMemory.create(new Arena());
  throws(() => handle.memory.grow(1), RangeError);
});

Deno.test("SharedMemory.create() refuses more than 4 GiB", () => {
  const arena = new Arena();
  arena.reserve(2 ** 32 - layout.ARENA);
  equal(arena.bytes, 2 ** 32);
  arena.reserve(1);
  throws(() => SharedMemory.create(arena), { name: "RangeError", message: /at most 4 GiB, received 4294967424 bytes/ });
});

Deno.test("SharedMemory opens from a handle with an instance of its own on the same bytes", () => {
  const ring = makeRing(8);
  const other = new SharedMemory(ring.memory.handle);
  notEqual(other.core, ring.memory.core);
  equal(other.buffer, ring.memory.buffer);
  ring.bytesWriter().write(Uint8Array.of(1, 2, 3));
  equal(other.core.ring_unread(ring.ring.address), 3);
});

Deno.test("SharedMemory keeps several memories apart", () => {
  const one = makeRing(8);
  const other = makeRing(8);
  one.bytesWriter().write(Uint8Array.of(1));
  one.memory.stop([]);
  equal(other.bytesReader().look(1), null);
  equal(other.memory.stopped, false);
});

Deno.test("SharedMemory.stop() is seen by all who have opened the memory", () => {
  const { memory } = makeRing(8);
  const other = new SharedMemory(memory.handle);
  equal(other.stopped, false);
  memory.stop([]);
  equal(other.stopped, true);
  equal(memory.stopped, true);
});

Deno.test("SharedMemory.sleep() returns false when the time is up, true once it was told to stop", () => {
  const { memory } = makeRing(8);
  equal(memory.sleep(0), false);
  equal(memory.sleep(1), false);
  memory.stop([]);
  equal(memory.sleep(Infinity), true);
});

Deno.test("SharedMemory.whenStopped() resolves at the stop, or at once after it", async () => {
  const { memory, waiters } = makeEvent();
  let isResolved = false;
  const before = memory.whenStopped().then(() => isResolved = true);
  await Promise.resolve();
  ok(!isResolved);
  memory.stop(waiters);
  await watched(before);
  await watched(memory.whenStopped());
});
