/** Deno, as tests start it on the checkout. */

import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the checkout. */
export const ROOT: string = fileURLToPath(new URL("../", import.meta.url));
/** The configuration, in which the package's own names are known. */
export const CONFIG: string = join(ROOT, "deno.json");

/** How a program has ended, and what it has printed. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** How {@link runDeno} runs it. */
export interface RunDenoOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** After so long it is killed: the test fails then. 60 s by default. */
  readonly timeoutMs?: number;
}

/** Runs Deno without colours. It is killed if it does not end by itself. */
export async function runDeno(args: readonly string[], options: RunDenoOptions = {}): Promise<Ran> {
  const { cwd, env, timeoutMs = 60_000 } = options;
  const process = new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd,
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const watchdog = setTimeout(() => process.kill("SIGKILL"), timeoutMs);
  const { code, stdout, stderr } = await process.output();
  clearTimeout(watchdog);
  const text = new TextDecoder();
  return { code, out: text.decode(stdout), err: text.decode(stderr) };
}
