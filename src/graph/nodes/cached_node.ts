/** Nodes that keep what they have put out. */

import { createHash } from "node:crypto";
import { serialize } from "node:v8";
import { SharedCall } from "../execution/shared_call.ts";
import { type CacheEntry, type CacheStore, MemoryStore } from "../stores/cache_store.ts";
import { Node, type NodeFunction } from "../node.ts";
import type { NodeContext } from "../node_context.ts";
import { checkFunction, checkNumber, type NodeOptions, refuse } from "../node_options.ts";
import { type JoinMode, SKIPPED } from "../wiring.ts";

/** Options of a {@link CachedNode}. */
export interface CachedNodeOptions<
  In = unknown,
  Out = unknown,
  Join extends JoinMode | undefined = JoinMode | undefined,
> extends NodeOptions<In, Out, Join> {
  /**
   * The most entries of the store in memory that the node has by default.
   *
   * @default {1000}
   */
  max?: number;
  /**
   * How long an output is good for, in milliseconds.
   *
   * @default {Infinity}
   */
  ttlMs?: number;
  /** What tells inputs apart. The whole input by default, as structured cloning sees it. */
  key?: (input: In) => string;
  /** Where outputs are kept: in memory by default. Several nodes may share a store if their keys differ. */
  store?: CacheStore;
  /** Takes the failure of a store, which is done without then. Otherwise it is the node's. */
  onStoreError?: (error: unknown) => void;
}

/** What a {@link CachedNode} has counted. */
export interface CacheStats {
  /** Inputs whose output was in the store. */
  readonly hits: number;
  /** Inputs for which the function was called. */
  readonly misses: number;
  /** Inputs that came while the function was being called for an equal one, and share its output. */
  readonly shared: number;
}

/** Short inputs as they are, others by a hash of their clone. */
function wholeInput(input: unknown): string {
  if (typeof input === "string" && input.length < 200) return `"${input}`;
  if (typeof input === "number" || typeof input === "boolean" || input == null) return String(input);
  return createHash("sha256").update(serialize(input)).digest("base64url");
}

/**
 * Calls its function once for equal inputs, and keeps what it returns. While a call runs, equal inputs wait for it. What
 * fails is not kept.
 *
 * @example
 * ```ts
 * import { CachedNode, Graph } from "@ringmill/ringmill/graph";
 * import { deepEqual } from "node:assert/strict";
 *
 * const length = new CachedNode("length", (text: string) => text.length, { max: 100, ttlMs: 60_000 });
 * const graph = new Graph("cached", { nodes: [length], start: length });
 * for (const text of ["one", "two", "one"]) deepEqual(await graph.execute(text), { length: 3 });
 * deepEqual(length.stats, { hits: 1, misses: 2, shared: 0 });
 * ```
 */
export class CachedNode<
  In,
  Out,
  const Name extends string = string,
  const Join extends JoinMode | undefined = undefined,
> extends Node<In, Out, Name, Join> {
  readonly #work: NodeFunction<In, Out>;
  readonly #key: (input: In) => string;
  readonly #ttlMs: number;
  readonly #store: CacheStore;
  readonly #onStoreError: ((error: unknown) => void) | undefined;
  readonly #calls = new Map<string, { readonly call: SharedCall; readonly output: Promise<Out> }>();
  readonly #stats = { hits: 0, misses: 0, shared: 0 };

  /**
   * A node with an empty cache, or with the one that is given.
   *
   * @throws {TypeError} If an option is of the wrong kind, or `max` is given together with a store.
   * @throws {RangeError} If an option is out of range.
   */
  constructor(
    name: Name,
    work: NodeFunction<In, Out>,
    options: CachedNodeOptions<NoInfer<In>, NoInfer<Out>, Join> = {},
  ) {
    super(name, undefined, options);
    const { max, ttlMs = Infinity, key = wholeInput, store, onStoreError } = options;
    const action = `Cannot make node "${name}"`;
    if (typeof work !== "function") refuse(TypeError, action, "expected a function", work);
    checkNumber(action, "ttlMs", ttlMs, 0);
    checkFunction(action, "key", key);
    checkFunction(action, "onStoreError", onStoreError);
    if (store && max !== undefined) refuse(TypeError, action, "max belongs to the store that is given", max);
    this.#work = work;
    this.#key = key;
    this.#ttlMs = ttlMs;
    this.#store = store ?? new MemoryStore({ max });
    this.#onStoreError = onStoreError;
  }

  /** What was counted so far. */
  get stats(): CacheStats {
    return { ...this.#stats };
  }

  /** Forgets what is kept for an input. */
  async forget(input: In): Promise<void> {
    await this.#store.delete(this.#keyOf(input));
  }

  /** Forgets everything in the store. */
  async clear(): Promise<void> {
    await this.#store.clear();
  }

  /** Looks into the store, and calls the function if need be. */
  override async process(input: In, context: NodeContext): Promise<Out> {
    const key = this.#keyOf(input);
    let shared = this.#calls.get(key);
    // One that nobody waits for any more is cancelled, and may still take its time.
    if (shared && !shared.call.signal.aborted) this.#stats.shared++;
    else this.#calls.set(key, shared = this.#begin(key, input, context));
    return await shared.call.wait(shared.output, context.signal);
  }

  #keyOf(input: In): string {
    const key = this.#key(input);
    if (typeof key === "string") return key;
    return refuse(TypeError, `Cannot look into the cache of node "${this.name}"`, "key() must return a text", key);
  }

  #begin(key: string, input: In, context: NodeContext): { call: SharedCall; output: Promise<Out> } {
    const call = new SharedCall(), { graph, node, run, attempt } = context;
    const output = this.#find(key, input, { graph, node, run, attempt, signal: call.signal });
    const shared = { call, output },
      end = () => {
        if (this.#calls.get(key) === shared) this.#calls.delete(key);
      };
    output.then(end, end);
    return shared;
  }

  async #find(key: string, input: In, context: NodeContext): Promise<Out> {
    const entry = await this.#use(() => this.#store.get(key)) as CacheEntry | undefined;
    if (entry) {
      this.#stats.hits++;
      return entry.value as Out;
    }
    this.#stats.misses++;
    const output = await this.#work(input, context);
    if (output as unknown !== SKIPPED) await this.#use(() => this.#store.set(key, output, this.#ttlMs));
    return output;
  }

  async #use(access: () => unknown): Promise<unknown> {
    try {
      return await access();
    } catch (error) {
      if (!this.#onStoreError) throw error;
      this.#onStoreError(error);
    }
  }
}
