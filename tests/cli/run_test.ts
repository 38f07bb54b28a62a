import { deepEqual, doesNotMatch, equal, match } from "node:assert/strict";
import { join } from "node:path";
import { Pipeline } from "@ringmill/ringmill";
import { temporaryFolder } from "../examples/_run.ts";
import { PIPELINES, ringmill, START, start } from "./_command.ts";
import makePipeline from "./_pipelines.ts";

Deno.test("run leaves the standard output to the tasks, and prints a table of means on the standard error", async () => {
  const { status, output, errors } = await ringmill("run", PIPELINES);
  equal(output, "the sum is 5050\n");
  match(
    errors,
    /^numbers {2}mean of [\d.]+ m?s {2}pid \d+ {2}[\d.]+ MB\nTASK +THREAD +STATE .*\nsource .* ✓ ended .*\n/,
  );
  match(errors, /\nsink .* ✓ ended .*\nSTREAM +FULL .*\nnumbers +[▰▱]{10} +\d+ +100 /);
  equal(status, 0);
});

for (const name of ["ready", "later"]) {
  Deno.test(`run takes an export that is a pipeline, or a function that promises one: ${name}`, async () => {
    deepEqual(await ringmill("run", "--quiet", "--export", name, PIPELINES), {
      status: 0,
      output: "the sum is 5050\n",
      errors: "",
    });
  });
}

Deno.test("run runs a saved pipeline, whose modules elsewhere have to be allowed", async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "a file #1 %41.toml");
  await makePipeline().save(file);
  const refused = await ringmill("run", file);
  equal(refused.status, 1);
  match(refused.errors, /^error: Cannot reconstruct .*:\d+: field "function_module" of task "source" .*allowModules/);
  const { status, output } = await ringmill("run", "-q", "--allow-module", PIPELINES, file);
  equal(output, "the sum is 5050\n");
  equal(status, 0);
});

Deno.test("run prints tables now and then where there is no terminal", async () => {
  await using command = start("run", "--export", "endless", "--interval", "20", "--every", "0.1", PIPELINES);
  await command.errors.until(/(numbers {2}[\d.]+ m?s {2}pid[^]*){3}/);
  command.kill("SIGINT");
  equal((await command.end()).status, 130);
});

Deno.test("run tells which task failed and where, and exits with 1", async () => {
  const { status, output, errors } = await ringmill("run", "--export", "failing", PIPELINES);
  equal(output, "");
  match(errors, /\nsink .* ✗ failed /);
  match(errors, /\nerror: Task "sink" failed: it threw RangeError: seven\nIn task "sink": RangeError: seven\n/);
  match(errors, /at fail \(file:.*_pipelines\.ts:\d+:\d+\)/);
  equal(status, 1);
});

for (const [signal, expected] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
  Deno.test(`run stops cleanly on ${signal}, and exits with ${expected}`, async () => {
    await using command = start("run", "--export", "endless", PIPELINES);
    await command.output.until(/number 2\n/);
    command.kill(signal);
    const { status, output, errors } = await command.end();
    match(output, /number 2\n[^]*unwound\n$/);
    match(errors, /^Stopping; Ctrl-C again ends the program at once\nnumbers {2}mean of /);
    equal(status, expected);
  });
}

Deno.test("run names a task that ignores the stop, and ends all the same", async () => {
  await using command = start("run", "--export", "deaf", PIPELINES);
  await command.output.until(/number 1\n/);
  command.kill("SIGINT");
  const { status, errors } = await command.end();
  match(errors, /error: Task "sink" failed: it ignored the stop for 300 ms\n$/);
  equal(status, 1);
});

Deno.test("run ends at once on a second Ctrl-C", async () => {
  await using command = start("run", "--export", "deafForLong", PIPELINES);
  await command.output.until(/number 1\n/);
  command.kill("SIGINT");
  await command.errors.until(/Stopping/);
  command.kill("SIGINT");
  const { status, errors } = await command.end();
  doesNotMatch(errors, /error/);
  equal(status, 130);
});

Deno.test("run --quiet says nothing of a stop", async () => {
  await using command = start("run", "--quiet", "--export", "endless", PIPELINES);
  await command.output.until(/number 1\n/);
  command.kill("SIGINT");
  const { status, errors } = await command.end();
  equal(errors, "");
  equal(status, 130);
});

Deno.test("run explains what is wrong with a broken file, by line, and exits with 1", async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "broken.toml");
  const broken: Record<string, RegExp> = {
    "": /: the file lacks the field "format_version"\n$/,
    "format_version = 1\nname = radar": /broken\.toml:2: /,
    'format_version = 1\nname = "radar"\n[[streams]]\nnmae = "a"': /broken\.toml:4: .*; did you mean "name"\?\n$/,
    'format_version = 1\nname = "radar"\n[[streams]]\nname = "a"\nshape = [1]\ndtype = "int32"':
      /^error: Cannot compile .*"a" has no writer/,
  };
  for (const [text, expected] of Object.entries(broken)) {
    await Deno.writeTextFile(file, text);
    const { status, output, errors } = await ringmill("run", file);
    match(errors, expected);
    match(errors, /^error: [^\n]*\n(?! {4}at )/);
    equal(output, "");
    equal(status, 1);
  }
});

Deno.test("The command line is not loaded by the library", async () => {
  const info = new Deno.Command(Deno.execPath(), { args: ["info", "--json", "mod.ts"] });
  const { stdout } = await info.output();
  const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as { modules: { specifier: string }[] };
  deepEqual(modules.filter(({ specifier }) => /src\/cli|commander/.test(specifier)), []);
  equal(typeof Pipeline, "function");
});

Deno.test("run --permissions caps what the tasks of a saved pipeline may do", async () => {
  await using folder = await temporaryFolder();
  await Deno.writeTextFile(
    `${folder.path}/x.ts`,
    'export function read() { console.log("read", Deno.readTextFileSync("/etc/hostname").length > 0); }',
  );
  const task =
    '[[tasks]]\nname = "t"\ncontrol_mode = "plain"\nfunction_module = "./x.ts"\nfunction_qualname = "read"\n';
  await Deno.writeTextFile(`${folder.path}/p.toml`, `format_version = 1\nname = "p"\n${task}`);
  const [program, run, ...rest] = START;
  const outcomeOf = async (...args: string[]) => {
    const words = [run, "--unstable-worker-options", ...rest, "run", "-q", ...args, `${folder.path}/p.toml`];
    const { code, stdout, stderr } = await new Deno.Command(program, { args: words, env: { NO_COLOR: "1" } }).output();
    return { code, output: new TextDecoder().decode(stdout), errors: new TextDecoder().decode(stderr) };
  };
  deepEqual(await outcomeOf(), { code: 0, output: "read true\n", errors: "" });
  deepEqual(await outcomeOf("--permissions", "read=/etc"), { code: 0, output: "read true\n", errors: "" });
  for (const cap of [["--permissions", "none"], ["--permissions", "read=/tmp", "--permissions", "net"]]) {
    const { code, output, errors } = await outcomeOf(...cap);
    match(errors, /^error: Task "t" failed: it threw NotCapable: Requires read access to/);
    deepEqual([code, output], [1, ""]);
  }
});
