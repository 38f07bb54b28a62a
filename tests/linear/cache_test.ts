import { DeclarationError } from "@ringmill/ringmill";
import { type LinearNodeOptions, type LinearPipeline, namedPartial } from "@ringmill/ringmill/linear";
import { deepEqual, equal, match, ok, rejects, throws } from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { cached, logged, objectsOf, quietPipeline, statuses, temporaryCache } from "./_helpers.ts";

/** load -> clean -> train -> report, and an aside. What may change is a parameter; calls are counted from outside. */
function example(path: string, changes: {
  clean?: (rows: number[], least: number) => number[];
  least?: number;
  depth?: number;
  data?: number[];
  version?: unknown;
  bound?: { scale: number };
} = {}): LinearPipeline {
  const { least = 1, depth = 2, data = [1, 2, 3], version, bound = { scale: 10 } } = changes;
  const clean = changes.clean ?? ((rows: number[], least: number) => rows.filter((row) => row >= least));
  const train = (rows: number[], depth: number, { scale }: { scale: number }) => scale * rows.length ** depth;
  return quietPipeline([
    { fn: (data: number[]) => data, name: "load", inputs: ["data"], outputs: ["rows"], version },
    { fn: clean, name: "clean", inputs: ["rows", "config.least"], outputs: ["cleaned"] },
    { fn: namedPartial(train, "train", bound), inputs: ["cleaned", "config.model.depth"], outputs: ["model"] },
    { fn: (rows: number[]) => rows.length, name: "aside", inputs: ["rows"], outputs: ["count"] },
  ], { config: { least, model: { depth } }, runtime: { data }, ...cached(path) });
}

const ALL_RUN = { load: "run", clean: "run", train: "run", aside: "run" };
const ALL_CACHED = { load: "cached", clean: "cached", train: "cached", aside: "cached" };

Deno.test("A second run is served from the cache, in a later program as well", async () => {
  using cache = temporaryCache();
  const pipeline = example(cache.path);
  deepEqual(statuses(pipeline.explain()), ALL_RUN);
  match(pipeline.explain()[0].reason, /"rows" is not in the cache/);
  deepEqual(statuses((await pipeline.run()).nodes), ALL_RUN);
  deepEqual(statuses((await pipeline.run()).nodes), ALL_CACHED);
  const later = example(cache.path);
  deepEqual(later.explain().map(({ reason }) => reason), Array(4).fill("nothing has changed"));
  deepEqual(statuses((await later.run()).nodes), ALL_CACHED);
  deepEqual(objectsOf(later), { data: [1, 2, 3], cleaned: [1, 2, 3], count: 3, model: 90, rows: [1, 2, 3] });
});

Deno.test("LinearPipeline.explain() writes nothing: a cache that is not there is not made", () => {
  using cache = temporaryCache();
  deepEqual(statuses(example(cache.path).explain()), ALL_RUN);
  throws(() => Deno.statSync(cache.path), Deno.errors.NotFound);
});

Deno.test("LinearPipeline.explain() without a cache says that everything runs", () => {
  const pipeline = quietPipeline([{ fn: () => 1, name: "one", outputs: ["x"] }]);
  deepEqual(pipeline.explain(), [{ node: "one", status: "run", reason: "there is no cache" }]);
});

Deno.test("A change of function, configuration, input, bound value or version reruns what depends on it, and says why", async () => {
  using cache = temporaryCache();
  await example(cache.path).run();
  const trainAnew = 'its input "cleaned" is made anew by node "clean"';
  const loadAnew = 'its input "rows" is made anew by node "load"';
  const cases: [Parameters<typeof example>[1], Record<string, string>][] = [
    [{ clean: (rows, least) => rows.filter((row) => row > least) }, {
      clean: "its function has changed",
      train: trainAnew,
    }],
    [{ least: 2 }, { clean: '"config.least" has changed', train: trainAnew }],
    [{ depth: 3 }, { train: '"config.model.depth" has changed' }],
    [{ bound: { scale: 1 } }, { train: "its bound values have changed" }],
    [{ data: [3, 4] }, { load: '"data" has changed', clean: loadAnew, train: trainAnew, aside: loadAnew }],
    [{ version: 2 }, { load: "its version has changed", clean: loadAnew, train: trainAnew, aside: loadAnew }],
    [{ least: 2, depth: 3 }, { clean: '"config.least" has changed', train: '"config.model.depth" has changed' }],
  ];
  for (const [changes, reasons] of cases) {
    const explained = example(cache.path, changes).explain();
    const running = explained.filter(({ status }) => status === "run").map(({ node, reason }) => [node, reason]);
    deepEqual(Object.fromEntries(running), reasons);
  }
});

Deno.test("What was explained runs, and then nothing does", async () => {
  using cache = temporaryCache();
  await example(cache.path).run();
  const changes = { least: 2 };
  const { nodes } = await example(cache.path, changes).run();
  deepEqual(statuses(nodes), { ...ALL_CACHED, clean: "run", train: "run" });
  equal(objectsOf(example(cache.path, changes)).model, 40);
  deepEqual(statuses(example(cache.path, changes).explain()), ALL_CACHED);
});

Deno.test("A node whose inputs are made anew, but come out as they were, does not run", async () => {
  using cache = temporaryCache();
  await example(cache.path).run();
  const pipeline = example(cache.path, { version: "other" });
  const { nodes } = await pipeline.run();
  deepEqual(statuses(nodes), { ...ALL_CACHED, load: "run" });
  equal(nodes[1].reason, "its inputs came out as they were");
  deepEqual(statuses(pipeline.explain()), ALL_CACHED);
});

Deno.test("A change of declared inputs or outputs reruns the node", async () => {
  using cache = temporaryCache();
  const pipeline = (inputs: string[], outputs: string[]) =>
    quietPipeline([{ fn: (a, b) => [a, b], name: "pair", inputs, outputs }], {
      runtime: { x: 1, y: 1 },
      ...cached(cache.path),
    });
  await pipeline(["x", "y"], ["a", "b"]).run();
  equal(pipeline(["x", "y"], ["a", "b"]).explain()[0].status, "cached");
  match(pipeline(["y", "x"], ["a", "b"]).explain()[0].reason, /inputs are declared differently/);
  match(pipeline(["x", "y"], ["b", "a"]).explain()[0].reason, /outputs are declared differently/);
  match(pipeline(["x", "y"], ["a", "c"]).explain()[0].reason, /"c" is not in the cache/);
});

Deno.test("LinearPipeline.run() with force runs all nodes, or those named, and what depends on a new value", async () => {
  using cache = temporaryCache();
  let value = 1;
  const pipeline = quietPipeline([
    { fn: () => value, name: "read", outputs: ["value"], version: 1 },
    { fn: (n: number) => n + 1, name: "next", inputs: ["value"], outputs: ["following"] },
    { fn: () => 0, name: "other", outputs: ["zero"] },
  ], cached(cache.path));
  await pipeline.run();
  deepEqual(statuses((await pipeline.run({ force: true })).nodes), { read: "run", next: "run", other: "run" });
  match(pipeline.explain({ force: "read" })[0].reason, /it is forced/);
  deepEqual(statuses((await pipeline.run({ force: "read" })).nodes), { read: "run", next: "cached", other: "cached" });
  value = 5;
  deepEqual(statuses((await pipeline.run({ force: ["read"] })).nodes), { read: "run", next: "run", other: "cached" });
  equal(objectsOf(pipeline).following, 6);
});

Deno.test("Nodes without outputs always run", async () => {
  using cache = temporaryCache();
  const written: number[] = [];
  const pipeline = quietPipeline([
    { fn: () => 5, name: "make", outputs: ["x"] },
    { fn: (x: number) => written.push(x), name: "write", inputs: ["x"] },
  ], cached(cache.path));
  await pipeline.run();
  deepEqual(statuses((await pipeline.run()).nodes), { make: "cached", write: "run" });
  deepEqual(written, [5, 5]);
});

Deno.test("What cannot be stored stays in memory, with a warning that says why, and is made again only where needed", async () => {
  using cache = temporaryCache();
  let connections = 0;
  class Connection {
    rows = [1, 2];
  }
  const pipeline = (least: number) =>
    quietPipeline([
      { fn: () => (connections++, new Connection()), name: "connect", version: 1, outputs: ["connection"] },
      {
        fn: (connection: Connection, least: number) => connection.rows.filter((row) => row >= least),
        name: "load",
        inputs: ["connection", "config.least"],
        outputs: ["rows"],
      },
    ], { config: { least }, ...cached(cache.path) });
  const warnings = await logged(() => pipeline(1).run());
  deepEqual(warnings, [
    'Pipeline "pipeline": "connection" stays in memory, not in the cache: it is an instance of class Connection',
  ]);
  deepEqual(statuses((await pipeline(1).run()).nodes), { connect: "skipped", load: "cached" });
  equal(connections, 1);
  deepEqual(pipeline(2).explain(), [
    { node: "connect", status: "run", reason: '"connection" cannot be kept on the disk, and node "load" needs it' },
    { node: "load", status: "run", reason: '"config.least" has changed' },
  ]);
  await logged(async () => deepEqual(statuses((await pipeline(2).run()).nodes), { connect: "run", load: "run" }));
  equal(connections, 2);
  // What is left out, but cannot be on the disk, is made anew all the same.
  await logged(async () => {
    const { nodes } = await pipeline(3).run({ from: "load" });
    deepEqual(statuses(nodes), { connect: "run", load: "run" });
  });
  equal(connections, 3);
});

Deno.test("A result that cannot be stored is made by every run", async () => {
  using cache = temporaryCache();
  const pipeline = quietPipeline([
    { fn: () => [1, 2], name: "fit", outputs: ["weights"] },
    { fn: (weights: number[]) => () => weights.length, name: "wrap", inputs: ["weights"], outputs: ["model"] },
  ], cached(cache.path));
  await logged(() => pipeline.run());
  const wrapped = pipeline.explain()[1];
  deepEqual(wrapped, { node: "wrap", status: "run", reason: '"model" cannot be kept on the disk, and is a result' });
  await logged(async () => deepEqual(statuses((await pipeline.run()).nodes), { fit: "cached", wrap: "run" }));
  equal((objectsOf(pipeline).model as () => number)(), 2);
});

Deno.test("A pipeline does not take what another has left in the same cache: a vanished producer is an error", async () => {
  using cache = temporaryCache();
  await example(cache.path).run();
  const predict: LinearNodeOptions = {
    fn: (model: number) => -model,
    name: "predict",
    inputs: ["model"],
    outputs: ["prediction"],
  };
  const later = quietPipeline([predict], cached(cache.path));
  await rejects(later.run(), /node "predict" needs "model": nobody provides it/);
  throws(() => later.explain(), DeclarationError);
});

Deno.test("What ran before a failure stays cached", async () => {
  using cache = temporaryCache();
  const pipeline = (isBroken: boolean) =>
    quietPipeline([
      { fn: () => [1, 2], name: "load", outputs: ["rows"] },
      {
        fn: (rows: number[]) => {
          if (isBroken) throw new Error("no");
          return rows.length;
        },
        name: "train",
        inputs: ["rows"],
        outputs: ["model"],
        version: isBroken,
      },
    ], cached(cache.path));
  await rejects(pipeline(true).run(), /Node "train"/);
  deepEqual(statuses((await pipeline(false).run()).nodes), { load: "cached", train: "run" });
});

Deno.test("Ignored inputs do not count for the cache", async () => {
  using cache = temporaryCache();
  const pipeline = (log: unknown) =>
    quietPipeline([{
      fn: (_: unknown, x: number) => x,
      name: "n",
      inputs: ["log", "x"],
      outputs: ["y"],
      ignore: ["log"],
    }], {
      runtime: { log, x: 1 },
      ...cached(cache.path),
    });
  await pipeline(() => 1).run();
  deepEqual(statuses(pipeline(() => 2).explain()), { n: "cached" });
});

Deno.test("A function whose source cannot be seen needs a version to be cached", async () => {
  using cache = temporaryCache();
  const bound = function (this: number, x: number) {
    return this + x;
  }.bind(5);
  const node = { fn: bound, name: "bound", inputs: ["x"], outputs: ["y"] };
  const settings = { runtime: { x: 1 }, ...cached(cache.path) };
  throws(() => quietPipeline([node], settings), DeclarationError);
  const partial = namedPartial(Reflect.get as (x: object, o: object) => unknown, "largest", {});
  throws(() => quietPipeline([{ fn: partial, inputs: ["x"], outputs: ["y"] }], settings), /"largest".*bound or native/);
  await quietPipeline([node], { runtime: { x: 1 } }).run();
  await quietPipeline([{ ...node, version: 1 }], settings).run();
  equal(objectsOf(quietPipeline([{ ...node, version: 1 }], settings)).y, 6);
});

Deno.test("A cache that is none is refused with its path", async () => {
  using cache = temporaryCache();
  Deno.writeTextFileSync(cache.path, "not a database, but a text that is long enough to be looked at".repeat(100));
  await rejects(example(cache.path).run(), new RegExp(`Cannot open cache "${cache.path}": file is not a database`));
  Deno.removeSync(cache.path);
  using database = new DatabaseSync(cache.path);
  database.exec("create table mine (x)");
  await rejects(example(cache.path).run(), /it is a database of something else/);
  throws(() => example(cache.path).openRegistry(), /it is a database of something else/);
  database.exec("pragma application_id = 1380797507; pragma user_version = 9");
  await rejects(
    example(cache.path).run(),
    /it was made by a newer Ringmill: its format is 9, this one reads 3 at most/,
  );
});

Deno.test("Values of every kind that can be stored come back as they were", async () => {
  using cache = temporaryCache();
  const buffer = new ArrayBuffer(64);
  const circle: Record<string, unknown> = { name: "circle" };
  circle.self = circle;
  const values: Record<string, unknown> = {
    numbers: [NaN, -0, Infinity, 2n ** 70n, -1.5],
    nothing: [null, undefined, , ""],
    when: new Date(5),
    pattern: /a+/gi,
    map: new Map<unknown, unknown>([[{ a: 1 }, new Set([1, "a"])]]),
    error: new RangeError("too loud", { cause: { code: 5 } }),
    circle,
    views: [new Uint8Array(buffer, 3, 5), new Float64Array(buffer, 8, 2), new DataView(buffer, 1, 9)],
    arrays: [Float16Array.of(1.5), BigInt64Array.of(-1n), Uint8ClampedArray.of(300), new Float32Array(0)],
    raw: Uint8Array.of(1, 2, 3).buffer,
    boxed: [Object(1), Object("a"), Object(true)],
    text: "😀 \ud83d",
  };
  const names = Object.keys(values);
  const pipeline = quietPipeline([{ fn: () => values, name: "make", version: 1, outputs: names }], cached(cache.path));
  const warnings = await logged(() => pipeline.run());
  deepEqual(warnings, []);
  const stored = objectsOf(pipeline);
  deepEqual(stored, Object.fromEntries(Object.entries(values).sort()));
  const views = stored.views as ArrayBufferView[];
  ok(views[0].buffer === views[1].buffer && views[1].buffer === views[2].buffer && views[0].buffer.byteLength === 64);
  deepEqual(views.map(({ byteOffset, byteLength }) => [byteOffset, byteLength]), [[3, 5], [8, 16], [1, 9]]);
});

Deno.test("Values that would not come back as they were are not stored", async () => {
  using cache = temporaryCache();
  class Model {
    predict() {}
  }
  const values: [unknown, string][] = [
    [() => 1, "it is a function"],
    [{ a: [{ b() {} }] }, `its ["a"][0]["b"] is a function`],
    [new Map([["key", Symbol("x")]]), `its ["key"] is a symbol`],
    [[new Model()], `its [0] is an instance of class Model`],
    [new Float64Array(new SharedArrayBuffer(8)), "it is an array in shared memory"],
    [new Uint8Array(new ArrayBuffer(8, { maxByteLength: 16 })), "it is a resizable or detached buffer"],
    [Object.assign(new Error("x"), { fn() {} }), `it is an error with a property of its own, "fn"`],
  ];
  for (const [value, reason] of values) {
    const pipeline = quietPipeline(
      [{ fn: () => value, name: "make", version: reason, outputs: ["x"] }],
      cached(cache.path),
    );
    const warnings = await logged(() => pipeline.run());
    deepEqual(warnings, [`Pipeline "pipeline": "x" stays in memory, not in the cache: ${reason}`]);
    using registry = pipeline.openRegistry();
    equal(registry.get("x"), value);
  }
});

Deno.test("Large values are stored in pieces", async () => {
  using cache = temporaryCache();
  const make = () => {
    const columns = { a: new Float64Array(1 << 20), b: new Uint8Array((4 << 20) + 1), c: new Int16Array(0) };
    for (let n = 0; n < columns.a.length; n++) columns.a[n] = n;
    columns.b[4 << 20] = 7;
    return columns;
  };
  const pipeline = quietPipeline([{ fn: make, outputs: ["columns"] }], cached(cache.path));
  const { nodes } = await pipeline.run();
  ok(nodes[0].storedBytes > 12 << 20);
  deepEqual(objectsOf(pipeline), { columns: make() });
});

Deno.test("A cache that a killed program has left empty is as good as none", async () => {
  using cache = temporaryCache();
  {
    using database = new DatabaseSync(cache.path);
    database.exec("pragma journal_mode = wal");
  }
  ok(Deno.statSync(cache.path).size > 0);
  deepEqual(statuses(example(cache.path).explain()), ALL_RUN);
  deepEqual(statuses((await example(cache.path).run()).nodes), ALL_RUN);
  deepEqual(statuses(example(cache.path).explain()), ALL_CACHED);
});

Deno.test("A cache whose folder cannot be made is refused with its path", async () => {
  using cache = temporaryCache();
  Deno.writeTextFileSync(cache.path, "a file");
  await rejects(
    example(`${cache.path}/in/cache.db`).run(),
    /^Error: Cannot open cache ".*\/in\/cache.db": .*directory/,
  );
});

Deno.test("An output that no function can tell from the one before counts as the same, however it was made", async () => {
  const bitByBit = () => {
    const array = new Array(3);
    array[0] = 1;
    array[1] = 2;
    array[2] = { a: 3 };
    return array;
  };
  const fromDoubles = () => {
    const array: unknown[] = [1.5, 2.5, { a: 3.5 }];
    (array[2] as { a: number }).a = 3;
    array[0] = 1;
    array[1] = 2;
    return array;
  };
  const shared = { a: 3 };
  const cases: readonly (readonly [fn: () => unknown, status: string])[] = [
    [() => [1, 2, { a: 3 }], "run"],
    [bitByBit, "cached"],
    [fromDoubles, "cached"],
    [() => [1, 2, { a: -0 }], "run"],
    [() => [1, 2, { a: 0 }], "run"],
    [() => [1, , 2], "run"],
    [() => [1, undefined, 2], "run"],
    [() => [{ a: 3 }, { a: 3 }], "run"],
    [() => [shared, shared], "run"],
    [() => "[1, 2, 3]", "run"],
  ];
  using cache = temporaryCache();
  for (const [make, status] of cases) {
    const nodes = [
      { name: "make", fn: make, outputs: ["x"], version: `${make}` },
      { name: "take", fn: (x: unknown) => Deno.inspect(x), inputs: ["x"], outputs: ["y"] },
    ];
    const { nodes: [, take], results } = await quietPipeline(nodes, cached(cache.path)).run();
    equal(take.status, status, `${make}`);
    equal(results.y, Deno.inspect(make()));
  }
});

Deno.test("LinearPipeline.openRegistry() does not list what is over the limits of the cache, or was pruned", async () => {
  for (const maxBytes of [0, 1_000_000]) {
    using cache = temporaryCache();
    const pipeline = quietPipeline([
      { name: "load", fn: () => [1], outputs: ["rows"] },
      { name: "count", fn: (rows: number[]) => rows.length, inputs: ["rows"], outputs: ["n"] },
    ], { ...cached(cache.path), maxBytes });
    equal((await pipeline.run()).results.n, 1);
    await pipeline.prune({ maxBytes: 0 });
    using registry = pipeline.openRegistry();
    deepEqual(registry.placement, {});
    throws(() => registry.get("rows"), /Cannot find "rows" .*: it is not in the cache any more/);
  }
});
