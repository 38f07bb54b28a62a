/** Which functions can be saved, and how they are found again. Scripts run as people write them, each in a fresh Deno. */

import { fileURLToPath } from "node:url";
import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { DeclarationError, Pipeline } from "@ringmill/ringmill";
import { newPipeline, TASKS } from "../_helpers.ts";
import * as tasks from "../_tasks.ts";
import { Folder } from "./_helpers.ts";

const ROOT = new URL("../../../", import.meta.url);

/** Runs a script that must succeed. */
async function run(path: string, ...args: string[]): Promise<string> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--quiet", "--config", fileURLToPath(new URL("deno.json", ROOT)), path, ...args],
    env: { NO_COLOR: "1" },
  });
  const { code, stdout, stderr } = await command.output();
  const text = new TextDecoder();
  equal(text.decode(stderr), "");
  equal(code, 0);
  return text.decode(stdout);
}

const LINE = `
import { Pipeline } from "@ringmill/ringmill";
export function source({ samples }, { params }) {
  for (const value of params.values) samples.write(Float64Array.of(value), Infinity);
}
const scale = ({ samples, scaled }, { params }) => {
  for (const [value] of samples) scaled.write(Float64Array.of(value * params.by), Infinity);
};
export { scale as renamed };
export default function sink({ scaled }) {
  for (const [value] of scaled) console.log(value);
}
function declare() {
  const pipe = new Pipeline("line", import.meta);
  const samples = pipe.addStream("samples", { shape: [1], dtype: "float64" });
  const scaled = pipe.addStream("scaled", { shape: [1], dtype: "float64" });
  pipe.addTask("source", { fn: source, writes: { samples }, params: { values: Float64Array.of(1, 2.5, 1e300) } });
  pipe.addTask("scale", { fn: scale, reads: { samples }, writes: { scaled }, params: { by: 2 } });
  pipe.addTask("sink", { reads: { scaled } })(sink);
  return pipe;
}
if (import.meta.main) {
  await using pipe = declare();
  await pipe.save(new URL("line.toml", import.meta.url));
  await pipe.run();
}
`;
const RESTORE = `
import { Pipeline } from "@ringmill/ringmill";
await using pipe = await Pipeline.reconstruct(Deno.args[0]);
await pipe.run();
`;

Deno.test("A script saves a pipeline of its own exports, and a fresh process runs it with the same result", async () => {
  await using folder = new Folder();
  const [line, restore] = [await folder.write("line.js", LINE), await folder.write("restore.js", RESTORE)];
  const saved = await run(line);
  const restored = await run(restore, `${folder.path}/line.toml`);
  equal(saved, "2\n5\n2e+300\n");
  equal(restored, saved);
  const names = (await Deno.readTextFile(`${folder.path}/line.toml`)).matchAll(/function_qualname = "(.*)"/g);
  deepEqual([...names].map(([, name]) => name), ["source", "renamed", "default"]);
});

const own = () => {};
const unsaved: [string, () => void, RegExp][] = [
  [
    "a lambda",
    () => {},
    /task "t": function "\(anonymous\)|task "t": function "fn" is not an export of file:.*_tasks\.ts/,
  ],
  ["a nested function", (() => function nested() {})(), /task "t": function "nested" is not an export of file:/],
  ["an export of another module", own, /task "t": function "own" is not an export of file:.*_tasks\.ts/],
];
for (const [what, fn, message] of unsaved) {
  Deno.test(`Pipeline.save() refuses ${what}, and leaves the file as it was`, async () => {
    await using folder = new Folder();
    const path = await folder.write("radar.toml", "before");
    const pipe = newPipeline("radar");
    pipe.addTask("t", { fn });
    await rejects(() => pipe.save(path), (error: unknown) => {
      match(String(error), message);
      return error instanceof DeclarationError && error.message.startsWith('Cannot save pipeline "radar": ');
    });
    equal(await Deno.readTextFile(path), "before");
    equal([...Deno.readDirSync(folder.path)].length, 1);
  });
}

Deno.test("Pipeline.save() refuses a lambda and a module without end at the top level of a script", async () => {
  await using folder = new Folder();
  const script = await folder.write(
    "script.js",
    `
    import { Pipeline } from "@ringmill/ringmill";
    const pipe = new Pipeline("radar", import.meta);
    pipe.addTask("t", { fn: () => {} });
    if (import.meta.main) await pipe.save("/nowhere/radar.toml").catch((error) => console.log(error.message));
  `,
  );
  match(
    await run(script),
    /^Cannot save pipeline "radar": task "t": function "fn" is not an export of file:.*script\.js/,
  );
});

Deno.test("Pipeline.save() names modules in other folders and remote ones", async () => {
  await using folder = new Folder();
  const data = `data:text/javascript,${encodeURIComponent("export function far() {}")}`;
  const { far } = await import(data);
  const pipe = new Pipeline("radar", TASKS);
  pipe.addTask("near", { fn: tasks.ignoreEvent, events: {} } as never);
  pipe.addTask("far", { fn: far, module: data });
  await pipe.save(`${folder.path}/a folder/radar.toml`);
  const text = await Deno.readTextFile(`${folder.path}/a folder/radar.toml`);
  match(text, /function_module = "(\.\.\/)+.*tests\/pipeline\/_tasks\.ts"/);
  match(text, /function_module = "data:text\/javascript,.*"/);
  const restored = await Pipeline.reconstruct(`${folder.path}/a folder/radar.toml`, { allowModules: [TASKS, data] });
  equal(String(restored.tasks.get("near")!.module), TASKS.href);
});

Deno.test("Pipeline.save() refuses a module that cannot be had again", async () => {
  const url = URL.createObjectURL(new Blob(["export function gone() {}"], { type: "text/javascript" }));
  const { gone } = await import(url);
  const pipe = new Pipeline("radar", url);
  pipe.addTask("t", { fn: gone });
  await rejects(() => pipe.save("/nowhere/radar.toml"), /task "t": its module blob:.* is gone with this program/);
  URL.revokeObjectURL(url);
});

Deno.test("Pipeline.save() refuses a binding to a name that nothing has", async () => {
  const pipe = newPipeline("radar");
  pipe.addStream("numbers", { shape: [1], dtype: "int32" });
  pipe.addTask("t", { fn: tasks.drain, reads: { numbers: "nubmers" } });
  await rejects(() => pipe.save("/nowhere/radar.toml"), {
    name: "DeclarationError",
    message:
      'Cannot save pipeline "radar": field "reads" of task "t" names the unknown stream "nubmers"; did you mean "numbers"?',
  });
});

Deno.test("Pipeline.save() leaves nothing behind where it cannot write", async () => {
  await using folder = new Folder();
  await Deno.mkdir(`${folder.path}/taken.toml/x`, { recursive: true });
  await rejects(
    () => newPipeline("radar").save(`${folder.path}/taken.toml`),
    /Is a directory|not empty|Access is denied/,
  );
  deepEqual([...Deno.readDirSync(folder.path)].map(({ name }) => name), ["taken.toml"]);
});
