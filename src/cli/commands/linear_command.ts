/** `ringmill linear`: tells what linear pipelines would run and have kept, and tidies up. */

import { extname } from "node:path";
import { writeWhole } from "../../files.ts";
import { formatBytes, formatDuration } from "../../units.ts";
import { STATUS, TargetError, UsageError } from "../program/exit_status.ts";
import { STDOUT } from "../../terminal.ts";
import { type LinearStepOptions, type LinearTargetOptions, loadLinear, planOptionsOf } from "./linear_run.ts";
import { toCsv, toJson } from "./value_text.ts";

/** Options of `ringmill linear show`. */
export interface ShowOptions extends LinearTargetOptions {
  /** The file to write, `.json` or `.csv`. */
  readonly out?: string;
}

/** Options of `ringmill linear history`. */
export interface HistoryOptions extends LinearTargetOptions {
  /** How many calls are told. */
  readonly last: number;
}

/** Options of `ringmill linear prune`. */
export interface PruneCommandOptions extends LinearTargetOptions {
  readonly maxBytes?: number;
  readonly maxUnusedDays?: number;
}

function print(rows: readonly (readonly string[])[]): void {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  for (const row of rows) STDOUT.print(row.map((cell, column) => cell.padEnd(widths[column])).join("  ").trimEnd());
}

/** `ringmill linear explain` */
export async function linearExplain(target: string, options: LinearStepOptions): Promise<number> {
  const pipeline = await loadLinear(target, options);
  const rows = pipeline.explain(planOptionsOf(pipeline, options)).map((
    { node, status, reason },
  ) => [node, status, reason]);
  print([["NODE", "STATUS", "REASON"], ...rows]);
  return STATUS.ended;
}

/** `ringmill linear show` */
export async function linearShow(target: string, name: string | undefined, options: ShowOptions): Promise<number> {
  if (name === undefined && options.out !== undefined) {
    throw new UsageError(`Cannot write ${options.out}: --out needs the name of a value`);
  }
  const pipeline = await loadLinear(target, options);
  using registry = pipeline.openRegistry();
  if (name === undefined) {
    const rows = registry.names.map((name) => [name, registry.placement[name], formatBytes(registry.size(name))]);
    print([["NAME", "WHERE", "SIZE"], ...rows]);
    return STATUS.ended;
  }
  const value = registry.get(name);
  if (options.out === undefined) STDOUT.print(typeof value === "string" ? value : Deno.inspect(value, { depth: 10 }));
  else await write(options.out, value);
  return STATUS.ended;
}

async function write(file: string, value: unknown): Promise<void> {
  const ending = extname(file).toLowerCase();
  const convert = { ".json": toJson, ".csv": toCsv }[ending];
  if (!convert) throw new UsageError(`Cannot write ${file}: expected a name that ends in .json or .csv`);
  const text = convert(value);
  if (text === undefined) throw new TargetError(`Cannot write ${file}: the value is no table`);
  try {
    await writeWhole(file, text);
  } catch (error) {
    throw new TargetError(`Cannot write ${file}: ${(error as Error).message}`);
  }
}

/** `ringmill linear history` */
export async function linearHistory(target: string, options: HistoryOptions): Promise<number> {
  const { history } = await loadLinear(target, options);
  const rows = history.slice(Math.max(history.length - options.last, 0)).map(({ node, startedAt, durationMs }) => {
    return [startedAt.toISOString(), node, formatDuration(durationMs)];
  });
  print([["STARTED", "NODE", "TIME"], ...rows]);
  return STATUS.ended;
}

function noCache(): number {
  STDOUT.print("there is no cache");
  return STATUS.ended;
}

/** `ringmill linear prune` */
export async function linearPrune(target: string, options: PruneCommandOptions): Promise<number> {
  const { maxBytes, maxUnusedDays } = options;
  const pipeline = await loadLinear(target, options);
  if (pipeline.cachePath === null) return noCache();
  const maxUnusedMs = maxUnusedDays === undefined ? undefined : 86_400_000 * maxUnusedDays;
  const { removedValues, removedBytes, keptBytes } = await pipeline.prune({ maxBytes, maxUnusedMs });
  STDOUT.print(`removed ${removedValues} values, ${formatBytes(removedBytes)}; kept ${formatBytes(keptBytes)}`);
  return STATUS.ended;
}

/** `ringmill linear clear` */
export async function linearClear(target: string, options: LinearTargetOptions): Promise<number> {
  const pipeline = await loadLinear(target, options);
  if (pipeline.cachePath === null) return noCache();
  await pipeline.clear();
  STDOUT.print(`emptied ${pipeline.cachePath}`);
  return STATUS.ended;
}
