import { RingKernelRuntime } from "@ringmill/ringmill/actors";
import { deepEqual, equal, match } from "node:assert/strict";
import { join } from "node:path";
import { temporaryFolder } from "../examples/_run.ts";
import { PIPELINES, ringmill, type Running, start } from "./_command.ts";
import { endless } from "./_pipelines.ts";
import { HAS_SCRIPT, linesAfter, startOnTerminal } from "./_terminal.ts";

/** A test that sees no runs but its own. */
function test(name: string, fn: (folder: string) => Promise<void>, ignore = false): void {
  Deno.test({
    name,
    ignore,
    async fn() {
      await using folder = await temporaryFolder();
      const before = Deno.env.get("XDG_RUNTIME_DIR");
      Deno.env.set("XDG_RUNTIME_DIR", folder.path);
      try {
        await fn(folder.path);
      } finally {
        if (before === undefined) Deno.env.delete("XDG_RUNTIME_DIR");
        else Deno.env.set("XDG_RUNTIME_DIR", before);
      }
    },
  });
}

/** A run that has begun. */
async function startEndless(...args: string[]): Promise<Running> {
  const command = start("run", "--quiet", "--export", "endless", "--interval", "50", ...args, PIPELINES);
  await command.output.until(/number 3\n/);
  return command;
}

/** The files of all runs. */
async function recorded(folder: string): Promise<string[]> {
  const files = await Array.fromAsync(Deno.readDir(join(folder, `ringmill-${Deno.uid()}`)));
  return files.map(({ name }) => name).sort();
}

const TABLE =
  /^numbers {2}pid \d+ {2}[\d.]+ MB\nTASK [^\n]*\nsource [^\n]*\nsink [^\n]*\nSTREAM [^\n]*\nnumbers [^\n]*\n$/;

test("top finds the one that runs, or takes its process, name, module or address", async (folder) => {
  await using command = await startEndless("--dashboard");
  const [url] = (await readUntil(command, /^Dashboard: (http:.*)\n/)).slice(1);
  deepEqual(await recorded(folder), [`${command.pid}.json`, `${command.pid}.sock`]);
  for (const target of [[], [`${command.pid}`], ["numbers"], [PIPELINES], [url]]) {
    const { status, output, errors } = await ringmill("top", "--once", ...target);
    equal(errors, "");
    match(output, TABLE);
    match(output, new RegExp(` pid ${command.pid} `));
    equal(status, 0);
  }
});

async function readUntil(command: Running, pattern: RegExp): Promise<RegExpMatchArray> {
  await command.errors.until(pattern);
  return command.errors.text.match(pattern)!;
}

test("top watches to the end of the run, and tells what has failed", async () => {
  await using command = await startEndless();
  await using watching = start("top", "--every", "0.1");
  await watching.output.until(/(numbers {2}[\d.]+ m?s [^]*){2}/);
  command.kill("SIGINT");
  const { status, output, errors } = await watching.end();
  match(output, /numbers {2}mean of [^\n]*\nTASK [^\n]*\nsource .*✓ ended .*\nsink .*✓ ended /);
  equal(errors, "");
  equal(status, 0);

  await using bad = start("run", "--quiet", "--export", "failingLater", PIPELINES);
  await bad.output.until(/number 1\n/);
  const failed = await ringmill("top");
  match(failed.output, /sink .*✗ failed /);
  match(failed.errors, /^error: Task "sink" failed: it threw RangeError: later\nRangeError: later\n {4}at failLater /);
  equal(failed.status, 1);
});

test("top says when the program was killed, and leaves on Ctrl-C", async (folder) => {
  await using command = await startEndless();
  await using leaving = start("top", "--every", "0.1");
  await leaving.output.until(/numbers {2}[\d.]+ m?s /);
  leaving.kill("SIGINT");
  equal((await leaving.end()).status, 130);

  await using watching = start("top", "--every", "0.1");
  await watching.output.until(/numbers {2}[\d.]+ m?s /);
  command.kill("SIGKILL");
  const { status, errors } = await watching.end();
  equal(errors, 'error: Cannot watch "numbers" any longer: its program has ended, or has closed the dashboard\n');
  equal(status, 1);

  // What a killed program leaves behind is removed.
  await command.end();
  const { errors: none } = await ringmill("top");
  equal(none, "error: Cannot find a run: nothing runs\n");
  deepEqual(await recorded(folder), []);
});

test("top does not choose among several, and lists them", async (folder) => {
  await using one = await startEndless();
  await using other = await startEndless();
  const list = [one.pid, other.pid].sort((a, b) => a - b).map((pid) => `${pid} ("numbers")`).join(", ");
  const several = await ringmill("top");
  equal(several.errors, `error: Cannot choose a run: name one of ${list}\n`);
  equal(several.status, 2);
  const unknown = await ringmill("top", "letters");
  equal(unknown.errors, `error: Cannot find a run "letters": there are ${list}\n`);
  equal(unknown.status, 1);
  match((await ringmill("top", "--once", `${other.pid}`)).output, TABLE);
  // A run that is stopped, or ended at once, leaves no file.
  one.kill("SIGINT");
  await one.end();
  deepEqual(await recorded(folder), [`${other.pid}.json`, `${other.pid}.sock`]);
});

test("top says what is wrong with an address", async () => {
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => new Response("hello"));
  const url = `http://127.0.0.1:${server.addr.port}/`;
  const other = await ringmill("top", url);
  match(
    other.errors,
    /^error: Cannot watch http:[^\n]*: it is no dashboard, received status 200 of type "text\/plain[^\n]*\n$/,
  );
  equal(other.status, 1);
  await server.shutdown();
  const nobody = await ringmill("top", url);
  match(nobody.errors, /^error: Cannot watch http:[^\n]*refused[^\n]*\n$/);
  equal(nobody.status, 1);
});

test("top does not trust a folder that is not the user's", async (folder) => {
  await Deno.writeTextFile(join(folder, `ringmill-${Deno.uid()}`), "");
  const { status, errors } = await ringmill("top");
  match(errors, /^error: Cannot use [^\n]*: it is not a folder of this user's\n$/);
  equal(status, 1);
  const run = await ringmill("run", "--export", "ready", PIPELINES);
  match(run.errors, /^warning: "top" cannot find this run: [^\n]*\nnumbers {2}mean of/);
  equal(run.status, 0);
});

test("top watches any pipeline with a dashboard", async () => {
  await using pipe = endless();
  const { url } = await pipe.serveDashboard();
  match((await ringmill("top", "--once", url)).output, /\nsource .*○ start /);
});

test("run --dashboard says what is wrong with a port", async () => {
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => new Response("hello"));
  const { port } = server.addr;
  const used = await ringmill("run", "--dashboard", `${port}`, PIPELINES);
  match(used.errors, new RegExp(`^error: Cannot serve the dashboard of "numbers": port ${port} is in use`));
  equal(used.output, "");
  equal(used.status, 1);
  const wrong = await ringmill("run", "--dashboard=80a", PIPELINES);
  match(wrong.errors, /^error: .*argument '80a' is invalid\. It must be a number from 0 to 65535\.\n$/);
  equal(wrong.status, 2);
});

test("top shows a table that changes on a terminal", async () => {
  await using _command = await startEndless();
  await using watching = startOnTerminal(80, 20, "top");
  await watching.output.until(/ 700 ms |1\.?\d* s /);
  await watching.type("\x03");
  const { output } = await watching.end();
  const lines = await linesAfter(80, 20, output.slice(0, output.indexOf("^C")));
  match(
    lines.slice(-6).join("\n"),
    /^numbers {2}[^\n]*\nTASK [^\n]*\nsource [^\n]*\nsink [^\n]*\nSTREAM [^\n]*\nnumbers [^\n]*$/,
  );
  match(output, /status 130\r\n$/);
}, !HAS_SCRIPT);

test("top refuses the dashboard of what is no pipeline", async () => {
  await using runtime = new RingKernelRuntime();
  const { url } = await runtime.serveDashboard();
  const { status, errors } = await ringmill("top", "--once", url);
  equal(errors, `error: Cannot watch ${url}: it is no pipeline, received the dashboard of "actors"\n`);
  equal(status, 1);
});
