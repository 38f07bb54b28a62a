import { deepEqual, equal, match } from "node:assert/strict";
import config from "../../deno.json" with { type: "json" };
import { PIPELINES, ringmill } from "./_command.ts";

Deno.test("The command prints its version, and help for itself and each of its commands", async () => {
  deepEqual(await ringmill("--version"), { status: 0, output: `${config.version}\n`, errors: "" });
  const whole = await ringmill("--help");
  match(whole.output, /^Usage: ringmill .*\n[^]*run[^]*check[^]*draw[^]*top[^]*Exit status: 0 /);
  equal(whole.status, 0);
  for (const name of ["run", "check", "draw", "top"]) {
    const { status, output, errors } = await ringmill(name, "--help");
    match(output, new RegExp(`^Usage: ringmill ${name} `));
    equal(errors, "");
    equal(status, 0);
  }
});

Deno.test("The command without arguments prints its help as an error", async () => {
  const { status, output, errors } = await ringmill();
  match(errors, /^Usage: ringmill /);
  equal(output, "");
  equal(status, 2);
});

const WRONG: [string[], RegExp][] = [
  [["rnu", PIPELINES], /^error: unknown command 'rnu'\n\(Did you mean run\?\)\n$/],
  [["run"], /^error: missing required argument 'target'\n$/],
  [["run", PIPELINES, "--quite"], /^error: unknown option '--quite'\n\(Did you mean --quiet\?\)\n$/],
  [["run", PIPELINES, PIPELINES], /^error: too many arguments for 'run'/],
  [
    ["run", PIPELINES, "--interval", "9"],
    /^error: .*argument '9' is invalid\. It must be a number from 10 to 60000\.\n$/,
  ],
  [["run", PIPELINES, "--every", ""], /^error: .*argument '' is invalid\. It must be a number /],
  [
    ["draw", PIPELINES, "--format", "sgv"],
    /^error: .*argument 'sgv' is invalid\. Allowed choices are text, mermaid, svg\.\n$/,
  ],
  [
    ["check", "README.md"],
    /^error: Cannot load README\.md: expected a saved pipeline \(\.toml\) or a module \(\.ts, \.js\)\n$/,
  ],
  [["check", "examples/levels.toml", "--export", "a"], /^error: Cannot load .*: --export is for modules\n$/],
  [["check", PIPELINES, "--allow-module", "a"], /^error: Cannot load .*: --allow-module is for saved pipelines\n$/],
  [
    ["check", PIPELINES, "--export", ""],
    /^error: Cannot take --export: expected a text that is not empty, received ""\n$/,
  ],
  [["check", PIPELINES, "--permissions", "none"], /^error: Cannot load .*: --permissions is for saved pipelines\n$/],
  [
    ["check", "examples/levels.toml", "--permissions", "raed"],
    /^error: Cannot cap the permissions of tasks: .*received raed; did you mean "read"\?\n$/,
  ],
  [
    ["check", "examples/levels.toml", "--permissions", "read="],
    /^error: Cannot cap the permissions of tasks: .*received read=\n$/,
  ],
  [
    ["check", "examples/levels.toml", "--permissions", "nne"],
    /^error: Cannot cap the permissions of tasks: .*received nne; did you mean "none"\?\n$/,
  ],
  [
    ["check", "examples/levels.toml", "--permissions", "read", "--permissions", "wirte=/tmp"],
    /^error: Cannot cap the permissions of tasks: .*received wirte=\/tmp; did you mean "write"\?\n$/,
  ],
  [["check", "http://"], /^error: Cannot load http:\/\/: it is no URL\n$/],
];

for (const [args, message] of WRONG) {
  const shown = args.join(" ").replace(PIPELINES, "MODULE").replace(PIPELINES, "MODULE");
  Deno.test(`The command exits with 2 and says what is wrong with: ${shown}`, async () => {
    const { status, output, errors } = await ringmill(...args);
    match(errors, message);
    equal(output, "");
    equal(status, 2);
  });
}

const NOT_THERE: [string[], RegExp][] = [
  [["check", "nothing/here.ts"], /^error: Cannot load nothing\/here\.ts: there is no such file\n$/],
  [["check", "examples/leves.toml"], /^error: Cannot load .*: there is no such file; did you mean "levels\.toml"\?\n$/],
  [["check", "examples"], /^error: Cannot load examples: it is no file\n$/],
  [
    ["check", "examples/line.ts"],
    /: it does not have a default export; name another one with --export; it exports scale, sink, source\n$/,
  ],
  [
    ["check", PIPELINES, "--export", "redy"],
    /: it does not have an export "redy"; did you mean "ready"\?; it exports count, /,
  ],
  [["check", PIPELINES, "--export", "number"], /: export "number" is no pipeline or graph, received 7\n$/],
  [["check", PIPELINES, "--export", "count"], /: export "count" failed\nTypeError: [^]*_pipelines\.ts:\d+:\d+/],
  [
    ["check", "examples/shared/hann.ts", "--export", "hannWindow"],
    /is a function that does not return a pipeline or graph, received /,
  ],
  [["check", PIPELINES, "--export", "loose"], /^error: Cannot compile pipeline "loose": .*"numbers"/],
  [["check", "data:text/javascript,throw new Error('early')"], /: it failed\nError: early\n/],
  [["draw", PIPELINES, "--out", "nothing/here.svg"], /^error: Cannot write nothing\/here\.svg: No such file /],
];

for (const [args, message] of NOT_THERE) {
  const shown = args.join(" ").replace(PIPELINES, "MODULE");
  Deno.test(`The command exits with 1 and says what is wrong with: ${shown}`, async () => {
    const { status, output, errors } = await ringmill(...args);
    match(errors, message);
    equal(output, "");
    equal(status, 1);
  });
}
