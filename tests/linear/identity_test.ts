/** What counts when a node's inputs are compared with those of an earlier run. */

import { DeclarationError } from "@ringmill/ringmill";
import { namedPartial } from "@ringmill/ringmill/linear";
import { deepEqual, doesNotThrow, equal, match, rejects, throws } from "node:assert/strict";
import { Buffer } from "node:buffer";
import { DatabaseSync } from "node:sqlite";
import { cached, quietPipeline, temporaryCache } from "./_helpers.ts";

class Model {
  #weight: number;
  constructor(weight: number) {
    this.#weight = weight;
  }
  predict(x: number): number {
    return x * this.#weight;
  }
}

class Told {
  constructor(readonly weight: number) {}
  toJSON() {
    return { weight: this.weight };
  }
}

const nested = (value: unknown) => ({ deep: [new Map([["key", { value }]])] });
// deno-lint-ignore no-explicit-any
const within = (nested: any) => nested.deep[0].get("key").value;

// deno-lint-ignore no-explicit-any
type Case = readonly [what: string, make: (version: number) => unknown, use: (value: any) => unknown];

/** Constants that differ in a way that a node can see. */
const DIFFERENT: readonly Case[] = [
  ["a class with a private field", (v) => new Model(v), (x) => x.predict(10)],
  ["the same, deep inside", (v) => nested(new Model(v)), (x) => within(x).predict(10)],
  ["state in a closure", (v) => ({ get: () => v }), (x) => x.get()],
  ["a function", (v) => () => v, (x) => x()],
  ["a bound function", (v) => ((a: number) => a).bind(null, v), (x) => x()],
  [
    "an array with a property",
    (v) => Object.assign([[1, 2]], { columns: v === 1 ? ["a", "b"] : ["b", "a"] }),
    (x) => x.columns,
  ],
  ["a Map with a property", (v) => Object.assign(new Map(), { v }), (x) => x.v],
  ["a Date with a property", (v) => Object.assign(new Date(0), { v }), (x) => x.v],
  ["an error's own property", (v) => Object.assign(new Error("x"), { code: v }), (x) => x.code],
  ["a symbol's property", (v) => ({ [Symbol.for("v")]: v }), (x) => x[Symbol.for("v")]],
  ["a property that is not enumerable", (v) => Object.defineProperty({}, "v", { value: v }), (x) => x.v],
  ["a getter", (v) => ({
    get v() {
      return v;
    },
  }), (x) => x.v],
  ["a Proxy", (v) => new Proxy({ a: 1 }, { get: () => v }), (x) => x.a],
  ["URLSearchParams", (v) => new URLSearchParams({ v: String(v) }), (x) => x.get("v")],
  ["URL", (v) => new URL(`https://a/${v}`), (x) => x.href],
  ["Headers", (v) => new Headers({ v: String(v) }), (x) => x.get("v")],
  ["a Blob", (v) => new Blob(["x".repeat(v)]), (x) => x.size],
  ["a Buffer", (v) => Buffer.from([v]), (x) => x[0]],
  ["a WeakRef", (v) => new WeakRef({ v }), (x) => x.deref()?.v],
  ["a subclass of Map", (v) => new (class extends Map<string, number> {})([["v", v]]), (x) => x.get("v")],
  ["a URL with a property", (v) => Object.assign(new URL("https://a"), { v }), (x) => x.v],
  ["a subclass of Date", (v) => Object.assign(new (class extends Date {})(0), { v }), (x) => x.v],
  ["a subclass of a class with toJSON()", (v) => Object.assign(new (class extends Told {})(0), { v }), (x) => x.v],
  ["a class with toJSON()", (v) => new Told(v), (x) => x.weight],
  ["Temporal", (v) => Temporal.PlainDate.from({ year: 2000, month: 1, day: v }), (x) => x.day],
  ["no prototype", (v) => v === 1 ? {} : Object.create(null), (x) => "constructor" in x],
  ["the order of keys", (v) => v === 1 ? { price: "f", id: "i" } : { id: "i", price: "f" }, (x) => Object.keys(x)],
  [
    "the order of keys, deep inside",
    (v) => nested(v === 1 ? { a: 1, b: 2 } : { b: 2, a: 1 }),
    (x) => Object.keys(within(x)),
  ],
  ["a hole", (v) => v === 1 ? [undefined] : [,], (x) => 0 in x],
  ["a RegExp's lastIndex", (v) => Object.assign(/a/g, { lastIndex: v }), (x) => x.lastIndex],
  ["a lone surrogate", (v) => v === 1 ? "\ud800" : "\\ud800", (x) => x.length],
  ["-0", (v) => v === 1 ? 0 : -0, (x) => 1 / x],
];

async function twice([, make, use]: Case, part: "config" | "runtime"): Promise<{ got: unknown[]; wanted: unknown[] }> {
  using cache = temporaryCache();
  const got: unknown[] = [];
  const wanted: unknown[] = [];
  for (const version of [1, 2]) {
    const input = part === "config" ? "config.x" : "x";
    const pipeline = quietPipeline([{ name: "use", fn: use, inputs: [input], outputs: ["y"] }], {
      ...cached(cache.path),
      [part]: { x: make(version) },
    });
    got.push((await pipeline.run()).results.y);
    wanted.push(use(make(version)));
  }
  return { got, wanted };
}

Deno.test("A constant that has changed in any way that a node can see runs the node again", async () => {
  for (const one of DIFFERENT) {
    for (const part of ["runtime", "config"] as const) {
      const { got, wanted } = await twice(one, part);
      deepEqual(got, wanted, `${one[0]} in ${part}`);
    }
  }
});

Deno.test("A constant that is plain data, or says how it is read, stays cached", async () => {
  const same: readonly (() => unknown)[] = [
    () => ({ a: [1, { b: new Date(0) }], c: new Map([[{ d: 1 }, new Set([2])]]) }),
    () => new Told(1),
    () => nested(new URL("https://a/b")),
    () => Temporal.Instant.fromEpochMilliseconds(5),
    () => Buffer.from("abc"),
    () => Object.assign([1], { columns: ["a"] }),
    () => Object.assign(Object.create(null), { a: 1 }),
    () => Float64Array.of(1, 2, 3).subarray(1),
  ];
  for (const [index, make] of same.entries()) {
    using cache = temporaryCache();
    const pipeline = () =>
      quietPipeline([{ name: "n", fn: () => 1, inputs: ["x"], outputs: ["y"] }], {
        runtime: { x: make() },
        ...cached(cache.path),
      });
    await pipeline().run();
    equal(pipeline().explain()[0].status, "cached", `case ${index}`);
  }
});

Deno.test("LinearPipeline.explain() says why a node cannot be cached, and what to do", async () => {
  using cache = temporaryCache();
  const pipeline = quietPipeline([{ name: "n", fn: () => 1, inputs: ["db"], outputs: ["y"] }], {
    runtime: { db: { connection: new Model(1) } },
    ...cached(cache.path),
  });
  await pipeline.run();
  equal(
    pipeline.explain()[0].reason,
    'changes of "db" cannot be seen: its ["connection"] is an instance of class Model; to ignore them, name it in the option ' +
      'ignore of node "n"',
  );
});

Deno.test("Bound values of namedPartial() with hidden state run the node again", async () => {
  using cache = temporaryCache();
  const got: unknown[] = [];
  for (const weight of [1, 2]) {
    const fn = namedPartial((x: number, { model }: { model: Model }) => model.predict(x), "predict", {
      model: new Model(weight),
    });
    const pipeline = quietPipeline([{ fn, inputs: ["x"], outputs: ["y"] }], {
      runtime: { x: 10 },
      ...cached(cache.path),
    });
    got.push((await pipeline.run()).results.y);
  }
  deepEqual(got, [10, 20]);
});

Deno.test("A version may hold functions, which count by their source, but not what hides its own", async () => {
  using cache = temporaryCache();
  const pipeline = (version: unknown) =>
    quietPipeline([{ name: "n", fn: () => 1, version, outputs: ["y"] }], cached(cache.path));
  await pipeline([(x: number) => x + 1]).run();
  equal(pipeline([(x: number) => x + 1]).explain()[0].status, "cached");
  equal(pipeline([(x: number) => x + 2]).explain()[0].reason, "its version has changed");
  throws(() => pipeline(((x: number) => x).bind(null, 1)), /a change of its version cannot be seen: it is a function/);
  throws(() => pipeline([new Model(1)]), DeclarationError);
});

Deno.test("LinearNode with ignoreSource runs again for its version alone", async () => {
  using cache = temporaryCache();
  const pipeline = (fn: () => number, version: string) =>
    quietPipeline([{ name: "n", fn, version, ignoreSource: true, outputs: ["y"] }], cached(cache.path));
  await pipeline(() => 1, "1").run();
  equal(pipeline(() => /* a comment */ 1, "1").explain()[0].status, "cached");
  equal(pipeline(() => 1, "2").explain()[0].reason, "its version has changed");
});

Deno.test("LinearPipeline.concat() takes two objects for one only if they are, or are equal data", () => {
  const make = (v: unknown) => quietPipeline([], { runtime: { v } });
  for (const [what, one] of DIFFERENT) {
    throws(() => make(one(1)).concat(make(one(2))), /different values of runtime\.v/, what);
  }
  const model = new Model(1);
  const config = (v: unknown) => quietPipeline([], { config: { v } });
  throws(() => config(new Model(1)).concat(config(new Model(1))), /different values of config\.v/);
  throws(() => config({ a: { b: [1] } }).concat(config({ a: { b: [2] } })), /different values of config\.v\.a\.b/);
  doesNotThrow(() => make(model).concat(make(model)));
  doesNotThrow(() => make({ a: [1] }).concat(make({ a: [1] })));
  // Constants are not merged, the configuration is.
  throws(() => make({ x: 1 }).concat(make({ y: 2 })), /different values of runtime\.v/);
  const live = new DatabaseSync(":memory:");
  const archive = new DatabaseSync(":memory:");
  const writer = (name: string, db: DatabaseSync) =>
    quietPipeline([{ name, fn: () => {}, inputs: ["db"] }], { name, runtime: { db } });
  throws(() => writer("live", live).concat(writer("archive", archive)), /different values of runtime\.db/);
});

Deno.test("A producer that is renamed or deleted is an error, whatever is in the cache", async () => {
  using cache = temporaryCache();
  const total = { name: "total", fn: (rows: number[]) => rows.length, inputs: ["rows"], outputs: ["n"] };
  const load = (output: string) => ({ name: "load", fn: () => [1, 2, 3], outputs: [output] });
  await quietPipeline([load("rows"), total], cached(cache.path)).run();
  for (const nodes of [[load("rowz"), total], [total], [total, load("rows")]]) {
    const changed = quietPipeline(nodes, cached(cache.path));
    await rejects(changed.run(), /node "total" needs "rows"/);
    throws(() => changed.explain(), DeclarationError);
    await rejects(changed.run({ from: "total" }), DeclarationError);
  }
});

Deno.test("A function has no this", async () => {
  class Scaler {
    factor = 2;
    apply(x: number): unknown {
      return this?.factor ?? x;
    }
  }
  const { apply } = new Scaler();
  const seen: unknown[] = [];
  const look = function (this: unknown) {
    seen.push(this);
  };
  const { results } = await quietPipeline([
    { fn: apply, inputs: ["x"], outputs: ["y"] },
    { fn: look, name: "look" },
    { fn: namedPartial(look as () => void, "bound", {}) },
  ], { runtime: { x: 5 } }).run();
  equal(results.y, 5);
  deepEqual(seen, [undefined, undefined]);
});

Deno.test("A path into the configuration reaches keys with dots, and nothing that all objects have", async () => {
  const take = (config: unknown, input: string) =>
    quietPipeline([{ name: "n", fn: (x: unknown) => x, inputs: [input], outputs: ["y"] }], { config });
  equal((await take({ "a.b": { c: 1 } }, "config.a.b.c").run()).results.y, 1);
  for (const key of ["toString", "constructor", "__proto__", "hasOwnProperty"]) {
    await rejects(take({}, `config.${key}`).run(), new RegExp(`config has no "${key}"`));
  }
  const broken = {
    get a() {
      throw new Error("nope");
    },
  };
  await rejects(take(broken, "config.a").run(), /node "n" needs "config.a": config.a cannot be read: nope/);
  await rejects(take({ x: 1 }, "config.y").run(), /did you mean "config.x"\?/);
});

Deno.test("LinearPipeline.run() with force names the node for the name of an output", async () => {
  const pipeline = quietPipeline([{ name: "n", fn: () => 1, outputs: ["y"] }]);
  await rejects(pipeline.run({ force: "y" }), (error: Error) => {
    match(error.message, /Cannot find node "y" in pipeline "pipeline"; node "n" makes the output of that name/);
    return true;
  });
});
