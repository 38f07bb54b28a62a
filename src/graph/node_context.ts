/** What a node's function gets besides its input. */

import type { Deadline } from "../timers.ts";
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
  tell(details: EventDetails): void;
  readonly isWatched: boolean;
  /** Where inner graphs of a node lie. */
  parentOf(node: string): EventParent;
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
}

/** The context of a call that is not the first, or has a signal of its own. */
export class AttemptContext extends NodeCallContext {
  readonly #attempt: number;
  readonly #signal: AbortSignal | undefined;
  readonly #deadline: Deadline | undefined;

  constructor(source: ContextSource, node: string, attempt: number, signal?: AbortSignal, deadline?: Deadline) {
    super(source, node);
    this.#attempt = attempt;
    this.#signal = signal;
    this.#deadline = deadline;
  }

  override get attempt(): number {
    return this.#attempt;
  }

  override get signal(): AbortSignal {
    return this.#signal ?? super.signal;
  }

  override pause(): () => void {
    return this.#deadline?.pause() ?? super.pause();
  }
}

/** The call waits in a queue of its node: neither does its time-out run, nor does its execution go on without `flush`. */
export function holdCall(context: NodeContext, flush: () => void): () => void {
  if (!(context instanceof NodeCallContext)) return () => {};
  const resume = context.pause();
  const release = context.source.hold(flush);
  return () => {
    resume();
    release();
  };
}

/** Tells of a chunk that a call has yielded. */
export function emitChunk(context: NodeContext, chunk: unknown): void {
  if (context instanceof NodeCallContext) context.source.addChunk(context.node, context.attempt, chunk);
}

/** The time until the function that is returned has been called does not count for the call's time-out. */
export function pauseCall(context: NodeContext): () => void {
  return context instanceof NodeCallContext ? context.pause() : () => {};
}

/** Tells of an event of a call. */
export function tellOfCall(context: NodeContext, details: EventDetails): void {
  if (context instanceof NodeCallContext && context.source.isWatched) context.source.tell(details);
}
