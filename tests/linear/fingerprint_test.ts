import { namedPartial } from "@ringmill/ringmill/linear";
import { equal, match, notEqual } from "node:assert/strict";
import { fingerprint } from "../../src/linear/cache/fingerprint.ts";

class Point {
  #hidden: number;
  constructor(public x: number, hidden = 0) {
    this.#hidden = hidden;
  }
  get hidden() {
    return this.#hidden;
  }
}

function circle(name: string): object {
  const object: Record<string, unknown> = { name };
  object.self = [object];
  return object;
}

const broken = () => ({
  get broken() {
    throw new Error("no");
  },
});

const work = (rows: number, { table }: { table: string }) => [rows, table];
const scale = (by: number) => namedPartial(work, "work", { table: `t${by}` });

Deno.test("fingerprint() is equal for equal values", () => {
  const pairs: [unknown, unknown][] = [
    [{ a: 1, b: [2, { c: 3 }] }, { a: 1, b: [2, { c: 3 }] }],
    [NaN, 0 / 0],
    [new Date(5), new Date(5)],
    [new Date(NaN), new Date(NaN)],
    [10n ** 30n, 10n ** 30n],
    [new Map([[1, { a: 1 }]]), new Map([[1, { a: 1 }]])],
    [new Set([1, "1"]), new Set([1, "1"])],
    [new Point(1, 2), new Point(1, 3)],
    [circle("x"), circle("x")],
    [Float64Array.of(1, 2, 3).subarray(1), Float64Array.of(2, 3)],
    [new URL("http://a/b"), new URL("http://a/b")],
    [(x: number) => x, (x: number) => x],
    [scale(1), scale(1)],
    [new Error("x", { cause: 1 }), new Error("x", { cause: 1 })],
    [[undefined, null], [undefined, null]],
    [broken(), broken()],
  ];
  for (const [one, two] of pairs) equal(fingerprint(one), fingerprint(two), Deno.inspect(one));
  match(fingerprint(pairs), /^[0-9a-f]{32}$/);
});

Deno.test("fingerprint() is another for each of many values that are nearly alike", () => {
  const values: unknown[] = [
    0,
    -0,
    1,
    1n,
    "1",
    true,
    "true",
    null,
    undefined,
    "null",
    NaN,
    "NaN",
    Infinity,
    "",
    " ",
    [],
    {},
    [[]],
    [{}],
    [undefined],
    [,],
    [, ,],
    [1, 2],
    [12],
    ["1", "2"],
    ["12"],
    ["1,2"],
    [[1], 2],
    [1, [2]],
    { a: 1 },
    { a: "1" },
    { b: 1 },
    { a: { b: 1 } },
    { a: 1, b: undefined },
    new Map(),
    new Map([["a", 1]]),
    new Map([[1, "a"]]),
    new Map([[1, 1], [2, 2]]),
    new Map([[2, 2], [1, 1]]),
    new Map([["a", ["b", "c"]]]),
    new Set(),
    new Set([1, 2]),
    new Set([2, 1]),
    new Set([[1, 2]]),
    new Date(0),
    new Date(1),
    new Date(NaN),
    /a/,
    /a/g,
    Uint8Array.of(1),
    Int8Array.of(1),
    Uint8Array.of(1, 0),
    Uint8Array.of(1).buffer,
    new DataView(Uint8Array.of(1).buffer),
    Float32Array.of(1),
    Float64Array.of(NaN),
    new Point(1),
    new Point(2),
    { x: 1 },
    { y: 1, x: 1 },
    { x: 1, y: 1 },
    new URL("http://a/"),
    new URL("http://b/"),
    "http://a/",
    (x: number) => x,
    (x: number) => x + 1,
    scale(1),
    scale(2),
    work,
    Symbol("a"),
    Symbol("b"),
    new Error("a"),
    new Error("b"),
    new RangeError("a"),
    new Error("a", { cause: 1 }),
    "\ud800",
    "\ud801",
    "\ufffd",
    circle("x"),
    circle("y"),
    Object(1),
    Object("1"),
    Object(true),
    2 ** 53,
    1e100,
    "a".repeat(20_000),
    "a".repeat(20_001),
  ];
  const known = new Map<string, unknown>();
  for (const value of values) {
    const print = fingerprint(value);
    notEqual(known.has(print), true, `${Deno.inspect(value)} is taken for ${Deno.inspect(known.get(print))}`);
    known.set(print, value);
  }
});
