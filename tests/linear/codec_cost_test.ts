/** What is looked up for each part of a value is not looked for in a list that grows with the value. */

import { ok } from "node:assert/strict";
import { encode } from "../../src/linear/cache/value_codec.ts";
import { encodeMessage } from "../../src/pool/calls/messages.ts";

const COUNT = 3000;
/** Methods that go through an array. */
const SEARCHES = ["indexOf", "includes", "find", "findIndex", "lastIndexOf", "some", "every"] as const;

/** How many elements searches in arrays could go through while `work` runs. */
function searched(work: () => void): number {
  let elements = 0;
  const { prototype } = Array;
  const originals = SEARCHES.map((name) => [name, prototype[name] as (...args: unknown[]) => unknown] as const);
  for (const [name, original] of originals) {
    Reflect.set(prototype, name, function (this: unknown[], ...args: unknown[]): unknown {
      elements += this.length;
      return original.apply(this, args);
    });
  }
  try {
    work();
  } finally {
    for (const [name, original] of originals) Reflect.set(prototype, name, original);
  }
  return elements;
}

const VALUES: Readonly<Record<string, () => unknown>> = {
  "buffers of their own": () => Array.from({ length: COUNT }, (_, n) => Float64Array.of(n)),
  "views of one buffer": () => {
    const buffer = new ArrayBuffer(8 * COUNT);
    return Array.from({ length: COUNT }, (_, n) => new Float64Array(buffer, 8 * n, 1));
  },
  "objects": () => Array.from({ length: COUNT }, (_, n) => ({ n, at: new Date(n) })),
  "one object again and again": () => new Array(COUNT).fill({ one: Float32Array.of(1) }),
  "maps and sets": () => Array.from({ length: COUNT }, (_, n) => new Map([[n, new Set([n])]])),
};

for (const [what, make] of Object.entries(VALUES)) {
  Deno.test(`The codecs of caches and pools search no list that grows with the value: ${what}`, () => {
    const value = make();
    // Of each part, the classes and names there are may be looked through.
    const most = 100 * COUNT;
    for (const work of [() => encode(value), () => encodeMessage([value])]) {
      const elements = searched(work);
      ok(elements <= most, `${elements} elements were searched, at most ${most} will do`);
    }
  });
}
