/** Frames with named columns. */

import { deepEqual, equal, notEqual, ok, throws } from "node:assert/strict";
import { indexer, Pipeline, type Reader, type Writer } from "@ringmill/ringmill";
import { layOutColumns } from "../../src/ring/columns.ts";
import { DTYPES } from "../../src/ring/dtypes.ts";

const TICK = { time: "int64", price: "float64", size: "int32" } as const;

/** A stream of which the program has both ends, with a second reader that is not read. */
async function loop(shape: number[], options: { frames?: number; cacheAlign?: boolean } = {}) {
  const pipe = new Pipeline("loop");
  const ticks = pipe.addStream("ticks", { shape, dtype: TICK, frames: 4, ...options });
  const writer = pipe.openWriter(ticks);
  const reader = pipe.openReader(ticks);
  await pipe.start();
  return { pipe, ticks, writer, reader };
}

const own = (length: number) => ({
  time: BigInt64Array.from({ length }, (_, n) => BigInt(n)),
  price: Float64Array.from({ length }, (_, n) => n / 3),
  size: Int32Array.from({ length }, (_, n) => -n),
});

Deno.test("layOutColumns() keeps the order, and aligns each column to its element", () => {
  const dtypes = Object.keys(DTYPES) as (keyof typeof DTYPES)[];
  for (let round = 0; round < 200; round++) {
    const count = 1 + round % 7;
    const types = Object.fromEntries(
      Array.from({ length: count }, (_, n) => [`c${n}`, dtypes[(round * 5 + n * 3) % dtypes.length]]),
    );
    const shape = [1 + round % 5, 1 + round % 3];
    const { columns, bytes } = layOutColumns(shape, types);
    deepEqual(columns.map(({ name }) => name), Object.keys(types));
    let end = 0;
    for (const { dtype, array, length, offset } of columns) {
      const size = DTYPES[dtype].lanes * array.BYTES_PER_ELEMENT;
      ok(offset >= end && offset - end < size && offset % size === 0, `${dtype} at ${offset}, after ${end}`);
      equal(length, shape[0] * shape[1] * DTYPES[dtype].lanes);
      end = offset + length * array.BYTES_PER_ELEMENT;
      equal(bytes % size, 0);
    }
    ok(bytes >= end && bytes - end < 16);
  }
});

for (const cacheAlign of [true, false]) {
  Deno.test(`A frame of columns lies in place in the ring, with cacheAlign ${cacheAlign}`, async () => {
    const { pipe, ticks, writer, reader } = await loop([3], { cacheAlign });
    await using _ = pipe;
    deepEqual([ticks.frameBytes, ticks.stride], [64, 64]);
    deepEqual([writer.frameLength, writer.frameBytes, reader.dtype], [3, 64, TICK]);
    const slot = writer.look()!;
    deepEqual(Object.keys(slot), ["time", "price", "size"]);
    const { time, price, size } = slot;
    deepEqual([price.byteOffset - time.byteOffset, size.byteOffset - time.byteOffset], [24, 48]);
    for (const column of [time, price, size]) equal(column.buffer, writer.raw.buffer);
    equal(writer.look(), slot);
    throws(() => Object.assign(slot, { time: new BigInt64Array(3) }), TypeError);
    time.fill(5n);
    price.fill(0.5);
    size.fill(-5);
    writer.increment();
    const seen = reader.look()!;
    equal(seen.time.byteOffset, time.byteOffset);
    deepEqual([...seen.time, ...seen.price, ...seen.size], [5n, 5n, 5n, 0.5, 0.5, 0.5, -5, -5, -5]);
    equal(reader.increment(), true);
  });
}

Deno.test("What is between columns stays zero, however frames are written", async () => {
  await using pipe = new Pipeline("padding");
  const dtype = { flag: "uint8", value: "float64", odd: "int16" } as const;
  const odd = pipe.addStream("odd", { shape: [3], dtype, frames: 2 });
  const writer = pipe.openWriter(odd);
  const reader = pipe.openReader(odd);
  await pipe.start();
  const ones = {
    flag: new Uint8Array(3).fill(255),
    value: new Float64Array(3).fill(-1.5),
    odd: new Int16Array(3).fill(-1),
  };
  for (let n = 0; n < 5; n++) {
    const frame = n % 2 === 0 ? ones : writer.frame();
    for (const [name, column] of Object.entries(ones)) frame[name as "flag"].set(column as Uint8Array);
    equal(writer.write(frame), true);
    const bytes = writer.raw.slice((n % 2) * odd.stride, (n % 2) * odd.stride + odd.frameBytes);
    deepEqual([...bytes.subarray(3, 8), ...bytes.subarray(38, 40)], [0, 0, 0, 0, 0, 0, 0]);
    deepEqual(reader.read(), ones);
  }
});

Deno.test("All methods of readers and writers work on frames of columns", async () => {
  const { pipe, writer, reader } = await loop([5]);
  await using _ = pipe;
  const tick = own(5);
  equal(writer.write(tick), true);
  const copy = reader.read()!;
  deepEqual(copy, tick);
  equal(copy.time.buffer.constructor, ArrayBuffer);
  // What was read can be written again.
  equal(writer.write(copy), true);
  const out = { size: new Int32Array(5), time: new BigInt64Array(5), price: new Float64Array(5) };
  equal(reader.readInto(out), true);
  deepEqual({ time: out.time, price: out.price, size: out.size }, tick);
  equal(reader.readInto(out), false);
  await writer.writeAsync(tick);
  equal(reader.readInto(reader.frame()), true);
  deepEqual([...reader.frame().price], [...tick.price]);
  writer.frame().time.set(tick.time);
  writer.frame().price.set(tick.price);
  writer.frame().size.set(tick.size);
  equal(writer.write(writer.frame()), true);
  deepEqual(await reader.readAsync(), tick);
  const slot = (await writer.lookAsync())!;
  slot.size[4] = 7;
  writer.increment();
  equal((await reader.lookAsync())!.size[4], 7);
  reader.increment();
  for (let n = 0; n < 3; n++) writer.write({ ...tick, size: new Int32Array(5).fill(n) });
  writer.close();
  const sizes: number[] = [];
  for await (const { size } of reader) sizes.push(size[0]);
  deepEqual(sizes, [0, 1, 2]);
});

Deno.test("Reader.readInto() follows an `out` whose columns are replaced", async () => {
  const { pipe, writer, reader } = await loop([2]);
  await using _ = pipe;
  const out = { time: new BigInt64Array(2), price: new Float64Array(2), size: new Int32Array(2) };
  for (let n = 1; n < 9; n++) {
    writer.write({ time: BigInt64Array.of(1n, 1n), price: Float64Array.of(n, n), size: Int32Array.of(n, n) });
    const before = out.price;
    out.price = new Float64Array(2);
    equal(reader.readInto(out), true);
    deepEqual([out.price[0], before[0]], [n, n - 1]);
  }
});

Deno.test("Frames of another stream with the same columns in another order are written right", async () => {
  await using pipe = new Pipeline("order");
  const ab = pipe.addStream("ab", { shape: [2], dtype: { a: "int32", b: "float32" } });
  const ba = pipe.addStream("ba", { shape: [2], dtype: { b: "float32", a: "int32" } });
  const [from, fromReader] = [pipe.openWriter(ab), pipe.openReader(ab)];
  const [to, toReader] = [pipe.openWriter(ba), pipe.openReader(ba)];
  await pipe.start();
  const frame = { a: Int32Array.of(1, 2), b: Float32Array.of(3, 4) };
  from.write(frame);
  to.write(fromReader.look()!);
  deepEqual({ ...toReader.look()! }, { b: Float32Array.of(3, 4), a: Int32Array.of(1, 2) });
  equal(fromReader.readInto(toReader.look()!), true);
});

Deno.test("A frame with wrong columns is refused by name, and nothing is consumed or written", async () => {
  const { pipe, writer, reader } = await loop([2]);
  await using _ = pipe;
  const good = own(2);
  writer.write(good);
  const start = 'Cannot use the frame with stream "ticks": expected ';
  const all = "an object with the columns { time: int64, price: float64, size: int32 }";
  const cases: [unknown, string][] = [
    [{ ...good, price: new Float32Array(2) }, "price: Float64Array of 2, received Float32Array of 2"],
    [{ ...good, price: new Float64Array(3) }, "price: Float64Array of 2, received Float64Array of 3"],
    [{ time: good.time, size: good.size }, "price: Float64Array of 2, received undefined"],
    [{ ...good, sizes: good.size }, `${all}, received the column "sizes". Did you mean "size"?`],
    [new Float64Array(2), `${all}, received Float64Array of 2`],
    [null, `${all}, received null`],
    ["ticks", `${all}, received ticks`],
  ];
  for (const [frame, message] of cases) {
    for (const use of [() => writer.write(frame as never), () => reader.readInto(frame as never)]) {
      throws(use, (error: Error) => {
        ok(error instanceof TypeError && error.message.startsWith(start + message.slice(0, 70)), error.message);
        return true;
      });
    }
  }
  deepEqual(reader.read(), good);
  equal(reader.read(), null);
});

Deno.test("lookMany() hands out frames of columns beyond the wrap", async () => {
  const { pipe, ...ends } = await loop([1]);
  await using _ = pipe;
  // What never waits may be called on the main thread, too.
  const { writer, reader } = ends as unknown as { writer: Writer<typeof TICK>; reader: Reader<typeof TICK> };
  let written = 0;
  for (let round = 0; round < 10; round++) {
    const slots = writer.lookMany(3)!;
    for (const { size } of slots) size[0] = written++;
    writer.increment();
    const frames = reader.lookMany(Infinity, { least: 3 })!;
    deepEqual(frames.map(({ size }) => size[0]), [written - 3, written - 2, written - 1]);
    notEqual(frames[0], frames[1]);
    reader.increment();
  }
});

for (
  const [dtype, name, message] of [
    [{}, "TypeError", "dtype must have one column or more, received {}"],
    [{ 0: "int8" }, "TypeError", 'a column cannot be named like an integer, received "0"'],
    [{ a: "int8", "12": "int8" }, "TypeError", 'a column cannot be named like an integer, received "12"'],
    [{ "-1": "int8" }, "TypeError", 'a column cannot be named like an integer, received "-1"'],
    [{ ["__proto__"]: "int8" }, "TypeError", 'a column cannot be named "__proto__"'],
    [{ "": "int8" }, "TypeError", "a column must have a name"],
    [{ a: "float23" }, "RangeError", "dtype.a must be one of int8, "],
    [{ a: 8 }, "TypeError", "dtype.a must be one of int8, "],
    [{ a: { b: "int8" } }, "TypeError", "dtype.a must be one of int8, "],
    [{ a: ">f4" }, "RangeError", "dtype.a must be one of int8, "],
    [new Map([["a", "int8"]]), "TypeError", "dtype must be a plain object, received Map"],
    [["int8"], "TypeError", "dtype must be one of int8, "],
    [null, "TypeError", "dtype must be one of int8, "],
  ] as const
) {
  Deno.test(`Pipeline.addStream() refuses the columns ${Deno.inspect(dtype)}`, () => {
    const pipe = new Pipeline("columns");
    const add = () => pipe.addStream("ticks", { shape: [1], dtype: dtype as never });
    throws(add, (error: Error) => {
      equal(error.name, name);
      ok(error.message.startsWith(`Cannot add stream "ticks": ${message}`), error.message);
      return true;
    });
    equal(pipe.streams.size, 0);
  });
}

Deno.test("Columns may have the names of what every object inherits, and NumPy's codes", async () => {
  await using pipe = new Pipeline("names");
  const dtype = { constructor: "<f8", toString: "i2", "two words": "|u1", é: "complex64" } as const;
  const odd = pipe.addStream("odd", { shape: [2], dtype });
  const writer = pipe.openWriter(odd);
  const reader = pipe.openReader(odd);
  await pipe.start();
  deepEqual(odd.dtype, { constructor: "float64", toString: "int16", "two words": "uint8", é: "complex64" });
  equal(writer.look()!.é.length, 4);
  writer.look()!.constructor[1] = 2;
  writer.increment();
  deepEqual(reader.read()!.constructor, Float64Array.of(0, 2));
  equal(pipe.stream("odd", dtype), odd);
  throws(() => pipe.stream("odd", { constructor: "float64" }), /its dtype is \{ constructor: float64, toString: int16/);
  throws(() => pipe.stream("odd", "float64"), TypeError);
});

Deno.test("indexer() finds elements of any number of dimensions, and refuses indexes that are outside", () => {
  for (const shape of [[7], [3, 5], [2, 3, 4], [2, 3, 4, 5], [2, 1, 3, 1, 2]]) {
    const at = indexer(shape);
    let expected = 0;
    const visit = (indexes: number[]): void => {
      if (indexes.length === shape.length) return equal(at(...indexes), expected++);
      for (let n = 0; n < shape[indexes.length]; n++) visit([...indexes, n]);
    };
    visit([]);
    equal(expected, shape.reduce((product, size) => product * size, 1));
    const first = shape.map(() => 0);
    for (const [dimension, size] of shape.entries()) {
      for (const wrong of [-1, size, 0.5, NaN, Infinity]) throws(() => at(...first.with(dimension, wrong)), RangeError);
    }
    throws(() => at(...first.slice(1)), TypeError);
    throws(() => at(...first, 0), TypeError);
  }
  throws(() => indexer([3, 0]), { name: "RangeError" });
  throws(() => indexer("3" as never), { name: "TypeError" });
});

Deno.test("Readers that do not hold their writer back get whole copies of frames of columns", async () => {
  const { pipe, writer, reader } = await loop([2], { frames: 2 });
  await using _ = pipe;
  reader.setBlocking(false);
  const tick = (n: number) => ({
    time: BigInt64Array.of(BigInt(n), 0n),
    price: Float64Array.of(n, n),
    size: Int32Array.of(n, n),
  });
  for (let n = 0; n < 7; n++) writer.write(tick(n));
  deepEqual({ ...reader.look()! }, tick(6));
  reader.increment();
  for (let n = 7; n < 12; n++) writer.write(tick(n));
  const out = tick(0);
  equal(reader.readInto(out), true);
  deepEqual(out, tick(11));
  writer.write(tick(12));
  deepEqual(reader.read(), tick(12));
  writer.write(tick(13));
  writer.close();
  for await (const frame of reader) deepEqual({ ...frame }, tick(13));
});
