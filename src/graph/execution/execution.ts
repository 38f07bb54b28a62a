/** One execution of a plan: calls what is due, waits for what that returns, and knows how it ends. */

import { type CallPlace, inOrder, Interruption, type RunLog, RunPlace } from "../checkpoints/run_log.ts";
import { RunInterruptedError } from "../run_errors.ts";
import { onAbort } from "./abort_hub.ts";
import { callNode } from "./call_node.ts";
import type { Link, Links } from "./links.ts";
import type { EventDetails, Monitor } from "./event_bus.ts";
import { Deadline } from "../../timers.ts";
import { ChunkInput } from "./chunk_input.ts";
import { ChunkLog, type ChunksEnd } from "./chunk_log.ts";
import { SKIPPED } from "../wiring.ts";
import type { RunChunk } from "../run_chunk.ts";
import {
  CANCELLED,
  COMPLETED,
  FAILED,
  INTERRUPTED,
  LEFT_OUT,
  Progress,
  type ProgressListener,
  RUNNING,
} from "./progress.ts";
import type { EventParent, RunOutcome } from "../events.ts";
import type { ExecutionOptions } from "../execute_options.ts";
import { type ContextSource, NodeCallContext } from "../node_context.ts";
import { NodeError } from "../node_error.ts";
import type { Plan, PlannedNode, Unit } from "./graph_plan.ts";
import { leaveRun, type OpenRun } from "../checkpoints/open_run.ts";
import type { Tracer } from "../../open_telemetry.ts";
import { SpanTree } from "../../span_tree.ts";

/** Where an execution comes from. */
export interface ExecutionOrigin {
  readonly graph: string;
  readonly plan: Plan;
  readonly monitor: Monitor;
  readonly tracer: Tracer | null;
  /** The key of what its runs are given besides their input. */
  readonly context: object | undefined;
  /** Executions of which functions may be running. */
  readonly unsettled: Links<Execution>;
}

/** Is told once, when an execution is over. */
export type OnOver = (execution: Execution) => void;

/** What else an execution may be begun with. */
export interface ExecutionHooks {
  /** The call that runs it as an inner graph. */
  readonly outer?: OuterCall;
  /** Is told when it may have come to wait for nothing but queues that it can flush, or no longer does. */
  readonly onStall?: (execution: Execution) => void;
  /** Of an inner graph: where in a run that is kept it is. */
  readonly place?: RunPlace;
}

/** A call whose work is another execution. */
export interface OuterCall {
  readonly parent: EventParent;
  readonly source: ContextSource;
}

const NO_HOOKS: ExecutionHooks = {};

/** A chain of calls awaited by one async function: each finished node makes the next due. Holds the call in flight. */
class Chain {
  unit: Unit | undefined;
  output: unknown;
  /** Whether it rejects with what the node has thrown, not with a `NodeError`. */
  isPlain = true;
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return value instanceof Promise ||
    (typeof value === "object" && value !== null && typeof (value as PromiseLike<unknown>).then === "function");
}

/** The input of a node that takes all at once, or all that have arrived. */
function joinedValues({ sources, isArrived }: PlannedNode, { status, values }: Progress): Record<string, unknown> {
  const arrived = isArrived ? sources.filter(({ index }) => status[index] === COMPLETED) : sources;
  return Object.fromEntries(arrived.map(({ name, index }) => [name, values[index]]));
}

/** What few executions need. */
class Extras {
  chains: Chain[] | undefined;
  /** By node: what else was returned and has not settled, such as attempts that were given up. */
  open: Map<string, number> | undefined;
  /** By node: what it has yielded. */
  chunks: Map<string, ChunkLog> | undefined;
  /** By node: calls that wait for a limiter. */
  queued: Map<PlannedNode, number> | undefined;
  /** Calls that wait in queues: how to end that. */
  held: Set<() => void> | undefined;
  /** Whether a run that is kept waits to be claimed: nobody was told of it. */
  isClaiming = false;
  /** The log of a run that is kept, to be let go of at the end; inner graphs have none of their own. */
  log: RunLog | undefined;
  /** Nodes that wait for an answer. */
  interruptions: Interruption[] | undefined;
  settled: PromiseWithResolvers<void> | undefined;
  controller: AbortController | undefined;
  /** Unsubscribes from the signal that cancels it. */
  letGo: (() => void) | undefined;
  deadline: Deadline | undefined;
}

/** One execution. It begins with `begin()`. */
export class Execution implements ProgressListener, ContextSource {
  readonly id: number;
  readonly progress: Progress;
  /** By node, for those that were called with options. */
  attempts: Map<PlannedNode, number> | undefined;
  /** Errors of nodes that failed while the rest went on. */
  errors: NodeError[] | undefined;
  trace: SpanTree | null = null;
  /** How it has ended, and why. */
  ending: RunOutcome | undefined;
  reason: unknown;
  readonly origin: ExecutionOrigin;
  #input: unknown;
  readonly #options: ExecutionOptions;
  readonly #onOver: OnOver;
  readonly #hooks: ExecutionHooks;
  #link: Link<Execution> | undefined;
  /** Where in a run that is kept it is. */
  #place: RunPlace | undefined;
  #running = 0;
  /** Calls that have not returned, by what they are waited for with: most executions have one. */
  #chain: Chain | undefined;
  #extras: Extras | undefined;

  constructor(
    id: number,
    origin: ExecutionOrigin,
    input: unknown,
    options: ExecutionOptions,
    onOver: OnOver,
    hooks: ExecutionHooks = NO_HOOKS,
  ) {
    this.id = id;
    this.progress = new Progress(origin.plan, options.timing, this);
    this.origin = origin;
    this.#input = input;
    this.#options = options;
    this.#onOver = onOver;
    this.#hooks = hooks;
    this.#place = hooks.place;
    this.#link = origin.unsettled.add(this);
  }

  get #more(): Extras {
    return this.#extras ??= new Extras();
  }

  get graph(): string {
    return this.origin.graph;
  }

  get isOver(): boolean {
    return this.ending !== undefined;
  }

  /** Aborts when the execution is over before its nodes are. */
  get signal(): AbortSignal {
    const more = this.#more;
    if (!more.controller) {
      more.controller = new AbortController();
      if (this.isOver) more.controller.abort(this.reason);
    }
    return more.controller.signal;
  }

  /** Resolves when no call of a node is open any more, also of those that went on after the end. */
  get settled(): Promise<void> {
    const settled = this.#more.settled ??= Promise.withResolvers();
    this.#settleIfDone();
    return settled.promise;
  }

  /** The name of a run that is kept. */
  get runId(): string | undefined {
    return this.#options.kept?.runId;
  }

  /** The run that is kept, once it is claimed. */
  get log(): RunLog | undefined {
    return this.#place?.log;
  }

  /** Starts the first nodes once a run that is kept is claimed. */
  async beginKept(claim: Promise<OpenRun>): Promise<void> {
    // As long as it is being claimed, it is not settled.
    this.#running++;
    this.#more.isClaiming = true;
    this.#bound();
    try {
      const { log, input } = await claim;
      this.#more.isClaiming = false;
      this.#more.log = log;
      this.#place = new RunPlace(log, "");
      this.#input = input;
      this.#running--;
      if (this.isOver) return this.#settleIfDone();
    } catch (error) {
      this.#running--;
      return this.isOver ? this.#settleIfDone() : this.#end("failed", error);
    }
    this.begin();
  }

  /** Starts the first nodes, unless it was cancelled before. */
  begin(): void {
    if (this.isOver) return;
    const { tracer } = this.origin;
    if (tracer) {
      const attributes = { "ringmill.graph": this.graph };
      this.trace = new SpanTree(tracer, `graph ${this.graph}`, attributes, { "ringmill.run": this.id });
    }
    if (this.isWatched) this.tell({ kind: "runStart", ...this.#keptDetails });
    // One that is kept is bounded already.
    if (!this.#options.kept) this.#bound();
    if (this.ending !== undefined) return;
    const chain = new Chain();
    if (this.#callDue(chain)) this.#follow(chain);
  }

  /** Has it end when its signal aborts or its time is up. */
  #bound(): void {
    const { signal, timeoutMs } = this.#options;
    if (signal?.aborted) return this.cancel(signal.reason);
    if (signal) this.#more.letGo = onAbort(signal, () => this.cancel(signal.reason));
    if (timeoutMs !== Infinity) this.#more.deadline = new Deadline(timeoutMs, () => this.#timeOut());
  }

  get #keptDetails(): { readonly runId?: string; readonly finished?: number } {
    const log = this.#extras?.log;
    return log ? { runId: log.runId, finished: log.finished } : {};
  }

  #timeOut(): void {
    this.cancel(
      new DOMException(`Graph "${this.graph}" took longer than ${this.#options.timeoutMs} ms`, "TimeoutError"),
    );
  }

  /** Whether anybody listens to this graph, or to one that it lies in. */
  get isWatched(): boolean {
    return this.origin.monitor.isWatched || (this.#hooks.outer?.source.isWatched ?? false);
  }

  /** Tells those who listen. */
  tell(details: EventDetails): void {
    const { outer } = this.#hooks;
    this.origin.monitor.tell(this.graph, this.id, details, outer?.parent);
    outer?.source.relay(this.graph, this.id, details, outer.parent);
  }

  relay(graph: string, run: number, details: EventDetails, parent: EventParent): void {
    this.origin.monitor.tell(graph, run, details, parent);
    this.#hooks.outer?.source.relay(graph, run, details, parent);
  }

  /** Calls a listener that cannot end the program. */
  callListener<Value>(listener: (value: Value) => unknown, value: Value): void {
    this.origin.monitor.call(listener, value);
  }

  metadataOf(node: string): Readonly<Record<string, unknown>> {
    return this.#nodeOf(node).node.metadata;
  }

  #nodeOf(node: string): PlannedNode {
    return this.progress.plan.nodes.find(({ name }) => name === node)!;
  }

  contextOf(key: object): { readonly value: unknown } | undefined {
    if (this.origin.context === key && this.#options.context !== undefined) return { value: this.#options.context };
    return this.#hooks.outer?.source.contextOf(key);
  }

  /** Where inner graphs of a node lie. */
  parentOf(node: string): EventParent {
    const parent = this.#hooks.outer?.parent;
    return { graph: this.graph, run: this.id, node, ...parent && { parent } };
  }

  completed({ internals, name }: PlannedNode, output: unknown): void {
    this.#extras?.chunks?.get(name)?.wake();
    if (this.origin.monitor.isWatched) internals.output?.next(output);
  }

  skipped({ name }: PlannedNode): void {
    this.#extras?.chunks?.get(name)?.wake();
    if (this.isWatched) this.tell({ kind: "skip", node: name });
  }

  cancelled({ name }: PlannedNode): void {
    this.#extras?.chunks?.get(name)?.wake();
    if (this.isWatched) this.tell({ kind: "cancel", node: name });
  }

  addChunk(node: string, attempt: number, chunk: unknown): void {
    // Chunks that no one can ask for are not kept.
    if (!this.#options.keepsChunks && !this.isWatched && !this.#place && !this.progress.plan.feeding.has(node)) return;
    const index = this.#chunksOf(node).add(attempt, chunk);
    if (this.isWatched) this.tell({ kind: "chunk", node, attempt, index, chunk });
  }

  #chunksOf(node: string): ChunkLog {
    const logs = this.#more.chunks ??= new Map();
    const log = logs.get(node) ?? new ChunkLog();
    logs.set(node, log);
    return log;
  }

  /** The chunks of an attempt that has failed do not count, if there are any. */
  voidChunks(node: string, attempt: number): void {
    const log = this.#extras?.chunks?.get(node);
    if (!log || log.countOf(attempt) === 0) return;
    log.void(attempt);
    if (this.isWatched) this.tell({ kind: "void", node, attempt });
  }

  /** Reads the chunks of a node, from the first on. */
  readChunks(node: PlannedNode): AsyncGenerator<RunChunk<unknown>, void, undefined> {
    return this.#chunksOf(node.name).read(this.#endOf(node));
  }

  /** Tells how a node has ended, once it has. */
  #endOf({ name, index }: PlannedNode): () => ChunksEnd | null {
    return () => {
      const status = this.progress.status[index];
      if (status <= RUNNING || status === INTERRUPTED) return this.isOver ? { error: this.reason } : null;
      if (status === FAILED) return { error: this.errors?.find(({ node }) => node === name) };
      return status === CANCELLED ? { error: this.reason } : {};
    };
  }

  /** Calls a node with the chunks of another one, as they come: again if these become void. */
  async #callWithChunks(node: PlannedNode, source: PlannedNode, place?: CallPlace): Promise<unknown> {
    for (;;) {
      const input = new ChunkInput(source.name, this.#chunksOf(source.name), this.#endOf(source));
      const outcome = await Promise.allSettled([callNode(this, node, input, place)]);
      if (!this.isOver) await input.ended();
      if (!this.isOver && input.isVoid) {
        this.voidChunks(node.name, this.attempts?.get(node) ?? 1);
        continue;
      }
      if (this.#hasNothing(source)) return SKIPPED;
      if (outcome[0].status === "rejected") throw outcome[0].reason;
      return outcome[0].value;
    }
  }

  /** Whether a node has failed or was left out, for which those that need it are left out. */
  #hasNothing({ index }: PlannedNode): boolean {
    const status = this.progress.status[index];
    return status === FAILED || status === LEFT_OUT;
  }

  /** Begins a call that is waited for. */
  #begin({ node, source }: Unit, input: unknown, place?: CallPlace): Promise<unknown> {
    if (node.chunkSource && source === node.chunkSource) return this.#callWithChunks(node, source, place);
    return callNode(this, node, input, place);
  }

  /** Notes how often a node was called. */
  attempted(node: PlannedNode, attempt: number): void {
    (this.attempts ??= new Map()).set(node, attempt);
  }

  queue(name: string, attempt: number, queued: number): () => void {
    const node = this.#nodeOf(name);
    const counts = this.#more.queued ??= new Map();
    counts.set(node, (counts.get(node) ?? 0) + 1);
    if (this.isWatched) this.tell({ kind: "queue", node: name, attempt, queued });
    let isQueued = true;
    return () => {
      if (!isQueued) return;
      isQueued = false;
      const left = counts.get(node)! - 1;
      if (left > 0) counts.set(node, left);
      else counts.delete(node);
    };
  }

  /** Whether a node waits for a limiter. */
  isQueued(node: PlannedNode): boolean {
    return this.#extras?.queued?.has(node) ?? false;
  }

  /** Counts work of a node as open, until it settles. */
  track(work: unknown, node: string): unknown {
    if (!isPromise(work)) return work;
    const open = this.#more.open ??= new Map<string, number>();
    const close = () => {
      const left = open.get(node)! - 1;
      if (left > 0) open.set(node, left);
      else open.delete(node);
      this.#settleIfDone();
    };
    open.set(node, (open.get(node) ?? 0) + 1);
    const tracked = Promise.resolve(work);
    tracked.then(close, close);
    return tracked;
  }

  /** The nodes of which functions have not returned. */
  get unsettledNodes(): string[] {
    const chains = [this.#chain, ...this.#extras?.chains ?? []];
    const called = chains.flatMap((chain) => chain?.unit ? [chain.unit.node.name] : []);
    return [...new Set([...called, ...this.#extras?.open?.keys() ?? []])];
  }

  /** Whether no function runs any more. */
  get #hasSettled(): boolean {
    return this.#running === 0 && (this.#extras?.open?.size ?? 0) === 0;
  }

  #settleIfDone(): void {
    if (!this.isOver || !this.#hasSettled) return;
    if (this.#extras?.log) return void this.#letGoOfRun().then(() => this.#settleIfDone());
    if (this.#link) this.origin.unsettled.remove(this.#link);
    this.#link = undefined;
    this.#extras?.settled?.resolve();
  }

  /** Lets others work on the run. Whoever cannot be told finds that out by the end of this program, or of the lease. */
  async #letGoOfRun(): Promise<void> {
    const { log } = this.#more;
    this.#more.log = undefined;
    this.#running++;
    try {
      await log?.release();
    } catch {
      // The outputs are kept.
    }
    this.#running--;
  }

  hold(flush: () => void): () => void {
    const held = this.#more.held ??= new Set();
    held.add(flush);
    this.#hooks.onStall?.(this);
    return () => {
      if (held.delete(flush)) this.#hooks.onStall?.(this);
    };
  }

  /** Whether all its calls wait in queues. */
  get isStalled(): boolean {
    return !this.isOver && this.#running > 0 && this.#extras?.held?.size === this.#running;
  }

  /** Ends all waits in queues. */
  flush(): void {
    for (const flush of [...this.#extras?.held ?? []]) flush();
  }

  /**
   * Begins what is due, as far as the concurrency allows. The first call that must be waited for continues `chain`, and each
   * other one begins a chain of its own. False if there is none. Never runs within itself, which a function could cause
   * that cancels its own execution.
   */
  #callDue(chain: Chain): boolean {
    const { progress } = this;
    let isContinued = false;
    while (this.ending === undefined && this.#running < this.#options.concurrency) {
      const unit = progress.next();
      if (unit === undefined) break;
      const at = isContinued ? new Chain() : chain;
      if (!progress.begin(unit.node)) continue;
      // Before the call, in which the function may ask whether all has settled.
      this.#running++;
      if (!this.#call(unit, at)) {
        this.#running--;
        continue;
      }
      if (isContinued) this.#follow(at);
      isContinued = true;
    }
    if (this.ending !== undefined) this.#settleIfDone();
    else if (progress.left === 0) this.#end("completed", undefined);
    else if (this.#running === 0 && this.#extras?.interruptions) this.#endInterrupted(this.#extras.interruptions);
    return isContinued;
  }

  /** Waits for one call after the other: that takes one async function for a chain of nodes. */
  async #follow(chain: Chain): Promise<void> {
    if (this.#chain) (this.#more.chains ??= []).push(chain);
    else this.#chain = chain;
    do {
      const unit = chain.unit!;
      try {
        const output = await chain.output;
        this.#running--;
        if (this.ending === undefined) this.progress.take(unit, output);
      } catch (error) {
        this.#running--;
        if (!this.#interrupt(unit.node, error)) {
          this.#fail(unit.node, chain.isPlain ? this.#nodeError(unit.node, error) : error as NodeError);
        }
      }
      chain.unit = undefined;
      if (this.ending !== undefined) return this.#settleIfDone();
    } while (this.#callDue(chain));
    if (this.#extras?.held) this.#hooks.onStall?.(this);
  }

  /** Calls a node. True if it must be waited for; `chain` has what for. */
  #call(unit: Unit, chain: Chain): boolean {
    const { node } = unit;
    chain.unit = unit;
    if (this.#place) return this.#callKept(unit, chain, this.#place.callOf(node.name, unit.slot));
    chain.isPlain = node.call === null && !this.isWatched && this.trace === null && !node.chunkSource;
    if (!chain.isPlain) {
      chain.output = this.#begin(unit, this.#inputOf(unit));
      return true;
    }
    try {
      const output = chain.output = node.node.process(this.#inputOf(unit), new NodeCallContext(this, node.name));
      if (isPromise(output)) return true;
      if (this.ending === undefined) this.progress.take(unit, output);
    } catch (error) {
      this.#fail(node, this.#nodeError(node, error));
    }
    chain.unit = undefined;
    return false;
  }

  /** Calls a node, unless its output is kept or it waits for an answer. True if it must be waited for. */
  #callKept(unit: Unit, chain: Chain, place: CallPlace): boolean {
    const { node } = unit;
    chain.isPlain = false;
    chain.unit = undefined;
    try {
      const kept = place.read();
      if (kept) {
        if (this.isWatched) this.tell({ kind: "restore", node: node.name, step: place.path });
        for (const chunk of place.readChunks()) this.addChunk(node.name, 1, chunk);
        this.progress.take(unit, kept.value);
        return false;
      }
      if (place.isWaiting()) return !this.#interrupt(node, new Interruption(place.log, place.path));
    } catch (error) {
      this.#fail(node, this.#nodeError(node, error));
      return false;
    }
    chain.unit = unit;
    chain.output = this.#keep(node, place, this.#begin(unit, this.#inputOf(unit), place));
    return true;
  }

  /** Keeps the output of a call, or its question, before anything comes after it. */
  async #keep(node: PlannedNode, place: CallPlace, called: Promise<unknown>): Promise<unknown> {
    const output = await called.catch((error) => this.#keepQuestion(node, place, error));
    // It is not its own end that it was left out.
    if (node.chunkSource && this.#hasNothing(node.chunkSource)) return output;
    try {
      const chunks = this.#extras?.chunks?.get(node.name);
      if (chunks) await place.saveChunks(chunks.valid);
      const saving = place.save(output);
      if (saving) await saving;
      return output;
    } catch (error) {
      throw this.#nodeError(node, error);
    }
  }

  async #keepQuestion(node: PlannedNode, place: CallPlace, thrown: unknown): Promise<never> {
    if (!(thrown instanceof Interruption)) throw thrown;
    try {
      const question = await place.saveQuestion();
      if (question && this.isWatched) {
        this.tell({ kind: "interrupt", node: node.name, step: place.path, value: question.value });
      }
    } catch (error) {
      throw this.#nodeError(node, error);
    }
    throw thrown;
  }

  /** Notes that a node waits for an answer, if it is that what it has thrown. */
  #interrupt(node: PlannedNode, error: unknown): boolean {
    if (!(error instanceof Interruption) || error.log !== this.#place?.log) return false;
    if (this.isOver) return true;
    this.progress.interrupt(node);
    (this.#more.interruptions ??= []).push(error);
    this.#extras?.chunks?.get(node.name)?.wake();
    return true;
  }

  /** Nothing is left to do but what waits for answers. */
  #endInterrupted([first]: readonly Interruption[]): void {
    const { log } = this.#more;
    if (!log) return this.#end("interrupted", first);
    this.#end("interrupted", new RunInterruptedError(this.graph, log.runId, inOrder([...log.waiting.values()])));
  }

  #nodeError(node: PlannedNode, cause: unknown): NodeError {
    return new NodeError({ graph: this.graph, node: node.name, attempt: 1, cause });
  }

  #inputOf({ node, source }: Unit): unknown {
    const { values } = this.progress;
    if (source) return values[source.index];
    return node.sources.length === 0 ? this.#input : joinedValues(node, this.progress);
  }

  #fail(node: PlannedNode, error: NodeError): void {
    if (this.isOver || !this.progress.fail(node)) return;
    (this.errors ??= []).push(error);
    this.#extras?.chunks?.get(node.name)?.wake();
    if (this.#options.onNodeError) this.callListener(this.#options.onNodeError, error);
    if (this.#options.onError === "cancel") this.#end("failed", error);
    else this.progress.skipAfter(node);
  }

  /** Ends the execution before its nodes have. */
  cancel(reason: unknown): void {
    if (!this.isOver) this.#end("cancelled", reason);
  }

  #end(outcome: RunOutcome, error: unknown): void {
    this.ending = outcome;
    this.reason = error;
    this.#extras?.letGo?.();
    this.#extras?.deadline?.cancel();
    if (this.#extras?.isClaiming && this.isWatched) this.tell({ kind: "runStart", runId: this.runId });
    if (outcome === "failed" || outcome === "cancelled") this.progress.cancel();
    this.trace?.end(error);
    if (this.isWatched) this.tell({ kind: "runEnd", outcome, error });
    if (outcome !== "completed") this.#extras?.controller?.abort(error);
    if (outcome === "interrupted") this.#wakeReaders();
    // Functions may still run for a while, also such as were given up: the run is let go of when it is settled, unless nothing
    // of it can be called again.
    const isDone = outcome === "completed" && !this.errors;
    if (this.#extras?.log && (isDone || this.#hasSettled)) {
      this.#letGoOfRun().then(() => this.#tellOfEnd());
    } else {
      if (this.#options.kept) leaveRun(this.graph, this.#options.kept, this.settled);
      this.#tellOfEnd();
    }
  }

  #tellOfEnd(): void {
    this.#settleIfDone();
    this.#onOver(this);
  }

  #wakeReaders(): void {
    for (const log of this.#extras?.chunks?.values() ?? []) log.wake();
  }
}
