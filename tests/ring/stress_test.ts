/** Three workers on two cores: every frame arrives, once, whole and in order. */

import { deepEqual, equal } from "node:assert/strict";
import { eventBytes, ringBytes } from "../../src/ring/description.ts";
import { Arena, SharedMemory } from "../../src/ring/shared_memory.ts";
import { WAIT_STRATEGIES } from "../../src/ring/waiting.ts";
import type { ReadMethod } from "./_peer.ts";
import { makeStream } from "./_helpers.ts";
import { Peer, together } from "./_threads.ts";

const FRAMES = 200_000;

/** One writer and two readers, each in its own worker, which read the same stream in different ways. */
const WAYS: readonly (readonly [inPlace: boolean, ReadMethod, ReadMethod])[] = [
  [true, "look", "readIntoFrame"],
  [false, "readInto", "read"],
];

for (const wait of WAIT_STRATEGIES) {
  for (const [inPlace, ...methods] of WAYS) {
    const how = `${inPlace ? "look()" : "write()"} to ${methods.join(" and ")}`;
    Deno.test(`Writer and two Readers in workers lose nothing, waiting by "${wait}", ${how}`, async () => {
      // Three that spin on two cores get on only when the system takes a core from one of them: let them have room.
      const frames = wait === "spin" ? 8192 : 64;
      const stream = makeStream({ dtype: "uint32", shape: [16], frames, readers: 2, wait });
      using writer = new Peer(stream);
      using one = new Peer(stream);
      using other = new Peer(stream);
      const reading = [one, other].map((peer, index) =>
        peer.run("readFrames", stream.readerBindings[index], FRAMES, methods[index])
      );
      const writing = writer.run("writeFrames", stream.writerBinding, FRAMES, inPlace);
      deepEqual(await together(stream, [...reading, writing.then(() => null)]), [null, null, null]);
    });
  }
}

for (const [frames, words] of [[2, 256], [16, 33]]) {
  for (const inPlace of [true, false]) {
    const how = `in a ring of ${frames} that is filled by ${inPlace ? "look()" : "write()"}`;
    Deno.test(`Reader that passes now and then never gets a torn frame ${how}`, async () => {
      const stream = makeStream({ dtype: "uint32", shape: [words], frames, readers: 2 });
      using writer = new Peer(stream);
      using one = new Peer(stream);
      using other = new Peer(stream);
      const reading = [one, other].map((peer, index) =>
        peer.run("readNowAndThen", stream.readerBindings[index], 100 * frames + index)
      );
      const writing = writer.run("writeFrames", stream.writerBinding, FRAMES, inPlace);
      deepEqual(await together(stream, [...reading, writing.then(() => null)]), [null, null, null]);
    });
  }
}

Deno.test("Reader that holds its writer back again gets whole frames without a gap from then on", async () => {
  const stream = makeStream({ dtype: "uint32", shape: [16], frames: 2, readers: 2 });
  using writer = new Peer(stream);
  using one = new Peer(stream);
  using other = new Peer(stream);
  const reading = [one, other].map((peer, index) => peer.run("rejoinOften", stream.readerBindings[index], index));
  const writing = writer.run("writeFrames", stream.writerBinding, FRAMES, true);
  deepEqual(await together(stream, [...reading, writing.then(() => null)]), [null, null, null]);
});

Deno.test("Core ends no ring before its last byte is found, however close the two come", async () => {
  const arena = new Arena();
  const rings = Array.from({ length: 20_000 }, () => arena.reserve(ringBytes(1, 1)));
  const turn = arena.reserve(eventBytes(1));
  const memory = SharedMemory.create(arena);
  for (const ring of rings) memory.core.ring_init(ring, 1, 1, 0n);
  memory.core.event_init(turn, 0, 1, 1);
  const all = { memory, waiters: [] };
  using writer = new Peer(all);
  using reader = new Peer(all);
  const ending = writer.run("endAll", rings, turn);
  const looking = reader.run("lookAtAll", rings, turn);
  await together<unknown>(all, [ending, looking]);
  equal(await looking, 0);
});
