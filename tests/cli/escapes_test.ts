/** Names and errors of others on the terminal: nothing of them may be obeyed by it, or be hidden. */

import { equal, match } from "node:assert/strict";
import { temporaryFolder } from "../examples/_run.ts";
import { ringmill, start } from "./_command.ts";

/** Everything that a terminal may obey, or that changes what a reader sees, but line feeds and tabs. */
// deno-lint-ignore no-control-regex
const HARMFUL = /[\x00-\x08\x0b-\x1f\x7f-\x9f]|[\p{Cf}\u2028\u2029]/u;

const ESC = String.raw`\u001b`;
const EVIL = String.raw`${ESC}]52;c;ZXZpbA==\u0007${ESC}[2J\u009b31m\u202e\u061c\u00ad\u200b`;
const MODULE = `const evil = "\\x1b]0;PWNED\\x07\\x9b2J\\u202e";
export function good() {}
export function bad() { throw Object.assign(new RangeError(evil, { cause: evil }), { [evil]: evil }); }
export function text() { throw evil; }
export const thrown = { get message() { throw 1; }, [Symbol.for("Deno.customInspect")]() { throw evil; } };
export default () => { throw thrown; };
export const number = evil;
`;

const HEAD = "format_version = 1\n";
const task = (name: string, fn: string) =>
  `[[tasks]]\nname = "${name}"\ncontrol_mode = "plain"\nfunction_module = "./t.ts"\nfunction_qualname = "${fn}"\n`;
const stream = (name: string, more = "") => `[[streams]]\nname = "${name}"\nshape = [1]\ndtype = "int8"\n${more}`;

const CASES: readonly (readonly [what: string, command: string, text: string, ...args: string[]])[] = [
  ["a stream's name", "check", `name = "p"\n${stream(`s${EVIL}`)}`],
  ["the pipeline's name", "check", `name = "p${EVIL}"\n${task("t", "good")}`],
  ["an unknown field", "check", `name = "p"\n${stream("s", `"${EVIL}" = 1\n`)}`],
  ["a field's value", "check", `name = "p"\n${stream("s", `wait = "${EVIL}"\n`)}`],
  ["a task's name and its error", "run", `name = "p"\n${task(`t${EVIL}`, "bad")}`],
  ["a text that is thrown", "run", `name = "p"\n${task("t", "text")}`, "-q"],
  [
    "a warning",
    "check",
    `name = "p${EVIL}"\n[[events]]\nname = "e${EVIL}"\n${
      task("t", "good").replace("plain", "switchable")
    }control_event = "go"\nevents = { go = "e${EVIL}" }\n`,
  ],
  ["no TOML", "check", `name = "p"\n\u001b[2J\u009b = 1`],
];

Deno.test("The command line makes names, values and errors of a file harmless", async (t) => {
  await using folder = await temporaryFolder();
  await Deno.writeTextFile(`${folder.path}/t.ts`, MODULE);
  for (const [what, command, text, ...args] of CASES) {
    await t.step(what, async () => {
      const file = `${folder.path}/p.toml`;
      await Deno.writeTextFile(file, HEAD + text);
      const { output, errors } = await ringmill(command, file, ...args);
      equal(HARMFUL.exec(output + errors), null, output + errors);
      match(output + errors, what === "a warning" ? /is never signalled/ : /./);
    });
  }
  await t.step("names of targets and exports, and what a module throws", async () => {
    const name = "\x1b]0;x\x07\u202e";
    const targets = [["check", `${name}.ts`], ["run", `${folder.path}/t.ts`], ["top", name], [name], ["draw", name]];
    for (const args of [...targets, ["check", `${folder.path}/t.ts`, "--export", name], [`--${name}`]]) {
      const { status, output, errors } = await ringmill(...args);
      equal(HARMFUL.exec(output + errors), null, output + errors);
      match(errors, /^error: /);
      equal(status === 0, false);
    }
  });
});

const LINEAR = `import { LinearNode, LinearPipeline } from ${
  JSON.stringify(import.meta.resolve("@ringmill/ringmill/linear"))
};
const evil = "\\x1b]0;PWNED\\x07\\x9b2J\\u202e";
const fail = () => { if (Deno.env.get("FAILS")) throw new Error(evil); return evil; };
const nodes = [
  new LinearNode({ name: "a" + evil, fn: () => evil, outputs: ["x" + evil] }),
  new LinearNode({ name: "b" + evil, fn: () => () => 1, inputs: ["x" + evil], outputs: ["y" + evil] }),
  new LinearNode({ name: "c" + evil, fn: fail, inputs: ["y" + evil], outputs: ["z" + evil] }),
];
export default new LinearPipeline({ name: "p" + evil, module: import.meta, nodes, usePersistentCache: true });
`;

Deno.test("The command line makes names, values and errors of linear pipelines harmless", async () => {
  await using folder = await temporaryFolder();
  const file = `${folder.path}/l.ts`;
  const evil = "\x1b]0;PWNED\x07\x9b2J\u202e";
  await Deno.writeTextFile(file, LINEAR);
  const commands = [["run"], ["linear", "explain"], ["linear", "history"], ["linear", "show"], ["draw"]];
  for (const args of [...commands, ["run", "--set", evil], ["run", "--from", evil]]) {
    const { output, errors } = await ringmill(...args, file);
    equal(HARMFUL.exec(output + errors), null, output + errors);
    match(output + errors, /␛\]0;PWNED␇/);
  }
  const { output } = await ringmill("linear", "show", file, `x${evil}`);
  equal(output, "␛]0;PWNED␇\ufffd2J\ufffd\n");
});

Deno.test("Errors of a module that nobody catches are made harmless, and end the program with status 1", async () => {
  await using folder = await temporaryFolder();
  const file = `${folder.path}/m.ts`;
  const evil = '"\\x1b]0;PWNED\\x07\\u202e"';
  const wait = "await new Promise((resolve) => setTimeout(resolve, 5000)); export default 1;";
  for (const text of [`Promise.reject(new Error(${evil}))`, `setTimeout(() => { throw ${evil}; })`]) {
    await Deno.writeTextFile(file, `${text}; ${wait}`);
    const { status, errors } = await ringmill("check", file);
    match(errors, /^error: Uncaught .*(␛|\\x1b)\]0;PWNED(␇|\\x07)\ufffd/);
    equal(HARMFUL.exec(errors), null, errors);
    equal(status, 1);
  }
  const heard = 'addEventListener("unhandledrejection", (event) => event.preventDefault());';
  await Deno.writeTextFile(file, `${heard} Promise.reject(1); export default 1;`);
  match((await ringmill("check", file)).errors, /export "default" is no pipeline/, "the module hears them itself");
});

Deno.test("A module that ends the program while a pipeline runs is told so with a status of 1", async () => {
  await using folder = await temporaryFolder();
  const file = `${folder.path}/m.ts`;
  const text = LINEAR.replace("const fail = () => {", "const fail = async () => { Deno.exit(0);").replaceAll(
    " + evil",
    "",
  );
  await Deno.writeTextFile(file, text);
  const exit = await ringmill("run", file);
  match(exit.errors, /error: Cannot finish "run .*m\.ts": it has ended the program\n$/);
  equal(exit.status, 1);
  await Deno.writeTextFile(file, text.replace("Deno.exit(0)", "await new Promise(() => {})"));
  const never = await ringmill("run", file);
  match(never.errors, /error: Cannot finish "run .*m\.ts": it waits for what never happens\n$/);
  equal(never.status, 1);
});

Deno.test("A module that ends the program while it is loaded is told so with a status of 1", async () => {
  await using folder = await temporaryFolder();
  const texts: readonly [text: string, reason: RegExp][] = [
    ["Deno.exit(0);", /^error: Cannot load .*: it has ended the program\n$/],
    ['import process from "node:process"; process.exit(0);', /it has ended the program\n$/],
    ["setTimeout(() => Deno.exit(0)); await new Promise(() => {});", /it has ended the program\n$/],
    ["export default () => Deno.exit(0);", /it has ended the program\n$/],
  ];
  for (const [text, reason] of texts) {
    await Deno.writeTextFile(`${folder.path}/m.ts`, text);
    const { status, errors } = await ringmill("check", `${folder.path}/m.ts`);
    match(errors, reason);
    equal(status, 1);
  }
});

Deno.test("A module that never finishes, or keeps the thread busy, is told so", async () => {
  await using folder = await temporaryFolder();
  const outcomeOf = async (name: string, text: string) => {
    await Deno.writeTextFile(`${folder.path}/${name}.ts`, text);
    return await ringmill("check", `${folder.path}/${name}.ts`);
  };
  const busy = async () => {
    await Deno.writeTextFile(`${folder.path}/busy.ts`, "export default () => { for (;;); };");
    await using command = start("check", `${folder.path}/busy.ts`);
    await command.errors.until(/^Still loading ".*busy\.ts" after 5 s; Ctrl-C ends that\n/);
    command.kill("SIGINT");
    equal((await command.end()).status, 130);
  };
  /** The module of a task is loaded in a thread of its own. */
  const ofTask = async (command: string) => {
    const file = `${folder.path}/${command}.toml`;
    await Deno.writeTextFile(`${folder.path}/t.ts`, "await new Promise(() => {}); export function f() {}");
    await Deno.writeTextFile(file, `${HEAD}name = "p"\n${task("t", "f")}`);
    await using running = start(command, file);
    await running.errors.until(/^Still loading ".*\.toml" after 5 s; Ctrl-C ends that\n/);
    running.kill("SIGINT");
    const { status, errors } = await running.end();
    match(errors, /error: Task "t" failed: it was still importing its module, after the stop, for 1000 ms\n$/);
    equal(status, 1);
  };
  const named = async () => {
    const name = `${folder.path}/e\x9b\u202e.ts`;
    await Deno.writeTextFile(name, "export default () => new Promise(() => {});");
    const { errors } = await ringmill("check", name);
    match(errors, /^Still loading ".*e\ufffd\ufffd\.ts" after/);
    equal(HARMFUL.exec(errors), null);
  };
  const [waiting, making] = await Promise.all([
    outcomeOf("waiting", "await new Promise(() => {});"),
    outcomeOf("making", "export default () => new Promise(() => {});"),
    busy(),
    ofTask("check"),
    ofTask("run"),
    named(),
  ]);
  equal(waiting.status, 1);
  match(waiting.errors, /^Still loading .*\n.*Top-level await promise never resolved[^]*waiting\.ts/);
  equal(making.status, 1);
  match(making.errors, /^Still loading .*\nerror: Cannot load .*: it waits for what never happens\n$/);
});
