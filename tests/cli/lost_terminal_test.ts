/** Terminals that go away, are slow, or are closed pipes. */

import { fileURLToPath } from "node:url";
import { deepEqual, equal, ok } from "node:assert/strict";
import { temporaryFolder } from "../examples/_run.ts";
import { lacks } from "../_programs.ts";
import { START } from "./_command.ts";
import { HAS_PTY, Pty } from "./_pty.ts";

const LINEAR = import.meta.resolve("@ringmill/ringmill/linear");
const JOB = fileURLToPath(new URL("./_job.ts", import.meta.url));
/** A terminal that other programs have made non-blocking, as ssh and node do. */
const NONBLOCKING = "python3 -c 'import fcntl; fcntl.fcntl(2, fcntl.F_SETFL, fcntl.fcntl(2, fcntl.F_GETFL) | 2048)'; ";
const HAS_PYTHON = !lacks("python3");
const HAS_SHELL = Deno.build.os !== "windows" && !lacks("sh");

const quoted = (words: readonly string[]) => words.map((word) => `'${word}'`).join(" ");

/** Looks at tasks more often than it does by itself. */
const OFTEN: readonly string[] = ["--interval", "20"];

/** Runs a job whose standard error is a terminal, and tells the status, and whether it did its work. */
async function runJob(
  pty: Pty,
  during: (release: () => Promise<void>) => Promise<void>,
  { prepare = "", args = OFTEN } = {},
): Promise<[number, boolean]> {
  await using folder = await temporaryFolder();
  const file = `${folder.path}/go`;
  const run = quoted([...START, "run", JOB, ...args]);
  const child = new Deno.Command("sh", {
    args: ["-c", `exec 2>${pty.path}; unset CI; ${prepare}exec ${run}`],
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

for (const [what, args] of Object.entries({ "a pipeline": OFTEN, "a linear pipeline": ["--export", "linear"] })) {
  test(`run of ${what} that prints goes on to its end when its terminal goes away in the middle`, async () => {
    using pty = new Pty(24, 80);
    const outcome = await runJob(pty, async (release) => {
      await pty.until(/at work/);
      pty.close();
      await new Promise((resolve) => setTimeout(resolve, 200));
      await release();
    }, { args });
    deepEqual(outcome, [0, true]);
  });
}

test("run goes on when its terminal is gone before the first table", async () => {
  using pty = new Pty(24, 80);
  const outcome = await runJob(pty, async (release) => {
    await new Promise((resolve) => setTimeout(resolve, 100));
    pty.close();
    await release();
  });
  deepEqual(outcome, [0, true]);
});

const SILENT = { "a pipeline": [...OFTEN, "--export", "silentJob"], "a linear pipeline": ["--export", "silent"] };
for (const [what, args] of Object.entries(SILENT)) {
  test(`run of ${what} ends although its terminal is not read any more`, async () => {
    using pty = new Pty(60, 200);
    const outcome = await runJob(pty, async (release) => {
      await pty.until(/work/);
      // By then the tables have filled it.
      await new Promise((resolve) => setTimeout(resolve, 3000));
      await release();
    }, { args });
    deepEqual(outcome, [0, true]);
  });
}

test("run goes on when its terminal is non-blocking and slow", async () => {
  using pty = new Pty(60, 200);
  const outcome = await runJob(pty, async (release) => {
    await pty.until(/work/);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await pty.until(/work/);
    await release();
    await pty.until(/mean of/);
  }, { prepare: NONBLOCKING });
  deepEqual(outcome, [0, true]);
}, !HAS_PTY || !HAS_SHELL || !HAS_PYTHON);

/** Runs commands in a shell. */
async function shell(script: string): Promise<{ code: number; output: string; errors: string }> {
  const command = new Deno.Command("sh", { args: ["-c", script], env: { NO_COLOR: "1" } });
  const { code, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  return { code, output: decoder.decode(stdout), errors: decoder.decode(stderr) };
}

const FILE = "examples/levels.toml";

for (const args of [["--help"], ["draw", FILE], ["check", FILE], ["run", "-q", JOB], ["recording", "--help"]]) {
  test(`A closed output ends quietly: ${args.join(" ").replace(JOB, "JOB")}`, async () => {
    const { errors } = await shell(`{ ${quoted([...START, ...args])}; echo "status $?" >&2; } | true`);
    equal(errors, "status 0\n");
  }, !HAS_SHELL);
}

test("A closed output ends quietly: commands about linear pipelines, and their runs", async () => {
  await using folder = await temporaryFolder();
  const file = `${folder.path}/l.ts`;
  const source = await Deno.readTextFile(new URL("_night.ts", import.meta.url));
  await Deno.writeTextFile(file, source.replace('"@ringmill/ringmill/linear"', JSON.stringify(LINEAR)));
  for (const args of [["run", "-q"], ["linear", "explain"], ["linear", "show"], ["linear", "history"], ["draw"]]) {
    const { errors } = await shell(`{ ${quoted([...START, ...args, file])}; echo "status $?" >&2; } | true`);
    equal(errors, "status 0\n", args.join(" "));
  }
}, !HAS_SHELL);

test("A full disk behind the standard error stops neither tasks nor nodes that print", async () => {
  await using folder = await temporaryFolder();
  for (const args of [[], ["--export", "linear"]]) {
    const file = `${folder.path}/go${args.length}`;
    const run = quoted([...START, "run", JOB, ...args]);
    const { code } = await shell(`JOB_FILE=${file} ${run} 2>/dev/full & sleep 1; touch ${file}; wait $!`);
    deepEqual([code, await Deno.stat(`${file}.done`).then(() => true, () => false)], [0, true]);
  }
}, !HAS_SHELL || Deno.build.os !== "linux");

test("A closed standard error ends no run", async () => {
  const { code, output } = await shell(`${quoted([...START, "run", JOB])} 2>&-`);
  ok(code === 0, output);
}, !HAS_SHELL);
