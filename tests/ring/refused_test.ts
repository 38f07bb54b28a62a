/** Frames that a writer could not put anywhere are counted. */

import { deepEqual, equal, throws } from "node:assert/strict";
import { layout } from "../../src/ring/core.generated.ts";
import { passedBytes } from "../../src/ring/ring_figures.ts";
import { makeRing, makeStream } from "./_helpers.ts";

const frame = (n: number) => Int32Array.of(n);

Deno.test("Writer.refused counts each frame that write() and writeAsync() give back, at once or after waiting", async () => {
  const stream = makeStream({ dtype: "int32", shape: [1], frames: 1 });
  const writer = stream.writer();
  equal(writer.write(frame(1), 0), true);
  equal(writer.refused, 0);
  equal(writer.write(frame(2), 0), false);
  equal(writer.write(frame(2), 1), false);
  equal(writer.write(writer.frame(), 0), false);
  equal(writer.write(writer.frame(), 1), false);
  equal(await writer.writeAsync(frame(2), { timeoutMs: 0 }), false);
  equal(await writer.writeAsync(frame(2), { timeoutMs: 1 }), false);
  equal(writer.refused, 6);
  // Nothing is lost by asking for room, or by a frame that is no frame.
  equal(writer.look(), null);
  equal(writer.lookMany(1), null);
  throws(() => writer.write(new Int32Array(2)), TypeError);
  equal(writer.refused, 6);
  deepEqual(passedBytes(stream.memory, stream.writerBinding), { passed: 64, lost: 0, refused: 6 * 64 });
});

Deno.test("RingWriter.refused counts bytes", () => {
  const writer = makeRing(8).bytesWriter();
  equal(writer.write(new Uint8Array(6), 0), true);
  equal(writer.write(new Uint8Array(3), 0), false);
  equal(writer.write(new Uint8Array(4), 1), false);
  equal(writer.refused, 7);
});

Deno.test("Writer.refused goes on beyond 2^32 bytes", () => {
  const stream = makeStream({ dtype: "int32", shape: [1], frames: 1 });
  const writer = stream.writer();
  writer.write(frame(1), 0);
  stream.memory.longs[(stream.ring.address + layout.RING_REFUSED) / 8] = 2n ** 32n - 64n;
  writer.write(frame(2), 0);
  writer.write(frame(2), 0);
  equal(writer.refused, (2 ** 32 + 64) / 64);
});

Deno.test("Writer.write() waits for room without bound where the thread may block, and never where it may not", () => {
  const stream = makeStream({ dtype: "int32", shape: [1], frames: 1 });
  const writer = stream.writer({ mayBlock: false });
  equal(writer.write(frame(1)), true);
  equal(writer.write(frame(2)), false);
  equal(writer.write(writer.frame()), false);
  equal(writer.ring.write(new Uint8Array(64)), false);
  equal(writer.refused, 3);
});
