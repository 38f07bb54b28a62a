import { deepEqual, equal, match, ok } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { lacks } from "../_programs.ts";
import { temporaryCache } from "./_helpers.ts";

const PROGRAM = fileURLToPath(new URL("_noisy.ts", import.meta.url));

async function run(command: string, args: string[], env: Record<string, string>) {
  const { code, stdout, stderr } = await new Deno.Command(command, { args, env }).output();
  const decoder = new TextDecoder();
  return { code, output: decoder.decode(stdout), errors: decoder.decode(stderr) };
}

const onPipe = (...args: string[]) => run(Deno.execPath(), ["run", "-A", PROGRAM, ...args], { NO_COLOR: "1" });

/** On a terminal, which `script` makes. It returns all that was shown. */
async function onTerminal(...args: string[]): Promise<string> {
  const command = [Deno.execPath(), "run", "-A", PROGRAM, ...args].map((word) => `'${word}'`).join(" ");
  const shell = `unset CI; TERM=xterm ${command}`;
  return (await run("script", ["--quiet", "--return", "--command", shell, "/dev/null"], {})).output;
}

/** A line without its figures, and what it tells on a busy machine only. */
function bare(line: string): string {
  return line.replace(/[\d.]+ (m|µ)s/g, "T").replace(", inputs taken in T", "").replace(/\d+ B/, "N B").trimEnd();
}

function linesOf(text: string): string[] {
  return text.trimEnd().split("\n").map(bare);
}

Deno.test("LinearPipeline.run() prints plain lines where there is no terminal", async () => {
  using cache = temporaryCache();
  const first = await onPipe(cache.path);
  equal(first.output, "at work\n");
  const lines = linesOf(first.errors);
  deepEqual(lines, [
    "[1/2] make  T, N B kept in T",
    "[2/2] work  T",
    'Pipeline "shown": 2 ran, N B kept, T',
  ]);
  const second = linesOf((await onPipe(cache.path)).errors);
  deepEqual(second, [
    "[1/2] make  from the cache",
    "[2/2] work  T",
    'Pipeline "shown": 1 ran, 1 from the cache, T',
  ]);
});

Deno.test("LinearPipeline.run() prints nothing if it is quiet", async () => {
  using cache = temporaryCache();
  deepEqual(await onPipe(cache.path, "quiet"), { code: 0, output: "at work\n", errors: "" });
});

Deno.test("LinearPipeline.run() shows a node that fails", async () => {
  using cache = temporaryCache();
  const { code, errors } = await onPipe(cache.path, "fail");
  equal(code, 1);
  deepEqual(linesOf(errors).slice(0, 2), [
    "[1/2] make  T, N B kept in T",
    "[2/2] work  failed",
  ]);
  match(
    errors,
    /LinearNodeError: Node "work" of pipeline "shown" failed: RangeError: no more than 1; its inputs were "made"/,
  );
  match(errors, /Caused by: RangeError: no more than 1/);
});

Deno.test("LinearPipeline.run() tells in a log which node is running when the program is killed", async () => {
  using cache = temporaryCache();
  const args = ["run", "-A", PROGRAM, cache.path, "hang"];
  const child = new Deno.Command(Deno.execPath(), { args, stdout: "null", stderr: "piped", env: { NO_COLOR: "1" } })
    .spawn();
  let shown = "";
  for await (const bytes of child.stderr) {
    shown += new TextDecoder().decode(bytes);
    if (shown.includes("work") && child.pid) child.kill("SIGKILL");
  }
  await child.status;
  deepEqual(linesOf(shown), [
    "[1/2] make  T, N B kept in T",
    "[2/2] work",
  ]);
});

const ignore = lacks("script");

Deno.test("LinearPipeline.run() shows the running node on a terminal, beside what nodes print, and cleans up", {
  ignore,
}, async () => {
  using cache = temporaryCache();
  const shown = await onTerminal(cache.path);
  // What was overwritten is what comes before the clearing of a line.
  const lines = shown.split("\r\n").map((line) => stripVTControlCharacters(line.split("\x1b[0K").at(-1)!).trimEnd());
  deepEqual(lines.slice(0, 4).map(bare), [
    "✔ make  T, N B kept in T",
    "at work",
    "✔ work  T",
    'Pipeline "shown": 2 ran, N B kept, T',
  ]);
  ok(stripVTControlCharacters(shown).includes("[2/2] work"));
  // The cursor is shown again after it was hidden the last time.
  ok(shown.lastIndexOf("\x1b[?25h") > shown.lastIndexOf("\x1b[?25l"));
  const failed = stripVTControlCharacters(await onTerminal(cache.path, "fail"));
  match(failed, /ℹ make {2}from the cache/);
  match(failed, /✖ work/);
});
