/** What goes on around a graph: errors that cannot be read, listeners that fail, programs that are busy, delays. */

import { lacks } from "../_programs.ts";
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { map } from "rxjs";
import { Graph, type GraphEvent, Node, type NodeOptions, ParallelNode, SubgraphNode } from "@ringmill/ringmill/graph";
import { Deadline, LONGEST_TIMER_MS, pause, Timer } from "../../src/timers.ts";
import * as functions from "./_parallel.ts";
import { chain, sleep } from "./_helpers.ts";

function block(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

/** Values that cannot be shown. */
function unreadable(): Record<string, unknown> {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const throwing = {
    get: () => {
      throw new Error("no");
    },
  };
  return {
    "a symbol as message": Object.assign(new Error(), { message: Symbol("x") }),
    "a message that throws": Object.defineProperty(new Error(), "message", throwing),
    "a name that throws": Object.defineProperty(new Error(), "name", throwing),
    "a revoked proxy": proxy,
    "an object that cannot be inspected": {
      [Symbol.for("Deno.customInspect")]() {
        throw new Error("no");
      },
    },
    "an object without a prototype": Object.create(null),
    "nothing": undefined,
  };
}

for (const [what, thrown] of Object.entries(unreadable())) {
  Deno.test(`NodeError names the node, whatever was thrown: ${what}`, async () => {
    const fail = () => {
      throw thrown;
    };
    const options: NodeOptions<unknown, never, undefined>[] = [{}, { timeoutMs: 1000 }, {
      retry: { attempts: 2, delayMs: 0 },
    }, {
      fallback: fail,
    }];
    for (const option of options) {
      for (const work of [fail, () => Promise.resolve().then(fail)]) {
        const node = new Node("bad", work, option);
        const error = await new Graph("g", { nodes: [node], start: node, onEvent() {} }).execute(1).catch((error) =>
          error
        );
        match(error.message, /^Node "bad" of graph "g" failed/);
        ok(Object.is(error.cause, thrown));
      }
    }
  });
}

Deno.test("Listeners that fail end neither program nor execution, and are told to the console", async () => {
  const told: unknown[] = [];
  const { error: original } = console;
  console.error = (...texts: unknown[]) => void told.push(texts);
  const fail = () => {
    throw new Error("the log disk is full");
  };
  try {
    const node = new Node("n", (n: number) => n);
    const onEvent = async () => await Promise.reject(new Error("later"));
    const graph = new Graph("g", { nodes: [node], start: node, onEvent });
    graph.events$.subscribe(fail);
    graph.events$.pipe(map(({ kind }) => kind)).subscribe({ next: fail, complete: fail });
    graph.events$.pipe(map(fail)).subscribe();
    node.input$.subscribe(fail);
    node.output$.pipe(map((n) => n)).subscribe({ next: fail });
    const onNodeError = fail;
    const onItem = fail;
    deepEqual(await graph.execute(1, { onNodeError }), { n: 1 });
    for await (const { n } of graph.stream([1], { onItem })) equal(n, 1);
    await graph.close();
    await sleep(5);
  } finally {
    console.error = original;
  }
  ok(told.length >= 10);
  ok(told.every((texts) => /^A listener of (graph "g"|node "n") has failed: Error: /.test((texts as string[])[0])));
});

const noTrue = lacks("true");

Deno.test("NodeOptions.timeoutMs takes an answer that has come in time, though the program was busy", {
  ignore: noTrue,
}, async () => {
  const answer = (input: string) => new Deno.Command(input, { stdout: "null" }).output();
  const node = new Node("answer", answer, { timeoutMs: 60 });
  const graph = new Graph("g", { nodes: [node], start: node });
  await graph.execute("true");
  for (let round = 0; round < 5; round++) {
    const answered = [graph.execute("true"), graph.execute("true", { timeoutMs: 60 })];
    block(100);
    await Promise.all(answered);
  }
});

Deno.test("ParallelNode: to wait for a worker does not count for timeoutMs", async () => {
  const node = new ParallelNode("spin", functions.burn, {
    module: new URL("./_parallel.ts", import.meta.url),
    workers: 1,
    timeoutMs: 3000,
  });
  await using graph = new Graph("g", { nodes: [node], start: node });
  await graph.execute(1);
  deepEqual(
    await Promise.all(Array.from({ length: 8 }, () => graph.execute(500).then(() => true))),
    Array(8).fill(true),
  );
});

Deno.test("Timers wait for any number of milliseconds", async () => {
  const fired: string[] = [];
  for (const ms of [LONGEST_TIMER_MS + 1, Infinity, 2 ** 40, Number.MAX_VALUE]) {
    const timer = new Timer(ms, () => fired.push(`timer of ${ms}`));
    const deadline = new Deadline(ms, () => fired.push(`deadline of ${ms}`));
    const controller = new AbortController();
    const paused = pause(ms, controller.signal).then(() => fired.push("pause"), () => {});
    await sleep(2);
    timer.cancel();
    deadline.cancel();
    controller.abort();
    await paused;
  }
  deepEqual(fired, []);
});

Deno.test("RetryOptions.delayMs: long ones wait, a server's wish is kept, and what is no delay is the default", async () => {
  const delays: Readonly<Record<string, readonly [NodeOptions["retry"] & object, (delayMs: number) => boolean]>> = {
    "above what a timer can": [
      { attempts: 3, delayMs: 2 ** 31, maxDelayMs: 2 ** 32, jitter: 0 },
      (ms) => ms === 2 ** 31,
    ],
    "Infinity": [{ attempts: 3, delayMs: Infinity, maxDelayMs: Infinity, jitter: 0 }, (ms) => ms === Infinity],
    "a minute": [{ attempts: 3, delayMs: () => 60_000 }, (ms) => ms === 60_000],
    "NaN": [{ attempts: 3, delayMs: () => NaN }, (ms) => ms >= 50 && ms <= 100],
    "nothing": [{ attempts: 3, delayMs: () => undefined as never }, (ms) => ms >= 50 && ms <= 100],
    "negative": [{ attempts: 3, delayMs: () => -5 }, (ms) => ms >= 50 && ms <= 100],
    "left out": [{ attempts: 3, delayMs: undefined }, (ms) => ms >= 50 && ms <= 100],
  };
  for (const [what, [retry, isRight]] of Object.entries(delays)) {
    let calls = 0;
    const told: number[] = [];
    const onEvent = (event: GraphEvent) => event.kind === "retry" && told.push(event.delayMs);
    const node = new Node("n", () => {
      calls++;
      throw new Error("no");
    }, { retry });
    const run = new Graph("g", { nodes: [node], start: node, onEvent }).start(1);
    await sleep(5);
    equal(calls, 1, what);
    ok(isRight(told[0]), `${what}: ${told[0]}`);
    run.cancel();
    await run.settled;
  }
});

Deno.test("GraphStreamOptions.onError continue tells of every failure, and onItem of every item", async () => {
  const bad = new Node("bad", (n: number) => {
    if (n % 2 === 0) throw new RangeError(`even ${n}`);
    return n;
  });
  const good = new Node("good", (n: number) => n);
  const items: unknown[] = [];
  const told: string[] = [];
  const nodeErrors: string[] = [];
  const graph = new Graph("g", { nodes: [bad, good], start: [bad, good] });
  const options = {
    onError: "continue" as const,
    onItemError: (error: unknown, item: number) => told.push(`${item}: ${(error as Error).name}`),
    onNodeError: (error: Error) => nodeErrors.push(error.name),
    onItem: (
      { index, item, outcome, errors, status }: {
        index: number;
        item: number;
        outcome: string;
        errors: readonly Error[];
        status: object;
      },
    ) => items.push([index, item, outcome, errors.length, Object.values(status)]),
  };
  const results = await Array.fromAsync(graph.stream([1, 2, 3], options));
  const first: number | undefined = results[0].bad;
  equal(first, 1);
  deepEqual(results, [{ bad: 1, good: 1 }, { good: 2 }, { bad: 3, good: 3 }]);
  deepEqual(told, ["2: NodeError"]);
  deepEqual(nodeErrors, ["NodeError"]);
  const done = ["completed", "completed"];
  deepEqual(items, [[0, 1, "completed", 0, done], [1, 2, "completed", 1, ["failed", "completed"]], [
    2,
    3,
    "completed",
    0,
    done,
  ]]);
  deepEqual(await Array.fromAsync(graph.stream([1, 2, 3], { ...options, output: bad })), [1, 3]);
  equal(told.length, 2);
  throwsTold(() => graph.stream([1], { onError: "continue", output: bad }));
  await rejects(
    Array.fromAsync(graph.stream([2], { ...options, onItemError: () => Promise.reject(new Error("late")) })),
    /late/,
  );
});

function throwsTold(work: () => unknown): void {
  try {
    work();
  } catch (error) {
    return match((error as Error).message, /failures need onItemError, onItem or onNodeError$/);
  }
  throw new Error("nothing was thrown");
}

Deno.test("Graph events tell of inner graphs, with the node that runs them", async () => {
  const flaky = chain(new Node("leaf", (n: number) => n + 1));
  const middle = new Graph("middle");
  middle.setStartNode(middle.addNode(new SubgraphNode("inner", flaky)));
  const events: string[] = [];
  const outer = new SubgraphNode("outer", middle);
  const onEvent = ({ kind, graph, parent, ...rest }: GraphEvent) => {
    const path: string[] = [];
    for (let at = parent; at; at = at.parent) path.unshift(at.node);
    events.push([...path, kind, graph, "node" in rest ? rest.node : ""].join(" ").trim());
  };
  await new Graph("top", { nodes: [outer], start: outer, onEvent }).execute(1);
  for (
    const expected of [
      "runStart top",
      "start top outer",
      "outer inner start test leaf",
      "outer inner end test leaf",
      "outer end middle inner",
    ]
  ) {
    ok(events.includes(expected), expected);
  }
});

Deno.test("A SubgraphNode refuses an output that its graph has not", async () => {
  const inner = chain(new Node("a", (n: number) => n));
  const stranger = new Node("a", (n: number) => n);
  const node = new SubgraphNode("sub", inner, { output: stranger });
  await rejects(new Graph("g", { nodes: [node], start: node }).execute(1), {
    name: "DeclarationError",
    message: /Cannot compile node "sub": graph "test" has no such node as that of the option output, "a"/,
  });
});

Deno.test("NodeContext may be taken apart", async () => {
  const node = new Node("n", (_: number, { signal, waitUntil, graph, run, attempt }) => {
    waitUntil(sleep(1));
    return [signal.aborted, graph, run, attempt];
  });
  deepEqual(await new Graph("g", { nodes: [node], start: node }).execute(1), { n: [false, "g", 1, 1] });
});

Deno.test("A node called then whose output is a function fails clearly, and with the option output it works", async () => {
  const node = new Node("then", () => Math.abs);
  const graph = new Graph("g", { nodes: [node], start: node });
  await rejects(graph.execute(1), /node "then" has put out a function/);
  await rejects(graph.start(1).results, /node "then" has put out a function/);
  equal(await graph.execute(1, { output: node }), Math.abs);
});

Deno.test("Graph.compile() tells of any number of problems, in a message of a bearable length", async () => {
  const nodes = Array.from({ length: 150_000 }, (_, index) => new Node(`n${index}`, (x: number) => x));
  await rejects(new Graph("g", { nodes, start: nodes[0] }).execute(0), (error: Error) => {
    match(
      error.message,
      /^Cannot compile graph "g": node "n1" is not connected to a start node; .*\(149979 more\); node "n149999"/,
    );
    return error.message.length < 2000;
  });
  const circle = Array.from(
    { length: 20_000 },
    (_, index) => new Node(`n${index}`, (x: number) => x, { join: "each" }),
  );
  for (const [index, node] of circle.entries()) node.connect(circle[(index + 1) % circle.length] as never);
  const start = new Node("start", (x: number) => x);
  start.connect(circle[0]);
  await rejects(new Graph("g", { nodes: [start, ...circle], start }).execute(0), (error: Error) => {
    match(error.message, /\(19981 more\) -> .* is a cycle$/);
    return error.message.length < 1000;
  });
});
