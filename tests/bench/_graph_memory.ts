/** Streams items through two async nodes, in a program of its own. Prints the heap after each tenth, in MiB, as JSON. */

import { Graph, Node } from "@ringmill/ringmill/graph";

declare const gc: () => void;

const ITEMS = 1_000_000;

function* numbers(): Generator<number> {
  for (let n = 0; n < ITEMS; n++) yield n;
}

const [first, second] = ["first", "second"].map((name) => new Node(name, async (n: number) => await n + 1));
first.connect(second);
const graph = new Graph("memory", { nodes: [first, second], start: first });
const heap: number[] = [];
let taken = 0;
for await (const n of graph.stream(numbers(), { output: second })) {
  if (n !== taken + 2) throw new Error("Cannot measure the memory: the result is wrong");
  if (++taken % (ITEMS / 10) > 0) continue;
  gc();
  heap.push(Deno.memoryUsage().heapUsed / 2 ** 20);
}
console.log(JSON.stringify(heap));
