/** Graphs of nodes. */

import type { Observable } from "rxjs";
import { DeclarationError, LifecycleError, UnknownNameError } from "../errors.ts";
import { Execution, type ExecutionHooks, type ExecutionOrigin, type OnOver } from "./execution/execution.ts";
import { findTracer } from "../open_telemetry.ts";
import { takeHooks } from "./execution/hooked_start.ts";
import { Links } from "./execution/links.ts";
import { Monitor } from "./execution/event_bus.ts";
import { internalsOf, takeLost } from "./node_internals.ts";
import type { GraphEvent } from "./events.ts";
import {
  completeExecuteOptions,
  type ExecuteOptions,
  type ExecutionOptions,
  type KeptRunOptions,
  type OutputOptions,
  type ResumeOptions,
} from "./execute_options.ts";
import { type GraphNode, Node } from "./node.ts";
import { checkDefaults, type NodeOptions, refuse } from "./node_options.ts";
import { EXECUTE_RULES, GRAPH_RULES, RESUME_RULES, STREAM_RULES } from "./option_rules.ts";
import { checkName, checkOptions, type Rules } from "../rules.ts";
import type { CheckpointStore } from "./stores/checkpoint_store.ts";
import { openRun } from "./checkpoints/open_run.ts";
import { KeptRuns } from "./checkpoints/kept_runs.ts";
import type { KeptRun } from "./kept_run.ts";
import type { Dashboard } from "../view/live/dashboard.ts";
import type { RunDashboardOptions } from "../view/live/run_options.ts";
import { RunContext } from "./run_context.ts";
import { within } from "../ring/within.ts";
import { type Declaration, partFor, type Plan, planGraph } from "./execution/graph_plan.ts";
import {
  awaitableOutputsOf,
  GraphRun,
  outputOf,
  outputsOf,
  type PipelineStatus,
  type PipelineTiming,
  statusOf,
  timingsOf,
} from "./run.ts";
import { type GraphResults, type GraphStreamOptions, streamThrough } from "./stream.ts";
import type { StreamSource } from "./stream_source.ts";
import type { OutputOf, PartialResultsOf, ResultsOf, StartingNode } from "./wiring.ts";
import { DEFAULT_GRACE_MS } from "../timers.ts";
import { suggest } from "../suggest.ts";

const NO_OPTIONS: ExecuteOptions = {};

/** What they are completed to, once: of `execute()`, and of `start()`. */
const USUAL = completeExecuteOptions(NO_OPTIONS, false, false);
const USUAL_TIMED = completeExecuteOptions(NO_OPTIONS, true, true);

/** Closing a node, such as one with workers, has this long at least, in milliseconds. */
const LEAST_CLOSING_MS = 10_000;

/** Options of nodes that a whole graph may set. They hold for all of its nodes, `SubgraphNode`s as one, too. */
export type NodeDefaults = Pick<NodeOptions, "retry" | "timeoutMs">;

/** A connection, by the names of the nodes. */
export interface GraphEdge {
  /** The node that puts out. */
  readonly from: string;
  /** The node that takes it. */
  readonly to: string;
  /** Whether it takes chunks as they come. */
  readonly isOfChunks?: boolean;
}

/** Options of a {@link Graph}. */
export interface GraphOptions<Nodes extends GraphNode, In, Context = unknown> {
  /** Its nodes. Results are typed by their names then. */
  nodes?: readonly (Nodes | GraphNode)[];
  /** Where executions start: one node or several. */
  start?: StartingNode<In> | readonly StartingNode<In>[];
  /** Is told of every event, as who subscribes to {@link Graph.events$}. */
  onEvent?: (event: GraphEvent) => void;
  /** What nodes have that do not say otherwise. */
  defaults?: NodeDefaults;
  /**
   * How long `close()` waits for functions to notice that they are cancelled, in milliseconds. Then it names those that go on,
   * and closes the nodes.
   *
   * @default {1000}
   */
  graceMs?: number;
  /** Where runs with a `runId` are kept: a `SqliteStore`, a `RedisStore`, or a `MemoryStore` for as long as the program runs. */
  checkpoint?: CheckpointStore;
  /** What its runs are given besides their input: executions need the option `context` with a value of this kind. */
  context?: RunContext<Context>;
}

/**
 * A graph of async nodes. The output of each node goes to the nodes that it is connected to; branches run concurrently.
 *
 * With the nodes in the constructor's options, inputs and results are typed by name. Added one by one they are not, and
 * `output` picks one node's output by its type.
 *
 * @example
 * ```ts
 * import { Graph, Node } from "@ringmill/ringmill/graph";
 * import { deepEqual } from "node:assert/strict";
 *
 * const graph = new Graph("text");
 * const clean = graph.addNode(new Node("clean", (text: string) => text.trim().toLowerCase()));
 * const tokenize = graph.addNode(new Node("tokenize", (text: string) => text.split(/\s+/)));
 * clean.connect(tokenize);
 * graph.setStartNode(clean);
 * deepEqual(await graph.execute("Hello World!"), { clean: "hello world!", tokenize: ["hello", "world!"] });
 * deepEqual(graph.getPipelineStatus(), { clean: "completed", tokenize: "completed" });
 * const words: string[] = await graph.execute("Hello World!", { output: tokenize });
 * deepEqual(words, ["hello", "world!"]);
 * ```
 *
 * @example Typed by name, with a fan-out and a join
 * ```ts
 * import { Graph, Node } from "@ringmill/ringmill/graph";
 * import { equal } from "node:assert/strict";
 *
 * const split = new Node("split", (text: string) => text.split(" "));
 * const count = new Node("count", (words: string[]) => words.length);
 * const longest = new Node("longest", (words: string[]) => Math.max(...words.map((word) => word.length)));
 * const report = new Node(
 *   "report",
 *   ({ count, longest }: { count: number; longest: number }) => `${count} words of up to ${longest} letters`,
 *   { join: "all" },
 * );
 * split.connect(count).connect(report);
 * split.connect(longest).connect(report);
 * const graph = new Graph("words", { nodes: [split, count, longest, report], start: split });
 * const results = await graph.execute("to be or not");
 * const text: string = results.report;
 * equal(text, "4 words of up to 3 letters");
 * ```
 */
// deno-lint-ignore no-explicit-any
export class Graph<In = any, Nodes extends GraphNode = never, Context = unknown> implements AsyncDisposable {
  /** Its name, for messages and drawings. */
  readonly name: string;
  readonly #nodes = new Map<string, GraphNode>();
  readonly #starts = new Set<GraphNode>();
  readonly #monitor: Monitor;
  readonly #graceMs: number;
  readonly #defaults: NodeDefaults;
  readonly #unsettled = new Links<Execution>();
  /** Once it is compiled. */
  #origin: ExecutionOrigin | undefined;
  /** By node: the part that its output needs. */
  readonly #parts = new Map<GraphNode, ExecutionOrigin>();
  #isCompiling = false;
  readonly #kept: KeptRuns;
  readonly #context: RunContext<Context> | undefined;
  #latest: Execution | undefined;
  #executions = 0;
  #isClosed = false;
  #closing: Promise<void> | undefined;
  #dashboard: Dashboard | undefined;

  /**
   * A graph, empty unless it is given nodes.
   *
   * @throws {TypeError} If `name` is no text, or an option of the wrong kind.
   * @throws {DeclarationError} As {@link addNode}.
   */
  constructor(name: string, options: GraphOptions<Nodes, In, Context> = {}) {
    if (typeof name !== "string" || name === "") {
      refuse(TypeError, "Cannot make a graph", "its name must be a text", name);
    }
    checkOptions(`make graph "${name}"`, options, GRAPH_RULES);
    this.name = name;
    this.#graceMs = options.graceMs ?? DEFAULT_GRACE_MS;
    this.#defaults = { ...options.defaults };
    this.#kept = new KeptRuns(name, options.checkpoint);
    this.#context = options.context;
    if (this.#context && !(this.#context instanceof RunContext)) {
      refuse(TypeError, `Cannot make graph "${name}"`, "context must be a RunContext", this.#context);
    }
    checkDefaults(`make graph "${name}"`, this.#defaults);
    this.#monitor = new Monitor(name);
    if (options.onEvent) this.#monitor.listen(options.onEvent);
    this.#addAll(options);
  }

  /** Nodes of a graph that cannot be made are free for another one. */
  #addAll({ nodes = [], start }: GraphOptions<Nodes, In, Context>): void {
    try {
      for (const node of nodes) this.addNode(node);
      if (start) this.#setStart(Array.isArray(start) ? start : [start]);
    } catch (error) {
      for (const node of this.#nodes.values()) internalsOf(node).owner = undefined;
      throw error;
    }
  }

  /** The nodes by name, in the order in which they were added. */
  get nodes(): ReadonlyMap<string, GraphNode> {
    return this.#nodes;
  }

  /** The connections, by the names of the nodes. */
  get edges(): readonly GraphEdge[] {
    return [...this.#nodes.values()].flatMap((node) => {
      const { targets, chunkTargets } = internalsOf(node);
      const chunks = [...chunkTargets].map((target) => ({ from: node.name, to: target.name, isOfChunks: true }));
      return [...[...targets].map((target): GraphEdge => ({ from: node.name, to: target.name })), ...chunks];
    });
  }

  /** The names of the start nodes. */
  get startNodes(): readonly string[] {
    return [...this.#starts].map(({ name }) => name);
  }

  /**
   * Adds a node, and returns it.
   *
   * @throws {TypeError} If it is no node.
   * @throws {DeclarationError} If its name is taken, or it belongs to another graph.
   */
  addNode<N extends GraphNode>(node: N): N {
    this.#checkOpen("add a node to");
    if (!(node instanceof Node)) {
      refuse(TypeError, `Cannot add a node to graph "${this.name}"`, "expected a node", node);
    }
    const internals = internalsOf(node);
    const { owner } = internals;
    if (this.#nodes.has(node.name)) {
      throw new DeclarationError(`Cannot add a node to graph "${this.name}": the name "${node.name}" is taken`);
    }
    if (owner) {
      const { name, holder } = owner;
      const why = holder === undefined
        ? `it belongs to graph "${name}"`
        : `it is part of node "${holder}", which is added in its place`;
      throw new DeclarationError(`Cannot add node "${node.name}" to graph "${this.name}": ${why}`);
    }
    internals.owner = {
      name: this.name,
      changed: () => this.#change(),
      watched: () => this.#monitor.isWatched = true,
      isClosed: false,
    };
    if (internals.input || internals.output) this.#monitor.isWatched = true;
    this.#nodes.set(node.name, node);
    this.#change();
    return node;
  }

  /** It has to be compiled again. */
  #change(): void {
    this.#origin = undefined;
    this.#parts.clear();
  }

  /**
   * Takes a node out, with its connections: it may belong to another graph then. Executions that run are not changed. Also of a
   * graph that is closed.
   *
   * @throws {UnknownNameError} If the node does not belong to the graph.
   */
  removeNode(node: GraphNode): void {
    if (!(node instanceof Node) || this.#nodes.get(node.name) !== node as GraphNode) {
      throw new UnknownNameError(
        `Cannot remove node "${(node as GraphNode | undefined)?.name}" from graph "${this.name}": it was not added`,
      );
    }
    for (const other of this.#nodes.values()) other.disconnect(node);
    const { targets, chunkTargets } = internalsOf(node);
    targets.clear();
    chunkTargets.clear();
    internalsOf(node).owner = undefined;
    this.#nodes.delete(node.name);
    this.#starts.delete(node);
    this.#change();
  }

  /**
   * Says where executions start: their input goes to each of these nodes. Replaces earlier start nodes.
   *
   * @throws {UnknownNameError} If a node does not belong to the graph.
   */
  setStartNode(...nodes: StartingNode<In>[]): void {
    this.#setStart(nodes);
  }

  #setStart(nodes: readonly StartingNode<In>[]): void {
    this.#checkOpen("set the start of");
    for (const node of nodes) {
      if (this.#nodes.get(node?.name) === node as unknown) continue;
      throw new UnknownNameError(`Cannot start graph "${this.name}" with node "${node?.name}": it was not added`);
    }
    this.#starts.clear();
    for (const node of nodes) this.#starts.add(node as unknown as GraphNode);
    this.#change();
  }

  /**
   * The node of a name.
   *
   * @throws {UnknownNameError} If there is none.
   */
  getNode<Name extends [Nodes] extends [never] ? string : Nodes["name"]>(
    name: Name,
  ): [Nodes] extends [never] ? GraphNode : Extract<Nodes, { readonly name: Name }> {
    const node = this.#nodes.get(name);
    if (!node) {
      const near = suggest(name, this.#nodes.keys());
      throw new UnknownNameError(`Cannot find node "${name}" in graph "${this.name}"${near}`);
    }
    return node as ReturnType<typeof this.getNode<Name>>;
  }

  /**
   * Checks the graph, and prepares it. The first execution does this, and the first after a change.
   *
   * @throws {DeclarationError} If there is no node or no start node, a node is connected to one outside of the graph or not
   * reached from a start node, a node has several inputs and does not say how to join them, or there is a cycle. The
   * message has all problems.
   */
  compile(): void {
    if (this.#origin) return;
    if (this.#isCompiling) throw new DeclarationError(`Cannot compile graph "${this.name}": it contains itself`);
    this.#isCompiling = true;
    try {
      for (const node of this.#nodes.values()) node.compile();
    } finally {
      this.#isCompiling = false;
    }
    this.#origin = this.#originOf(planGraph(this.#declaration));
  }

  get #declaration(): Declaration {
    return { name: this.name, nodes: this.#nodes, starts: this.#starts, defaults: this.#defaults };
  }

  #originOf(plan: Plan): ExecutionOrigin {
    return {
      graph: this.name,
      plan,
      monitor: this.#monitor,
      tracer: findTracer("@ringmill/ringmill/graph"),
      unsettled: this.#unsettled,
      context: this.#context,
    };
  }

  /** What executes only what the output of a node needs. */
  #partFor(node: GraphNode): ExecutionOrigin {
    const found = this.#parts.get(node) ?? this.#originOf(planGraph(partFor(node, this.#declaration)));
    this.#parts.set(node, found);
    return found;
  }

  /**
   * Executes the graph and resolves to the outputs by node name, or to that of one node.
   *
   * @throws {NodeError} If a node fails; the rest is cancelled then, unless `onError` says to continue. Or if the node whose
   * output is wanted has none.
   * @throws {DOMException} A `TimeoutError` if it takes longer than `timeoutMs`; the signal's reason if that aborts.
   * @throws {DeclarationError} As {@link compile}.
   * @throws {LifecycleError} If the graph is closed.
   * @throws {RunBusyError} If a run of this `runId` is under way.
   * @throws {RunChangedError} If the graph or the input has changed since the run was begun.
   * @throws {RunInterruptedError} If a node of a run that is kept waits for an answer.
   */
  execute<N extends GraphNode>(input: In, options: OutputOptions<N, Context>): Promise<OutputOf<N>>;
  /** The same with what has completed, although nodes may fail. */
  execute(input: In, options: ExecuteOptions<Context> & { onError: "continue" }): Promise<PartialResultsOf<Nodes>>;
  /** The same with the outputs of all nodes. */
  execute(input: In, options?: ExecuteOptions<Context>): Promise<ResultsOf<Nodes>>;
  execute(input: In, options: ExecuteOptions & { output?: GraphNode } = NO_OPTIONS): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const complete = this.#complete(options, false);
      const { output } = options;
      this.#start(input, complete, (execution) => this.#hand(execution, output, resolve, reject));
    });
  }

  /** Hands the outcome of an execution to whoever waits for it. */
  #hand(
    execution: Execution,
    output: GraphNode | undefined,
    resolve: (value: unknown) => void,
    reject: (error: unknown) => void,
  ): void {
    if (execution.ending !== "completed") return reject(execution.reason);
    if (!output) return this.#resolveAll(execution, resolve, reject);
    const found = outputOf(execution, output);
    if (found) resolve(found.value);
    else reject(this.#whyMissing(execution, output));
  }

  #resolveAll(execution: Execution, resolve: (outputs: unknown) => void, reject: (error: unknown) => void): void {
    try {
      resolve(awaitableOutputsOf(execution));
    } catch (error) {
      reject(error);
    }
  }

  #whyMissing(execution: Execution, node: GraphNode): Error {
    return execution.errors?.find((error) => error.node === node.name) ??
      new Error(`Cannot take the output of node "${node.name}" of graph "${this.name}": it was skipped`);
  }

  /**
   * Starts an execution without waiting for it. Any number of them may run at a time.
   *
   * @throws {DeclarationError} As {@link compile}.
   * @throws {LifecycleError} If the graph is closed.
   */
  start(input: In, options: ExecuteOptions<Context> & { onError: "continue" }): GraphRun<PartialResultsOf<Nodes>>;
  /** The same, where the first failure is the end. */
  start(input: In, options?: ExecuteOptions<Context>): GraphRun<ResultsOf<Nodes>>;
  start(input: In, options: ExecuteOptions = NO_OPTIONS): GraphRun<unknown> {
    const hooks = takeHooks();
    const complete = this.#complete(options, true);
    return new GraphRun((onOver) => this.#start(input, complete, onOver, hooks));
  }

  /** What a graph says that it needs; of an inner one, the run around it may have it. */
  #checkContext(options: ExecutionOptions, hooks: ExecutionHooks | undefined): void {
    if (!this.#context || options.context !== undefined || hooks?.outer) return;
    throw new TypeError(
      `Cannot execute graph "${this.name}": it needs the option context, its "${this.#context.name}"`,
    );
  }

  #start(input: unknown, options: ExecutionOptions, onOver: OnOver, hooks?: ExecutionHooks): Execution {
    this.#checkContext(options, hooks);
    if (!this.#origin) this.compile();
    const origin = options.neededBy ? this.#partFor(options.neededBy) : this.#origin!;
    const execution = this.#latest = new Execution(++this.#executions, origin, input, options, onOver, hooks);
    if (options.kept) execution.beginKept(openRun(this, options.kept, input));
    else execution.begin();
    return execution;
  }

  #complete(options: ExecuteOptions & { output?: GraphNode }, timing: boolean): ExecutionOptions {
    this.#checkOpen("execute");
    if (options === NO_OPTIONS || this.#areUsual(options)) return timing ? USUAL_TIMED : USUAL;
    this.#checkOptions("execute", options, EXECUTE_RULES);
    return completeExecuteOptions(options, timing, timing, this.#kept.complete("execute", options.runId, options));
  }

  /**
   * Answers the node of a run that has called `interrupt()`, and goes on with the run: with its own input, also in another program.
   * Otherwise as {@link execute}.
   *
   * @throws {RunInterruptedError} If a node waits for an answer then.
   * @throws {UnknownNameError} If there is no such run, or the node of the option `node` does not wait.
   * @throws {LifecycleError} If the run waits for no answer, or the graph is closed.
   * @throws {TypeError} If the answer cannot be kept, there is no store, or several nodes wait and the option `node` is missing.
   * @throws {RunBusyError} If the run is under way.
   * @throws {RunChangedError} If the graph has changed.
   *
   * @example
   * ```ts
   * import { Graph, MemoryStore, Node } from "@ringmill/ringmill/graph";
   * import { equal, rejects } from "node:assert/strict";
   *
   * const ask = new Node("ask", (what: string, { interrupt }) => `${what}: ${interrupt<string>("Which one?")}`);
   * const graph = new Graph("asking", { nodes: [ask], start: ask, checkpoint: new MemoryStore() });
   * await rejects(graph.execute("tea", { runId: "1" }), /"ask" waits for an answer/);
   * equal((await graph.resume("1", "green")).ask, "tea: green");
   * ```
   */
  resume<N extends GraphNode>(
    runId: string,
    answer: unknown,
    options: ResumeOptions<Context> & Pick<OutputOptions<N>, "output" | "onlyNeeded">,
  ): Promise<OutputOf<N>>;
  /** The same with what has completed, although nodes may fail. */
  resume(
    runId: string,
    answer: unknown,
    options: ResumeOptions<Context> & { onError: "continue" },
  ): Promise<PartialResultsOf<Nodes>>;
  /** The same with the outputs of all nodes. */
  resume(runId: string, answer: unknown, options?: ResumeOptions<Context>): Promise<ResultsOf<Nodes>>;
  resume(runId: string, answer: unknown, options: ResumeOptions & { output?: GraphNode } = {}): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#checkOpen("resume a run of");
      checkName(`resume a run of graph "${this.name}"`, runId);
      this.#checkOptions("resume a run of", options, RESUME_RULES);
      const kept = this.#kept.complete("resume a run of", runId, options, { value: answer, node: options.node });
      const complete = completeExecuteOptions(options, false, false, kept);
      this.#start(undefined, complete, (execution) => this.#hand(execution, options.output, resolve, reject));
    });
  }

  /**
   * What is kept of a run, whoever works on it; `undefined` if nothing.
   *
   * @throws {TypeError} If there is no store, or an option is of the wrong kind.
   */
  async keptRun(runId: string, options: KeptRunOptions = {}): Promise<KeptRun | undefined> {
    return await this.#kept.read(runId, options);
  }

  /**
   * Forgets a run. Whether there was one.
   *
   * @throws {RunBusyError} If the run is under way.
   * @throws {TypeError} If there is no store, or an option is of the wrong kind.
   */
  async deleteRun(runId: string, options: KeptRunOptions = {}): Promise<boolean> {
    return await this.#kept.delete(runId, options);
  }

  /** Whether there is nothing but one of the nodes: to check all rules takes as long as a small execution. */
  #areUsual(options: ExecuteOptions & { output?: GraphNode }): boolean {
    if (typeof options !== "object" || options === null) return false;
    for (const name in options) if (name !== "output") return false;
    const { output } = options;
    return output !== undefined && output !== null && this.#nodes.get(output.name) === output;
  }

  #checkOptions(
    action: string,
    options: { readonly output?: GraphNode; readonly context?: unknown },
    rules: Rules,
  ): void {
    checkOptions(`${action} graph "${this.name}"`, options, rules);
    if (options.context !== undefined && !this.#context) {
      throw new TypeError(`Cannot ${action} graph "${this.name}": it was made without the option context`);
    }
    const { output } = options;
    if (!output && "onlyNeeded" in options && options.onlyNeeded) {
      throw new TypeError(`Cannot ${action} graph "${this.name}": the option onlyNeeded needs the option output`);
    }
    if (!output || this.#nodes.get(output.name) === output) return;
    throw new UnknownNameError(
      `Cannot ${action} graph "${this.name}": the node of the option output, "${output.name}", was not added`,
    );
  }

  /**
   * Executes the graph for each item of a stream, several at a time, and yields the results; with the option `output`, the
   * outputs of that node. The source is read only as far as results are taken. To leave the loop ends the source and
   * cancels what runs.
   *
   * @throws {NodeError} From the iterator, if an execution fails, unless `onItemError` takes it.
   * @throws {DeclarationError} As {@link compile}.
   * @throws {LifecycleError} If the graph is closed; from the iterator, if its end finds inputs of a window that are lost.
   */
  stream<N extends GraphNode>(
    source: StreamSource<In>,
    options: GraphStreamOptions<In, Context> & Pick<OutputOptions<N>, "output" | "onlyNeeded">,
  ): GraphResults<OutputOf<N>>;
  /** The same with what has completed of each item, although nodes may fail. */
  stream(
    source: StreamSource<In>,
    options: GraphStreamOptions<In, Context> & { onError: "continue" },
  ): GraphResults<PartialResultsOf<Nodes>>;
  /** The same with the outputs of all nodes. */
  stream(source: StreamSource<In>, options?: GraphStreamOptions<In, Context>): GraphResults<ResultsOf<Nodes>>;
  stream(
    source: StreamSource<In>,
    options: GraphStreamOptions<In> & { output?: GraphNode } = {},
  ): GraphResults<unknown> {
    this.#checkOpen("stream through");
    this.#checkOptions("stream through", options, STREAM_RULES);
    const { output, nodeConcurrency } = options;
    if (output) this.#checkTold(options);
    this.compile();
    // One listener on the signal serves all items.
    const perItem = completeExecuteOptions(
      { ...options, runId: undefined, concurrency: nodeConcurrency, signal: undefined },
      false,
      false,
    );
    const { runId } = options;
    // Says what is missing before the first item.
    this.#kept.complete("stream through", runId && "item", options);
    const optionsFor = (item: In, index: number): ExecutionOptions =>
      runId
        ? { ...perItem, kept: this.#kept.complete("stream through", this.#nameOf(runId(item, index)), options) }
        : perItem;
    const take = (execution: Execution): IteratorYieldResult<unknown> | null =>
      output ? outputOf(execution, output) : { done: false, value: outputsOf(execution) };
    return streamThrough(
      `Cannot stream through graph "${this.name}"`,
      source,
      options,
      (item, index, onOver, hooks) => {
        this.#checkOpen("stream through");
        return this.#start(item, optionsFor(item, index), onOver, hooks);
      },
      take,
      () => this.#takeLost(),
    );
  }

  /** What nodes hold that no execution can carry on any more: none, as long as one runs. */
  #takeLost(): Error[] {
    for (const { isOver } of this.#unsettled) if (!isOver) return [];
    return takeLost(this.#nodes.values());
  }

  #nameOf(runId: string): string {
    checkName(`stream through graph "${this.name}" with the option runId`, runId);
    return runId;
  }

  /** An item that fails would leave no trace at all. */
  #checkTold({ onError, onItemError, onItem, onNodeError }: GraphStreamOptions<In>): void {
    if (onError !== "continue" || onItemError || onItem || onNodeError) return;
    throw new TypeError(
      `Cannot stream through graph "${this.name}": with output and onError "continue", failures need onItemError, onItem or ` +
        "onNodeError",
    );
  }

  /** The status of all nodes in the latest execution; all pending before the first. */
  getPipelineStatus(): PipelineStatus {
    if (this.#latest) return statusOf(this.#latest);
    return Object.fromEntries([...this.#nodes.keys()].map((name) => [name, "pending"]));
  }

  /** When the nodes ran in the latest execution, if that was timed; empty before the first. */
  getPipelineTiming(): PipelineTiming {
    return this.#latest ? timingsOf(this.#latest) : {};
  }

  /** What happens in all executions. Completes when the graph is closed. */
  get events$(): Observable<GraphEvent> {
    return this.#monitor.events$;
  }

  /** Whether it is not closed. */
  get isOpen(): boolean {
    return !this.#isClosed;
  }

  /**
   * Serves a page on 127.0.0.1 that shows the graph: its nodes, also of inner graphs, with their rates, latencies, errors, queues
   * and cache hits, and the latest executions with their timelines. It needs `--allow-net=127.0.0.1`, and ends with the graph.
   *
   * @throws {TypeError} If an option is of the wrong kind.
   * @throws {RangeError} If `port` is not from 0 to 65535, or `intervalMs` below 10.
   * @throws {Deno.errors.AddrInUse} If something else listens on the port.
   * @throws {LifecycleError} If the graph is closed, or has a dashboard already.
   *
   * @example
   * ```ts
   * import { Graph, Node } from "@ringmill/ringmill/graph";
   * import { match } from "node:assert/strict";
   *
   * const double = new Node("double", (n: number) => 2 * n);
   * await using graph = new Graph("doubles", { nodes: [double], start: double });
   * const { url } = await graph.serveDashboard();
   * match(url, /^http:\/\/127\.0\.0\.1:\d+\/[\w-]{22}\/$/);
   * ```
   */
  async serveDashboard(options: RunDashboardOptions = {}): Promise<Dashboard> {
    // Whoever shows nothing needs none of it.
    const { serveGraph } = await import("../view/live/serve_graph.ts");
    const refuse = (state: string) =>
      new LifecycleError(`Cannot serve the dashboard of graph "${this.name}": ${state}`);
    if (this.#isClosed) throw refuse("it is closed");
    if (this.#dashboard?.isOpen) throw refuse(`it is served at ${this.#dashboard.url}`);
    return this.#dashboard = serveGraph(this, (listener) => this.#monitor.listen(listener), options);
  }

  #checkOpen(action: string): void {
    if (this.#isClosed) throw new LifecycleError(`Cannot ${action} graph "${this.name}": it is closed`);
  }

  /**
   * Cancels what runs, waits until no function of a node runs any more, and then closes all nodes. Closing twice is the same
   * as closing once.
   *
   * @throws {LifecycleError} If functions go on for longer than `graceMs`. It names their nodes. All else is closed.
   * @throws What a node's `close()` throws. All else is closed.
   * @throws {AggregateError} If there is more than one of these.
   */
  close(): Promise<void> {
    this.#isClosed = true;
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    const reason = new LifecycleError(`Graph "${this.name}" was closed`);
    for (const execution of [...this.#unsettled]) execution.cancel(reason);
    const problems = [...await this.#settle(), ...await this.#closeNodes()];
    this.#completePorts();
    await this.#dashboard?.close();
    if (problems.length > 1) throw new AggregateError(problems, `Cannot close graph "${this.name}" in order`);
    if (problems.length === 1) throw problems[0];
  }

  /** Waits for functions of nodes. Returns what there is to say of those that go on. */
  async #settle(): Promise<unknown[]> {
    const settled = Promise.all(Array.from(this.#unsettled, (execution) => execution.settled));
    const graceMs = Math.max(this.#graceMs, ...Array.from(this.#nodes.values(), (node) => internalsOf(node).graceMs));
    if (await within(settled, graceMs)) return [];
    const names = new Set(Array.from(this.#unsettled, ({ unsettledNodes }) => unsettledNodes).flat());
    const nodes = Array.from(names, (name) => `"${name}"`).join(", ");
    return [
      new LifecycleError(
        `Cannot close graph "${this.name}" in order: after ${graceMs} ms (graceMs), functions of ${nodes} still run`,
      ),
    ];
  }

  /** Whatever one of them does, the others are closed, too. */
  async #closeNodes(): Promise<unknown[]> {
    const bound = Math.max(this.#graceMs, LEAST_CLOSING_MS);
    const problems: unknown[] = [];
    await Promise.all(Array.from(this.#nodes.values(), async (node) => {
      const closing = (async () => await node.close())().catch((error) => void problems.push(error));
      if (await within(closing, bound)) return;
      problems.push(new LifecycleError(`Cannot close node "${node.name}": its close() takes longer than ${bound} ms`));
    }));
    return problems;
  }

  #completePorts(): void {
    for (const node of this.#nodes.values()) {
      const { owner, input, output } = internalsOf(node);
      if (owner) owner.isClosed = true;
      input?.complete();
      output?.complete();
    }
    this.#monitor.complete();
  }

  /** As {@link close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
