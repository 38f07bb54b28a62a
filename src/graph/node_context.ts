/** What a node's function gets besides its input. */

/**
 * The second argument of a node's function.
 *
 * @example Something that can be cancelled
 * ```ts
 * import { Graph, Node } from "@ringmill/ringmill/graph";
 * import { setTimeout as sleep } from "node:timers/promises";
 * import { rejects } from "node:assert/strict";
 *
 * const slow = new Node("slow", (ms: number, { signal }) => sleep(ms, "done", { signal }), { timeoutMs: 5 });
 * const graph = new Graph("naps", { nodes: [slow], start: slow });
 * await rejects(graph.execute(60_000), /TimeoutError/);
 * ```
 */
export interface NodeContext {
  /** The graph's name. */
  readonly graph: string;
  /** The node's name. */
  readonly node: string;
  /** Which execution of the graph this is, from 1. */
  readonly run: number;
  /** Which attempt this is, from 1. */
  readonly attempt: number;
  /** Aborts when the execution is cancelled, or this attempt takes too long. */
  readonly signal: AbortSignal;
}

/** Where contexts come from. */
interface ContextSource {
  readonly graph: string;
  readonly id: number;
  readonly signal: AbortSignal;
}

/** The context of one call. Its signal is made when it is asked for: most functions do not. */
export class NodeCallContext implements NodeContext {
  readonly node: string;
  readonly attempt: number;
  readonly #run: ContextSource;
  readonly #signal: AbortSignal | undefined;

  constructor(run: ContextSource, node: string, attempt = 1, signal?: AbortSignal) {
    this.#run = run;
    this.node = node;
    this.attempt = attempt;
    this.#signal = signal;
  }

  get graph(): string {
    return this.#run.graph;
  }

  get run(): number {
    return this.#run.id;
  }

  get signal(): AbortSignal {
    return this.#signal ?? this.#run.signal;
  }
}
