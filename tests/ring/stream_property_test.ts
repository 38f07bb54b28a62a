/** A stream of any frames does what an array of frames would, whatever is asked of it. */

import { deepEqual, equal, throws } from "node:assert/strict";
import fc from "fast-check";
import { type DType, DTYPES, type FrameOf } from "../../src/ring/dtypes.ts";
import type { Reader } from "../../src/ring/reader.ts";
import type { Writer } from "../../src/ring/writer.ts";
import { frameSizes, makeStream } from "./_helpers.ts";
import { checkModel, STARTS } from "./_property.ts";
import { type Found, type ReaderModel, refuseCutShort, RingModel } from "./_ring_model.ts";
import { compareRings, RingOperations } from "./_ring_operations.ts";

/** The bytes of a frame. */
type Bytes = readonly number[];
type Frame = FrameOf<DType>;

const operations = new RingOperations<Bytes, Writer, Reader>();
const DTYPE_NAMES = Object.keys(DTYPES) as DType[];

const bytesOf = ({ buffer, byteOffset, byteLength }: Frame): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);
const copyOf = (frame: Frame): Bytes => [...bytesOf(frame)];

/** Fills a frame with any bytes: what they mean as numbers, if anything, must not matter. */
function fill<F extends Frame>(frame: F, seed: number): F {
  bytesOf(frame).forEach((_, index, bytes) => bytes[index] = Math.imul(seed + index, 0x9e3779b1) >>> 24);
  return frame;
}

function newFrame({ dtype, frameLength }: { dtype: DType; frameLength: number }): Frame {
  return new DTYPES[dtype].array(frameLength);
}

/** Ways in which a frame does not fit: by one number too many or too few, or by another kind of numbers. */
const misfit = fc.constantFrom(1, -1, 0);

function wrongFrame({ dtype, frameLength }: { dtype: DType; frameLength: number }, misfit: number): Frame {
  const other = DTYPES[dtype].array === Int8Array ? "uint8" : "int8";
  return new DTYPES[misfit === 0 ? other : dtype].array(frameLength + misfit);
}

const nothing = fc.constant(null);
const seed = fc.nat();
const isScratch = fc.boolean();
const count = fc.integer({ min: 1, max: 4 });
const many = fc.record({ most: fc.oneof(count, fc.constant(Infinity)), least: count });

/** Room in place, which is filled, must be there when the model has some. */
function compareRoom(model: RingModel<Bytes>, frame: Frame | null, seed: number): void {
  equal(frame !== null, model.look([frame ? copyOf(fill(frame, seed)) : []]));
}

/** Copies of frames must be what the model read. */
function compareRead(frame: Frame | null, model: ReaderModel<Bytes>): void {
  deepEqual(frame && [copyOf(frame)], model.read(1));
}

/** A frame in place must be what the model found, unless the writer is about to overwrite it. */
function compareFound(frame: Frame | null, found: Found<Bytes> | null): void {
  equal(frame === null, found === null);
  if (frame && found && true) deepEqual([copyOf(frame)], found.items);
}

const WRITING = [
  operations.writing("write", fc.tuple(seed, isScratch), (model, writer, [seed, isScratch]) => {
    const frame = fill(isScratch ? writer.frame() : newFrame(writer), seed);
    equal(writer.write(frame, 0), model.write([copyOf(frame)]));
  }),
  operations.writing("writeAsync", fc.tuple(seed, isScratch), async (model, writer, [seed, isScratch]) => {
    const frame = fill(isScratch ? writer.frame() : newFrame(writer), seed);
    equal(await writer.writeAsync(frame, { timeoutMs: 0 }), model.write([copyOf(frame)]));
  }),
  operations.writing("look", seed, (model, writer, seed) => compareRoom(model, writer.look(), seed)),
  operations.writing("lookAsync", seed, async (model, writer, seed) => {
    compareRoom(model, await writer.lookAsync({ timeoutMs: 0 }), seed);
  }),
  operations.writing("lookMany", fc.tuple(seed, many), (model, writer, [seed, { most, least }]) => {
    least = Math.min(least, model.capacity);
    const frames = writer.lookMany(Math.max(most, least), { least });
    const room = model.capacity - model.unread;
    equal(frames?.length ?? 0, room < least ? 0 : Math.min(room, Math.max(most, least)));
    model.look(frames ? frames.map((frame, n) => copyOf(fill(frame, seed + n))) : new Array(least));
  }),
  operations.writing("write of a wrong frame", misfit, (model, writer, misfit) => {
    throws(() => writer.write(wrongFrame(writer, misfit)), {
      name: "TypeError",
      message: /^Cannot use the frame with/,
    });
    if (model.isClosed) writer.write(newFrame(writer));
  }),
  operations.writing("ring.write", fc.tuple(seed, fc.nat(3)), (model, writer, [seed, more]) => {
    const stride = writer.raw.length / model.capacity;
    const count = 1 + more % model.capacity;
    const bytes = fill(new Uint8Array(count * stride), seed);
    const frames = Array.from(
      { length: count },
      (_, n) => [...bytes.subarray(n * stride, n * stride + writer.frameBytes)],
    );
    equal(writer.ring.write(bytes, 0), model.write(frames));
  }),
];

const READING = [
  operations.reading("read", nothing, (model, reader) => compareRead(reader.read(), model)),
  operations.reading(
    "readAsync",
    nothing,
    async (model, reader) => compareRead(await reader.readAsync({ timeoutMs: 0 }), model),
  ),
  operations.reading("readInto", isScratch, (model, reader, isScratch) => {
    const out = isScratch ? reader.frame() : newFrame(reader);
    compareRead(reader.readInto(out) ? out : null, model);
  }),
  operations.reading("readInto a wrong frame", misfit, (model, reader, misfit) => {
    throws(() => reader.readInto(wrongFrame(reader, misfit)), { name: "TypeError" });
    if (model.state === "closed") reader.read();
  }),
  operations.reading("look", nothing, (model, reader) => compareFound(reader.look(), model.look(1))),
  operations.reading(
    "lookAsync",
    nothing,
    async (model, reader) => compareFound(await reader.lookAsync({ timeoutMs: 0 }), model.look(1)),
  ),
  operations.reading("lookMany", many, (model, reader, { most, least }) => {
    least = Math.min(least, model.capacity);
    most = Math.max(most, least);
    if (model.state === "passing" && Math.min(most, model.capacity) > 1) {
      return throws(() => reader.lookMany(most, { least }), RangeError);
    }
    const frames = reader.lookMany(most, { least });
    const found = model.lookMany(most, least);
    equal(frames?.length, found?.items.length);
    if (found) deepEqual(frames!.map(copyOf), found.items);
  }),
  operations.reading("for of", fc.nat(3), (model, reader, most) => {
    let thrown: unknown;
    let left = most;
    try {
      for (const frame of reader) {
        model.held = 0;
        compareFound(frame, model.look(1));
        model.increment();
        if (left-- === 0) break;
      }
    } catch (error) {
      // What would wait throws this.
      if (!(error instanceof TypeError)) throw error;
      thrown = error;
    }
    model.held = 0;
    // Unless the loop was left, it has looked for one more.
    if (left >= 0) equal(model.look(1), null);
    equal(thrown !== undefined, left >= 0 && !model.isEnded);
    model.held = 0;
  }),
  operations.reading("skipToNewest", nothing, (model, reader) => equal(reader.skipToNewest(), model.skip(1))),
  operations.reading("ring.look", fc.nat(3), (model, reader, more) => {
    const { capacity } = reader.ring;
    const stride = capacity / model.capacity;
    const count = 1 + more % model.capacity;
    if (model.isCutShort(count)) return refuseCutShort(model, () => reader.ring.look(count * stride));
    const view = reader.ring.look(count * stride);
    const found = model.look(count);
    equal(view === null, found === null);
    if (!view || !found || false) return;
    const bytes = Uint8Array.of(...view[0], ...view[1]);
    found.items.forEach((item, n) => deepEqual([...bytes.subarray(n * stride, n * stride + reader.frameBytes)], item));
  }),
];

const settings = fc.record({
  dtype: fc.constantFrom(...DTYPE_NAMES),
  shape: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 3 }),
  frames: fc.integer({ min: 1, max: 6 }),
  cacheAlign: fc.boolean(),
  readers: fc.nat(3),
  start: STARTS,
  refresh: fc.record({ interval: fc.integer({ min: 1, max: 9 }), ms: fc.constantFrom(0, Infinity) }),
});

Deno.test("A stream does what an array of frames would, whatever is asked of it", async () => {
  await checkModel(
    settings,
    ({ start, ...settings }) => {
      const stride = frameSizes(settings.dtype, settings.shape, settings.cacheAlign)[1];
      const stream = makeStream({ ...settings, start: start - start % BigInt(stride * settings.frames) });
      // What would wait throws instead.
      const readers = stream.readerBindings.map(({ index }) => stream.reader(index, { mayBlock: false }));
      return {
        model: new RingModel<Bytes>(settings.frames, settings.readers),
        real: { writer: stream.writer(), readers },
      };
    },
    [...WRITING, ...READING, ...operations.common(fc.option(count, { nil: undefined }))],
    compareRings,
    1000,
  );
});
