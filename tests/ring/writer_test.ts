import { deepEqual, equal, ok, rejects, throws } from "node:assert/strict";
import type { FrameOf } from "../../src/ring/dtypes.ts";
import { makeRing, makeStream } from "./_helpers.ts";
import { watched } from "./_threads.ts";
import { Writer } from "../../src/ring/writer.ts";

const pair = (frames = 2, readers = 1) => {
  const stream = makeStream({ dtype: "int32", shape: [2], frames, readers });
  const all = Array.from({ length: readers }, (_, index) => stream.reader(index));
  return { stream, writer: stream.writer(), reader: all[0], readers: all };
};
const frame = (n: number) => Int32Array.of(n, -n);

Deno.test("Writer describes its stream", () => {
  const stream = makeStream({ dtype: "complex128", shape: [3, 2], frames: 2, name: "waves" });
  const writer = stream.writer();
  deepEqual([writer.name, writer.dtype, writer.shape], ["waves", "complex128", [3, 2]]);
  deepEqual([writer.frameLength, writer.frameBytes], [12, 96]);
  deepEqual([writer.raw.length, writer.ring.capacity, writer.ring.name], [256, 256, "waves"]);
  equal(writer.raw.buffer, stream.memory.buffer);
});

Deno.test("Writer refuses a ring of raw bytes", () => {
  const { memory, writerBinding } = makeRing(8, { name: "chunks" });
  throws(() => new Writer(memory, writerBinding), /Cannot open ring "chunks" as a stream: it carries raw bytes/);
});

Deno.test("Writer.write() publishes a copy until the ring is full, then returns false and publishes nothing", () => {
  const { writer, reader } = pair(2);
  const mine = frame(1);
  equal(writer.write(mine), true);
  mine.fill(9);
  equal(writer.write(frame(2)), true);
  equal(writer.write(frame(3), 0), false);
  deepEqual(reader.read(), frame(1));
  equal(writer.write(frame(4)), true);
  deepEqual([reader.read(), reader.read(), reader.read()], [frame(2), frame(4), null]);
});

Deno.test("Writer.write() publishes its own scratch frame", () => {
  const { writer, reader } = pair(2);
  const scratch = writer.frame();
  equal(writer.frame(), scratch);
  ok(scratch.buffer instanceof SharedArrayBuffer);
  for (let n = 0; n < 5; n++) {
    scratch.set(frame(n));
    equal(writer.write(scratch), true);
    deepEqual(reader.read(), frame(n));
  }
  equal(writer.write(scratch), true);
  equal(writer.write(scratch), true);
  equal(writer.write(scratch, 0), false);
  equal(writer.write(scratch, 1), false);
});

Deno.test("Writer.write() takes frames that lie anywhere in shared memory", () => {
  const { writer, reader } = pair(2);
  writer.write(frame(7));
  equal(writer.write(reader.look()!), true);
  reader.increment();
  deepEqual(reader.read(), frame(7));
});

Deno.test("Writer.write() refuses a frame of another length or type and publishes nothing", async () => {
  const { writer, reader } = pair(2);
  const wrong = [new Int32Array(1), new Int32Array(3), new Uint32Array(2), new Float32Array(2), [1, 2], null];
  for (const frame of wrong as FrameOf<"int32">[]) {
    const expected = { name: "TypeError", message: /stream "numbers": expected Int32Array of 2, received/ };
    throws(() => writer.write(frame), expected);
    throws(() => writer.write(frame, Infinity), expected);
    await rejects(() => writer.writeAsync(frame), expected);
  }
  equal(reader.read(), null);
  equal(writer.pressure, 0);
});

Deno.test("Writer.write() refuses undefined and publishes nothing, also before frame() is asked for", () => {
  const { writer, reader } = pair(2);
  throws(() => writer.write(undefined as unknown as Int32Array), TypeError);
  equal(reader.read(), null);
});

Deno.test("Writer.look() hands out the same array for a slot each round, and null when the ring is full", () => {
  const { writer, reader } = pair(3);
  const rounds = Array.from({ length: 3 }, () =>
    Array.from({ length: 3 }, () => {
      const slot = writer.look()!;
      writer.increment();
      reader.look();
      reader.increment();
      return slot;
    }));
  for (const round of rounds) for (const [slot, view] of round.entries()) equal(view, rounds[0][slot]);
  equal(new Set(rounds[0]).size, 3);
  for (let n = 0; n < 3; n++) writer.write(frame(n));
  equal(writer.look(), null);
});

Deno.test("Writer.look() publishes nothing until increment()", () => {
  const { writer, reader } = pair(2);
  const slot = writer.look()!;
  slot.set(frame(5));
  equal(writer.look(), slot);
  equal(reader.look(), null);
  writer.increment();
  deepEqual(reader.read(), frame(5));
});

Deno.test("Writer.increment() throws unless look() has handed out a frame since the last one", () => {
  const { writer, reader } = pair(1);
  const expected = { name: "Error", message: /look\(\) has found no frame before/ };
  throws(() => writer.increment(), expected);
  writer.look();
  writer.increment();
  throws(() => writer.increment(), expected);
  equal(writer.look(), null);
  throws(() => writer.increment(), expected);
  reader.read();
  writer.look();
  writer.write(frame(1));
  throws(() => writer.increment(), expected);
});

Deno.test("Writer waits no longer than its timeout, and publishes nothing then", async () => {
  const { writer, reader } = pair(1);
  writer.write(frame(1));
  equal(writer.write(frame(2), 1), false);
  equal(writer.look(1), null);
  equal(await writer.writeAsync(frame(3), { timeoutMs: 1 }), false);
  equal(await writer.lookAsync({ timeoutMs: 0 }), null);
  deepEqual([reader.read(), reader.read()], [frame(1), null]);
});

Deno.test("Writer refuses a timeout that is negative or NaN, and publishes nothing", async () => {
  const { writer, reader } = pair(2);
  for (const timeoutMs of [-1, -Infinity, NaN]) {
    const expected = {
      name: "RangeError",
      message: /write "numbers": timeoutMs must be a number of milliseconds, 0 or more, received (-|NaN)/,
    };
    throws(() => writer.write(frame(1), timeoutMs), expected);
    throws(() => writer.look(timeoutMs), expected);
    await rejects(() => writer.writeAsync(frame(1), { timeoutMs }), expected);
    await rejects(() => writer.lookAsync({ timeoutMs }), expected);
    throws(() => writer.increment(), /look\(\) has found no frame before/);
  }
  equal(reader.read(), null);
});

Deno.test("Writer.write() of its own frame() with a negative timeout publishes nothing", () => {
  const { writer, reader } = pair(2);
  throws(() => writer.write(writer.frame(), -1), RangeError);
  equal(reader.read(), null);
});

Deno.test("Writer refuses a bad timeout when the ring is full as well", () => {
  const { writer } = pair(1);
  writer.write(frame(1));
  for (const timeoutMs of [-1, NaN]) {
    throws(() => writer.write(frame(2), timeoutMs), RangeError);
    throws(() => writer.write(writer.frame(), timeoutMs), RangeError);
    throws(() => writer.look(timeoutMs), RangeError);
  }
});

Deno.test("Writer.writeAsync() publishes in place of a frame that is consumed later", async () => {
  const { writer, reader } = pair(1);
  writer.write(frame(1));
  const written = writer.writeAsync(frame(2));
  const slot = reader.look();
  deepEqual(slot, frame(1));
  reader.increment();
  equal(await watched(written), true);
  deepEqual(reader.read(), frame(2));
});

Deno.test("Writer.writeAsync() takes its own frame()", async () => {
  const { writer, reader } = pair(1);
  writer.frame().set(frame(3));
  equal(await writer.writeAsync(writer.frame()), true);
  deepEqual(reader.read(), frame(3));
});

Deno.test("Writer.writeAsync() called again before it has resolved publishes both frames, in the order of the calls", async () => {
  const { writer, reader } = pair(4);
  const written = Promise.all([writer.writeAsync(frame(1)), writer.writeAsync(frame(2))]);
  deepEqual(await watched(written), [true, true]);
  deepEqual([reader.read(), reader.read()], [frame(1), frame(2)]);
});

Deno.test("Writer.writeAsync() leaves alone what write() publishes before it resolves", async () => {
  const { writer, reader } = pair(4);
  const written = writer.writeAsync(frame(1));
  writer.write(frame(2));
  await watched(written.catch(() => {}));
  const found = [reader.read(), reader.read()].map((read) => read?.[0]);
  deepEqual(found.toSorted(), [1, 2]);
});

Deno.test("Writer never waits for a ring without readers", () => {
  const { writer } = pair(2, 0);
  for (let n = 0; n < 100; n++) equal(writer.write(frame(n)), true);
  equal(writer.pressure, 0);
  equal(writer.ring.unread, 0);
});

Deno.test("Writer waits for the slowest of its readers", () => {
  const { writer, readers: [fast, slow] } = pair(2, 2);
  equal(writer.write(frame(1)), true);
  equal(writer.write(frame(2)), true);
  deepEqual([fast.read(), fast.read(), fast.read()], [frame(1), frame(2), null]);
  equal(writer.write(frame(3), 0), false);
  deepEqual(slow.read(), frame(1));
  equal(writer.write(frame(3)), true);
  equal(writer.write(frame(4), 0), false);
  deepEqual([slow.read(), slow.read(), fast.read()], [frame(2), frame(3), frame(3)]);
});

Deno.test("Writer.pressure says how full the ring is for the slowest reader, 0 to 1", () => {
  const { writer, readers: [fast, slow] } = pair(4, 2);
  const found = [writer.pressure];
  for (let n = 0; n < 4; n++) {
    writer.write(frame(n));
    fast.read();
    found.push(writer.pressure);
  }
  deepEqual(found, [0, 0.25, 0.5, 0.75, 1]);
  equal(fast.pressure, 1);
  slow.read();
  deepEqual([slow.pressure, fast.pressure, writer.pressure, writer.ring.pressure], [0.75, 0.75, 0.75, 0.75]);
});

Deno.test("Writer.close() lets the readers drain what is left and then see the end", () => {
  const { writer, readers: [one, other] } = pair(4, 2);
  writer.write(frame(1));
  writer.write(frame(2));
  writer.close();
  for (const reader of [one, other]) {
    equal(reader.closed, false);
    deepEqual(reader.read(Infinity), frame(1));
    deepEqual(reader.read(Infinity), frame(2));
    equal(reader.closed, true);
    equal(reader.read(Infinity), null);
    equal(reader.look(Infinity), null);
  }
});

Deno.test("Writer.close() twice is the same as once, also through dispose", () => {
  const { writer, reader } = pair();
  writer.close();
  writer.close();
  writer[Symbol.dispose]();
  equal(reader.closed, true);
});

Deno.test("Writer throws an Error that names the stream once it is closed", async () => {
  const { writer, reader } = pair(2);
  const scratch = writer.frame();
  writer.look();
  writer.close();
  const expected = { name: "Error", message: 'Cannot write "numbers": its writer is closed' };
  throws(() => writer.write(frame(1)), expected);
  throws(() => writer.write(frame(1), Infinity), expected);
  throws(() => writer.write(scratch), expected);
  throws(() => writer.look(), expected);
  throws(() => writer.ring.write(new Uint8Array(64)), expected);
  throws(() => writer.ring.look(64), expected);
  throws(() => writer.increment(), { name: "Error" });
  await rejects(() => writer.writeAsync(frame(1)), expected);
  await rejects(() => writer.lookAsync(), expected);
  equal(reader.look(), null);
  equal(writer.pressure, 0);
});

Deno.test("Writer.close() ends a writeAsync() that waits for room", async () => {
  const { writer, reader } = pair(1);
  writer.write(frame(1));
  const waiting = writer.writeAsync(frame(2));
  writer.close();
  await rejects(watched(waiting, "writeAsync()", 2000), /its writer is closed/);
  reader.close();
});

Deno.test("Writer that must not block throws a TypeError only where it would", async () => {
  const { stream, reader } = pair(1);
  const writer = stream.writer({ mayBlock: false });
  const expected = { name: "TypeError", message: /write "numbers": the main thread must not block, use the async/ };
  equal(writer.write(frame(1), 100), true);
  for (const timeoutMs of [1, Infinity]) {
    throws(() => writer.write(frame(2), timeoutMs), expected);
    throws(() => writer.write(writer.frame(), timeoutMs), expected);
    throws(() => writer.look(timeoutMs), expected);
  }
  equal(writer.write(frame(2), 0), false);
  equal(await writer.writeAsync(frame(2), { timeoutMs: 0 }), false);
  reader.read();
  equal(await writer.writeAsync(frame(2)), true);
});
