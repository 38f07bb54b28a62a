/** The command on a terminal: `script` makes one, and a terminal's emulator shows what a person would see. */

import xterm from "@xterm/headless";
import { lacks } from "../_programs.ts";
import { Running, START } from "./_command.ts";

/** Whether there is something that makes terminals. */
export const HAS_SCRIPT: boolean = Deno.build.os === "linux" && !lacks("script") && !lacks("sh");

/** Runs the command on a terminal of this size. It ends with the line `status <number>`. */
export function startOnTerminal(columns: number, rows: number, ...args: string[]): Running {
  const words = [...START, ...args].map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
  const commands = `trap : INT; stty cols ${columns} rows ${rows}; TERM=xterm ${words}; echo "status $?"`;
  return new Running(["script", "-qec", commands, "/dev/null"]);
}

/** The lines on such a terminal after all this was printed, with those that have scrolled out of it. */
export async function linesAfter(columns: number, rows: number, printed: string): Promise<string[]> {
  const terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true, scrollback: 10_000 });
  await new Promise<void>((resolve) => terminal.write(printed, resolve));
  const { active } = terminal.buffer;
  const lines = Array.from({ length: active.length }, (_, row) => active.getLine(row)!.translateToString(true));
  terminal.dispose();
  return lines;
}
