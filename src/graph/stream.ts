/** Streams of items through a graph: bounded, in order or not, and no faster than results are taken. */

import type { Execution } from "./_execution.ts";
import type { ExecuteOptions } from "./graph.ts";
import { type OpenSource, openSource, type StreamSource } from "./stream_source.ts";
import { checkCount, checkFunction, checkSignal } from "./node_options.ts";

/** Options of {@link Graph.stream}. Those of an execution hold for each item. */
export interface StreamOptions<Item> extends Omit<ExecuteOptions, "concurrency"> {
  /**
   * How many items may be under way at a time, 1 or more; those count whose results have not been taken.
   *
   * @default {16}
   */
  concurrency?: number;
  /**
   * How many nodes may be running at a time for each item.
   *
   * @default {Infinity}
   */
  nodeConcurrency?: number;
  /**
   * Whether results come in the order of the items, or as they are ready.
   *
   * @default {true}
   */
  ordered?: boolean;
  /** Takes the failure of an item, which yields no result then. Without, the first failure ends the stream. */
  onItemError?: (error: unknown, item: Item) => void;
}

/** What a stream does with an execution that has ended: a result, or `null` where there is none. */
type Take = (execution: Execution) => { readonly value: unknown } | null;

/** How a stream begins an execution. */
type Begin<Item> = (item: Item) => Execution;

/** A place in the order of the results. */
interface Slot {
  isReady: boolean;
  result: { readonly value: unknown } | null;
}

/** Runs each item of `source` through an execution. */
export function streamThrough<Item>(
  graph: string,
  source: StreamSource<Item>,
  options: StreamOptions<Item>,
  begin: Begin<Item>,
  take: Take,
): AsyncIterableIterator<unknown> {
  const { concurrency = 16, signal, onItemError } = options, action = `Cannot stream through graph "${graph}"`;
  checkCount(action, "concurrency", concurrency, 1, false);
  checkSignal(action, signal);
  checkFunction(action, "onItemError", onItemError);
  return new GraphStream(openSource(action, source), { ...options, concurrency }, begin, take);
}

class GraphStream<Item> implements AsyncIterableIterator<unknown> {
  readonly #source: OpenSource<Item>;
  readonly #options: StreamOptions<Item> & { readonly concurrency: number };
  readonly #begin: Begin<Item>;
  readonly #take: Take;
  readonly #executions = new Set<Execution>();
  /** In the order of the items, or only those that are ready. */
  readonly #slots: Slot[] = [];
  /** Items whose results were not taken. */
  #underWay = 0;
  #isPumping = false;
  #isReading = false;
  #hasSourceEnded = false;
  #isOver = false;
  #failure: { readonly error: unknown } | undefined;
  /** Resolved when a result is ready or all is over, and when there is room for another item. */
  #result: PromiseWithResolvers<void> | undefined;
  #room: PromiseWithResolvers<void> | undefined;

  constructor(
    source: OpenSource<Item>,
    options: StreamOptions<Item> & { readonly concurrency: number },
    begin: Begin<Item>,
    take: Take,
  ) {
    this.#source = source;
    this.#options = options;
    this.#begin = begin;
    this.#take = take;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<unknown>> {
    this.#start();
    for (;;) {
      if (this.#failure) return this.#throwFailure(this.#failure.error);
      if (this.#slots[0]?.isReady) {
        const { result } = this.#slots.shift()!;
        this.#underWay--;
        this.#room?.resolve();
        if (result) return { value: result.value, done: false };
      } else if (this.#isOver || (this.#hasSourceEnded && this.#underWay === 0)) {
        this.#finish();
        return { value: undefined, done: true };
      } else await (this.#result ??= Promise.withResolvers()).promise;
    }
  }

  /** Once. Then the stream has ended. */
  #throwFailure(error: unknown): never {
    this.#failure = undefined;
    throw error;
  }

  async return(): Promise<IteratorResult<unknown>> {
    await this.#stop(new DOMException("The stream is no longer read", "AbortError"));
    return { value: undefined, done: true };
  }

  #start(): void {
    if (this.#isPumping || this.#isOver) return;
    this.#isPumping = true;
    const { signal } = this.#options;
    if (signal?.aborted) return this.#abort();
    signal?.addEventListener("abort", this.#abort);
    this.#pump();
  }

  readonly #abort = (): void => this.#fail(this.#options.signal!.reason);

  async #pump(): Promise<void> {
    try {
      while (!this.#isOver) {
        if (this.#underWay >= this.#options.concurrency) {
          await (this.#room = Promise.withResolvers()).promise;
          continue;
        }
        const { done, value } = await this.#read();
        if (done) break;
        if (!this.#isOver) this.#run(value);
      }
      this.#hasSourceEnded = true;
      this.#wake();
    } catch (error) {
      this.#hasSourceEnded = true;
      this.#fail(error);
    }
  }

  /** The next item. A source that has it at once is not waited for. */
  #read(): IteratorResult<Item> | Promise<IteratorResult<Item>> {
    const next = this.#source.next();
    if (!("then" in next)) return next;
    this.#isReading = true;
    return Promise.resolve(next).finally(() => this.#isReading = false);
  }

  #run(item: Item): void {
    const slot: Slot = { isReady: false, result: null }, { ordered = true } = this.#options;
    this.#underWay++;
    if (ordered) this.#slots.push(slot);
    const execution = this.#begin(item);
    if (execution.isOver) return this.#finishItem(execution, item, slot);
    this.#executions.add(execution);
    const finish = () => this.#finishItem(execution, item, slot);
    execution.outcome.then(finish, finish);
  }

  #finishItem(execution: Execution, item: Item, slot: Slot): void {
    this.#executions.delete(execution);
    if (this.#isOver) return;
    if (execution.ending === "completed") slot.result = this.#take(execution);
    else if (!this.#forgive(execution.reason, item)) return;
    slot.isReady = true;
    if (!(this.#options.ordered ?? true)) this.#slots.push(slot);
    if (this.#slots[0]?.isReady) this.#wake();
  }

  /** Hands a failure to whoever wants it. Without that, it is the end. */
  #forgive(error: unknown, item: Item): boolean {
    const { onItemError } = this.#options;
    try {
      if (!onItemError) throw error;
      onItemError(error, item);
      return true;
    } catch (thrown) {
      this.#fail(thrown);
      return false;
    }
  }

  #wake(): void {
    this.#result?.resolve();
    this.#result = undefined;
  }

  #fail(error: unknown): void {
    if (this.#isOver) return;
    this.#failure = { error };
    // What the source says to its end is of no use any more.
    this.#stop(error).catch(() => {});
  }

  #finish(): void {
    this.#isOver = true;
    this.#options.signal?.removeEventListener("abort", this.#abort);
  }

  /** Cancels what runs, and ends the source. */
  async #stop(reason: unknown): Promise<void> {
    this.#finish();
    for (const execution of this.#executions) execution.cancel(reason);
    this.#slots.length = 0;
    this.#room?.resolve();
    this.#wake();
    if (this.#hasSourceEnded) return;
    this.#hasSourceEnded = true;
    const ended = this.#source.stop(reason);
    // A generator that is waiting for something ends only after that.
    if (this.#isReading) ended.catch(() => {});
    else await ended;
  }
}
