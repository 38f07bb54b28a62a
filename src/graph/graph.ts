/** Graphs of nodes. */

import type { Observable } from "rxjs";
import { DeclarationError, LifecycleError, UnknownNameError } from "../errors.ts";
import { Execution, type ExecutionOrigin, type OnOver } from "./execution/execution.ts";
import { findTracing } from "./execution/tracing.ts";
import { Links } from "./execution/links.ts";
import { Monitor } from "./execution/event_bus.ts";
import { internalsOf } from "./node_internals.ts";
import type { GraphEvent } from "./events.ts";
import {
  completeExecuteOptions,
  type ExecuteOptions,
  type ExecutionOptions,
  type OutputOptions,
} from "./execute_options.ts";
import { type GraphNode, Node } from "./node.ts";
import { refuse } from "./node_options.ts";
import { planGraph } from "./execution/graph_plan.ts";
import { GraphRun, outputOf, outputsOf, type PipelineStatus, type PipelineTiming, statusOf, timingsOf } from "./run.ts";
import { type GraphStreamOptions, streamThrough } from "./stream.ts";
import type { StreamSource } from "./stream_source.ts";
import type { OutputOf, PartialResultsOf, ResultsOf, StartingNode } from "./wiring.ts";

/** Options of a {@link Graph}. */
export interface GraphOptions<Nodes extends GraphNode, In> {
  /** Its nodes. Results are typed by their names then. */
  nodes?: readonly Nodes[];
  /** Where executions start: one node or several. */
  start?: StartingNode<In> | readonly StartingNode<In>[];
  /** Is told of every event, as who subscribes to {@link Graph.events$}. */
  onEvent?: (event: GraphEvent) => void;
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
export class Graph<In = any, Nodes extends GraphNode = never> implements AsyncDisposable {
  /** Its name, for messages and drawings. */
  readonly name: string;
  readonly #nodes = new Map<string, GraphNode>();
  readonly #starts = new Set<GraphNode>();
  readonly #monitor = new Monitor();
  readonly #running = new Links<Execution>();
  /** Once it is compiled. */
  #origin: ExecutionOrigin | undefined;
  #isCompiling = false;
  #latest: Execution | undefined;
  #executions = 0;
  #closing: Promise<void> | undefined;

  /**
   * A graph, empty unless it is given nodes.
   *
   * @throws {TypeError} If `name` is no text, or an option of the wrong kind.
   * @throws {DeclarationError} As {@link addNode}.
   */
  constructor(name: string, options: GraphOptions<Nodes, In> = {}) {
    if (typeof name !== "string" || name === "") {
      refuse(TypeError, "Cannot make a graph", "its name must be a text", name);
    }
    if (typeof options !== "object" || options === null) {
      refuse(TypeError, `Cannot make graph "${name}"`, "its options must be an object", options);
    }
    const { nodes = [], start, onEvent } = options;
    this.name = name;
    for (const node of nodes) this.addNode(node);
    if (start) this.setStartNode(...(Array.isArray(start) ? start : [start]) as StartingNode<In>[]);
    if (onEvent) this.events$.subscribe(onEvent);
  }

  /** The nodes by name, in the order in which they were added. */
  get nodes(): ReadonlyMap<string, GraphNode> {
    return this.#nodes;
  }

  /** The connections, by the names of the nodes. */
  get edges(): readonly { readonly from: string; readonly to: string }[] {
    return [...this.#nodes.values()].flatMap((node) =>
      [...internalsOf(node).targets].map((target) => ({ from: node.name, to: target.name }))
    );
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
    const internals = internalsOf(node), { owner } = internals;
    if (this.#nodes.has(node.name)) {
      throw new DeclarationError(`Cannot add a node to graph "${this.name}": the name "${node.name}" is taken`);
    }
    if (owner) {
      throw new DeclarationError(
        `Cannot add node "${node.name}" to graph "${this.name}": it belongs to "${owner.name}"`,
      );
    }
    internals.owner = {
      name: this.name,
      changed: () => this.#origin = undefined,
      watched: () => this.#monitor.isWatched = true,
    };
    if (internals.input || internals.output) this.#monitor.isWatched = true;
    this.#nodes.set(node.name, node);
    this.#origin = undefined;
    return node;
  }

  /**
   * Says where executions start: their input goes to each of these nodes. Replaces earlier start nodes.
   *
   * @throws {UnknownNameError} If a node does not belong to the graph.
   */
  setStartNode(...nodes: StartingNode<In>[]): void {
    this.#checkOpen("set the start of");
    for (const node of nodes) {
      if (this.#nodes.get(node?.name) === node as unknown) continue;
      throw new UnknownNameError(`Cannot start graph "${this.name}" with node "${node?.name}": it was not added`);
    }
    this.#starts.clear();
    for (const node of nodes) this.#starts.add(node as unknown as GraphNode);
    this.#origin = undefined;
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
    if (!node) throw new UnknownNameError(`Cannot find node "${name}" in graph "${this.name}"`);
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
    this.#origin = {
      graph: this.name,
      plan: planGraph({ name: this.name, nodes: this.#nodes, starts: this.#starts }),
      monitor: this.#monitor,
      tracing: findTracing(),
      running: this.#running,
    };
  }

  /**
   * Executes the graph and resolves to the outputs by node name, or to that of one node.
   *
   * @throws {NodeError} If a node fails; the rest is cancelled then, unless `onError` says to continue. Or if the node whose
   * output is wanted has none.
   * @throws {DOMException} A `TimeoutError` if it takes longer than `timeoutMs`; the signal's reason if that aborts.
   * @throws {DeclarationError} As {@link compile}.
   * @throws {LifecycleError} If the graph is closed.
   */
  execute<N extends GraphNode>(input: In, options: OutputOptions<N>): Promise<OutputOf<N>>;
  /** The same with what has completed, although nodes may fail. */
  execute(input: In, options: ExecuteOptions & { onError: "continue" }): Promise<PartialResultsOf<Nodes>>;
  /** The same with the outputs of all nodes. */
  execute(input: In, options?: ExecuteOptions): Promise<ResultsOf<Nodes>>;
  execute(input: In, options: ExecuteOptions & { output?: GraphNode } = {}): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const { output } = options;
      this.#start(input, this.#complete(options, false), (execution) => {
        if (execution.ending !== "completed") return reject(execution.reason);
        if (!output) return resolve(outputsOf(execution));
        const found = outputOf(execution, output);
        if (found) resolve(found.value);
        else reject(this.#whyMissing(execution, output));
      });
    });
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
  start(input: In, options: ExecuteOptions = {}): GraphRun<ResultsOf<Nodes>> {
    const complete = this.#complete(options, true);
    return new GraphRun((onOver) => this.#start(input, complete, onOver));
  }

  #start(input: unknown, options: ExecutionOptions, onOver: OnOver): Execution {
    if (!this.#origin) this.compile();
    const execution = this.#latest = new Execution(++this.#executions, this.#origin!, input, options, onOver);
    execution.begin();
    return execution;
  }

  #complete(options: ExecuteOptions & { output?: GraphNode }, timing: boolean): ExecutionOptions {
    this.#checkOpen("execute");
    const action = `Cannot execute graph "${this.name}"`, { output } = options;
    if (output && this.#nodes.get(output.name) !== output) {
      throw new UnknownNameError(`${action}: the node of the option output, "${output.name}", was not added`);
    }
    return completeExecuteOptions(action, options, timing);
  }

  /**
   * Executes the graph for each item of a stream, several at a time, and yields the results; with the option `output`, the
   * outputs of that node. The source is read only as far as results are taken. To leave the loop ends the source and
   * cancels what runs.
   *
   * @throws {NodeError} From the iterator, if an execution fails, unless `onItemError` takes it.
   * @throws {DeclarationError} As {@link compile}.
   * @throws {LifecycleError} If the graph is closed.
   */
  stream<N extends GraphNode>(
    source: StreamSource<In>,
    options: GraphStreamOptions<In> & { output: N },
  ): AsyncIterableIterator<OutputOf<N>>;
  /** The same with the outputs of all nodes. */
  stream(source: StreamSource<In>, options?: GraphStreamOptions<In>): AsyncIterableIterator<ResultsOf<Nodes>>;
  stream(
    source: StreamSource<In>,
    options: GraphStreamOptions<In> & { output?: GraphNode } = {},
  ): AsyncIterableIterator<unknown> {
    const { output, nodeConcurrency } = options;
    this.compile();
    // One listener on the signal serves all items.
    const perItem = this.#complete({ ...options, concurrency: nodeConcurrency, signal: undefined }, false);
    const take = (execution: Execution): IteratorYieldResult<unknown> | null =>
      output ? outputOf(execution, output) : { done: false, value: outputsOf(execution) };
    return streamThrough(this.name, source, options, (item, onOver) => {
      this.#checkOpen("stream through");
      return this.#start(item, perItem, onOver);
    }, take);
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

  #checkOpen(action: string): void {
    if (this.#closing) throw new LifecycleError(`Cannot ${action} graph "${this.name}": it is closed`);
  }

  /**
   * Cancels what runs, waits until no function of a node runs any more, and closes all nodes. Closing twice is the same as
   * closing once.
   */
  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    const reason = new LifecycleError(`Graph "${this.name}" was closed`), running = [...this.#running];
    for (const execution of running) execution.cancel(reason);
    const closings = await Promise.allSettled([...this.#nodes.values()].map((node) => node.close()));
    await Promise.all(running.map((execution) => execution.settled));
    for (const node of this.#nodes.values()) {
      const { input, output } = internalsOf(node);
      input?.complete();
      output?.complete();
    }
    this.#monitor.complete();
    for (const closing of closings) if (closing.status === "rejected") throw closing.reason;
  }

  /** As {@link close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
