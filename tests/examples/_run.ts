/** Runs an example as a person would. */

import { equal } from "node:assert/strict";
import { fileURLToPath } from "node:url";

/** What a program has left behind. */
export interface Outcome {
  readonly status: number;
  readonly output: string;
  readonly errors: string;
}

const EXAMPLES = new URL("../../examples/", import.meta.url);

/** Runs `examples/<name>` with all permissions and without colours. */
export function runExample(name: string, ...args: string[]): Promise<Outcome> {
  return runProgram(new URL(name, EXAMPLES), ...args);
}

/** The same of any program. */
export async function runProgram(program: URL, ...args: string[]): Promise<Outcome> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", fileURLToPath(program), ...args],
    env: { NO_COLOR: "1" },
  });
  const { code, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  return { status: code, output: decoder.decode(stdout), errors: decoder.decode(stderr) };
}

/** Runs an example that must succeed, and returns the lines that it printed. */
export async function linesOf(name: string): Promise<string[]> {
  const { status, output, errors } = await runExample(name);
  equal(errors, "");
  equal(status, 0);
  return output.trimEnd().split("\n");
}

/** A folder that is removed with all that is in it. */
export async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await Deno.makeTempDir();
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}
