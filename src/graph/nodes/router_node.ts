/** Nodes that go one of several ways. */

import { Graph } from "../graph.ts";
import { type GraphNode, Node } from "../node.ts";
import { callWithin, decideOnce, type NodeContext } from "../node_context.ts";
import { type NodeOptions, refuse } from "../node_options.ts";
import { addFunctions, internalsOf } from "../node_internals.ts";
import { declareOptions, ROUTER_NODE_RULES } from "../option_rules.ts";
import { suggest } from "../../suggest.ts";
import type { JoinMode, OutputOf, StartingNode } from "../wiring.ts";
import { SubgraphNode } from "./subgraph_node.ts";

/** Ways that a {@link RouterNode} can go, by name: each is a node, such as a `SubgraphNode`, that takes the router's input. */
export type RouterExits<In> = Readonly<Record<string, GraphNode & StartingNode<In>>>;

/** What comes out of any of the ways. */
export type ExitOutput<Exits> = {
  [Exit in keyof Exits]: Exits[Exit] extends GraphNode ? OutputOf<Exits[Exit]> : never;
}[
  keyof Exits
];

/** Options of a {@link RouterNode}. */
export interface RouterNodeOptions<
  In,
  Exits extends RouterExits<In>,
  Join extends JoinMode | undefined = JoinMode | undefined,
> extends NodeOptions<In, ExitOutput<Exits>, Join> {
  /** The ways, by name. Their nodes belong to the router. */
  exits: Exits;
}

/**
 * Hands its input to one of several nodes, which a function chooses by name, and puts out what that one does: one result,
 * whatever the way. The others are not called.
 *
 * @example
 * ```ts
 * import { Graph, Node, RouterNode } from "@ringmill/ringmill/graph";
 * import { equal } from "node:assert/strict";
 *
 * const small = new Node("small model", (question: string) => `small: ${question}`);
 * const large = new Node("large model", (question: string) => `large: ${question}`);
 * const answer = new RouterNode("answer", (question: string) => question.length > 20 ? "hard" : "easy", {
 *   exits: { easy: small, hard: large },
 * });
 * const graph = new Graph("questions", { nodes: [answer], start: answer });
 * const text: string = await graph.execute("2 + 2?", { output: answer });
 * equal(text, "small: 2 + 2?");
 * ```
 */
export class RouterNode<
  In,
  const Exits extends RouterExits<In>,
  const Name extends string = string,
  const Join extends JoinMode | undefined = undefined,
> extends Node<In, ExitOutput<Exits>, Name, Join> {
  /** The ways, by name: each is a graph of one node. */
  readonly exits: ReadonlyMap<string, Graph>;
  readonly #choose: (input: In, context: NodeContext) => unknown;
  readonly #nodes = new Map<string, SubgraphNode<In, unknown>>();

  /**
   * A node with several ways.
   *
   * @throws {TypeError} If `choose` is no function, there are no exits, or an option is of the wrong kind.
   * @throws {DeclarationError} If the node of an exit belongs to a graph.
   */
  constructor(
    name: Name,
    choose: (input: In, context: NodeContext) => (keyof Exits & string) | PromiseLike<keyof Exits & string>,
    options: RouterNodeOptions<NoInfer<In>, Exits, Join>,
  ) {
    super(name, undefined, options);
    const action = `Cannot make node "${name}"`;
    const exits = Object.entries(options.exits ?? {});
    if (typeof choose !== "function") refuse(TypeError, action, "expected a function that names an exit", choose);
    if (exits.length === 0) refuse(TypeError, action, "it needs exits, nodes by name", options.exits);
    addFunctions(this, choose);
    this.#choose = choose;
    for (const [exit, node] of exits) {
      const graph = new Graph<In>(exit);
      graph.setStartNode(graph.addNode(node));
      internalsOf(node).owner!.holder = name;
      this.#nodes.set(exit, new SubgraphNode(exit, graph, { output: node }));
    }
    this.exits = new Map(Array.from(this.#nodes, ([exit, { graph }]) => [exit, graph as Graph]));
    internalsOf(this).inner = this.exits;
  }

  /** Compiles all exits. */
  override compile(): void {
    for (const node of this.#nodes.values()) node.compile();
  }

  /** Chooses an exit, and hands the input to its node. */
  override async process(input: In, context: NodeContext): Promise<ExitOutput<Exits>> {
    const exit = await decideOnce(context, "exit", async () => await this.#choose(input, context));
    const node = this.#nodes.get(exit as string);
    if (node) return await node.process(input, callWithin(context, node.name)) as ExitOutput<Exits>;
    const known = [...this.#nodes.keys()];
    const near = typeof exit === "string" ? suggest(exit, known) : "";
    return refuse(
      TypeError,
      `Cannot leave node "${this.name}"`,
      `it chose no exit of ${known.join(", ")}${near}`,
      exit,
    );
  }

  /** Closes all exits. */
  override async close(): Promise<void> {
    await Promise.all(Array.from(this.#nodes.values(), (node) => node.close()));
  }
}

declareOptions(RouterNode, ROUTER_NODE_RULES);
