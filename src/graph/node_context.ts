/** What a node's function gets besides its input. */

import { LifecycleError } from "../errors.ts";
import type { Deadline } from "../timers.ts";
import { type CallPlace, partOf, type RunPlace } from "./checkpoints/run_log.ts";
import { sideStep } from "./checkpoints/step_names.ts";
import type { EventDetails } from "./execution/event_bus.ts";
import type { EventParent } from "./events.ts";

/**
 * The second argument of a node's function. Its parts may be taken out of it: `({ signal, waitUntil }) => ...`.
 *
 * @example Something that can be cancelled
 * ```ts
 * import { Graph, Node } from "@ringmill/ringmill/graph";
 * import { setTimeout as sleep } from "node:timers/promises";
 * import { rejects } from "node:assert/strict";
 *
 * const slow = new Node("slow", (ms: number, { signal }) => sleep(ms, "done", { signal }), { timeoutMs: 5 });
 * const graph = new Graph("naps", { nodes: [slow], start: slow });
 * await rejects(graph.execute(60_000), /TimeoutError/);
 * ```
 */
export interface NodeContext {
  /** The graph's name. */
  readonly graph: string;
  /** The node's name. */
  readonly node: string;
  /** Which execution of the graph this is, from 1. */
  readonly run: number;
  /** Which attempt this is, from 1. */
  readonly attempt: number;
  /** Aborts when the execution is cancelled, or this attempt takes too long. */
  readonly signal: AbortSignal;
  /**
   * Has `settled` and `close()` wait for work that goes on after the function has returned. Its outcome does not count.
   */
  readonly waitUntil: (work: PromiseLike<unknown>) => void;
  /** What the node's option `metadata` says. */
  readonly metadata: Readonly<Record<string, unknown>>;
  /** The name of a run that is kept (option `runId`). */
  readonly runId: string | undefined;
  /**
   * In a run that is kept, a text for this call: the same whenever the run goes on, and another one for every other call, also of
   * the node's fallback. A service that is told it can tell that it was asked before.
   */
  readonly idempotencyKey: string | undefined;
  /**
   * Stops a run that is kept until `Graph.resume()` has an answer, and returns that. The function is called again from its
   * beginning then, also in another program. Throws through the function to stop it: nothing after the call is run.
   */
  readonly interrupt: <Answer = unknown>(value?: unknown) => Answer;
}

/** The execution that a context comes from, as nodes see it. */
export interface ContextSource {
  readonly graph: string;
  readonly id: number;
  readonly signal: AbortSignal;
  /** Waits for work before it counts as settled. */
  track(work: unknown, node: string): unknown;
  /** A call waits in a queue, until the function that is returned has been called. `flush` ends the wait at once. */
  hold(flush: () => void): () => void;
  /** A call waits for a limiter, as one of so many, until the function that is returned has been called. */
  queue(node: string, attempt: number, queued: number): () => void;
  tell(details: EventDetails): void;
  readonly isWatched: boolean;
  /** Where inner graphs of a node lie. */
  parentOf(node: string): EventParent;
  /** What a node's option says. */
  metadataOf(node: string): Readonly<Record<string, unknown>>;
  /** The value of a run context, of this run or of one around it. */
  contextOf(key: object): { readonly value: unknown } | undefined;
  /** A node has yielded a chunk. */
  addChunk(node: string, attempt: number, chunk: unknown): void;
  /** Tells of an event of an inner graph. */
  relay(graph: string, run: number, details: EventDetails, parent: EventParent): void;
}

/** The context of a plain call. Its signal is made when it is asked for: most functions do not. */
export class NodeCallContext implements NodeContext {
  readonly node: string;
  /** For nodes of this package. */
  readonly source: ContextSource;

  constructor(source: ContextSource, node: string) {
    this.source = source;
    this.node = node;
  }

  get graph(): string {
    return this.source.graph;
  }

  get run(): number {
    return this.source.id;
  }

  get attempt(): number {
    return 1;
  }

  get signal(): AbortSignal {
    return this.source.signal;
  }

  get waitUntil(): (work: PromiseLike<unknown>) => void {
    return (work) => void this.source.track(work, this.node);
  }

  /** The time until the function that is returned has been called does not count. */
  pause(): () => void {
    return () => {};
  }

  /** The call waits in a queue, until the function that is returned has been called. `flush` ends the wait at once. */
  hold(flush: () => void): () => void {
    const resume = this.pause();
    const release = this.source.hold(flush);
    return () => {
      resume();
      release();
    };
  }

  /** Tells of a chunk that the call has yielded. */
  emit(chunk: unknown): void {
    this.source.addChunk(this.node, this.attempt, chunk);
  }

  /** The same call, for an inner part of it. */
  within(_part: string | number, details: AttemptDetails): NodeContext {
    return new AttemptContext(this.source, this.node, this.attempt, details);
  }

  /** Where in a run that is kept the call is. */
  get place(): CallPlace | undefined {
    return undefined;
  }

  get metadata(): Readonly<Record<string, unknown>> {
    return this.source.metadataOf(this.node);
  }

  get runId(): string | undefined {
    return this.place?.log.runId;
  }

  get idempotencyKey(): string | undefined {
    return this.place && `${this.place.log.runId}/${this.place.path}`;
  }

  get interrupt(): <Answer = unknown>(value?: unknown) => Answer {
    return () => refuseInterrupt(this.node);
  }
}

/** The context of a call that is not the first, or has a signal of its own. */
export class AttemptContext extends NodeCallContext {
  readonly #attempt: number;
  readonly #details: AttemptDetails;
  #questions = 0;

  constructor(source: ContextSource, node: string, attempt: number, details: AttemptDetails = {}) {
    super(source, node);
    this.#attempt = attempt;
    this.#details = details;
  }

  override get attempt(): number {
    return this.#attempt;
  }

  override get signal(): AbortSignal {
    return this.#details.signal ?? super.signal;
  }

  override pause(): () => void {
    return this.#details.deadline?.pause() ?? super.pause();
  }

  override get place(): CallPlace | undefined {
    return this.#details.place;
  }

  override get idempotencyKey(): string | undefined {
    const key = super.idempotencyKey;
    return key !== undefined && this.#details.isFallback ? sideStep(key, "fallback") : key;
  }

  override get interrupt(): <Answer = unknown>(value?: unknown) => Answer {
    const { place } = this;
    const { isFallback = false } = this.#details;
    if (!place) return super.interrupt;
    return (value) => {
      // Another attempt, or nobody, goes on with the call.
      this.signal.throwIfAborted();
      return place.ask(`${isFallback ? "f" : ""}${this.#questions++}`, value) as never;
    };
  }

  override hold(flush: () => void): () => void {
    return this.#details.hold?.(flush) ?? super.hold(flush);
  }

  override emit(chunk: unknown): void {
    super.emit(chunk);
    this.#details.onChunk?.();
  }

  override within(part: string | number, details: AttemptDetails): NodeContext {
    const place = this.place?.within(partOf(part));
    return new AttemptContext(this.source, this.node, this.#attempt, { ...this.#details, ...details, place });
  }
}

/** What few attempts have. */
export interface AttemptDetails {
  readonly signal?: AbortSignal;
  readonly deadline?: Deadline;
  readonly place?: CallPlace;
  /** Whether it is the fallback that is called. */
  readonly isFallback?: boolean;
  /** In place of the execution's: of a part among others. */
  readonly hold?: (flush: () => void) => () => void;
  /** Is told of each chunk of the call. */
  readonly onChunk?: () => void;
}

/** The context of a call that several runs wait for: it is none of them. */
export class SharedContext implements NodeContext {
  readonly graph: string;
  readonly node: string;
  readonly run: number;
  readonly attempt: number;
  readonly waitUntil: (work: PromiseLike<unknown>) => void;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal;
  readonly runId: undefined = undefined;
  readonly idempotencyKey: undefined = undefined;
  /** Tells all that wait of a chunk. */
  readonly emit: (chunk: unknown) => void;

  /** The context of the first that waits, with a signal of its own. */
  constructor(first: NodeContext, signal: AbortSignal, emit: (chunk: unknown) => void) {
    const { graph, node, run, attempt, waitUntil, metadata } = first;
    this.graph = graph;
    this.node = node;
    this.run = run;
    this.attempt = attempt;
    this.waitUntil = waitUntil;
    this.metadata = metadata;
    this.signal = signal;
    this.emit = emit;
  }

  readonly interrupt = (): never => refuseInterrupt(this.node);
}

/** Says why a function cannot stop for an answer. */
function refuseInterrupt(node: string): never {
  throw new LifecycleError(
    `Cannot interrupt node "${node}": its run is not kept, or its function is shared by several runs; give runId and checkpoint`,
  );
}

/** The context of an inner part of a call: a round or part by its number, or a way by its name. */
export function callWithin(context: NodeContext, part: string | number, details?: AttemptDetails): NodeContext {
  if (!(context instanceof NodeCallContext) || !details && !context.place) return context;
  return context.within(part, details ?? {});
}

/** Whether a call belongs to a run that is kept. */
export function isKept(context: NodeContext): boolean {
  return context instanceof NodeCallContext && context.place !== undefined;
}

/** Asks a function how a call goes on, unless that is kept from before. */
export async function decideOnce<Value>(
  context: NodeContext,
  name: string,
  work: () => Promise<Value>,
): Promise<Value> {
  const place = context instanceof NodeCallContext ? context.place : undefined;
  return place ? await place.decide(name, work) : await work();
}

/** Where in a run that is kept a graph is that a call runs. */
export function placeInside(context: NodeContext): RunPlace | undefined {
  return context instanceof NodeCallContext ? context.place?.inside() : undefined;
}

/** The call waits in a queue of its node: neither does its time-out run, nor does its execution go on without `flush`. */
export function holdCall(context: NodeContext, flush: () => void): () => void {
  return context instanceof NodeCallContext ? context.hold(flush) : () => {};
}

/** The call waits for a limiter, as one of so many, until the function that is returned has been called. */
export function queueCall(context: NodeContext, queued: number): () => void {
  return context instanceof NodeCallContext ? context.source.queue(context.node, context.attempt, queued) : () => {};
}

/** Tells of a chunk that a call has yielded. */
export function emitChunk(context: NodeContext, chunk: unknown): void {
  if (context instanceof NodeCallContext || context instanceof SharedContext) context.emit(chunk);
}

/** The time until the function that is returned has been called does not count for the call's time-out. */
export function pauseCall(context: NodeContext): () => void {
  return context instanceof NodeCallContext ? context.pause() : () => {};
}

/** Tells of an event of a call. */
export function tellOfCall(context: NodeContext, details: EventDetails): void {
  if (context instanceof NodeCallContext && context.source.isWatched) context.source.tell(details);
}
