/** Nodes that are graphs themselves. */

import { DeclarationError } from "../../errors.ts";
import type { ExecuteOptions } from "../execute_options.ts";
import { startWith } from "../execution/hooked_start.ts";
import { InnerStall, outerCall } from "../execution/inner_run.ts";
import { type GraphNode, Node } from "../node.ts";
import { type NodeContext, placeInside } from "../node_context.ts";
import { internalsOf } from "../node_internals.ts";
import { declareOptions, SUBGRAPH_NODE_RULES } from "../option_rules.ts";
import { type NodeOptions, refuse } from "../node_options.ts";
import type { GraphRun } from "../run.ts";
import { type JoinMode, SKIPPED, type Skipped } from "../wiring.ts";

/** A graph that takes and results in certain types. */
export interface Subgraph<In, Results> {
  /** Its name. */
  readonly name: string;
  /** Its nodes by name. */
  readonly nodes: ReadonlyMap<string, GraphNode>;
  /** Checks and prepares it. */
  compile(): void;
  /** Executes it. */
  start(input: In, options?: ExecuteOptions): GraphRun<Results>;
  /** Closes it. */
  close(): Promise<void>;
}

/** Options of a {@link SubgraphNode}. */
export interface SubgraphNodeOptions<
  In = unknown,
  Out = unknown,
  Join extends JoinMode | undefined = JoinMode | undefined,
> extends NodeOptions<In, Out, Join> {
  /** How many nodes of the inner graph may be running at a time for one input. Unbounded by default. */
  concurrency?: number;
}

/** A node by its output. */
export interface OutputNode<Out> {
  /** Its name. */
  readonly name: string;
  /** For the type checker only. */
  readonly "~types": { readonly output: Out };
}

/**
 * Runs another graph as one node. Its output is the results of that graph by name; with the option `output`, the output of
 * that inner node. To cancel the outer execution cancels the inner one; to close the outer graph closes the inner one.
 *
 * @example
 * ```ts
 * import { Graph, Node, SubgraphNode } from "@ringmill/ringmill/graph";
 * import { deepEqual } from "node:assert/strict";
 *
 * const clean = new Node("clean", (text: string) => text.trim());
 * const words = new Node("words", (text: string) => text.split(" "));
 * clean.connect(words);
 * const prepare = new Graph("prepare", { nodes: [clean, words], start: clean });
 *
 * const prepared = new SubgraphNode("prepared", prepare, { output: words });
 * const count = new Node("count", (words: string[]) => words.length);
 * prepared.connect(count);
 * const graph = new Graph("outer", { nodes: [prepared, count], start: prepared });
 * deepEqual(await graph.execute(" to be "), { prepared: ["to", "be"], count: 2 });
 * ```
 */
export class SubgraphNode<
  In,
  Out,
  const Name extends string = string,
  const Join extends JoinMode | undefined = undefined,
> extends Node<In, Out, Name, Join> {
  /** The inner graph. */
  readonly graph: Subgraph<In, unknown>;
  readonly #concurrency: number | undefined;
  readonly #output: OutputNode<Out> | undefined;

  /** A node whose output is that of one inner node. Where that is skipped, so is what comes after this one. */
  constructor(
    name: Name,
    graph: Subgraph<In, unknown>,
    options: SubgraphNodeOptions<NoInfer<In>, NoInfer<Out>, Join> & { output: OutputNode<Out> },
  );
  /** A node whose output is the results of the inner graph. */
  constructor(
    name: Name,
    graph: Subgraph<In, Out>,
    options?: SubgraphNodeOptions<NoInfer<In>, NoInfer<Out>, Join>,
  );
  constructor(
    name: Name,
    graph: Subgraph<In, unknown>,
    options: SubgraphNodeOptions<NoInfer<In>, NoInfer<Out>, Join> & { output?: OutputNode<Out> } = {},
  ) {
    super(name, undefined, options);
    if (typeof graph?.start !== "function") refuse(TypeError, `Cannot make node "${name}"`, "expected a graph", graph);
    internalsOf(this).inner = new Map([["", graph]]);
    this.graph = graph;
    this.#concurrency = options.concurrency;
    this.#output = options.output;
  }

  /**
   * Compiles the inner graph.
   *
   * @throws {DeclarationError} If the node of the option `output` is not one of its nodes.
   */
  override compile(): void {
    const { name, nodes } = this.graph;
    const output = this.#output;
    if (output && nodes.get(output.name) !== output as unknown) {
      throw new DeclarationError(
        `Cannot compile node "${this.name}": graph "${name}" has no such node as that of the option output, "${output.name}"`,
      );
    }
    this.graph.compile();
  }

  /** Executes the inner graph. */
  override async process(input: In, context: NodeContext): Promise<Out> {
    const stall = new InnerStall(context);
    const { signal } = context;
    const options = { signal, concurrency: this.#concurrency, timing: false };
    const hooks = { outer: outerCall(context), onStall: stall.follow, place: placeInside(context) };
    const run = startWith(hooks, () => this.graph.start(input, options));
    try {
      return this.#pick(await run.results as object);
    } catch (error) {
      // Functions of the inner graph may go on for a while.
      context.waitUntil(run.settled);
      throw error;
    } finally {
      stall.end();
    }
  }

  #pick(results: object): Out {
    const name = this.#output?.name;
    const skipped: Skipped = SKIPPED;
    if (name === undefined) return results as Out;
    return (Object.hasOwn(results, name) ? Reflect.get(results, name) : skipped) as Out;
  }

  /** Closes the inner graph. */
  override async close(): Promise<void> {
    await this.graph.close();
  }
}

declareOptions(SubgraphNode, SUBGRAPH_NODE_RULES);
