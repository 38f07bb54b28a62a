/** Nodes that put several inputs into one output. */

import { LifecycleError } from "../../errors.ts";
import { Timer } from "../../timers.ts";
import { untilAborted } from "../../worker/until_aborted.ts";
import { Node } from "../node.ts";
import { holdCall, type NodeContext } from "../node_context.ts";
import { type NodeOptions, refuse } from "../node_options.ts";
import { internalsOf, lostInputs } from "../node_internals.ts";
import { declareOptions, WINDOW_NODE_RULES } from "../option_rules.ts";
import { type JoinMode, SKIPPED, type Skipped } from "../wiring.ts";

/** Options of a {@link WindowNode}. */
export interface WindowNodeOptions<
  In = unknown,
  Join extends JoinMode | undefined = JoinMode | undefined,
> extends NodeOptions<In, In[] | Skipped, Join> {
  /**
   * How many inputs make a window, 1 or more.
   *
   * @default {100}
   */
  size?: number;
  /**
   * The longest that a window waits for further inputs after its latest, in milliseconds. Then it goes, however small.
   *
   * @default {Infinity}
   */
  maxWaitMs?: number;
  /**
   * The most that the inputs of a window may weigh together, by `weigh`: tokens or bytes, say. A window goes as soon as it weighs
   * so much.
   *
   * @default {Infinity}
   */
  maxWeight?: number;
  /** What an input weighs, 0 or more. */
  weigh?: (input: In) => number;
}

/** An input of the window. */
interface WindowEntry<In> {
  readonly input: In;
  readonly weight: number;
}

/** The input that waits for the next one: of the latest execution. */
interface Waiting<In> {
  readonly run: number;
  readonly signal: AbortSignal;
  readonly entry: WindowEntry<In>;
  readonly outcome: PromiseWithResolvers<In[] | Skipped>;
  timer: Timer;
  /** It does not wait any more. */
  release: () => void;
}

/**
 * Many to one: collects inputs of several executions, such as the items of a stream, and puts out the list of them with the last
 * one. What comes after the others is skipped. At the end of a stream, the last window goes at once. A stream needs a
 * `concurrency` of 2 or more, as the latest input waits for the next one. If that one is cancelled or its execution fails, those
 * before it go with whatever input comes next. If none comes, the end of the stream or `close()` fails with a `LifecycleError`
 * that says how many inputs are lost.
 *
 * @example
 * ```ts
 * import { Graph, Node, WindowNode } from "@ringmill/ringmill/graph";
 * import { deepEqual } from "node:assert/strict";
 *
 * const three = new WindowNode<number, "three">("three", { size: 3 });
 * const sum = new Node("sum", (numbers: number[]) => numbers.reduce((a, b) => a + b));
 * three.connect(sum);
 * const graph = new Graph("sums", { nodes: [three, sum], start: three });
 * deepEqual(await Array.fromAsync(graph.stream([1, 2, 3, 4, 5, 6, 7], { output: sum })), [6, 15, 7]);
 * ```
 */
export class WindowNode<
  In,
  const Name extends string = string,
  const Join extends JoinMode | undefined = undefined,
> extends Node<In, In[] | Skipped, Name, Join> {
  readonly #options: Required<Omit<WindowNodeOptions<In>, keyof NodeOptions>>;
  readonly #window = new Set<WindowEntry<In>>();
  #weight = 0;
  #waiting: Waiting<In> | undefined;

  /**
   * A node without inputs yet.
   *
   * @throws {TypeError} If an option is of the wrong kind, or `maxWeight` is given without `weigh`.
   * @throws {RangeError} If an option is out of range.
   */
  constructor(name: Name, options: WindowNodeOptions<In, Join> = {}) {
    super(name, undefined, options as NodeOptions<NoInfer<In>, NoInfer<In[] | Skipped>, Join>);
    const { size = 100, maxWaitMs = Infinity, maxWeight = Infinity, weigh = () => 1 } = options;
    if (options.maxWeight !== undefined && !options.weigh) {
      refuse(TypeError, `Cannot make node "${name}"`, "maxWeight needs weigh", maxWeight);
    }
    this.#options = { size, maxWaitMs, maxWeight, weigh };
    internalsOf(this).takeLost = () => this.#takeLost();
  }

  /** Adds the input to the window. Resolves to that, or to a skip as soon as another input has come. */
  override async process(input: In, context: NodeContext): Promise<In[] | Skipped> {
    context.signal.throwIfAborted();
    const weight = this.#options.weigh(input);
    if (!(typeof weight === "number" && weight >= 0)) {
      refuse(TypeError, `Cannot weigh an input of node "${this.name}"`, "weigh() must return 0 or more", weight);
    }
    const entry = { input, weight };
    this.#window.add(entry);
    this.#weight += weight;
    // The later of two goes on to wait: in a stream, results of earlier items are due before.
    const isLater = !this.#waiting || this.#waiting.run < context.run;
    const isFull = this.#window.size >= this.#options.size || this.#weight >= this.#options.maxWeight;
    if (!isLater) {
      if (isFull) this.#letGo(this.#take());
      else this.#startTimer(this.#waiting!);
      return SKIPPED;
    }
    this.#letGo(SKIPPED);
    return isFull ? this.#take() : await this.#wait(entry, context);
  }

  #take(): In[] {
    const inputs = Array.from(this.#window, ({ input }) => input);
    this.#window.clear();
    this.#weight = 0;
    return inputs;
  }

  /** Ends the wait, if there is one. */
  #letGo(output: In[] | Skipped): void {
    this.#waiting?.timer.cancel();
    this.#waiting?.release();
    this.#waiting?.outcome.resolve(output);
    this.#waiting = undefined;
  }

  #startTimer(waiting: Waiting<In>): void {
    waiting.timer.cancel();
    waiting.timer = new Timer(this.#options.maxWaitMs, () => this.#go(waiting));
  }

  /** The window does not wait any longer. */
  #go(waiting: Waiting<In>): void {
    if (this.#waiting === waiting) this.#letGo(this.#take());
  }

  async #wait(entry: WindowEntry<In>, context: NodeContext): Promise<In[] | Skipped> {
    const outcome = Promise.withResolvers<In[] | Skipped>();
    const waiting = {
      run: context.run,
      signal: context.signal,
      entry,
      outcome,
      timer: new Timer(Infinity, () => {}),
      release: () => {},
    };
    this.#waiting = waiting;
    this.#startTimer(waiting);
    waiting.release = holdCall(context, () => this.#go(waiting));
    try {
      return await untilAborted(outcome.promise, context.signal);
    } catch (error) {
      this.#leave(waiting);
      throw error;
    } finally {
      waiting.release();
    }
  }

  /** An input that is cancelled leaves the window. Those before it, whose executions have ended, wait for the next one. */
  #leave(waiting: Waiting<In>): void {
    if (this.#waiting !== waiting) return;
    this.#waiting = undefined;
    waiting.timer.cancel();
    this.#window.delete(waiting.entry);
    this.#weight -= waiting.entry.weight;
  }

  /** Drops the inputs that no execution can carry on, and returns how many. None, if one waits that can. */
  #takeLost(): number {
    const waiting = this.#waiting;
    if (waiting && !waiting.signal.aborted) return 0;
    if (waiting) this.#leave(waiting);
    return this.#take().length;
  }

  /**
   * Drops what is collected.
   *
   * @throws {LifecycleError} If inputs are among that whose executions have ended. It says how many.
   */
  override async close(): Promise<void> {
    const waiting = this.#waiting;
    waiting?.outcome.promise.catch(() => {});
    waiting?.outcome.reject(new LifecycleError(`Node "${this.name}" was closed`));
    if (waiting) this.#leave(waiting);
    const lost = this.#take().length;
    await super.close();
    if (lost > 0) throw lostInputs(this.name, lost);
  }
}

declareOptions(WindowNode, WINDOW_NODE_RULES);
