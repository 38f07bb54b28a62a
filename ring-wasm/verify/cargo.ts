/** Calls of cargo, for the crate here or for a copy of it. */

const INSTALL = "see ring-wasm/README.md for what to install";
/** No mutant takes longer to be caught than this: it hangs, which is noticed as well. */
const TIMEOUT_MS = 60_000;

/** How a command ended. */
export interface Ending {
  readonly success: boolean;
  /** What it printed. */
  readonly text: string;
}

/** Runs a command to its end. */
export async function run(command: string, args: string[], options: Deno.CommandOptions = {}): Promise<Ending> {
  try {
    const { success, stdout, stderr } = await new Deno.Command(command, { ...options, args, stdin: "null" }).output();
    const decoder = new TextDecoder();
    return { success, text: decoder.decode(stdout) + decoder.decode(stderr) };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Error(`Cannot verify the ring core: there is no ${command}, ${INSTALL}`);
  }
}

/** Builds the tests of a crate and returns their programs, by the names of the tests. */
export async function buildTests(crate: string, target: string): Promise<ReadonlyMap<string, string>> {
  const args = ["test", "--no-run", "--locked", "--target-dir", target, "--message-format", "json-render-diagnostics"];
  const { success, text } = await run("cargo", args, { cwd: crate });
  if (!success) throw new Error(`Cannot build the tests of ${crate}: ${text}`);
  const messages = text.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
  return new Map(
    messages.filter(({ executable }) => executable).map(({ target, executable }) => [target.name, executable]),
  );
}

/** Runs the tests of a program whose names have one of `parts` in them, or all. */
export async function runTests(program: string, env: Record<string, string>, parts: readonly string[] = []) {
  return await run(program, [...parts, "--nocapture"], { env: { RUST_BACKTRACE: "0", ...env } });
}

/** Runs one test of a program. Ends without success, too, if that takes too long. */
export async function runTest(program: string, env: Record<string, string>, name: string): Promise<Ending> {
  const args = ["--exact", name, "--nocapture"];
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  return await run(program, args, { env: { RUST_BACKTRACE: "0", ...env }, signal });
}

/** Fails unless Miri is there. */
export async function requireMiri(): Promise<void> {
  const { success } = await run("cargo", ["+nightly", "miri", "--version"]);
  if (!success) throw new Error(`Cannot verify the ring core: there is no Miri, ${INSTALL}`);
}

/** Runs tests under threads by Miri, with `seeds` different schedules. */
export async function runMiri(
  crate: string,
  target: string,
  seeds: number,
  args: string[],
  env: Record<string, string> = {},
): Promise<Ending> {
  const flags = [`-Zmiri-many-seeds=0..${seeds}`, ...Object.keys(env).map((name) => `-Zmiri-env-forward=${name}`)];
  const all = ["+nightly", "miri", "test", "--locked", "--test", "threads", "--target-dir", target, "--", ...args];
  return await run("cargo", all, { cwd: crate, env: { ...env, MIRIFLAGS: flags.join(" ") } });
}
