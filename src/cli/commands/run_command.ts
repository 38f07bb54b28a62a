/** `ringmill run` */

import type { Pipeline } from "../../pipeline/pipeline.ts";
import { STATUS } from "../program/exit_status.ts";
import { follow } from "../terminal/follow_run.ts";
import { Interruption } from "../program/interruption.ts";
import { type LoadOptions, loadPipeline, urlOf } from "../program/load_pipeline.ts";
import { arrangeRecording, type RecordedRunOptions } from "../program/recorded_run.ts";
import { announceRun } from "../program/run_records.ts";
import { STDERR } from "../terminal/terminal.ts";

/** Options of the command. */
export interface RunOptions extends LoadOptions, RecordedRunOptions {
  /** Milliseconds from one snapshot to the next. */
  readonly interval: number;
  /** Seconds from one table to the next where there is no terminal. */
  readonly every: number;
  /** Says nothing but what is wrong. */
  readonly quiet?: boolean;
  /** The port of the dashboard; 0 for any that is free. */
  readonly dashboard?: number;
}

/** Runs a pipeline to its end, or to Ctrl-C, and shows what it does. The standard output belongs to the tasks. */
export async function run(target: string, options: RunOptions): Promise<number> {
  await using pipe = await loadPipeline(target, options);
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
