import { deepStrictEqual, equal, ok, throws } from "node:assert/strict";
import { Manager, type RingReader, type RingWriter } from "@ringmill/ringmill/runtime";
import { encodeMessage, receiveMessage, sendMessage } from "../../src/pool/calls/messages.ts";

async function withRing(bytes: number, work: (writer: RingWriter, reader: RingReader) => Promise<void>): Promise<void> {
  await using manager = new Manager("messages");
  manager.addRing({ name: "ring", bytes });
  const writer = manager.openWriter("ring");
  const reader = manager.openReader("ring");
  await manager.start();
  await work(writer, reader);
}

const circle: { self?: unknown } = {};
circle.self = circle;

const LISTS: Readonly<Record<string, unknown[]>> = {
  "nothing": [],
  "plain values": [1, -0, NaN, "text", "\ud83d", true, null, undefined, 10n, 2n ** 100n],
  "objects": [{ a: { b: [1, , 3] } }, new Date(5), new Map([[1, new Set([2])]]), /a/g, JSON.parse('{"__proto__": 1}')],
  "typed arrays": [Float64Array.of(1, 2), new Float32Array(1000).fill(7), BigInt64Array.of(-1n), Float16Array.of(0.5)],
  "a part of an array": [Uint16Array.of(1, 2, 3, 4).subarray(1, 3), new Uint8Array(0), Uint8ClampedArray.of(300)],
  "nested arrays": [
    { samples: Float32Array.of(1, 2) },
    [Uint8Array.of(3)],
    new ArrayBuffer(4),
    new DataView(new ArrayBuffer(2)),
  ],
  "a circle": [circle],
  "a long text": ["é".repeat(10_000)],
};

for (const bytes of [16, 4096, 262_144]) {
  Deno.test(`sendMessage() and receiveMessage() carry any list through a ring of ${bytes} bytes`, async () => {
    await withRing(bytes, async (writer, reader) => {
      for (const [what, list] of Object.entries(LISTS)) {
        const [received] = await Promise.all([receiveMessage(reader), sendMessage(writer, encodeMessage(list))]);
        deepStrictEqual(received, list, what);
      }
    });
  });
}

Deno.test("receiveMessage() returns arrays of their own, not views of the ring", async () => {
  await withRing(4096, async (writer, reader) => {
    await sendMessage(writer, encodeMessage([Uint8Array.of(1), Float64Array.of(2, 3)]));
    const [bytes, floats] = await receiveMessage(reader) as [Uint8Array, Float64Array];
    equal(bytes.buffer.byteLength, 1);
    equal(floats.buffer.byteLength, 16);
    ok(floats.buffer instanceof ArrayBuffer);
  });
});

Deno.test("receiveMessage() returns null when the ring has ended", async () => {
  await withRing(64, async (writer, reader) => {
    writer.close();
    equal(await receiveMessage(reader), null);
  });
});

Deno.test("encodeMessage() refuses what cannot be cloned, before anything is sent", () => {
  throws(() => encodeMessage([{ callback() {} }]), /its \["callback"\] is a function, which could not be cloned/);
});
