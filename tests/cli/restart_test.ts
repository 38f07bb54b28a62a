/** `run --restart`: the run in a program of its own. */

import { deepEqual, doesNotMatch, equal, match, ok } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { ownArguments } from "../../src/cli/program/own_command_line.ts";
import { PANEL_REMOVAL } from "../../src/cli/terminal/bottom_panel.ts";
import { temporaryFolder } from "../examples/_run.ts";
import { ringmill, Running, START, start } from "./_command.ts";
import { HAS_SCRIPT, startOnTerminal } from "./_terminal.ts";

const LINES = fileURLToPath(new URL("./_restarted.ts", import.meta.url));
const OWN = fileURLToPath(new URL("./_own_program.ts", import.meta.url));
const AT_ONCE = ["run", "-q", "--restart", "on-failure:2", LINES, "--export"];

/** Runs the line that fails so many times. */
async function runCounted(failures: number, ...args: string[]) {
  await using folder = await temporaryFolder();
  const file = `${folder.path}/runs`;
  await Deno.writeTextFile(file, "0");
  const [program, ...words] = START;
  const command = new Deno.Command(program, {
    args: [...words, ...args, "--export", "counted", LINES],
    env: { NO_COLOR: "1", RUNS_FILE: file, FAILURES: `${failures}` },
  });
  const { code, stdout, stderr } = await command.output();
  const text = new TextDecoder();
  return { code, runs: await Deno.readTextFile(file), output: text.decode(stdout), errors: text.decode(stderr) };
}

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(Deno.readTextFileSync(`/proc/${pid}/status`));
  } catch {
    return false;
  }
}

async function untilGone(pid: number): Promise<void> {
  while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** The processes that have said who they are. */
async function processes(command: Running, count: number): Promise<number[]> {
  await command.output.until(new RegExp(`(process \\d+\\n[^]*){${count}}`));
  return Array.from(command.output.text.matchAll(/process (\d+)\n/g), ([, pid]) => Number(pid));
}

/** Runs on a system that tells of processes. */
const onLinux = (name: string, fn: () => Promise<void>) => Deno.test({ name, fn, ignore: Deno.build.os !== "linux" });

Deno.test("run --restart on-failure runs the pipeline in other programs until one of them ends well", async () => {
  const { code, runs, output, errors } = await runCounted(2, "run", "-q", "--restart", "on-failure");
  equal(code, 0);
  equal(runs, "3");
  equal(new Set(output.match(/process \d+/g)).size, 3);
  match(
    errors,
    /error: Task "source" failed: it threw Error: run 1\n[^]*started again in 100 ms\n[^]*again in 200 ms\n$/,
  );
});

Deno.test("run --restart on-failure:LIMIT gives up after so many restarts in a row, with the status of the last run", async () => {
  const { code, runs, errors } = await runCounted(9, "run", "-q", "--restart", "on-failure:1");
  deepEqual([code, runs], [1, "2"]);
  match(errors, /\nerror: the run ended with status 1, after 1 restart in a row: it is not started again\n$/);
});

Deno.test("run --restart records each run in a folder of its own", async () => {
  await using folder = await temporaryFolder();
  const { code } = await runCounted(1, "run", "-q", "--restart", "on-failure", "--record", `${folder.path}/r`);
  equal(code, 0);
  const names = Array.from(Deno.readDirSync(folder.path), ({ name }) => name).sort();
  deepEqual(names, ["r", "r-restart-1"]);
});

Deno.test("run --restart starts nothing again that would fail again, and tells the same status", async () => {
  for (
    const [args, expected, status] of [
      [[...AT_ONCE, "loose"], /^error: Cannot compile pipeline "line": .* has no writer/, 1],
      [[...AT_ONCE, "nothing"], /^error: Cannot load .*: it does not have an export "nothing"/, 1],
      [[...AT_ONCE, "endless", "--from", "x"], /^error: Cannot run .*: --from is for linear pipelines\n$/, 2],
      [["run", "--restart", "always", LINES], /It must be on-failure, or on-failure:LIMIT/, 2],
      [["run", "--restart", "on-failure:0", LINES], /It must be on-failure, or on-failure:LIMIT/, 2],
    ] as const
  ) {
    const outcome = await ringmill(...args);
    match(outcome.errors, expected);
    doesNotMatch(outcome.errors, /started again/);
    equal(outcome.status, status);
    ok(outcome.output === "" || outcome.output === "tried\n", outcome.output);
  }
});

onLinux("run --restart starts a run again that was killed", async () => {
  await using command = start(...AT_ONCE, "endless");
  const [first] = await processes(command, 1);
  Deno.kill(first, "SIGKILL");
  const [, second] = await processes(command, 2);
  match(command.errors.text, /The run ended by SIGKILL; it is started again in 100 ms\n/);
  command.kill("SIGTERM");
  const { status, output } = await command.end();
  equal(status, 143);
  match(output, /unwound\n$/);
  equal(isAlive(second), false);
});

onLinux("run --restart leaves nothing running when it is killed", async () => {
  await using command = start(...AT_ONCE, "endless");
  const [child] = await processes(command, 1);
  command.kill("SIGKILL");
  await untilGone(child);
  match((await command.end()).output, /unwound\n$/);
  await using loading = start(...AT_ONCE, "endlessFactory");
  const [other] = await processes(loading, 1);
  loading.kill("SIGKILL");
  await untilGone(other);
});

onLinux("run --restart leaves a run alone that somebody has asked to end", async () => {
  await using command = start(...AT_ONCE, "endless");
  const [child] = await processes(command, 1);
  Deno.kill(child, "SIGTERM");
  deepEqual(await command.end(), { status: 143, output: `process ${child}\nunwound\n`, errors: "" });
});

onLinux("run --restart ends a run with a thread that hangs, and starts it again", async () => {
  // This program does not end itself, as the command does.
  const words = [...START.slice(0, -1), OWN, ...AT_ONCE.with(3, "on-failure:1"), "stalled"];
  await using command = new Running(words);
  const pids = await processes(command, 4);
  const { status, errors } = await command.end();
  equal(status, 1);
  match(errors, /Task "sink" failed: it got nothing done for 50 ms[^]*started again in 100 ms\n/);
  deepEqual(pids.filter(isAlive), []);
});

onLinux("run --restart kills at a second signal a run that hears none", async () => {
  await using command = start(...AT_ONCE, "stuck");
  const [child] = await processes(command, 1);
  command.kill("SIGTERM");
  // Its default has ended it already, or it hears nothing: both are over after the second one.
  await new Promise((resolve) => setTimeout(resolve, 100));
  if (isAlive(child)) command.kill("SIGTERM");
  equal((await command.end()).status, 143);
  equal(isAlive(child), false);
});

Deno.test({
  name: "run --restart on a terminal takes Ctrl-C, which all of its programs get, for one",
  ignore: !HAS_SCRIPT,
  fn: async () => {
    await using command = startOnTerminal(80, 24, "run", "--restart", "on-failure", LINES, "--export", "endless");
    await command.output.until(/process \d+/);
    await command.output.until(/TASK/);
    await command.type("\x03");
    const { output } = await command.end();
    match(output, /unwound\r\n[^]*mean of[^]*status 130\r\n$/);
    doesNotMatch(output, /error/);
  },
});

Deno.test({
  name: "run --restart leaves a whole terminal behind when a run with a table on it is killed",
  ignore: !HAS_SCRIPT,
  fn: async () => {
    await using command = startOnTerminal(80, 24, ...AT_ONCE.filter((word) => word !== "-q"), "endless");
    await command.output.until(/process \d+/);
    await command.output.until(/TASK/);
    Deno.kill(Number(/process (\d+)/.exec(command.output.text)![1]), "SIGKILL");
    await command.output.until(/started again/);
    // Scrolling of the whole screen, cleared below the cursor, with wrapping, before the next line.
    ok(command.output.text.includes(`${PANEL_REMOVAL}The run ended by SIGKILL; it is started again`));
    await command.output.until(/started again[^]*process \d+[^]*TASK/);
    await command.type("\x03");
    match((await command.end()).output, /status 130\r\n$/);
  },
});

Deno.test("The arguments of a program are those of the system, or its module's; of a binary, its own", () => {
  const program = { standalone: false, mainModule: "file:///main.ts", args: ["run", "a b"] };
  const words = ["deno", "run", "-A", "--unstable-worker-options", "main.ts", "run", "a b"];
  deepEqual(ownArguments(words, program), words.slice(1));
  deepEqual(ownArguments(null, program), ["run", "-A", "file:///main.ts", "run", "a b"]);
  for (const known of [["/bin/line", "run", "a b"], null]) {
    deepEqual(ownArguments(known, { ...program, standalone: true }), ["run", "a b"]);
  }
});
