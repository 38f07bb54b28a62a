/** The commands, their arguments and options. */

import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import config from "../../../deno.json" with { type: "json" };
import { check } from "../commands/check_command.ts";
import { draw, FORMATS } from "../commands/draw_command.ts";
import { STATUS, UsageError } from "./exit_status.ts";
import {
  type ConvertCommandOptions,
  recordingConvert,
  recordingInfo,
  recordingRepair,
} from "../commands/recording_command.ts";
import { run } from "../commands/run_command.ts";
import type { RestartChoice } from "../commands/restarted_run.ts";
import { addLinearCommands, addLinearPlanOptions } from "./linear_options.ts";
import { top, type TopOptions } from "../commands/top_command.ts";
import { STDERR, STDOUT } from "../../terminal.ts";

const TARGET = "a saved pipeline (.toml), or a module that exports one";

const PERMISSIONS =
  "the most that tasks of a saved pipeline may do: none, or read, net=HOST …; repeatable; wants --unstable-worker-options";

const STATUSES = `
Exit status: 0 if all went well, 1 if something failed, 2 if the command was called in a wrong way, 75 if the run of a
graph waits for an answer, 130 after Ctrl-C.`;

const MODULES = `
A module exports, as its default or by the name that --export gives, a Pipeline, a Graph, or a function that makes one.`;

/** Numbers in a range. */
function numberFrom(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== "" && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It must be a number from ${least} to ${most}.`);
  };
}

function positiveNumber(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value > 0) return value;
  throw new InvalidArgumentError("It must be a number above 0, or Infinity.");
}

/** As others write it: `on-failure`, or with the number of restarts in a row. */
function restartChoice(text: string): RestartChoice {
  const [when, limit = "5", ...rest] = text.split(":");
  if (when === "on-failure" && /^[1-9]\d*$/.test(limit) && rest.length === 0) return { limit: Number(limit) };
  throw new InvalidArgumentError("It must be on-failure, or on-failure:LIMIT with an integer of 1 or more.");
}

function integerUpTo(most: number): (text: string) => number {
  return (text) => {
    const value = numberFrom(0, most)(text);
    if (Number.isInteger(value)) return value;
    throw new InvalidArgumentError("It must be an integer.");
  };
}

/** Whatever follows `--dashboard` and is no number is meant for something else. */
function withPort(args: readonly string[]): string[] {
  return args.map((arg, at) => arg === "--dashboard" && !/^\d+$/.test(args[at + 1] ?? "") ? `${arg}=0` : arg);
}

const collect = (value: string, others: readonly string[] = []) => [...others, value];

const every = () =>
  new Option(
    "--every <seconds>",
    "from one table to the next, where there is no terminal to redraw it on (default: 10)",
  )
    .argParser(numberFrom(0, 86_400));

/** Does what the arguments say. Returns the status to exit with. */
export async function parseCommand(args: readonly string[]): Promise<number> {
  let status: number = STATUS.ended;
  const program = newProgram((result) => status = result);
  try {
    await program.parseAsync(withPort(args), { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? STATUS.ended : STATUS.wrongUse;
  }
  return status;
}

/** An option with nothing in it says nothing: a variable of the shell was empty. */
function refuseEmpty(command: Command): void {
  const empty = command.options.find((option) => [command.getOptionValue(option.attributeName())].flat().includes(""));
  if (empty) throw new UsageError(`Cannot take ${empty.long}: expected a text that is not empty, received ""`);
}

function newProgram(finish: (status: number) => void): Command {
  const program = new Command("ringmill")
    .description("Runs, checks, draws and watches pipelines.")
    .version(config.version, "-V, --version", "print the version")
    .addHelpText("after", MODULES + STATUSES)
    .exitOverride()
    .hook("preAction", (_, command) => refuseEmpty(command))
    .configureOutput({
      writeOut: (text) => STDOUT.print(text.trimEnd()),
      writeErr: (text) => STDERR.print(text.trimEnd()),
    });
  /** A command about a pipeline. */
  const command = <Options>(name: string, about: string, act: (target: string, options: Options) => Promise<number>) =>
    program.command(name).description(about).argument("<target>", TARGET)
      .option("--export <name>", "take this export of the module")
      .option("--allow-module <path>", "a module or folder that a saved pipeline may name; repeatable", collect)
      .option("--permissions <what>", PERMISSIONS, collect)
      .action(async (target: string, options: Options) => finish(await act(target, options)));
  addLinearPlanOptions(
    command("run", "run a pipeline or a graph to its end; Ctrl-C stops it, a second one ends it at once", run),
  )
    .option("-q, --quiet", "print nothing but what tasks print, and errors")
    .addOption(
      new Option("--dashboard [port]", "say where the live page is, on this port if given").argParser(
        integerUpTo(65_535),
      ),
    )
    .addOption(
      new Option("--interval <ms>", "from one look at the tasks to the next (default: 500)")
        .argParser(numberFrom(10, 60_000)),
    )
    .addOption(
      new Option("--restart <when>", "on-failure, or on-failure:LIMIT: run in a program of its own, again if it fails")
        .argParser(restartChoice),
    )
    .option("--record <folder>", "record streams there")
    .option("--streams <names>", "record only these streams, with commas between them")
    .option("--dead-letters <folder>", "write the frames there that tasks have failed on for good")
    .option("--replay <stream=folder>", "take a stream from a recording; repeatable", collect)
    .addOption(new Option("--speed <factor>", "how fast to replay").argParser(positiveNumber))
    .option("--machine <label>", "run only the tasks of this machine; the others run elsewhere")
    .option(
      "--connect <url>",
      "what connects the machines: nats://HOST:PORT, several with commas between them, or tcp://HOST:PORT",
    )
    .option("--creds <file>", "a NATS user's credentials")
    .option("--token-file <file>", "a file with the token that the server, or the other machine by TCP, asks for")
    .option("--tls-ca <file>", "certificates of who may have signed the server's; asks for TLS")
    .option("--input <json>", "of a graph: what goes in; - reads it from the standard input")
    .option("--output <node>", "of a graph: print this node's output only")
    .option("--run-id <name>", "of a graph: keep the run under this name, or go on with it")
    .option("--checkpoint <file>", "the SQLite file where it is kept, unless the graph says where")
    .option("--answer <json>", "answer a node that has stopped the run")
    .option("--node <name>", "which node, if several wait")
    .option("--allow-changed", "go on though the graph or its input has changed")
    .addOption(every());
  command("check", "compile a pipeline or a graph without starting it", check);
  command("draw", "draw a pipeline of any kind, or a graph of nodes", draw)
    .addOption(new Option("-f, --format <format>", "what to draw; else as FILE is named, or text").choices(FORMATS))
    .addOption(new Option("-d, --direction <direction>", "where the line goes").choices(["down", "right"]))
    .option("-o, --out <file>", "write to a file");
  program.command("top").description("watch a pipeline that runs in another program")
    .argument("[target]", "its process, name, file or module, or the address of its live page")
    .option("--once", "print one table")
    .option("--stream <name>", "show the newest frame of this stream, too")
    .addOption(every())
    .action(async (target: string | undefined, options: TopOptions) => finish(await top(target, options)));
  addRecordingCommands(program, finish);
  addLinearCommands(program, finish, {
    number: numberFrom(0, Number.MAX_SAFE_INTEGER),
    integer: integerUpTo(Number.MAX_SAFE_INTEGER),
  });
  return program;
}

function addRecordingCommands(program: Command, finish: (status: number) => void): void {
  const recording = program.command("recording").description("look at, end or convert a recording");
  recording.command("info").description("say what a recording holds").argument("<folder>")
    .action(async (folder: string) => finish(await recordingInfo(folder)));
  recording.command("repair").description("end the files of a recording that was cut off").argument("<folder>")
    .action(async (folder: string) => finish(await recordingRepair(folder)));
  recording.command("convert").description("write each stream to a file of another format").argument("<folder>")
    .addOption(new Option("--to <format>", "which format").choices(["csv", "wav"]).makeOptionMandatory())
    .option("--out <folder>", "where to write; else into the recording's folder")
    .addOption(new Option("--rate <hertz>", "samples a second of a WAV file").argParser(numberFrom(1, 2 ** 32 - 1)))
    .action(async (folder: string, options: ConvertCommandOptions) => finish(await recordingConvert(folder, options)));
}
