/** A ring of bytes does what an array would, whatever is asked of it. */

import { deepEqual, equal, rejects } from "node:assert/strict";
import fc from "fast-check";
import { layout } from "../../src/ring/core.generated.ts";
import { readerAddress } from "../../src/ring/description.ts";
import type { RingReader, RingWriter } from "../../src/ring/ring.ts";
import type { RingView } from "../../src/ring/ring_end.ts";
import { makeRing } from "./_helpers.ts";
import { checkModel, STARTS } from "./_property.ts";
import { type Found, refuseCutShort, RingModel } from "./_ring_model.ts";
import { compareRings, type Ends, RingOperations } from "./_ring_operations.ts";

const operations = new RingOperations<number, RingWriter, RingReader>();

/** How much of the ring: mostly little, so that it is neither full nor empty all the time. */
const share = fc.oneof(fc.nat(30), fc.nat(30), fc.nat(100));
/** At least a byte. */
const lengthOf = (share: number, { capacity }: { capacity: number }) => Math.max(1, Math.ceil(share * capacity / 100));
/** Bytes that go on from `first`, to be told apart. */
const chunk = fc.tuple(share, fc.nat(255));
const bytesOf = ([share, first]: [number, number], model: RingModel<number>) =>
  Uint8Array.from({ length: lengthOf(share, model) }, (_, index) => first + 3 * index);

function fill([head, tail]: RingView, bytes: Uint8Array): void {
  head.set(bytes.subarray(0, head.length));
  tail.set(bytes.subarray(head.length));
}

/** What is in place must be what the model found. */
function compareFound(view: RingView | null, found: Found<number> | null): void {
  equal(view === null, found === null);
  if (view && found) deepEqual([...view[0], ...view[1]], found.items);
}

const ALL = [
  operations.writing("write", chunk, (model, writer, chunk) => {
    const bytes = bytesOf(chunk, model);
    equal(writer.write(bytes, 0), model.write([...bytes]));
  }),
  operations.writing("look", chunk, (model, writer, chunk) => {
    const bytes = bytesOf(chunk, model);
    const view = writer.look(bytes.length);
    equal(view !== null, model.look([...bytes]));
    if (view) fill(view, bytes);
  }),
  operations.writing("lookAsync", chunk, async (model, writer, chunk) => {
    const bytes = bytesOf(chunk, model);
    const view = await writer.lookAsync(bytes.length, { timeoutMs: 0 });
    const { held } = model;
    equal(view !== null, model.look([...bytes]));
    if (view) fill(view, bytes);
    else model.held = held;
  }),
  operations.reading("readInto", share, (model, reader, share) => {
    const out = new Uint8Array(lengthOf(share, reader));
    if (model.isCutShort(out.length)) return refuseCutShort(model, () => reader.readInto(out));
    const could = reader.readInto(out);
    const expected = model.read(out.length);
    equal(could, expected !== null);
    if (expected) deepEqual([...out], expected);
  }),
  operations.reading("look", share, (model, reader, share) => {
    const length = lengthOf(share, reader);
    if (model.isCutShort(length)) return refuseCutShort(model, () => reader.look(length));
    compareFound(reader.look(length), model.look(length));
  }),
  operations.reading("lookAsync", share, async (model, reader, share) => {
    const length = lengthOf(share, reader);
    const { held } = model;
    if (model.isCutShort(length)) {
      const looking = reader.lookAsync(length, { timeoutMs: 0 });
      if (model.state === "closed") return void await looking;
      await rejects(looking, Deno.errors.UnexpectedEof);
      model.held = model.state === "passing" ? 0 : held;
      return;
    }
    const view = await reader.lookAsync(length, { timeoutMs: 0 });
    compareFound(view, model.look(length));
    if (!view) model.held = model.state === "passing" ? 0 : held;
  }),
  operations.reading("skipToNewest", share, (model, reader, share) => {
    const length = lengthOf(share, reader);
    equal(reader.skipToNewest(length), model.skip(length));
  }),
  ...operations.common(fc.constant(undefined)),
];

function compare(model: RingModel<number>, ends: Ends<RingWriter, RingReader>): void {
  compareRings(model, ends);
  equal(ends.writer.unread, model.unread);
  for (const reader of ends.readers) equal(reader.unread, model.unread);
}

const settings = fc.record({
  capacity: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 300 })),
  readers: fc.nat(3),
  start: STARTS,
  interval: fc.integer({ min: 1, max: 9 }),
  /** What the readers have lost before. */
  lost: fc.constantFrom(0n, 2n ** 31n - 20n, 2n ** 32n - 20n, 2n ** 52n),
});

Deno.test("A ring of bytes does what an array would, whatever is asked of it", async () => {
  await checkModel(
    settings,
    ({ capacity, readers, start, interval, lost }) => {
      const ring = makeRing(capacity, { readers, start, refresh: { interval, ms: Infinity } });
      const model = new RingModel<number>(capacity, readers);
      const counts = new BigUint64Array(ring.memory.buffer);
      for (const { index } of ring.readerBindings) {
        counts[(readerAddress(ring.ring, index) + layout.READER_LOST) / 8] = lost;
        model.readers[index].lost = Number(lost);
      }
      const real = {
        writer: ring.bytesWriter(),
        readers: ring.readerBindings.map(({ index }) => ring.bytesReader(index)),
      };
      return { model, real };
    },
    ALL,
    compare,
    2000,
  );
});
