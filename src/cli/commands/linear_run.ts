/** `ringmill run`, of linear pipelines. */

import { LinearPipeline } from "../../linear/pipeline.ts";
import { forcedNodes } from "../../linear/node_range.ts";
import { overrideConfig, OverrideError } from "../../linear/override_config.ts";
import { STATUS, UsageError } from "../program/exit_status.ts";
import { Interruption } from "../program/interruption.ts";
import { type Kind, load, type LoadOptions } from "../program/load_pipeline.ts";
import { STDERR } from "../../terminal.ts";

/** Which nodes a command is about, and on what configuration. */
export interface LinearTargetOptions extends LoadOptions {
  /** Changes of the configuration, like `config.window=14`. */
  readonly set?: readonly string[];
}

/** Which nodes a run is about. */
export interface LinearStepOptions extends LinearTargetOptions {
  readonly from?: string;
  readonly to?: string;
  /** `true` for all nodes, or names with commas between them. */
  readonly force?: true | string;
  readonly resume?: boolean;
}

/** Options of the command. */
export interface LinearRunCommandOptions extends LinearStepOptions {
  readonly quiet?: boolean;
}

/** Whether a value is a linear pipeline, also one of another copy of this package, which a module may import. */
export function isLinearPipeline(value: unknown): value is LinearPipeline {
  return value instanceof LinearPipeline ||
    typeof value === "object" && value !== null && value.constructor?.name === "LinearPipeline" &&
      "withSettings" in value;
}

/** Linear pipelines. */
const LINEAR: Kind<LinearPipeline> = { name: "linear pipeline", includes: isLinearPipeline };

/** The linear pipeline that a module exports, with the changes that the options say. */
export async function loadLinear(target: string, options: LinearTargetOptions): Promise<LinearPipeline> {
  const found = await load(target, options, LINEAR);
  if (isLinearPipeline(found)) return withOptions(found, options);
  throw new UsageError(`Cannot load ${target}: expected a module that exports a linear pipeline`);
}

function withOptions(pipeline: LinearPipeline, { set = [] }: LinearTargetOptions): LinearPipeline {
  if (set.length === 0) return pipeline;
  try {
    return pipeline.withSettings({ config: overrideConfig(pipeline.config, set) });
  } catch (error) {
    throw error instanceof OverrideError ? new UsageError(error.message) : error;
  }
}

/**
 * The part of the options that says what a plan is about.
 *
 * @throws {UsageError} If a node is named that is not there or left out, or an option does nothing for this pipeline.
 */
export function planOptionsOf(pipeline: LinearPipeline, options: LinearStepOptions) {
  const { from, to, resume } = options;
  const force = typeof options.force === "string" ? options.force.split(",").map((name) => name.trim()) : options.force;
  const chosen = { from, to, resume, force };
  try {
    forcedNodes(pipeline, chosen);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  const { name, cachePath } = pipeline;
  const idle = cachePath !== null ? undefined : resume ? "--resume" : force !== undefined ? "--force" : undefined;
  if (idle) {
    throw new UsageError(`Cannot run pipeline "${name}": ${idle} is for pipelines with usePersistentCache: true`);
  }
  return chosen;
}

/** Runs a linear pipeline to its end, or until Ctrl-C: the node that is running comes to its end then. */
export async function runLinear(loaded: LinearPipeline, options: LinearRunCommandOptions): Promise<number> {
  const pipeline = withOptions(loaded, options).withSettings(options.quiet ? { quiet: true } : {});
  const stop = new AbortController();
  using interruption = new Interruption(() => {
    if (!options.quiet) STDERR.print("Stopping after this node; Ctrl-C again ends the program at once");
    stop.abort(new Error("it was stopped"));
  });
  try {
    await pipeline.run({ ...planOptionsOf(pipeline, options), signal: stop.signal });
  } catch (error) {
    if (interruption.status === undefined) throw error;
  }
  return interruption.status ?? STATUS.ended;
}
