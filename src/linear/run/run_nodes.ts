/** Runs the planned steps one after the other. */

import { LinearNodeError } from "../errors.ts";
import type { LinearEvent } from "../event.ts";
import { type HistoryEntry, snapshot } from "../history.ts";
import type { MemoryUse } from "../memory_use.ts";
import type { LinearNode } from "../node.ts";
import type { NodeOutcome } from "../report.ts";
import { reportError, summarizeError } from "../../worker/error_report.ts";
import { callTimed } from "./timed_call.ts";
import type { Display } from "./display.ts";
import { FileWriter } from "./file_writer.ts";
import type { Held, Values } from "./held_values.ts";
import type { PlannedStep } from "./linear_plan.ts";
import type { InputSnapshot, RunCache } from "./run_cache.ts";
import { splitOutputs } from "./split_outputs.ts";
import type { LinearTrace } from "./tracing.ts";

/** What a run works with. */
export interface RunContext {
  readonly pipeline: string;
  readonly steps: readonly PlannedStep[];
  readonly values: Values;
  readonly cache: RunCache | null;
  readonly display: Display;
  readonly signal: AbortSignal;
  readonly tell: (event: LinearEvent) => void;
  readonly trace: LinearTrace | null;
  /** Whether the history keeps the values of nodes that do not say so. */
  readonly tracksValues: boolean;
  /** Where the history goes, if there is no cache. */
  readonly remember: (entry: HistoryEntry) => void;
  /** Whether an output is a result. */
  readonly isResult: (node: LinearNode, output: string) => boolean;
  /** What has become of the nodes so far. */
  readonly outcomes: Map<LinearNode, NodeOutcome>;
  /** Nodes that have run, with the fingerprints of what they were run on. */
  readonly done: Map<string, string>;
}

/** How long nodes may follow each other without letting timers and signals in, in milliseconds. */
const TURN_MS = 20;

/** Runs all steps. */
export async function runSteps(context: RunContext): Promise<void> {
  const { steps, display, signal, outcomes, tell, pipeline } = context;
  let turn = performance.now();
  for (const [index, step] of steps.entries()) {
    if (performance.now() - turn > TURN_MS) {
      await new Promise((resolve) => setTimeout(resolve, 0));
      turn = performance.now();
    }
    signal.throwIfAborted();
    const outcome = await new NodeRun(context, step, index).run();
    // After a retry, keep the outcome "run" of a node that an earlier attempt has executed.
    if (outcome === null || outcomes.get(step.node)?.status === "run") continue;
    outcomes.set(step.node, outcome);
    display.end(outcome, index, steps.length);
    const { node, status, reason, durationMs } = outcome;
    tell({ kind: "node ended", pipeline, node, status, reason, durationMs });
  }
}

/** What a function has returned, and what that took. */
interface Call {
  readonly startedAt: Date;
  readonly inputs: Readonly<Record<string, InputSnapshot>> | null;
  readonly values: readonly unknown[];
  readonly files: FileWriter;
  readonly figures: { durationMs: number; loadMs: number; memory?: MemoryUse };
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

  /** `null` for a step that is left out. */
  async run(): Promise<NodeOutcome | null> {
    const { status, reason, isTentative } = this.#step;
    const { cache, values } = this.#context;
    if (status !== "run") {
      cache?.noteFound(this.#step);
      return status === "left out" ? null : this.#without(status, reason);
    }
    cache?.refreshFiles(this.#step);
    if (!isTentative || !cache?.cameOutTheSame(this.#step)) return await this.#execute();
    values.forgo(this.#step);
    if (this.#node.outputs.length === 0) return this.#without("skipped", "it was done before the failure");
    return this.#without("cached", "its inputs came out as they were");
  }

  /** The outcome where the node does not run. */
  #without(status: NodeOutcome["status"], reason: string): NodeOutcome {
    return { node: this.#node.name, status, reason, durationMs: 0, loadMs: 0, storeMs: 0, storedBytes: 0 };
  }

  async #execute(): Promise<NodeOutcome> {
    const { display, steps, tell, pipeline } = this.#context;
    display.begin(this.#node.name, this.#index, steps.length);
    tell({ kind: "node started", pipeline, node: this.#node.name });
    const call = await this.#call();
    const start = performance.now();
    const storedBytes = await this.#keep(call);
    this.#context.values.release(this.#step);
    const storeMs = performance.now() - start;
    const { reason } = this.#step;
    return { node: this.#node.name, status: "run", reason, ...call.figures, storeMs, storedBytes };
  }

  /** Calls the function. Whatever goes wrong with it is a failure of the node; values that are gone are not. */
  async #call(): Promise<Call> {
    const begun = performance.now();
    const files = new FileWriter(this.#node);
    const args = this.#step.inputs.map((source) => this.#attempt(() => this.#context.values.take(source, this.#node)));
    const inputs = this.#tracksValues ? this.#snapshots(args) : null;
    const loadMs = performance.now() - begun;
    const startedAt = new Date();
    try {
      const { result, durationMs, memory } = await this.#traced(() => callTimed(this.#node, args));
      const values = splitOutputs(this.#node.outputs, result);
      await files.write(values);
      return { startedAt, inputs, values, files, figures: { durationMs, loadMs, memory } };
    } catch (cause) {
      files.discard();
      throw this.#fail(cause);
    }
  }

  async #traced<Result>(work: () => Promise<Result>): Promise<Result> {
    const { trace } = this.#context;
    return trace ? await trace.node(this.#node.name, work) : await work();
  }

  #attempt<Result>(work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      if (this.#context.cache?.isTrouble(error)) throw error;
      throw this.#fail(error);
    }
  }

  #fail(cause: unknown): LinearNodeError {
    const { name: node, inputs } = this.#node;
    const { pipeline, display, tell } = this.#context;
    display.fail(node);
    tell({ kind: "node failed", pipeline, node, error: cause });
    return new LinearNodeError(summarizeError(reportError(cause)), { pipeline, node, inputs, cause });
  }

  /** Puts the outputs where they belong; returns the bytes written. */
  async #keep(call: Call): Promise<number> {
    const { cache, done } = this.#context;
    const files = this.#attempt(() => call.files.commit());
    if (!cache) {
      this.#rememberInMemory(call);
      this.#node.outputs.forEach((name, index) => this.#put(name, { value: call.values[index], isOwn: false }));
      done.set(this.#node.name, "");
      return 0;
    }
    const { values, inputs } = call;
    const { held, bytes, key } = await cache.keep(this.#step, { values, files, record: this.#recordOf(call), inputs });
    this.#node.outputs.forEach((name, index) =>
      this.#put(name, { value: values[index], isOwn: false, key, ...held[index] })
    );
    done.set(this.#node.name, key);
    return bytes;
  }

  #put(name: string, held: Held): void {
    if (this.#node.fileOutputs.has(name)) return;
    this.#attempt(() => this.#context.values.put(name, held, this.#context.isResult(this.#node, name)));
  }

  get #tracksValues(): boolean {
    return this.#node.trackHistory ?? this.#context.tracksValues;
  }

  /** Copies from before the call, other than of what is on the disk anyway. */
  #snapshots(args: readonly unknown[]): Record<string, InputSnapshot> {
    const { cache } = this.#context;
    return Object.fromEntries(
      this.#node.inputs.map((name, index) => [name, cache?.storedInput(name) ?? { value: snapshot(args[index]) }]),
    );
  }

  #recordOf({ startedAt, figures: { durationMs, memory } }: Call) {
    return { node: this.#node.name, startedAt, durationMs, memory };
  }

  #rememberInMemory(call: Call): void {
    const inputs = Object.entries(call.inputs ?? {}).map((
      [name, one],
    ) => [name, "value" in one ? one.value : undefined]);
    const outputs = call.inputs ? this.#node.outputs.map((name, index) => [name, snapshot(call.values[index])]) : [];
    const values = { inputs: Object.fromEntries(inputs), outputs: Object.fromEntries(outputs) };
    this.#context.remember({ ...this.#recordOf(call), ...values });
  }
}
