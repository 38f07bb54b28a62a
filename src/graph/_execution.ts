/** One execution of a plan: which call is due, what has arrived where, and how it ends. */

import type { EventDetails, Monitor } from "./_monitor.ts";
import { callNode } from "./_call_node.ts";
import type { NodeStatus, RunOutcome } from "./events.ts";
import { NodeCallContext } from "./node_context.ts";
import { NodeError } from "./node_error.ts";
import type { Tracer } from "@opentelemetry/api";
import type { Plan, PlannedNode, Unit } from "./plan.ts";
import { RunTrace } from "./tracing.ts";
import { SKIPPED } from "./wiring.ts";

/** What happens to the rest when a node fails. */
export type OnError = "cancel" | "continue";

/** Everything that an execution is started with, complete. */
export interface ExecutionOptions {
  readonly signal: AbortSignal | undefined;
  readonly concurrency: number;
  readonly timeoutMs: number;
  readonly onError: OnError;
  /** Whether to note when each node begins and ends. */
  readonly timing: boolean;
}

/** Where an execution comes from. */
export interface ExecutionOrigin {
  readonly graph: string;
  readonly plan: Plan;
  readonly monitor: Monitor;
  /** If OpenTelemetry is there. */
  readonly tracer: Tracer | null;
  /** Is told once, when the execution is over. */
  ended(execution: Execution): void;
}

/** A call that has not returned. `isPlain`: it rejects with what the node has thrown, not with a `NodeError`. */
interface OpenCall {
  readonly unit: Unit;
  readonly output: PromiseLike<unknown>;
  readonly isPlain: boolean;
}

/** By number, as executions keep them. */
export const STATUSES: readonly NodeStatus[] = ["pending", "running", "completed", "failed", "skipped", "cancelled"];
const PENDING = 0, RUNNING = 1, FAILED = 3, LEFT_OUT = 4, CANCELLED = 5;
/** The node has put something out. */
export const COMPLETED = 2;

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return value instanceof Promise ||
    (typeof value === "object" && value !== null && typeof (value as PromiseLike<unknown>).then === "function");
}

/** One execution. It begins with `begin()`. */
export class Execution {
  readonly graph: string;
  readonly id: number;
  readonly plan: Plan;
  /** By node: one of {@link STATUSES}; when its first call began and its last one ended; its output. */
  readonly status: number[];
  readonly startedAt: number[];
  readonly endedAt: number[];
  readonly values: unknown[];
  /** By node, for those that were called with options. */
  attempts: Map<PlannedNode, number> | undefined;
  /** Of nodes that failed while the rest went on. */
  errors: NodeError[] | undefined;
  trace: RunTrace | null = null;
  isOver = false;
  /** How it has ended, and why. */
  ending: RunOutcome | undefined;
  reason: unknown;
  readonly #input: unknown;
  readonly #monitor: Monitor;
  readonly #options: ExecutionOptions;
  readonly #origin: ExecutionOrigin;
  #outcome: PromiseWithResolvers<Execution> | undefined;
  /** Calls that are due, from `#head` on. */
  readonly #ready: Unit[];
  #head = 0;
  /** By node: arrivals, or calls, that it still waits for. */
  readonly #pending: number[];
  /** By node: whether something that it waits for will not arrive. */
  #lost: boolean[] | undefined;
  /** By node: outputs of its calls, where it has several. */
  #parts: unknown[][] | undefined;
  /** Nodes that have not ended. */
  #left: number;
  #running = 0;
  /** What else was returned by nodes and has not settled: attempts that were given up. And whoever waits for all. */
  #open = 0;
  #settled: PromiseWithResolvers<void> | undefined;
  #controller: AbortController | undefined;
  #abort: (() => void) | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The last reading of the clock, and whether nothing but this class has run since. */
  #now: number;
  #isNow = true;

  constructor(id: number, origin: ExecutionOrigin, input: unknown, options: ExecutionOptions) {
    const { plan, monitor } = origin;
    this.id = id;
    this.graph = origin.graph;
    this.#origin = origin;
    this.plan = plan;
    this.#monitor = monitor;
    this.#input = input;
    this.#options = options;
    // Copies, which are made faster than arrays are filled.
    this.status = plan.blank.status.slice();
    this.startedAt = plan.blank.times.slice();
    this.endedAt = plan.blank.times.slice();
    this.values = plan.blank.values.slice();
    this.#ready = plan.starts.slice();
    this.#pending = plan.pending.slice();
    this.#left = plan.nodes.length;
    this.#now = options.timing ? performance.now() : NaN;
  }

  /** Resolves when all nodes have ended. Rejects with the first failure, or when it is cancelled. */
  get outcome(): Promise<Execution> {
    if (!this.#outcome) {
      this.#outcome = Promise.withResolvers();
      if (this.isOver) this.#settleOutcome();
    }
    return this.#outcome.promise;
  }

  /** Aborts when the execution is over before its nodes are. */
  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.isOver) this.#controller.abort(this.reason);
    }
    return this.#controller.signal;
  }

  /** Resolves when no call of a node is open any more, also of those that went on after the end. */
  get settled(): Promise<void> {
    this.#settled ??= Promise.withResolvers();
    this.#settleIfDone();
    return this.#settled.promise;
  }

  /** Starts the first nodes. */
  begin(): void {
    const { signal, timeoutMs } = this.#options;
    const { tracer } = this.#origin;
    if (tracer) this.trace = new RunTrace(tracer, this.graph, this.id);
    if (this.#monitor.isWatched) this.tell({ kind: "runStart" });
    if (signal) {
      if (signal.aborted) return this.cancel(signal.reason);
      this.#abort = () => this.cancel(signal.reason);
      signal.addEventListener("abort", this.#abort);
    }
    if (timeoutMs !== Infinity) this.#timer = setTimeout(() => this.#timeOut(), timeoutMs);
    this.#drain();
  }

  #timeOut(): void {
    this.cancel(
      new DOMException(`Graph "${this.graph}" took longer than ${this.#options.timeoutMs} ms`, "TimeoutError"),
    );
  }

  /** Tells those who listen. */
  tell(details: EventDetails): void {
    if (this.#monitor.isWatched) this.#monitor.tell(this.graph, this.id, details);
  }

  /** Notes how often a node was called. */
  attempted(node: PlannedNode, attempt: number): void {
    (this.attempts ??= new Map()).set(node, attempt);
  }

  /** Counts what a node has returned as open, until it settles. */
  track(output: unknown): unknown {
    if (!isPromise(output)) return output;
    this.#open++;
    const close = () => {
      this.#open--;
      this.#settleIfDone();
    };
    output.then(close, close);
    return output;
  }

  #settleIfDone(): void {
    if (this.isOver && this.#running + this.#open === 0) this.#settled?.resolve();
  }

  /** Begins what is due, as far as the concurrency allows, and goes on with what that brings. */
  #drain(): void {
    const call = this.#callDue();
    if (call) this.#follow(call);
  }

  /**
   * Begins what is due. Returns the first call that is to be waited for; all others are followed. Never runs within
   * itself, which a function could cause that cancels its own execution.
   */
  #callDue(): OpenCall | null {
    let first: OpenCall | null = null;
    while (this.#head < this.#ready.length && this.#running < this.#options.concurrency && !this.isOver) {
      const call = this.#call(this.#ready[this.#head++]);
      if (call === null) continue;
      this.#isNow = false;
      this.#running++;
      if (first) this.#follow(call);
      else first = call;
    }
    if (this.#left === 0 && !this.isOver) this.#end("completed", undefined);
    return first;
  }

  /** Waits for a call, and for one after the other that it brings: that takes one async function for a chain of nodes. */
  async #follow(call: OpenCall | null): Promise<void> {
    while (call) {
      const { unit, output, isPlain } = call;
      try {
        const value = await output;
        this.#running--;
        if (!this.isOver) this.#take(unit, value);
      } catch (error) {
        this.#running--;
        if (!this.isOver) this.#fail(unit.node, isPlain ? this.#nodeError(unit.node, error) : error as NodeError);
      }
      if (this.isOver) return this.#settleIfDone();
      call = this.#callDue();
    }
  }

  /** Calls a node. Returns the call if it is to be waited for. */
  #call(unit: Unit): OpenCall | null {
    const { node } = unit, { index } = node;
    if (this.status[index] === PENDING) {
      if (!this.#isNow) this.#readClock();
      this.status[index] = RUNNING;
      this.startedAt[index] = this.#now;
    } else if (this.status[index] !== RUNNING) return null;
    if (node.call !== null || this.#monitor.isWatched || this.trace !== null) {
      return { unit, output: callNode(this, node, this.#inputOf(unit)), isPlain: false };
    }
    try {
      const output = node.node.process(this.#inputOf(unit), new NodeCallContext(this, node.name));
      if (isPromise(output)) return { unit, output, isPlain: true };
      this.#take(unit, output);
    } catch (error) {
      this.#fail(node, this.#nodeError(node, error));
    }
    return null;
  }

  #readClock(): void {
    if (this.#options.timing) this.#now = performance.now();
    this.#isNow = true;
  }

  #nodeError(node: PlannedNode, cause: unknown): NodeError {
    return new NodeError({ graph: this.graph, node: node.name, attempt: 1, cause });
  }

  #inputOf({ node, source }: Unit): unknown {
    if (source) return this.values[source.index];
    if (node.sources.length === 0) return this.#input;
    return Object.fromEntries(node.sources.map(({ name, index }) => [name, this.values[index]]));
  }

  /** A call has returned. */
  #take(unit: Unit, output: unknown): void {
    if (this.isOver) return;
    const { node, slot } = unit;
    this.#readClock();
    if (node.isEach) this.#takePart(node, slot, output);
    else if (output === SKIPPED) this.#leaveOut(node);
    else this.#complete(node, output);
  }

  #takePart(node: PlannedNode, slot: number, output: unknown): void {
    if (output !== SKIPPED) ((this.#parts ??= [])[node.index] ??= [])[slot] = output;
    if (--this.#pending[node.index] === 0 && this.status[node.index] === RUNNING) this.#completeParts(node);
  }

  #completeParts(node: PlannedNode): void {
    const parts = this.#parts?.[node.index];
    // Those that are missing have been skipped.
    if (parts) this.#complete(node, Object.values(parts));
    else this.#leaveOut(node);
  }

  #complete(node: PlannedNode, output: unknown): void {
    const { index, edges } = node;
    this.status[index] = COMPLETED;
    this.endedAt[index] = this.#now;
    this.values[index] = output;
    this.#left--;
    if (this.#monitor.isWatched) node.internals.output?.next(output);
    for (let n = 0; n < edges.length; n++) {
      const { to, unit } = edges[n];
      if (to.isEach) this.#ready.push(unit);
      else if (--this.#pending[to.index] === 0) {
        if (this.#lost?.[to.index]) this.#leaveOut(to);
        else this.#ready.push(unit);
      }
    }
  }

  /** Skips a node, and all that waits for it. */
  #leaveOut(first: PlannedNode): void {
    const nodes = [first];
    for (const node of nodes) {
      this.status[node.index] = LEFT_OUT;
      this.endedAt[node.index] = this.#now;
      this.#left--;
      if (this.#monitor.isWatched) this.tell({ kind: "skip", node: node.name });
      for (const idle of this.#miss(node)) nodes.push(idle);
    }
  }

  /** Nothing will come from a node. Returns those that must be skipped for that. */
  #miss(node: PlannedNode): PlannedNode[] {
    const lost = this.#lost ??= [], idle: PlannedNode[] = [];
    for (const { to } of node.edges) {
      lost[to.index] = true;
      if (--this.#pending[to.index] > 0 || this.status[to.index] > RUNNING) continue;
      if (to.isEach && this.#parts?.[to.index]) this.#completeParts(to);
      else idle.push(to);
    }
    return idle;
  }

  #fail(node: PlannedNode, error: NodeError): void {
    if (this.isOver || this.status[node.index] === FAILED) return;
    this.status[node.index] = FAILED;
    this.#readClock();
    this.endedAt[node.index] = this.#now;
    this.#left--;
    (this.errors ??= []).push(error);
    if (this.#options.onError === "cancel") return this.#end("failed", error);
    for (const idle of this.#miss(node)) this.#leaveOut(idle);
  }

  /** Ends the execution before its nodes have. */
  cancel(reason: unknown): void {
    if (this.isOver) return;
    // Whoever cancels an execution need not wait for it.
    this.#outcome?.promise.catch(() => {});
    this.#end("cancelled", reason);
  }

  #end(outcome: RunOutcome, error: unknown): void {
    this.isOver = true;
    if (this.#abort) this.#options.signal?.removeEventListener("abort", this.#abort);
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    if (this.#left > 0) this.#cancelNodes();
    this.trace?.end(error);
    if (this.#monitor.isWatched) {
      this.tell({ kind: "runEnd", outcome, error });
    }
    this.ending = outcome;
    this.reason = error;
    if (outcome !== "completed") this.#controller?.abort(error);
    this.#settleOutcome();
    this.#settleIfDone();
    this.#origin.ended(this);
  }

  #settleOutcome(): void {
    if (this.ending === "completed") this.#outcome?.resolve(this);
    else this.#outcome?.reject(this.reason);
  }

  #cancelNodes(): void {
    this.#readClock();
    for (const { index, name } of this.plan.nodes) {
      if (this.status[index] > RUNNING) continue;
      if (this.status[index] === RUNNING) this.endedAt[index] = this.#now;
      this.status[index] = CANCELLED;
      if (this.#monitor.isWatched) this.tell({ kind: "cancel", node: name });
    }
  }
}
