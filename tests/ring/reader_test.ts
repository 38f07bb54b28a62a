import { deepEqual, equal, notEqual, ok, rejects, throws } from "node:assert/strict";
import type { FrameOf } from "../../src/ring/dtypes.ts";
import { mapFrames, mapFramesAsync } from "../../src/ring/map_frames.ts";
import { Reader } from "../../src/ring/reader.ts";
import { makeRing, makeStream } from "./_helpers.ts";
import { watched } from "./_threads.ts";

const pair = (frames = 4, readers = 1) => {
  const stream = makeStream({ dtype: "int32", shape: [2], frames, readers });
  const all = Array.from({ length: readers }, (_, index) => stream.reader(index));
  return { stream, writer: stream.writer(), reader: all[0], readers: all };
};
const frame = (n: number) => Int32Array.of(n, -n);

/** A stream of frames 0 to `count` - 1 that has ended. */
const ended = (count: number) => {
  const { writer, reader } = pair(count);
  for (let n = 0; n < count; n++) writer.write(frame(n));
  writer.close();
  return reader;
};

Deno.test("Reader describes its stream", () => {
  const stream = makeStream({ dtype: "float16", shape: [3, 2], frames: 2, name: "waves" });
  const reader = stream.reader();
  deepEqual([reader.name, reader.dtype, reader.shape], ["waves", "float16", [3, 2]]);
  deepEqual([reader.frameLength, reader.frameBytes], [6, 12]);
  deepEqual([reader.raw.length, reader.ring.capacity, reader.ring.name], [128, 128, "waves"]);
  equal(reader.raw.buffer, stream.memory.buffer);
});

Deno.test("Reader refuses a ring of raw bytes", () => {
  const { memory, readerBindings: [binding] } = makeRing(8, { name: "chunks" });
  throws(() => new Reader(memory, binding), /Cannot open ring "chunks" as a stream: it carries raw bytes/);
});

Deno.test("Reader.look() leaves the position unchanged", () => {
  const { writer, reader } = pair();
  writer.write(frame(1));
  const first = reader.look();
  deepEqual(first, frame(1));
  equal(reader.look(), first);
  equal(writer.pressure, 0.25);
});

Deno.test("Reader.look() returns null when the ring is empty", () => {
  const { writer, reader } = pair();
  equal(reader.look(), null);
  equal(reader.look(1), null);
  writer.write(frame(1));
  reader.read();
  equal(reader.look(), null);
});

Deno.test("Reader.look() hands out the same array for a slot each round", () => {
  const { writer, reader } = pair(3);
  const rounds = Array.from({ length: 4 }, (_, round) =>
    Array.from({ length: 3 }, (_, slot) => {
      writer.write(frame(10 * round + slot));
      const found = reader.look()!;
      deepEqual(found, frame(10 * round + slot));
      reader.increment();
      return found;
    }));
  for (const round of rounds) for (const [slot, view] of round.entries()) equal(view, rounds[0][slot]);
  equal(new Set(rounds[0]).size, 3);
});

Deno.test("Reader.increment() consumes what look() has found and returns true", () => {
  const { writer, reader } = pair();
  writer.write(frame(1));
  writer.write(frame(2));
  reader.look();
  equal(reader.increment(), true);
  deepEqual(reader.look(), frame(2));
});

Deno.test("Reader.increment() throws unless look() has found a frame since the last one", () => {
  const { writer, reader } = pair();
  const expected = { name: "Error", message: /look\(\) has found no frame before/ };
  throws(() => reader.increment(), expected);
  equal(reader.look(), null);
  throws(() => reader.increment(), expected);
  for (let n = 0; n < 4; n++) writer.write(frame(n));
  throws(() => reader.increment(), expected);
  for (const spend of [() => reader.increment(), () => reader.read(), () => reader.readInto(reader.frame())]) {
    reader.look();
    spend();
    throws(() => reader.increment(), expected);
  }
  deepEqual(reader.read(), frame(3));
});

Deno.test("Reader.read() returns a copy that the caller owns", () => {
  const { writer, reader } = pair(1);
  writer.write(frame(1));
  const copy = reader.read()!;
  ok(copy.buffer instanceof ArrayBuffer);
  writer.write(frame(2));
  deepEqual(copy, frame(1));
  notEqual(reader.read(), copy);
  equal(reader.read(), null);
});

Deno.test("Reader.readInto() copies into an array of the caller's", () => {
  const { writer, reader } = pair();
  const out = new Int32Array(2);
  equal(reader.readInto(out), false);
  writer.write(frame(7));
  equal(reader.readInto(out), true);
  deepEqual(out, frame(7));
  equal(reader.readInto(out, 1), false);
  deepEqual(out, frame(7));
});

Deno.test("Reader.readInto() copies into the reader's own frame()", () => {
  const { writer, reader, readers: [, other] } = pair(4, 2);
  const scratch = reader.frame();
  equal(reader.frame(), scratch);
  notEqual(other.frame().byteOffset, scratch.byteOffset);
  equal(reader.readInto(scratch), false);
  for (let n = 0; n < 4; n++) writer.write(frame(n));
  for (let n = 0; n < 4; n++) {
    equal(reader.readInto(scratch), true);
    deepEqual(scratch, frame(n));
  }
  equal(reader.readInto(scratch, 1), false);
  deepEqual(other.frame(), frame(0).fill(0));
});

Deno.test("Reader.readInto() refuses an array of another length or type and consumes nothing", () => {
  const { writer, reader } = pair();
  writer.write(frame(1));
  const wrong = [new Int32Array(1), new Int32Array(3), new Uint32Array(2), new Float64Array(2), [1, 2], null];
  for (const out of wrong as FrameOf<"int32">[]) {
    const expected = { name: "TypeError", message: /stream "numbers": expected Int32Array of 2, received/ };
    throws(() => reader.readInto(out), expected);
    throws(() => reader.readInto(out, Infinity), expected);
  }
  deepEqual(reader.read(), frame(1));
});

Deno.test("Reader.readInto() refuses undefined and consumes nothing, also before frame() is asked for", () => {
  const { writer, reader } = pair();
  writer.write(frame(1));
  throws(() => reader.readInto(undefined as unknown as Int32Array), TypeError);
  deepEqual(reader.read(), frame(1));
});

Deno.test("Reader waits no longer than its timeout", async () => {
  const { reader } = pair();
  equal(reader.read(1), null);
  equal(reader.look(1), null);
  equal(reader.readInto(new Int32Array(2), 1), false);
  equal(await reader.readAsync({ timeoutMs: 1 }), null);
  equal(await reader.lookAsync({ timeoutMs: 0 }), null);
});

Deno.test("Reader refuses a timeout that is negative or NaN, and consumes nothing", async () => {
  for (const isEmpty of [true, false]) {
    const { writer, reader } = pair();
    if (!isEmpty) writer.write(frame(1));
    for (const timeoutMs of [-1, -Infinity, NaN]) {
      const expected = {
        name: "RangeError",
        message: /read "numbers": timeoutMs must be a number of milliseconds, 0 or more, received (-|NaN)/,
      };
      throws(() => reader.look(timeoutMs), expected);
      throws(() => reader.read(timeoutMs), expected);
      throws(() => reader.readInto(new Int32Array(2), timeoutMs), expected);
      await rejects(() => reader.lookAsync({ timeoutMs }), expected);
      await rejects(() => reader.readAsync({ timeoutMs }), expected);
      throws(() => reader.increment(), /look\(\) has found no frame before/);
    }
    deepEqual(reader.read(), isEmpty ? null : frame(1));
  }
});

Deno.test("Reader.readInto() its own frame() with a negative timeout consumes nothing", () => {
  const { writer, reader } = pair();
  writer.write(frame(1));
  throws(() => reader.readInto(reader.frame(), -1), RangeError);
  deepEqual(reader.read(), frame(1));
});

Deno.test("Reader.readAsync() resolves to the next frame, one that comes later, or null at the end", async () => {
  const { writer, reader } = pair();
  writer.write(frame(1));
  deepEqual(await reader.readAsync(), frame(1));
  const next = reader.readAsync();
  writer.write(frame(2));
  const copy = await watched(next);
  deepEqual(copy, frame(2));
  ok(copy!.buffer instanceof ArrayBuffer);
  const last = reader.readAsync();
  writer.close();
  equal(await watched(last), null);
});

Deno.test("Reader.lookAsync() resolves to the array of the slot", async () => {
  const { writer, reader } = pair(1);
  const found = reader.lookAsync();
  writer.write(frame(1));
  equal(await watched(found), reader.look());
  equal(reader.increment(), true);
});

Deno.test("Reader.readAsync() called again before it has resolved reads both frames, in the order of the calls", async () => {
  const { writer, reader } = pair();
  const both = Promise.all([reader.readAsync(), reader.readAsync()]);
  writer.write(frame(1));
  writer.write(frame(2));
  deepEqual(await watched(both), [frame(1), frame(2)]);
});

Deno.test("Reader.readAsync() and read() do not read the same frame twice", async () => {
  const { writer, reader } = pair();
  writer.write(frame(1));
  writer.write(frame(2));
  const later = reader.readAsync();
  const now = reader.read();
  const found = [now, await watched(later)].map((read) => read?.[0]);
  deepEqual(found.toSorted(), [1, 2]);
});

Deno.test("Reader: each of several readers sees every frame", () => {
  const { writer, readers } = pair(4, 5);
  for (let n = 0; n < 100; n++) {
    writer.write(frame(n));
    for (const reader of readers) deepEqual(reader.read(), frame(n));
  }
});

Deno.test("Reader.closed is true when the stream has ended and everything is read", () => {
  const { writer, reader } = pair();
  equal(reader.closed, false);
  writer.write(frame(1));
  writer.close();
  equal(reader.closed, false);
  reader.look();
  equal(reader.closed, false);
  reader.increment();
  equal(reader.closed, true);
});

Deno.test("Reader iterates over the frames in place until the stream ends", () => {
  const reader = ended(4);
  const found: number[][] = [];
  for (const view of reader) {
    ok(view.buffer instanceof SharedArrayBuffer);
    found.push([...view]);
  }
  deepEqual(found, [0, 1, 2, 3].map((n) => [...frame(n)]));
  equal(reader.closed, true);
  deepEqual([...reader], []);
});

Deno.test("Reader consumes a frame of an iteration when the loop body is done with it", () => {
  const reader = ended(3);
  const unread: number[] = [];
  for (const _ of reader) unread.push(reader.ring.unread / 64);
  deepEqual(unread, [3, 2, 1]);
});

Deno.test("Reader consumes the frame at which an iteration breaks, and no other", () => {
  const reader = ended(4);
  for (const [n] of reader) if (n === 1) break;
  deepEqual(reader.read(), frame(2));
});

Deno.test("Reader begins an iteration with the frame that look() has found before", async () => {
  const one = ended(3);
  const other = ended(3);
  const found: number[] = [];
  one.look();
  for (const [n] of one) found.push(n);
  other.look();
  for await (const [n] of other) found.push(n);
  deepEqual(found, [0, 1, 2, 0, 1, 2]);
});

Deno.test("Reader consumes the frame at which the body of an iteration throws", () => {
  const reader = ended(4);
  throws(() => {
    for (const _ of reader) throw new Error("enough");
  }, /enough/);
  deepEqual(reader.read(), frame(1));
});

Deno.test("Reader consumes nothing twice when the body of an iteration increments or reads on", () => {
  const reader = ended(4);
  const found: number[] = [];
  for (const [n] of reader) {
    found.push(n);
    if (n === 0) reader.increment();
    if (n === 1) found.push(reader.read()![0], reader.read()![0]);
  }
  deepEqual(found, [0, 1, 2, 3]);
});

Deno.test("Reader iterates asynchronously until the stream ends, with frames that come later", async () => {
  const { writer, reader } = pair(2);
  const found: number[] = [];
  const reading = (async () => {
    for await (const [n] of reader) found.push(n);
  })();
  for (let n = 0; n < 10; n++) await watched(writer.writeAsync(frame(n)));
  writer.close();
  await watched(reading);
  deepEqual(found, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  equal(reader.closed, true);
});

Deno.test("Reader consumes the frame at which an asynchronous iteration breaks or throws, and no other", async () => {
  const reader = ended(4);
  for await (const [n] of reader) if (n === 0) break;
  await rejects(async () => {
    for await (const _ of reader) throw new Error("enough");
  }, /enough/);
  deepEqual(reader.read(), frame(2));
});

Deno.test("Reader that must not block throws a TypeError only where it would", async () => {
  const { stream, writer } = pair();
  const reader = stream.reader(0, { mayBlock: false });
  const expected = { name: "TypeError", message: /read "numbers": the main thread must not block, use the async/ };
  for (const timeoutMs of [1, Infinity]) {
    throws(() => reader.look(timeoutMs), expected);
    throws(() => reader.read(timeoutMs), expected);
    throws(() => reader.readInto(new Int32Array(2), timeoutMs), expected);
    throws(() => reader.readInto(reader.frame(), timeoutMs), expected);
  }
  throws(() => [...reader], expected);
  equal(reader.read(), null);
  equal(await reader.readAsync({ timeoutMs: 0 }), null);
  writer.write(frame(1));
  deepEqual(reader.read(Infinity), frame(1));
  writer.close();
  equal(reader.read(Infinity), null);
});

Deno.test("Reader.close() frees the writer for good, also through dispose", () => {
  const { writer, readers: [one, other] } = pair(2, 2);
  for (let n = 0; n < 2; n++) writer.write(frame(n));
  equal(writer.write(frame(2), 0), false);
  one.close();
  equal(writer.write(frame(2), 0), false);
  other[Symbol.dispose]();
  for (let n = 0; n < 10; n++) equal(writer.write(frame(n)), true);
  equal(writer.pressure, 0);
});

Deno.test("Reader.close() twice is the same as once, and closed is true then", () => {
  const { writer, reader } = pair();
  writer.write(frame(1));
  reader.close();
  reader.close();
  equal(reader.closed, true);
  equal(reader.ring.closed, true);
  equal(reader.isBlocking(), false);
  equal(reader.lost, 0);
});

Deno.test("Reader throws an Error that names the stream once it is closed", async () => {
  const { writer, reader } = pair();
  writer.write(frame(1));
  reader.look();
  reader.close();
  const expected = { name: "Error", message: 'Cannot read "numbers": this reader is closed' };
  throws(() => reader.look(), expected);
  throws(() => reader.look(Infinity), expected);
  throws(() => reader.read(), expected);
  throws(() => reader.readInto(new Int32Array(2)), expected);
  throws(() => reader.readInto(reader.frame()), expected);
  throws(() => reader.skipToNewest(), expected);
  throws(() => reader.setBlocking(true), expected);
  throws(() => reader.ring.look(64), expected);
  throws(() => [...reader], expected);
  throws(() => reader.increment(), { name: "Error" });
  await rejects(() => reader.lookAsync(), expected);
  await rejects(() => reader.readAsync(), expected);
});

Deno.test("Reader.close() ends a readAsync() that waits for a frame", async () => {
  const { writer, reader } = pair();
  const waiting = reader.readAsync();
  reader.close();
  await rejects(watched(waiting, "readAsync()", 2000), /this reader is closed/);
  writer.close();
});

Deno.test("mapFrames() and mapFramesAsync() refuse what is no reader, writer or function, by what it is", async () => {
  const { reader, writer } = { reader: { look() {} } as never, writer: { write() {} } as never };
  for (const [name, call] of [["mapFrames", mapFrames], ["mapFramesAsync", mapFramesAsync]] as const) {
    const refused = async (message: string, ...args: readonly unknown[]) =>
      await rejects(async () => await call(...args as Parameters<typeof mapFrames>), {
        name: "TypeError",
        message: `Cannot call ${name}(): ${message}`,
      });
    await refused("expected a reader, received undefined");
    await refused("expected a writer, received 5", reader, 5);
    await refused('expected a function, received "double"', reader, writer, "double");
  }
});
