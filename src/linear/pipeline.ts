/** The declaration of a linear pipeline, and its runs. */

import { DeclarationError, LifecycleError } from "../errors.ts";
import { importingWorker } from "../worker/importing.ts";
import { encode } from "./cache/value_codec.ts";
import { OpenRegistry } from "./cache/open_registry.ts";
import { openDisplay, QUIET } from "./run/display.ts";
import { merge } from "./run/merge_named.ts";
import { type CacheView, knownIds, type PlannedStep, planWithCache } from "./run/linear_plan.ts";
import type { NodeExplanation } from "./explanation.ts";
import { type RunCache, runSteps } from "./run/run_nodes.ts";
import { copyOf } from "../storable.ts";
import { type Entry, ReplacedError, Store } from "./cache/value_store.ts";
import { type Held, Values } from "./run/held_values.ts";
import { checkCollisions, checkDeclaration, type Declaration, findNode, type Step, wire } from "./run/linear_wiring.ts";
import type { LinearRunOptions } from "./run_options.ts";
import type { HistoryEntry } from "./history.ts";
import type { LinearNode } from "./node.ts";
import type { Registry } from "./registry.ts";
import type { NodeOutcome, RunReport } from "./report.ts";
import { checkSettings, checkSource, type LinearPipelineOptions, type LinearPipelineSettings } from "./settings.ts";

/** How often a run starts over when other programs replace what it was about to read. */
const MOST_ATTEMPTS = 5;

/**
 * Nodes that run one after the other, each with named inputs and outputs.
 *
 * A node function gets each input for itself: a copy, or, where it is the last to take an output, that itself. What cannot
 * be copied (connections, functions, objects of a class) is shared.
 *
 * With `usePersistentCache`, outputs are kept on the disk, and a node runs only if it has to: when its function's source
 * text, its version, its bound values, its configuration or its inputs have changed, or an output is not there. A source
 * text does not tell what its function calls or captures: give the node a `version` for that. Nodes without outputs always
 * run. Values that a structured clone would not keep as they are stay in memory, with a warning, and are made anew by
 * later runs that need them.
 *
 * @example
 * ```ts
 * import { LinearPipeline, LinearNode } from "@ringmill/ringmill/linear";
 * import { deepEqual, equal } from "node:assert/strict";
 *
 * function rollingAverage(data: number[], window: number) {
 *   return data.slice(window - 1).map((_, end) => data.slice(end, end + window).reduce((a, b) => a + b) / window);
 * }
 *
 * const features = new LinearPipeline({
 *   nodes: [new LinearNode({ fn: rollingAverage, inputs: ["data", "config.window"], outputs: ["features"] })],
 *   config: { window: 2 },
 *   runtime: { data: [1, 3, 5, 7] },
 *   quiet: true,
 * });
 * equal((await features.run()).nodes[0].status, "run");
 * using registry = features.openRegistry();
 * deepEqual(registry.get("features"), [2, 4, 6]);
 * ```
 */
export class LinearPipeline<Objects extends object = Record<string, unknown>> {
  /** Its name. */
  readonly name: string;
  /** Its nodes, in the order in which they run. */
  readonly nodes: readonly LinearNode[];
  readonly #declaration: Declaration;
  readonly #settings: LinearPipelineSettings;
  readonly #cachePath: string | URL | null;
  #memory: ReadonlyMap<string, Held> = new Map();
  readonly #history: HistoryEntry[] = [];
  #isRunning = false;

  /**
   * A pipeline, which is checked as far as that can be done without looking at the cache.
   *
   * @throws {TypeError} If an option is of the wrong kind.
   * @throws {DeclarationError} If a name stands for two nodes or two objects, or a function's source cannot be seen.
   */
  constructor(options: LinearPipelineOptions) {
    checkSettings(options);
    const { nodes, ...settings } = options;
    const { name = "pipeline", config, runtime = {}, usePersistentCache, cachePath = ".cache/pipeline.db" } = settings;
    this.name = name;
    this.nodes = [...nodes];
    this.#settings = settings;
    this.#declaration = { name, nodes: this.nodes, config: copyOf(config), runtime: { ...runtime } };
    checkDeclaration(this.#declaration);
    this.#cachePath = usePersistentCache ? cachePath : null;
    if (usePersistentCache) this.nodes.forEach(checkSource);
  }

  /** The names of what earlier runs have left: on the disk, and altogether. */
  #kept(entries: ReadonlyMap<string, Entry>): { kept: Set<string>; persisted: Set<string> } {
    const persisted = new Set([...entries.values()].filter(({ isOnDisk }) => isOnDisk).map(({ name }) => name));
    return { persisted, kept: new Set([...persisted, ...this.#memory.keys()]) };
  }

  /** The steps of a run, and what becomes of them. */
  #plan(
    options: LinearRunOptions,
    store: Store | null,
  ): { planned: PlannedStep[]; cache: Omit<RunCache, "store"> | null } {
    const entries = store?.entries() ?? new Map<string, Entry>();
    const { kept, persisted } = this.#kept(entries);
    const steps = wire(this.#declaration, options, kept, persisted);
    const force = this.#forced(options.force, steps);
    if (this.#cachePath === null) {
      const reason = "there is no cache";
      return { planned: steps.map((step) => ({ ...step, status: "run", reason, isTentative: false })), cache: null };
    }
    const view: CacheView = { entries, kept: (name) => this.#memory.get(name)?.id ?? entries.get(name)!.id };
    const ids = knownIds(steps, view);
    return { planned: planWithCache(steps, view, ids, force), cache: { view, ids } };
  }

  #forced(force: LinearRunOptions["force"], steps: readonly Step[]): Set<LinearNode> {
    const nodes = steps.map(({ node }) => node);
    if (force === true) return new Set(nodes);
    if (!force) return new Set();
    return new Set(
      [force].flat().map((name) => {
        const node = findNode(this.#declaration, name);
        if (nodes.includes(node)) return node;
        throw new DeclarationError(
          `Cannot force node "${name}" of pipeline "${this.name}": it is left out of this run`,
        );
      }),
    );
  }

  /**
   * Says for each node whether `run()` with the same options would run it, and why. Nothing runs, and nothing is written.
   *
   * @throws {UnknownNameError} If `from`, `to` or `force` names no node.
   * @throws {DeclarationError} If the pipeline cannot run.
   */
  explain(options: LinearRunOptions = {}): NodeExplanation[] {
    using store = this.#cachePath === null ? null : Store.openExisting(this.#cachePath);
    const { planned } = this.#plan(options, store);
    return planned.map(({ node, status, reason }) => ({ node: node.name, status, reason }));
  }

  /**
   * Runs the nodes that have to, in their order.
   *
   * @throws {UnknownNameError} If `from`, `to` or `force` names no node.
   * @throws {DeclarationError} If a name stands for two objects, or an input has no source: before anything has run.
   * @throws {LinearNodeError} If a node fails. What ran before it stays in the cache.
   * @throws {LifecycleError} If the pipeline is running already, or a worker is importing the module that runs it.
   * @throws The reason of the signal, if that was aborted.
   */
  async run(options: LinearRunOptions = {}): Promise<RunReport> {
    const worker = importingWorker();
    if (worker !== undefined) {
      throw new LifecycleError(
        `Cannot run pipeline "${this.name}" in the worker of "${worker}", which only imports the module that runs it: ` +
          "put the start behind if (import.meta.main)",
      );
    }
    if (this.#isRunning) throw new LifecycleError(`Cannot run pipeline "${this.name}": it is running already`);
    this.#isRunning = true;
    try {
      using store = this.#cachePath === null ? null : Store.open(this.#cachePath);
      return await this.#run(options, store);
    } finally {
      this.#isRunning = false;
    }
  }

  async #run(options: LinearRunOptions, store: Store | null): Promise<RunReport> {
    const start = performance.now();
    const first = this.#plan(options, store);
    using display = this.#settings.quiet ? QUIET : await openDisplay();
    const outcomes = new Map<LinearNode, NodeOutcome>();
    for (let attempt = 1, plan = first;; attempt++, plan = this.#plan(options, store)) {
      const planned = plan.planned.map((step) => withoutRepetition(step, outcomes));
      this.#forget(planned);
      const values = new Values(planned, this.#memory, (name) => store!.load(name, plan.cache!.ids.get(name)!));
      try {
        await runSteps({
          pipeline: this.name,
          steps: planned,
          values,
          cache: store && { store, ...plan.cache! },
          display,
          signal: this.#settings.signal,
          remember: this.#settings.trackHistory ? (entry) => this.#remember(entry, store) : null,
          outcomes,
        });
        break;
      } catch (error) {
        if (!(error instanceof ReplacedError) || attempt === MOST_ATTEMPTS) throw error;
      } finally {
        this.#memory = new Map([...this.#memory, ...values.held]);
      }
    }
    const report = { pipeline: this.name, nodes: [...outcomes.values()], durationMs: performance.now() - start };
    display.finish(report);
    return report;
  }

  /** Lets go what earlier runs have left in memory and this run makes. */
  #forget(steps: readonly Step[]): void {
    const made = new Set(steps.flatMap(({ node }) => node.outputs));
    this.#memory = new Map([...this.#memory].filter(([name]) => !made.has(name)));
  }

  #remember(entry: HistoryEntry, store: Store | null): void {
    if (!store) return void this.#history.push(entry);
    const { inputs, outputs, ...record } = entry;
    store.addHistory(JSON.stringify(record), encode({ inputs, outputs }));
  }

  /**
   * The calls of all runs, the oldest first, if `trackHistory` is set: those of this object, or, with a persistent cache,
   * those in the cache, of earlier programs too.
   */
  get history(): readonly HistoryEntry[] {
    if (this.#cachePath === null) return [...this.#history];
    using store = this.#settings.trackHistory ? Store.openExisting(this.#cachePath) : null;
    return (store?.history() ?? []).map(({ record, values }) => {
      const { startedAt, ...rest } = JSON.parse(record);
      return { ...rest, startedAt: new Date(startedAt), ...values as Pick<HistoryEntry, "inputs" | "outputs"> };
    });
  }

  /** Forgets the history, that on the disk as well. */
  clearHistory(): void {
    this.#history.length = 0;
    using store = this.#cachePath === null ? null : Store.openExisting(this.#cachePath);
    store?.clearHistory();
  }

  /**
   * Opens the registry, to look at runtime constants, results and what is in the cache. Close it, or declare it with
   * `using`.
   *
   * @throws {DeclarationError} If a runtime constant has the name of an object in the cache.
   */
  openRegistry(): Registry<Objects> {
    const store = this.#cachePath === null ? null : Store.openExisting(this.#cachePath);
    try {
      const { persisted } = this.#kept(store?.entries() ?? new Map());
      checkCollisions(`open the registry of pipeline "${this.name}"`, this.#declaration, persisted);
      const { name: pipeline, nodes, runtime } = this.#declaration;
      const outputs = new Set(nodes.flatMap((node) => node.outputs));
      return new OpenRegistry({ pipeline, outputs, runtime, memory: this.#memory, store });
    } catch (error) {
      store?.[Symbol.dispose]();
      throw error;
    }
  }

  /**
   * A pipeline of the nodes of this one, then those of another. Runtime constants and configuration are merged. Cache and
   * name are those of this pipeline, unless only the other has a cache.
   *
   * @throws {DeclarationError} If both have an output or node of one name, or different values for a runtime constant or a
   *   part of the configuration.
   */
  concat<Others extends object>(other: LinearPipeline<Others>): LinearPipeline<Objects & Others> {
    if (!(other instanceof LinearPipeline)) {
      throw new TypeError(`Cannot append to pipeline "${this.name}": no pipeline, received ${Deno.inspect(other)}`);
    }
    const action = `append pipeline "${other.name}" to "${this.name}"`;
    const one = this.#settings, two = other.#settings;
    const signals = [one.signal, two.signal].filter((signal) => signal !== undefined);
    const both = (part: "config" | "runtime") =>
      merge(action, part, this.#declaration[part], other.#declaration[part] as unknown);
    return new LinearPipeline<Objects & Others>({
      nodes: [...this.nodes, ...other.nodes],
      name: this.name,
      config: both("config"),
      runtime: both("runtime") as Record<string, unknown>,
      usePersistentCache: this.#cachePath !== null || other.#cachePath !== null,
      cachePath: this.#cachePath ?? other.#cachePath ?? undefined,
      trackHistory: one.trackHistory || two.trackHistory,
      signal: signals.length === 2 ? AbortSignal.any(signals) : signals[0],
      quiet: one.quiet && two.quiet,
    });
  }
}

/** A node without outputs has no trace in the cache: only the run itself knows that it has run. */
function withoutRepetition(step: PlannedStep, outcomes: ReadonlyMap<LinearNode, NodeOutcome>): PlannedStep {
  if (step.node.outputs.length > 0 || outcomes.get(step.node)?.status !== "run") return step;
  return { ...step, status: "skipped", reason: "it has run already" };
}
