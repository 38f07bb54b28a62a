import { deepEqual, equal, ok, rejects, throws } from "node:assert/strict";
import { StoppedError } from "../../src/errors.ts";
import { makeStream } from "./_helpers.ts";

/** A stream of four frames of one number, its writer and its reader. */
const pair = (frames = 4, readers = 1) => {
  const stream = makeStream({ dtype: "int32", shape: [1], frames, readers });
  return { stream, writer: stream.writer(), reader: stream.reader() };
};
/** As {@link pair}, with a reader that its writer does not wait for. */
const passing = () => {
  const { stream, reader } = pair();
  reader.setBlocking(false);
  return { stream, reader, writer: stream.writer() };
};
const numbers = (frames: readonly ArrayLike<number>[] | null) => frames && frames.map((frame) => frame[0]);

/** Writes consecutive numbers, each of which must find room. */
const fill = ({ writer }: ReturnType<typeof pair>, from: number, to: number) => {
  for (let n = from; n <= to; n++) ok(writer.write(Int32Array.of(n)));
};

Deno.test("Reader.lookMany() finds all frames that are there, and leaves them there", () => {
  const ends = pair();
  equal(ends.reader.lookMany(Infinity), null);
  fill(ends, 1, 3);
  deepEqual(numbers(ends.reader.lookMany(Infinity)), [1, 2, 3]);
  deepEqual(numbers(ends.reader.lookMany(2)), [1, 2]);
  deepEqual(numbers(ends.reader.lookMany(100)), [1, 2, 3]);
  equal(ends.reader.pressure, 0.75);
});

Deno.test("Reader.lookMany() finds frames that came since its last look", () => {
  const ends = pair();
  fill(ends, 1, 1);
  deepEqual(numbers(ends.reader.lookMany(Infinity)), [1]);
  fill(ends, 2, 2);
  deepEqual(numbers(ends.reader.lookMany(Infinity)), [1, 2]);
});

Deno.test("Reader.lookMany() goes on beyond the wrap, with the arrays of look()", () => {
  const ends = pair();
  const { reader } = ends;
  fill(ends, 1, 3);
  reader.lookMany(3);
  reader.increment();
  fill(ends, 4, 7);
  const found = reader.lookMany(Infinity)!;
  deepEqual(numbers(found), [4, 5, 6, 7]);
  equal(reader.look(), found[0]);
});

Deno.test("Reader.increment() consumes all frames of lookMany(), or the first so many", () => {
  const ends = pair();
  const { reader } = ends;
  fill(ends, 1, 4);
  reader.lookMany(4);
  equal(reader.increment(1), true);
  deepEqual(numbers(reader.lookMany(3)), [2, 3, 4]);
  reader.increment();
  equal(reader.look(), null);
  throws(() => reader.increment(1), /Cannot increment "numbers": look\(\) has found no frame before/);
});

Deno.test("Reader.lookMany() waits for the fewest frames that will do", () => {
  const ends = pair();
  const { writer, reader } = ends;
  fill(ends, 1, 2);
  equal(reader.lookMany(4, { least: 3 }), null);
  equal(reader.lookMany(4, { least: 3, timeoutMs: 1 }), null);
  throws(() => reader.increment(), /look\(\) has found no frame before/);
  fill(ends, 3, 3);
  deepEqual(numbers(reader.lookMany(4, { least: 3 })), [1, 2, 3]);
  reader.increment(2);
  writer.close();
  equal(reader.lookMany(4, { least: 2, timeoutMs: Infinity }), null);
  equal(reader.closed, false);
  deepEqual(numbers(reader.lookMany(4)), [3]);
});

Deno.test("Writer.lookMany() hands out all the room there is, and increment() publishes it, or the first so many", () => {
  const { writer, reader } = pair();
  const slots = writer.lookMany(Infinity)!;
  equal(slots.length, 4);
  slots.forEach((slot, n) => slot[0] = n);
  equal(reader.look(), null);
  writer.increment(3);
  deepEqual(numbers(reader.lookMany(Infinity)), [0, 1, 2]);
  equal(writer.lookMany(Infinity)!.length, 1);
  writer.increment();
  equal(writer.lookMany(Infinity), null);
  equal(writer.lookMany(1, { timeoutMs: 1 }), null);
  reader.lookMany(3);
  reader.increment(2);
  equal(writer.lookMany(4, { least: 3 }), null);
  equal(writer.lookMany(4, { least: 2 })!.length, 2);
});

Deno.test("Writer.lookMany() looks at the readers again only where the room it knows of is too small", () => {
  const stream = makeStream({ dtype: "int32", shape: [1], frames: 4 });
  const writer = stream.writer();
  const reader = stream.reader();
  writer.lookMany(4)!.forEach((slot, n) => slot[0] = n);
  writer.increment();
  reader.lookMany(4);
  reader.increment(3);
  equal(writer.lookMany(2)!.length, 2);
  equal(writer.lookMany(Infinity)!.length, 3);
});

for (
  const [what, count, options, message] of [
    ["most 0", 0, {}, /most must be a whole number from 1 to Infinity, received 0/],
    ["most 1.5", 1.5, {}, /most must be a whole number from 1 to Infinity, received 1.5/],
    ["most NaN", NaN, {}, /most must be a whole number from 1 to Infinity, received NaN/],
    ["least beyond most", 2, { least: 3 }, /most must be a whole number from 3 to Infinity, received 2/],
    ["least beyond the ring", 9, { least: 5 }, /frames of stream "numbers": least must be .* from 1 to 4, received 5/],
    ["least 0", 1, { least: 0 }, /least must be a whole number from 1 to 4, received 0/],
    ["a negative timeout", 1, { timeoutMs: -1 }, /timeoutMs must be a number of milliseconds, 0 or more, received -1/],
  ] as const
) {
  Deno.test(`lookMany() refuses ${what}`, () => {
    const { writer, reader } = pair();
    throws(() => reader.lookMany(count, options), { name: "RangeError", message });
    throws(() => writer.lookMany(count, options), { name: "RangeError", message });
    writer.write(Int32Array.of(1));
    throws(() => reader.lookMany(count, options), { name: "RangeError", message });
  });
}

for (const frames of [0, 3, 1.5, -1, NaN]) {
  Deno.test(`increment() refuses ${frames} of two frames, and keeps them`, () => {
    const ends = pair();
    const { writer, reader } = ends;
    fill(ends, 1, 2);
    reader.lookMany(2);
    writer.lookMany(2);
    const error = { name: "RangeError", message: new RegExp(`frames must be .* from 1 to 2, received ${frames}$`) };
    throws(() => reader.increment(frames), error);
    throws(() => writer.increment(frames), error);
    reader.increment(2);
    writer.increment(2);
    equal(reader.lookMany(Infinity)?.length, 2);
  });
}

Deno.test("Writer.lookMany() announces to passing readers all that it may overwrite", () => {
  const ends = passing();
  const { writer, reader } = ends;
  fill(ends, 1, 4);
  writer.lookMany(3);
  deepEqual(numbers([reader.read()!]), [4]);
  equal(reader.lost, 3);
});

Deno.test("lookMany() throws once the pipeline was told to stop", () => {
  const { stream, writer, reader } = pair();
  stream.memory.stop(stream.waiters);
  throws(() => reader.lookMany(1), StoppedError);
  throws(() => writer.lookMany(1), StoppedError);
});

Deno.test("A stream with more frames than are kept as arrays hands out every frame", () => {
  const frames = 70_000;
  const stream = makeStream({ dtype: "uint8", shape: [1], frames, cacheAlign: false });
  const writer = stream.writer();
  const reader = stream.reader();
  writer.lookMany(Infinity)!.forEach((slot, n) => slot[0] = n % 251);
  writer.increment();
  reader.lookMany(Infinity)!.forEach((frame, n) => equal(frame[0], n % 251));
  reader.increment(69_999);
  equal(reader.look()![0], 69_999 % 251);
});

Deno.test("Reader.lookManyAsync() waits for the fewest frames that will do, and slides", async () => {
  const ends = pair();
  fill(ends, 1, 1);
  const waiting = ends.reader.lookManyAsync(3, { least: 3 });
  fill(ends, 2, 4);
  deepEqual(numbers(await waiting), [1, 2, 3]);
  ends.reader.increment(1);
  deepEqual(numbers(await ends.reader.lookManyAsync(Infinity)), [2, 3, 4]);
  ends.reader.increment();
  equal(await ends.reader.lookManyAsync(1, { timeoutMs: 5 }), null);
  equal(await ends.reader.lookManyAsync(1, { timeoutMs: 0 }), null);
  fill(ends, 5, 6);
  ends.writer.close();
  // Fewer than that are left when the stream has ended.
  equal(await ends.reader.lookManyAsync(3, { least: 3 }), null);
  deepEqual(numbers(await ends.reader.lookManyAsync(3)), [5, 6]);
  ends.reader.increment();
  equal(await ends.reader.lookManyAsync(1), null);
});

Deno.test("Writer.lookManyAsync() waits for room, and publishes as many as it is told", async () => {
  const ends = pair();
  fill(ends, 1, 3);
  const waiting = ends.writer.lookManyAsync(2, { least: 2 });
  ends.reader.read();
  const found = (await waiting)!;
  found.forEach((frame, index) => frame[0] = 10 + index);
  ends.writer.increment(1);
  deepEqual(numbers(ends.reader.lookMany(Infinity)), [2, 3, 10]);
  equal(await ends.writer.lookManyAsync(2, { least: 2, timeoutMs: 1 }), null);
});

Deno.test("lookManyAsync() takes nothing when its signal aborts, and refuses what is wrong", async () => {
  const ends = pair();
  const controller = new AbortController();
  const waiting = ends.reader.lookManyAsync(2, { least: 2, signal: controller.signal });
  fill(ends, 1, 1);
  controller.abort(new Error("enough"));
  await rejects(waiting, /enough/);
  fill(ends, 2, 2);
  await rejects(ends.reader.lookManyAsync(2, { signal: controller.signal }), /enough/);
  throws(() => ends.reader.increment(), /look\(\) has found no frame before$/);
  deepEqual(numbers(ends.reader.lookMany(2)), [1, 2]);
  const wrong: [unknown, unknown, RegExp][] = [
    [0, {}, /most must be a whole number/],
    [2, { least: 3 }, /most must be a whole number from 3/],
    [9, { least: 5 }, /least must be a whole number from 1 to 4/],
    [1, { timeoutMs: -1 }, /timeoutMs must be/],
    [1, { timeout: 1 }, /there is no option "timeout"/],
    [1, 5, /a time-out is an option, \{ timeoutMs: 5 \}, received 5$/],
    [1, null, /its options must be an object, received null$/],
  ];
  for (const [most, options, message] of wrong) {
    await rejects(ends.reader.lookManyAsync(most as number, options as never), { message });
  }
  const other = passing();
  ok(other.writer.write(Int32Array.of(7)));
  deepEqual(numbers(await other.reader.lookManyAsync(1)), [7]);
  await rejects(other.reader.lookManyAsync(2), { name: "RangeError" });
});

Deno.test("lookMany() refuses options that are no object: a bare time-out would not be waited for", () => {
  const { reader, writer } = pair();
  for (const end of [reader, writer]) {
    throws(() => end.lookMany(1, 5 as never), {
      name: "TypeError",
      message: /a time-out is an option, \{ timeoutMs: 5 \}, received 5$/,
    });
    for (const options of [null, true, 5n]) {
      throws(() => end.lookMany(1, options as never), { name: "TypeError", message: /its options must be an object/ });
    }
  }
});
