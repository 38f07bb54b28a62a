/** Readers for which the writer does not wait. */

import { deepEqual, equal, throws } from "node:assert/strict";
import { makeRing, makeStream } from "./_helpers.ts";

const pair = (frames: number, readers = 1) => {
  const stream = makeStream({ dtype: "int32", shape: [2], frames, readers });
  const all = Array.from({ length: readers }, (_, index) => stream.reader(index));
  const writer = stream.writer();
  let written = 0;
  /** Writes the next `count` frames, numbered from 0. */
  const write = (count: number): void => {
    for (; count > 0; count--) equal(writer.write(frame(written++)), true);
  };
  return { stream, writer, write, reader: all[0], readers: all };
};
const frame = (n: number) => Int32Array.of(n, -n);

Deno.test("Reader.isBlocking() is true until setBlocking() says otherwise", () => {
  const { reader } = pair(2);
  equal(reader.isBlocking(), true);
  equal(reader.ring.isBlocking(), true);
  reader.setBlocking(false);
  equal(reader.isBlocking(), false);
  equal(reader.ring.isBlocking(), false);
  reader.setBlocking(true);
  equal(reader.isBlocking(), true);
});

Deno.test("Reader.setBlocking(false) frees a writer for which the ring was full", () => {
  const { writer, write, reader } = pair(2);
  write(2);
  equal(writer.write(frame(-1), 0), false);
  reader.setBlocking(false);
  equal(writer.pressure, 0);
  write(100);
});

Deno.test("Reader that is passing still reads what was not overwritten", () => {
  const { write, reader } = pair(4);
  reader.setBlocking(false);
  write(4);
  deepEqual([0, 1, 2, 3].map(() => reader.read()), [frame(0), frame(1), frame(2), frame(3)]);
  equal(reader.read(), null);
  equal(reader.lost, 0);
});

Deno.test("Reader that was overtaken goes on with the newest frame, by every way to read", () => {
  const ways = [
    (reader: ReturnType<typeof pair>["reader"]) => reader.read(),
    (reader: ReturnType<typeof pair>["reader"]) => reader.look(),
    (reader: ReturnType<typeof pair>["reader"]) => reader.readInto(reader.frame()) ? reader.frame() : null,
    (reader: ReturnType<typeof pair>["reader"]) => {
      const out = new Int32Array(2);
      return reader.readInto(out) ? out : null;
    },
  ];
  for (const read of ways) {
    const { write, reader } = pair(4);
    reader.setBlocking(false);
    write(9);
    deepEqual(read(reader), frame(8));
    equal(reader.lost, 8);
  }
});

Deno.test("Reader.lost counts the frames that passed unread", () => {
  const { write, reader } = pair(4);
  reader.setBlocking(false);
  write(2);
  reader.read();
  write(6);
  deepEqual(reader.read(), frame(7));
  equal(reader.lost, 6);
  write(20);
  deepEqual(reader.read(), frame(27));
  equal(reader.lost, 6 + 19);
});

Deno.test("Reader.look() hands out a copy that stays whole, and the same one until increment()", () => {
  const { writer, write, reader } = pair(2);
  reader.setBlocking(false);
  write(2);
  const looked = reader.look()!;
  deepEqual(looked, frame(0));
  write(5);
  writer.look()!.fill(99);
  deepEqual(looked, frame(0));
  equal(reader.look(), looked);
  equal(reader.increment(), true);
  deepEqual(reader.look(), frame(6));
  equal(reader.increment(), true);
  // Seven were written, two were had.
  equal(reader.lost, 5);
});

Deno.test("Reader.look() leaves out a slot that the writer has claimed", () => {
  const { writer, write, reader } = pair(2);
  reader.setBlocking(false);
  write(2);
  writer.look()!.fill(99);
  deepEqual(reader.look(), frame(1));
  equal(reader.lost, 1);
});

Deno.test("Reader of a ring of one frame gets it between two writes, and nothing while it is written", () => {
  const { writer, write, reader } = pair(1);
  reader.setBlocking(false);
  write(3);
  deepEqual(reader.read(), frame(2));
  write(1);
  writer.look()!.fill(99);
  equal(reader.read(), null);
  writer.increment();
  deepEqual(reader.read(), Int32Array.of(99, 99));
});

Deno.test("Reader.lookMany() of a reader that may be overtaken refuses more than one frame", () => {
  const { write, reader } = pair(4);
  reader.setBlocking(false);
  write(2);
  throws(() => reader.lookMany(2), { name: "RangeError", message: /"numbers": lookMany\(\) beyond .*, received 2$/ });
  throws(() => reader.lookMany(Infinity), RangeError);
  deepEqual(reader.lookMany(1), [frame(0)]);
  reader.increment();
  deepEqual(reader.lookMany(1), [frame(1)]);
});

Deno.test("Reader.setBlocking(true) goes on from the writer's position and counts what it discards", () => {
  const { writer, write, reader } = pair(4);
  reader.setBlocking(false);
  write(10);
  reader.setBlocking(true);
  equal(reader.read(), null);
  equal(reader.lost, 10);
  write(4);
  equal(writer.write(frame(-1), 0), false);
  deepEqual([0, 1, 2, 3].map(() => reader.read()), [frame(10), frame(11), frame(12), frame(13)]);
  equal(reader.lost, 10);
});

Deno.test("Reader.setBlocking() that changes nothing discards nothing", () => {
  const { write, reader } = pair(4);
  write(2);
  deepEqual(reader.look(), frame(0));
  reader.setBlocking(true);
  equal(reader.increment(), true);
  reader.setBlocking(false);
  reader.look();
  reader.setBlocking(false);
  equal(reader.increment(), true);
  equal(reader.lost, 0);
});

Deno.test("Reader.setBlocking() refuses what is neither true nor false", () => {
  const { reader } = pair(2);
  for (const value of [undefined, null, 0, 1, "false"]) {
    throws(() => reader.setBlocking(value as unknown as boolean), { name: "TypeError", message: /"numbers" blocks/ });
  }
  equal(reader.isBlocking(), true);
});

Deno.test("Reader.setBlocking() forgets the frame of a look()", () => {
  const { write, reader } = pair(4);
  write(2);
  reader.look();
  reader.setBlocking(false);
  throws(() => reader.increment(), /look\(\) has found no frame before/);
  reader.look();
  reader.setBlocking(true);
  throws(() => reader.increment(), /look\(\) has found no frame before/);
});

Deno.test("Reader that turns passing and back before the writer looks is still spared", () => {
  const { writer, write, reader } = pair(4);
  write(4);
  reader.setBlocking(false);
  reader.setBlocking(true);
  write(4);
  equal(writer.write(frame(-1), 0), false);
  for (let n = 4; n < 8; n++) deepEqual(reader.read(), frame(n));
});

Deno.test("Reader that is passing does not free the writer of another one", () => {
  const { writer, write, readers: [passing, blocking] } = pair(2, 2);
  passing.setBlocking(false);
  write(2);
  equal(writer.write(frame(-1), 0), false);
  equal(writer.pressure, 1);
  blocking.read();
  write(1);
  deepEqual(passing.read(), frame(2));
  deepEqual(blocking.read(), frame(1));
});

Deno.test("Reader.skipToNewest() leaves out all but the newest frame and says how many", () => {
  const { writer, write, reader } = pair(4);
  equal(reader.skipToNewest(), 0);
  write(4);
  equal(reader.skipToNewest(), 3);
  equal(reader.skipToNewest(), 0);
  equal(writer.pressure, 0.25);
  deepEqual(reader.read(), frame(3));
  equal(reader.skipToNewest(), 0);
  equal(reader.lost, 3);
});

Deno.test("Reader.skipToNewest() forgets the frame of a look()", () => {
  const { write, reader } = pair(4);
  write(2);
  reader.look();
  reader.skipToNewest();
  throws(() => reader.increment(), /look\(\) has found no frame before/);
  deepEqual(reader.read(), frame(1));
});

Deno.test("Reader that is passing sees the end of the stream as the others do", () => {
  const { writer, write, reader } = pair(2);
  reader.setBlocking(false);
  write(5);
  writer.close();
  equal(reader.closed, false);
  deepEqual(reader.read(Infinity), frame(4));
  equal(reader.closed, true);
  equal(reader.read(Infinity), null);
});

Deno.test("RingReader that is passing goes on with the newest bytes of the length it asks for", () => {
  const ring = makeRing(8);
  const writer = ring.bytesWriter();
  const reader = ring.bytesReader();
  reader.setBlocking(false);
  for (let n = 0; n < 20; n++) writer.write(Uint8Array.of(n));
  const out = new Uint8Array(3);
  equal(reader.readInto(out), true);
  deepEqual(out, Uint8Array.of(17, 18, 19));
  equal(reader.lost, 17);
});

Deno.test("RingReader hands out no bytes over which the writer has looked, also when that looks at fewer then", () => {
  const ring = makeRing(16);
  const writer = ring.bytesWriter();
  const reader = ring.bytesReader();
  reader.setBlocking(false);
  writer.write(Uint8Array.from({ length: 16 }, (_, n) => n));
  reader.readInto(new Uint8Array(1));
  writer.look(8)![0].fill(99);
  writer.look(1);
  const out = new Uint8Array(4);
  const isWhole = reader.readInto(out);
  deepEqual(isWhole && out.includes(99), false, `${out}`);
});
