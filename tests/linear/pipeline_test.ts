import { DeclarationError, LifecycleError, UnknownNameError } from "@ringmill/ringmill";
import { LinearNode, LinearNodeError, type LinearNodeOptions, LinearPipeline } from "@ringmill/ringmill/linear";
import { deepEqual, equal, match, notEqual, ok, rejects, throws } from "node:assert/strict";
import { cached, objectsOf, quietPipeline, statuses, temporaryCache } from "./_helpers.ts";

const add = (a: number, b: number) => a + b;
const sum: LinearNodeOptions = { fn: add, name: "sum", inputs: ["x", "y"], outputs: ["total"] };
const double: LinearNodeOptions = { fn: (n: number) => 2 * n, name: "double", inputs: ["total"], outputs: ["doubled"] };

Deno.test("LinearPipeline.run() runs the nodes in their order, on constants, configuration and outputs", async () => {
  const order: string[] = [];
  const scale = (n: number, { by }: { by: number }, offset: number) => (order.push("scale"), n * by + offset);
  const pipeline = quietPipeline([
    { ...sum, fn: (a: number, b: number) => (order.push("sum"), a + b) },
    { fn: scale, inputs: ["total", "config.scale", "config.deep.offset"], outputs: ["scaled"] },
    { fn: (config: unknown) => (order.push("dump"), config), name: "dump", inputs: ["config"], outputs: ["dumped"] },
  ], { runtime: { x: 2, y: 3 }, config: { scale: { by: 10 }, deep: { offset: 1 } } });
  const { nodes } = await pipeline.run();
  deepEqual(order, ["sum", "scale", "dump"]);
  deepEqual(statuses(nodes), { sum: "run", scale: "run", dump: "run" });
  deepEqual(objectsOf(pipeline), { x: 2, y: 3, scaled: 51, dumped: { scale: { by: 10 }, deep: { offset: 1 } } });
});

Deno.test("LinearPipeline.run() awaits async functions, and takes several outputs from an array or an object", async () => {
  const pipeline = quietPipeline([
    { fn: async () => (await Promise.resolve(), [1, 2]), name: "array", outputs: ["a", "b"] },
    { fn: (a: number, b: number) => ({ d: b, c: a }), name: "object", inputs: ["a", "b"], outputs: ["c", "d"] },
    { fn: () => Promise.resolve([1, 2]), name: "single", outputs: ["e"] },
    { fn: () => 7, name: "none" },
  ]);
  await pipeline.run();
  deepEqual(objectsOf(pipeline), { c: 1, d: 2, e: [1, 2] });
});

Deno.test("LinearPipeline takes the configuration from objects of any kind", async () => {
  class Settings {
    window = 5;
    get twice() {
      return 2 * this.window;
    }
  }
  const pipeline = quietPipeline([
    { fn: add, inputs: ["config.window", "config.twice"], outputs: ["total"] },
  ], { config: new Settings() });
  await pipeline.run();
  deepEqual(objectsOf(pipeline), { total: 15 });
});

Deno.test("LinearPipeline.run() names node and both numbers when a function returns a wrong count of outputs", async () => {
  const cases: [LinearNodeOptions, RegExp][] = [
    [{ fn: () => [1, 2, 3], name: "n", outputs: ["a", "b"] }, /"n".*2 outputs \("a", "b"\), but returned 3 values/],
    [{ fn: () => ({ a: 1 }), name: "n", outputs: ["a", "b"] }, /2 outputs \("a", "b"\), but returned 1 value \("a"\)/],
    [{ fn: () => ({ a: 1, c: 2 }), name: "n", outputs: ["a", "b"] }, /but returned 2 values \("a", "c"\)/],
    [{ fn: () => 5, name: "n", outputs: ["a", "b"] }, /neither an array nor an object, received 5/],
    [{ fn: () => new Float64Array(2), name: "n", outputs: ["a", "b"] }, /neither an array nor an object/],
    [{ fn: () => {}, name: "n", outputs: ["a"] }, /1 output \("a"\), but returned 0 values/],
  ];
  for (const [node, message] of cases) await rejects(quietPipeline([node]).run(), message);
});

Deno.test("LinearPipeline.run() refuses inputs that nobody provides, before anything runs, and suggests near names", async () => {
  let calls = 0;
  const count: LinearNodeOptions = { fn: () => ++calls, name: "count", outputs: ["features"] };
  const needing = (...inputs: string[]) =>
    quietPipeline([count, { fn: () => 0, name: "train", inputs }], { config: { window: 1 }, runtime: { data: 1 } })
      .run();
  await rejects(needing("fetures"), /node "train" needs "fetures": nobody provides it; did you mean "features"\?/);
  await rejects(needing("dta"), /did you mean "data"\?/);
  await rejects(needing("confg"), /did you mean "config"\?/);
  await rejects(needing("config.windw"), /config has no "windw"; did you mean "config.window"\?/);
  await rejects(needing("config.window.size"), /config.window is 1, which has no "size"/);
  await rejects(needing("unlike", "anything"), /needs "unlike": nobody provides it; node "train" needs "anything"/);
  await rejects(needing("unlike"), DeclarationError);
  const late = quietPipeline([{ fn: () => 0, name: "early", inputs: ["features"] }, count]);
  await rejects(late.run(), /node "early" needs "features": node "count", which provides it, does not come before/);
  const self = quietPipeline([{ fn: add, name: "self", inputs: ["total"], outputs: ["total"] }]);
  await rejects(self.run(), /node "self", which provides it, does not come before/);
  await rejects(quietPipeline([{ fn: add, inputs: ["config"] }]).run(), /the pipeline has no config/);
  equal(calls, 0);
});

Deno.test("LinearPipeline refuses names that stand for two objects", async () => {
  throws(
    () => quietPipeline([sum, { ...sum, name: "again" }]),
    /"total" is an output of both node "sum" and node "again"/,
  );
  throws(
    () => quietPipeline([sum], { runtime: { total: 1 } }),
    /"total" is both a runtime constant and an output of node/,
  );
  throws(() => quietPipeline([sum, { ...double, name: "sum" }]), /two nodes are named "sum"/);
  throws(() => quietPipeline([], { runtime: { "config.x": 1 } }), /"config.x" has a name of the configuration/);
  throws(() => quietPipeline([sum, sum]), DeclarationError);
  using cache = temporaryCache();
  await quietPipeline([sum], { runtime: { x: 1, y: 2 }, ...cached(cache.path) }).run();
  const colliding = quietPipeline([double], { runtime: { total: 5 }, ...cached(cache.path) });
  const message = /pipeline "pipeline": "total" is both a runtime constant and an object in the cache/;
  await rejects(colliding.run(), message);
  throws(() => colliding.explain(), message);
  throws(() => colliding.openRegistry(), message);
});

Deno.test("LinearNode and LinearPipeline refuse options of the wrong kind", () => {
  const work = () => {};
  const fn = work;
  // deno-lint-ignore no-explicit-any
  const cases: [any, RegExp][] = [
    [null, /options must be an object, received null/],
    [{}, /fn must be a function, received undefined/],
    [{ name: "n" }, /Cannot make node "n": fn must be a function, received undefined/],
    [{ fn, output: ["x"] }, /Cannot make node "work": there is no option "output"; did you mean "outputs"\?/],
    [{ fn, maxAgeMs: -1 }, /maxAgeMs must be a number of milliseconds, 0 or more, received -1/],
    [{ fn, inputs: ["x"], share: ["y"] }, /it shares "y", which is none of its inputs/],
    [{ fn, outputs: ["x"], codec: {}, name: "n", ignoreSource: true }, /ignoreSource needs a version/],
    [{ fn, outputs: ["x"], codec: { encode: fn } }, /output "encode": its options must be an object/],
    [{ fn: () => {} }, /its function has no name of its own, give it the option name/],
    [{ fn, name: 5 }, /name must be a text that is not empty, received 5/],
    [{ fn, inputs: "x" }, /"work": inputs must be an array of names and declared inputs, received "x"/],
    [{ fn, outputs: [""] }, /outputs must be an array of names/],
    [{ fn, outputs: ["a", "a"] }, /has the output "a" twice/],
    [{ fn, outputs: ["config.a"] }, /the output "config.a" has a name of the configuration/],
    [{ fn, profile: "yes" }, /profile must be true or false, or one of worker, received "yes"/],
    [{ fn, ignore: ["x"] }, /ignores "x", which is none of its inputs/],
  ];
  for (const [options, message] of cases) {
    throws(() => new LinearNode(options), message);
  }
  // deno-lint-ignore no-explicit-any
  const pipeline = (options: any) => () => new LinearPipeline({ name: "p", nodes: [], ...options });
  throws(() => new LinearPipeline(undefined as never), /options must be an object, received undefined/);
  throws(pipeline({ nodes: [sum] }), /"p": nodes must be an array of LinearNode|nodes must be/);
  throws(() => new LinearPipeline({ nodes: [] } as never), /its name must be a text, received undefined/);
  throws(pipeline({ cachePth: "x" }), /there is no option "cachePth"; did you mean "cachePath"\?/);
  throws(pipeline({ cachePath: "x" }), /it has a cachePath, but does not set usePersistentCache/);
  throws(pipeline({ usePersistentCache: true, cachePath: ":memory:" }), /must be the path or URL of a file/);
  throws(pipeline({ usePersistentCache: true, cachePath: "https://a/b" }), /must be the path or URL of a file/);
  throws(pipeline({ maxBytes: 1.5 }), RangeError);
  throws(pipeline({ name: "" }), /name must be a text that is not empty, received ""/);
  throws(pipeline({ runtime: 5 }), /runtime must be an object, received 5/);
  throws(pipeline({ cachePath: 5 }), /cachePath must be a path or URL, received 5/);
  throws(pipeline({ signal: true }), /signal must be an AbortSignal, received true/);
});

Deno.test("LinearPipeline.run() reports a failure with pipeline, node, inputs and cause", async () => {
  const cause = new RangeError("too loud");
  const fail = () => {
    throw cause;
  };
  for (const fn of [fail, () => Promise.reject(cause)]) {
    const pipeline = quietPipeline(
      [sum, { fn, name: "train", inputs: ["total", "config.depth"], outputs: ["model"] }],
      {
        name: "features",
        runtime: { x: 1, y: 2 },
        config: { depth: 3 },
      },
    );
    await rejects(pipeline.run(), (error: LinearNodeError) => {
      ok(error instanceof LinearNodeError);
      deepEqual([error.pipeline, error.node, error.inputs], ["features", "train", ["total", "config.depth"]]);
      equal(error.cause, cause);
      equal(
        error.message,
        'Node "train" of pipeline "features" failed: RangeError: too loud; its inputs were "total", "config.depth"; ' +
          "run({ resume: true }) goes on from here",
      );
      return true;
    });
  }
});

Deno.test("A node function gets its inputs for itself: what it does to them changes nothing else", async () => {
  const spoil = (list: number[]) => list.splice(0).length;
  const config = { list: [1, 2, 3] };
  const data = [4, 5];
  const pipeline = quietPipeline([
    { fn: () => [7, 8, 9], name: "make", outputs: ["made"] },
    { fn: spoil, name: "spoil config", inputs: ["config.list"], outputs: ["a"] },
    { fn: spoil, name: "spoil data", inputs: ["data"], outputs: ["b"] },
    { fn: spoil, name: "spoil made", inputs: ["made"], outputs: ["c"] },
    {
      fn: (one: number[], two: number[]) => [one.splice(0).length, two.length],
      name: "twice",
      inputs: ["made", "made"],
      outputs: ["d", "e"],
    },
    { fn: (...all: unknown[]) => all, name: "last", inputs: ["config.list", "data", "made"], outputs: ["rest"] },
  ], { config, runtime: { data } });
  for (let run = 0; run < 2; run++) {
    await pipeline.run();
    const { a, b, c, d, e, rest } = objectsOf(pipeline);
    deepEqual([a, b, c, d, e], [3, 2, 3, 3, 3]);
    deepEqual(rest, [[1, 2, 3], [4, 5], [7, 8, 9]]);
  }
  deepEqual([config.list.length, data.length], [3, 2]);
});

Deno.test("A node gets a copy of what a function has returned, unless it shares it", async () => {
  const own = { id: 1 };
  const pipeline = quietPipeline([
    { fn: () => own, name: "make", outputs: ["made"] },
    { fn: (made: unknown) => made === own, name: "share", inputs: ["made"], outputs: ["isShared"], share: true },
    { fn: (made: { id: number }) => made.id = 99, name: "spoil", inputs: ["made"], outputs: ["spoilt"] },
  ]);
  const { results } = await pipeline.run();
  deepEqual({ ...results }, { isShared: true, spoilt: 99 });
  equal(own.id, 1);
});

Deno.test("A node function shares what cannot be copied", async () => {
  class Connection {
    #secret = 5;
    ask = () => this.#secret;
  }
  const pipeline = quietPipeline([
    { fn: () => new Connection(), name: "connect", outputs: ["connection"] },
    {
      fn: (one: Connection, two: Connection) => one === two && one.ask(),
      name: "ask",
      inputs: ["connection", "connection"],
      outputs: ["answer"],
    },
  ]);
  await pipeline.run();
  deepEqual(objectsOf(pipeline), { answer: 5 });
});

Deno.test("LinearPipeline.run() with from and to runs a part, on what earlier runs have kept", async () => {
  const pipeline = quietPipeline([sum, double, {
    fn: (n: number) => n + 1,
    name: "increment",
    inputs: ["doubled"],
    outputs: ["last"],
  }], { runtime: { x: 1, y: 2 } });
  await rejects(
    pipeline.run({ from: "increment" }),
    /node "increment" needs "doubled": node "double", which provides it, is left out of this run, and no earlier run/,
  );
  deepEqual(statuses((await pipeline.run({ to: "double" })).nodes), { sum: "run", double: "run" });
  for (let time = 0; time < 2; time++) {
    deepEqual(statuses((await pipeline.run({ from: "increment" })).nodes), { increment: "run" });
    equal(objectsOf(pipeline).last, 7);
  }
  deepEqual(statuses((await pipeline.run({ from: "sum", to: "sum" })).nodes), { sum: "run" });
  await rejects(pipeline.run({ from: "incremnt" }), /Cannot find node "incremnt".*did you mean "increment"\?/);
  await rejects(pipeline.run({ to: "no" }), UnknownNameError);
  await rejects(pipeline.run({ force: "no" }), UnknownNameError);
  await rejects(pipeline.run({ from: "increment", to: "sum" }), /to node "sum", which is before it/);
  await rejects(pipeline.run({ from: "double", force: ["sum"] }), DeclarationError);
});

Deno.test("LinearPipeline.run() can be called again, but not while it runs", async () => {
  let runs = 0;
  const pipeline = quietPipeline([{ fn: () => Promise.resolve(++runs), name: "count", outputs: ["runs"] }]);
  const first = pipeline.run();
  await rejects(pipeline.run(), LifecycleError);
  await first;
  await pipeline.run();
  deepEqual(objectsOf(pipeline), { runs: 2 });
  await quietPipeline([]).run();
});

Deno.test("LinearPipeline.run() stops before the next node when its signal is aborted, by a timer as well", async () => {
  const controller = new AbortController();
  let calls = 0;
  const busy = () => {
    calls++;
    for (const end = performance.now() + 30; performance.now() < end;);
    return calls;
  };
  const nodes = Array.from({ length: 50 }, (_, n) => ({ fn: busy, name: `busy${n}`, outputs: [`o${n}`] }));
  const pipeline = quietPipeline(nodes, { signal: controller.signal });
  setTimeout(() => controller.abort(new Error("enough")), 60);
  await rejects(pipeline.run(), /enough/);
  ok(calls > 0 && calls < 50);
  await rejects(pipeline.run(), /enough/);
});

Deno.test("Registry shows names, placement and sizes, hands out copies, and closes", async () => {
  using cache = temporaryCache();
  const nodes: LinearNodeOptions[] = [
    { fn: () => Float64Array.of(1, 2, 3), name: "load", outputs: ["rows"] },
    { fn: () => () => 5, name: "model", outputs: ["predict"] },
  ];
  const settings = { runtime: { limit: 7, when: new Date(0) }, ...cached(cache.path) };
  const pipeline = quietPipeline(nodes, settings);
  equal(pipeline.openRegistry().has("rows"), false);
  const { warn } = console;
  console.warn = () => {};
  await pipeline.run().finally(() => console.warn = warn);
  const registry = pipeline.openRegistry();
  deepEqual(registry.placement, { limit: "runtime", when: "runtime", rows: "disk", predict: "memory" });
  deepEqual(registry.names, ["limit", "when", "rows", "predict"]);
  deepEqual(registry.get("rows"), Float64Array.of(1, 2, 3));
  notEqual(registry.get("when"), settings.runtime.when);
  equal((registry.get("predict") as () => number)(), 5);
  ok(registry.size("rows")! >= 24);
  ok(registry.size("limit")! > 0);
  equal(registry.size("predict"), null);
  throws(() => registry.get("row"), /Cannot find "row" in the registry of pipeline "pipeline"; did you mean "rows"\?/);
  throws(
    () => registry.get("nothing"),
    /Cannot find "nothing" in the registry of pipeline "pipeline"; it has .*"rows"/,
  );
  throws(() => registry.size("nothing like it"), UnknownNameError);
  registry.close();
  registry.close();
  throws(() => registry.get("rows"), LifecycleError);
  throws(() => registry.names, LifecycleError);
  // A later program sees what is on the disk.
  using later = quietPipeline(nodes, settings).openRegistry();
  deepEqual(later.placement, { limit: "runtime", when: "runtime", rows: "disk" });
});

Deno.test("A run releases what no later node takes", async () => {
  const pipeline = quietPipeline([
    sum,
    double,
    { fn: () => 1, name: "aside", outputs: ["untaken"] },
  ], { runtime: { x: 1, y: 2 } });
  await pipeline.run();
  using registry = pipeline.openRegistry();
  deepEqual(registry.placement, { x: "runtime", y: "runtime", doubled: "memory", untaken: "memory" });
});

Deno.test("LinearPipeline.concat() keeps the order and merges constants and configuration", async () => {
  const one = quietPipeline([sum], { name: "one", runtime: { x: 1, y: 2 }, config: { a: { b: 1 }, same: [1] } });
  const two = quietPipeline([double, {
    fn: add,
    name: "apply",
    inputs: ["config.a.b", "config.a.c"],
    outputs: ["abc"],
  }], {
    runtime: { z: 5, y: 2 },
    config: { a: { c: 10 }, same: [1] },
  });
  const both = one.concat(two);
  equal(both.name, "one");
  deepEqual(both.nodes.map(({ name }) => name), ["sum", "double", "apply"]);
  await both.run();
  deepEqual(objectsOf(both), { x: 1, y: 2, z: 5, doubled: 6, abc: 11 });
  deepEqual([one.nodes.length, two.nodes.length], [1, 2]);
});

Deno.test("LinearPipeline.concat() refuses colliding outputs, constants and configuration", () => {
  const one = quietPipeline([sum], { name: "one", runtime: { x: 1 }, config: { a: { b: 1 } } });
  throws(() => one.concat(quietPipeline([{ ...sum, name: "other" }])), /"total" is an output of both node "sum" and/);
  throws(
    () => one.concat(quietPipeline([double], { runtime: { total: 1 } })),
    /"total" is both a runtime constant and/,
  );
  throws(
    () => one.concat(quietPipeline([], { name: "two", runtime: { x: 2 } })),
    /Cannot append pipeline "two" to "one": they have different values of runtime.x/,
  );
  throws(() => one.concat(quietPipeline([], { config: { a: { b: 2 } } })), /different values of config.a.b/);
  throws(() => one.concat({} as never), TypeError);
});

Deno.test("LinearPipeline.concat() takes over cache, history and signals", async () => {
  using cache = temporaryCache();
  const stop = new AbortController();
  const one = quietPipeline([sum], { runtime: { x: 1, y: 2 }, signal: new AbortController().signal });
  const two = quietPipeline([double], { ...cached(cache.path), trackHistory: true, signal: stop.signal });
  const both = one.concat(two);
  await both.run();
  deepEqual(statuses(both.explain()), { sum: "cached", double: "cached" });
  equal(both.history.length, 2);
  stop.abort();
  await rejects(both.run());
  match(both.history.map(({ node }) => node).join(), /^sum,double$/);
});
