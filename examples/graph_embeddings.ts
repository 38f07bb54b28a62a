/**
 * A stream of documents through a graph that embeds them in batches: many documents are under way at a time, the model is
 * called for eight of them together, and equal ones are embedded once.
 *
 *     deno run -A examples/graph_embeddings.ts
 */

import { BatchNode, CachedNode, Graph, Node } from "@ringmill/ringmill/graph";

let calls = 0;

/** Stands in for a model: one call for many texts. */
async function embed(texts: string[]): Promise<Float32Array[]> {
  calls++;
  await new Promise((resolve) => setTimeout(resolve, 10));
  return texts.map((text) => Float32Array.of(text.length, text.split(" ").length));
}

const normalize = new CachedNode("normalize", (text: string) => text.trim().toLowerCase(), { max: 10_000 });
const embedded = new BatchNode("embedded", embed, { size: 8, maxWaitMs: 20 });
const norm = new Node("norm", (vector: Float32Array) => Math.hypot(...vector));
normalize.connect(embedded).connect(norm);

await using graph = new Graph("embeddings", { nodes: [normalize, embedded, norm], start: normalize });

function* documents() {
  for (let n = 0; n < 100; n++) yield ` Document ${n % 50} `;
}

let count = 0;
let sum = 0;
for await (const length of graph.stream(documents(), { output: norm, concurrency: 32 })) {
  count++;
  sum += length;
}
console.log(`${count} documents in ${calls} calls of the model, the mean norm is ${(sum / count).toFixed(2)}`);
console.log(`${normalize.stats.misses} different documents`);
