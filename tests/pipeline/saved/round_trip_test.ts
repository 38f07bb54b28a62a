import { deepEqual, equal, match, rejects, throws } from "node:assert/strict";
import { DeclarationError, Pipeline, type PipelineOptions, UnknownNameError } from "@ringmill/ringmill";
import { collect, INT, newPipeline, TASKS } from "../_helpers.ts";
import * as tasks from "../_tasks.ts";
import { declareAll, Folder, saveAndReconstruct } from "./_helpers.ts";
import { versionOf } from "../../../src/pipeline/saved/document.ts";

/** Without the fields that are undefined. */
function defined(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

Deno.test("Pipeline.reconstruct() makes every declaration again that save() has saved", async () => {
  await using folder = new Folder();
  const pipe = declareAll();
  const restored = await saveAndReconstruct(pipe, `${folder.path}/radar.toml`);
  equal(restored.name, "radar");
  deepEqual([...restored.streams], [...pipe.streams]);
  deepEqual([...restored.events], [...pipe.events]);
  deepEqual([...restored.tasks.keys()], [...pipe.tasks.keys()]);
  for (const [name, { fn, module: _, exportName: __, ...task }] of pipe.tasks) {
    const { fn: none, module, exportName, ...again } = restored.tasks.get(name)!;
    deepEqual(defined(again), defined(task), name);
    equal(none, undefined);
    equal(exportName, fn?.name);
    equal(module?.toString(), fn && TASKS.href);
  }
});

Deno.test("Pipeline.save() gives the same file for the same declaration, however often it was saved", async () => {
  await using folder = new Folder();
  const texts: string[] = [];
  let pipe = declareAll();
  for (let n = 0; n < 3; n++) {
    pipe = await saveAndReconstruct(pipe, `${folder.path}/radar.toml`);
    texts.push(await Deno.readTextFile(`${folder.path}/radar.toml`));
  }
  equal(texts[1], texts[0]);
  equal(texts[2], texts[0]);
});

Deno.test("Pipeline.save() writes the fields of the format, in the order of declaration", async () => {
  await using folder = new Folder();
  await folder.write("radar/tasks.js", "export const beep = () => {};");
  const { beep } = await import(`file://${folder.path}/radar/tasks.js`);
  const pipe = new Pipeline("radar", `${folder.path}/radar/tasks.js`, { graceMs: 5 });
  pipe.addStream("b", { shape: [2, 3], dtype: "float32", frames: 4 });
  pipe.addEvent("go");
  pipe.addTask.toggleable(
    "beep",
    { fn: beep, writes: { tones: "b" }, events: { now: "go" }, activateOn: "now" } as never,
  );
  pipe.addTask.terminator("a", { reads: { b: "b" } });
  await pipe.save(new URL(`file://${folder.path}/radar.toml`));
  equal(
    await Deno.readTextFile(`${folder.path}/radar.toml`),
    `# A pipeline of Ringmill: Pipeline.reconstruct() makes it again.

format_version = 1
name = "radar"
grace_ms = 5

[[streams]]
name = "b"
shape = [ 2, 3 ]
dtype = "float32"
frames = 4
cache_align = true
min_reader_pos_refresh_interval = 64
min_reader_pos_refresh_ms = 5
wait = "adaptive"

[[events]]
name = "go"
initial_state = false

[[tasks]]
name = "beep"
function_module = "./radar/tasks.js"
function_qualname = "beep"
control_mode = "toggleable"
control_event = "now"

[tasks.writes]
tones = "b"

[tasks.events]
now = "go"

[[tasks]]
name = "a"
control_mode = "terminator"

[tasks.reads]
b = "b"
`,
  );
});

Deno.test("Pipeline.save() keeps the options of the pipeline, in a file of version 2 where they are new", async () => {
  await using folder = new Folder();
  const path = `${folder.path}/options.toml`;
  const saved = async (options: PipelineOptions) => {
    await new Pipeline("options", import.meta, options).save(path);
    const text = await Deno.readTextFile(path);
    // What is read again is what was saved.
    await (await Pipeline.reconstruct(path)).save(`${path}.again`);
    equal(await Deno.readTextFile(`${path}.again`), text);
    return text.split("\n").slice(2).filter((line) => line !== "");
  };
  deepEqual(await saved({}), ["format_version = 1", 'name = "options"', "grace_ms = 1000"]);
  deepEqual(await saved({ graceMs: 5, fullWarningMs: 250 }), [
    "format_version = 2",
    'name = "options"',
    "grace_ms = 5",
    "full_warning_ms = 250",
  ]);
  const letters = ["[dead_letters]", "most = 5", "most_bytes = 1000", 'backpressure = "reject"'];
  deepEqual((await saved({ deadLetters: { most: 5, mostBytes: 1000, backpressure: "reject" } })).slice(3), letters);
  deepEqual((await saved({ deadLetters: {} })).slice(3), ["[dead_letters]"]);
  deepEqual((await saved({ fullWarningMs: Infinity })).slice(3), ["full_warning_ms = inf"]);
});

Deno.test("A reconstructed pipeline runs, with the program's ends opened again by name", async () => {
  await using folder = new Folder();
  const pipe = newPipeline("sums");
  pipe.addStream("numbers", INT);
  pipe.addStream("total", INT);
  pipe.addTask("count", { fn: tasks.count, writes: { numbers: "numbers" }, params: { count: 5 } });
  pipe.addTask("sum", { fn: tasks.sum, reads: { numbers: "numbers" }, writes: { total: "total" } });
  pipe.openReader("total");
  await using restored = await saveAndReconstruct(pipe, `${folder.path}/sums.toml`);
  const total = restored.openReader(restored.stream("total", "int32"));
  await restored.start();
  deepEqual(await collect(total), [10]);
  await restored.join();
});

Deno.test("A reconstructed pipeline takes further declarations", async () => {
  await using folder = new Folder();
  const pipe = newPipeline("sums");
  pipe.addStream("numbers", INT);
  pipe.addTask("count", { fn: tasks.count, writes: { numbers: "numbers" }, params: { count: 5 } });
  await using restored = await saveAndReconstruct(pipe, `${folder.path}/sums.toml`);
  const total = restored.addStream("total", INT);
  restored.addTask("sum", {
    fn: tasks.sum,
    module: TASKS,
    reads: { numbers: restored.stream("numbers", "int32") },
    writes: { total },
  });
  const reader = restored.openReader(total);
  await restored.start();
  deepEqual(await collect(reader), [10]);
});

Deno.test("Pipeline.stream() and event() find handles by name, and refuse unknown names and another dtype", async () => {
  const pipe = newPipeline("radar");
  const numbers = pipe.addStream("numbers", INT);
  const go = pipe.addEvent("go");
  equal(pipe.stream("numbers"), numbers);
  equal(pipe.stream("numbers", "<i4"), numbers);
  equal(pipe.event("go"), go);
  await rejects(async () => await pipe.stream("go"), UnknownNameError);
  await rejects(async () => await pipe.event("numbers"), UnknownNameError);
  await rejects(async () => await pipe.stream("number"), /has none of that name; did you mean "numbers"\?$/);
  await rejects(async () => await pipe.event("goo"), /has none of that name; did you mean "go"\?$/);
  throws(() => pipe.openReader("nubmers"), /has no such stream; did you mean "numbers"\?$/);
  await rejects(async () => await pipe.stream("numbers", "int8"), {
    name: "TypeError",
    message: 'Cannot find stream "numbers": its dtype is int32, received "int8"',
  });
});

Deno.test("Pipeline.compile() refuses a reconstructed task whose module has no such export", async () => {
  await using folder = new Folder();
  await folder.write("tasks.js", "export const other = 1;");
  const task = 'name = "t"\ncontrol_mode = "plain"\nfunction_module = "./tasks.js"\nfunction_qualname = "missing"';
  const path = await folder.write("radar.toml", `format_version = 1\nname = "radar"\n[[tasks]]\n${task}\n`);
  await using pipe = await Pipeline.reconstruct(path);
  await rejects(() => pipe.compile(), (error: unknown) => {
    match(String(error), /Cannot run task "t": module .*tasks\.js has no function among its exports named "missing"/);
    return error instanceof DeclarationError;
  });
});

Deno.test("Pipeline.reconstruct() imports nothing", async () => {
  await using folder = new Folder();
  await folder.write("tasks.js", `Deno.writeTextFileSync("${folder.path}/imported", ""); export function task() {}`);
  const task = 'name = "t"\ncontrol_mode = "plain"\nfunction_module = "./tasks.js"\nfunction_qualname = "task"';
  const path = await folder.write("radar.toml", `format_version = 1\nname = "radar"\n[[tasks]]\n${task}\n`);
  await using pipe = await Pipeline.reconstruct(path);
  await pipe.save(`${folder.path}/again.toml`);
  await rejects(() => Deno.stat(`${folder.path}/imported`), Deno.errors.NotFound);
  await pipe.run();
  await Deno.stat(`${folder.path}/imported`);
});

Deno.test("A file is of version 1 if it has no field that version 1 has not, whatever else it has", () => {
  const stream = { name: "s", description: "d", shape: [1], dtype: "int8", frames: 2, cache_align: true } as const;
  const task = { name: "t", control_mode: "terminator", reads: { s: "s" }, params: {} } as const;
  const event = { name: "e", initial_state: true };
  const file = { name: "p", grace_ms: 5, streams: [stream], events: [event], tasks: [task] };
  equal(versionOf(file), 1);
  const newer: (typeof file | object)[] = [
    { ...file, full_warning_ms: 5 },
    { ...file, dead_letters: {} },
    { ...file, something_new: 1 },
    { ...file, streams: [stream, { ...stream, carry: {} }] },
    { ...file, streams: [{ ...stream, dtype: { time: "int64" } }] },
    { ...file, events: [{ ...event, something_new: 1 }] },
    ...["latest", "on_abandoned", "restart", "state", "stall_timeout_ms", "machine", "something_new"].map((field) => ({
      ...file,
      tasks: [{ ...task, [field]: {} }],
    })),
  ];
  for (const one of newer) equal(versionOf(one as typeof file), 2, JSON.stringify(one));
});
