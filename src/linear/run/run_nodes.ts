/** Runs the planned steps one after the other. */

import { reportError, summarizeError } from "../../worker/error_report.ts";
import { encode } from "../cache/value_codec.ts";
import type { Display } from "./display.ts";
import { fingerprint } from "../cache/fingerprint.ts";
import { formatMemoryUse, measureMemory } from "../profile/memory_profile.ts";
import type { MemoryUse } from "../memory_use.ts";
import { profileInWorker } from "../profile/profile.ts";
import { splitOutputs } from "./split_outputs.ts";
import { type CacheView, type Ids, partsOf, type PlannedStep } from "./linear_plan.ts";
import { whyNotStorable } from "../../storable.ts";
import type { NewEntry, Store } from "../cache/value_store.ts";
import type { Values } from "./held_values.ts";
import { LinearNodeError } from "../errors.ts";
import { type HistoryEntry, snapshot } from "../history.ts";
import type { LinearNode } from "../node.ts";
import type { NodeOutcome } from "../report.ts";

/** What a run with a cache works with. */
export interface RunCache {
  readonly store: Store;
  readonly view: CacheView;
  /** Fingerprints by name; the run adds those of what it makes. */
  readonly ids: Ids;
}

/** What a run works with. */
export interface RunContext {
  readonly pipeline: string;
  readonly steps: readonly PlannedStep[];
  readonly values: Values;
  readonly cache: RunCache | null;
  readonly display: Display;
  readonly signal: AbortSignal | undefined;
  /** Where the history goes, if it is tracked. */
  readonly remember: ((entry: HistoryEntry) => void) | null;
  /** What has become of the nodes so far. */
  readonly outcomes: Map<LinearNode, NodeOutcome>;
}

/** How long nodes may follow each other without letting timers and signals in, in milliseconds. */
const TURN_MS = 20;

/** Runs all steps. */
export async function runSteps(context: RunContext): Promise<void> {
  const { steps, display, signal, outcomes } = context;
  let turn = performance.now();
  for (const [index, step] of steps.entries()) {
    if (performance.now() - turn > TURN_MS) {
      await new Promise((resolve) => setTimeout(resolve, 0));
      turn = performance.now();
    }
    signal?.throwIfAborted();
    const outcome = await new NodeRun(context, step, index).run();
    // A node that ran before the plan had to be made anew has run.
    if (outcomes.get(step.node)?.status === "run") continue;
    outcomes.set(step.node, outcome);
    display.end(outcome, index, steps.length);
  }
}

/** One step of a run. */
class NodeRun {
  readonly #context: RunContext;
  readonly #step: PlannedStep;
  readonly #index: number;
  readonly #node: LinearNode;

  constructor(context: RunContext, step: PlannedStep, index: number) {
    this.#context = context;
    this.#step = step;
    this.#index = index;
    this.#node = step.node;
  }

  async run(): Promise<NodeOutcome> {
    const { status, reason } = this.#step, { cache } = this.#context;
    if (status !== "run") return this.#without(status, reason);
    if (this.#step.isTentative && this.#cameOutTheSame(cache!)) {
      this.#context.values.forgo(this.#step);
      return this.#without("cached", "its inputs came out as they were");
    }
    this.#context.display.begin(this.#node.name, this.#index, this.#context.steps.length);
    const startedAt = new Date(), start = performance.now();
    const args = this.#step.inputs.map((source) => this.#context.values.take(source));
    const inputs = this.#context.remember && this.#snapshots(this.#node.inputs, args);
    try {
      const { result, memory } = await this.#call(args);
      const values = splitOutputs(this.#node.outputs, result);
      const ms = performance.now() - start;
      if (inputs) this.#remember({ startedAt, durationMs: ms, inputs, values, memory });
      const storedBytes = this.#keep(values);
      return { node: this.#node.name, status, reason, durationMs: performance.now() - start, storedBytes, memory };
    } catch (cause) {
      this.#context.display.fail(this.#node.name);
      throw this.#failure(cause);
    }
  }

  /** The outcome where the node does not run: its outputs are those that the cache knows. */
  #without(status: NodeOutcome["status"], reason: string): NodeOutcome {
    const { cache } = this.#context;
    for (const name of cache ? this.#node.outputs : []) cache!.ids.set(name, cache!.view.entries.get(name)!.id);
    return { node: this.#node.name, status, reason, durationMs: 0, storedBytes: 0 };
  }

  #failure(cause: unknown): LinearNodeError {
    const { name: node, inputs } = this.#node;
    return new LinearNodeError(summarizeError(reportError(cause)), {
      pipeline: this.#context.pipeline,
      node,
      inputs,
      cause,
    });
  }

  /** Whether what is in the cache was made from just these inputs. */
  #cameOutTheSame({ view, ids }: RunCache): boolean {
    const parts = JSON.stringify(partsOf(this.#node, ids));
    return this.#node.outputs.map((name) => view.entries.get(name)!)
      .every((entry) => entry.parts === parts && entry.isOnDisk);
  }

  async #call(args: unknown[]): Promise<{ result: unknown; memory?: MemoryUse }> {
    const call = () => this.#node.fn(...args as never[]);
    if (!this.#node.profile) {
      const result = call();
      return { result: isThenable(result) ? await result : result };
    }
    const isApart = this.#node.profile === "worker";
    const { result, use } = await (isApart ? profileInWorker(this.#node, args) : measureMemory(call));
    console.error(`[${this.#node.name}] ${formatMemoryUse(use)}`);
    return { result, memory: use };
  }

  /** Puts the outputs where they belong; returns the bytes written. */
  #keep(values: readonly unknown[]): number {
    const { outputs } = this.#node, { cache } = this.#context;
    const isOwn = values.length === 1;
    if (!cache) {
      outputs.forEach((name, index) => this.#context.values.put(name, { value: values[index], isOwn }, false));
      return 0;
    }
    const parts = JSON.stringify(partsOf(this.#node, cache.ids));
    const entries = outputs.map((name, index) => this.#entryOf(name, values[index], parts));
    if (entries.length > 0) cache.store.save(entries);
    entries.forEach(({ name, id, encoded }, index) => {
      cache.ids.set(name, id);
      this.#context.values.put(name, { value: values[index], id, isOwn }, encoded !== undefined);
    });
    return entries.reduce((sum, { encoded }) => sum + (encoded?.bytes ?? 0), 0);
  }

  #entryOf(name: string, value: unknown, parts: string): NewEntry {
    const obstacle = whyNotStorable(value);
    if (obstacle === null) {
      const encoded = encode(value);
      return { name, id: encoded.id, parts, encoded };
    }
    console.warn(`Pipeline "${this.#context.pipeline}": "${name}" stays in memory, not in the cache: ${obstacle}`);
    return { name, id: fingerprint([parts, name]), parts };
  }

  #snapshots(names: readonly string[], values: readonly unknown[]): Record<string, unknown> {
    return Object.fromEntries(names.map((name, index) => [name, snapshot(values[index])]));
  }

  #remember(
    { startedAt, durationMs, inputs, values, memory }: Pick<HistoryEntry, "startedAt" | "durationMs" | "inputs"> & {
      values: readonly unknown[];
      memory: MemoryUse | undefined;
    },
  ): void {
    const outputs = this.#snapshots(this.#node.outputs, values);
    this.#context.remember!({ node: this.#node.name, inputs, outputs, startedAt, durationMs, memory });
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && typeof Reflect.get(value, "then") === "function";
}
