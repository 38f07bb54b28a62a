/** How a run is begun or gone on with: it is claimed, and compared with what it was begun with. */

import { LifecycleError, UnknownNameError } from "../../errors.ts";
import { fingerprint } from "../../fingerprint.ts";
import { whyNewer } from "../../format_version.ts";
import { whyNotStorable } from "../../storable.ts";
import type { InnerGraph } from "../node_internals.ts";
import { keyOfRun } from "../stores/run_claims.ts";
import { bytesOfValue, decodeValue } from "../stores/stored_value.ts";
import type { CheckpointStore, ClaimedRun } from "../stores/checkpoint_store.ts";
import { differencesOf, type GraphShape, shapeOf } from "./graph_shape.ts";
import type { KeptRun } from "../kept_run.ts";
import { RunChangedError, type RunInterrupt } from "../run_errors.ts";
import { encodeStep, openQuestions, RunLog } from "./run_log.ts";
import { answerStep, isFinished, isOutput, parseQuestion, placeOf } from "./step_names.ts";

/** The version of what is kept of a run. */
const VERSION = 1;

/** What an execution needs to know to be kept. */
export interface KeptOptions {
  readonly runId: string;
  readonly store: CheckpointStore;
  readonly maxAgeMs: number;
  readonly allowChanged: boolean;
  /** In a run that goes on with its own input: what a node is answered. */
  readonly answer: KeptAnswer | undefined;
}

/** An answer to a node that has asked. */
export interface KeptAnswer {
  readonly value: unknown;
  /** Which node, if several wait. */
  readonly node: string | undefined;
}

/** What is kept of the run itself. */
interface Header {
  readonly version: number;
  readonly lines: readonly string[];
  readonly functions: ReadonlyMap<string, string>;
  readonly input: unknown;
}

/** Says what is kept of a run. */
export function describeRun(runId: string, steps: ReadonlyMap<string, Uint8Array>): KeptRun {
  return { runId, finished: [...steps.keys()].filter(isOutput).sort(), interrupts: openQuestions(steps) };
}

/** A run that can begin. */
export interface OpenRun {
  readonly log: RunLog;
  readonly input: unknown;
}

/** By store and run: those that have ended, but of which functions still run in this program. They are waited for. */
const ended = new WeakMap<CheckpointStore, Map<string, Promise<void>>>();

/** Notes that a run has ended. Whoever claims it next waits until it is settled. */
export function leaveRun(graph: string, { runId, store }: KeptOptions, settled: Promise<void>): void {
  const runs = ended.get(store) ?? new Map<string, Promise<void>>();
  const key = keyOfRun(graph, runId);
  ended.set(store, runs);
  runs.set(key, settled);
  settled.then(() => {
    if (runs.get(key) === settled) runs.delete(key);
  });
}

/**
 * Claims a run.
 *
 * @throws {RunBusyError} If it is under way.
 * @throws {RunChangedError} If it was begun with something else.
 * @throws {TypeError} If the input cannot be kept.
 * @throws {UnknownNameError} If it is to be answered, and is not kept.
 * @throws {LifecycleError} If it is to be answered, and waits for nothing.
 */
export async function openRun(graph: InnerGraph, options: KeptOptions, input: unknown): Promise<OpenRun> {
  const { runId, store, maxAgeMs, answer } = options;
  const shape = shapeOf(graph);
  const header = answer ? undefined : headerOf(graph.name, runId, shape, input);
  await ended.get(store)?.get(keyOfRun(graph.name, runId));
  const claim = await store.claimRun(graph.name, runId, { header, maxAgeMs });
  if (!claim) throw new UnknownNameError(`Cannot resume run "${runId}" of graph "${graph.name}": it is not kept`);
  try {
    const found = readHeader(graph.name, runId, claim.steps.get(""));
    await compare(graph.name, options, claim, found, shape, answer ? found : { input });
    const steps = answer ? await keepAnswer(graph.name, runId, claim, answer) : claim.steps;
    return { log: new RunLog(graph.name, runId, claim, steps), input: answer ? found.input : input };
  } catch (error) {
    await claim.release();
    throw error;
  }
}

function headerOf(graph: string, runId: string, { lines, functions }: GraphShape, input: unknown): Uint8Array {
  const reason = whyNotStorable(input);
  if (reason !== null) {
    throw new TypeError(`Cannot keep run "${runId}" of graph "${graph}": of its input, ${reason}`);
  }
  const header: Header = { version: VERSION, lines, functions, input };
  return bytesOfValue("", header);
}

function readHeader(graph: string, runId: string, bytes: Uint8Array | undefined): Header {
  const header = decodeValue("", bytes)?.value as Header | undefined;
  const action = `Cannot go on with run "${runId}"`;
  if (!header) {
    throw new Error(
      `${action} of graph "${graph}": what is kept is damaged, or of another version of V8; delete the run`,
    );
  }
  const why = whyNewer(header.version, VERSION);
  if (why === null) return header;
  throw new Error(`${action} of graph "${graph}": ${why}`);
}

/** Refuses a run that has changed, or begins it anew with what has finished. */
async function compare(
  graph: string,
  { runId, allowChanged }: KeptOptions,
  claim: ClaimedRun,
  found: Header,
  shape: GraphShape,
  { input }: { readonly input: unknown },
): Promise<void> {
  const differences = differencesOf(found.lines, shape.lines);
  const places = new Set([...claim.steps.keys()].filter(isFinished).map(placeOf));
  for (const place of places) {
    const before = found.functions.get(place);
    const now = shape.functions.get(place);
    if (now !== undefined && before !== now) {
      differences.push(`the function of "${place}", which has finished, is another one`);
    }
  }
  if (fingerprint(input) !== fingerprint(found.input)) differences.push("the input is another one");
  if (differences.length === 0) return;
  if (!allowChanged) throw new RunChangedError(graph, runId, differences);
  await claim.save("", headerOf(graph, runId, shape, input));
}

/** Keeps an answer before the run goes on, and returns what is kept then. */
async function keepAnswer(
  graph: string,
  runId: string,
  claim: ClaimedRun,
  { value, node }: KeptAnswer,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const action = `Cannot resume run "${runId}" of graph "${graph}"`;
  const reason = whyNotStorable(value);
  if (reason !== null) throw new TypeError(`${action}: the answer cannot be kept, ${reason}`);
  const step = answerStepOf(action, claim.steps, node);
  const bytes = encodeStep(step, value);
  await claim.save(step, bytes);
  return new Map([...claim.steps, [step, bytes]]);
}

function answerStepOf(action: string, steps: ReadonlyMap<string, Uint8Array>, node: string | undefined): string {
  const open = openQuestions(steps);
  const call = pick(action, open, node);
  const answers = [...steps.keys()].map(parseQuestion).filter((asked) => asked?.call === call)
    .map((asked) => answerStep(call, asked!.name));
  return answers.find((step) => !steps.has(step))!;
}

function pick(action: string, open: readonly RunInterrupt[], node: string | undefined): string {
  const names = open.map(({ node }) => `"${node}"`).join(", ");
  if (open.length === 0) {
    throw new LifecycleError(`${action}: no node waits for an answer; execute() goes on with a run`);
  }
  const found = node === undefined ? open : open.filter((one) => one.node === node);
  if (found.length === 1) return found[0].node;
  if (found.length === 0) {
    throw new UnknownNameError(`${action}: node "${node}" does not wait; those that wait: ${names}`);
  }
  throw new TypeError(`${action}: several nodes wait, ${names}; set the option node`);
}
