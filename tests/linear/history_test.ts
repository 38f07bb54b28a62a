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
  pipeline.clearHistory();
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
    ok(later.history[0].startedAt instanceof Date);
    // The model cannot be stored and is a result, so that it is made anew.
    await later.run();
    deepEqual(later.history.map(({ node }) => node), ["sort", "fit", "write", "fit", "write"]);
    later.clearHistory();
    deepEqual(tracked(cached(cache.path)).history, []);
  } finally {
    console.warn = warn;
  }
});

Deno.test("LinearPipeline.history is empty if it is not tracked", async () => {
  using cache = temporaryCache();
  for (const settings of [{}, cached(cache.path)]) {
    const pipeline = quietPipeline([{ fn: () => 1, name: "one", outputs: ["x"] }], settings);
    deepEqual(pipeline.history, []);
    await pipeline.run();
    deepEqual(pipeline.history, []);
  }
});
