import { deepEqual, equal, ok } from "node:assert/strict";
import { cached, quietPipeline, temporaryCache } from "./_helpers.ts";

class Model {
  weights = [1, 2];
}

function tracked(settings = {}) {
  return quietPipeline([
    {
      fn: (rows: number[], log: (text: string) => void) => (log("sorting"), rows.sort()),
      name: "sort",
      inputs: ["rows", "log"],
      outputs: ["sorted"],
      ignore: ["log"],
    },
    {
      fn: (sorted: number[]) => [sorted.length, new Model()],
      name: "fit",
      inputs: ["sorted"],
      outputs: ["count", "model"],
    },
    { fn: () => {}, name: "write", inputs: ["config.table"] },
  ], { runtime: { rows: [3, 1, 2], log: () => {} }, config: { table: "t" }, trackHistory: true, ...settings });
}

/** What each history of the pipeline above says, without the times. */
const EXPECTED = [
  { node: "sort", inputs: { rows: [3, 1, 2], log: "[Function: log]" }, outputs: { sorted: [1, 2, 3] } },
  { node: "fit", inputs: { sorted: [1, 2, 3] }, outputs: { count: 3, model: { weights: [1, 2] } } },
  { node: "write", inputs: { "config.table": "t" }, outputs: {} },
];

Deno.test("LinearPipeline.history has node, inputs, outputs, start and duration of each call, in deep copies", async () => {
  const pipeline = tracked();
  const start = Date.now();
  await pipeline.run();
  const { history } = pipeline;
  deepEqual(history.map(({ node, inputs, outputs }) => ({ node, inputs, outputs })), EXPECTED);
  for (const { startedAt, durationMs, memory } of history) {
    ok(startedAt.getTime() >= start && startedAt.getTime() <= Date.now());
    ok(durationMs >= 0);
    equal(memory, undefined);
  }
  await pipeline.run();
  equal(pipeline.history.length, 6);
  await pipeline.clearHistory();
  deepEqual(pipeline.history, []);
});

Deno.test("LinearPipeline.history is on the disk with a persistent cache, for later programs too", async () => {
  using cache = temporaryCache();
  const { warn } = console;
  console.warn = () => {};
  try {
    await tracked(cached(cache.path)).run();
    const later = tracked(cached(cache.path));
    deepEqual(later.history.map(({ node, inputs, outputs }) => ({ node, inputs, outputs })), EXPECTED);
    ok((later.history[0].startedAt as Date) instanceof Date);
    // The model cannot be stored and is a result, so that it is made anew.
    await later.run();
    deepEqual(later.history.map(({ node }) => node), ["sort", "fit", "write", "fit", "write"]);
    await later.clearHistory();
    deepEqual(tracked(cached(cache.path)).history, []);
  } finally {
    console.warn = warn;
  }
});

Deno.test("LinearPipeline.history has figures in any case, and values of the nodes that want it", async () => {
  using cache = temporaryCache();
  for (const settings of [{}, cached(cache.path)]) {
    const pipeline = quietPipeline([
      { fn: () => 1, name: "one", outputs: ["x"] },
      { fn: (x: number) => x + 1, name: "two", inputs: ["x"], outputs: ["y"], trackHistory: true },
    ], settings);
    deepEqual(pipeline.history, []);
    await pipeline.run();
    const shown = pipeline.history.map(({ node, inputs, outputs }) => ({
      node,
      inputs: { ...inputs as object },
      outputs: { ...outputs as object },
    }));
    deepEqual(shown, [{ node: "one", inputs: {}, outputs: {} }, { node: "two", inputs: { x: 1 }, outputs: { y: 2 } }]);
    ok(pipeline.history.every(({ durationMs, startedAt }) => durationMs >= 0 && (startedAt as Date) instanceof Date));
    await pipeline.clearHistory();
    deepEqual(pipeline.history, []);
  }
});

Deno.test("LinearPipeline.history: the duration is that of the function alone, without copies", async () => {
  const big = Array.from({ length: 50_000 }, (_, n) => ({ n }));
  const pipeline = quietPipeline([{
    fn: (big: unknown[]) => big.length,
    name: "count",
    inputs: ["big"],
    outputs: ["n"],
  }], {
    runtime: { big },
    trackHistory: true,
  });
  const { nodes: [outcome] } = await pipeline.run();
  const [{ durationMs }] = pipeline.history;
  equal(durationMs, outcome.durationMs);
  // Two copies of as many objects take longer than reading a number.
  ok(durationMs < outcome.loadMs, `${durationMs} ms, of which nothing is ${outcome.loadMs} ms of copying`);
});
