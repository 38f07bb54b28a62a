/** Nodes that put out what they make piece by piece. */

import { checkOptions } from "../../rules.ts";
import type { Limiter } from "../limiter.ts";
import { callWithin, emitChunk, type NodeContext } from "../node_context.ts";
import { CachedNode, type CachedNodeOptions, type CacheStats } from "./cached_node.ts";
import { Node } from "../node.ts";
import { type NodeOptions, refuse } from "../node_options.ts";
import { addFunctions, internalsOf } from "../node_internals.ts";
import { CHUNK_CACHE_RULES, declareOptions, STREAMING_NODE_RULES } from "../option_rules.ts";
import type { GraphNode, Inlet, JoinMode } from "../wiring.ts";
import { DeclarationError } from "../../errors.ts";

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
  /**
   * Keeps the chunks for equal inputs, as a `CachedNode` does, and yields them again; `true` keeps some in memory. While they come
   * for the first time, equal inputs get them, too, from the first on.
   */
  cache?: true | ChunkCacheOptions<In>;
}

/** How the chunks of a {@link StreamingNode} are kept: see {@link CachedNodeOptions}. */
export type ChunkCacheOptions<In = unknown> = Pick<
  CachedNodeOptions<In>,
  "max" | "ttlMs" | "key" | "store" | "namespace" | "storeTimeoutMs" | "onStoreError"
>;

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
  readonly #cache: CachedNode<In, Chunk[]> | undefined;

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
    this.#cache = options.cache && this.#makeCache(options.cache === true ? {} : options.cache, options.limiter);
    this.#collect = options.collect ?? ((chunks) => chunks as Out);
  }

  /**
   * Sends the chunks of this node to another one as they come: that is called as soon as this one is, with an async iterable of
   * them, and can have no other input. If the chunks become void, as this node is tried again, it is called again, too. Returns
   * that node.
   *
   * @throws {TypeError} If `target` is no node.
   * @throws {DeclarationError} If it is this node itself, or connected to it already.
   *
   * @example
   * ```ts
   * import { Graph, StreamingNode } from "@ringmill/ringmill/graph";
   * import { equal } from "node:assert/strict";
   *
   * const speak = new StreamingNode("speak", function* (text: string) {
   *   yield* text.split(" ");
   * });
   * const shout = new StreamingNode("shout", async function* (words: AsyncIterable<string>) {
   *   for await (const word of words) yield `${word}!`;
   * }, { collect: (words) => words.join(" ") });
   * speak.connectChunks(shout);
   * const graph = new Graph("speech", { nodes: [speak, shout], start: speak });
   * equal(await graph.execute("to be", { output: shout }), "to! be!");
   * ```
   */
  connectChunks<Target extends Inlet<Name, AsyncIterable<Chunk>>>(target: Target): Target {
    const action = `Cannot connect the chunks of node "${this.name}"`;
    if (!(target instanceof Node)) refuse(TypeError, action, "expected a node", target);
    if (target as GraphNode === this as GraphNode) throw new DeclarationError(`${action} to itself`);
    const { targets, chunkTargets, owner } = internalsOf(this);
    if (targets.has(target as GraphNode)) throw new DeclarationError(`${action} to "${target.name}": its output is`);
    chunkTargets.add(target as GraphNode);
    owner?.changed();
    return target;
  }

  #makeCache(options: ChunkCacheOptions<In>, limiter: Limiter | undefined): CachedNode<In, Chunk[]> {
    checkOptions(`make node "${this.name}" with the option cache`, options, CHUNK_CACHE_RULES);
    // It waits for the limiter only when it calls the function.
    internalsOf(this).limitsItself = true;
    const cache = new CachedNode<In, Chunk[]>(this.name, (input, context) => this.#yieldAll(input, context), {
      ...options,
      limiter,
    });
    // Whose answers they are is told by the node's own function.
    addFunctions(cache, this.#work);
    return cache;
  }

  /** What was counted so far of the option `cache`; `undefined` without it. */
  get cacheStats(): CacheStats | undefined {
    return this.#cache?.stats;
  }

  /** Prepares the cache, if there is one. */
  override compile(): void {
    if (!this.#cache) return;
    internalsOf(this.#cache).owner = internalsOf(this).owner;
    this.#cache.compile();
  }

  /** Waits for what is being stored. */
  override async close(): Promise<void> {
    await this.#cache?.close();
  }

  /** Tells of each chunk, and resolves to all, or to what `collect` makes of them. */
  override async process(input: In, context: NodeContext): Promise<Out> {
    const chunks =
      await (this.#cache ? this.#yieldCached(this.#cache, input, context) : this.#yieldAll(input, context));
    return await this.#collect(chunks);
  }

  /** Chunks that come now are told as they come, those that were kept all at once. */
  async #yieldCached(cache: CachedNode<In, Chunk[]>, input: In, context: NodeContext): Promise<Chunk[]> {
    let told = 0;
    const chunks = await cache.process(input, callWithin(context, "cache", { onChunk: () => told++ }));
    for (const chunk of chunks.slice(told)) emitChunk(context, chunk);
    return [...chunks];
  }

  async #yieldAll(input: In, context: NodeContext): Promise<Chunk[]> {
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
    return chunks;
  }
}

function isIterable(value: unknown): boolean {
  const given = Object(value);
  return typeof given[Symbol.asyncIterator] === "function" || typeof given[Symbol.iterator] === "function";
}

declareOptions(StreamingNode, STREAMING_NODE_RULES);
