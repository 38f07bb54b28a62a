/** Nodes that put out what they make piece by piece. */

import { emitChunk, type NodeContext } from "../node_context.ts";
import { Node } from "../node.ts";
import { type NodeOptions, refuse } from "../node_options.ts";
import { addFunctions } from "../node_internals.ts";
import { declareOptions, STREAMING_NODE_RULES } from "../option_rules.ts";
import type { JoinMode } from "../wiring.ts";

/** Yields chunks: an async generator, or whatever returns an iterable. */
export type ChunkFunction<In, Chunk> = (
  input: In,
  context: NodeContext,
) => AsyncIterable<Chunk> | Iterable<Chunk> | PromiseLike<AsyncIterable<Chunk> | Iterable<Chunk>>;

/** Options of a {@link StreamingNode}. */
export interface StreamingNodeOptions<
  In = unknown,
  Chunk = unknown,
  Out = unknown,
  Join extends JoinMode | undefined = JoinMode | undefined,
> extends NodeOptions<In, Out, Join> {
  /** Makes the node's output of its chunks. They are the output themselves by default, as an array. */
  collect?: (chunks: Chunk[]) => Out | PromiseLike<Out>;
}

/**
 * Yields chunks, such as the tokens of a model. Each is an event, and `GraphRun.chunks()` iterates them as they come; the
 * node's output is all of them, or what `collect` makes of them. It is complete when the last has come: to cancel, time-outs,
 * retries and errors hold until then. An attempt that fails makes its chunks void, which is told, too. Whoever reads slowly
 * does not hold up the node.
 *
 * @example
 * ```ts
 * import { Graph, StreamingNode } from "@ringmill/ringmill/graph";
 * import { deepEqual, equal } from "node:assert/strict";
 *
 * const speak = new StreamingNode("speak", async function* (text: string) {
 *   for (const word of text.split(" ")) yield await Promise.resolve(word);
 * }, { collect: (words) => words.join(" ") });
 * const graph = new Graph("speech", { nodes: [speak], start: speak });
 * const run = graph.start("to be or not");
 * const words: string[] = [];
 * for await (const item of run.chunks(speak)) if (item.kind === "chunk") words.push(item.chunk);
 * deepEqual(words, ["to", "be", "or", "not"]);
 * const { speak: whole } = await run.results;
 * equal(whole, "to be or not");
 * ```
 */
export class StreamingNode<
  In,
  Chunk,
  Out = Chunk[],
  const Name extends string = string,
  const Join extends JoinMode | undefined = undefined,
> extends Node<In, Out, Name, Join> {
  /** For the type checker only. */
  declare readonly "~chunk": Chunk;
  readonly #work: ChunkFunction<In, Chunk>;
  readonly #collect: (chunks: Chunk[]) => Out | PromiseLike<Out>;

  /**
   * A node whose output is the list of its chunks, or what the option `collect` makes of them.
   *
   * @throws {TypeError} If `work` is no function, or an option of the wrong kind.
   * @throws {RangeError} If an option is out of range.
   */
  constructor(
    name: Name,
    work: ChunkFunction<In, Chunk>,
    options: StreamingNodeOptions<NoInfer<In>, NoInfer<Chunk>, Out, Join> = {},
  ) {
    super(name, undefined, options);
    if (typeof work !== "function") refuse(TypeError, `Cannot make node "${name}"`, "expected a function", work);
    addFunctions(this, work, options.collect);
    this.#work = work;
    this.#collect = options.collect ?? ((chunks) => chunks as Out);
  }

  /** Tells of each chunk, and resolves to all. */
  override async process(input: In, context: NodeContext): Promise<Out> {
    const chunks: Chunk[] = [];
    const { signal } = context;
    const source = await this.#work(input, context);
    if (!isIterable(source)) {
      refuse(
        TypeError,
        `Cannot use the chunks of node "${this.name}"`,
        "its function must yield or return an iterable",
        source,
      );
    }
    for await (const chunk of source) {
      signal.throwIfAborted();
      chunks.push(chunk);
      emitChunk(context, chunk);
    }
    signal.throwIfAborted();
    return await this.#collect(chunks);
  }
}

function isIterable(value: unknown): boolean {
  const given = Object(value);
  return typeof given[Symbol.asyncIterator] === "function" || typeof given[Symbol.iterator] === "function";
}

declareOptions(StreamingNode, STREAMING_NODE_RULES);
