/** One run of a pipeline. */

import { DamagedError } from "../cache/cache_database.ts";
import { type Entry, UnavailableError } from "../cache/entry.ts";
import type { CacheLimits } from "../cache/evict.ts";
import { OpenCache } from "../cache/open_cache.ts";
import type { LinearEvent } from "../event.ts";
import type { RememberedCall } from "../history.ts";
import type { LinearNode } from "../node.ts";
import type { NodeOutcome, RunReport } from "../report.ts";
import type { LinearPlanOptions, LinearRunOptions } from "../run_options.ts";
import { type Display, openDisplay, QUIET } from "./display.ts";
import { DoneCalls, unfinishedCalls } from "./done_calls.ts";
import { type Held, Values } from "./held_values.ts";
import type { PlannedStep } from "./linear_plan.ts";
import type { Declaration } from "./linear_wiring.ts";
import { makePlan, type Plan } from "./make_plan.ts";
import { codecsOf, RunCache } from "./run_cache.ts";
import { runSteps } from "./run_nodes.ts";
import { heldResult, noResult, type ResultSource, type RunResults, withResults } from "./run_results.ts";
import { findTracer } from "../../open_telemetry.ts";
import { SpanTree } from "../../span_tree.ts";
import { WorldReader } from "./world_reader.ts";
import { warn } from "../../notices.ts";

/** What an object remembers from run to run. */
export interface RunMemory {
  /** Values that are not on the disk. */
  values: ReadonlyMap<string, Held>;
  /** What the last run has done; `null` if that was all. */
  done: DoneCalls | null;
  /** The fingerprints of what the last runs have left on the disk, by name; `null` before the first. */
  onDisk: ReadonlyMap<string, string> | null;
}

/** What a run works with. */
export interface RunGround {
  readonly declaration: Declaration;
  readonly options: LinearRunOptions;
  readonly memory: RunMemory;
  readonly cachePath: string | null;
  readonly limits: CacheLimits;
  readonly signal: AbortSignal;
  readonly isQuiet: boolean;
  readonly tracksValues: boolean;
  readonly tell: ((event: LinearEvent) => void) | null;
  readonly remember: (call: RememberedCall) => void;
}

/** One run. */
export class LinearRun {
  readonly #ground: RunGround;
  readonly #outcomes = new Map<LinearNode, NodeOutcome>();
  /** What earlier runs have done that did not come to their end; `null` if there is nothing to go on from. */
  #before: DoneCalls | null = null;
  #done = new DoneCalls();
  /** Whether it has done a part of what an earlier run has left, and leaves the rest. */
  #isPart = false;
  readonly #used = new Set<Entry>();
  readonly #onDisk: Map<string, string>;
  #cache: OpenCache | null = null;
  #world = new WorldReader();

  /** A run that has not begun. */
  constructor(ground: RunGround) {
    this.#ground = ground;
    this.#onDisk = new Map(ground.memory.onDisk);
  }

  /** Runs. */
  async run(): Promise<RunReport> {
    const { cachePath, declaration: { name }, signal, isQuiet, tell, memory } = this.#ground;
    const start = performance.now();
    using cache = cachePath === null ? null : await OpenCache.open(cachePath, name, signal);
    this.#before = await this.#open(cache);
    if (this.#ground.options.resume) this.#done = new DoneCalls(this.#before ?? []);
    const first = await this.#plan();
    await this.#begin();
    using display = isQuiet ? QUIET : await openDisplay();
    tell?.({ kind: "run started", pipeline: name });
    let isSuccess = false;
    try {
      const results = await this.#attempts(first, display);
      this.#isPart = this.#before !== null && await this.#leavesSomething();
      isSuccess = true;
      const report = { pipeline: name, nodes: this.#nodes(), durationMs: performance.now() - start };
      await display.finish(report);
      return withResults(report, results);
    } finally {
      // The cache knows better: other programs may go on, too.
      memory.done = isSuccess && !this.#isPart || cache?.hasAllCalls ? null : this.#allDone();
      memory.onDisk = this.#onDisk;
      await this.#finish(isSuccess);
    }
  }

  /** Takes a cache; returns what earlier runs have done that did not come to their end, unless this one begins anew. */
  async #open(cache: OpenCache | null): Promise<DoneCalls | null> {
    const { memory, signal } = this.#ground;
    this.#cache = cache;
    if (!cache) this.#world = new WorldReader(undefined, signal);
    if (this.#isAnew) return null;
    return await this.#healing(() => unfinishedCalls(memory.done, cache && cache.records.unfinished()));
  }

  /** A whole run begins anew. A part does not, with `resume` or without: what it leaves out is not forgotten. */
  get #isAnew(): boolean {
    const { resume, from, to } = this.#ground.options;
    return !resume && from === undefined && to === undefined;
  }

  #allDone(): DoneCalls {
    return unfinishedCalls(this.#before, this.#done)!;
  }

  /** A run that cannot be planned has not begun: what is unfinished stays so. */
  async #begin(): Promise<void> {
    const cache = this.#cache;
    if (!cache || cache.isReadOnly) return;
    await this.#healing(() => this.#try(() => cache.begin(!this.#isAnew)));
  }

  /** Does `work`; a damaged cache is put aside then, and it is done again. */
  async #healing<Result>(work: () => Result | Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof DamagedError) || !this.#cache) throw error;
      await this.#cache.startAnew(error, this.#ground.signal);
      return await work();
    }
  }

  /** Does what a run can do without. */
  async #try(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (error instanceof DamagedError) throw error;
      warn(
        `Pipeline "${this.#ground.declaration.name}": its cache cannot be written: ${(error as Error).message}`,
      );
    }
  }

  async #plan(options: LinearPlanOptions = this.#ground.options, done = this.#done): Promise<Plan> {
    const { declaration, memory, signal } = this.#ground;
    return await this.#healing(() => {
      const cache = this.#cache;
      if (cache) this.#world = new WorldReader(cache.hashes, signal);
      return makePlan({
        declaration,
        options,
        isCached: cache !== null,
        cache,
        world: this.#world,
        memory: memory.values,
        done,
        hasRun: new Set(this.#nodesThatRan()),
      });
    });
  }

  /** Whether some node that this run leaves out has yet to be run. */
  async #leavesSomething(): Promise<boolean> {
    const { from, to } = this.#ground.options;
    if (from === undefined && to === undefined) return false;
    try {
      const done = this.#allDone();
      const { steps } = await this.#plan({ resume: true }, done);
      return steps.some(({ node, status }) => status === "run" && !done.has(node.name));
    } catch {
      return true; // The rest cannot be planned now, as when an input of it is missing.
    }
  }

  #nodesThatRan(): LinearNode[] {
    return [...this.#outcomes].filter(([, { status }]) => status === "run").map(([node]) => node);
  }

  /** Runs the steps, and plans again as often as a value that the plan counted on is not there any more. */
  async #attempts(first: Plan, display: Display): Promise<RunResults> {
    const most = this.#ground.declaration.nodes.length + 3;
    let plan = first;
    for (let attempt = 1;; attempt++) {
      try {
        return await this.#attempt(plan, display);
      } catch (error) {
        const isDamaged = error instanceof DamagedError;
        if (attempt > most || !(isDamaged || error instanceof UnavailableError)) throw error;
        if (isDamaged) await this.#cache!.startAnew(error, this.#ground.signal);
        else warn(`Pipeline "${this.#ground.declaration.name}": ${error.message}: it is made anew`);
      }
      plan = await this.#plan();
    }
  }

  async #attempt({ steps, view, ids }: Plan, display: Display): Promise<RunResults> {
    const { declaration, memory, signal, tell, tracksValues, remember } = this.#ground;
    const pipeline = declaration.name;
    const cache = view && new RunCache({
      pipeline,
      cache: this.#cache!,
      view,
      world: this.#world,
      codecs: declaration.codecs,
      ids,
      used: this.#used,
      onDisk: this.#onDisk,
      signal,
    });
    for (const { warning } of steps) if (warning !== undefined) warn(`Pipeline "${pipeline}": ${warning}`);
    this.#forget(steps);
    const load = (name: string, by: LinearNode) => this.#load(name, by, this.#onDisk.get(name));
    const values = new Values(steps, { kept: memory.values, load, world: this.#world, codecs: declaration.codecs });
    const tracer = findTracer("@ringmill/ringmill/linear");
    const trace = tracer &&
      new SpanTree(tracer, `linear pipeline ${pipeline}`, { "ringmill.pipeline": pipeline });
    const taken = new Set(steps.flatMap(({ node }) => node.inputs));
    const isResult = (node: LinearNode, output: string) => node.keep || !taken.has(output);
    let failure: unknown;
    try {
      await runSteps({
        pipeline,
        steps,
        values,
        cache,
        display,
        signal,
        tell,
        trace,
        tracksValues,
        remember,
        isResult,
        outcomes: this.#outcomes,
        done: this.#done,
      });
      return this.#results(steps, values, isResult);
    } catch (error) {
      failure = error ?? String(error);
      throw error;
    } finally {
      trace?.end(failure);
      this.#keepInMemory(values);
    }
  }

  #load(name: string, by: LinearNode, id: string | undefined): unknown {
    const { declaration } = this.#ground;
    try {
      return this.#cache!.values.load(id!, codecsOf(by, name, declaration.codecs));
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error;
      this.#onDisk.delete(name);
      throw new UnavailableError(`"${name}" cannot be taken from the cache: ${error.message}`, { cause: error });
    }
  }

  /** Lets go what earlier runs have left in memory and this run makes. */
  #forget(steps: readonly PlannedStep[]): void {
    const { memory } = this.#ground;
    const made = new Set(steps.filter(({ status }) => status === "run").flatMap(({ node }) => node.outputs));
    memory.values = new Map([...memory.values].filter(([name]) => !made.has(name)));
  }

  #keepInMemory({ held }: Values): void {
    const { memory, declaration } = this.#ground;
    const outputs = new Set(declaration.nodes.flatMap(({ outputs }) => outputs));
    const kept = [...held].filter(([name, { isOnDisk }]) => outputs.has(name) && !isOnDisk && !this.#onDisk.has(name));
    memory.values = new Map([...memory.values, ...kept]);
  }

  /** Results are taken before the end of a run, so that one that is damaged is made anew. */
  #results(
    steps: readonly PlannedStep[],
    values: Values,
    isResult: (node: LinearNode, output: string) => boolean,
  ): RunResults {
    const listed = new Map<string, ResultSource>();
    for (const { node, status } of steps) {
      if (status === "left out") continue;
      for (const name of node.outputs) {
        if (node.fileOutputs.has(name) || !isResult(node, name)) continue;
        const found = this.#result(node, name, values.held);
        if (found) listed.set(name, found);
      }
    }
    return { listed, others: () => this.#others(steps, listed) };
  }

  /** How to get at what is no result: constants, and outputs that other nodes have taken. */
  #others(steps: readonly PlannedStep[], listed: ReadonlyMap<string, ResultSource>): Map<string, ResultSource> {
    const { declaration: { name: pipeline, nodes, runtime, codecs } } = this.#ground;
    const others = new Map(Object.entries(runtime).map(([name, value]) => [name, heldResult(value, false, codecs)]));
    const ran = new Set(steps.filter(({ status }) => status !== "left out").map(({ node }) => node));
    for (const node of nodes) {
      for (const name of node.outputs) {
        if (listed.has(name) || node.fileOutputs.has(name)) continue;
        others.set(name, this.#stored(node, name) ?? noResult(pipeline, name, whyNot(node, ran.has(node))));
      }
    }
    return others;
  }

  #result(node: LinearNode, name: string, held: ReadonlyMap<string, Held>): ResultSource | undefined {
    const { declaration: { codecs }, memory } = this.#ground;
    const found = held.get(name) ?? memory.values.get(name);
    if (found) return heldResult(found.value, found.isOwn, codecs);
    const id = this.#onDisk.get(name);
    return id === undefined ? undefined : heldResult(this.#load(name, node, id), true, codecs);
  }

  /** Something that is read from the cache when it is asked for. */
  #stored(node: LinearNode, name: string): ResultSource | undefined {
    const { declaration: { name: pipeline, codecs }, cachePath } = this.#ground;
    const id = this.#onDisk.get(name);
    if (id === undefined) return undefined;
    return {
      get: () => {
        using cache = OpenCache.look(cachePath!, pipeline);
        if (!cache) throw new UnavailableError(`Cannot get the result "${name}": the cache is gone`);
        return cache.values.load(id, codecsOf(node, name, codecs));
      },
    };
  }

  /** Outcomes in the order of the nodes. */
  #nodes(): NodeOutcome[] {
    return this.#ground.declaration.nodes.flatMap((node) => this.#outcomes.get(node) ?? []);
  }

  async #finish(isSuccess: boolean): Promise<void> {
    const cache = this.#cache;
    if (!cache || cache.isReadOnly) return;
    const end = !isSuccess ? "failed" : this.#isPart ? "part" : "succeeded";
    try {
      await this.#try(() => cache.finish(end, this.#used, this.#ground.limits));
    } catch {
      // The file is damaged: the next run will find out.
    }
  }
}

function whyNot({ name, keep }: LinearNode, hasRun: boolean): string {
  if (!hasRun) return `node "${name}" is left out of this run`;
  if (keep) return "it is not there any more";
  return `it was released after its last use; give node "${name}" the option keep, or the pipeline a cache`;
}
