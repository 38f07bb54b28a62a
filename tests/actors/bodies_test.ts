/** Bodies arrive as they were, or are refused. */

import { CONFIG, runDeno } from "../_deno.ts";
import { message, RingKernelRuntime } from "@ringmill/ringmill/actors";
import { deepEqual, equal, match, rejects, throws } from "node:assert/strict";
import { Envelope } from "../../src/actors/message/envelope.ts";
import { decodeMessage, encodeMessage } from "../../src/actors/message/message_record.ts";
import { PATIENTLY } from "./_helpers.ts";
import { Anything, echo, throwing } from "./_kernels.ts";

const Any = message<Record<string, unknown>>("Any body");

/** A message's body after its way through a queue. */
function carry(body: Record<string, unknown>, correlationId: string | null = null): Envelope {
  const sent = Any(body, { correlationId }) as unknown as Envelope;
  const record = encodeMessage(sent, Envelope.headerOf(sent)!, null, false);
  return decodeMessage(new Uint8Array(record), "k").message;
}

const BOM = "\ufeff";
const HALF = "\ud83d";
const fill = "x".repeat(300);

const TEXTS: readonly string[] = [
  `${BOM}name,value`,
  BOM + fill,
  `a${BOM}b${fill}`,
  HALF,
  `hi ${HALF}`,
  `\udc00${fill}`,
  HALF + "\udc00".repeat(2) + fill + HALF,
  `${BOM}${HALF}`.repeat(5000),
  "größer 😀",
];

for (const [index, text] of TEXTS.entries()) {
  Deno.test(`Text ${index} arrives as it was: alone, nested, as a key, in a Map and a Set, as a correlation`, () => {
    const bodies = [
      { text },
      { nested: { text, deep: [[text]] } },
      { [text]: 1 },
      { nested: { [text]: { [text]: 2 } } },
      { map: new Map([[text, text]]), set: new Set([text]) },
      { error: text, list: Array(40).fill(text) },
    ];
    for (const body of bodies) deepEqual({ ...carry(body) }, body);
    equal(carry({}, text).correlationId, text);
    const error = (carry({ error: new RangeError(text, { cause: text }) }) as unknown as { error: Error }).error;
    deepEqual([error.name, error.message, error.cause], ["RangeError", text, text]);
  });
}

const sparse: unknown[] = [];
sparse[3] = { deep: -0 };
const named = Object.assign([1, 2], { extra: BOM });

const CARRIED: Readonly<Record<string, unknown>> = {
  "a nested __proto__": { nested: JSON.parse('{"__proto__":{"isAdmin":true},"a":[{"__proto__":null}]}') },
  "-0": { zero: -0, list: [0, -0, [-0]], map: new Map([[1, -0]]), in: { deep: -0 } },
  "an array with holes": { sparse, end: Array(5), huge: Object.assign([], { length: 4_000_000_000 }) },
  "an array with names": { named, match: "abc".match(/(?<letter>b)/) },
  "an object without a prototype": { bare: Object.assign(Object.create(null), { a: Object.create(null) }) },
  "boxes": { number: Object(5), text: Object(`${BOM}a`), truth: Object(false), big: Object(5n) },
  "expressions": { one: /a/g, other: new RegExp(HALF, "y") },
  "undefined": { a: undefined, list: [undefined, null] },
};

for (const [name, body] of Object.entries(CARRIED)) {
  Deno.test(`A body with ${name} arrives as it was`, () => {
    deepEqual({ ...carry(body as Record<string, unknown>) }, body);
  });
}

Deno.test("A field that is called __proto__ is a field", () => {
  const message = carry(JSON.parse('{"__proto__":{"priority":7}}'));
  deepEqual(Object.entries(message), [["__proto__", { priority: 7 }]]);
  equal(message.priority, 128);
});

class Point {
  x = 1;
}
const cyclic: Record<string, unknown> = { deep: {} };
(cyclic.deep as Record<string, unknown>).again = cyclic;
const circle = new Map<unknown, unknown>();
circle.set("self", [circle]);
const detached = new Uint8Array(8);
structuredClone(detached, { transfer: [detached.buffer] });
const deep = JSON.parse("[".repeat(20_000) + "]".repeat(20_000));

const REFUSED: readonly [name: string, value: unknown, reason: RegExp][] = [
  ["a function", () => 1, /^x is a function$/],
  ["a method", { a: { run() {} } }, /^x\["a"\]\["run"\] is a function$/],
  ["a symbol", Symbol("s"), /^x is a symbol$/],
  ["a symbol as key", { [Symbol.iterator]: 1 }, /symbol as key/],
  ["a getter", {
    get a() {
      return 1;
    },
  }, /a getter or setter, "a"/],
  ["a hidden field", Object.defineProperty({}, "a", { value: 1 }), /not enumerable, "a"/],
  ["a cycle", cyclic, /^x.* is cyclic/],
  ["a cycle inside", { a: [cyclic] }, /^x\["a"\]\[0\].* is cyclic/],
  ["a cycle of a Map", circle, /^x.* is cyclic/],
  ["20,000 levels", deep, /levels deep$/],
  ["an instance", new Point(), /an instance of class Point, which would lose it/],
  ["an instance in a Map", new Map([[1, new Point()]]), /^x\[1\] is an instance of class Point/],
  ["a URL", new URL("http://a/"), /class URL$/],
  ["Headers", [new Headers()], /^x\[0\] is an instance of class Headers$/],
  ["a Request", new Request("http://a/"), /class Request$/],
  ["a Blob", new Blob(), /class Blob$/],
  ["an AbortSignal", AbortSignal.abort(), /class AbortSignal$/],
  ["a promise", Promise.resolve(), /class Promise$/],
  ["a WeakMap", new WeakMap(), /class WeakMap$/],
  ["a WeakRef", new WeakRef({}), /class WeakRef$/],
  ["shared memory", new SharedArrayBuffer(4), /SharedArrayBuffer/],
  ["a view of shared memory", new Uint8Array(new SharedArrayBuffer(4)), /shared memory/],
  ["a detached buffer", detached.buffer, /detached/],
  ["a view of a detached buffer", { list: [detached] }, /^x\["list"\]\[0\] is .*detached/],
  ["a resizable buffer", new ArrayBuffer(1, { maxByteLength: 2 }), /resizable/],
  ["a Proxy", new Proxy({}, {}), /a Proxy/],
  ["a generator", (function* () {})(), /is an instance/],
  ["a message", Any({ a: 1 }), /is an instance of class Any body/],
  ["a subclass of Map", new (class Table extends Map {})(), /class Table/],
  ["a list of its own", new (class List extends Array {})(), /class List/],
];

for (const [name, x, reason] of REFUSED) {
  Deno.test(`A body with ${name} is refused, wherever it stands`, () => {
    throws(() => carry({ x }), (error: Error) => {
      match(error.message, reason);
      return error instanceof TypeError;
    });
    for (const body of [{ y: { x } }, { y: [1, x] }, { y: new Map([[1, x]]) }, { y: new Set([x]) }]) {
      throws(() => carry(body), TypeError);
    }
    deepEqual({ ...carry({ after: [1] }) }, { after: [1] });
  });
}

for (const [name, body] of Object.entries({ "a Map": new Map(), "a URL": new URL("a:b"), "a Point": new Point() })) {
  Deno.test(`message() refuses ${name} as a body: its fields would be lost`, () => {
    throws(() => Any(body as never), { name: "MessageError", message: /must be a plain object/ });
  });
}

Deno.test("message() refuses a body with a symbol as key", () => {
  throws(() => Any({ [Symbol.iterator]: 1 } as never), { name: "MessageError", message: /no symbol as key/ });
});

Deno.test("JSON of a message has its envelope", () => {
  const sent = Any({ a: 1 }, { priority: 7 });
  deepEqual(JSON.parse(JSON.stringify(sent)), {
    messageType: "Any body",
    messageId: sent.messageId,
    priority: 7,
    correlationId: null,
    a: 1,
  });
});

Deno.test("What a kernel refuses to carry names kernel, type, field and reason, and harms nobody", async () => {
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.kernelScope("k", echo);
  await rejects(kernel.send(Anything({ value: { at: new Date(), by: new URL("http://a/") } }) as never), {
    name: "MessageError",
    message:
      'Cannot send "Anything" to kernel "k": its body cannot be serialised: value["by"] is an instance of class URL',
  });
  const value = { csv: BOM + fill, list: [HALF, -0], ["__proto__"]: 1 };
  const answer = await kernel.request(Anything({ value }) as never, PATIENTLY) as unknown as { value: unknown };
  deepEqual(answer.value, value);
});

Deno.test("What a kernel throws that is no error is shown in its error", async () => {
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.kernelScope("k", throwing);
  await rejects(kernel.request(Anything({ value: { a: [1] } }) as never, PATIENTLY), {
    message: 'Kernel "k" failed: it threw { a: [ 1 ] }',
  });
});

Deno.test("A field that is called __proto__ is one also where Object.prototype has it, behind a schema and in a copy", async () => {
  const code = `
    import { message } from "@ringmill/ringmill/actors";
    import { check, headerFor, snapshotOf } from "${new URL(
    "../../src/actors/message/preparation.ts",
    import.meta.url,
  )}";
    const schema = { "~standard": { version: 1, vendor: "test", validate: (value) => ({ value: JSON.parse(JSON.stringify(value)) }) } };
    const Note = message("Note", schema);
    const note = Note(JSON.parse('{"a":1,"__proto__":{"isAdmin":true}}'));
    const to = { kernel: "k", place: "to it", types: null };
    const checked = await check(note, headerFor(note, to), to);
    const copied = snapshotOf(note);
    console.log(JSON.stringify([checked, copied].map((one) => [Object.keys(one), one.isAdmin ?? null, one.priority])));
  `;
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/proto.ts`, code);
    const { code: status, out } = await runDeno([
      "run",
      "-A",
      "--no-check",
      "--unstable-unsafe-proto",
      "--config",
      CONFIG,
      `${folder}/proto.ts`,
    ]);
    deepEqual([status, JSON.parse(out)], [0, [[["a", "__proto__"], null, 128], [["a", "__proto__"], null, 128]]]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
