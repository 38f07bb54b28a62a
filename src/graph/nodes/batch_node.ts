/** Nodes that collect inputs, from several executions, and work on them together. */

import { LifecycleError } from "../../errors.ts";
import { Timer } from "../../timers.ts";
import { SharedCall } from "../execution/shared_call.ts";
import { Node } from "../node.ts";
import { holdCall, type NodeContext, queueCall } from "../node_context.ts";
import { type NodeOptions, refuse } from "../node_options.ts";
import { addFunctions, internalsOf } from "../node_internals.ts";
import { retryAfterMs } from "../retry_after.ts";
import { BATCH_NODE_RULES, declareOptions } from "../option_rules.ts";
import type { JoinMode } from "../wiring.ts";

/**
 * Works on a batch: one output for each input, in the same order. An `Error` in place of an output fails that input alone.
 */
export type BatchFunction<In, Out> = (
  inputs: In[],
  context: { readonly signal: AbortSignal },
) => readonly (Out | Error)[] | PromiseLike<readonly (Out | Error)[]>;

/** Options of a {@link BatchNode}. */
export interface BatchNodeOptions<
  In = unknown,
  Out = unknown,
  Join extends JoinMode | undefined = JoinMode | undefined,
> extends NodeOptions<In, Out, Join> {
  /**
   * The most inputs in a batch, 1 or more. A batch that is full goes at once.
   *
   * @default {32}
   */
  size?: number;
  /**
   * The longest that an input waits for others, in milliseconds. Then its batch goes, however small. In a stream, batches go
   * as soon as all items under way wait for others and no further one can begin.
   *
   * @default {10}
   */
  maxWaitMs?: number;
  /**
   * A batch of at least so many inputs does not wait any longer, once no further ones come in the same turn of the event
   * loop: 1 to `size`. `size` by default: batches wait until they are full, or for `maxWaitMs`.
   */
  minSize?: number;
  /**
   * The most that the inputs of a batch may weigh together, by `weigh`: tokens or bytes, say. A batch goes before it would get
   * heavier; an input that is heavier itself goes alone.
   *
   * @default {Infinity}
   */
  maxWeight?: number;
  /** What an input weighs, 0 or more. */
  weigh?: (input: In) => number;
  /**
   * Whether an input whose batch has failed is tried again alone, so that one that cannot succeed fails alone. Otherwise it
   * joins the next batch.
   *
   * @default {true}
   */
  isolateRetries?: boolean;
}

/** An input that waits for its output. */
interface BatchEntry<In, Out> {
  readonly input: In;
  readonly weight: number;
  readonly context: NodeContext;
  readonly outcome: PromiseWithResolvers<Out>;
  /** Its batch has gone: it waits for the function now. */
  release: () => void;
}

/** Inputs that are worked on together. */
class Batch<In, Out> {
  readonly entries = new Set<BatchEntry<In, Out>>();
  readonly call: SharedCall = new SharedCall();
  weight = 0;
  /** Whether its function is called: nobody leaves it any more. */
  hasGone = false;
  /** The function's work, once the batch has gone. */
  work: Promise<void> | undefined;
  /** Timer of the longest wait, or of the end of the turn. */
  timer: Timer | undefined;
  turn: Timer | undefined;

  add(entry: BatchEntry<In, Out>): void {
    this.entries.add(entry);
    this.weight += entry.weight;
  }

  remove(entry: BatchEntry<In, Out>): void {
    this.entries.delete(entry);
    this.weight -= entry.weight;
  }

  stopTimers(): void {
    this.timer?.cancel();
    this.turn?.cancel();
  }
}

/**
 * Collects inputs into batches and calls its function once for each batch. The inputs come from executions that run at
 * the same time, or from a stream; each gets its own output.
 *
 * @example
 * ```ts
 * import { BatchNode, Graph } from "@ringmill/ringmill/graph";
 * import { deepEqual } from "node:assert/strict";
 *
 * const sizes: number[] = [];
 * const square = new BatchNode("square", (numbers: number[]) => {
 *   sizes.push(numbers.length);
 *   return numbers.map((n) => n * n);
 * }, { size: 3, maxWaitMs: 5 });
 * const graph = new Graph("squares", { nodes: [square], start: square });
 * const squares = [];
 * for await (const n of graph.stream([1, 2, 3, 4], { output: square })) squares.push(n);
 * deepEqual(squares, [1, 4, 9, 16]);
 * deepEqual(sizes, [3, 1]);
 * ```
 */
export class BatchNode<
  In,
  Out,
  const Name extends string = string,
  const Join extends JoinMode | undefined = undefined,
> extends Node<In, Out, Name, Join> {
  readonly #work: BatchFunction<In, Out>;
  readonly #options: Required<Omit<BatchNodeOptions<In>, keyof NodeOptions>> & Pick<NodeOptions, "limiter">;
  #batch: Batch<In, Out> | undefined;

  /**
   * A node that works on batches.
   *
   * @throws {TypeError} If `work` is no function, or an option of the wrong kind.
   * @throws {RangeError} If an option is out of range.
   */
  constructor(
    name: Name,
    work: BatchFunction<In, Out>,
    options: BatchNodeOptions<NoInfer<In>, NoInfer<Out>, Join> = {},
  ) {
    super(name, undefined, options);
    const { size = 32, maxWaitMs = 10, minSize = size, isolateRetries = true } = options;
    const { maxWeight = Infinity, weigh = () => 1 } = options;
    const action = `Cannot make node "${name}"`;
    if (typeof work !== "function") refuse(TypeError, action, "expected a function", work);
    if (minSize > size) refuse(RangeError, action, `minSize must be 1 to size, ${size}`, minSize);
    if (options.maxWeight !== undefined && !options.weigh) {
      refuse(TypeError, action, "maxWeight needs weigh", maxWeight);
    }
    internalsOf(this).limitsItself = true;
    addFunctions(this, work);
    this.#work = work;
    this.#options = { size, maxWaitMs, minSize, isolateRetries, maxWeight, weigh, limiter: options.limiter };
  }

  /** Puts the input into a batch, and resolves to its own output. */
  override async process(input: In, context: NodeContext): Promise<Out> {
    context.signal.throwIfAborted();
    const weight = this.#weigh(input);
    const isAlone = this.#options.isolateRetries && context.attempt > 1;
    const batch = isAlone ? new Batch<In, Out>() : this.#batchFor(weight);
    const entry: BatchEntry<In, Out> = {
      input,
      weight,
      context,
      outcome: Promise.withResolvers<Out>(),
      release: () => {},
    };
    batch.add(entry);
    entry.release = holdCall(context, () => this.#send(batch));
    if (isAlone) this.#send(batch);
    else this.#sendIfDue(batch);
    return await this.#wait(batch, entry, context);
  }

  #weigh(input: In): number {
    const weight = this.#options.weigh(input);
    if (typeof weight === "number" && weight >= 0) return weight;
    return refuse(TypeError, `Cannot weigh an input of node "${this.name}"`, "weigh() must return 0 or more", weight);
  }

  /** The batch that collects, or a new one where that has no room for so much. */
  #batchFor(weight: number): Batch<In, Out> {
    if (this.#batch && this.#batch.weight + weight > this.#options.maxWeight) this.#send(this.#batch);
    if (this.#batch) return this.#batch;
    const batch = this.#batch = new Batch<In, Out>();
    batch.timer = new Timer(this.#options.maxWaitMs, () => this.#send(batch));
    return batch;
  }

  #sendIfDue(batch: Batch<In, Out>): void {
    const { size, minSize, maxWeight } = this.#options;
    const count = batch.entries.size;
    if (count >= size || batch.weight >= maxWeight) this.#send(batch);
    else if (count >= minSize) batch.turn ??= new Timer(0, () => this.#send(batch));
  }

  async #wait(batch: Batch<In, Out>, entry: BatchEntry<In, Out>, context: NodeContext): Promise<Out> {
    try {
      return await batch.call.wait(entry.outcome.promise, context, () => batch.work);
    } finally {
      entry.release();
      if (!batch.hasGone) this.#leave(batch, entry);
    }
  }

  /** A caller leaves a batch that has not gone. Without anybody there is no batch. */
  #leave(batch: Batch<In, Out>, entry: BatchEntry<In, Out>): void {
    batch.remove(entry);
    if (batch.entries.size > 0) return;
    batch.stopTimers();
    if (this.#batch === batch) this.#batch = undefined;
  }

  /** Works on what is collected, without waiting for more. */
  flush(): void {
    if (this.#batch) this.#send(this.#batch);
  }

  #send(batch: Batch<In, Out>): void {
    if (batch.work) return;
    if (this.#batch === batch) this.#batch = undefined;
    batch.stopTimers();
    batch.work = this.#run(batch);
  }

  async #run(batch: Batch<In, Out>): Promise<void> {
    const { limiter } = this.#options;
    const { signal } = batch.call;
    // To wait for the limiter does not count either.
    const onQueued = (queued: number) => this.#queue(batch.entries, queued);
    const place = limiter &&
      await limiter.acquire({ signal, onQueued }).catch((error) => this.#failAll(batch.entries, error));
    if (limiter && !place) return;
    // Everybody may have left meanwhile.
    if (signal.aborted) return place?.();
    batch.hasGone = true;
    const entries = [...batch.entries];
    for (const { release } of entries) release();
    await this.#workOn(entries, signal).finally(() => place?.());
  }

  /** All inputs of the batch wait for the limiter, until their batch goes or they leave it. */
  #queue(entries: Iterable<BatchEntry<In, Out>>, queued: number): void {
    for (const entry of entries) {
      const { release, context } = entry;
      const leaveQueue = queueCall(context, queued);
      entry.release = () => {
        release();
        leaveQueue();
      };
    }
  }

  #failAll(entries: Iterable<BatchEntry<In, Out>>, error: unknown): void {
    for (const { outcome } of entries) outcome.reject(error);
  }

  async #workOn(entries: readonly BatchEntry<In, Out>[], signal: AbortSignal): Promise<void> {
    try {
      const outputs = await this.#work(entries.map(({ input }) => input), { signal });
      this.#checkOutputs(outputs, entries.length);
      for (const [index, { outcome }] of entries.entries()) {
        const output = outputs[index];
        if (output instanceof Error) outcome.reject(output);
        else outcome.resolve(output);
      }
    } catch (error) {
      const ms = retryAfterMs(error);
      if (ms !== undefined) this.#options.limiter?.pauseFor(ms);
      this.#failAll(entries, error);
    }
  }

  #checkOutputs(outputs: unknown, count: number): void {
    if (Array.isArray(outputs) && outputs.length === count) return;
    const received = Array.isArray(outputs) ? outputs.length : outputs;
    refuse(TypeError, `Cannot use the batch of node "${this.name}"`, `expected ${count} outputs`, received);
  }

  /** Drops what is collected. */
  override close(): Promise<void> {
    const batch = this.#batch;
    this.#batch = undefined;
    batch?.stopTimers();
    for (const { outcome } of batch?.entries ?? []) {
      outcome.reject(new LifecycleError(`Node "${this.name}" was closed`));
    }
    return super.close();
  }
}

declareOptions(BatchNode, BATCH_NODE_RULES);
