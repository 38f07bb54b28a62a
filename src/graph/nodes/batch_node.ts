/** Nodes that collect inputs, from several executions, and work on them together. */

import { LONGEST_TIMER_MS } from "../../ring/within.ts";
import { SharedCall } from "../execution/shared_call.ts";
import { Node } from "../node.ts";
import type { NodeContext } from "../node_context.ts";
import { checkCount, checkNumber, type NodeOptions, refuse } from "../node_options.ts";
import type { JoinMode } from "../wiring.ts";

/** Works on a batch: one output for each input, in the same order. */
export type BatchFunction<In, Out> = (
  inputs: In[],
  context: { readonly signal: AbortSignal },
) => readonly Out[] | PromiseLike<readonly Out[]>;

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
   * The longest that an input waits for others, in milliseconds. Then its batch goes, however small.
   *
   * @default {10}
   */
  maxWaitMs?: number;
  /**
   * A batch of at least so many inputs does not wait any longer, once no further ones come in the same turn of the event
   * loop: 1 to `size`. `size` by default: batches wait until they are full, or for `maxWaitMs`.
   */
  minSize?: number;
}

interface Batch<In, Out> {
  readonly inputs: In[];
  readonly call: SharedCall;
  readonly outputs: PromiseWithResolvers<readonly Out[]>;
  /** Of the longest wait, and of the end of the turn. */
  timer: ReturnType<typeof setTimeout> | undefined;
  turn: ReturnType<typeof setTimeout> | undefined;
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
  readonly #size: number;
  readonly #maxWaitMs: number;
  readonly #minSize: number;
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
    const { size = 32, maxWaitMs = 10, minSize = size } = options, action = `Cannot make node "${name}"`;
    if (typeof work !== "function") refuse(TypeError, action, "expected a function", work);
    checkCount(action, "size", size, 1);
    checkNumber(action, "maxWaitMs", maxWaitMs, 0);
    checkCount(action, "minSize", minSize, 1);
    if (minSize > size) refuse(RangeError, action, `minSize must be 1 to size, ${size}`, minSize);
    this.#work = work;
    this.#size = size;
    this.#maxWaitMs = maxWaitMs;
    this.#minSize = minSize;
  }

  /** Puts the input into a batch, and resolves to its own output. */
  override async process(input: In, { signal }: NodeContext): Promise<Out> {
    signal.throwIfAborted();
    const batch = this.#batch ??= this.#openBatch(), at = batch.inputs.push(input) - 1;
    if (batch.inputs.length >= this.#size) this.flush();
    else if (batch.inputs.length >= this.#minSize) this.#flushAfterTurn(batch);
    return (await batch.call.wait(batch.outputs.promise, signal))[at];
  }

  #openBatch(): Batch<In, Out> {
    const timer = this.#maxWaitMs <= LONGEST_TIMER_MS ? setTimeout(() => this.flush(), this.#maxWaitMs) : undefined;
    return { inputs: [], call: new SharedCall(), outputs: Promise.withResolvers(), timer, turn: undefined };
  }

  #flushAfterTurn(batch: Batch<In, Out>): void {
    batch.turn ??= setTimeout(() => this.flush(), 0);
  }

  /** Works on what is collected, without waiting for more. */
  flush(): void {
    const batch = this.#batch;
    if (!batch) return;
    this.#batch = undefined;
    clearTimeout(batch.timer);
    clearTimeout(batch.turn);
    this.#run(batch).then(batch.outputs.resolve, batch.outputs.reject);
  }

  async #run({ inputs, call }: Batch<In, Out>): Promise<readonly Out[]> {
    const count = inputs.length;
    const outputs = await this.#work(inputs, { signal: call.signal });
    if (Array.isArray(outputs) && outputs.length === count) return outputs;
    const received = Array.isArray(outputs) ? outputs.length : outputs;
    return refuse(TypeError, `Cannot use the batch of node "${this.name}"`, `expected ${count} outputs`, received);
  }

  /** Drops what is collected. */
  override close(): Promise<void> {
    clearTimeout(this.#batch?.timer);
    clearTimeout(this.#batch?.turn);
    this.#batch = undefined;
    return super.close();
  }
}
