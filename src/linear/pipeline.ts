/** The declaration of a linear pipeline, and its runs. */

import { DeclarationError, LifecycleError } from "../errors.ts";
import { checkOptions } from "../rules.ts";
import { importingWorker } from "../worker/importing.ts";
import { DamagedError } from "./cache/cache_database.ts";
import { defaultCachePath, pathOf } from "./cache/cache_path.ts";
import { codecTable } from "./cache/codec_table.ts";
import { copyOf } from "./cache/copy_value.ts";
import { clearCache, clearHistoryIn, pruneCache } from "./cache/maintain.ts";
import { OpenCache } from "./cache/open_cache.ts";
import { OpenRegistry } from "./cache/open_registry.ts";
import { readHistory } from "./cache/read_history.ts";
import type { LinearEvent } from "./event.ts";
import type { NodeExplanation } from "./explanation.ts";
import type { HistoryEntry, RememberedCall } from "./history.ts";
import type { LinearNode } from "./node.ts";
import type { PruneOptions, PruneReport } from "./prune.ts";
import type { Registry } from "./registry.ts";
import {
  type InNamespace,
  namespaceOf,
  type Renamable,
  type Renamed,
  renameKeys,
  renameNode,
  type Renaming,
  renamingOf,
} from "./rename.ts";
import type { RunReport } from "./report.ts";
import { DoneCalls, unfinishedCalls } from "./run/done_calls.ts";
import { LinearRun, type RunMemory } from "./run/linear_run.ts";
import { checkCollisions, checkDeclaration, type Declaration } from "./run/linear_wiring.ts";
import { makePlan, type Plan } from "./run/make_plan.ts";
import { type MergedSettings, mergeSettings } from "./run/merge_named.ts";
import { codecsOf } from "./run/run_cache.ts";
import { WorldReader } from "./run/world_reader.ts";
import { LINEAR_PLAN_RULES, LINEAR_RUN_RULES, type LinearPlanOptions, type LinearRunOptions } from "./run_options.ts";
import {
  CACHE_LIMIT_RULES,
  checkSettings,
  checkSource,
  DEFAULT_LIMITS,
  LINEAR_SETTING_RULES,
  type LinearPipelineOptions,
  type LinearPipelineSettings,
  NAMESPACE_RULES,
} from "./settings.ts";

/** Calls that are remembered in memory. */
const MOST_CALLS = 10_000;

/**
 * Nodes that run one after the other, each with named inputs and outputs.
 *
 * A node function gets a copy of each input, unless it promises with `share` not to change it. What cannot be copied
 * (connections, functions, objects of a class without a codec) is shared.
 *
 * With `usePersistentCache`, outputs are kept on the disk, and a node runs only if it has to: when its function's source
 * text, its version, its bound values, its configuration or its inputs have changed, or an output is not there. A source
 * text does not tell what its function calls, captures or reads from outside: give the node a `version` for helpers, and
 * declare files, variables and the clock as inputs. Nodes without outputs always run. Values that a structured clone would not
 * keep as they are, and that have no codec, stay in memory, with a warning, and are made anew by later runs that need them.
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
 *   name: "features",
 *   nodes: [new LinearNode({ fn: rollingAverage, inputs: ["data", "config.window"], outputs: ["features"] })],
 *   config: { window: 2 },
 *   runtime: { data: [1, 3, 5, 7] },
 *   quiet: true,
 * });
 * const { nodes, results } = await features.run();
 * equal(nodes[0].status, "run");
 * deepEqual(results.features, [2, 4, 6]);
 * ```
 */
export class LinearPipeline<Objects extends object = Record<string, unknown>> {
  /** Its name. */
  readonly name: string;
  /** Its nodes, in the order in which they run. */
  readonly nodes: readonly LinearNode[];
  /** The file of its cache; `null` if it has none. */
  readonly cachePath: string | null;
  readonly #declaration: Declaration;
  readonly #settings: LinearPipelineSettings;
  readonly #memory: RunMemory = { values: new Map(), done: null, onDisk: null };
  readonly #history: RememberedCall[] = [];
  #isRunning = false;

  /**
   * A pipeline, which is checked as far as that can be done without looking at the cache.
   *
   * @throws {TypeError} If an option is of the wrong kind, or there is none of that name.
   * @throws {RangeError} If an option is out of range.
   * @throws {DeclarationError} If a name stands for two nodes or two objects, or a function's source cannot be seen.
   */
  constructor(options: LinearPipelineOptions) {
    checkSettings(options);
    const { nodes, ...settings } = options;
    const { name, config, runtime = {}, usePersistentCache, cachePath, module } = settings;
    this.name = name;
    this.nodes = [...nodes];
    const codecs = codecTable(settings.codecs);
    this.#declaration = { name, nodes: this.nodes, config: copyOf(config, codecs), runtime: { ...runtime }, codecs };
    this.#settings = { ...settings, config: this.#declaration.config };
    checkDeclaration(this.#declaration);
    this.cachePath = usePersistentCache
      ? cachePath === undefined ? defaultCachePath(name, module) : pathOf(cachePath)
      : null;
    if (usePersistentCache) this.nodes.forEach(checkSource);
  }

  /** A copy of its configuration. */
  get config(): unknown {
    return copyOf(this.#declaration.config, this.#declaration.codecs);
  }

  /**
   * The same nodes with other settings: those given take precedence, the configuration as a whole.
   *
   * @throws {TypeError} If one is of the wrong kind, or there is none of that name.
   * @throws {DeclarationError} If a name stands for two objects then.
   *
   * @example
   * ```ts
   * import { LinearNode, LinearPipeline } from "@ringmill/ringmill/linear";
   * import { equal } from "node:assert/strict";
   *
   * const node = new LinearNode({ name: "double", fn: (n: number) => 2 * n, inputs: ["config.n"], outputs: ["doubled"] });
   * const pipeline = new LinearPipeline({ name: "doubles", nodes: [node], config: { n: 1 }, quiet: true });
   * const { results } = await pipeline.withSettings({ config: { n: 5 } }).run();
   * equal(results.doubled, 10);
   * ```
   */
  withSettings(settings: Partial<LinearPipelineSettings>): LinearPipeline<Objects> {
    checkOptions(`change settings of pipeline "${this.name}"`, settings, LINEAR_SETTING_RULES);
    return new LinearPipeline<Objects>({ ...this.#settings, ...settings, nodes: this.nodes });
  }

  /**
   * The same pipeline with other names for some of its objects: outputs, runtime constants, and inputs that another pipeline
   * provides.
   *
   * @throws {UnknownNameError} If there is no such object.
   * @throws {DeclarationError} If a new name is taken.
   *
   * @example
   * ```ts
   * import { pipeline } from "@ringmill/ringmill/linear";
   * import { deepEqual } from "node:assert/strict";
   *
   * const sums = pipeline({ name: "sums", runtime: { data: [1, 2] }, quiet: true })
   *   .node({ name: "sum", fn: (data) => data[0] + data[1], inputs: ["data"], outputs: ["total"] })
   *   .build();
   * const { results } = await sums.rename({ total: "sum" }).run();
   * const sum: number = results.sum;
   * deepEqual(sum, 3);
   * ```
   */
  rename<const Names extends { readonly [Key in keyof Objects & string]?: string }>(
    names: Names,
  ): LinearPipeline<Renamed<Objects, Names>> {
    const renaming = renamingOf(this.#renamable, names as Readonly<Record<string, string>>);
    return this.#renamed<Renamed<Objects, Names>>(renaming, this.#settings.config);
  }

  /**
   * The same pipeline in a namespace, so that it can be joined with another copy of itself: nodes, outputs and runtime constants
   * are named `train.rows`, parts of the configuration `config.train.window`.
   *
   * @throws {RangeError} If the namespace is an empty text.
   * @throws {UnknownNameError} If a shared object is none of this pipeline.
   * @throws {DeclarationError} If two objects would have one name.
   *
   * @example
   * ```ts
   * import { composePipelines, pipeline } from "@ringmill/ringmill/linear";
   * import { deepEqual } from "node:assert/strict";
   *
   * const features = (years: number) =>
   *   pipeline({ name: "features", config: { years }, runtime: { data: [1, 2, 3] }, quiet: true })
   *     .node({ name: "select", fn: (data, years) => data.slice(0, years), inputs: ["data", "config.years"], outputs: ["rows"] })
   *     .build();
   * const both = composePipelines({ name: "both" }, [
   *   features(2).inNamespace("train", { shared: ["data"] }),
   *   features(1).inNamespace("test", { shared: ["data"] }),
   * ]);
   * const { results } = await both.run();
   * deepEqual([results["train.rows"], results["test.rows"]], [[1, 2], [1]]);
   * ```
   */
  inNamespace<const Namespace extends string, const Shared extends keyof Objects & string = never>(
    namespace: Namespace,
    options: { shared?: readonly Shared[] } = {},
  ): LinearPipeline<InNamespace<Objects, Namespace, Shared>> {
    checkOptions(`put pipeline "${this.name}" into a namespace`, options, NAMESPACE_RULES);
    const renaming = namespaceOf(this.#renamable, namespace, options.shared ?? []);
    const { config } = this.#settings;
    const nested = config === undefined ? undefined : { [namespace]: config };
    return this.#renamed<InNamespace<Objects, Namespace, Shared>>(renaming, nested);
  }

  get #renamable(): Renamable {
    return { name: this.name, nodes: this.nodes, runtime: this.#declaration.runtime };
  }

  #renamed<Others extends object>(renaming: Renaming, config: unknown): LinearPipeline<Others> {
    const runtime = renameKeys(this.#declaration.runtime, renaming.object);
    const nodes = this.nodes.map((node) => renameNode(node, renaming));
    return new LinearPipeline<Others>({ ...this.#settings, config, runtime, nodes });
  }

  /** The plan of a run, for those who only look. */
  #plan(options: LinearPlanOptions, cache: OpenCache | null): Plan {
    const unfinished = options.resume ? unfinishedCalls(this.#memory.done, cache && cache.records.unfinished()) : null;
    return makePlan({
      declaration: this.#declaration,
      options,
      isCached: this.cachePath !== null,
      cache,
      world: new WorldReader(cache?.hashes),
      memory: this.#memory.values,
      done: unfinished ?? new DoneCalls(),
      hasRun: new Set(),
    });
  }

  /** Looks at the cache. One that is damaged is as good as none. */
  #look<Result>(look: (cache: OpenCache | null) => Result): Result {
    using cache = this.cachePath === null ? null : OpenCache.look(this.cachePath, this.name);
    try {
      return look(cache);
    } catch (error) {
      if (error instanceof DamagedError) return look(null);
      throw error;
    }
  }

  /**
   * Says for each node whether `run()` with the same options would run it, and why. Nothing runs, and nothing is written.
   *
   * @throws {UnknownNameError} If `from`, `to` or `force` names no node.
   * @throws {DeclarationError} If the pipeline cannot run.
   * @throws {Error} If the cache is something else, or locked by another program.
   */
  explain(options: LinearPlanOptions = {}): NodeExplanation[] {
    checkOptions(`explain pipeline "${this.name}"`, options, LINEAR_PLAN_RULES);
    return this.#look((cache) => {
      const { steps } = this.#plan(options, cache);
      return steps.flatMap(({ node, status, reason }) =>
        status === "left out" ? [] : [{ node: node.name, status, reason }]
      );
    });
  }

  /**
   * Runs the nodes that have to, in their order.
   *
   * @throws {UnknownNameError} If `from`, `to` or `force` names no node.
   * @throws {DeclarationError} If a name stands for two objects, or an input has no source: before anything has run.
   * @throws {LinearNodeError} If a node fails. What ran before it stays in the cache; `resume` goes on.
   * @throws {LifecycleError} If the pipeline is running already, or a worker is importing the module that runs it.
   * @throws The reason of the signal, if that was aborted.
   */
  async run(options: LinearRunOptions = {}): Promise<RunReport<Objects>> {
    checkOptions(`run pipeline "${this.name}"`, options, LINEAR_RUN_RULES);
    const worker = importingWorker();
    if (worker !== undefined) {
      throw new LifecycleError(
        `Cannot run pipeline "${this.name}" in the worker of "${worker}", which only imports the module that runs it: ` +
          "put the start behind if (import.meta.main)",
      );
    }
    if (this.#isRunning) throw new LifecycleError(`Cannot run pipeline "${this.name}": it is running already`);
    this.#isRunning = true;
    let error: unknown;
    try {
      return await this.#run(options);
    } catch (thrown) {
      error = thrown ?? String(thrown);
      throw thrown;
    } finally {
      this.#isRunning = false;
      this.#tell({ kind: "run ended", pipeline: this.name, error });
    }
  }

  async #run(options: LinearRunOptions): Promise<RunReport<Objects>> {
    const { signal, maxBytes, maxUnusedMs, quiet, trackHistory } = this.#settings;
    const signals = [signal, options.signal].filter((one) => one !== undefined);
    const run = new LinearRun({
      declaration: this.#declaration,
      options,
      memory: this.#memory,
      cachePath: this.cachePath,
      limits: withDefaults({ maxBytes, maxUnusedMs }),
      signal: signals.length === 1 ? signals[0] : AbortSignal.any(signals),
      isQuiet: quiet === true,
      tracksValues: trackHistory === true,
      tell: this.#settings.onEvent ? (event) => this.#tell(event) : null,
      remember: (call) => this.#remember(call),
    });
    return await run.run() as RunReport<Objects>;
  }

  #tell(event: LinearEvent): void {
    try {
      this.#settings.onEvent?.(event);
    } catch (error) {
      // A listener's mistake is told as any other, but the run goes on.
      reportError(error);
    }
  }

  #remember(call: RememberedCall): void {
    this.#history.push(call);
    if (this.#history.length >= 2 * MOST_CALLS) this.#history.splice(0, MOST_CALLS);
  }

  /**
   * The calls of all runs, the oldest first: those of this object, or, with a persistent cache, those in the cache, of earlier
   * programs too. Figures are always there, values where `trackHistory` is set.
   */
  get history(): readonly HistoryEntry[] {
    const { cachePath, name, nodes } = this;
    if (cachePath === null) {
      return this.#history.map(({ startedAt, ...call }) => ({ ...call, startedAt: new Date(startedAt) }));
    }
    const { codecs } = this.#declaration;
    const codecsOfOutput = (output: string) =>
      codecsOf(nodes.find((node) => node.outputs.includes(output)), output, codecs);
    return this.#look((cache) => cache ? readHistory(cache.records, cachePath, name, codecsOfOutput) : []);
  }

  /** Forgets the history, that on the disk as well; not what a run with `resume` goes on from. */
  async clearHistory(): Promise<void> {
    this.#history.length = 0;
    if (this.cachePath !== null) await clearHistoryIn(this.cachePath, this.name);
  }

  /**
   * Removes from the cache what is over the limits, the least recently used first; what is left is in a file as small as it can
   * be. The limits are those of the pipeline, unless others are given.
   *
   * @throws {TypeError} If an option is of the wrong kind, or there is none of that name.
   * @throws {RangeError} If one is out of range.
   */
  async prune(options: PruneOptions = {}): Promise<PruneReport> {
    checkOptions(`prune pipeline "${this.name}"`, options, CACHE_LIMIT_RULES);
    const { maxBytes, maxUnusedMs } = this.#settings;
    const limits = withDefaults({
      maxBytes: options.maxBytes ?? maxBytes,
      maxUnusedMs: options.maxUnusedMs ?? maxUnusedMs,
    });
    const evicted = this.cachePath === null ? null : await pruneCache(this.cachePath, limits);
    const { values = 0, bytes = 0, keptBytes = 0 } = evicted ?? {};
    return { removedValues: values, removedBytes: bytes, keptBytes };
  }

  /** Empties the cache, with its history, and forgets what earlier runs have left in memory. */
  async clear(): Promise<void> {
    this.#history.length = 0;
    Object.assign(this.#memory, { values: new Map(), done: null, onDisk: null });
    if (this.cachePath !== null) await clearCache(this.cachePath);
  }

  /**
   * Opens the registry, to look at runtime constants and outputs: those of the last run of this object, or, before it has run,
   * those that a run would take from the cache. Close it, or declare it with `using`.
   *
   * @throws {DeclarationError} If a runtime constant has the name of an object in the cache.
   */
  openRegistry(): Registry<Objects> {
    const cache = this.cachePath === null ? null : OpenCache.look(this.cachePath, this.name);
    try {
      return this.#openRegistry(cache);
    } catch (error) {
      cache?.[Symbol.dispose]();
      if (error instanceof DamagedError) return this.#openRegistry(null);
      throw error;
    }
  }

  #openRegistry(cache: OpenCache | null): Registry<Objects> {
    const { name: pipeline, nodes } = this;
    const { runtime, codecs } = this.#declaration;
    const action = `open the registry of pipeline "${pipeline}"`;
    if (cache) checkCollisions(action, this.#declaration, cache.values.names());
    const { onDisk, missing } = this.#outputsNow(cache);
    return new OpenRegistry({
      pipeline,
      missing,
      runtime,
      memory: this.#memory.values,
      onDisk,
      cache,
      codecs,
      codecsOf: (output) => codecsOf(nodes.find((node) => node.outputs.includes(output)), output, codecs),
    });
  }

  /** The fingerprints of outputs on the disk, and why others are not there. */
  #outputsNow(cache: OpenCache | null): { onDisk: ReadonlyMap<string, string>; missing: Map<string, string> } {
    const outputs = this.nodes.flatMap(({ outputs }) => outputs);
    const released =
      "no run has made it, or it was released after its last use, which keep and usePersistentCache prevent";
    const missing = new Map(outputs.map((output) => [output, released]));
    const onDisk = new Map<string, string>();
    if (this.#memory.onDisk !== null) {
      for (const [output, id] of cache ? this.#memory.onDisk : []) {
        if (cache!.values.has(id)) onDisk.set(output, id);
        else missing.set(output, "it is not in the cache any more");
      }
      return { onDisk, missing };
    }
    for (const { node, status, reason, found = [] } of cache ? this.#stepsIfPossible(cache) : []) {
      if (status === "run") {
        for (const output of node.outputs) missing.set(output, `node "${node.name}" has to run: ${reason}`);
      }
      for (const [index, output] of node.outputs.entries()) {
        const entry = status === "cached" ? found[index]?.entry : undefined;
        if (entry?.isStored) onDisk.set(output, entry.value);
      }
    }
    return { onDisk, missing };
  }

  #stepsIfPossible(cache: OpenCache): Plan["steps"] {
    try {
      return this.#plan({}, cache).steps;
    } catch (error) {
      // A run would say so. What there is can be looked at all the same.
      if (error instanceof DeclarationError) return [];
      throw error;
    }
  }

  /**
   * A pipeline of the nodes of this one, then those of another. Runtime constants and configuration are merged. Cache and
   * name are those of this pipeline, unless only the other has a cache, or `settings` say otherwise.
   *
   * @throws {DeclarationError} If both have an output or node of one name, different values for a runtime constant or a part of
   *   the configuration, or caches of different files.
   */
  concat<Others extends object>(
    other: LinearPipeline<Others>,
    settings: Partial<LinearPipelineSettings> = {},
  ): LinearPipeline<Objects & Others> {
    if (!(other instanceof LinearPipeline)) {
      throw new TypeError(`Cannot append to pipeline "${this.name}": no pipeline, received ${Deno.inspect(other)}`);
    }
    checkOptions(`append pipeline "${other.name}" to "${this.name}"`, settings, LINEAR_SETTING_RULES);
    return new LinearPipeline<Objects & Others>({
      ...mergeSettings(this.#ofMerge, other.#ofMerge, settings),
      nodes: [...this.nodes, ...other.nodes],
    });
  }

  get #ofMerge(): MergedSettings {
    return {
      ...this.#settings,
      cachePath: this.cachePath ?? undefined,
      hasOwnPath: this.#settings.cachePath !== undefined,
    };
  }
}

function withDefaults({ maxBytes, maxUnusedMs }: PruneOptions): { maxBytes: number; maxUnusedMs: number } {
  return { maxBytes: maxBytes ?? DEFAULT_LIMITS.maxBytes, maxUnusedMs: maxUnusedMs ?? DEFAULT_LIMITS.maxUnusedMs };
}
