/** What runs and nodes are given besides their input: contexts, metadata, schemas. */

import { deepEqual, equal, ok, rejects, throws } from "node:assert/strict";
import * as valibot from "valibot";
import { z } from "zod";
import {
  BatchNode,
  CachedNode,
  FilterNode,
  Graph,
  LoopNode,
  MemoryStore,
  Node,
  NodeError,
  RunContext,
  SchemaError,
  SubgraphNode,
} from "@ringmill/ringmill/graph";
import { chain } from "./_helpers.ts";

interface Session {
  readonly user: string;
}

Deno.test("RunContext: every node of a run sees its value, in inner graphs, loops and streams, and runs do not mix", async () => {
  const session = new RunContext<Session>("session");
  const greet = new Node("greet", async (word: string, context) => {
    await Promise.resolve();
    return `${word} ${session.of(context).user}`;
  }, { retry: { attempts: 2, delayMs: 0 } });
  const again = new Node("again", (text: string, context) => `${text} ${session.of(context).user}`);
  const loop = new LoopNode("loop", again, { until: (_, round) => round === 2 });
  greet.connect(loop);
  const inner = new Graph("inner", { nodes: [greet, loop], start: greet });
  const sub = new SubgraphNode("sub", inner, { output: loop });
  const graph = new Graph("outer", { nodes: [sub], start: sub, context: session });
  const users = ["Ada", "Bob", "Eve"];
  const texts = await Promise.all(users.map((user) => graph.execute("hi", { output: sub, context: { user } })));
  deepEqual(texts, ["hi Ada Ada Ada", "hi Bob Bob Bob", "hi Eve Eve Eve"]);
  const stream = graph.stream(["a", "b"], { output: sub, context: { user: "Ada" } });
  deepEqual(await Array.fromAsync(stream), ["a Ada Ada Ada", "b Ada Ada Ada"]);
  equal((await graph.start("hi", { context: { user: "Ada" } }).results).sub, "hi Ada Ada Ada");
  // @ts-expect-error The context is of another type.
  await graph.execute("hi", { context: { name: "Ada" } });
});

Deno.test("RunContext: a run without it, and functions that several runs share, are refused by its name", async () => {
  const session = new RunContext<Session>("session");
  const greet = new Node("greet", (_: string, context) => session.of(context).user);
  const graph = new Graph("g", { nodes: [greet], start: greet, context: session });
  await rejects(async () => await graph.execute("hi"), /graph "g": it needs the option context, its "session"/);
  throws(() => graph.start("hi", {}), /it needs the option context/);
  await rejects(Array.fromAsync(graph.stream(["hi"])), /it needs the option context/);
  const bare = chain(new Node("bare", (_: string, context) => session.of(context).user));
  await rejects(bare.execute("hi"), /Cannot find the run context "session" in node "bare"/);
  await rejects(async () => await bare.execute("hi", { context: 1 }), /it was made without the option context/);
  const cached = new CachedNode("cached", (_: string, context) => session.of(context).user);
  const caching = new Graph("g", { nodes: [cached], start: cached, context: session });
  await rejects(caching.execute("hi", { context: { user: "Ada" } }), /its function is shared by several runs/);
  throws(() => new Graph("g", { context: {} as never }), /context must be a RunContext/);
  throws(() => new RunContext(""), /its name must be a text/);
});

Deno.test("A run that is kept is given its context anew", async () => {
  const session = new RunContext<Session>("session");
  const ask = new Node("ask", (_: string, context) => `${context.interrupt("?")} ${session.of(context).user}`);
  const graph = new Graph("g", { nodes: [ask], start: ask, context: session, checkpoint: new MemoryStore() });
  await rejects(graph.execute("hi", { runId: "r", context: { user: "Ada" } }), /waits for an answer/);
  await rejects(async () => await graph.resume("r", "yes"), /it needs the option context/);
  equal(await graph.resume("r", "yes", { output: ask, context: { user: "Bob" } }), "yes Bob");
});

Deno.test("NodeOptions.metadata is seen by programs and by the node's function, and is not changed by either", async () => {
  const metadata = { model: "small", tags: ["a"] };
  const node = new Node("n", (_: number, context) => context.metadata.model, { metadata });
  metadata.model = "large";
  equal(node.metadata.model, "small");
  ok(Object.isFrozen(node.metadata));
  deepEqual(await chain(node).execute(1), { n: "small" });
  deepEqual(new Node("m", () => 1).metadata, {});
  const cached = new CachedNode("c", (_: number, { metadata }) => metadata.model, { metadata });
  deepEqual(await chain(cached).execute(1), { c: "large" });
  throws(() => new Node("n", () => 1, { metadata: [] as never }), /metadata must be an object/);
});

Deno.test("Schemas of zod and valibot check inputs and outputs, and may change them", async () => {
  const parse = new Node("parse", (order: { id: number; note: string }) => `${order.id} ${order.note}`, {
    inputSchema: z.object({ id: z.coerce.number(), note: z.string().default("none") }),
    outputSchema: valibot.pipe(valibot.string(), valibot.maxLength(10), valibot.toUpperCase()),
  });
  const graph = new Graph("g", { nodes: [parse], start: parse });
  equal(await graph.execute({ id: "7" } as never, { output: parse }), "7 NONE");
  const wrong = await graph.execute({ id: "x" } as never).catch((error) => error);
  ok(wrong instanceof NodeError && wrong.cause instanceof SchemaError);
  equal(wrong.cause.side, "input");
  deepEqual(wrong.cause.issues.map(({ path }) => path), [["id"]]);
  await rejects(
    graph.execute({ id: 1, note: "much too long" }),
    /Node "parse".*Its output is not what outputSchema says/,
  );
  throws(() => new Node("n", () => 1, { inputSchema: {} as never }), /inputSchema must be a schema of Standard Schema/);
  // @ts-expect-error The schema is of another type than the function.
  new Node("n", (n: number) => n, { inputSchema: z.string() });
});

Deno.test("An output that its schema refuses is tried again, an input is not; a fallback takes both", async () => {
  let calls = 0;
  const retry = { attempts: 3, delayMs: 0 };
  const model = new Node("model", (): number => ++calls < 3 ? -1 : 5, { outputSchema: z.number().positive(), retry });
  deepEqual(await chain(model).execute(0), { model: 5 });
  equal(calls, 3);
  const half = new Node("half", (n: number) => ++calls && n / 2, { inputSchema: z.number(), retry, fallback: () => 0 });
  deepEqual(await chain(half).execute("x"), { half: 0 });
  equal(calls, 3, "the function is not called");
});

Deno.test("Schemas hold for all kinds of nodes, and skips are no outputs", async () => {
  const inputSchema = z.number().int();
  const batch = new BatchNode("batch", (all: number[]) => all, { inputSchema, maxWaitMs: 1 });
  const filter = new FilterNode("filter", (n: number) => n > 1, { outputSchema: z.number().max(2) as never });
  const cached = new CachedNode("cached", (n: number) => n, { inputSchema });
  await rejects(chain(batch).execute(1.5), /inputSchema/);
  await rejects(chain(cached).execute(1.5), /inputSchema/);
  deepEqual(await chain(filter).execute(1), {});
  const join = new Node("join", ({ a }: { a: number }) => a, { join: "all", inputSchema: z.object({ a: z.number() }) });
  const a = new Node("a", () => "text" as never as number);
  a.connect(join);
  await rejects(new Graph("g", { nodes: [a, join], start: a }).execute(0), /Node "join".*inputSchema says: a: /);
});
