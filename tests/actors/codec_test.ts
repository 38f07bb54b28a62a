/** What of a message arrives. */

import { message } from "@ringmill/ringmill/actors";
import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { now } from "../../src/ring/clock.ts";
import fc from "fast-check";
import { Envelope } from "../../src/actors/message/envelope.ts";
import { MessageError } from "../../src/actors/errors.ts";
import { parcelOf } from "../../src/actors/message/preparation.ts";
import { TYPED_ARRAYS } from "../../src/worker/typed_arrays.ts";
import { decodeMessage, encodeMessage, type Received } from "../../src/actors/message/message_record.ts";

const Thing = message<{ value: unknown }>("Thing");
const Free = message<Record<string, unknown>>("Free");
const Row = message<{ a: unknown; b: unknown; c: unknown; d: unknown; e: unknown }>("Row");

/** What becomes of a message on its way. */
function carry(sent: object, timed = false): Received {
  const envelope = sent as Envelope;
  const header = Envelope.headerOf(sent)!;
  const record = encodeMessage(envelope, header, { mailbox: 3, ticket: 2 ** 32 - 1, until: Infinity }, timed);
  // As it comes out of a queue: in memory of its own, which the next one is written to.
  const copy = new Uint8Array(record);
  const received = decodeMessage(copy, "k");
  copy.fill(0xff);
  return received;
}

function arrives(value: unknown): unknown {
  return (carry(Thing({ value })).message as unknown as { value: unknown }).value;
}

const VALUES: Readonly<Record<string, unknown>> = {
  numbers: [0, 1, -1, 127, 128, 255, 65_536, 2 ** 31, 2 ** 53, -(2 ** 40), 1.5, NaN, Infinity, Number.MIN_VALUE],
  bigints: [0n, -1n, 2n ** 63n, -(2n ** 64n), 2n ** 200n],
  texts: ["", "text", "größer 😀", "\0", "x".repeat(100_000)],
  nothing: [null, undefined, true, false],
  dates: [new Date(0), new Date(1234567890123), new Date(-5), new Date(NaN)],
  maps: new Map<unknown, unknown>([["a", 1], [{ b: 2 }, new Map([[1, "one"]])]]),
  sets: new Set([1, "two", new Set([3])]),
  objects: { a: { b: { c: [{ d: 1 }, { d: 2 }, { e: 3 }] } }, 1: "one", "": 2 },
  arrays: [[], [[]], [1, [2, [3]]], Array(100).fill({ same: "form" })],
  expressions: /a+b/gi,
  buffer: Uint8Array.of(1, 2, 3).buffer,
  "part of a buffer": new Uint16Array(Uint16Array.of(1, 2, 3, 4).buffer, 2, 2),
};

for (const [name, value] of Object.entries(VALUES)) {
  Deno.test(`A message brings its ${name} whole`, () => deepEqual(arrives(value), value));
}

Deno.test("A message brings typed arrays of every kind, as arrays that belong to the receiver", () => {
  const memory = Uint8Array.from({ length: 32 }, (_, index) => index).buffer;
  for (const Kind of TYPED_ARRAYS) deepEqual(arrives(new Kind(memory, 8, 2)), new Kind(memory, 8, 2));
  const bytes = arrives(new Uint8Array(8)) as Uint8Array;
  equal(bytes.buffer.byteLength, 8);
});

Deno.test("A message brings errors with class, message, cause and their own properties", () => {
  const sent = Object.assign(new RangeError("too many", { cause: new TypeError("why") }), { code: 7 });
  const error = arrives(sent) as typeof sent;
  ok(error instanceof RangeError && error.cause instanceof TypeError);
  deepEqual([error.message, error.code, error.cause.message, error.stack], ["too many", 7, "why", sent.stack]);
});

/** In the form of our ids, of which none is 0. */
const ZERO_ID = "00000000-0000-8000-8000-000000000000";

Deno.test("A message brings its envelope whole", () => {
  for (
    const correlationId of [Thing({ value: 1 }).messageId, "größer", "", "\ufeffa", ZERO_ID, crypto.randomUUID(), null]
  ) {
    const sent = Thing({ value: 1 }, { priority: 7, correlationId });
    const { message, replyTo, sentAt } = carry(sent);
    const { messageId, messageType, priority } = message;
    deepEqual(
      [messageId, messageType, priority, message.correlationId],
      [sent.messageId, "Thing", 7, correlationId],
    );
    deepEqual(replyTo, { mailbox: 3, ticket: 2 ** 32 - 1, until: Infinity });
    equal(sentAt, 0);
    ok(Thing.is(message));
  }
  ok(Math.abs(carry(Thing({ value: 1 }), true).sentAt - now()) < 60_000);
});

Deno.test("A message brings texts of every length and script", () => {
  for (const character of ["x", "ß", "€", "😀"]) {
    for (const length of [0, 1, 63, 64, 65, 255, 256, 257, 5000]) {
      const a = character.repeat(length);
      const b = "x".repeat(length) + character;
      deepEqual({ ...carry(Row({ a, b, c: 1, d: [a], e: b })).message }, { a, b, c: 1, d: [a], e: b });
    }
  }
});

Deno.test("A message brings numbers, texts and nothing beside what must be serialised, in any order", () => {
  const plain = fc.oneof(
    fc.double(),
    fc.string({ unit: "binary", maxLength: 80 }),
    fc.constantFrom(true, false, null, undefined, -0, NaN, ""),
  );
  const value = fc.oneof(plain, plain, fc.uint8Array(), fc.bigInt(), fc.array(fc.string()));
  const body = fc.record({ a: value, b: value, c: value, d: value, e: value });
  fc.assert(
    fc.property(body, (body) => deepEqual({ ...carry(Row(body)).message }, body)),
    { numRuns: Number(Deno.env.get("FC_RUNS") ?? 300) },
  );
});

Deno.test("A type whose bodies have ever new fields brings them all", () => {
  for (let index = 0; index < 100; index++) {
    const body = { [`field ${index}`]: index, same: new Map([[index, 1]]) };
    deepEqual({ ...carry(Free(body)).message }, body);
  }
  const many = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`key ${index}`, index]));
  deepEqual({ ...carry(Free(many)).message }, many);
  deepEqual({ ...carry(Free({})).message }, {});
});

Deno.test("A message brings whatever bodies there may be", () => {
  const leaf = fc.oneof(
    fc.double().map((value) => value === 0 ? 0 : value),
    fc.string(),
    fc.boolean(),
    fc.bigInt(),
    fc.constantFrom(null, undefined),
    fc.date(),
    fc.uint8Array(),
    fc.float32Array({ noNaN: true }),
  );
  const key = fc.string().filter((name) => name !== "__proto__");
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      leaf,
      fc.array(tie("value"), { maxLength: 5 }),
      fc.dictionary(key, tie("value"), { maxKeys: 5, noNullPrototype: true }),
      fc.array(fc.tuple(leaf, tie("value")), { maxLength: 4 }).map((entries) => new Map(entries)),
    ),
  }));
  fc.assert(fc.property(value, (value) => deepEqual(arrives(value), value)), {
    numRuns: Number(Deno.env.get("FC_RUNS") ?? 300),
  });
});

const cycle: { self?: unknown } = {};
cycle.self = cycle;

const UNSENDABLE: Readonly<Record<string, unknown>> = {
  "a function": { deep: [() => 1] },
  "a symbol": Symbol("odd"),
  "a promise": Promise.resolve(1),
  "a WeakMap": new WeakMap(),
  "shared memory": { memory: new SharedArrayBuffer(4) },
  "a cycle": cycle,
};

for (const [name, value] of Object.entries(UNSENDABLE)) {
  Deno.test(`A message with ${name} is a MessageError that names type and kernel, and disturbs no other`, () => {
    const sent = Thing({ value }) as unknown as Envelope;
    const header = Envelope.headerOf(sent)!;
    const destination = { kernel: "k", place: 'to kernel "k"', types: null };
    throws(() => parcelOf(sent, header, null, false, destination), (error) => {
      ok(error instanceof MessageError);
      deepEqual([error.messageType, error.kernel], ["Thing", "k"]);
      return error.message.startsWith('Cannot send "Thing" to kernel "k": its body cannot be serialised: ');
    });
    deepEqual(arrives({ next: [1] }), { next: [1] });
  });
}
