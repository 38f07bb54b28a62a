import { KernelError, RingKernelRuntime } from "@ringmill/ringmill/actors";
import { describeActorFigures, describeActors, drawMermaid, drawSvg, drawText } from "@ringmill/ringmill/view";
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { ActorsSource } from "../../src/view/live/actors_source.ts";
import type { LiveUpdate } from "../../src/view/live/update.ts";
import { PATIENTLY, until } from "../actors/_helpers.ts";
import { mortal, Order } from "../actors/_faulty_kernels.ts";
import { Anything, asker, Count, counter, echo, source, Text, upper } from "../actors/_kernels.ts";

Deno.test("describeActors() has a node for each kernel, with its definition, its messages and its state", async () => {
  await using runtime = new RingKernelRuntime();
  await runtime.launch("echo", echo);
  await runtime.kernelScope("loud", upper);
  await runtime.launch("count", counter);
  await runtime.terminate("count");
  const { title, nodes, edges } = describeActors(runtime);
  equal(title, "actors");
  deepEqual(nodes, [
    { id: "kernel:echo", kind: "task", title: "echo", details: [], status: "launched" },
    { id: "kernel:loud", kind: "task", title: "loud", details: ["kernel upper", "Text → Text"], status: "active" },
    {
      id: "kernel:count",
      kind: "task",
      title: "count",
      details: ["kernel counter", "any → Count"],
      status: "terminated",
    },
  ]);
  deepEqual(edges, []);
});

Deno.test("describeActors() has an edge for each way that messages have gone, and no other", async () => {
  await using runtime = new RingKernelRuntime();
  await runtime.kernelScope("counter", counter);
  await runtime.kernelScope("echo", echo);
  const first = await runtime.kernelScope("source", source);
  const other = await runtime.kernelScope("asker", asker);
  await first.send(Count({ count: 3 }));
  await first.receive(PATIENTLY);
  await other.send(Text({ text: "echo" }));
  await other.request(Text({ text: "echo" }), PATIENTLY);
  await until(() => runtime.links.length === 6, "all are known");
  const { nodes, edges } = describeActors(runtime);
  deepEqual(nodes.slice(4).map(({ id }) => id), ["program:in", "program:out"]);
  const texts = edges.map(({ from, to, label = "" }) => `${from} -> ${to} ${label}`.trim());
  deepEqual(texts.toSorted(), [
    "kernel:asker -> kernel:echo asks",
    "kernel:source -> kernel:counter",
    "kernel:source -> program:out",
    "program:in -> kernel:asker asks",
    "program:in -> kernel:source",
  ]);
});

Deno.test("describeActors() says which kernel a failure has ended, not which was terminated after one", async () => {
  await using runtime = new RingKernelRuntime();
  for (const id of ["failed", "fine"]) await runtime.kernelScope(id, mortal);
  await runtime.send("failed", Order({ deed: "throw" }));
  await until(() => runtime.stateOf("failed") === "terminated", "it has failed");
  await runtime.terminate("fine");
  deepEqual(describeActors(runtime).nodes.filter(({ kind }) => kind === "task").map(({ status }) => status), [
    "failed",
    "terminated",
  ]);
  const { failure } = runtime.getTelemetry("failed");
  ok(failure instanceof KernelError);
  equal(runtime.getTelemetry("fine").failure, null);
});

Deno.test("describeActorFigures() tells state, throughput, errors and how full the input is", async () => {
  await using runtime = new RingKernelRuntime();
  await runtime.launch("echo", echo);
  for (let value = 0; value < 1024; value++) await runtime.send("echo", Anything({ value }));
  deepEqual(describeActorFigures(runtime.getAllTelemetry()).nodes, {
    "kernel:echo": { status: "launched", lines: ["0 messages/s"], load: 0.25, loadName: "full" },
  });
  await runtime.kernelScope("mortal", mortal);
  await runtime.send("mortal", Order({ deed: "throw" }));
  await until(() => runtime.stateOf("mortal") === "terminated", "it has failed");
  const { status, lines } = describeActorFigures(runtime.getAllTelemetry()).nodes!["kernel:mortal"];
  equal(status, "failed");
  match(lines![0], /^[\d.]+ ?k? messages\/s$/);
  equal(lines![1], "1 error");
});

Deno.test("A runtime's figures fit its description, in every kind of drawing", async () => {
  await using runtime = new RingKernelRuntime();
  await (await runtime.kernelScope("echo", echo)).request(Anything({ value: 1 }), PATIENTLY);
  await runtime.kernelScope("mortal", mortal);
  await runtime.send("mortal", Order({ deed: "throw" }));
  await until(() => runtime.stateOf("mortal") === "terminated", "it has failed");
  const description = describeActors(runtime);
  const figures = describeActorFigures(runtime.getAllTelemetry());
  const text = await drawText(description, { figures });
  for (const part of [/● active/, /failed/, /asks/, /messages\/s/, /1 error/, /full 0 %/]) match(text, part);
  match(drawMermaid(description, { figures }), /asks/);
  match(await drawSvg(description, { figures }), /rm-bad/);
});

Deno.test("The page tells more than 200 kernels by their definitions: one node, one row, and the links between them", async () => {
  await using runtime = new RingKernelRuntime({ workers: 1, graceMs: 20_000 });
  const ids = Array.from({ length: 210 }, (_, n) => `echo ${n}`);
  await Promise.all(ids.map((id) => runtime.kernelScope(id, echo, { worker: "shared" })));
  const first = await runtime.kernelScope("asker", asker);
  await first.request(Text({ text: "echo 7" }), PATIENTLY);
  await runtime.send("echo 8", Anything({ value: 1 }));
  await until(() => runtime.links.length === 3, "all are known");
  const source = new ActorsSource(runtime, 60_000);
  const { nodes, edges } = source.description;
  deepEqual(nodes.map(({ id, details }) => [id, details?.[0]]), [
    ["kernel:echo", "210 kernels"],
    ["kernel:asker", "1 kernel"],
    ["program:in", undefined],
  ]);
  deepEqual(edges.map(({ from, to }) => `${from} ${to}`).sort(), [
    "kernel:asker kernel:echo",
    "program:in kernel:asker",
    "program:in kernel:echo",
  ]);
  const { value } = await source.updates().next();
  source.close();
  const { tables: [table], figures, facts } = value as LiveUpdate;
  deepEqual(table.rows.map(({ node }) => node), ["kernel:echo", "kernel:asker"]);
  deepEqual(Object.keys(figures.nodes ?? {}), ["kernel:echo", "kernel:asker"]);
  ok(facts.some(({ text }) => text === "211 of 211 kernels"));
});
