/** Streams of items through a graph: bounded, in order or not, and no faster than results are taken. */

import type { Execution, ExecutionHooks, OnOver } from "./execution/execution.ts";
import { Fifo } from "./execution/fifo.ts";
import { type Link, Links } from "./execution/links.ts";
import type { ExecuteOptions } from "./execute_options.ts";
import type { NodeError } from "./node_error.ts";
import { type PipelineStatus, statusOf } from "./run.ts";
import { type OpenSource, openSource, type StreamSource } from "./stream_source.ts";
import type { RunOutcome } from "./events.ts";

/** An item that a stream is done with. */
export interface StreamItem<Item> {
  /** Which item it was, from 0. */
  readonly index: number;
  /** The item. */
  readonly item: Item;
  /** Which execution of the graph it was, as events have it. */
  readonly run: number;
  /** How that has ended. */
  readonly outcome: RunOutcome;
  /** Why, unless it has completed. */
  readonly error: unknown;
  /** What has failed in it, with `onError: "continue"` as well. */
  readonly errors: readonly NodeError[];
  /** Where each node has ended. */
  readonly status: PipelineStatus;
}

/** Options of {@link Graph.stream}. Those of an execution hold for each item. */
export interface GraphStreamOptions<Item, Context = unknown>
  extends Omit<ExecuteOptions<Context>, "concurrency" | "runId"> {
  /** Names the run of an item, which is kept then. No two items may have one name. */
  runId?: (item: Item, index: number) => string;
  /**
   * How many items may be under way at a time, 1 or more; those count whose results have not been taken. Batches of a
   * `BatchNode` do not get larger than this.
   *
   * @default {32}
   */
  concurrency?: number;
  /**
   * How many nodes may be running at a time for each item.
   *
   * @default {Infinity}
   */
  nodeConcurrency?: number;
  /**
   * How many items may be read from the source before there is room for them to begin, so that a slow source works meanwhile.
   *
   * @default {0}
   */
  readAhead?: number;
  /**
   * Whether results come in the order of the items, or as they are ready.
   *
   * @default {true}
   */
  ordered?: boolean;
  /**
   * Takes the failure of an item, which yields no result then; with `onError: "continue"`, that of each node that fails.
   * Without, the first failure cancels what runs and ends the stream, after those results that are ready and due. What it throws
   * or rejects with ends the stream, too.
   */
  onItemError?: (error: unknown, item: Item) => unknown;
  /** Is told of each item that is over, in the order in which they end; also of those that the end of the stream cancels. */
  onItem?: (item: StreamItem<Item>) => void;
}

/** What a stream yields for an execution that has completed; `null` if nothing. */
type Take = (execution: Execution) => IteratorYieldResult<unknown> | null;

/** Ends what a stream has left in nodes. Returns what there is to say of that. */
type End = () => Error[];

/** How a stream begins an execution. */
type Begin<Item> = (item: Item, index: number, onOver: OnOver, hooks: ExecutionHooks) => Execution;

/** An item under way, or the place of its result in the order of the results. */
interface Slot<Item> {
  readonly item: Item;
  readonly index: number;
  link: Link<Execution> | undefined;
  isReady: boolean;
  result: IteratorYieldResult<unknown> | null;
}

/** Somebody who waits for a result. */
interface Taker {
  resolve(result: IteratorResult<unknown>): void;
  reject(error: unknown): void;
}

/** How a stream is called in types: `await using` ends it, as leaving its loop does. */
export type GraphResults<Result> = AsyncIterableIterator<Result> & AsyncDisposable;

/** Runs each item of `source` through an execution. `action` is what messages begin with. */
export function streamThrough<Item>(
  action: string,
  source: StreamSource<Item>,
  options: GraphStreamOptions<Item>,
  begin: Begin<Item>,
  take: Take,
  end: End,
): GraphResults<unknown> {
  const { concurrency = 32, ordered = true, readAhead = 0, signal, onItemError, onItem } = options;
  const settings = { concurrency, ordered, readAhead, signal, onItemError, onItem };
  return new GraphStream(openSource(action, source), settings, begin, take, end);
}

/** Options of a stream, complete. */
interface StreamSettings<Item> extends Pick<GraphStreamOptions<Item>, "signal" | "onItemError" | "onItem"> {
  readonly concurrency: number;
  readonly ordered: boolean;
  readonly readAhead: number;
}

class GraphStream<Item> implements GraphResults<unknown> {
  readonly #source: OpenSource<Item>;
  readonly #settings: StreamSettings<Item>;
  readonly #begin: Begin<Item>;
  readonly #take: Take;
  readonly #end: End;
  readonly #running = new Links<Execution>();
  /** In the order of the items, or only those that are ready. */
  readonly #slots = new Fifo<Slot<Item>>();
  readonly #takers: Taker[] = [];
  /** Items that were read, and may not begin yet. */
  readonly #ahead: Item[] = [];
  /** Items whose results were not taken. */
  #underWay = 0;
  #hasStarted = false;
  #isServing = false;
  #isReading = false;
  #hasSourceEnded = false;
  #isOver = false;
  #failure: { readonly error: unknown } | undefined;
  #begun = 0;
  /** Whether an execution has ever waited in a queue, and whether that is about to be looked at. */
  #mayStall = false;
  #isLooking = false;

  constructor(source: OpenSource<Item>, settings: StreamSettings<Item>, begin: Begin<Item>, take: Take, end: End) {
    this.#source = source;
    this.#settings = settings;
    this.#begin = begin;
    this.#take = take;
    this.#end = end;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<unknown>> {
    if (!this.#hasStarted) this.#start();
    const ready = this.#takeReady();
    if (ready) return Promise.resolve(ready);
    return new Promise((resolve, reject) => {
      this.#takers.push({ resolve, reject });
      this.#serve();
    });
  }

  async return(): Promise<IteratorResult<unknown>> {
    this.#slots.clear();
    await this.#stop(new DOMException("The stream is no longer read", "AbortError"));
    return { value: undefined, done: true };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  /** The next result, if it is there and nobody else waits: the usual case of a loop that is slower than its graph. */
  #takeReady(): IteratorYieldResult<unknown> | null {
    if (this.#takers.length > 0) return null;
    const slot = this.#slots.first;
    if (!slot?.isReady || !slot.result) return null;
    this.#slots.shift();
    this.#underWay--;
    this.#serve();
    return slot.result;
  }

  #start(): void {
    this.#hasStarted = true;
    const { signal } = this.#settings;
    if (signal?.aborted) return this.#abort();
    signal?.addEventListener("abort", this.#abort);
  }

  readonly #abort = (): void => {
    this.#slots.clear();
    this.#failAndServe(this.#settings.signal!.reason);
  };

  /** Begins items as far as there is room, and hands out what is ready: that makes room for more. Not within itself. */
  #serve(): void {
    if (this.#isServing) return;
    this.#isServing = true;
    do this.#fill(); while (this.#handOut());
    this.#isServing = false;
    if (this.#mayStall) this.#lookForStall();
  }

  readonly #onStall = (): void => {
    this.#mayStall = true;
    this.#lookForStall();
  };

  readonly #hooks: ExecutionHooks = { onStall: this.#onStall };

  /** Once what runs now has returned: it may begin more. */
  #lookForStall(): void {
    if (this.#isLooking) return;
    this.#isLooking = true;
    queueMicrotask(() => {
      this.#isLooking = false;
      if (this.#isStalled()) { for (const execution of this.#running) execution.flush(); }
    });
  }

  /** Whether somebody waits for a result, and all that is under way waits in queues for items that cannot come. */
  #isStalled(): boolean {
    if (this.#isOver || this.#takers.length === 0 || this.#slots.first?.isReady) return false;
    if (this.#hasRoom && (this.#isReading || !this.#hasSourceEnded)) return false;
    for (const execution of this.#running) if (!execution.isStalled) return false;
    return true;
  }

  #fill(): void {
    while (this.#ahead.length > 0 && this.#hasRoom && !this.#isOver) this.#run(this.#ahead.shift()!);
    const most = this.#settings.concurrency + this.#settings.readAhead;
    while (
      this.#underWay + this.#ahead.length < most && !this.#isReading && !this.#hasSourceEnded && !this.#isOver
    ) {
      try {
        const next = this.#source.next();
        // A source that has its item at once is not waited for.
        if ("then" in next) this.#receive(next);
        else this.#accept(next);
      } catch (error) {
        this.#failSource(error);
      }
    }
  }

  get #hasRoom(): boolean {
    return this.#underWay < this.#settings.concurrency;
  }

  async #receive(next: PromiseLike<IteratorResult<Item>>): Promise<void> {
    this.#isReading = true;
    try {
      const result = await next;
      this.#isReading = false;
      if (!this.#isOver) this.#accept(result);
    } catch (error) {
      this.#isReading = false;
      this.#failSource(error);
    }
    this.#serve();
  }

  #failSource(error: unknown): void {
    this.#hasSourceEnded = true;
    this.#fail(error);
  }

  #accept({ done, value: item }: IteratorResult<Item>): void {
    if (done) this.#hasSourceEnded = true;
    else if (this.#ahead.length === 0 && this.#hasRoom) this.#run(item);
    else this.#ahead.push(item);
  }

  #run(item: Item): void {
    const slot: Slot<Item> = { item, index: this.#begun++, link: undefined, isReady: false, result: null };
    this.#underWay++;
    if (this.#settings.ordered) this.#slots.push(slot);
    try {
      const execution = this.#begin(item, slot.index, (execution) => this.#finishItem(execution, slot), this.#hooks);
      if (!execution.isOver) slot.link = this.#running.add(execution);
    } catch (error) {
      this.#fail(error);
    }
  }

  #finishItem(execution: Execution, slot: Slot<Item>): void {
    if (slot.link) this.#running.remove(slot.link);
    if (this.#settings.onItem) this.#tell(execution, slot);
    if (this.#isOver) return;
    if (!this.#forgiveAll(execution, slot.item)) return;
    if (execution.ending === "completed") slot.result = this.#take(execution);
    slot.isReady = true;
    if (!this.#settings.ordered) this.#slots.push(slot);
    if (this.#slots.first!.isReady) this.#serve();
    else if (this.#mayStall) this.#lookForStall();
  }

  #tell(execution: Execution, { index, item }: Slot<Item>): void {
    const { ending, reason, errors = [], id: run } = execution;
    const outcome = ending!;
    execution.callListener(this.#settings.onItem!, {
      ...{ index, item, run, outcome, errors: [...errors], status: statusOf(execution) },
      error: outcome === "completed" ? undefined : reason,
    });
  }

  /** Whether the stream goes on. What has failed in an execution that went on is forgiven, and told if somebody wants it. */
  #forgiveAll(execution: Execution, item: Item): boolean {
    if (execution.ending !== "completed") return this.#forgive(execution.reason, item);
    if (!execution.errors || !this.#settings.onItemError) return true;
    return execution.errors.every((error) => this.#forgive(error, item));
  }

  /** Hands a failure to whoever wants it. Without that, it is the end. */
  #forgive(error: unknown, item: Item): boolean {
    const { onItemError } = this.#settings;
    try {
      if (!onItemError) throw error;
      const told = onItemError(error, item);
      if (told) Promise.resolve(told).catch((thrown) => this.#failAndServe(thrown));
      return true;
    } catch (thrown) {
      this.#fail(thrown);
      return false;
    }
  }

  #failAndServe(error: unknown): void {
    this.#fail(error);
    this.#serve();
  }

  /** Hands out what there is to those who wait. Whether that has made room. */
  #handOut(): boolean {
    const before = this.#underWay;
    while (this.#takers.length > 0) {
      if (this.#slots.first?.isReady) this.#handOutResult(this.#slots.shift()!);
      else if (this.#failure) this.#handOutFailure(this.#failure.error);
      else if (this.#isOver || this.#hasEnded) this.#handOutEnd();
      else break;
    }
    return this.#underWay < before;
  }

  /** Whether all that was read has been handed out, and no more comes. */
  get #hasEnded(): boolean {
    return this.#hasSourceEnded && this.#underWay === 0 && this.#ahead.length === 0;
  }

  #handOutEnd(): void {
    const errors = this.#isOver ? [] : this.#end();
    this.#finish();
    const taker = this.#takers.shift()!;
    if (errors.length === 0) taker.resolve({ value: undefined, done: true });
    else taker.reject(errors.length === 1 ? errors[0] : new AggregateError(errors, "The stream has lost inputs"));
  }

  /** Once. Then the stream has ended. */
  #handOutFailure(error: unknown): void {
    this.#failure = undefined;
    this.#takers.shift()!.reject(error);
  }

  #handOutResult({ result }: Slot<Item>): void {
    this.#underWay--;
    if (result) this.#takers.shift()!.resolve(result);
  }

  #fail(error: unknown): void {
    if (this.#isOver) return;
    this.#failure = { error };
    // Results that are ready and next in order are still given out.
    this.#slots.cut(({ isReady }) => isReady);
    // Errors of the source's end come too late to matter.
    this.#stop(error).catch(() => {});
  }

  #finish(): void {
    this.#isOver = true;
    this.#settings.signal?.removeEventListener("abort", this.#abort);
  }

  /** Cancels what runs, and ends the source. */
  async #stop(reason: unknown): Promise<void> {
    this.#finish();
    for (const execution of this.#running) execution.cancel(reason);
    // Whoever stops it, or is told why it stops, does not expect the rest.
    this.#end();
    this.#serve();
    if (this.#hasSourceEnded) return;
    this.#hasSourceEnded = true;
    const ended = this.#source.stop(reason);
    // A generator that is waiting for something ends only after that.
    if (this.#isReading) ended.catch(() => {});
    else await ended;
  }
}
