/** The errors of runs that are kept. */

/**
 * A run is under way already, in this program or in another one. A program that has died loses its runs.
 *
 * @example
 * ```ts
 * import { Graph, MemoryStore, Node, RunBusyError } from "@ringmill/ringmill/graph";
 * import { rejects } from "node:assert/strict";
 *
 * const double = new Node("double", async (n: number) => await Promise.resolve(2 * n));
 * const graph = new Graph("doubles", { nodes: [double], start: double, checkpoint: new MemoryStore() });
 * const first = graph.execute(1, { runId: "one" });
 * await rejects(graph.execute(1, { runId: "one" }), RunBusyError);
 * await first;
 * ```
 */
export class RunBusyError extends Error {
  /** The class. */
  override readonly name = "RunBusyError";
  /** The graph's name. */
  readonly graph: string;
  /** The run's name. */
  readonly runId: string;

  /** Says whose run it is. `who` works on it. */
  constructor(graph: string, runId: string, who: string) {
    super(`Cannot work on run "${runId}" of graph "${graph}": it is under way, ${who}`);
    this.graph = graph;
    this.runId = runId;
  }
}

/**
 * A run was begun with another graph, or another input, than it is to go on with. `differences` says what is different; with
 * the option `allowChanged`, the run goes on.
 *
 * @example
 * ```ts
 * import { Graph, MemoryStore, Node, RunChangedError } from "@ringmill/ringmill/graph";
 * import { deepEqual } from "node:assert/strict";
 *
 * const checkpoint = new MemoryStore();
 * const node = () => new Node("double", (n: number) => 2 * n);
 * const doubles = () => {
 *   const double = node();
 *   return new Graph("doubles", { nodes: [double], start: double, checkpoint });
 * };
 * await doubles().execute(1, { runId: "one" });
 * const error = await doubles().execute(2, { runId: "one" }).catch((error) => error);
 * deepEqual(error instanceof RunChangedError && error.differences, ["the input is another one"]);
 * ```
 */
export class RunChangedError extends Error {
  /** The class. */
  override readonly name = "RunChangedError";
  /** The graph's name. */
  readonly graph: string;
  /** The run's name. */
  readonly runId: string;
  /** What is different, one thing each: `- ` begins what is gone, `+ ` what is new. */
  readonly differences: readonly string[];

  /** Lists the differences. */
  constructor(graph: string, runId: string, differences: readonly string[]) {
    super(
      `Cannot go on with run "${runId}" of graph "${graph}": it is different now; set allowChanged to go on, or give the ` +
        `run another runId\n${differences.map((line) => `  ${line}`).join("\n")}`,
    );
    this.graph = graph;
    this.runId = runId;
    this.differences = [...differences];
  }
}

/** A node that waits for an answer. */
export interface RunInterrupt {
  /** The node's name. Within inner graphs, the way to it: `agent/@2/approve` is in the second round of `agent`. */
  readonly node: string;
  /** What the node has given to `interrupt()`. */
  readonly value: unknown;
}

/**
 * A run has stopped, as nodes wait for answers: their functions have called `interrupt()`. `Graph.resume()` goes on.
 *
 * @example
 * ```ts
 * import { Graph, MemoryStore, Node, RunInterruptedError } from "@ringmill/ringmill/graph";
 * import { deepEqual, equal, ok } from "node:assert/strict";
 *
 * const approve = new Node("approve", (order: string, { interrupt }) => interrupt<boolean>(`Send ${order}?`));
 * const graph = new Graph("orders", { nodes: [approve], start: approve, checkpoint: new MemoryStore() });
 * const error = await graph.execute("apples", { runId: "17" }).catch((error) => error);
 * ok(error instanceof RunInterruptedError);
 * deepEqual(error.interrupts, [{ node: "approve", value: "Send apples?" }]);
 * equal(await graph.resume("17", true, { output: approve }), true);
 * ```
 */
export class RunInterruptedError extends Error {
  /** The class. */
  override readonly name = "RunInterruptedError";
  /** The graph's name. */
  readonly graph: string;
  /** The run's name. */
  readonly runId: string;
  /** The nodes that wait for an answer. */
  readonly interrupts: readonly RunInterrupt[];

  /** Says which nodes wait. */
  constructor(graph: string, runId: string, interrupts: readonly RunInterrupt[]) {
    const nodes = interrupts.map(({ node }) => `"${node}"`).join(", ");
    const wait = interrupts.length === 1 ? "waits for an answer" : "wait for answers";
    super(`Run "${runId}" of graph "${graph}" has stopped: ${nodes} ${wait}, by resume()`);
    this.graph = graph;
    this.runId = runId;
    this.interrupts = [...interrupts];
  }
}
