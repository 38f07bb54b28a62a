/** `ringmill run` */

import type { LinearPipeline } from "../../linear/pipeline.ts";
import type { Pipeline } from "../../pipeline/pipeline.ts";
import { STATUS, UsageError } from "../program/exit_status.ts";
import { follow } from "../terminal/follow_run.ts";
import { Interruption } from "../program/interruption.ts";
import { isPipeline, type Kind, load, type LoadOptions, urlOf } from "../program/load_pipeline.ts";
import { arrangeRecording, type RecordedRunOptions } from "../program/recorded_run.ts";
import { announceRun } from "../program/run_records.ts";
import { STDERR } from "../terminal/terminal.ts";
import { isLinearPipeline, type LinearRunCommandOptions, runLinear } from "./linear_run.ts";

/** Options of the command. */
export interface RunOptions extends LoadOptions, RecordedRunOptions, LinearRunCommandOptions {
  /** Milliseconds from one snapshot to the next. */
  readonly interval: number;
  /** Seconds from one table to the next where there is no terminal. */
  readonly every: number;
  /** Says nothing but what is wrong. */
  readonly quiet?: boolean;
  /** The port of the dashboard; 0 for any that is free. */
  readonly dashboard?: number;
}

/** What can be run. */
const RUNNABLE: Kind<Pipeline | LinearPipeline> = {
  name: "pipeline",
  includes: (value) => isPipeline(value) || isLinearPipeline(value),
};

function refuseLinearOptions(target: string, options: LinearRunCommandOptions): void {
  const given = (["set", "from", "to", "force", "resume"] as const).find((option) => options[option] !== undefined);
  if (given) throw new UsageError(`Cannot run ${target}: --${given} is for linear pipelines`);
}

/** Runs a pipeline to its end, or to Ctrl-C, and shows what it does. The standard output belongs to the tasks. */
export async function run(target: string, options: RunOptions): Promise<number> {
  const loaded = await load(target, options, RUNNABLE);
  if (isLinearPipeline(loaded)) return await runLinear(loaded, options);
  refuseLinearOptions(target, options);
  await using pipe = loaded;
  using interruption = new Interruption(async () => {
    if (!options.quiet) STDERR.print("Stopping; Ctrl-C again ends the program at once");
    // Before what the tasks have to say of it.
    await STDERR.drain(100);
    pipe.stop();
  });
  await arrangeRecording(pipe, options);
  await pipe.compile();
  using _announced = await serve(pipe, target, options);
  await (options.quiet ? pipe.run() : runShown(pipe, options));
  return interruption.status ?? STATUS.ended;
}

/** Serves the dashboard, by which `top` finds the run, too. Unless it was asked for, the run can do without. */
async function serve(pipe: Pipeline, target: string, options: RunOptions): Promise<Disposable | undefined> {
  const { dashboard, interval, quiet } = options;
  let url: string | undefined;
  try {
    url = (await pipe.serveDashboard({ port: dashboard, intervalMs: interval })).url;
    if (dashboard !== undefined) STDERR.print(`Dashboard: ${url}`);
    return await announceRun({ pid: Deno.pid, name: pipe.name, source: urlOf(target).href, url });
  } catch (error) {
    if (dashboard !== undefined && url === undefined) throw error;
    if (!quiet) STDERR.print(`warning: "top" cannot find this run: ${(error as Error).message}`);
  }
}

async function runShown(pipe: Pipeline, { interval, every }: RunOptions): Promise<void> {
  pipe.startMonitor({ intervalMs: interval });
  const shown = follow(pipe.watch(), { name: pipe.name, everyMs: 1000 * every, terminal: STDERR });
  // Neither goes on without the other: the snapshots end with the tasks.
  const outcomes = await Promise.allSettled([pipe.run(), shown].map((work) => work.finally(() => pipe.stop())));
  const failure = outcomes.find((outcome) => outcome.status === "rejected");
  if (failure) throw failure.reason;
}
