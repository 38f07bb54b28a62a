/** The programs of the seed, transcribed. */

import { deepEqual, equal, rejects } from "node:assert/strict";
import {
  BatchNode,
  CachedNode,
  FilterNode,
  Graph,
  Node,
  NodeError,
  type NodeOptions,
  ParallelNode,
  SubgraphNode,
} from "@ringmill/ringmill/graph";
import * as functions from "./_parallel.ts";

Deno.test("Seed: a simple pipeline of an async and a sync node", async () => {
  const graph = new Graph("my_pipeline");
  const preprocessor = new Node("preprocessor", async (text: string) => await Promise.resolve(text.toLowerCase()));
  const tokenizer = new Node("tokenizer", (text: string) => text.split(" "));
  graph.addNode(preprocessor);
  graph.addNode(tokenizer);
  preprocessor.connect(tokenizer);
  graph.setStartNode(preprocessor);
  deepEqual(await graph.execute("Hello World!"), { preprocessor: "hello world!", tokenizer: ["hello", "world!"] });
});

interface Embedded {
  tokens: string[];
  embeddings: number[];
}

Deno.test("Seed: an advanced pipeline of five nodes", async () => {
  const preprocess = new Node("preprocess", (text: string) => text.toLowerCase());
  const tokenize = new Node("tokenize", (text: string) => text.split(" "));
  const embed = new Node("embed", async (tokens: string[]): Promise<Embedded> => {
    return await Promise.resolve({ tokens, embeddings: [0.1, 0.2, 0.3] });
  });
  const classify = new Node("classify", async (data: Embedded) => {
    return await Promise.resolve({ ...data, classification: "positive" });
  });
  const aggregate = new Node("aggregate", (data: Embedded & { classification: string }) => {
    return { finalResult: { classification: data.classification, confidence: 0.95, embeddings: data.embeddings } };
  });
  preprocess.connect(tokenize).connect(embed).connect(classify).connect(aggregate);
  const nodes = [preprocess, tokenize, embed, classify, aggregate];
  const graph = new Graph("advanced_pipeline", { nodes, start: preprocess });
  const { aggregate: { finalResult } } = await graph.execute("So Good");
  deepEqual(finalResult, { classification: "positive", confidence: 0.95, embeddings: [0.1, 0.2, 0.3] });
});

Deno.test("Seed: a pipeline is monitored, and a failed node is found by its status", async () => {
  const risky = new Node("risky_node", async (data: number) => {
    await Promise.resolve();
    if (data < 0) throw new RangeError("Operation failed");
    return data;
  });
  const graph = new Graph("monitored", { nodes: [risky], start: risky });
  deepEqual(await graph.execute(1), { risky_node: 1 });
  deepEqual(graph.getPipelineStatus(), { risky_node: "completed" });
  await rejects(graph.execute(-1), NodeError);
  deepEqual(graph.getPipelineStatus(), { risky_node: "failed" });
});

/** A node class of one's own, with types. */
class TypedNode<In, Out, const Name extends string> extends Node<In, Out, Name> {
  readonly createdBy = "seed";
  constructor(name: Name, fn: (input: In) => Out | Promise<Out>, options: NodeOptions<In, Out, undefined> = {}) {
    super(name, fn, options);
  }
}

Deno.test("Seed: typed nodes, and a pipeline within a pipeline that is configured from outside", async () => {
  const subPipeline = (config: { separator: string }) => {
    const split = new TypedNode("split", (text: string) => text.split(config.separator));
    const count = new TypedNode("count", (parts: string[]) => parts.length);
    split.connect(count);
    return new SubgraphNode("sub", new Graph("sub", { nodes: [split, count], start: split }), { output: count });
  };
  const sub = subPipeline({ separator: "," });
  const result: { readonly sub: number } = await new Graph("outer", { nodes: [sub], start: sub }).execute("a,b,c");
  deepEqual(result, { sub: 3 });
});

Deno.test("Seed: a fan-out, an aggregation, and a filter", async () => {
  const source = new Node("source", (n: number) => n);
  const process1 = new Node("process1", (n: number) => n + 1);
  const process2 = new Node("process2", async (n: number) => await Promise.resolve(n * 2));
  const process3 = new Node("process3", (n: number) => n ** 2);
  const aggregator = new Node("aggregator", (all: Record<string, number>) => {
    return Object.values(all).reduce((sum, n) => sum + n);
  }, { join: "all" });
  const large = new FilterNode("large", (sum: number) => sum > 20);
  source.connect(process1).connect(aggregator);
  source.connect(process2).connect(aggregator);
  source.connect(process3).connect(aggregator);
  aggregator.connect(large);
  const nodes = [source, process1, process2, process3, aggregator, large];
  const graph = new Graph("patterns", { nodes, start: source });
  equal((await graph.execute(4)).large, 29);
  const results = await graph.execute(1);
  deepEqual([results.aggregator, "large" in results], [5, false]);
});

Deno.test("Seed: batches of 32, a cache of 1000 entries, and functions off the main thread", async () => {
  const batch = new BatchNode("batch", (numbers: number[]) => numbers.map((n) => n + 1), { size: 32, maxWaitMs: 1 });
  const cached = new CachedNode("cached", (n: number) => n % 10, { max: 1000 });
  const optimized = new ParallelNode("optimized", functions.square, {
    module: new URL("./_parallel.ts", import.meta.url),
    workers: 2,
  });
  batch.connect(cached).connect(optimized);
  await using graph = new Graph("performance", { nodes: [batch, cached, optimized], start: batch });
  const outputs: number[] = [];
  const numbers = Array.from({ length: 100 }, (_, n) => n);
  for await (const n of graph.stream(numbers, { output: optimized, concurrency: 32 })) outputs.push(n);
  deepEqual(outputs, numbers.map((n) => ((n + 1) % 10) ** 2));
  const { hits, misses, shared } = cached.stats;
  equal(hits + misses + shared, 100);
});
