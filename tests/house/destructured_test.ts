/** Whatever a function is given may be taken apart: its methods work on their own. */

import { deepEqual, equal } from "node:assert/strict";
import { Pipeline } from "@ringmill/ringmill";
import { RingKernelRuntime } from "@ringmill/ringmill/actors";
import { Graph, MemoryStore, Node } from "@ringmill/ringmill/graph";
import { Ask, kernel, node, task } from "./_destructured.ts";

const MODULE = new URL("./_destructured.ts", import.meta.url).href;
const WAIT = { timeoutMs: 30_000 };

Deno.test("Methods of a task's context work when they are taken out of it", async () => {
  await using pipe = new Pipeline("destructured", MODULE);
  const counts = pipe.addStream("counts", { shape: [1], dtype: "int32", frames: 1 });
  pipe.addTask("task", { fn: task, writes: { counts } });
  const reader = pipe.openReader(counts);
  await pipe.start();
  deepEqual(await reader.readAsync(WAIT), Int32Array.of(0));
  equal(await pipe.join(WAIT), true);
});

Deno.test("Methods of a kernel's context, and of its runtime, work when they are taken out of it", async () => {
  await using runtime = new RingKernelRuntime();
  const handle = await runtime.launch("kernel", kernel);
  await handle.activate();
  deepEqual((await handle.request(Ask({}), WAIT)).broken, []);
});

Deno.test("Methods of a node's context work when they are taken out of it", async () => {
  const asking = new Node("node", node);
  await using graph = new Graph("g", { nodes: [asking], start: asking, checkpoint: new MemoryStore() });
  await graph.execute(1, { runId: "r" }).catch(() => {});
  deepEqual(await graph.resume("r", [], { output: asking }), []);
});
