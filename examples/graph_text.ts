/**
 * A text through a graph of nodes: a chain, a fan-out to two branches, a join of both, and a filter.
 *
 *     deno run -A examples/graph_text.ts
 */

import { FilterNode, Graph, Node } from "@ringmill/ringmill/graph";

const clean = new Node("clean", (text: string) => text.toLowerCase().replace(/[^a-z\s]/g, "").trim());
const tokenize = new Node("tokenize", (text: string) => text.split(/\s+/));
const count = new Node("count", (words: string[]) => words.length);
const longest = new Node("longest", async (words: string[]) => {
  await Promise.resolve(); // functions may be async
  return words.toSorted((a, b) => b.length - a.length)[0];
});
// A node with several inputs says how it joins them: here all together, by the names of the nodes.
const report = new Node(
  "report",
  ({ count, longest }: { count: number; longest: string }) => `${count} words, the longest is "${longest}"`,
  { join: "all" },
);
const isLong = new FilterNode("isLong", (words: string[]) => words.length > 5);
const warn = new Node("warn", (words: string[]) => `a long text: ${words.slice(0, 3).join(" ")} ...`);

clean.connect(tokenize);
tokenize.connect(count).connect(report);
tokenize.connect(longest).connect(report);
tokenize.connect(isLong).connect(warn);

const graph = new Graph("text", { nodes: [clean, tokenize, count, longest, report, isLong, warn], start: clean });

for (const text of ["Hello, World!", "The quick brown fox jumps over the lazy dog."]) {
  const results = await graph.execute(text);
  console.log(results.report);
  if (results.warn) console.log(results.warn);
  console.log(graph.getPipelineStatus().warn);
}
