import { deepEqual, equal, ok, rejects, throws } from "node:assert/strict";
import {
  DeclarationError,
  FilterNode,
  FlatMapNode,
  Graph,
  type GraphNode,
  LifecycleError,
  LoopNode,
  Node,
  RouterNode,
  UnknownNameError,
} from "@ringmill/ringmill/graph";
import { chain, hanging, sleep, until } from "./_helpers.ts";

const identity = (name: string) => new Node(name, (value: unknown) => value);

Deno.test("Graph.execute() resolves to the outputs of sync and async nodes by name", async () => {
  const graph = new Graph("text");
  const clean = graph.addNode(new Node("clean", (text: string) => text.trim().toLowerCase()));
  const tokenize = graph.addNode(
    new Node("tokenize", async (text: string) => await Promise.resolve(text.split(/\s+/))),
  );
  clean.connect(tokenize);
  graph.setStartNode(clean);
  deepEqual(graph.getPipelineStatus(), { clean: "pending", tokenize: "pending" });
  deepEqual(await graph.execute(" Hello World! "), { clean: "hello world!", tokenize: ["hello", "world!"] });
  deepEqual(graph.getPipelineStatus(), { clean: "completed", tokenize: "completed" });
});

Deno.test("Graph.execute() sends null, undefined and other values on as they are", async () => {
  for (const value of [null, undefined, 0, "", false, NaN, { then: 1 }, () => 1]) {
    const results = await chain(identity("a"), identity("b")).execute(value);
    deepEqual(Object.keys(results), ["a", "b"]);
    ok(Object.is(results.b, value));
  }
});

Deno.test("Graph.execute() awaits any thenable", async () => {
  // deno-lint-ignore no-explicit-any
  const node = new Node("then", () => ({ then: (resolve: (value: number) => void) => resolve(5) }) as any);
  deepEqual(await chain(node).execute(0), { then: 5 });
});

Deno.test("Graph runs branches concurrently", async () => {
  let running = 0;
  let most = 0;
  const branch = (name: string) =>
    new Node(name, async (value: unknown) => {
      most = Math.max(most, ++running);
      await sleep(5);
      running--;
      return value;
    });
  const start = identity("start");
  const branches = ["a", "b", "c"].map(branch);
  const graph = new Graph("fan", { nodes: [start, ...branches], start });
  for (const node of branches) start.connect(node);
  await graph.execute(1);
  equal(most, 3);
  most = 0;
  await graph.execute(1, { concurrency: 2 });
  equal(most, 2);
  most = 0;
  await graph.execute(1, { concurrency: 1 });
  equal(most, 1);
});

Deno.test("Graph.setStartNode() takes several nodes, which all get the input", async () => {
  const nodes = ["a", "b"].map((name) => new Node(name, (n: number) => `${name}${n}`));
  const graph = new Graph("starts", { nodes, start: nodes });
  deepEqual(await graph.execute(1), { a: "a1", b: "b1" });
  deepEqual(graph.startNodes, ["a", "b"]);
});

Deno.test("A chain of 20,000 nodes runs without a stack overflow, completed or skipped", async () => {
  const nodes = Array.from({ length: 20_000 }, (_, n) => new Node(`n${n}`, (value: number) => value + 1));
  const graph = chain(...nodes);
  equal(await graph.execute(0, { output: nodes[19_999] }), 20_000);
  const failing = new Node("failing", () => {
    throw new Error("no");
  });
  const skipped = chain(failing, ...Array.from({ length: 20_000 }, (_, n) => identity(`n${n}`)));
  deepEqual(await skipped.execute(0, { onError: "continue" }), {});
});

Deno.test("Graph.start() runs many executions at a time, each with its own status", async () => {
  const graph = chain(new Node("wait", (ms: number) => sleep(ms)), identity("after"));
  const short = graph.start(1);
  const long = graph.start(30);
  await short.results;
  deepEqual(short.status, { wait: "completed", after: "completed" });
  deepEqual(long.status, { wait: "running", after: "pending" });
  deepEqual(graph.getPipelineStatus(), long.status, "the latest");
  await long.results;
  equal(long.id, short.id + 1);
  deepEqual(long.errors, []);
});

Deno.test("GraphRun.timing tells when each node ran", async () => {
  const before = Date.now();
  const graph = chain(new Node("wait", () => sleep(20)), identity("after"));
  deepEqual(graph.getPipelineTiming(), {});
  const run = graph.start(0);
  deepEqual(run.timing.after, { status: "pending", startedAt: null, endedAt: null, durationMs: null, attempts: 0 });
  equal(run.timing.wait.durationMs, null);
  await run.results;
  const { wait, after } = graph.getPipelineTiming();
  deepEqual([wait.status, wait.attempts], ["completed", 1]);
  ok(wait.durationMs! >= 15 && wait.startedAt! >= before - 1 && after.startedAt! >= wait.endedAt! - 1);
});

Deno.test("ExecuteOptions.timing says whether the clock is read; by default only for Graph.start()", async () => {
  const graph = chain(identity("a"));
  const isTimed = () => graph.getPipelineTiming().a.startedAt !== null;
  for (const timing of [undefined, false, true]) {
    await graph.execute(1, { timing });
    equal(isTimed(), timing ?? false);
    await graph.start(1, { timing }).results;
    equal(isTimed(), timing ?? true);
    for await (const _ of graph.stream([1], { timing })) equal(isTimed(), timing ?? false);
  }
  deepEqual(graph.getPipelineStatus(), { a: "completed" });
});

Deno.test("NodeTiming.attempts counts the calls of a node, whether timed or not", async () => {
  let calls = 0;
  const pass = new FilterNode("pass", (n: number) => n > 0);
  const twice = new Node("twice", (n: number) => {
    if (++calls % 2 === 1) throw new Error("once more");
    return n;
  }, { retry: { attempts: 2, delayMs: 0 } });
  const graph = chain(pass, twice, identity("after"));
  const attempts = () => Object.values(graph.getPipelineTiming()).map(({ attempts }) => attempts);
  for (const timing of [true, false]) {
    await graph.execute(1, { timing });
    deepEqual(attempts(), [1, 2, 1]);
    await graph.execute(-1, { timing });
    deepEqual(attempts(), [timing ? 1 : 0, 0, 0]);
  }
});

Deno.test("Graph.execute() with the option output resolves to that node's output", async () => {
  const a = new Node("a", (n: number) => n + 1);
  const b = new Node("b", (n: number) => `${n}`);
  const graph = chain(a, b);
  const text: string = await graph.execute(1, { output: b });
  equal(text, "2");
  await rejects(graph.execute(1, { output: identity("b") }), UnknownNameError);
});

Deno.test("Graph describes itself by nodes, edges and start nodes", () => {
  const [a, b, c] = ["a", "b", "c"].map(identity);
  const graph = chain(a, b, c);
  a.connect(c);
  deepEqual([...graph.nodes.keys()], ["a", "b", "c"]);
  deepEqual(graph.edges, [{ from: "a", to: "b" }, { from: "a", to: "c" }, { from: "b", to: "c" }]);
  equal(graph.getNode("b"), b);
  equal(new Node("d", () => 1, { description: "for people" }).description, "for people");
  throws(() => chain(identity("search"), identity("say")).getNode("serach"), /; did you mean "search"\?$/);
  throws(() => graph.getNode("zebra"), {
    name: "UnknownNameError",
    message: 'Cannot find node "zebra" in graph "test"',
  });
});

Deno.test("Graph.compile() checks the whole graph and names what is wrong", () => {
  const cases: [string, (graph: Graph, nodes: Record<string, GraphNode>) => void][] = [
    ["it has no nodes", () => {}],
    ["it has no start node: name one with setStartNode()", (graph, { a }) => graph.addNode(a)],
    ['node "a" is connected to "b", which is not in the graph', (graph, { a, b }) => {
      graph.addNode(a).connect(b);
      graph.setStartNode(a);
    }],
    ['node "b" is not connected to a start node', (graph, { a, b }) => {
      graph.addNode(a);
      graph.addNode(b);
      graph.setStartNode(a);
    }],
    ['start node "b" has an input, from node "a"', (graph, { a, b }) => {
      graph.addNode(a).connect(graph.addNode(b));
      graph.setStartNode(a, b);
    }],
    [
      'node "c" has 2 inputs and does not say how to join them: set join to "each", "all" or "arrived"',
      (graph, { a, b, c }) => {
        for (const node of [a, b, c]) graph.addNode(node);
        for (const node of [a, b]) node.connect(c);
        graph.setStartNode(a, b);
      },
    ],
    ['"b" -> "c" -> "b" is a cycle', (graph, { a, b, c }) => {
      for (const node of [a, b, c]) graph.addNode(node);
      a.connect(b);
      b.connect(c);
      c.connect(b);
      graph.setStartNode(a);
    }],
  ];
  for (const [problem, declare] of cases) {
    const graph = new Graph("bad");
    declare(graph, { a: identity("a"), b: new Node("b", () => 1, { join: "each" }), c: identity("c") });
    const expected = { name: "DeclarationError", message: `Cannot compile graph "bad": ${problem}` };
    throws(() => graph.compile(), expected);
    throws(() => graph.start(1), expected);
  }
});

Deno.test("Graph.compile() tells all problems at once", () => {
  const graph = new Graph("bad");
  const a = graph.addNode(identity("a"));
  a.connect(identity("elsewhere"));
  graph.addNode(identity("alone"));
  graph.setStartNode(a);
  throws(() => graph.compile(), /"elsewhere", which is not in the graph; node "alone" is not connected/);
});

Deno.test("Graph can be changed after it was executed", async () => {
  const a = identity("a");
  const b = identity("b");
  const graph = chain(a);
  deepEqual(await graph.execute(1), { a: 1 });
  graph.addNode(b);
  await rejects(graph.execute(1), /"b" is not connected/);
  a.connect(b);
  deepEqual(await graph.execute(1), { a: 1, b: 1 });
});

Deno.test("Graph.addNode() refuses what it cannot add", () => {
  const a = identity("a");
  const graph = chain(a);
  throws(() => graph.addNode(identity("a")), {
    name: "DeclarationError",
    message: 'Cannot add a node to graph "test": the name "a" is taken',
  });
  throws(() => new Graph("other").addNode(a), {
    name: "DeclarationError",
    message: 'Cannot add node "a" to graph "other": it belongs to graph "test"',
  });
  const held = { a: identity("held"), b: identity("held"), c: identity("held") };
  new RouterNode("router", () => "a" as const, { exits: { a: held.a } });
  new LoopNode("loop", held.b, { until: () => true, maxRounds: 1 });
  new FlatMapNode("parts", (list: unknown[]) => list, { each: held.c });
  for (const [node, holder] of [[held.a, "router"], [held.b, "loop"], [held.c, "parts"]] as const) {
    throws(() => new Graph("outer").addNode(node), {
      name: "DeclarationError",
      message: `Cannot add node "held" to graph "outer": it is part of node "${holder}", which is added in its place`,
    });
  }
  throws(() => graph.addNode({} as GraphNode), TypeError);
  throws(() => graph.setStartNode(identity("b")), {
    name: "UnknownNameError",
    message: 'Cannot start graph "test" with node "b": it was not added',
  });
});

Deno.test("Node refuses what it cannot be made of", () => {
  // deno-lint-ignore no-explicit-any
  const make = (...args: any[]) => () => new (Node as any)(...args);
  const fn = () => 1;
  throws(make("", fn), { name: "TypeError", message: 'Cannot make a node: its name must be a text, received ""' });
  throws(make("__proto__", fn), TypeError);
  throws(make("n"), { name: "TypeError", message: /^Cannot make node "n": it needs a function/ });
  throws(make("n", 5), { name: "TypeError", message: 'Cannot make node "n": expected a function, received 5' });
  throws(make("n", fn, null), /its options must be an object, received null/);
  throws(make("n", fn, { join: "some" }), { name: "RangeError", message: /join must be one of .*, received "some"/ });
  throws(make("n", fn, { tries: 3 }), {
    name: "TypeError",
    message: 'Cannot make node "n": there is no option "tries"',
  });
  throws(make("n", fn, { retyr: 3 }), /there is no option "retyr"; did you mean "retry"\?/);
  throws(
    make("n", fn, { retry: { attempts: 2, delay: 3 } }),
    /no option "retry.delay"; did you mean "retry.delayMs"\?/,
  );
  throws(make("n", fn, { retry: { delayMs: 3 } }), /it needs retry.attempts/);
  throws(make("n", fn, { retry: 0 }), {
    name: "RangeError",
    message: /retry must be an integer, 1 or more, or Infinity, or an object, received 0/,
  });
  throws(make("n", fn, { retry: { attempts: 2, jitter: 2 } }), {
    name: "RangeError",
    message: /retry.jitter must be a number from 0 to 1/,
  });
  throws(make("n", fn, { retry: { attempts: 2, delayMs: "1" } }), { name: "TypeError", message: /retry.delayMs/ });
  throws(make("n", fn, { retry: { attempts: 2, factor: 0.5 } }), { name: "RangeError", message: /retry.factor/ });
  throws(make("n", fn, { retry: { attempts: 2, maxDelayMs: -1 } }), {
    name: "RangeError",
    message: /retry.maxDelayMs/,
  });
  throws(make("n", fn, { retry: { attempts: 2, when: 5 } }), { name: "TypeError", message: /retry.when/ });
  throws(make("n", fn, { timeoutMs: -1 }), {
    name: "RangeError",
    message: /timeoutMs must be a number of milliseconds, 0 or more, received -1/,
  });
  throws(make("n", fn, { fallback: 5 }), { name: "TypeError", message: /fallback must be a function, received 5/ });
  throws(make("n", fn, { signal: {} }), { name: "TypeError", message: /signal must be an AbortSignal/ });
  const node = identity("n");
  throws(() => node.connect(node), { name: "DeclarationError", message: /^Cannot connect node "n" to itself/ });
  throws(() => node.connect({} as typeof node), { name: "TypeError", message: /expected a node, received {}/ });
});

Deno.test("Graph.execute() refuses options of the wrong kind or range", async () => {
  const graph = chain(identity("a"));
  // deno-lint-ignore no-explicit-any
  const refused = (options: any, message: RegExp) => rejects(graph.execute(1, options), { message });
  await refused(
    { concurrency: 0 },
    /^Cannot execute graph "test": concurrency must be an integer, 1 or more, or Infinity, received 0$/,
  );
  await refused({ concurrency: 1.5 }, /concurrency must be an integer, .*received 1.5/);
  await refused({ timeoutMs: "1" }, /timeoutMs must be a number of milliseconds, 0 or more, received "1"/);
  await refused({ onError: "ignore" }, /onError must be one of cancel, continue, received "ignore"/);
  await refused({ signal: 1 }, /signal must be an AbortSignal, received 1/);
  await refused(null, /its options must be an object, received null/);
  await refused({ timeout: 5 }, /there is no option "timeout"; did you mean "timeoutMs"\?/);
  throws(() => new Graph(""), TypeError);
  throws(() => new Graph("g", null as unknown as object), TypeError);
});

Deno.test("A subclass of Node overrides process(), and has what it needs prepared and closed", async () => {
  const log: string[] = [];
  class Logged extends Node<string, number, "logged"> {
    constructor() {
      super("logged");
    }
    override compile() {
      log.push("compile");
    }
    override process(text: string) {
      log.push(text);
      return text.length;
    }
    override close() {
      log.push("close");
      return Promise.resolve();
    }
  }
  const node = new Logged();
  const graph = new Graph("custom", { nodes: [node], start: node });
  const results: { readonly logged: number } = await graph.execute("four");
  deepEqual(results, { logged: 4 });
  await graph.close();
  deepEqual(log, ["compile", "four", "close"]);
});

Deno.test("Graph.close() cancels what runs, waits for it, and refuses more", async () => {
  const { node, counts } = hanging();
  const graph = chain(node);
  const run = graph.start(0);
  const refused = rejects(run.results, { name: "LifecycleError", message: 'Graph "test" was closed' });
  await graph.close();
  await refused;
  await graph.close();
  equal(counts.aborted, 1);
  deepEqual(run.status, { hang: "cancelled" });
  await rejects(graph.execute(0), { name: "LifecycleError", message: 'Cannot execute graph "test": it is closed' });
  throws(() => graph.addNode(identity("b")), LifecycleError);
});

Deno.test("Graph.close() waits for functions that ignore the signal", async () => {
  let isDone = false;
  const graph = chain(
    new Node("deaf", async () => {
      await sleep(20);
      isDone = true;
    }),
  );
  const refused = rejects(graph.start(0).results, LifecycleError);
  await graph.close();
  equal(isDone, true);
  await refused;
});

Deno.test("NodeContext names graph, node, run and attempt", async () => {
  const node = new Node("n", (_: number, { graph, node, run, attempt, signal }) => {
    return [graph, node, run, attempt, signal.aborted];
  });
  const graph = chain(node);
  deepEqual(await graph.execute(1, { output: node }), ["test", "n", 1, 1, false]);
  deepEqual(await graph.execute(1, { output: node }), ["test", "n", 2, 1, false]);
  throws(() => chain(node), DeclarationError);
});

Deno.test("GraphRun.settled resolves when no function runs any more", async () => {
  let isDone = false;
  const graph = chain(
    new Node("deaf", async () => {
      await sleep(20);
      isDone = true;
    }, { timeoutMs: 5 }),
  );
  const run = graph.start(0);
  await rejects(run.results, /TimeoutError/);
  equal(isDone, false);
  await run.settled;
  equal(isDone, true);
  await until(() => isDone);
});
