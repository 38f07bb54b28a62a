import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import { findTrouble } from "../../src/find_trouble.ts";

/** The objects visited, as texts. */
function visited(value: unknown): string[] {
  const texts: string[] = [];
  findTrouble(value, (object) => void texts.push(`${Object.prototype.toString.call(object)} ${Object.keys(object)}`));
  return texts;
}

const isBad = (object: object) => "bad" in object ? "bad" : null;

Deno.test("findTrouble() says where the first trouble is, wherever it stands", () => {
  const bad = { bad: 1 };
  const fn = () => {};
  const shared = { a: 1 };
  const holes: unknown[] = [];
  holes[3] = bad;
  const cases: readonly (readonly [value: unknown, found: string | null])[] = [
    [fn, "it is a function"],
    [Symbol(), "it is a symbol"],
    [7, null],
    [null, null],
    [bad, "it is bad"],
    [[1, bad], "its [1] is bad"],
    [[shared, shared, bad], "its [2] is bad"],
    [[1, fn], "its [1] is a function"],
    [holes, "its [3] is bad"],
    [Object.assign([shared], { extra: bad }), 'its ["extra"] is bad'],
    [{ a: { b: [[], { c: bad }] } }, 'its ["a"]["b"][1]["c"] is bad'],
    [{ a: 1, b: Symbol() }, 'its ["b"] is a symbol'],
    [new Map<unknown, unknown>([["k", bad]]), 'its ["k"] is bad'],
    [new Map([[bad, 1]]), 'its ["(key)"] is bad'],
    [new Map([["k", fn]]), 'its ["k"] is a function'],
    [new Set([shared, bad]), 'its ["(item)"] is bad'],
    [new Error("x", { cause: bad }), 'its ["cause"] is bad'],
    [new Uint8Array(5), null],
  ];
  for (const [value, found] of cases) equal(findTrouble(value, isBad), found);
  equal(findTrouble([new Date(), bad], isBad, () => true), "its [1] is bad");
  equal(findTrouble(new Map([["k", bad]]), isBad, (object) => object instanceof Map), null);
});

Deno.test("findTrouble() ends where objects hold each other, and at any depth", () => {
  const circle: unknown[] = [{ a: 1 }];
  circle.push(circle, { circle });
  equal(visited(circle).length, 3);
  let list: object | null = null;
  for (let n = 0; n < 100_000; n++) list = { list };
  equal(visited(list).length, 100_000);
});

Deno.test("findTrouble() visits a copy in the order of its original", () => {
  const value = fc.anything({
    withMap: true,
    withSet: true,
    withDate: true,
    withTypedArray: true,
    withSparseArray: true,
  });
  fc.assert(fc.property(value, value, (one, other) => {
    const whole = [one, other, one, { other }];
    deepEqual(visited(structuredClone(whole)), visited(whole));
  }));
});
