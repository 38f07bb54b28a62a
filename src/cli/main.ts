/**
 * The command line: runs, checks and draws pipelines.
 *
 * ```sh
 * deno run -A jsr:@ringmill/ringmill/cli --help
 * ```
 *
 * @module
 */

import "../supported_runtime.ts";
import { forgiveConsole } from "../notices.ts";
import { endOnUncaught, endProgram, untilDone } from "./program/ending.ts";
import { explain, statusOf } from "./program/exit_status.ts";
import { restartedChild } from "./program/restarted_child.ts";
import { parseCommand } from "./program/program.ts";
import { drainOutputs, STDERR } from "../terminal.ts";

/**
 * Does what the arguments say, as if they stood on the command line: prints to the standard output and error, and listens
 * for Ctrl-C while a pipeline runs.
 *
 * @returns The status to exit with: 0 if all went well, 1 if something failed, 2 if the arguments are wrong, 130 after
 * Ctrl-C. A task that has ignored the stop keeps the program alive until `Deno.exit()`.
 *
 * @example A program of one's own that has the commands
 * ```ts
 * import { runCommand } from "@ringmill/ringmill/cli";
 * import { equal } from "node:assert/strict";
 *
 * equal(await runCommand(["--version"]), 0);
 * equal(await runCommand(["rnu"]), 2); // error: unknown command 'rnu' (Did you mean run?)
 * ```
 */
export async function runCommand(args: readonly string[]): Promise<number> {
  try {
    return await parseCommand(args);
  } catch (error) {
    STDERR.print(explain(error));
    return restartedChild()?.statusOf(statusOf(error)) ?? statusOf(error);
  } finally {
    await drainOutputs();
  }
}

// Not awaited: Deno would report a module of somebody else's that never finishes as a fault of this one.
if (import.meta.main) {
  untilDone(`finish ${JSON.stringify(Deno.args.join(" "))}`);
  endOnUncaught();
  forgiveConsole();
  runCommand(Deno.args).then(endProgram);
}
