/**
 * Work that keeps a processor busy, on all of them: a stream of numbers through a graph, one node of which runs on a pool of
 * workers. Results come in order, and the source is read no faster than they are taken.
 *
 *     deno run -A examples/graph_workers.ts
 */

import { FilterNode, Graph, Node, ParallelNode } from "@ringmill/ringmill/graph";

/** An export, so that workers can import it. */
export function smallestFactor(n: number): number {
  for (let factor = 2; factor * factor <= n; factor++) if (n % factor === 0) return factor;
  return n;
}

if (import.meta.main) {
  const parse = new Node("parse", (text: string) => Number(text));
  const factor = new ParallelNode("factor", smallestFactor, { module: import.meta });
  const pair = new Node("pair", (both: { parse: number; factor: number }) => both, { join: "all" });
  const prime = new FilterNode("prime", ({ parse, factor }: { parse: number; factor: number }) => parse === factor);
  parse.connect(factor).connect(pair).connect(prime);
  parse.connect(pair);

  await using graph = new Graph("primes", { nodes: [parse, factor, pair, prime], start: parse });
  const numbers = Array.from({ length: 40 }, (_, n) => String(1_000_000_000 + n));
  for await (const { parse } of graph.stream(numbers, { output: prime })) console.log(`${parse} is prime`);
}
