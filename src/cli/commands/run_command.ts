/** `ringmill run` */

import { TaskError } from "../../errors.ts";
import type { LinearPipeline } from "../../linear/pipeline.ts";
import type { Graph } from "../../graph/graph.ts";
import type { Snapshot } from "../../manager/metrics.ts";
import type { LiveFrame } from "../../view/live/live_frame.ts";
import type { Pipeline } from "../../pipeline/pipeline.ts";
import { cut, detailsOf } from "../../safe_text.ts";
import { STATUS } from "../program/exit_status.ts";
import { EVERY_S, follow } from "../terminal/follow_run.ts";
import { Interruption } from "../program/interruption.ts";
import { isPipeline, type Kind, load, type LoadOptions, urlOf } from "../program/load_pipeline.ts";
import { compileLoaded } from "../program/loading.ts";
import { machineOptions, type MachineRunOptions } from "../program/machine_run.ts";
import { arrangeDeadLetters, arrangeRecording, type RecordedRunOptions } from "../program/recorded_run.ts";
import { type RestartedChild, restartedChild } from "../program/restarted_child.ts";
import { announceRun, RUN_VERSION } from "../program/run_records.ts";
import { type RunFailure, serveRun } from "../program/run_server.ts";
import { STDERR } from "../../terminal.ts";
import { type RestartChoice, runRestarted } from "./restarted_run.ts";
import { type GraphRunCommandOptions, isGraph, runGraph } from "./graph_run.ts";
import { refuseOthers } from "./run_kinds.ts";
import { isLinearPipeline, type LinearRunCommandOptions, runLinear } from "./linear_run.ts";

/** Options of the command. */
export interface RunOptions
  extends LoadOptions, RecordedRunOptions, LinearRunCommandOptions, MachineRunOptions, GraphRunCommandOptions {
  /** Runs in a program of its own, which is started again when it fails. */
  readonly restart?: RestartChoice;
  /** Milliseconds from one snapshot to the next. */
  readonly interval?: number;
  /** Seconds from one table to the next where there is no terminal. */
  readonly every?: number;
  /** Says nothing but what is wrong. */
  readonly quiet?: boolean;
  /** The port of the live page, which is not served without; 0 for any that is free. */
  readonly dashboard?: number;
}

/** What can be run. */
const RUNNABLE: Kind<Pipeline | LinearPipeline | Graph> = {
  name: "pipeline or graph",
  includes: (value) => isPipeline(value) || isLinearPipeline(value) || isGraph(value),
};

/** Milliseconds from one snapshot to the next, unless it is said. */
const INTERVAL_MS = 500;

/** Runs a pipeline to its end, or to Ctrl-C, and shows what it does. The standard output belongs to the tasks. */
export async function run(target: string, options: RunOptions): Promise<number> {
  const child = restartedChild();
  if (options.restart && !child) return await runRestarted(options.restart);
  let interruption: Interruption | undefined;
  using _watch = child?.watch(() => interruption ? interruption.interrupt("SIGTERM") : Deno.exit(STATUS.failed));
  const loaded = await load(target, options, RUNNABLE);
  refuseOthers(target, isGraph(loaded) ? "graph" : isLinearPipeline(loaded) ? "linear" : "tasks", options);
  if (isGraph(loaded)) return await runGraph(loaded, options);
  if (isLinearPipeline(loaded)) return await runLinear(loaded, options);
  const { interval = INTERVAL_MS } = options;
  const machine = await machineOptions(options);
  await using pipe = loaded;
  using heard = interruption = interruptionOf(pipe, options, child);
  await arrangeRecording(pipe, options, child?.restarts);
  const letters = await arrangeDeadLetters(pipe, options, child?.restarts);
  await compileLoaded(pipe, target, machine);
  if (options.dashboard !== undefined) await serveDashboard(pipe, options.dashboard, interval);
  const watch = monitored(pipe, interval);
  using announced = await announce(pipe, target, watch, options.quiet);
  if (child) child.hasBegun = true;
  try {
    await (options.quiet ? pipe.run() : runShown(pipe, watch, options));
    await letters?.written;
    await announced?.finish([]);
  } catch (error) {
    // Errors of the letters were printed when they happened.
    await letters?.written.catch(() => {});
    await announced?.finish(failuresOf(error));
    throw error;
  }
  return heard.status ?? STATUS.ended;
}

/** Stops the pipeline. One that is looked after may get a signal twice: what looks after it counts them. */
function interruptionOf(pipe: Pipeline, { quiet }: RunOptions, child: RestartedChild | null): Interruption {
  const stop = async () => {
    if (!quiet) STDERR.print("Stopping; Ctrl-C again ends the program at once");
    // Before what the tasks have to say of it.
    await STDERR.drain(100);
    pipe.stop();
  };
  return new Interruption(stop, child ? () => {} : undefined);
}

async function serveDashboard(pipe: Pipeline, port: number, intervalMs: number): Promise<void> {
  const { url } = await pipe.serveDashboard({ port, intervalMs });
  STDERR.print(`Dashboard: ${url}`);
}

/** What gives snapshots. Nothing is monitored until somebody wants some. */
function monitored(pipe: Pipeline, intervalMs: number): () => AsyncIterable<Snapshot> {
  let isMonitored = false;
  return () => {
    if (!isMonitored) pipe.startMonitor({ intervalMs });
    isMonitored = true;
    return pipe.watch();
  };
}

/** A run that `top` finds. */
interface Announced extends Disposable {
  finish(failures: readonly RunFailure[]): Promise<void>;
}

/** Lets `top` find the run, which can do without. */
async function announce(
  pipe: Pipeline,
  target: string,
  watch: () => AsyncIterable<Snapshot>,
  quiet = false,
): Promise<Announced | undefined> {
  using stack = new DisposableStack();
  try {
    const server = stack.use(
      await serveRun({ name: pipe.name, watch, frames: (stream, signal) => framesOf(pipe, stream, signal) }),
    );
    const { address } = server;
    const source = urlOf(target).href;
    stack.use(await announceRun({ version: RUN_VERSION, pid: Deno.pid, name: pipe.name, source, address }));
    const kept = stack.move();
    return { finish: (failures) => server.finish(failures), [Symbol.dispose]: () => kept.dispose() };
  } catch (error) {
    if (!quiet) STDERR.print(`warning: "top" cannot find this run: ${(error as Error).message}`);
  }
}

function framesOf(pipe: Pipeline, stream: string, signal: AbortSignal): AsyncIterable<LiveFrame> | undefined {
  return pipe.streams.has(stream) ? pipe.followFrames(stream, signal) : undefined;
}

function failuresOf(error: unknown): RunFailure[] {
  if (!(error instanceof TaskError)) return [];
  return [error, ...error.others].map(({ task, reason, cause }) => {
    return { task, reason: cut(reason), details: detailsOf(cause) };
  });
}

async function runShown(
  pipe: Pipeline,
  watch: () => AsyncIterable<Snapshot>,
  { every = EVERY_S }: RunOptions,
): Promise<void> {
  const shown = follow(watch(), { name: pipe.name, everyMs: 1000 * every, terminal: STDERR });
  // Neither goes on without the other: the snapshots end with the tasks.
  const outcomes = await Promise.allSettled([pipe.run(), shown].map((work) => work.finally(() => pipe.stop())));
  const failure = outcomes.find((outcome) => outcome.status === "rejected");
  if (failure) throw failure.reason;
}
