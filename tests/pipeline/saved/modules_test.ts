/** What a file may load. */

import { equal, match } from "node:assert/strict";
import { Pipeline } from "@ringmill/ringmill";
import { Folder, refusal } from "./_helpers.ts";

/** A file with one task, of that module. */
async function fileFor(folder: Folder, module: string): Promise<string> {
  const task = `name = "t"\ncontrol_mode = "plain"\nfunction_module = ${
    JSON.stringify(module)
  }\nfunction_qualname = "task"`;
  await folder.write("pipes/deep/tasks.js", "");
  await folder.write("secret/tasks.js", "");
  return await folder.write("pipes/radar.toml", `format_version = 1\nname = "radar"\n[[tasks]]\n${task}\n`);
}

/** The module that a reconstructed pipeline would load. */
async function moduleOf(path: string, allowModules: (string | URL)[] = []): Promise<string> {
  const pipe = await Pipeline.reconstruct(path, { allowModules });
  return String(pipe.tasks.get("t")!.module);
}

for (const module of ["./deep/tasks.js", "deep/tasks.js", "./deep/../deep/tasks.js", "./deep/tasks.js?version=2"]) {
  Deno.test(`Pipeline.reconstruct() accepts ${module}, in the file's own folder`, async () => {
    await using folder = new Folder();
    const loaded = await moduleOf(await fileFor(folder, module));
    match(loaded, /\/pipes\/deep\/tasks\.js(\?version=2)?$/);
  });
}

const outside = "names a module that is outside the file's folder and not among those of the option allowModules";
const remote = "names a module that is not among those of the option allowModules";
const refused: [string, string][] = [
  ["../secret/tasks.js", outside],
  ["./deep/../../secret/tasks.js", outside],
  ["./%2e%2e/secret/tasks.js", outside],
  ["..\\secret\\tasks.js", outside],
  ["/etc/passwd", outside],
  ["file:///etc/passwd", outside],
  ["./missing.js", "names a module that does not exist"],
  ["./deep", "names what is no file"],
  [".", "names what is no file"],
  ["./radar.toml/x.js", "names a module that cannot be found (.*)"],
  ["./..%2fsecret/tasks.js", "names what is no module"],
  ["./%00", "names what is no module"],
  ["http://", "names what is no module"],
  [" ", "names what is no module"],
  ["\t\n", "names what is no module"],
  ["\u00a0", "names what is no module"],
  ["?", "names the file itself"],
  ["#task", "names the file itself"],
  ["./radar.toml", "names the file itself"],
  ["./deep/../radar.toml?version=2", "names the file itself"],
  ["https://example.com/tasks.js", remote],
  ["//example.com/tasks.js", ".*"],
  ["data:text/javascript,export function task() {}", remote],
  ["jsr:@ringmill/ringmill", remote],
  ["npm:left-pad", remote],
  ["node:fs", remote],
];
for (const [module, reason] of refused) {
  Deno.test(`Pipeline.reconstruct() refuses ${module}`, async () => {
    await using folder = new Folder();
    const error = await refusal(await fileFor(folder, module));
    const expected = `field "function_module" of task "t" ${reason}, received ${JSON.stringify(module)}`;
    const escape = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    match(error.reason, new RegExp(`^${expected.split(".*").map(escape).join(".*")}$`));
    equal(error.line, 6);
    equal(error.table, "tasks[0]");
    equal(error.field, "function_module");
  });
}

Deno.test("Pipeline.reconstruct() follows links, and refuses those that lead out of the folder", async () => {
  await using folder = new Folder();
  const path = await fileFor(folder, "./link/tasks.js");
  await Deno.symlink(`${folder.path}/secret`, `${folder.path}/pipes/link`);
  match((await refusal(path)).reason, /names a link that leads outside the file's folder/);
  equal(await moduleOf(path, [`${folder.path}/secret/`]), `file://${folder.path}/secret/tasks.js`);
  await Deno.remove(`${folder.path}/pipes/link`);
  await Deno.symlink(`${folder.path}/pipes/deep`, `${folder.path}/pipes/link`);
  equal(await moduleOf(path), `file://${folder.path}/pipes/deep/tasks.js`);
});

Deno.test("Pipeline.reconstruct() accepts files in a folder that is itself reached by a link", async () => {
  await using folder = new Folder();
  await fileFor(folder, "./deep/tasks.js");
  await Deno.symlink(`${folder.path}/pipes`, `${folder.path}/alias`);
  equal(await moduleOf(`${folder.path}/alias/radar.toml`), `file://${folder.path}/alias/deep/tasks.js`);
});

Deno.test("Pipeline.reconstruct() accepts the modules and folders that it is told to, and no others", async () => {
  await using folder = new Folder();
  const path = await fileFor(folder, "../secret/tasks.js");
  const loaded = `file://${folder.path}/secret/tasks.js`;
  equal(await moduleOf(path, [`${folder.path}/secret`]), loaded);
  equal(await moduleOf(path, [`${folder.path}/secret/tasks.js`]), loaded);
  equal(await moduleOf(path, [new URL(loaded)]), loaded);
  equal(await moduleOf(path, [folder.path]), loaded);
  await folder.write("secret/other.js", "");
  await folder.write("secret more/x", "");
  match((await refusal(path, { allowModules: [`${folder.path}/secret/other.js`] })).reason, /is outside/);
  match((await refusal(path, { allowModules: [`${folder.path}/secret more`] })).reason, /is outside/);
});

Deno.test("Pipeline.reconstruct() accepts remote modules by their URL or the folder of it", async () => {
  await using folder = new Folder();
  const path = await fileFor(folder, "https://example.com/v1/tasks.js");
  equal(await moduleOf(path, ["https://example.com/v1/tasks.js"]), "https://example.com/v1/tasks.js");
  equal(await moduleOf(path, ["https://example.com/v1/"]), "https://example.com/v1/tasks.js");
  for (
    const allowed of [
      "https://example.com/v1",
      "https://example.com/v2/",
      "http://example.com/v1/",
      "https://example.co/",
    ]
  ) {
    match((await refusal(path, { allowModules: [allowed] })).reason, /not among those/);
  }
});

Deno.test("A folder of a data: URL is none", async () => {
  await using folder = new Folder();
  const path = await fileFor(folder, "data:text/javascript,/export function task() {}");
  match((await refusal(path, { allowModules: ["data:text/javascript,/"] })).reason, /not among those/);
});
