/** The commands and options of linear pipelines. */

import { type Command, Option } from "commander";
import {
  type HistoryOptions,
  linearClear,
  linearExplain,
  linearHistory,
  linearPrune,
  linearShow,
  type PruneCommandOptions,
  type ShowOptions,
} from "../commands/linear_command.ts";
import type { LinearStepOptions, LinearTargetOptions } from "../commands/linear_run.ts";

const TARGET = "a module that exports a linear pipeline";

const collect = (value: string, others: readonly string[] = []) => [...others, value];

function addConfig(command: Command): Command {
  return command.option(
    "--set <config.path=value>",
    "change a part of the configuration of a linear pipeline; repeatable",
    collect,
  );
}

/** Adds the options that say which nodes of a linear pipeline a command is about. */
export function addLinearPlanOptions(command: Command): Command {
  return addConfig(command)
    .option("--from <node>", "begin with this node of a linear pipeline")
    .option("--to <node>", "end with this node of a linear pipeline")
    .option(
      "--force [nodes]",
      "run these nodes of a linear pipeline, with commas between them, or all, whatever is in the cache",
    )
    .option("--resume", "go on where a linear pipeline has failed");
}

/** Adds `ringmill linear`. `number` parses numbers from 0 on, `integer` integers. */
export function addLinearCommands(
  program: Command,
  finish: (status: number) => void,
  { number, integer }: Readonly<Record<"number" | "integer", (text: string) => number>>,
): void {
  const linear = program.command("linear").description("look at linear pipelines and what they have kept");
  const command = (name: string, about: string) =>
    linear.command(name).description(about).argument("<target>", TARGET)
      .option("--export <name>", "take this export of the module");
  addLinearPlanOptions(command("explain", "say which nodes would run, and why"))
    .action(async (target: string, options: LinearStepOptions) => finish(await linearExplain(target, options)));
  addConfig(command("show", "print a value that is in the cache, or what there is"))
    .argument("[name]", "the value")
    .option("-o, --out <file>", "write it to a file, .json or .csv")
    .action(async (target: string, name: string | undefined, options: ShowOptions) =>
      finish(await linearShow(target, name, options))
    );
  command("history", "print the calls of earlier runs")
    .addOption(new Option("--last <count>", "how many").default(50).argParser(integer))
    .action(async (target: string, options: HistoryOptions) => finish(await linearHistory(target, options)));
  command("prune", "remove what is over the limits of the cache")
    .addOption(new Option("--max-bytes <count>", "how many bytes are kept").argParser(integer))
    .addOption(new Option("--max-unused-days <days>", "how long a value is kept that no run uses").argParser(number))
    .action(async (target: string, options: PruneCommandOptions) => finish(await linearPrune(target, options)));
  command("clear", "empty the cache")
    .action(async (target: string, options: LinearTargetOptions) => finish(await linearClear(target, options)));
}
