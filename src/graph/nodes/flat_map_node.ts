/** Nodes that take their input apart, and work on each part. */

import { Graph } from "../graph.ts";
import { LinkedSignal } from "../execution/linked_signal.ts";
import { PartCrew } from "../execution/part_crew.ts";
import { PartSource } from "../execution/part_source.ts";
import { PartsHold } from "../execution/parts_hold.ts";
import { type GraphNode, Node } from "../node.ts";
import { callWithin, decideOnce, holdCall, isKept, type NodeContext } from "../node_context.ts";
import { addFunctions, internalsOf } from "../node_internals.ts";
import { type NodeOptions, refuse } from "../node_options.ts";
import { declareOptions, FLAT_MAP_NODE_RULES } from "../option_rules.ts";
import { Interruption } from "../checkpoints/run_log.ts";
import { openSource } from "../stream_source.ts";
import { type JoinMode, SKIPPED, type Skipped, type StartingNode } from "../wiring.ts";
import { type OutputNode, SubgraphNode } from "./subgraph_node.ts";

/** Takes an input apart: a list, a generator, or whatever returns an iterable. */
export type SplitFunction<In, Part> = (
  input: In,
  context: NodeContext,
) => Iterable<Part> | AsyncIterable<Part> | PromiseLike<Iterable<Part> | AsyncIterable<Part>>;

/** What works on each part: a node, such as a `SubgraphNode`. */
export type PartNode<Part, Out> = GraphNode & StartingNode<Part> & OutputNode<Out>;

/** Options of a {@link FlatMapNode}. */
export interface FlatMapNodeOptions<
  In,
  Part,
  Out,
  Join extends JoinMode | undefined = JoinMode | undefined,
> extends NodeOptions<In, Out[], Join> {
  /** The node that works on each part. It belongs to this one. */
  each: PartNode<Part, Out>;
  /**
   * How many parts of one input may be under way at a time, 1 or more.
   *
   * @default {32}
   */
  concurrency?: number;
  /** Takes the failure of a part, which is left out then. Without, the first failure is that of the node. */
  onPartError?: (error: unknown, part: Part) => unknown;
}

/**
 * One to many and back: takes its input apart, has another node work on each part, and puts out the list of what that has put
 * out, in order. A generator is read as there is room for its parts. Parts that are skipped are left out. In a run that is
 * kept, all parts are read first, and each is kept by itself.
 *
 * @example
 * ```ts
 * import { BatchNode, FlatMapNode, Graph } from "@ringmill/ringmill/graph";
 * import { deepEqual } from "node:assert/strict";
 *
 * const embed = new BatchNode("embed", (words: string[]) => words.map((word) => word.length));
 * const words = new FlatMapNode("words", (text: string) => text.split(" "), { each: embed });
 * const graph = new Graph("texts", { nodes: [words], start: words });
 * const texts = ["to be", "or not to be"];
 * deepEqual(await Array.fromAsync(graph.stream(texts, { output: words })), [[2, 2], [2, 3, 2, 2]]);
 * ```
 */
export class FlatMapNode<
  In,
  Part,
  Out,
  const Name extends string = string,
  const Join extends JoinMode | undefined = undefined,
> extends Node<In, Out[], Name, Join> {
  /** What works on each part: a graph of one node. */
  readonly graph: Graph;
  readonly #split: SplitFunction<In, Part>;
  readonly #each: SubgraphNode<Part, Out | Skipped>;
  readonly #concurrency: number;
  readonly #onPartError: ((error: unknown, part: Part) => unknown) | undefined;

  /**
   * A node that takes its input apart.
   *
   * @throws {TypeError} If `split` is no function, there is no node `each`, or an option is of the wrong kind.
   * @throws {RangeError} If an option is out of range.
   * @throws {DeclarationError} If the node `each` belongs to a graph.
   */
  constructor(
    name: Name,
    split: SplitFunction<In, Part>,
    options: FlatMapNodeOptions<NoInfer<In>, NoInfer<Part>, Out, Join>,
  ) {
    super(name, undefined, options as NodeOptions<In, Out[], Join>);
    const action = `Cannot make node "${name}"`;
    const { each, concurrency = 32, onPartError } = options;
    if (typeof split !== "function") refuse(TypeError, action, "expected a function that takes the input apart", split);
    if (!(each instanceof Node)) refuse(TypeError, action, "each must be a node", each);
    const graph = this.graph = new Graph<Part>(name);
    graph.setStartNode(graph.addNode(each));
    internalsOf(each).owner!.holder = name;
    this.#split = split;
    this.#each = new SubgraphNode<Part, Out | Skipped>(each.name, graph, { output: each });
    this.#concurrency = concurrency;
    this.#onPartError = onPartError;
    addFunctions(this, split);
    internalsOf(this).inner = new Map([["", graph]]);
  }

  /** Compiles what works on each part. */
  override compile(): void {
    this.#each.compile();
  }

  /** Takes the input apart, and works on all parts. */
  override async process(input: In, context: NodeContext): Promise<Out[]> {
    const parts = await this.#partsOf(input, context);
    using linked = new LinkedSignal(context.signal);
    const source = new PartSource(openSource(this.#action, parts), linked.signal);
    const parting = new PartsHold((flush) => holdCall(context, flush));
    const outputs: (Out | Skipped)[] = [];
    const crew = new PartCrew(this.#concurrency, linked);
    try {
      await parting.during(async () => {
        for (let next = await source.next(); next; next = await source.next()) {
          const index = outputs.push(SKIPPED) - 1;
          const inner = callWithin(context, index + 1, { signal: linked.signal, hold: parting.hold });
          const { part } = next;
          crew.begin(async () => void (outputs[index] = await parting.during(() => this.#workOn(part, inner))));
          if (crew.isFull) await crew.untilRoom(parting);
        }
      });
    } catch (error) {
      crew.fail(error);
    }
    const stopping = source.stop();
    if (stopping) context.waitUntil(stopping.catch(() => {}));
    await crew.untilDone();
    return outputs.filter((output): output is Out => output !== SKIPPED);
  }

  get #action(): string {
    return `Cannot take apart the input of node "${this.name}"`;
  }

  /** The parts of a run that is kept are kept, too. */
  async #partsOf(input: In, context: NodeContext): Promise<Iterable<Part> | AsyncIterable<Part>> {
    if (!isKept(context)) return await this.#takeApart(input, context);
    return await decideOnce(context, "parts", async () => await Array.fromAsync(await this.#takeApart(input, context)));
  }

  async #takeApart(input: In, context: NodeContext): Promise<Iterable<Part> | AsyncIterable<Part>> {
    const parts = await this.#split(input, context);
    const given = Object(parts);
    if (typeof given[Symbol.asyncIterator] === "function" || typeof given[Symbol.iterator] === "function") return given;
    return refuse(TypeError, this.#action, "expected an iterable", parts);
  }

  async #workOn(part: Part, context: NodeContext): Promise<Out | Skipped> {
    try {
      context.signal.throwIfAborted();
      return await this.#each.process(part, context);
    } catch (error) {
      if (!this.#onPartError || context.signal.aborted || error instanceof Interruption) throw error;
      await this.#onPartError(error, part);
      return SKIPPED;
    }
  }

  /** Closes what works on each part. */
  override async close(): Promise<void> {
    await this.#each.close();
  }
}

declareOptions(FlatMapNode, FLAT_MAP_NODE_RULES);
