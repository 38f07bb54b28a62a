/** The programs of the seed, in TypeScript. */

import { LinearNode, LinearPipeline, namedPartial } from "@ringmill/ringmill/linear";
import { deepEqual, equal, match, throws } from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { cached, logged, objectsOf, statuses, temporaryCache } from "./_helpers.ts";

interface Row {
  readonly team: string;
  readonly goals: number;
}

function createDatabase({ rows }: { rows: readonly Row[] }): DatabaseSync {
  const database = new DatabaseSync(":memory:");
  database.exec("create table goals (team text, goals integer)");
  for (const { team, goals } of rows) database.prepare("insert into goals values (?, ?)").run(team, goals);
  return database;
}

function loadData(database: DatabaseSync): Row[] {
  return database.prepare("select team, goals from goals").all() as unknown as Row[];
}

function preprocess(rows: Row[], { least }: { least: number }): Row[] {
  // SQLite's rows have no prototype; the nodes after this one do not mind.
  return rows.filter(({ goals }) => goals >= least);
}

function rollingAverage(rows: Row[], window: number): number[] {
  return rows.map((_, index) => {
    const part = rows.slice(Math.max(0, index + 1 - window), index + 1);
    return part.reduce((sum, { goals }) => sum + goals, 0) / part.length;
  });
}

function train(features: number[], { scale }: { scale: number }): { weight: number } {
  return { weight: scale * features.reduce((a, b) => a + b) };
}

class Config {
  db = { rows: [1, 5, 3, 0].map((goals, n) => ({ team: `t${n}`, goals })) };
  preprocessing = { least: 1 };
  window = 2;
  modelParams = { scale: 10 };
}

const nodes = () => [
  new LinearNode({ fn: createDatabase, inputs: ["config.db"], outputs: ["conn"] }),
  new LinearNode({ fn: loadData, inputs: ["conn"], outputs: ["df"] }),
  new LinearNode({ fn: preprocess, inputs: ["df", "config.preprocessing"], outputs: ["dfProcessed"] }),
  new LinearNode({ fn: rollingAverage, inputs: ["dfProcessed", "config.window"], outputs: ["dfFeatures"] }),
  new LinearNode({ fn: train, inputs: ["dfFeatures", "config.modelParams"], outputs: ["model"] }),
];

Deno.test("Seed: a pipeline from the database to the model", async () => {
  const pipeline = new LinearPipeline({ name: "seed", nodes: nodes(), config: new Config(), quiet: true });
  await pipeline.run();
  deepEqual(objectsOf(pipeline), { model: { weight: 80 } });
});

Deno.test("Seed: a node of runtime constants", async () => {
  const add = (a: number, b: number) => a + b;
  const node = new LinearNode({ fn: add, inputs: ["x", "y"], outputs: ["sum"] });
  const pipeline = new LinearPipeline({
    name: "seed",
    nodes: [node],
    config: {},
    runtime: { x: 2, y: 3 },
    quiet: true,
  });
  await pipeline.run();
  deepEqual(objectsOf(pipeline), { x: 2, y: 3, sum: 5 });
});

Deno.test("Seed: intermediate results are kept on the disk, the connection is not, and a change says what it means", async () => {
  using cache = temporaryCache();
  const pipeline = (config = new Config()) =>
    new LinearPipeline({ name: "seed", nodes: nodes(), config, quiet: true, ...cached(cache.path) });
  const warnings = await logged(() => pipeline().run());
  match(warnings.join(), /"conn" stays in memory, not in the cache: it is an instance of class DatabaseSync/);
  using registry = pipeline().openRegistry();
  deepEqual(registry.placement, { df: "disk", dfFeatures: "disk", dfProcessed: "disk", model: "disk" });
  deepEqual(statuses(pipeline().explain()), {
    createDatabase: "skipped",
    loadData: "cached",
    preprocess: "cached",
    rollingAverage: "cached",
    train: "cached",
  });
  const changed = new Config();
  changed.window = 3;
  const running = pipeline(changed).explain().filter(({ status }) => status === "run");
  deepEqual(running.map(({ node, reason }) => `${node}: ${reason}`), [
    'rollingAverage: "config.window" has changed',
    'train: its input "dfFeatures" is made anew by node "rollingAverage"',
  ]);
});

Deno.test("Seed: fast failure where a runtime constant has the name of a cached object", async () => {
  using cache = temporaryCache();
  await logged(() =>
    new LinearPipeline({ name: "seed", nodes: nodes(), config: new Config(), quiet: true, ...cached(cache.path) }).run()
  );
  const colliding = new LinearPipeline({ name: "seed", nodes: [], runtime: { df: [] }, ...cached(cache.path) });
  throws(
    () => colliding.openRegistry(),
    /"df" is both a runtime constant and an object in the cache; rename it, or clear/,
  );
});

Deno.test("Seed: distinct nodes of one function, which write to tables, and composition", async () => {
  const written: string[] = [];
  function writePipelineOutput(rows: number[], { table, schema }: { table: string; schema: string }): void {
    written.push(`${schema}.${table}: ${rows.length}`);
  }
  const writers = new LinearPipeline({
    name: "writers",
    nodes: [
      new LinearNode({
        fn: namedPartial(writePipelineOutput, "write_val_metrics", { table: "metrics", schema: "ml" }),
        inputs: ["dfFeatures"],
      }),
      new LinearNode({
        fn: namedPartial(writePipelineOutput, "write_predictions", { table: "predictions", schema: "ml" }),
        inputs: ["dfFeatures"],
      }),
    ],
    quiet: true,
  });
  deepEqual(writers.nodes.map(({ name }) => name), ["write_val_metrics", "write_predictions"]);
  const full = new LinearPipeline({ name: "seed", nodes: nodes(), config: new Config(), quiet: true }).concat(writers);
  const { nodes: outcomes } = await full.run();
  equal(outcomes.length, 7);
  deepEqual(written, ["ml.metrics: 3", "ml.predictions: 3"]);
});
