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

/** The context of a plain call. Its signal is made when it is asked for: most functions do not. */
export class NodeCallContext implements NodeContext {
  readonly node: string;
  readonly #run: ContextSource;

  constructor(run: ContextSource, node: string) {
    this.#run = run;
    this.node = node;
  }

  get graph(): string {
    return this.#run.graph;
  }

  get run(): number {
    return this.#run.id;
  }

  get attempt(): number {
    return 1;
  }

  get signal(): AbortSignal {
    return this.#run.signal;
  }
}

/** The context of a call that is not the first, or has a signal of its own. */
export class AttemptContext extends NodeCallContext {
  readonly #attempt: number;
  readonly #signal: AbortSignal | undefined;

  constructor(run: ContextSource, node: string, attempt: number, signal?: AbortSignal) {
    super(run, node);
    this.#attempt = attempt;
    this.#signal = signal;
  }

  override get attempt(): number {
    return this.#attempt;
  }

  override get signal(): AbortSignal {
    return this.#signal ?? super.signal;
  }
}
