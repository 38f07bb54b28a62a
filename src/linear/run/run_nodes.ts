/** Runs the planned steps one after the other. */

import { LinearNodeError } from "../errors.ts";
import type { LinearEvent } from "../event.ts";
import { type RememberedCall, snapshot } from "../history.ts";
import type { LinearNode } from "../node.ts";
import type { NodeOutcome } from "../report.ts";
import { reportError, summarizeError } from "../../worker/error_report.ts";
import { type CallResult, callTimed } from "./timed_call.ts";
import type { Display } from "./display.ts";
import type { DoneCalls } from "./done_calls.ts";
import { FileWriter } from "./file_writer.ts";
import type { Held, Values } from "./held_values.ts";
import type { PlannedStep } from "./linear_plan.ts";
import type { InputSnapshot, RunCache } from "./run_cache.ts";
import { filesSeen, inputsSeen, keyOfSeen } from "./seen_world.ts";
import { splitOutputs } from "./split_outputs.ts";
import type { SpanTree } from "../../span_tree.ts";

/** What a run works with. */
export interface RunContext {
  readonly pipeline: string;
  readonly steps: readonly PlannedStep[];
  readonly values: Values;
  readonly cache: RunCache | null;
  readonly display: Display;
  readonly signal: AbortSignal;
  /** Who wants to hear what happens. */
  readonly tell: ((event: LinearEvent) => void) | null;
  readonly trace: SpanTree | null;
  /** Whether the history keeps the values of nodes that do not say so. */
  readonly tracksValues: boolean;
  /** Where the history goes, if there is no cache. */
  readonly remember: (call: RememberedCall) => void;
  /** Whether an output is a result. */
  readonly isResult: (node: LinearNode, output: string) => boolean;
  /** What has become of the nodes so far. */
  readonly outcomes: Map<LinearNode, NodeOutcome>;
  /** Nodes that have run, with the fingerprints of what they were run on. */
  readonly done: DoneCalls;
}

/** How long nodes may follow each other without letting timers and signals in, in milliseconds. */
const TURN_MS = 20;

/** Runs all steps. */
export async function runSteps(context: RunContext): Promise<void> {
  const { steps, display, signal, outcomes, tell, pipeline } = context;
  // Read once between two nodes: the end of one is the beginning of the next.
  const clock = { now: performance.now() };
  let turn = clock.now;
  for (const [index, step] of steps.entries()) {
    if (clock.now - turn > TURN_MS) {
      await new Promise(setImmediate);
      turn = clock.now = performance.now();
    }
    signal.throwIfAborted();
    const outcome = await new NodeRun(context, step, index, clock).run();
    // After a retry, keep the outcome "run" of a node that an earlier attempt has executed.
    if (outcome === null || outcomes.get(step.node)?.status === "run") continue;
    outcomes.set(step.node, outcome);
    display.end(outcome, index, steps.length);
    const { node, status, reason, durationMs } = outcome;
    tell?.({ kind: "node ended", pipeline, node, status, reason, durationMs });
  }
}

/** Inputs as the history keeps them; `null` if it does not. */
type Inputs = Readonly<Record<string, InputSnapshot>> | null;

/** What a function has returned, and what that took. */
interface Call {
  readonly called: CallResult;
  /** In milliseconds since 1970. */
  readonly startedAt: number;
  readonly values: readonly unknown[];
  readonly files: FileWriter | undefined;
}

/** The last reading of the clock. */
interface Clock {
  now: number;
}

const NOTHING = Object.freeze({});
const NO_FILES: ReadonlyMap<string, string> = new Map();

/** One step of a run. */
class NodeRun {
  readonly #context: RunContext;
  readonly #step: PlannedStep;
  readonly #index: number;
  readonly #node: LinearNode;
  readonly #clock: Clock;

  constructor(context: RunContext, step: PlannedStep, index: number, clock: Clock) {
    this.#clock = clock;
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
    const { display, steps, tell, pipeline, values } = this.#context;
    const { name } = this.#node;
    display.begin(name, this.#index, steps.length);
    tell?.({ kind: "node started", pipeline, node: name });
    const begun = this.#clock.now;
    const args = this.#take();
    const inputs = this.#tracksValues ? this.#snapshots(args) : null;
    const seen = this.#context.cache ? "" : inputsSeen(this.#node, values.world);
    const started = performance.now();
    const call = await this.#call(args);
    const storedBytes = await this.#keep(call, inputs, seen);
    values.release(this.#step);
    const { durationMs, endedAt, memory } = call.called;
    this.#clock.now = performance.now();
    const storeMs = this.#clock.now - endedAt;
    const { reason } = this.#step;
    return { node: name, status: "run", reason, durationMs, loadMs: started - begun, storeMs, storedBytes, memory };
  }

  #take(): unknown[] {
    const { values } = this.#context;
    try {
      return this.#step.inputs.map((source) => values.take(source, this.#node));
    } catch (error) {
      throw this.#troubleOr(error);
    }
  }

  /** Calls the function. Whatever goes wrong with it, or with the files that it writes, is a failure of the node. */
  async #call(args: readonly unknown[]): Promise<Call> {
    const { trace } = this.#context;
    const { outputs, fileOutputs, name } = this.#node;
    const startedAt = Date.now();
    let files: FileWriter | undefined;
    try {
      if (fileOutputs.size > 0) files = new FileWriter(this.#node);
      const call = () => callTimed(this.#node, args);
      const called = await (trace ? trace.within(`node ${name}`, { "ringmill.node": name }, call) : call());
      const values = splitOutputs(outputs, called.result);
      await files?.write(values);
      return { called, startedAt, values, files };
    } catch (cause) {
      files?.discard();
      throw this.#fail(cause);
    }
  }

  /** An error of the cache as it is; any other as a failure of the node. */
  #troubleOr(error: unknown): unknown {
    return this.#context.cache?.isTrouble(error) ? error : this.#fail(error);
  }

  #fail(cause: unknown): LinearNodeError {
    const { name: node, inputs } = this.#node;
    const { pipeline, display, tell } = this.#context;
    display.fail(node);
    tell?.({ kind: "node failed", pipeline, node, error: cause });
    return new LinearNodeError(summarizeError(reportError(cause)), { pipeline, node, inputs, cause });
  }

  /** Puts the outputs where they belong; returns the bytes written. */
  async #keep(call: Call, inputs: Inputs, seen: string): Promise<number> {
    const { cache, done } = this.#context;
    const { outputs, name: node } = this.#node;
    const { values } = call;
    const files = this.#commit(call);
    if (!cache) {
      this.#rememberInMemory(call, inputs);
      outputs.forEach((name, index) => this.#put(name, { value: values[index], isOwn: false }));
      done.add(node, keyOfSeen(seen, filesSeen(this.#node)));
      return 0;
    }
    const record = this.#recordOf(call);
    const { held, bytes, key } = await cache.keep(this.#step, { values, files, record, inputs });
    outputs.forEach((name, index) => this.#put(name, { value: values[index], isOwn: false, key, ...held[index] }));
    done.add(node, key);
    return bytes;
  }

  #commit({ files }: Call): ReadonlyMap<string, string> {
    if (!files) return NO_FILES;
    try {
      return files.commit();
    } catch (error) {
      throw this.#fail(error);
    }
  }

  #put(name: string, held: Held): void {
    if (this.#node.fileOutputs.has(name)) return;
    try {
      this.#context.values.put(name, held, this.#context.isResult(this.#node, name));
    } catch (error) {
      throw this.#fail(error);
    }
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

  #recordOf({ startedAt, called: { durationMs, memory } }: Call) {
    return { node: this.#node.name, startedAt, durationMs, memory };
  }

  #rememberInMemory(call: Call, tracked: Inputs): void {
    const { remember } = this.#context;
    const { startedAt, called: { durationMs, memory } } = call;
    const node = this.#node.name;
    if (!tracked) return remember({ node, startedAt, durationMs, memory, inputs: NOTHING, outputs: NOTHING });
    const inputs = Object.entries(tracked).map(([name, one]) => [name, "value" in one ? one.value : undefined]);
    const outputs = this.#node.outputs.map((name, index) => [name, snapshot(call.values[index])]);
    const values = { inputs: Object.fromEntries(inputs), outputs: Object.fromEntries(outputs) };
    remember({ node, startedAt, durationMs, memory, ...values });
  }
}
