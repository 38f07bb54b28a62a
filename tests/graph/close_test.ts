import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import {
  BatchNode,
  CachedNode,
  Graph,
  type GraphNode,
  type GraphOptions,
  Limiter,
  Node,
  SubgraphNode,
} from "@ringmill/ringmill/graph";
import { DatabaseSync } from "node:sqlite";
import { sleep } from "./_helpers.ts";

/** Work that is deaf to its signal, and says whether it is running. */
function deaf(ms = 60) {
  const state = { running: 0, begun: 0 };
  const work = async <Value>(value: Value): Promise<Value> => {
    state.begun++;
    state.running++;
    await sleep(ms);
    state.running--;
    return value;
  };
  return { state, work };
}

type Work = (value: unknown) => Promise<unknown>;

const KINDS: Readonly<Record<string, (work: Work, options: object) => GraphNode>> = {
  "Node": (work, options) => new Node("work", work, options),
  "fallback": (work, options) =>
    new Node("work", (): unknown => {
      throw new Error("no");
    }, { ...options, fallback: (_, value) => work(value) }),
  "CachedNode": (work, options) => new CachedNode("work", work, options),
  "BatchNode": (work, options) =>
    new BatchNode("work", async (all: unknown[]) => [await work(all[0])], { size: 1, ...options }),
  "SubgraphNode": (work, options) => {
    const inner = new Node("inner", work);
    return new SubgraphNode("work", new Graph("inner", { nodes: [inner], start: inner }), options);
  },
  "waitUntil()": (work, options) =>
    new Node("work", (value: unknown, { waitUntil }) => waitUntil(work(value)), options),
};

/** Ways in which an execution is over before its functions are. */
const ENDS: Readonly<Record<string, (graph: Graph) => Promise<unknown>>> = {
  "under way": (graph) => Promise.resolve(graph.start(1).results.catch(() => {})).then(() => {}, () => {}),
  "cancelled": async (graph) => {
    const run = graph.start(1);
    await sleep(5);
    run.cancel();
    await run.results.catch(() => {});
  },
  "timed out": (graph) => graph.execute(1, { timeoutMs: 5 }).catch(() => {}),
  "aborted": (graph) => graph.execute(1, { signal: AbortSignal.timeout(5) }).catch(() => {}),
  "a stream that was left": async (graph) => {
    const stream = graph.stream([1, 2]);
    stream.next().catch(() => {});
    await sleep(5);
    await stream.return!();
  },
};

for (const [kind, make] of Object.entries(KINDS)) {
  for (const [end, run] of Object.entries(ENDS)) {
    Deno.test(`Graph.close() waits for functions: ${kind}, ${end}`, async () => {
      const { state, work } = deaf();
      const node = make(work, {});
      const graph = new Graph("test", { nodes: [node], start: node });
      if (end === "under way") {
        graph.start(1).results.catch(() => {});
        await sleep(5);
      } else await run(graph);
      await graph.close();
      ok(state.begun > 0);
      equal(state.running, 0);
    });
  }
  Deno.test(`Graph.close() and GraphRun.settled wait for an attempt that was given up: ${kind}`, async () => {
    const { state, work } = deaf();
    const node = make(work, { timeoutMs: 5 });
    const graph = new Graph("test", { nodes: [node], start: node });
    const run = graph.start(1);
    await run.results.catch(() => {});
    await run.settled;
    equal(state.running, 0);
    await graph.execute(2).catch(() => {});
    await graph.close();
    equal(state.running, 0);
  });
}

Deno.test("Graph.close() waits for the other branch of an execution that has failed", async () => {
  const { state, work } = deaf();
  const bad = new Node("bad", () => {
    throw new Error("no");
  });
  const slow = new Node("slow", work);
  const graph = new Graph("test", { nodes: [slow, bad], start: [slow, bad] });
  await rejects(graph.execute(1), /no/);
  equal(state.running, 1);
  await graph.close();
  equal(state.running, 0);
});

Deno.test("GraphRun.settled waits for a function that cancels its own execution and goes on", async () => {
  let isRunning = true;
  let hasAsked: Promise<void> | undefined;
  const node: GraphNode = new Node("own", () => {
    const { run } = state;
    run!.cancel();
    hasAsked = run!.settled.then(() => equal(isRunning, false));
    return sleep(20).then(() => isRunning = false);
  });
  const graph = new Graph("test", { nodes: [node], start: node });
  const first = new Node("first", () => sleep(1));
  graph.addNode(first).connect(node as never);
  graph.setStartNode(first);
  const state: { run?: ReturnType<typeof graph.start> } = {};
  state.run = graph.start(1);
  await state.run.results.catch(() => {});
  await sleep(5);
  await hasAsked;
  ok(hasAsked);
});

Deno.test("Graph.close() closes nodes after their functions have ended", async () => {
  const log: string[] = [];
  class Connection extends Node<number, void, "connection"> {
    constructor() {
      super("connection");
    }
    override async process() {
      await sleep(20);
      log.push("ended");
    }
    override close() {
      log.push("closed");
      return Promise.resolve();
    }
  }
  const node = new Connection();
  const graph = new Graph("test", { nodes: [node], start: node });
  graph.execute(1).catch(() => {});
  await graph.close();
  deepEqual(log, ["ended", "closed"]);
});

/** A node whose close() does something of its own. */
function closing(name: string, close: () => Promise<void>): GraphNode {
  return new class extends Node<unknown, unknown> {
    constructor() {
      super(name);
    }
    override process(value: unknown) {
      return value;
    }
    override close() {
      return close();
    }
  }();
}

Deno.test("Graph.close() closes all nodes, whatever the close() of one does", async () => {
  const closed: string[] = [];
  const good = () => closing("good", () => Promise.resolve(closed.push("good")).then(() => {}));
  const bad: Readonly<Record<string, () => Promise<void>>> = {
    throws: () => {
      throw new Error("thrown");
    },
    rejects: () => Promise.reject(new Error("rejected")),
  };
  for (const close of Object.values(bad)) {
    const nodes = [closing("bad", close), good()];
    const graph = new Graph("test", { nodes, start: nodes });
    await rejects(graph.close(), /thrown|rejected/);
    await rejects(graph.close(), /thrown|rejected/);
  }
  equal(closed.length, 2);
  const nodes = [closing("a", bad.throws), closing("b", bad.rejects)];
  await rejects(new Graph("test", { nodes, start: nodes }).close(), AggregateError);
});

function stuck(options: GraphOptions<never, unknown> = {}): Graph {
  const graph = new Graph("test", options);
  for (const name of ["never", "quick"]) {
    graph.addNode(new Node(name, () => name === "never" ? new Promise(() => {}) : 1));
  }
  graph.setStartNode(...graph.nodes.values());
  return graph;
}

Deno.test("GraphOptions.graceMs bounds close(), which names what goes on", async () => {
  const graph = stuck({ graceMs: 20 });
  graph.execute(1).catch(() => {});
  await rejects(graph.close(), (error: Error) => {
    match(
      error.message,
      /^Cannot close graph "test" in order: after 20 ms \(graceMs\), functions of "never" still run$/,
    );
    return error.name === "LifecycleError";
  });
});

Deno.test("Graph.close() that a function of the graph awaits ends by the grace period", async () => {
  const node: GraphNode = new Node("own", () => graph.close());
  const graph: Graph = new Graph("test", { nodes: [node], start: node, graceMs: 20 });
  graph.execute(1).catch(() => {});
  await rejects(graph.close(), /functions of "own" still run/);
});

Deno.test("Graph.close() refuses executions that abort listeners begin", async () => {
  const refused: unknown[] = [];
  const node: GraphNode = new Node("listening", (_: unknown, { signal }) => {
    signal.addEventListener("abort", () => graph.execute(2).catch((error) => refused.push(error.name)));
    return sleep(1000, signal);
  });
  const graph: Graph = new Graph("test", { nodes: [node], start: node });
  graph.execute(1).catch(() => {});
  await graph.close();
  deepEqual(refused, ["LifecycleError"]);
});

Deno.test("Graph.close() lets a fallback and what it waits for end: its signal aborts, its time is bounded", async () => {
  const bad = () => {
    throw new Error("first model");
  };
  let aborts = 0;
  const hang = (_error: unknown, _input: unknown, { signal }: { signal: AbortSignal }) =>
    new Promise<never>((_, reject) =>
      signal.addEventListener("abort", () => {
        aborts++;
        reject(signal.reason);
      })
    );
  const timed = new Node("timed", bad, { timeoutMs: 10, fallback: hang });
  await rejects(
    new Graph("test", { nodes: [timed], start: timed }).execute(1),
    /TimeoutError: It took longer than 10 ms/,
  );
  const node = new Node("hang", bad, { fallback: hang });
  const graph = new Graph("test", { nodes: [node], start: node });
  const run = graph.start(1, { timeoutMs: 10 });
  await rejects(run.results, /took longer/);
  await run.settled;
  graph.execute(1).catch(() => {});
  await sleep(5);
  await graph.close();
  equal(aborts, 3);
});

Deno.test("A database may be closed right after Graph.close(), under two thousand requests", async () => {
  const database = new DatabaseSync(":memory:");
  const failures: unknown[] = [];
  database.exec("CREATE TABLE rows (n INTEGER)");
  const insert = database.prepare("INSERT INTO rows VALUES (?)");
  const write = async (n: number) => {
    try {
      for (let step = 0; step < 4; step++) {
        await sleep(n % 5);
        insert.run(n);
      }
    } catch (error) {
      failures.push(error);
      throw error;
    }
    return n;
  };
  const cached = new CachedNode("cached", write);
  const batch = new BatchNode("batch", async (all: number[]) => {
    await write(all[0]);
    return all;
  });
  const plain = new Node("plain", write, { timeoutMs: 8, retry: { attempts: 2, delayMs: 1 } });
  const limited = new Node("limited", write, { limiter: new Limiter({ concurrency: 20 }) });
  const nodes = [cached, batch, plain, limited];
  const graph = new Graph("server", { nodes, start: nodes });
  const requests = Array.from(
    { length: 2000 },
    (_, n) => graph.execute(n % 300, { signal: AbortSignal.timeout(5 + n % 50) }),
  );
  const ended = Promise.allSettled(requests);
  await sleep(30);
  await graph.close();
  const rows = database.prepare("SELECT count(*) AS n FROM rows").get()!.n;
  database.close();
  await ended;
  await sleep(30);
  ok(Number(rows) > 0);
  deepEqual(failures, []);
});
