/** Which options of `ringmill run` are for which kind of what it runs. */

import { UsageError } from "../program/exit_status.ts";
import type { RunOptions } from "./run_command.ts";

/** What can be run. */
export type RunKind = "tasks" | "linear" | "graph";

const NAMES: Readonly<Record<RunKind, string>> = {
  tasks: "pipelines of tasks",
  linear: "linear pipelines",
  graph: "graphs",
};

const ALL: readonly RunKind[] = ["tasks", "linear", "graph"];
const TASKS: readonly RunKind[] = ["tasks"];
const LINEAR: readonly RunKind[] = ["linear"];
const GRAPH: readonly RunKind[] = ["graph"];
const LIVE: readonly RunKind[] = ["tasks", "graph"];

/** In the order in which errors name them. */
const KINDS: Readonly<Record<keyof RunOptions, readonly RunKind[]>> = {
  export: ALL,
  allowModule: ALL,
  permissions: ALL,
  quiet: ALL,
  restart: TASKS,
  record: TASKS,
  streams: TASKS,
  deadLetters: TASKS,
  replay: TASKS,
  speed: TASKS,
  machine: TASKS,
  connect: TASKS,
  creds: TASKS,
  tokenFile: TASKS,
  tlsCa: TASKS,
  every: TASKS,
  set: LINEAR,
  from: LINEAR,
  to: LINEAR,
  force: LINEAR,
  resume: LINEAR,
  input: GRAPH,
  output: GRAPH,
  runId: GRAPH,
  checkpoint: GRAPH,
  answer: GRAPH,
  node: GRAPH,
  allowChanged: GRAPH,
  dashboard: LIVE,
  interval: LIVE,
};

/** An option as it is typed. */
function flagOf(option: string): string {
  return `--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/**
 * Refuses options that would do nothing.
 *
 * @throws {UsageError} If one is for another kind.
 */
export function refuseOthers(target: string, kind: RunKind, options: RunOptions): void {
  for (const [option, kinds] of Object.entries(KINDS)) {
    if (kinds.includes(kind) || options[option as keyof RunOptions] === undefined) continue;
    throw new UsageError(
      `Cannot run ${target}: ${flagOf(option)} is for ${kinds.map((kind) => NAMES[kind]).join(" and ")}`,
    );
  }
}
