/** Nodes that repeat another one. */

import { Graph } from "../graph.ts";
import { type GraphNode, Node } from "../node.ts";
import { callWithin, decideOnce, type NodeContext } from "../node_context.ts";
import { type NodeOptions, refuse } from "../node_options.ts";
import { addFunctions, internalsOf } from "../node_internals.ts";
import { declareOptions, LOOP_NODE_RULES } from "../option_rules.ts";
import { type JoinMode, SKIPPED, type Skipped, type StartingNode } from "../wiring.ts";
import { type OutputNode, SubgraphNode } from "./subgraph_node.ts";

/** What is repeated: a node, such as a `SubgraphNode`, that puts out what it takes. */
export type LoopBody<State> = GraphNode & StartingNode<State> & OutputNode<State>;

/** Options of a {@link LoopNode}. */
export interface LoopNodeOptions<
  State,
  Kept extends State = State,
  Join extends JoinMode | undefined = JoinMode | undefined,
> extends NodeOptions<State, Kept, Join> {
  /** Whether the loop has come to its end, after so many rounds, from 1. */
  until:
    | ((state: State, round: number) => state is Kept)
    | ((state: State, round: number) => boolean | PromiseLike<boolean>);
  /**
   * The most rounds, 1 or more. If `until` does not hold by then, the node fails.
   *
   * @default {10}
   */
  maxRounds?: number;
}

/**
 * Hands its input to a node, and what that puts out to the same node again, until something holds: an agent that calls a
 * tool, looks, and calls again. With the option `retry` of the body, one round is tried again; with that of the loop, all are.
 *
 * @example
 * ```ts
 * import { Graph, LoopNode, Node } from "@ringmill/ringmill/graph";
 * import { equal } from "node:assert/strict";
 *
 * const halve = new Node("halve", (n: number) => n / 2);
 * const small = new LoopNode("small", halve, { until: (n) => n < 1, maxRounds: 20 });
 * const graph = new Graph("halving", { nodes: [small], start: small });
 * equal(await graph.execute(12, { output: small }), 0.75);
 * ```
 */
export class LoopNode<
  State,
  Kept extends State = State,
  const Name extends string = string,
  const Join extends JoinMode | undefined = undefined,
> extends Node<State, Kept | Skipped, Name, Join> {
  /** What is repeated: a graph of one node. */
  readonly graph: Graph;
  readonly #body: SubgraphNode<State, State | Skipped>;
  readonly #until: (state: State, round: number) => unknown;
  readonly #maxRounds: number;

  /**
   * A node that repeats another one.
   *
   * @throws {TypeError} If an option is of the wrong kind, or there is no `until`.
   * @throws {RangeError} If an option is out of range.
   * @throws {DeclarationError} If the body belongs to a graph.
   */
  constructor(name: Name, body: LoopBody<State>, options: LoopNodeOptions<NoInfer<State>, Kept, Join>) {
    super(name, undefined, options);
    const action = `Cannot make node "${name}"`;
    if (!(body instanceof Node)) refuse(TypeError, action, "expected a node to repeat", body);
    if (!options.until) throw new TypeError(`${action}: it needs until()`);
    const graph = this.graph = new Graph<State>(name);
    graph.setStartNode(graph.addNode(body));
    internalsOf(body).owner!.holder = name;
    this.#body = new SubgraphNode<State, State | Skipped>(body.name, graph, { output: body });
    addFunctions(this, options.until);
    internalsOf(this).inner = new Map([["", graph]]);
    this.#until = options.until;
    this.#maxRounds = options.maxRounds ?? 10;
  }

  /** Compiles what is repeated. */
  override compile(): void {
    this.#body.compile();
  }

  /** Goes round. */
  override async process(input: State, context: NodeContext): Promise<Kept | Skipped> {
    let state = input;
    for (let round = 1; round <= this.#maxRounds; round++) {
      context.signal.throwIfAborted();
      const inRound = callWithin(context, round);
      const next = await this.#body.process(state, inRound);
      if (next === SKIPPED) return SKIPPED;
      state = next as State;
      if (await decideOnce(inRound, "until", async () => await this.#until(state, round))) return state as Kept;
    }
    throw new Error(
      `Cannot end loop "${this.name}": until() does not hold after ${this.#maxRounds} rounds (maxRounds)`,
    );
  }

  /** Closes what is repeated. */
  override async close(): Promise<void> {
    await this.#body.close();
  }
}

declareOptions(LoopNode, LOOP_NODE_RULES);
