/** What the tests of graphs share. */

import { Graph, type GraphNode, Node, type NodeOptions } from "@ringmill/ringmill/graph";

/** Resolves after so many milliseconds, or rejects when the signal aborts, and leaves no timer. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}

/** A graph of connected nodes, the first of which is its start. */
export function chain(...nodes: GraphNode[]): Graph {
  const graph = new Graph("test");
  for (const node of nodes) graph.addNode(node);
  for (const [index, node] of nodes.entries()) if (index > 0) nodes[index - 1].connect(node);
  graph.setStartNode(nodes[0]);
  return graph;
}

/** A node that waits for its signal to abort, and counts how often it has. */
export function hanging(name = "hang", options: NodeOptions<unknown, never, undefined> = {}) {
  const counts = { begun: 0, aborted: 0 };
  const node = new Node(name, (_: unknown, { signal }) => {
    counts.begun++;
    return new Promise<never>((_, reject) => {
      signal.addEventListener("abort", () => {
        counts.aborted++;
        reject(signal.reason);
      });
    });
  }, options);
  return { node, counts };
}

/** Waits until something holds. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await sleep(1);
}

/** A node that fails the first time. */
export function flaky(name = "flaky") {
  let calls = 0;
  return new Node(name, (n: number) => {
    if (++calls === 1) throw new Error("no");
    return n + 1;
  }, { retry: { attempts: 2, delayMs: 1 } });
}
