import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { Frames } from "../../src/ring/frames.ts";
import { dataAddress } from "../../src/ring/description.ts";
import { type DType, DTYPES } from "../../src/ring/dtypes.ts";
import { frameSizes, makeRing, makeStream } from "./_helpers.ts";

const SHAPES = [[1], [7], [3, 5], [13, 11, 3], [1, 1, 1, 33]];
const TYPES: DType[] = ["int8", "float16", "float32", "int64", "complex128"];

for (const cacheAlign of [true, false]) {
  Deno.test(`Frames.at() hands out contiguous slots side by side, with cacheAlign ${cacheAlign}`, () => {
    for (const dtype of TYPES) {
      for (const shape of SHAPES) {
        const frames = 3;
        const { memory, ring } = makeStream({ dtype, shape, frames, cacheAlign, readers: 2 });
        const views = new Frames(memory, ring);
        const [bytes, stride] = frameSizes(dtype, shape, cacheAlign);
        equal(ring.capacity, frames * stride);
        deepEqual([views.bytes, views.stride], [bytes, stride]);
        for (let slot = 0; slot < frames; slot++) {
          const frame = views.at(slot * stride);
          ok(frame instanceof DTYPES[dtype].array);
          equal(frame.byteOffset, dataAddress(ring) + slot * stride);
          equal(frame.byteLength, bytes);
          equal(frame.buffer, memory.buffer);
          if (cacheAlign) equal(frame.byteOffset % 64, 0);
        }
      }
    }
  });
}

Deno.test("Frames.at() finds every slot of a stride that is no power of two", () => {
  for (const shape of [[3], [7], [49], [1001]]) {
    const { memory, ring } = makeStream({ dtype: "uint8", shape, frames: 997, cacheAlign: false });
    const frames = new Frames(memory, ring);
    const views = new Set();
    for (let offset = 0; offset < ring.capacity; offset += frames.stride) {
      equal(frames.at(offset).byteOffset, dataAddress(ring) + offset);
      views.add(frames.at(offset));
    }
    equal(views.size, 997);
  }
});

Deno.test("Frames.at() makes the view of a slot once", () => {
  const { memory, ring } = makeStream({ dtype: "int16", frames: 5 });
  const frames = new Frames(memory, ring);
  const first = [0, 1, 2, 3, 4].map((slot) => frames.at(slot * frames.stride));
  for (const [slot, view] of first.entries()) equal(frames.at(slot * frames.stride), view);
});

Deno.test("Frames.copyOf() copies a frame out of the shared memory", () => {
  const { memory, ring } = makeStream({ dtype: "uint64", shape: [3] });
  const frames = new Frames<"uint64">(memory, ring);
  const slot = frames.at(0).fill(7n);
  const copy = frames.copyOf(slot);
  slot.fill(8n);
  deepEqual(copy, BigUint64Array.of(7n, 7n, 7n));
  equal(copy.buffer.constructor, ArrayBuffer);
});

Deno.test("Frames refuses a ring of raw bytes", () => {
  const { memory, ring } = makeRing(8, { name: "chunks" });
  throws(() => new Frames(memory, ring), {
    name: "TypeError",
    message: 'Cannot open ring "chunks" as a stream: it carries raw bytes',
  });
});

Deno.test("Frames.check() says what it expected and what it received, with the name of the stream", () => {
  const { memory, ring } = makeStream({ dtype: "complex64", shape: [2], name: "waves" });
  const frames = new Frames<"complex64">(memory, ring);
  const cases: [unknown, string][] = [
    [new Float32Array(3), "Float32Array of 3"],
    [new Float64Array(4), "Float64Array of 4"],
    [[0, 0, 0, 0], "Array of 4"],
    [{}, "Object"],
    [null, "null"],
    [undefined, "undefined"],
    [4, "4"],
    [Object.create(null), "an object"],
  ];
  for (const [frame, received] of cases) {
    throws(() => frames.check(frame as Float32Array), {
      name: "TypeError",
      message: `Cannot use the frame with stream "waves": expected Float32Array of 4, received ${received}`,
    });
  }
  frames.check(new Float32Array(4));
  frames.check(new Float32Array(new SharedArrayBuffer(16)));
});
