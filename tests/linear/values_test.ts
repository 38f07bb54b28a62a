/** Several values for a name, their limits, and codecs. */

import {
  type ClassCodec,
  jsonCodec,
  LinearNode,
  type LinearNodeOptions,
  LinearPipeline,
  type ValueCodec,
} from "@ringmill/ringmill/linear";
import { deepEqual, equal, match, notEqual, ok, rejects, throws } from "node:assert/strict";
import { Buffer } from "node:buffer";
import { existsSync } from "node:fs";
import { VIEWS } from "../../src/worker/typed_arrays.ts";
import { cached, logged, quietPipeline, statuses, temporaryCache } from "./_helpers.ts";

/** Bytes of a cache on the disk. */
function sizeOf(path: string): number {
  const files = existsSync(`${path}.values`) ? [...Deno.readDirSync(`${path}.values`)] : [];
  const all = [path, `${path}-wal`, ...files.map(({ name }) => `${path}.values/${name}`)].filter(existsSync);
  return all.reduce((sum, file) => sum + Deno.statSync(file).size, 0);
}

const array = (n: number, length: number) => new Float64Array(length).fill(n);

function variant(path: string, n: number, { length = 12_500, settings = {}, output = "rows" } = {}) {
  return quietPipeline([
    { name: "make", fn: array, inputs: ["config.n", "config.length"], outputs: [output] },
    { name: "sum", fn: (rows: Float64Array) => rows[0] * rows.length, inputs: [output], outputs: ["sum"] },
  ], { ...cached(path), config: { n, length }, ...settings });
}

Deno.test("Several values are kept for a name: going back to a configuration costs nothing", async () => {
  using cache = temporaryCache();
  for (const n of [1, 2, 3]) {
    deepEqual(statuses((await variant(cache.path, n).run()).nodes), { make: "run", sum: "run" });
  }
  for (const n of [1, 3, 2, 1]) {
    const { nodes, results } = await variant(cache.path, n).run();
    deepEqual(statuses(nodes), { make: "cached", sum: "cached" });
    equal(results.sum, n * 12_500);
  }
});

Deno.test("Equal values are stored once", async () => {
  using cache = temporaryCache();
  const pipeline = (k: number) =>
    quietPipeline([{ name: "make", fn: () => array(1, 200_000), inputs: ["config.k"], outputs: ["rows"] }], {
      ...cached(cache.path),
      config: { k },
    });
  for (let k = 0; k < 5; k++) await pipeline(k).run();
  equal([...Deno.readDirSync(`${cache.path}.values`)].length, 1);
});

Deno.test("maxBytes: the least recently used values go, and the file shrinks", async () => {
  for (const length of [12_500, 200_000]) {
    using cache = temporaryCache();
    const settings = { maxBytes: 5 * 8 * length };
    for (let n = 0; n < 12; n++) {
      await variant(cache.path, n, { length, settings }).run();
      // Used again and again, the first one stays.
      await variant(cache.path, 0, { length, settings }).run();
    }
    ok(sizeOf(cache.path) < settings.maxBytes + 600_000, `${sizeOf(cache.path)}`);
    const isCached = (n: number) => variant(cache.path, n, { length }).explain()[0].status === "cached";
    deepEqual([0, 1, 2, 11].map(isCached), [true, false, false, true]);
  }
});

Deno.test("maxBytes that is less than one run leaves nothing behind, and results are right", async () => {
  using cache = temporaryCache();
  const settings = { maxBytes: 0 };
  for (let time = 0; time < 2; time++) {
    const { nodes, results } = await variant(cache.path, 1, { length: 200_000, settings }).run();
    deepEqual([statuses(nodes), results.sum], [{ make: "run", sum: "run" }, 200_000]);
  }
  equal([...Deno.readDirSync(`${cache.path}.values`)].length, 0);
});

Deno.test("maxUnusedMs: what no run has used for so long goes, an output that was renamed, too", async () => {
  using cache = temporaryCache();
  const { now } = Date;
  try {
    for (let day = 0; day < 40; day++) {
      Date.now = () => 1e12 + day * 86_400_000;
      await variant(cache.path, day, { output: `rows_${day}` }).run();
      await variant(cache.path, 0, { output: "rows_0" }).run();
    }
    equal(variant(cache.path, 0, { output: "rows_0" }).explain()[0].status, "cached");
    equal(variant(cache.path, 9, { output: "rows_9" }).explain()[0].status, "cached");
    equal(variant(cache.path, 8, { output: "rows_8" }).explain()[0].status, "run");
  } finally {
    Date.now = now;
  }
});

Deno.test("LinearPipeline.prune() and clear() remove values, and give the disk back what they took", async () => {
  for (const length of [12_500, 200_000]) {
    using cache = temporaryCache();
    for (let n = 0; n < 20; n++) await variant(cache.path, n, { length }).run();
    const before = sizeOf(cache.path);
    const pipeline = variant(cache.path, 19, { length });
    const report = await pipeline.prune({ maxBytes: 3.5 * 8 * length });
    ok(report.removedValues >= 16 && report.removedBytes > 16 * 8 * length, Deno.inspect(report));
    ok(report.keptBytes <= 3.5 * 8 * length);
    ok(sizeOf(cache.path) < before / 4, `${sizeOf(cache.path)} of ${before}`);
    equal(pipeline.explain()[0].status, "cached");
    equal((await pipeline.prune()).removedValues, 0);
    await pipeline.clear();
    ok(sizeOf(cache.path) < 150_000, `${sizeOf(cache.path)}`);
    deepEqual([pipeline.explain()[0].status, pipeline.history.length, existsSync(`${cache.path}.values`)], [
      "run",
      0,
      false,
    ]);
    equal((await pipeline.run()).nodes[0].status, "run");
  }
  const without = quietPipeline([{ name: "n", fn: () => 1, outputs: ["y"] }]);
  deepEqual(await without.prune(), { removedValues: 0, removedBytes: 0, keptBytes: 0 });
  await without.clear();
  await rejects(without.prune({ maxBytes: -1 }), RangeError);
  await rejects(without.prune({ maxByte: 1 } as never), /did you mean "maxBytes"\?/);
});

Deno.test("LinearPipeline.prune() removes files that belong to no value, once they are old", async () => {
  using cache = temporaryCache();
  const pipeline = variant(cache.path, 1, { length: 200_000 });
  await pipeline.run();
  const [young, old] = ["young", "old"].map((name) => `${cache.path}.values/${name}`);
  for (const file of [young, old]) Deno.writeTextFileSync(file, "x");
  Deno.utimeSync(old, new Date(0), new Date(0));
  await pipeline.prune();
  deepEqual([existsSync(young), existsSync(old), pipeline.explain()[0].status], [true, false, "cached"]);
});

Deno.test("The history keeps a value once, however often, and gives it back when it is forgotten", async () => {
  using cache = temporaryCache();
  const settings = { trackHistory: true };
  for (let n = 0; n < 5; n++) await variant(cache.path, n, { length: 200_000, settings }).run();
  equal([...Deno.readDirSync(`${cache.path}.values`)].length, 5);
  const pipeline = variant(cache.path, 4, { length: 200_000, settings });
  const { history } = pipeline;
  deepEqual(history.length, 10);
  deepEqual((history[0].outputs.rows as Float64Array).length, 200_000);
  equal((history[9].inputs.rows as Float64Array)[0], 4);
  await pipeline.prune({ maxBytes: 0 });
  equal([...Deno.readDirSync(`${cache.path}.values`)].length, 0);
  equal(pipeline.history.length, 10);
  await pipeline.clearHistory();
  deepEqual(pipeline.history, []);
});

Deno.test("A few elements of a large array are stored without the others", async () => {
  using cache = temporaryCache();
  const pipeline = () =>
    quietPipeline([{
      name: "head",
      fn: () => {
        const all = Float64Array.from({ length: 1e6 }, (_, n) => n);
        return [all.subarray(5, 8), all.subarray(500_000, 500_002)];
      },
      outputs: ["head", "middle"],
    }], cached(cache.path));
  const { nodes } = await pipeline().run();
  ok(nodes[0].storedBytes < 2000, `${nodes[0].storedBytes}`);
  deepEqual({ ...(await pipeline().run()).results }, {
    head: Float64Array.of(5, 6, 7),
    middle: Float64Array.of(500_000, 500_001),
  });
});

class Model {
  #weight: number;
  constructor(weight: number) {
    this.#weight = weight;
  }
  predict(x: number): number {
    return x * this.#weight;
  }
  get weight(): number {
    return this.#weight;
  }
  toJSON() {
    return { weight: this.#weight, url: new URL("https://a"), at: Float64Array.of(this.#weight) };
  }
  static load({ weight }: { weight: number }): Model {
    return new Model(weight);
  }
}

const nodeCodec: ValueCodec<Model> = {
  encode: ({ weight }) => [weight, new Uint8Array(3)],
  decode: (data) => new Model((data as number[])[0]),
};

function training(path: string, more: Partial<LinearNodeOptions>, codecs?: ClassCodec[]) {
  return quietPipeline([
    { name: "train", fn: () => new Model(3), version: 1, outputs: ["model"], ...more },
    { name: "score", fn: (model: Model) => model.predict(2), inputs: ["model"], outputs: ["score"] },
    { name: "again", fn: (model: Model) => model.predict(3), inputs: ["model"], outputs: ["again"] },
  ], { ...cached(path), codecs });
}

Deno.test("A codec, of a node or a class, keeps trained models; a model can be had after the run", async () => {
  const codecs: [Partial<LinearNodeOptions>, ClassCodec[] | undefined][] = [
    [{ codec: nodeCodec }, undefined],
    [{ codec: { model: nodeCodec } }, undefined],
    [{ codec: jsonCodec(Model.load) }, undefined],
    [{}, [{ class: Model, ...nodeCodec }]],
    [{}, [{ class: Model, ...jsonCodec(Model.load) }]],
  ];
  for (const [more, classes] of codecs) {
    using cache = temporaryCache();
    const lines = await logged(async () => {
      deepEqual({ ...(await training(cache.path, more, classes).run()).results }, { score: 6, again: 9 });
    });
    deepEqual(lines, []);
    const later = training(cache.path, more, classes);
    const { nodes, results } = await later.run();
    deepEqual(statuses(nodes), { train: "cached", score: "cached", again: "cached" });
    equal((results.model as Model).predict(10), 30);
    using registry = later.openRegistry();
    equal((registry.get("model") as Model).predict(1), 3);
    equal(registry.placement.model, "disk");
  }
});

Deno.test("A class's codec reaches instances wherever they are: in constants, outputs, copies and the history", async () => {
  using cache = temporaryCache();
  const codecs = [{ class: Model, ...nodeCodec }];
  const make = (weight: number) =>
    quietPipeline([
      {
        name: "wrap",
        fn: (model: Model) => ({
          best: model,
          all: new Map([["a", [model, new Model(1)]]]),
          when: Temporal.PlainDate.from("2026-01-02"),
        }),
        inputs: ["model"],
        outputs: ["models"],
      },
      {
        name: "use",
        fn: (models: { best: Model; all: Map<string, Model[]> }) =>
          models.best === models.all.get("a")![0] && models.best.predict(1),
        inputs: ["models"],
        outputs: ["y"],
      },
    ], { ...cached(cache.path), codecs, runtime: { model: new Model(weight) }, trackHistory: true });
  equal((await make(5).run()).results.y, 5);
  deepEqual(statuses(make(5).explain()), { wrap: "cached", use: "cached" });
  equal((await make(6).run()).results.y, 6);
  const { models } = (await make(6).run()).results as { models: { when: Temporal.PlainDate } };
  equal(String(models.when), "2026-01-02");
});

Deno.test("A new version of a codec makes its values anew; one that fails keeps them in memory", async () => {
  using cache = temporaryCache();
  await training(cache.path, { codec: { ...nodeCodec, version: 1 } }).run();
  equal(training(cache.path, { codec: { ...nodeCodec, version: 2 } }).explain()[0].reason, "its codec has changed");
  const classOf = (version: number) => [{ class: Model, ...nodeCodec, version }];
  await training(cache.path, {}, classOf(1)).run();
  const lines = await logged(async () => {
    const pipeline = training(cache.path, { keep: true }, classOf(2));
    equal(((await pipeline.run()).results.model as Model).predict(1), 3);
  });
  match(lines.join(), /it was written by codec "class Model 1", which is not there: it is made anew/);
  const fail = () => {
    throw new Error("no room");
  };
  const warnings = await logged(async () => {
    const { results } = await training(cache.path, { version: 7, codec: { encode: fail, decode: fail } }).run();
    deepEqual([results.score, results.again], [6, 9]);
  });
  match(warnings.join(), /"model" stays in memory, not in the cache: no room/);
  const bad = await logged(() =>
    training(cache.path, { version: 8, codec: { encode: (x) => x, decode: (x) => x as Model } }).run()
  );
  match(bad.join(), /codec "node train" returned the value itself, not data that stands for it/);
});

Deno.test("What comes with the runtime is kept: URL, URLSearchParams, Temporal, Buffer", async () => {
  using cache = temporaryCache();
  const make = () => ({
    url: new URL("https://a/b?c=1#d"),
    params: new URLSearchParams("a=1&a=2"),
    instant: Temporal.Instant.from("2026-01-02T03:04:05.678901234Z"),
    zoned: Temporal.ZonedDateTime.from("2026-01-02T03:04:05+01:00[Europe/Paris]"),
    duration: Temporal.Duration.from("P1DT2H"),
    buffer: Buffer.from("héllo"),
  });
  const pipeline = () => quietPipeline([{ name: "make", fn: make, outputs: ["all"] }], cached(cache.path));
  deepEqual(await logged(() => pipeline().run()), []);
  const { nodes, results } = await pipeline().run();
  equal(nodes[0].status, "cached");
  const all = results.all as ReturnType<typeof make>;
  for (const [name, value] of Object.entries(make())) equal(String(Reflect.get(all, name)), String(value), name);
  ok(all.url instanceof URL && Buffer.isBuffer(all.buffer) && all.zoned instanceof Temporal.ZonedDateTime);
});

Deno.test("Codecs are checked", () => {
  const fn = () => 1;
  const node = (codec: unknown, outputs = ["a"]) => () =>
    new LinearNode({ name: "n", fn, outputs, codec: codec as ValueCodec });
  throws(
    node({ encode: fn, decode: 5 }),
    /"n", output "encode": its options must be an object, received \[Function: fn\]/,
  );
  throws(node({ encode: fn, decode: fn, versoin: 1 }), /did you mean "version"\?/);
  throws(node({ b: { encode: fn, decode: fn } }), /it has a codec for "b", which is none of its outputs/);
  throws(node({ encode: fn, decode: fn }, ["a", "b"]), /it has 2 outputs; name those with codecs/);
  throws(
    () => new LinearPipeline({ name: "p", nodes: [], codecs: [{ encode: fn, decode: fn }] as never }),
    /class must be a function/,
  );
  throws(() => jsonCodec(5 as never), TypeError);
});

Deno.test("An array alone comes back from the cache, and is copied, as it was: of each class, and a part of a larger one", async () => {
  const buffer = Uint8Array.from({ length: 200_000 }, (_, n) => n % 251).buffer;
  const views: Record<string, ArrayBufferView> = {};
  for (const View of VIEWS as unknown as (typeof Uint8Array)[]) {
    for (const [start, length] of [[0, 0], [0, 16], [64, 3], [160_000, 8]]) {
      views[`${View.name}_${start}_${length}`] = new View(buffer, start, length);
    }
  }
  const names = Object.keys(views);
  using cache = temporaryCache();
  const run = async (take: (...all: ArrayBufferView[]) => void) => {
    const nodes = [{ name: "make", fn: () => views, outputs: names }, { name: "take", fn: take, inputs: names }];
    await quietPipeline(nodes, cached(cache.path)).run();
  };
  const check = (...all: ArrayBufferView[]) => {
    for (const [at, view] of all.entries()) {
      const expected = views[names[at]];
      equal(view.constructor, expected.constructor);
      equal(view.byteLength, expected.byteLength);
      notEqual(view.buffer, buffer);
      const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
        new Uint8Array(buffer, byteOffset, byteLength);
      deepEqual(bytesOf(view), bytesOf(expected), names[at]);
    }
  };
  await run(check);
  await run(check);
  await quietPipeline([{ name: "make", fn: () => views, outputs: names }, { name: "take", fn: check, inputs: names }])
    .run();
});
