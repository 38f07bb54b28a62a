/** Terminals that go away, are slow, or are closed pipes. */

import { fileURLToPath } from "node:url";
import { deepEqual, equal, ok } from "node:assert/strict";
import { temporaryFolder } from "../examples/_run.ts";
import { lacks } from "../_programs.ts";
import { START } from "./_command.ts";
import { HAS_PTY, Pty } from "./_pty.ts";

const JOB = fileURLToPath(new URL("./_job.ts", import.meta.url));
/** A terminal that other programs have made non-blocking, as ssh and node do. */
const NONBLOCKING = "python3 -c 'import fcntl; fcntl.fcntl(2, fcntl.F_SETFL, fcntl.fcntl(2, fcntl.F_GETFL) | 2048)'; ";
const HAS_PYTHON = !lacks("python3");
const HAS_SHELL = Deno.build.os !== "windows" && !lacks("sh");

const quoted = (words: readonly string[]) => words.map((word) => `'${word}'`).join(" ");

/** Runs a job whose standard error is a terminal, and tells the status, and whether it did its work. */
async function runJob(
  pty: Pty,
  during: (release: () => Promise<void>) => Promise<void>,
  prepare = "",
): Promise<[number, boolean]> {
  await using folder = await temporaryFolder();
  const file = `${folder.path}/go`;
  const run = quoted([...START, "run", "--interval", "20", JOB]);
  const child = new Deno.Command("sh", {
    args: ["-c", `exec 2>${pty.path}; ${prepare}exec ${run}`],
    env: { JOB_FILE: file, TERM: "xterm" },
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  await during(() => Deno.writeTextFile(file, ""));
  const { code } = await child.status;
  return [code, await Deno.stat(`${file}.done`).then(() => true, () => false)];
}

const test = (name: string, fn: () => Promise<void>, ignore = !HAS_PTY || !HAS_SHELL) =>
  Deno.test({ name, fn, ignore });

test("run goes on to its end when its terminal goes away in the middle", async () => {
  using pty = new Pty(24, 80);
  const outcome = await runJob(pty, async (release) => {
    await pty.until(/STREAM|work/);
    pty.close();
    await new Promise((resolve) => setTimeout(resolve, 200));
    await release();
  });
  deepEqual(outcome, [0, true]);
});

test("run goes on when its terminal is gone before the first table", async () => {
  using pty = new Pty(24, 80);
  const outcome = await runJob(pty, async (release) => {
    await new Promise((resolve) => setTimeout(resolve, 100));
    pty.close();
    await release();
  });
  deepEqual(outcome, [0, true]);
});

test("run ends although its terminal is not read any more", async () => {
  using pty = new Pty(60, 200);
  const outcome = await runJob(pty, async (release) => {
    await pty.until(/work/);
    await new Promise((resolve) => setTimeout(resolve, 500));
    await release();
  });
  deepEqual(outcome, [0, true]);
});

test("run goes on when its terminal is non-blocking and slow", async () => {
  using pty = new Pty(60, 200);
  const outcome = await runJob(pty, async (release) => {
    await pty.until(/work/);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await pty.until(/work/);
    await release();
    await pty.until(/mean of/);
  }, NONBLOCKING);
  deepEqual(outcome, [0, true]);
}, !HAS_PTY || !HAS_SHELL || !HAS_PYTHON);

/** Runs commands in a shell. */
async function shell(script: string): Promise<{ code: number; output: string; errors: string }> {
  const command = new Deno.Command("sh", { args: ["-c", script], env: { NO_COLOR: "1" } });
  const { code, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  return { code, output: decoder.decode(stdout), errors: decoder.decode(stderr) };
}

for (const args of [["--help"], ["draw", "examples/levels.toml"], ["check", "examples/levels.toml"]]) {
  test(`A closed output ends quietly: ${args.join(" ")}`, async () => {
    const { errors } = await shell(`{ ${quoted([...START, ...args])}; echo "status $?" >&2; } | true`);
    equal(errors, "status 0\n");
  }, !HAS_SHELL);
}

test("A closed standard error ends no run", async () => {
  const { code, output } = await shell(`${quoted([...START, "run", JOB])} 2>&-`);
  ok(code === 0, output);
}, !HAS_SHELL);
