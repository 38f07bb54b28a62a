import { deepEqual, equal, match, notEqual, throws } from "node:assert/strict";
import { Buffer } from "node:buffer";
import { fingerprint, FingerprintError } from "../../src/fingerprint.ts";
import { whyNotStorable } from "../../src/linear/cache/inspect_value.ts";

function circle(name: string): object {
  const object: Record<string, unknown> = { name };
  object.self = [object];
  return object;
}

function nested(depth: number, innermost: unknown): unknown {
  let value = innermost;
  for (let n = 0; n < depth; n++) value = n % 2 ? [value] : { value };
  return value;
}

function without(keys: readonly PropertyKey[]): object {
  return Object.fromEntries(keys.map((key) => [key, 1]));
}

const with$ = <T extends object>(object: T, extra: object): T => Object.assign(object, extra);
const long = "x".repeat(300);
const once = [1.5, 2, 3];
once[0] = 1;
const part = { x: 1 };
const holed = new Array(5000);
holed[4999] = 1;

Deno.test("fingerprint() is equal for equal values", () => {
  const pairs: [unknown, unknown][] = [
    [{ a: 1, b: [2, { c: 3 }] }, { a: 1, b: [2, { c: 3 }] }],
    [long, ("€" + long).slice(1)],
    [{ q: long }, { q: ("€" + long).slice(1) }],
    [{ [long]: 1 }, { [("€" + long).slice(1)]: 1 }],
    [[1, 2, 3], once],
    [{ a: part, b: part }, { a: { x: 1 }, b: { x: 1 } }],
    [circle("x"), circle("x")],
    [Float64Array.of(1, 2, 3).subarray(1), Float64Array.of(2, 3)],
    [Buffer.from("text"), Buffer.from("a text").subarray(2)],
    [new Map([[{ k: 1 }, new Set([1])]]), new Map([[{ k: 1 }, new Set([1])]])],
    [new Error("x", { cause: { y: 1 } }), new Error("x", { cause: { y: 1 } })],
    [nested(20_000, 1), nested(20_000, 1)],
    [Array.from({ length: 2000 }, (_, n) => n), Array.from({ length: 2000 }, (_, n) => n)],
    [Symbol.for("a"), Symbol.for("a")],
    [Object.freeze({ a: 1 }), { a: 1 }],
  ];
  for (const [one, two] of pairs) equal(fingerprint(one), fingerprint(two), Deno.inspect(one, { depth: 1 }));
  match(fingerprint(pairs), /^[0-9a-f]{32}$/);
});

Deno.test("fingerprint() is another for each of many values that are nearly alike", () => {
  const values: unknown[] = [
    ...[
      0,
      -0,
      1,
      1n,
      -1n,
      "1",
      true,
      "true",
      false,
      null,
      undefined,
      "null",
      "undefined",
      NaN,
      "NaN",
      Infinity,
      -Infinity,
    ],
    ...["", " ", "\ud800", "\ud801", "\ufffd", '"\\ud800"', "😀 chunk".slice(1), "😁 chunk".slice(1)],
    ...[[], {}, [[]], [{}], [undefined], [null], [,], [, ,], [1, , 2], [1, undefined, 2], [1, 2], [12], [0], [-0]],
    ...[["1", "2"], ["12"], ["1,2"], [[1], 2], [1, [2]], ["string 1:a"], "string 1:a"],
    ...[{ a: 1 }, { a: "1" }, { b: 1 }, { a: { b: 1 } }, { a: 1, b: undefined }, { a: 1, b: null }, { 0: 1 }],
    ...[without(["a", "b"]), without(["b", "a"]), { "\ud800": 1 }, { "\ud801": 1 }, { "\ufffd": 1 }],
    ...[Object.create(null), with$(Object.create(null), { a: 1 }), with$([1], { a: 1 }), with$([1], { length: 2 })],
    ...[new Map(), new Map([["a", 1]]), new Map([[1, "a"]]), new Map([[1, 1], [2, 2]]), new Map([[2, 2], [1, 1]])],
    ...[new Map([["a", ["b", "c"]]]), new Set(), new Set([1, 2]), new Set([2, 1]), new Set([[1, 2]])],
    ...[new Date(0), new Date(1), new Date(NaN), /a/, /a/g, /b/, /a\/g/, with$(/a/g, { lastIndex: 1 })],
    ...[Uint8Array.of(1), Int8Array.of(1), Uint8Array.of(1, 0), Uint8Array.of(1).buffer, Buffer.from([1])],
    ...[new DataView(Uint8Array.of(1).buffer), new Uint8ClampedArray([1]), Float32Array.of(1), Float64Array.of(NaN)],
    ...[Float64Array.of(0), Float64Array.of(-0), new Float32Array(2), new Float64Array(0), new ArrayBuffer(8)],
    ...[
      new Error("a"),
      new Error("b"),
      new RangeError("a"),
      new Error("a", { cause: 1 }),
      new Error("a", { cause: "1" }),
    ],
    ...[new Error("a", { cause: undefined }), with$(new Error("a"), { code: 1 }), with$(new Error("a"), { name: "B" })],
    ...[new AggregateError([1], "a"), new AggregateError([2], "a")],
    ...[Object(1), Object(-0), Object(0), Object("1"), Object(true), Object(1n)],
    ...[Symbol.for("a"), Symbol.for("b"), circle("x"), circle("y"), nested(9, 1), nested(10, 1), nested(9, 2)],
    ...[2 ** 53, 1e100, "a".repeat(20_000), "a".repeat(20_001), new Array(5000), holed, new Array(5001)],
    ...[Array.from({ length: 2000 }, (_, n) => n), with$(Array.from({ length: 2000 }, (_, n) => n), { a: 1 })],
    ...["", "-1", "-0", "1.5", "01", "x"].flatMap((key) => [with$([, 1], { [key]: 1 }), with$([, 1], { [key]: 2 })]),
    ...[with$([, , 1], { "": 1 }), with$([, , 1], { "": 1, "-1": 1 }), [, 1], [, , 1]],
  ];
  const known = new Map<string, unknown>();
  for (const value of values) {
    const print = fingerprint(value);
    notEqual(known.has(print), true, `${Deno.inspect(value)} is taken for ${Deno.inspect(known.get(print))}`);
    known.set(print, value);
  }
});

class Point {
  #hidden = 1;
  constructor(public x: number) {}
  get hidden() {
    return this.#hidden;
  }
}

const unreadable: Readonly<Record<string, unknown>> = {
  "a function": () => 1,
  "an instance of class URL": new URL("https://a.example"),
  "an instance of class Headers": new Headers(),
  "an instance of class Blob": new Blob(["a"]),
  "an instance of class Response": new Response("a"),
  "an instance of class Point": new Point(1),
  "an instance of class Promise": Promise.resolve(1),
  "an instance of class WeakMap": new WeakMap(),
  "an instance of class List": new class List extends Array {}(),
  "an instance of class Fault": new class Fault extends Error {}(),
  "an instance of class DOMException": new DOMException("a"),
  "an instance of class Map": Object.create(Map.prototype),
  "an instance of class Date": Object.create(Date.prototype),
  "a symbol": Symbol("a"),
  "a Proxy": new Proxy({}, {}),
  "an object with a symbol as key": { [Symbol.for("k")]: 1 },
  'an object with a getter or setter, "a"': {
    get a() {
      return 1;
    },
  },
  'an object with a property that is not enumerable, "b"': Object.defineProperty({}, "b", { value: 1 }),
  'a Map with a property of its own, "c"': with$(new Map(), { c: 1 }),
  'a Set with a property of its own, "c"': with$(new Set(), { c: 1 }),
  'a Date with a property of its own, "c"': with$(new Date(0), { c: 1 }),
  'a RegExp with a property of its own, "c"': with$(/a/, { c: 1 }),
  'a Uint8Array with a property of its own, "c"': with$(Uint8Array.of(1), { c: 1 }),
  'a String with a property of its own, "c"': with$(Object("ab"), { c: 1 }),
  'a Buffer with a property of its own, "c"': with$(Buffer.from("ab"), { c: 1 }),
  "an array in shared memory": new Uint8Array(new SharedArrayBuffer(1)),
  "a resizable or detached buffer": new ArrayBuffer(1, { maxByteLength: 2 }),
};

Deno.test("fingerprint() and whyNotStorable() refuse what cannot be read, wherever it is", () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  throws(() => fingerprint(proxy), /it is a Proxy$/);
  for (const [reason, value] of Object.entries(unreadable)) {
    const places = {
      it: value,
      'its ["a"]': { a: value },
      "its [1]": [0, value],
      'its ["(key)"]': new Map([[value, 1]]),
    };
    for (const [place, whole] of Object.entries(places)) {
      throws(() => fingerprint(whole), (error) => {
        return error instanceof FingerprintError && error.reason === `${place} is ${reason}`;
      }, `${place}: ${reason}`);
      // Linear pipelines have codecs for some.
      if (!(value instanceof URL)) equal(whyNotStorable(whole), `${place} is ${reason}`);
    }
  }
  throws(() => fingerprint(new SharedArrayBuffer(1)), /SharedArrayBuffer$/);
  throws(() => fingerprint(nested(10_000, () => 1)), /\.\.\..* is a function$/);
});

/** Much longer than what is asked for each element. */
const many: Readonly<Record<string, object>> = {
  Float64Array: new Float64Array(1001),
  Float32Array: new Float32Array(new ArrayBuffer(90_000), 8, 5000),
  BigInt64Array: new BigInt64Array(5000),
  Uint8ClampedArray: new Uint8ClampedArray(1001),
  Buffer: Buffer.alloc(70_000),
  String: Object("é'\"\n".repeat(1001)),
};

Deno.test("fingerprint() and whyNotStorable() see what was put onto a long view or text", () => {
  for (const [kind, value] of Object.entries(many)) {
    match(fingerprint(value), /^[0-9a-f]{32}$/);
    equal(whyNotStorable(value), null);
    for (const key of ["scale", "01", "", "buffer", "1 more items, [length", "2000 more characters"]) {
      for (const enumerable of [true, false]) {
        const value = structuredClone(many[kind]);
        if (kind === "Buffer") Object.setPrototypeOf(value, Buffer.prototype);
        Object.defineProperty(value, key, { value: "5 more items ]", enumerable });
        const reason = `it is a ${kind} with a property of its own`;
        throws(() => fingerprint(value), (error) => error instanceof FingerprintError && error.reason === reason);
        equal(whyNotStorable(value), reason);
      }
    }
  }
});

Deno.test("fingerprint() and whyNotStorable() see what is hidden in a long array", () => {
  const make = () => new Array(1001).fill(0);
  for (const name of ["scale", "-1", "", "4294967295", "1 more items, [length"]) {
    const shown = JSON.stringify(name);
    const hidden = Object.defineProperty(make(), name, { value: 1001 });
    throws(() => fingerprint(hidden), new RegExp(`not enumerable, ${RegExp.escape(shown)}$`));
    equal(whyNotStorable(hidden), `it is an object with a property that is not enumerable, ${shown}`);
    const getter = Object.defineProperty(make(), name, { get: () => 1, enumerable: true });
    throws(() => fingerprint(getter), new RegExp(`getter or setter, ${RegExp.escape(shown)}$`));
    notEqual(fingerprint(with$(make(), { [name]: 1 })), fingerprint(with$(make(), { [name]: 2 })));
    equal(whyNotStorable(with$(make(), { [name]: 1 })), null);
  }
  const element = Object.defineProperty(make(), 5, { value: 1, enumerable: false });
  throws(() => fingerprint(element), /it is an array with an element that is not enumerable$/);
});

Deno.test("fingerprint() ends for shared parts of shared parts", () => {
  let value: unknown = 1;
  for (let n = 0; n < 64; n++) value = [value, value];
  throws(() => fingerprint(value), /too many uses of the same parts/);
});

Deno.test("fingerprint() takes what stands in for a value", () => {
  const standIn = (value: unknown) => value instanceof URL ? value.href : undefined;
  const one = fingerprint({ at: new URL("https://a.example") }, { standIn });
  equal(one, fingerprint({ at: new URL("https://a.example") }, { standIn }));
  notEqual(one, fingerprint({ at: new URL("https://b.example") }, { standIn }));
  notEqual(one, fingerprint({ at: "https://a.example/" }, { standIn }));
  throws(() => fingerprint(Promise.resolve(), { standIn }), FingerprintError);
});

Deno.test("whyNotStorable() lets nothing pass that a clone would change", () => {
  const changed = [
    with$(/a/g, { lastIndex: 1 }),
    with$(new Error("a"), { code: 1 }),
  ];
  for (const value of [...changed, new AggregateError([1])]) {
    notEqual(whyNotStorable([value]), null, Deno.inspect(value));
  }
  const kept = [
    [1, , 3],
    with$([1], { a: 1 }),
    new Map([[{}, [-0, 1n, NaN]]]),
    new Date(NaN),
    "\ud800",
    circle("x"),
    Object("a"),
  ];
  for (const value of kept) {
    equal(whyNotStorable(value), null, Deno.inspect(value));
    deepEqual(structuredClone(value), value);
  }
});
