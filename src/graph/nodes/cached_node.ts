/** Nodes that keep what they have put out. */

import { DeclarationError } from "../../errors.ts";
import { Deadline } from "../../timers.ts";
import { SharedCall } from "../execution/shared_call.ts";
import { Node, type NodeFunction } from "../node.ts";
import type { Limiter } from "../limiter.ts";
import { retryAfterMs } from "../retry_after.ts";
import { emitChunk, type NodeContext, pauseCall, queueCall, SharedContext, tellOfCall } from "../node_context.ts";
import { addFunctions, internalsOf } from "../node_internals.ts";
import { type NodeOptions, refuse } from "../node_options.ts";
import { CACHED_NODE_RULES, declareOptions } from "../option_rules.ts";
import { type CacheEntry, type CacheStore, MemoryStore } from "../stores/cache_store.ts";
import { type JoinMode, SKIPPED } from "../wiring.ts";
import { claim, isOpaque, keyOf, prefixOf, wholeInput } from "./cache_keys.ts";
import { warn } from "../../notices.ts";
import { detailsOf } from "../../safe_text.ts";

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
  /**
   * What tells inputs apart. By default the whole input: everything that a function can see of it, the order of keys, too. With
   * {@link sortedKeys} that order does not count. Inputs that hold functions or objects of classes need a key.
   */
  key?: (input: In) => string;
  /** Where outputs are kept: in memory by default. Nodes may share a store: each has its own answers in it. */
  store?: CacheStore;
  /**
   * Nodes of one namespace share their answers in a store. By default each node has one of its own, named for graph and node.
   */
  namespace?: string;
  /**
   * How long to wait for the store, in milliseconds. Then the function is called, or its output not kept.
   *
   * @default {1000}
   */
  storeTimeoutMs?: number;
  /**
   * Takes the failure of a store, which is done without then, and the refusal of an output that cannot be kept. The first is
   * written to the console by default.
   */
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

/** What a store has, now or later. */
type Looking = CacheEntry | undefined | Promise<CacheEntry | undefined>;

/** Who waits for a call. */
interface Waiter {
  readonly context: NodeContext;
  /** It does not wait for the limiter any more. */
  leaveQueue: () => void;
}

/** A call of the function, for all that wait for it. */
interface CachedCall<Out> {
  readonly call: SharedCall;
  readonly output: Promise<Out>;
  /** Whether the function has returned: its output is being stored. */
  isDone: boolean;
  /** Whether the key was forgotten meanwhile: its output is not kept. */
  isStale: boolean;
  storing: Promise<void> | undefined;
  /** Resolves when the function is called, or need not be. */
  readonly begun: Promise<void>;
  /** Whether it waits for the limiter. */
  isQueued: boolean;
  /** What it has yielded. */
  readonly chunks: unknown[];
  readonly waiting: Set<Waiter>;
}

/**
 * Calls its function once for equal inputs, and keeps what it returns. While a call runs, equal inputs wait for it; but not
 * for one that took too long for somebody. What fails is not kept.
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
  readonly #limiter: Limiter | undefined;
  readonly #key: (input: In) => string;
  readonly #ttlMs: number;
  readonly #store: CacheStore;
  readonly #namespace: string | undefined;
  readonly #storeTimeoutMs: number;
  readonly #onStoreError: (error: unknown) => void;
  readonly #calls = new Map<string, CachedCall<Out>>();
  /** Calls that nobody joins any more, with their keys. They may still end, and be kept. */
  readonly #aside = new Map<CachedCall<Out>, string>();
  readonly #storing = new Set<Promise<void>>();
  /** What keys begin with, in a graph of this name. */
  #madeFor: { readonly graph: string; readonly prefix: string } | undefined;
  readonly #stats = { hits: 0, misses: 0, shared: 0 };
  #hasWarned = false;

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
    const { max, store, onStoreError = (error: unknown) => this.#warn(error) } = options;
    const action = `Cannot make node "${name}"`;
    if (typeof work !== "function") refuse(TypeError, action, "expected a function", work);
    if (store && max !== undefined) refuse(TypeError, action, "max belongs to the store that is given", max);
    internalsOf(this).limitsItself = true;
    addFunctions(this, work);
    this.#work = work;
    this.#limiter = options.limiter;
    this.#key = options.key ?? wholeInput;
    this.#ttlMs = options.ttlMs ?? Infinity;
    this.#store = store ?? new MemoryStore({ max });
    this.#namespace = options.namespace;
    this.#storeTimeoutMs = options.storeTimeoutMs ?? 1000;
    this.#onStoreError = onStoreError;
  }

  /** What was counted so far. */
  get stats(): CacheStats {
    return { ...this.#stats };
  }

  /**
   * Forgets what is kept for an input. A call that runs for it serves those who wait for it, and is not kept.
   *
   * @throws What the store throws.
   */
  async forget(input: In): Promise<void> {
    const key = this.#keyOf(input);
    await this.#outdate(key);
    await this.#inTime(() => this.#store.delete(key));
  }

  /**
   * Forgets everything that is kept for this node, and for others of its namespace. Calls that run are not kept.
   *
   * @throws What the store throws.
   */
  async clear(): Promise<void> {
    await this.#outdate();
    await this.#inTime(() => this.#store.clear(this.#prefix));
  }

  /** Nothing is kept of the calls for a key, or of all, that are under way. Waits for what is being stored already. */
  async #outdate(key?: string): Promise<void> {
    const aside = [...this.#aside].filter(([, of]) => key === undefined || of === key).map(([call]) => call);
    const joined = key === undefined ? [...this.#calls.values()] : [this.#calls.get(key) ?? []].flat();
    if (key === undefined) this.#calls.clear();
    else this.#calls.delete(key);
    const calls = [...aside, ...joined];
    for (const call of calls) call.isStale = true;
    await Promise.all(calls.map(({ storing }) => storing));
  }

  get #prefix(): string {
    const graph = internalsOf(this).owner?.name ?? "";
    if (graph !== this.#madeFor?.graph) {
      this.#madeFor = { graph, prefix: prefixOf(graph, this.name, this.#namespace) };
    }
    return this.#madeFor.prefix;
  }

  #keyOf(input: In): string {
    return this.#prefix + keyOf(this.name, this.#key, input);
  }

  /**
   * Checks that the store keeps no answers of another function under the same names.
   *
   * @throws {DeclarationError} If it does.
   */
  override compile(): void {
    const work = internalsOf(this).functions.at(-1);
    if (claim(this.#store, this.#prefix, work)) return;
    const orElse = isOpaque(work) ? ", or give both nodes the same function: bound ones cannot be told apart" : "";
    throw new DeclarationError(
      `Cannot compile node "${this.name}": its store keeps answers of another node of this name, of a graph of the same ` +
        `name; set the option namespace${orElse}`,
    );
  }

  /** Looks into the store, and calls the function if need be. */
  override process(input: In, context: NodeContext): Out | Promise<Out> {
    const key = this.#keyOf(input);
    const running = this.#calls.get(key);
    // One that nobody waits for any more is cancelled, and may still take its time.
    if (running && !running.call.signal.aborted) {
      this.#count(running.isDone ? "hit" : "shared", context);
      return this.#wait(key, running, context);
    }
    const entry = this.#look(key);
    if (entry && !isPromiseLike(entry)) {
      this.#count("hit", context);
      return entry.value as Out;
    }
    const begun = this.#begin(key, input, context, entry);
    if (running) this.#aside.set(running, key);
    this.#calls.set(key, begun);
    return this.#wait(key, begun, context);
  }

  /** A chunk goes to all that wait; whoever comes later gets those before it first. */
  #forward(call: CachedCall<Out>, chunk: unknown): void {
    call.chunks.push(chunk);
    for (const { context } of call.waiting) emitChunk(context, chunk);
  }

  async #wait(key: string, found: CachedCall<Out>, context: NodeContext): Promise<Out> {
    for (const chunk of found.chunks) emitChunk(context, chunk);
    const waiter: Waiter = { context, leaveQueue: () => {} };
    found.waiting.add(waiter);
    if (found.isQueued) waiter.leaveQueue = queueCall(context, this.#limiter!.queued);
    // To wait for the limiter does not count for the time-out of anybody.
    const resume = this.#limiter ? pauseCall(context) : undefined;
    if (resume) found.begun.then(resume);
    try {
      return await found.call.wait(found.output, context);
    } catch (error) {
      // A call that has taken too long for one may hang: whoever comes next begins another.
      if (hasTimedOut(context.signal) && this.#calls.get(key) === found) {
        this.#calls.delete(key);
        this.#aside.set(found, key);
      }
      throw error;
    } finally {
      found.waiting.delete(waiter);
      waiter.leaveQueue();
    }
  }

  #count(outcome: "hit" | "miss" | "shared", context: NodeContext): void {
    this.#stats[outcome === "hit" ? "hits" : outcome === "miss" ? "misses" : "shared"]++;
    tellOfCall(context, { kind: "cache", node: this.name, outcome });
  }

  #begin(key: string, input: In, context: NodeContext, looking: Looking): CachedCall<Out> {
    const call = new SharedCall();
    const { promise, resolve, reject } = Promise.withResolvers<Out>();
    const calling = Promise.withResolvers<void>();
    const begun: CachedCall<Out> = {
      call,
      output: promise,
      isDone: false,
      isStale: false,
      storing: undefined,
      begun: calling.promise,
      isQueued: false,
      chunks: [],
      waiting: new Set(),
    };
    const end = () => {
      this.#aside.delete(begun);
      if (this.#calls.get(key) === begun) this.#calls.delete(key);
    };
    this.#find(key, input, context, begun, { looking, begin: calling.resolve }).then((output) => {
      begun.isDone = true;
      if (begun.storing) begun.storing.then(end);
      else end();
      resolve(output);
    }, (error) => {
      end();
      calling.resolve();
      reject(error);
    });
    return begun;
  }

  async #find(
    key: string,
    input: In,
    context: NodeContext,
    begun: CachedCall<Out>,
    { looking, begin }: { readonly looking: Looking; readonly begin: () => void },
  ): Promise<Out> {
    const entry = await looking;
    this.#count(entry ? "hit" : "miss", context);
    if (entry) return entry.value as Out;
    const { signal } = begun.call;
    const shared = new SharedContext(context, signal, (chunk) => this.#forward(begun, chunk));
    const place = await this.#limiter?.acquire({ signal, onQueued: (queued) => this.#queue(begun, queued) });
    begun.isQueued = false;
    for (const { leaveQueue } of begun.waiting) leaveQueue();
    begin();
    // Everybody may have left meanwhile.
    if (signal.aborted) place?.();
    signal.throwIfAborted();
    const work = async () => await this.#work(input, shared);
    const output = await work().catch((error) => this.#yield(error)).finally(place);
    // The output does not wait for the store: what was paid for is given out.
    if (output as unknown !== SKIPPED && !begun.isStale) this.#keep(key, output, begun);
    return output;
  }

  /** All that wait for a call wait for the limiter. */
  #queue(call: CachedCall<Out>, queued: number): void {
    call.isQueued = true;
    for (const waiter of call.waiting) waiter.leaveQueue = queueCall(waiter.context, queued);
  }

  /** A server that asks to be left alone is. */
  #yield(error: unknown): never {
    const ms = retryAfterMs(error);
    if (ms !== undefined) this.#limiter?.pauseFor(ms);
    throw error;
  }

  /** What the store has: at once, if it can tell at once. */
  #look(key: string): Looking {
    try {
      const entry = this.#store.get(key);
      return isPromiseLike(entry) ? this.#await(entry) : entry;
    } catch (error) {
      this.#onStoreError(error);
    }
  }

  async #await(entry: PromiseLike<CacheEntry | undefined>): Promise<CacheEntry | undefined> {
    try {
      return await this.#inTime(() => entry);
    } catch (error) {
      this.#onStoreError(error);
    }
  }

  #keep(key: string, output: Out, begun: CachedCall<Out>): void {
    const fail = (error: unknown) => this.#onStoreError(error);
    try {
      const kept = this.#store.set(key, output, this.#ttlMs);
      if (!kept) return;
      const storing = begun.storing = this.#inTime(() => kept).catch(fail).finally(() => this.#storing.delete(storing));
      this.#storing.add(storing);
    } catch (error) {
      fail(error);
    }
  }

  /** A store that is away must not hold up anything for long. */
  async #inTime<Result>(access: () => Result | PromiseLike<Result>): Promise<Result> {
    const result = access();
    if (!isPromiseLike(result)) return result;
    const { promise, reject } = Promise.withResolvers<never>();
    const ms = this.#storeTimeoutMs;
    const text = `The store of node "${this.name}" took longer than ${ms} ms (storeTimeoutMs)`;
    using _deadline = new Deadline(ms, () => reject(new DOMException(text, "TimeoutError")));
    return await Promise.race([result, promise]);
  }

  #warn(error: unknown): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    const what = `Node "${this.name}" goes on without its store, and says so once; set onStoreError to hear of it`;
    warn(`${what}: ${detailsOf(error)}`);
  }

  /** Waits for what is being stored. The store itself stays open: whoever has made it closes it. */
  override async close(): Promise<void> {
    await Promise.all(this.#storing);
  }
}

function isPromiseLike<Result>(value: Result | PromiseLike<Result>): value is PromiseLike<Result> {
  return typeof (value as PromiseLike<Result> | undefined)?.then === "function";
}

function hasTimedOut({ aborted, reason }: AbortSignal): boolean {
  return aborted && reason instanceof DOMException && reason.name === "TimeoutError";
}

declareOptions(CachedNode, CACHED_NODE_RULES);
