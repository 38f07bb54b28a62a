import { deepEqual, equal, ok, rejects, throws } from "node:assert/strict";
import { dataAddress } from "../../src/ring/description.ts";
import { makeRing, makeStream, Random } from "./_helpers.ts";
import { watched } from "./_threads.ts";

const pair = (capacity: number, readers = 1) => {
  const ring = makeRing(capacity, { name: "chunks", readers });
  const all = Array.from({ length: readers }, (_, index) => ring.bytesReader(index));
  return { ring, writer: ring.bytesWriter(), reader: all[0], readers: all };
};
const bytes = (...values: number[]) => Uint8Array.from(values);

/** The bytes of a view, or `null`. */
const joined = (view: readonly [Uint8Array, Uint8Array] | null) => view && bytes(...view[0], ...view[1]);

Deno.test("RingReader and RingWriter describe their ring", () => {
  const { ring, writer, reader } = pair(100);
  deepEqual([writer.name, writer.capacity, reader.name, reader.capacity], ["chunks", 100, "chunks", 100]);
  for (const { data } of [writer, reader]) {
    equal(data.byteOffset, dataAddress(ring.ring));
    equal(data.length, 100);
    equal(data.buffer, ring.memory.buffer);
  }
});

for (const capacity of [1, 2, 3, 7, 16]) {
  Deno.test(`RingWriter.write() and RingReader.readInto() carry every length over every offset of ${capacity} bytes`, () => {
    const { ring } = pair(capacity);
    const random = new Random(capacity);
    for (let offset = 0; offset < capacity; offset++) {
      for (let length = 1; length <= capacity; length++) {
        ring.restart(BigInt(offset));
        const sent = random.bytes(length);
        const out = new Uint8Array(length);
        equal(ring.bytesWriter().write(sent), true);
        equal(ring.bytesReader().readInto(out), true);
        deepEqual(out, sent);
      }
    }
  });

  Deno.test(`RingWriter.look() and RingReader.look() split their views at the wrap of ${capacity} bytes alone`, () => {
    const { ring } = pair(capacity);
    for (let offset = 0; offset < capacity; offset++) {
      for (let length = 1; length <= capacity; length++) {
        ring.restart(2n ** 53n + BigInt(offset) - 2n ** 53n % BigInt(capacity));
        const writer = ring.bytesWriter();
        const reader = ring.bytesReader();
        const [head, tail] = writer.look(length)!;
        equal(head.length, Math.min(length, capacity - offset));
        equal(head.length + tail.length, length);
        equal(head.byteOffset, writer.data.byteOffset + offset);
        equal(tail.byteOffset, writer.data.byteOffset);
        head.fill(1);
        tail.fill(2);
        writer.increment();
        deepEqual(reader.look(length), [head, tail]);
      }
    }
  });
}

Deno.test("RingWriter.write() publishes all or nothing", () => {
  const { writer, reader } = pair(8);
  equal(writer.write(bytes(1, 2, 3, 4, 5, 6)), true);
  equal(writer.write(bytes(7, 8, 9), 0), false);
  equal(writer.unread, 6);
  equal(writer.write(bytes(7, 8)), true);
  equal(writer.write(bytes(9), 0), false);
  const out = new Uint8Array(8);
  equal(reader.readInto(out), true);
  deepEqual(out, bytes(1, 2, 3, 4, 5, 6, 7, 8));
});

Deno.test("RingReader.look() takes any length that is there, and another one the next time", () => {
  const { writer, reader } = pair(8);
  writer.write(bytes(1, 2, 3, 4));
  deepEqual(joined(reader.look(4)), bytes(1, 2, 3, 4));
  deepEqual(joined(reader.look(2)), bytes(1, 2));
  equal(reader.look(5), null);
  throws(() => reader.increment(), { name: "Error", message: /look\(\) has found no frame before/ });
  reader.look(2);
  equal(reader.increment(), true);
  deepEqual(joined(reader.look(2)), bytes(3, 4));
});

Deno.test("RingWriter.increment() publishes the length of the last look()", () => {
  const { writer, reader } = pair(8);
  writer.look(8);
  writer.look(3)![0].set([1, 2, 3]);
  writer.increment();
  equal(writer.unread, 3);
  deepEqual(joined(reader.look(3)), bytes(1, 2, 3));
  throws(() => writer.increment(), /look\(\) has found no frame before/);
});

Deno.test("RingReader and RingWriter refuse a length that is not 1 to the capacity", async () => {
  const { writer, reader } = pair(8);
  for (const length of [0, -1, 9, 1.5, NaN, Infinity, "5", 5n, null, Symbol("5")] as number[]) {
    const expected = {
      name: "RangeError",
      message: `Cannot use ring "chunks": length must be 1 to 8 bytes, received ${Deno.inspect(length)}`,
    };
    throws(() => writer.look(length), expected);
    throws(() => reader.look(length), expected);
    throws(() => reader.skipToNewest(length), expected);
    await rejects(() => writer.lookAsync(length), expected);
    await rejects(() => reader.lookAsync(length), expected);
  }
  throws(() => writer.write(new Uint8Array(9)), RangeError);
  throws(() => writer.write(new Uint8Array(0)), RangeError);
  throws(() => reader.readInto(new Uint8Array(9)), RangeError);
  equal(writer.unread, 0);
});

Deno.test("RingReader.readInto() and RingWriter.write() refuse what is no Uint8Array, and move nothing", () => {
  const { writer, reader } = pair(8);
  writer.write(bytes(1, 2));
  for (const value of [undefined, null, "ab", [1, 2], new Float32Array(2), new Uint8Array(2).buffer, { length: 2 }]) {
    const expected = { name: "TypeError", message: /^Cannot use ring "chunks": expected a Uint8Array, received / };
    throws(() => writer.write(value as Uint8Array), expected);
    throws(() => reader.readInto(value as Uint8Array), expected);
  }
  throws(() => writer.write(Float32Array.of(1) as never), { message: /received Float32Array of 1$/ });
  equal(writer.unread, 2);
});

Deno.test("RingReader and RingWriter refuse a timeout that is negative or NaN", async () => {
  const { writer, reader } = pair(8);
  writer.write(bytes(1, 2, 3, 4));
  for (const timeoutMs of [-1, NaN]) {
    for (const length of [4, 5]) {
      throws(() => writer.write(new Uint8Array(length), timeoutMs), RangeError);
      throws(() => reader.readInto(new Uint8Array(length), timeoutMs), RangeError);
      throws(() => writer.look(length, timeoutMs), RangeError);
      throws(() => reader.look(length, timeoutMs), RangeError);
      await rejects(() => writer.lookAsync(length, { timeoutMs }), RangeError);
      await rejects(() => reader.lookAsync(length, { timeoutMs }), RangeError);
    }
  }
  equal(writer.unread, 4);
});

Deno.test("RingReader and RingWriter wait no longer than their timeout", async () => {
  const { writer, reader } = pair(8);
  equal(reader.look(1, 1), null);
  equal(reader.readInto(new Uint8Array(1), 1), false);
  equal(await reader.lookAsync(1, { timeoutMs: 1 }), null);
  writer.write(new Uint8Array(8));
  equal(writer.look(1, 1), null);
  equal(writer.write(new Uint8Array(1), 1), false);
  equal(await writer.lookAsync(1, { timeoutMs: 1 }), null);
});

Deno.test("RingReader.lookAsync() and RingWriter.lookAsync() wait for what they need", async () => {
  const { writer, reader } = pair(8);
  const looked = reader.lookAsync(5);
  writer.write(bytes(1, 2, 3));
  writer.write(bytes(4, 5, 6));
  deepEqual(joined(await watched(looked)), bytes(1, 2, 3, 4, 5));
  const room = writer.lookAsync(4);
  reader.increment();
  deepEqual((await watched(room))!.map(({ length }) => length), [2, 2]);
});

Deno.test("RingReader.skipToNewest() leaves out what is older than the newest bytes", () => {
  const { writer, reader } = pair(8);
  equal(reader.skipToNewest(4), 0);
  writer.write(bytes(1, 2, 3, 4, 5, 6));
  equal(reader.skipToNewest(2), 4);
  equal(reader.skipToNewest(2), 0);
  equal(reader.skipToNewest(8), 0);
  equal(reader.lost, 4);
  deepEqual(joined(reader.look(2)), bytes(5, 6));
});

Deno.test("RingReader.closed is true when the ring has ended and the last byte is read", () => {
  const { writer, reader } = pair(8);
  writer.write(bytes(1, 2, 3));
  writer.close();
  writer.close();
  equal(reader.closed, false);
  deepEqual([reader.ended, reader.available], [true, 3]);
  deepEqual(joined(reader.look(3, Infinity)), bytes(1, 2, 3));
  reader.increment();
  equal(reader.closed, true);
  throws(() => writer.write(bytes(1)), /Cannot write "chunks": its writer is closed/);
});

Deno.test("RingReader.close() frees the writer for good", () => {
  const { writer, readers: [one, other] } = pair(4, 2);
  writer.write(new Uint8Array(4));
  one.close();
  equal(writer.look(1), null);
  other.close();
  for (let n = 0; n < 10; n++) equal(writer.write(new Uint8Array(4)), true);
  equal(one.closed, true);
  throws(() => one.look(1), /Cannot read "chunks": this reader is closed/);
});

Deno.test("RingWriter.pressure and unread speak of the slowest reader that holds it back", () => {
  const { writer, readers: [one, other] } = pair(8, 2);
  writer.write(new Uint8Array(6));
  one.readInto(new Uint8Array(4));
  deepEqual([writer.unread, writer.pressure, one.unread], [6, 0.75, 6]);
  other.setBlocking(false);
  deepEqual([writer.unread, writer.pressure, other.pressure], [2, 0.25, 0.25]);
  one.setBlocking(false);
  deepEqual([writer.unread, writer.pressure], [0, 0]);
  writer.close();
  one.close();
  deepEqual([writer.unread, one.unread], [0, 0]);
});

Deno.test("Reader.ring and Writer.ring share the position of their stream's handles", () => {
  const stream = makeStream({ dtype: "uint8", shape: [4], frames: 4, cacheAlign: false });
  const writer = stream.writer();
  const reader = stream.reader();
  writer.ring.write(bytes(1, 2, 3, 4, 5, 6, 7, 8));
  deepEqual(reader.read(), bytes(1, 2, 3, 4));
  deepEqual(joined(reader.ring.look(4)), bytes(5, 6, 7, 8));
  equal(reader.increment(), true);
  equal(reader.look(), null);
  equal(reader.ring.unread, 0);
  ok(reader.raw.includes(8));
});

Deno.test("RingWriter and RingReader of a stream move whole frames only", () => {
  const stream = makeStream({ dtype: "uint8", shape: [64], frames: 2, cacheAlign: false });
  const writer = stream.writer();
  const reader = stream.reader();
  const expected = { name: "RangeError", message: /length must be 1 to 128 bytes, a multiple of 64, received 40$/ };
  throws(() => writer.ring.write(new Uint8Array(40)), expected);
  throws(() => reader.ring.readInto(new Uint8Array(40)), expected);
  throws(() => reader.ring.skipToNewest(40), expected);
  equal(writer.ring.write(new Uint8Array(128).fill(7)), true);
  deepEqual(reader.read(), new Uint8Array(64).fill(7));
});
