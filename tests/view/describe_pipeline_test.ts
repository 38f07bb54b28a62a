import { deepEqual, equal } from "node:assert/strict";
import { Pipeline } from "@ringmill/ringmill";
import { describePipeline } from "@ringmill/ringmill/view";
import { INT, newPipeline } from "../pipeline/_helpers.ts";
import * as tasks from "../pipeline/_tasks.ts";
import { declareAll, Folder, saveAndReconstruct } from "../pipeline/saved/_helpers.ts";

Deno.test("describePipeline() has a node for each task, stream and event, with what is known of it", () => {
  const { title, nodes } = describePipeline(declareAll());
  equal(title, "radar");
  deepEqual(nodes.map(({ id, kind, details }) => [id, kind, details]), [
    ["task:count", "task", []],
    ["task:drain", "task", []],
    ["task:beep", "task", ["countCalls()", "once per go"]],
    ["task:motor", "task", ["ignoreEvent()", "while two words"]],
    ["task:nobody", "task", ["terminator"]],
    ["task:named", "task", ["terminator"]],
    ["task:idle", "task", ["terminator"]],
    ["stream:plain", "data", ["int32[1], 32 frames"]],
    ["stream:numbers", "data", ["int32[1], 7 frames"]],
    ["stream:image", "data", ["complex64[4×3×2], 32 frames"]],
    ["event:go", "event", ["open at the start"]],
    ["event:two words", "event", []],
  ]);
  equal(nodes.find(({ id }) => id === "task:count")!.description, "counts");
});

Deno.test("describePipeline() says what becomes of a task that fails", () => {
  const pipe = new Pipeline("line");
  const samples = pipe.addStream("samples", { shape: [1], dtype: "int8" });
  const cases = [
    [{}, "up to 5 restarts, retry"],
    [{ limit: Infinity, onFailedFrame: "skip" }, "restarts, skip"],
    [{ limit: 1, onFailedFrame: { attempts: 3, then: "deadLetters" } }, "up to 1 restarts, deadLetters after 3"],
  ] as const;
  for (const [index, [restart]] of cases.entries()) {
    pipe.addTask.terminator(`t${index}`, { reads: { samples } });
    pipe.addTask(`task ${index}`, { fn: function task() {}, reads: { samples }, restart } as never);
  }
  const details = describePipeline(pipe).nodes.filter(({ title }) => title.startsWith("task")).map(({ details }) =>
    details
  );
  deepEqual(details, cases.map(([, text]) => ["task()", text]));
});

Deno.test("describePipeline() has an edge for each binding, with the function's name for it where that is another", () => {
  const pipe = newPipeline("radar");
  const numbers = pipe.addStream("numbers", INT);
  const b = pipe.addStream("b", INT);
  const go = pipe.addEvent("go");
  pipe.addTask("count", { fn: tasks.signalThrice, events: { go } });
  pipe.addTask("double", { fn: tasks.double, reads: { numbers }, writes: { doubled: b } });
  pipe.addTask.toggleable("beep", {
    fn: tasks.countCalls,
    writes: { numbers },
    events: { now: go },
    activateOn: "now",
  });
  pipe.addTask.terminator("end", { reads: [b] });
  deepEqual(describePipeline(pipe).edges, [
    { from: "task:count", to: "event:go", kind: "control", directed: false },
    { from: "stream:numbers", to: "task:double" },
    { from: "task:double", to: "stream:b", label: "doubled" },
    { from: "task:beep", to: "stream:numbers" },
    { from: "event:go", to: "task:beep", kind: "control" },
    { from: "stream:b", to: "task:end" },
  ]);
});

Deno.test("describePipeline() shows the program's own ends, and what is bound but not declared", () => {
  const pipe = newPipeline("radar");
  pipe.addStream("numbers", INT);
  pipe.addEvent("go");
  pipe.openWriter("numbers"), pipe.openReader("numbers"), pipe.openEvent("go");
  pipe.addTask("t", { fn: tasks.drain, reads: { numbers: "nubmers" } });
  const { nodes, edges } = describePipeline(pipe);
  deepEqual(nodes.slice(3).map(({ id, title, status }) => [id, title, status]), [
    ["program:in", "the program", undefined],
    ["stream:nubmers", "nubmers", "failed"],
    ["program:out", "the program", undefined],
  ]);
  deepEqual(edges.map(({ from, to }) => `${from} -> ${to}`), [
    "program:in -> stream:numbers",
    "program:in -> event:go",
    "stream:nubmers -> task:t",
    "stream:numbers -> program:out",
  ]);
});

Deno.test("describePipeline() gives edges with the same ends ids of their own", () => {
  const pipe = newPipeline("radar");
  pipe.addStream("numbers", INT);
  pipe.addTask.terminator("end", { reads: ["numbers", "numbers"] });
  deepEqual(describePipeline(pipe).edges.map(({ id }) => id), [undefined, "stream:numbers -> task:end (2)"]);
});

Deno.test("describePipeline() is the same before and after compile(), and for a reconstructed pipeline", async () => {
  await using folder = new Folder();
  await using pipe = newPipeline("radar");
  pipe.addStream("numbers", INT);
  pipe.addTask("t", { fn: tasks.countForever, writes: { numbers: "numbers" } });
  pipe.addTask.terminator("end", { reads: ["numbers"] });
  const before = describePipeline(pipe);
  const restored: Pipeline = await saveAndReconstruct(pipe, `${folder.path}/radar.toml`);
  deepEqual(describePipeline(restored), before);
  await pipe.compile();
  deepEqual(describePipeline(pipe), before);
});
