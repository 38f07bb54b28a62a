/** Nodes that run on workers. */

import { LifecycleError, TaskError } from "../../errors.ts";
import { addFunctions, internalsOf } from "../node_internals.ts";
import { declareOptions, PARALLEL_NODE_RULES } from "../option_rules.ts";
import type { CallContext } from "../../pool/call_context.ts";
import { targetOf } from "../../worker/export_target.ts";
import { type ModuleReference, moduleUrl } from "../../worker/module_url.ts";
import type { ExportTarget } from "../../worker/export_target.ts";
import { WorkerPool, type WorkerPoolOptions } from "../../pool/worker_pool.ts";
import { Node } from "../node.ts";
import { type NodeContext, pauseCall } from "../node_context.ts";
import { type NodeOptions, refuse } from "../node_options.ts";
import type { JoinMode } from "../wiring.ts";

/** A function that runs on a worker: an export of its module. It gets copies, and returns one. */
export type ParallelFunction<In, Out> = (input: In, context: CallContext) => Out | PromiseLike<Out>;

/** How long it may take to end a worker that is given up, in milliseconds. */
const GIVING_UP_MS = 5000;

/** Options of a {@link ParallelNode}. */
export interface ParallelNodeOptions<
  In = unknown,
  Out = unknown,
  Join extends JoinMode | undefined = JoinMode | undefined,
> extends NodeOptions<In, Out, Join>, Omit<WorkerPoolOptions, "name"> {
  /** The module that exports the function, usually `import.meta`. The program's main module by default. */
  module?: ModuleReference;
  /**
   * Workers that several nodes share, instead of some of its own. The caller closes them. `workers`, `graceMs`, `idleMs`
   * and `permissions` are theirs then.
   */
  pool?: WorkerPool;
}

/**
 * Runs its function, an export of a module, on a pool of Deno Workers: for work that keeps a processor busy. Inputs and
 * outputs are copied through shared memory, as by structured cloning; a typed array goes without being serialised. Close
 * the graph to end the workers; they also end when they were idle for a while.
 *
 * @example
 * ```ts
 * import { Graph, ParallelNode } from "@ringmill/ringmill/graph";
 * import { equal } from "node:assert/strict";
 * import { unescape } from "node:querystring";
 *
 * // Usually an export of your own, with { module: import.meta }.
 * const plain = new ParallelNode("plain", unescape, { module: "node:querystring", workers: 1 });
 * await using graph = new Graph("queries", { nodes: [plain], start: plain });
 * equal((await graph.execute("two%20words")).plain, "two words");
 * ```
 */
export class ParallelNode<
  In,
  Out,
  const Name extends string = string,
  const Join extends JoinMode | undefined = undefined,
> extends Node<In, Out, Name, Join> {
  readonly #work: ParallelFunction<In, Out>;
  readonly #module: string;
  readonly #pool: WorkerPool;
  readonly #isOwner: boolean;
  #target: Promise<ExportTarget> | undefined;
  #ignored: LifecycleError | undefined;

  /**
   * A node without workers yet: they are started when they are needed.
   *
   * @throws {TypeError} If `work` is no function, or an option of the wrong kind.
   * @throws {RangeError} If an option is out of range.
   */
  constructor(
    name: Name,
    work: ParallelFunction<In, Out>,
    options: ParallelNodeOptions<NoInfer<In>, NoInfer<Out>, Join> = {},
  ) {
    super(name, undefined, options);
    const { module = Deno.mainModule, pool, workers, graceMs, idleMs, permissions } = options;
    const action = `Cannot make node "${name}"`;
    if (typeof work !== "function") refuse(TypeError, action, "expected a function", work);
    const own = Object.entries({ workers, graceMs, idleMs, permissions }).find(([, value]) => value !== undefined);
    if (pool && own) refuse(TypeError, action, `${own[0]} belongs to the pool that is given`, own[1]);
    addFunctions(this, work);
    this.#work = work;
    this.#module = moduleUrl(module);
    this.#pool = pool ?? new WorkerPool({ name, workers, graceMs, idleMs, permissions });
    this.#isOwner = !pool;
    // To give up a worker takes a moment, too.
    internalsOf(this).graceMs = this.#pool.graceMs + GIVING_UP_MS;
  }

  /**
   * Calls the function on a worker.
   *
   * @throws {DeclarationError} If it is not an export of the module.
   * @throws {TaskError} If the worker dies. Otherwise what the function throws.
   */
  override async process(input: In, context: NodeContext): Promise<Out> {
    // To wait for a worker does not count as working.
    const begin = pauseCall(context);
    const { signal } = context;
    const onCancel = (ended: Promise<boolean>) => context.waitUntil(this.#watch(ended, signal));
    try {
      const target = await (this.#target ??= targetOf(this.#work, this.#module));
      return await this.#pool.run(target, [input], { signal, context: true, onBegin: begin, onCancel }) as Out;
    } catch (error) {
      throw error instanceof TaskError && error.cause !== undefined ? error.cause : error;
    } finally {
      begin();
    }
  }

  /** Notes that a function has ignored the end of its graph. */
  async #watch(ended: Promise<boolean>, { reason }: AbortSignal): Promise<void> {
    if (await ended || !(reason instanceof LifecycleError)) return;
    const { graceMs } = this.#pool;
    this.#ignored = new LifecycleError(
      `Cannot close node "${this.name}" in order: after ${graceMs} ms (graceMs) its function still ran, and its worker was given up`,
    );
  }

  /** Ends the node's own workers. */
  override async close(): Promise<void> {
    if (this.#isOwner) await this.#pool.close();
    if (this.#ignored) throw this.#ignored;
  }
}

declareOptions(ParallelNode, PARALLEL_NODE_RULES);
