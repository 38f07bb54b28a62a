/** What nodes get: copies that are just as the values are, or the values themselves. */

import { deepEqual, equal, match, notEqual, ok, rejects } from "node:assert/strict";
import { Buffer } from "node:buffer";
import process from "node:process";
import type { LinearNodeOptions, LinearRunOptions } from "@ringmill/ringmill/linear";
import { cached, logged, quietPipeline, statuses, temporaryCache } from "./_helpers.ts";

const list = (length: number) => Array.from({ length }).reduce((next) => ({ next }), null as unknown);

/** Values that a structured clone does not keep as they are, and what a node can see of it. */
// deno-lint-ignore no-explicit-any
const DELICATE: readonly (readonly [what: string, make: () => any, look: (value: any) => unknown])[] = [
  ["Error.code", () => Object.assign(new Error("x"), { code: "ENOENT" }), (e) => e.code],
  ["AggregateError", () => new AggregateError([1], "x"), (e) => [e.errors, e instanceof AggregateError]],
  ["an error's own name", () => Object.assign(new Error("x"), { name: "Mine" }), (e) => e.name],
  ["a Date with a property", () => Object.assign(new Date(0), { zone: "CET" }), (e) => e.zone],
  ["a Map with a property", () => Object.assign(new Map(), { a: 1 }), (e) => e.a],
  ["a typed array with a property", () => Object.assign(new Uint8Array(2), { a: 1 }), (e) => e.a],
  ["a long typed array with a property", () => Object.assign(new Uint8Array(2000), { a: 1 }), (e) => e.a],
  ["a long array with a hidden property", () => Object.defineProperty(new Array(2000), "a", { value: 1 }), (e) => e.a],
  ["a Buffer with a property", () => Object.assign(Buffer.from("abc"), { a: 1 }), (e) => e.a],
  ["an array with a property", () => Object.assign([1], { columns: ["a"] }), (e) => e.columns],
  ["no prototype", () => Object.assign(Object.create(null), { a: 1 }), (e) => "constructor" in e],
  [
    "no prototype, deep inside",
    () => [{ rows: [1, 2, 3].map((a) => Object.assign(Object.create(null), { a, b: [{}] })) }],
    (e) =>
      // deno-lint-ignore no-explicit-any
      e[0].rows.map((row: any) => ["constructor" in row, row.a, "constructor" in row.b[0]]),
  ],
  ["a symbol", () => ({ [Symbol.for("a")]: 1 }), (e) => e[Symbol.for("a")]],
  ["a property that is not enumerable", () => Object.defineProperty({}, "a", { value: 1 }), (e) => e.a],
  ["a getter", () => ({
    get a() {
      return 1;
    },
  }), (e) => Object.getOwnPropertyDescriptor(e, "a")?.get !== undefined],
  ["lastIndex", () => Object.assign(/a/g, { lastIndex: 3 }), (e) => e.lastIndex],
  ["a class", () =>
    new (class Point {
      x = 1;
      norm() {
        return this.x;
      }
    })(), (e) => e.norm()],
  ["a subclass of Array", () => (class List extends Array {}).from([1, 2]), (e) => e.constructor.name],
  ["URL", () => new URL("https://a/b?c"), (e) => e.href],
  ["URL, deep inside", () => ({ all: new Set([new URL("https://a/b?c")]) }), (e) => [...e.all][0].href],
  ["a Buffer", () => ({ bytes: Buffer.from("abc") }), (e) => [Buffer.isBuffer(e.bytes), String(e.bytes)]],
  ["Temporal", () => [Temporal.Duration.from("P1D"), Temporal.PlainDate.from("2026-01-02")], (e) => e.map(String)],
  ["a buffer and a view on it", () => {
    const bytes = new Uint8Array(8);
    return { buffer: bytes.buffer, bytes };
  }, (e) => e.buffer === e.bytes.buffer],
  ["one object twice", () => {
    const one = new URL("https://a");
    return [one, one, { one }];
  }, (e) => e[0] === e[1] && e[1] === e[2].one],
  ["a Proxy", () => new Proxy({ a: 1 }, {}), (e) => e.a],
  ["arguments", () =>
    (function (..._: unknown[]) {
      return arguments;
    })(1, 2), (e) => [e.length, e[1]]],
  ["a module", () => import("./_functions.ts"), (e) => typeof e.allocate],
  ["a list of 10,000 links", () => list(10_000), (e) => "next" in e],
  ["a getter that throws", () => ({
    get a() {
      throw new Error("nope");
    },
  }), (e) => Object.keys(e)],
];

Deno.test("Each user of a value sees the same, also from the cache", async () => {
  for (const [what, make, look] of DELICATE) {
    using cache = temporaryCache();
    const wanted = look(await make());
    for (const settings of [{}, cached(cache.path), cached(cache.path)]) {
      const seen: unknown[] = [];
      const user = (name: string) => ({ name, fn: (value: unknown) => void seen.push(look(value)), inputs: ["v"] });
      const pipeline = quietPipeline(
        [{ name: "make", fn: make, version: what, outputs: ["v"], keep: true }, user("a"), user("b")],
        settings,
      );
      await logged(async () => {
        const { results } = await pipeline.run();
        seen.push(look(results.v));
      });
      deepEqual(seen, [wanted, wanted, wanted], what);
    }
  }
});

Deno.test("Constants and configurations that cannot be copied are given as they are", async () => {
  for (const [what, make, look] of DELICATE) {
    const value = await make();
    const wanted = look(value);
    const pipeline = quietPipeline([
      { name: "one", fn: look, inputs: ["v"], outputs: ["a"] },
      { name: "two", fn: look, inputs: ["config.v"], outputs: ["b"] },
    ], { runtime: { v: value }, config: { v: value } });
    deepEqual({ ...(await pipeline.run()).results }, { a: wanted, b: wanted }, what);
  }
  const env = process.env;
  await quietPipeline([{ name: "n", fn: (env) => env, inputs: ["env"] } as LinearNodeOptions], {
    runtime: { env },
    config: env,
  }).run();
});

Deno.test("What is read only once has one reader", async () => {
  const rows = function* () {
    yield 1;
  };
  const values: Record<string, () => unknown> = {
    generator: rows,
    asyncGenerator: async function* () {
      yield await Promise.resolve(1);
    },
    iterator: () => [1, 2].values(),
    response: () => new Response("page"),
    request: () => new Request("https://a", { method: "POST", body: "x" }),
    stream: () => new Blob(["x"]).stream(),
  };
  for (const [what, make] of Object.entries(values)) {
    const user = (name: string) => ({ name, fn: () => 1, inputs: ["rows"] });
    const load = { name: "load", fn: make as () => unknown, outputs: ["rows"] };
    await quietPipeline([load, user("one")]).run();
    const message = /"rows" can be read only once, but 2 inputs take it; make it an array or a text instead/;
    await rejects(quietPipeline([load, user("one"), user("two")]).run(), message, what);
    const runtime = { rows: make() };
    await rejects(quietPipeline([user("one"), user("two")], { runtime }).run(), message, what);
    const again = quietPipeline([user("one")], { runtime: { rows: make() } });
    await again.run();
    await rejects(again.run(), /Cannot give "rows" to node "one": it can be read only once, and has been/, what);
  }
  let reads = 0;
  const iterable = {
    *[Symbol.iterator]() {
      yield ++reads;
    },
  };
  const read = (name: string) => ({
    name,
    fn: (all: Iterable<number>) => [...all].length,
    inputs: ["all"],
    outputs: [name],
  });
  deepEqual({ ...(await quietPipeline([read("a"), read("b")], { runtime: { all: iterable } }).run()).results }, {
    a: 1,
    b: 1,
  });
});

Deno.test("What a node's module keeps is changed by no other node, and by no caller", async () => {
  using cache = temporaryCache();
  for (const settings of [{}, cached(cache.path)]) {
    const table = { rows: [3, 1, 2], bytes: Uint8Array.of(1) };
    const pipeline = quietPipeline([
      { name: "load", fn: () => table, cache: false, outputs: ["table"] },
      {
        name: "last",
        fn: (t: typeof table) => (t.bytes.fill(9), t.rows.pop()),
        inputs: ["table"],
        outputs: ["last"],
        cache: false,
      },
      { name: "result", fn: () => table, cache: false, outputs: ["result"] },
    ], settings);
    for (let run = 0; run < 3; run++) {
      const { results } = await pipeline.run();
      equal(results.last, 2);
      (results.result as typeof table).rows.pop();
      using registry = pipeline.openRegistry();
      (registry.get("result") as typeof table).rows.pop();
      deepEqual(table, { rows: [3, 1, 2], bytes: Uint8Array.of(1) });
    }
  }
});

Deno.test("Constants are what they were when the run was planned", async () => {
  using cache = temporaryCache();
  for (const settings of [{}, cached(cache.path)]) {
    const make = (rows: { n: number[] }) =>
      quietPipeline([
        { name: "fetch", fn: () => new Promise((resolve) => setTimeout(resolve, 20, 1)), cache: false, outputs: ["w"] },
        {
          name: "sum",
          fn: ({ n }: { n: number[] }, other: { n: number[] }) => [...n, ...other.n].reduce((a, b) => a + b),
          inputs: ["rows", "config.rows", "w"],
          outputs: ["s"],
        },
      ], { ...settings, runtime: { rows }, config: { rows } });
    const rows = { n: [1] };
    setTimeout(() => rows.n.push(100), 5);
    equal((await make(rows).run()).results.s, 2);
    equal((await make({ n: [1] }).run()).results.s, 2);
  }
});

Deno.test("A value that was made anew counts as new, unless it is a resource", async () => {
  class Model {
    constructor(readonly weight: number) {}
  }
  let made = 0;
  const take = (model: Model) => model.weight;
  for (const resource of [false, true]) {
    using cache = temporaryCache();
    const nodes = (more: boolean): LinearNodeOptions[] => [
      { name: "train", fn: () => new Model(++made), version: 1, outputs: ["model"], resource },
      { name: "predict", fn: take, inputs: ["model"], outputs: ["predictions"] },
      { name: "further", fn: (n: number) => n, inputs: ["predictions"], outputs: ["far"] },
      ...more ? [{ name: "explain", fn: take, inputs: ["model"], outputs: ["weights"] }] : [],
    ];
    const lines = await logged(async () => {
      await quietPipeline(nodes(false), cached(cache.path)).run();
      const { results } = await quietPipeline(nodes(true), cached(cache.path)).run();
      equal(results.predictions === results.weights && results.far === results.weights, !resource);
    });
    equal(lines.some((line) => line.includes("stays in memory")), !resource);
  }
});

Deno.test("A resource that is made anew counts as what it was, whatever its value and the reason", async () => {
  const values: unknown[] = ["token", 5, { at: 1 }, new Map([[1, 2]]), () => 1, null];
  const reasons: [Partial<LinearNodeOptions>, LinearRunOptions][] = [[{ cache: false }, {}], [{}, { force: "open" }]];
  for (const value of values) {
    for (const [more, options] of reasons) {
      using cache = temporaryCache();
      let opened = 0;
      const make = (user: string) => {
        const fn = () => typeof value === "object" && value && "at" in value ? { at: opened++ } : value;
        return quietPipeline([
          { name: "open", version: user, fn, outputs: ["session"], resource: true, ...more },
          { name: "use", fn: (session) => typeof session, inputs: ["session"], outputs: ["kind"] },
        ], cached(cache.path));
      };
      await make("a").run();
      const wanted = { open: "run", use: "cached" };
      deepEqual(statuses(make("a").explain(options)), wanted);
      deepEqual(statuses((await make("a").run(options)).nodes), wanted);
      const pipeline = make("a");
      for (let times = 0; times < 2; times++) deepEqual(statuses((await pipeline.run(options)).nodes), wanted);
      deepEqual(statuses((await make("b").run(options)).nodes), { open: "run", use: "run" });
    }
  }
});

Deno.test("LinearNode with share gets the value itself, and promises not to write", async () => {
  const rows = [{ n: 1 }];
  const seen: unknown[] = [];
  const pipeline = quietPipeline([
    { name: "load", fn: () => rows, outputs: ["rows"] },
    { name: "all", fn: (rows, more) => void seen.push(rows, more), inputs: ["rows", "constant"], share: true },
    { name: "one", fn: (rows, more) => void seen.push(rows, more), inputs: ["rows", "constant"], share: ["rows"] },
    { name: "last", fn: (rows) => void seen.push(rows), inputs: ["rows"] },
  ] as LinearNodeOptions[], { runtime: { constant: [1] } });
  await pipeline.run();
  ok(seen[0] === rows && seen[2] === rows);
  notEqual(seen[4], rows);
  ok(seen[1] !== seen[3]);
  deepEqual(seen, [rows, [1], rows, [1], rows]);
});

Deno.test("LinearNode with keep has its outputs among the results, and in the registry", async () => {
  const pipeline = quietPipeline([
    { name: "load", fn: () => [1, 2], outputs: ["rows"], keep: true },
    { name: "count", fn: (rows: number[]) => rows.length, inputs: ["rows"], outputs: ["n"] },
    { name: "drop", fn: (n: number) => n, inputs: ["n"], outputs: ["m"] },
  ]);
  const { results } = await pipeline.run();
  deepEqual({ ...results }, { rows: [1, 2], m: 2 });
  deepEqual(Deno.inspect(results), "{ rows: [ 1, 2 ], m: 2 }");
  using registry = pipeline.openRegistry();
  deepEqual(registry.placement, { rows: "memory", m: "memory" });
  let message = "";
  try {
    void results.n;
  } catch (error) {
    message = (error as Error).message;
  }
  match(
    message,
    /Cannot get the result "n" of pipeline "pipeline": it was released .* give node "count" the option keep/,
  );
});
