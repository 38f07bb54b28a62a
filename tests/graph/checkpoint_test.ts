import { deepEqual, equal, match, ok, rejects, throws } from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type CheckpointStore,
  FilterNode,
  Graph,
  type GraphEvent,
  type GraphNode,
  MemoryStore,
  Node,
  RedisStore,
  RunBusyError,
  RunChangedError,
  RunInterruptedError,
  SKIPPED,
  SqliteStore,
  SubgraphNode,
} from "@ringmill/ringmill/graph";
import { CONFIG, runDeno } from "../_deno.ts";
import { bytesOfValue } from "../../src/graph/stores/stored_value.ts";
import { HAS_REDIS, startRedis } from "./_redis.ts";
import { sleep, until } from "./_helpers.ts";

const PROGRAM = fileURLToPath(new URL("./_kept_run.ts", import.meta.url));
const runProgram = (path: string, killAt: string) =>
  runDeno(["run", "-A", "--no-check", "--config", CONFIG, PROGRAM, path, killAt]);

async function withFolder(work: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  await work(join(folder, "runs.db"));
  await Deno.remove(folder, { recursive: true });
}

/** A chain of nodes that count their calls. `fails` says which fail now. */
function counting(names: readonly string[], checkpoint: CheckpointStore, fails = new Set<string>()) {
  const calls: string[] = [];
  const nodes = names.map((name) =>
    new Node(name, (n: number) => {
      calls.push(name);
      if (fails.has(name)) throw new Error("no");
      return n + 1;
    })
  );
  for (const [index, node] of nodes.entries()) nodes[index - 1]?.connect(node);
  const graph = new Graph("g", { nodes, start: nodes[0], checkpoint });
  return { graph, calls, nodes, fails, last: nodes.at(-1)! };
}

/** What every store must do. `open` makes stores of different programs. */
async function checkRuns(open: () => CheckpointStore): Promise<void> {
  const first = counting(["a", "b", "c"], open(), new Set(["c"]));
  await rejects(first.graph.execute(1, { runId: "r" }), /Node "c"/);
  deepEqual((await first.graph.keptRun("r"))?.finished, ["a", "b"]);
  const second = counting(["a", "b", "c"], open());
  const run = second.graph.start(1, { runId: "r" });
  deepEqual(await run.results, { a: 2, b: 3, c: 4 });
  deepEqual([second.calls, run.restored, run.runId], [["c"], ["a", "b"], "r"]);
  deepEqual(await second.graph.execute(1, { runId: "r", output: second.last }), 4);
  deepEqual(second.calls, ["c"], "what has ended is not run again");
  deepEqual(await second.graph.execute(5, { runId: "another" }), { a: 6, b: 7, c: 8 });
  equal(await second.graph.deleteRun("r"), true);
  equal(await second.graph.deleteRun("r"), false);
  equal(await second.graph.keptRun("r"), undefined);
  await second.graph.execute(1, { runId: "r" });
  equal(second.calls.length, 7);
  await checkTwins(open);
  await checkAge(open());
  await checkLongRun(open());
}

/** Two programs on one run. */
async function checkTwins(open: () => CheckpointStore): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const graph = (store: CheckpointStore) => {
    const wait = new Node("wait", () => promise);
    return new Graph("twins", { nodes: [wait], start: wait, checkpoint: store });
  };
  const a = graph(open());
  const b = graph(open());
  const first = a.start(0, { runId: "t" });
  await until(() => first.status.wait === "running");
  for (const other of [a, b]) {
    await rejects(other.execute(0, { runId: "t" }), (error) => {
      return error instanceof RunBusyError && error.runId === "t" &&
        /"t" of graph "twins": it is under way/.test(error.message);
    });
    await rejects(other.deleteRun("t"), RunBusyError);
  }
  resolve(1);
  await first.results;
  deepEqual(await b.execute(0, { runId: "t" }), { wait: 1 });
}

async function checkAge(store: CheckpointStore): Promise<void> {
  const { graph, calls } = counting(["old"], store);
  await graph.execute(1, { runId: "o", maxAgeMs: 60_000 });
  await graph.execute(1, { runId: "o", maxAgeMs: 60_000 });
  equal(calls.length, 1);
  await sleep(30);
  await graph.execute(1, { runId: "o", maxAgeMs: 10 });
  equal(calls.length, 2);
  await graph.execute(1, { runId: "for ever" });
  await graph.execute(1, { runId: "short", maxAgeMs: 10 });
  await sleep(30);
  for (const runId of ["o", "short"]) equal(await graph.keptRun(runId), undefined, runId);
  deepEqual((await graph.keptRun("for ever"))?.finished, ["old"]);
  for (const runId of ["for ever", "short"]) await graph.execute(1, { runId, maxAgeMs: 60_000 });
  equal(calls.length, 5, "what has expired begins anew, whoever asks");
}

/** A run that takes longer than it is kept for is kept while it runs, and counts from its end. */
async function checkLongRun(store: CheckpointStore, ms = 450): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const first = new Node("first", (n: number) => n);
  const wait = new Node("wait", () => promise);
  first.connect(wait);
  const graph = new Graph("long", { nodes: [first, wait], start: first, checkpoint: store });
  const run = graph.start(1, { runId: "l", maxAgeMs: 400 });
  await until(() => run.status.wait === "running");
  await sleep(ms);
  deepEqual((await graph.keptRun("l"))?.finished, ["first"]);
  resolve(2);
  await run.results;
  await run.settled;
  deepEqual((await graph.keptRun("l"))?.finished, ["first", "wait"]);
}

Deno.test("A run in memory that has expired is let go of, also behind one that has not", () => {
  const store = new MemoryStore();
  const keep = (runId: string, maxAgeMs: number) => {
    const claim = store.claimRun("g", runId, { header: new Uint8Array(), maxAgeMs })!;
    return claim.release();
  };
  const held = store.claimRun("g", "held", { header: new Uint8Array(), maxAgeMs: 0 })!;
  keep("for ever", Infinity);
  for (let n = 0; n < 5; n++) keep(`${n}`, 0);
  keep("last", 60_000);
  for (let n = 0; n < 5; n++) {
    equal(store.readRun("g", `${n}`), undefined);
    equal(store.deleteRun("g", `${n}`), false);
  }
  for (const runId of ["held", "for ever", "last"]) equal(store.readRun("g", runId)?.size, 1, runId);
  held.release();
  equal(store.readRun("g", "held"), undefined);
});

Deno.test("A run that is kept goes on where it was, in memory", async () => {
  const store = new MemoryStore();
  await checkRuns(() => store);
});

Deno.test("A run that is kept goes on where it was, in SQLite", async () => {
  await withFolder(async (path) => {
    using a = new SqliteStore({ path });
    using b = new SqliteStore({ path });
    let n = 0;
    await checkRuns(() => n++ % 2 ? a : b);
    using memory = new SqliteStore({ path: ":memory:" });
    await checkRuns(() => memory);
  });
});

Deno.test({
  name: `A run that is kept goes on where it was, in Redis${HAS_REDIS ? "" : " (needs redis-server)"}`,
  ignore: !HAS_REDIS,
  async fn() {
    await using redis = await startRedis();
    const { client } = redis;
    await checkRuns(() => new RedisStore({ client }));
    await checkLongRun(new RedisStore({ client, prefix: "leased:", leaseMs: 300 }), 800);
    // A program that has died: its lease is not renewed.
    const dead = {
      ...clientOf(client),
      eval: (script: string, options: { keys: string[]; arguments: string[] }) => {
        return script.includes('PEXPIRE", KEYS[2]') ? Promise.resolve(0) : client.eval(script, options);
      },
    };
    const header = new Uint8Array(1);
    const lease = { client: dead, leaseMs: 300 };
    const claim = (await new RedisStore(lease).claimRun("g", "dead", { header, maxAgeMs: Infinity }))!;
    await claim.save("a", header);
    const heir = new RedisStore({ client, leaseMs: 300 });
    await rejects(heir.claimRun("g", "dead", { header, maxAgeMs: Infinity }), RunBusyError);
    await sleep(500);
    const taken = (await heir.claimRun("g", "dead", { header, maxAgeMs: Infinity }))!;
    deepEqual([...taken.steps.keys()].sort(), ["", "a"]);
    await rejects(async () => await claim.save("b", header), /has not renewed its lease/);
    await sleep(500);
    await taken.save("c", header);
    await Promise.all([claim.release(), taken.release()]);
  },
});

type Redis = Awaited<ReturnType<typeof startRedis>>["client"];
function clientOf(client: Redis) {
  return {
    get: (key: string) => client.get(key),
    set: (key: string, value: string) => client.set(key, value),
    del: (keys: string | string[]) => client.del(keys),
    scanIterator: (options: { MATCH: string }) => client.scanIterator(options),
  };
}

Deno.test("A run goes on after its program was killed, and does nothing twice that is finished", async () => {
  await withFolder(async (path) => {
    const killAt = ["odd 1", "until 3", "end"];
    for (const at of killAt) equal((await runProgram(path, at)).out, "");
    const { code, out, err } = await runProgram(path, "none");
    equal(code, 0, err);
    const { text, restored, status } = JSON.parse(out);
    deepEqual([text, status], ["4: even odd even odd", "completed"]);
    deepEqual(restored, ["load", "loop"]);
    const calls = (await Deno.readTextFile(`${path}.calls`)).trim().split("\n");
    const twice = calls.filter((name, index) => calls.indexOf(name) < index);
    deepEqual(twice, killAt, "only what was being done when the program died");
    const files = [...Deno.readDirSync(join(path, ".."))].map(({ name }) => name);
    deepEqual(files.filter((name) => name.includes("owner")), [], "what the dead have left is tidied up");
  });
});

Deno.test("A run that another program works on is refused by its name, until that program dies", async () => {
  await withFolder(async (path) => {
    const args = ["run", "-A", "--no-check", "--config", CONFIG, PROGRAM, path, "hold"];
    const other = new Deno.Command(Deno.execPath(), { args, stdout: "piped" }).spawn();
    const reader = other.stdout.getReader();
    match(new TextDecoder().decode((await reader.read()).value), /held/);
    const { out } = await runProgram(path, "none");
    match(out, new RegExp(`Cannot work on run "one" of graph "kept": it is under way, in process ${other.pid}`));
    other.kill("SIGKILL");
    await other.status;
    await reader.cancel();
    using store = new SqliteStore({ path });
    equal(await store.deleteRun("kept", "one"), true);
  });
});

Deno.test("A run is refused if nodes, wiring, a finished function or the input have changed, unless allowChanged", async () => {
  const checkpoint = new MemoryStore();
  const fails = new Set(["c"]);
  const first = counting(["a", "b", "c"], checkpoint, fails);
  await rejects(first.graph.execute(1, { runId: "r" }), /Node "c"/);
  const renamed = counting(["a", "x", "c"], checkpoint);
  const error = await renamed.graph.execute(1, { runId: "r" }).catch((error) => error);
  ok(error instanceof RunChangedError);
  deepEqual(error.differences.toSorted(), [
    '+ "a" -> "x"',
    '+ "x" -> "c"',
    '+ node "x", a Node',
    '- "a" -> "b"',
    '- "b" -> "c"',
    '- node "b", a Node',
  ]);
  match(error.message, /run "r" of graph "g".*allowChanged(.|\n)*\+ node "x", a Node/);
  deepEqual(await renamed.graph.execute(1, { runId: "r", allowChanged: true }), { a: 2, x: 3, c: 4 });
  deepEqual(renamed.calls, ["x", "c"]);

  const make = (fn: (n: number) => number, last: (n: number) => number) => {
    const a = new Node("a", fn);
    const b = new Node("b", last);
    a.connect(b);
    return new Graph("functions", { nodes: [a, b], start: a, checkpoint });
  };
  const add = (n: number) => n + 1;
  const fail = () => {
    throw new Error("no");
  };
  await rejects(make(add, fail).execute(1, { runId: "r" }), /no/);
  await rejects(
    make((n) => n + 2, add).execute(1, { runId: "r" }),
    /the function of "a", which has finished, is another one/,
  );
  await rejects(make(add, add).execute(2, { runId: "r" }), /the input is another one/);
  deepEqual(
    await make(add, add).execute(1, { runId: "r" }),
    { a: 2, b: 3 },
    "a function that has failed may be mended",
  );
});

Deno.test("A run within a run is kept by node and visit, and a retry begins it anew", async () => {
  const calls: string[] = [];
  let broken = 2;
  const a = new Node("a", (n: number) => calls.push("a") && n + 1);
  const b = new Node("b", (n: number) => {
    calls.push("b");
    if (broken-- > 0) throw new Error("no");
    return n * 10;
  });
  a.connect(b);
  const inner = new Graph("inner", { nodes: [a, b], start: a });
  const sub = new SubgraphNode("sub", inner, { output: b, retry: { attempts: 2, delayMs: 0 } });
  const graph = new Graph("outer", { nodes: [sub], start: sub, checkpoint: new MemoryStore() });
  await rejects(graph.execute(1, { runId: "r" }), /no/);
  deepEqual(calls, ["a", "b", "a", "b"], "the second attempt is a whole one");
  const run = graph.start(1, { runId: "r" });
  deepEqual(await run.results, { sub: 20 });
  deepEqual([calls.slice(4), run.restored], [["b"], ["sub/a"]]);
});

Deno.test("Calls of a node that joins each are kept one by one, and skips and fallbacks are outputs", async () => {
  const checkpoint = new MemoryStore();
  const calls: number[] = [];
  let isBroken = true;
  const make = () => {
    const start = new Node("start", (n: number) => n);
    const one = new Node("one", (n: number) => n + 1);
    const two = new Node("two", (n: number) => n + 2);
    const odd = new FilterNode("odd", (n: number) => n % 2 === 1);
    const after = new Node("after", (n: number) => n);
    const safe = new Node("safe", (): number => {
      throw new Error("always");
    }, { fallback: () => calls.push(0) });
    const each = new Node("each", (n: number) => {
      calls.push(n);
      if (isBroken && n === 12) throw new Error("no");
      return n;
    }, { join: "each" });
    start.connect(one).connect(each);
    start.connect(two).connect(each);
    start.connect(odd).connect(after);
    start.connect(safe);
    return new Graph("g", { nodes: [start, one, two, odd, after, safe, each] as GraphNode[], start, checkpoint });
  };
  await make().execute(10, { runId: "r", onError: "continue" });
  isBroken = false;
  const run = make().start(10, { runId: "r" });
  deepEqual((await run.results).each, [11, 12]);
  deepEqual(calls, [0, 11, 12, 12]);
  deepEqual(run.status.odd, "skipped");
  deepEqual(run.restored.toSorted(), ["each", "odd", "one", "safe", "start", "two"]);
});

Deno.test("An output or input that cannot be kept fails when it is made, by name", async () => {
  for (
    const value of [
      () => {},
      new URL("https://a.example"),
      { deep: [Symbol("s")] },
      new Response("x"),
      new Proxy({}, {}),
    ]
  ) {
    const make = new Node("make", () => value);
    const graph = new Graph("g", { nodes: [make], start: make, checkpoint: new MemoryStore() });
    await rejects(
      graph.execute(0, { runId: "r" }),
      /Node "make" of graph "g" failed: TypeError: Cannot keep what "make" has come to/,
    );
    await rejects(graph.execute(value, { runId: "q" }), /Cannot keep run "q" of graph "g": of its input, it/);
    equal(await graph.keptRun("q"), undefined);
  }
});

Deno.test("Events of a run that is kept tell what was taken", async () => {
  const events: GraphEvent[] = [];
  const { graph, nodes } = counting(["a", "b"], new MemoryStore());
  await graph.execute(1, { runId: "r" });
  graph.events$.subscribe((event) => events.push(event));
  await graph.execute(1, { runId: "r" });
  const told = events.map(({ run: _run, at: _at, graph: _graph, ...rest }) => rest);
  deepEqual(told, [
    { kind: "runStart", runId: "r", finished: 2 },
    { kind: "restore", node: "a", step: "a" },
    { kind: "restore", node: "b", step: "b" },
    { kind: "runEnd", outcome: "completed", error: undefined },
  ]);
  equal(nodes.length, 2);
});

Deno.test("Options of runs that are kept are checked together", async () => {
  const { graph } = counting(["a"], new MemoryStore());
  const bare = new Graph("bare", {});
  for (const name of ["checkpoint", "allowChanged", "maxAgeMs"]) {
    const value = { checkpoint: new MemoryStore(), allowChanged: true, maxAgeMs: 1 }[name];
    await rejects(
      async () => await graph.execute(1, { [name]: value }),
      new RegExp(`the option ${name} needs a runId`),
    );
  }
  await rejects(async () => await bare.execute(1, { runId: "r" }), /a runId needs the option checkpoint/);
  await rejects(async () => await graph.execute(1, { runId: "" }), /runId must be a text that is not empty/);
  throws(() => graph.start(1, { runId: "r", checkpoint: {} as never }), /checkpoint must be a store that keeps runs/);
  await rejects(graph.deleteRun("", {}), /its name must be a text/);
  await rejects(graph.resume("r", 1), /Cannot resume run "r" of graph "g": it is not kept/);
});

/** A graph in which two people are asked, one of them within a loop of a router. */
function asking(checkpoint: CheckpointStore) {
  const calls: string[] = [];
  const left = new Node("left", (n: number, { interrupt }) => {
    calls.push("left");
    const first = interrupt<number>({ ask: "first" });
    const second = interrupt<number>({ ask: "second", first });
    return n + first + second;
  });
  const inner = new Node("ask", (n: number, { interrupt, attempt }) => {
    calls.push(`ask ${attempt}`);
    try {
      return n + interrupt<number>("inner");
    } catch (error) {
      // Functions like this one are not asked for.
      throw new Error("swallowed", { cause: error });
    }
  }, { retry: { attempts: 3, delayMs: 0 }, fallback: () => -1 });
  const right = new SubgraphNode("right", new Graph("inner", { nodes: [inner], start: inner }), { output: inner });
  const slow = new Node("slow", async (n: number) => {
    await sleep(5);
    calls.push("slow");
    return n;
  });
  const start = new Node("start", (n: number) => calls.push("start") && n);
  const sum = new Node(
    "sum",
    ({ left, right, slow }: { left: number; right: number; slow: number }) => left + right + slow,
    { join: "all" },
  );
  start.connect(left).connect(sum);
  start.connect(right).connect(sum);
  start.connect(slow).connect(sum);
  return { graph: new Graph("asking", { nodes: [start, left, right, slow, sum], start, checkpoint }), sum, calls };
}

Deno.test("interrupt() stops a run until resume(), also in another program, and the rest goes on", async () => {
  await withFolder(async (path) => {
    {
      using store = new SqliteStore({ path });
      await using closed = asking(store).graph;
      const run = closed.start(1, { runId: "r" });
      const error = await run.results.catch((error) => error);
      ok(error instanceof RunInterruptedError);
      deepEqual(error.interrupts, [{ node: "left", value: { ask: "first" } }, { node: "right/ask", value: "inner" }]);
      deepEqual(run.status, {
        start: "completed",
        left: "interrupted",
        right: "interrupted",
        slow: "completed",
        sum: "pending",
      });
    }
    using store = new SqliteStore({ path });
    const { graph, sum, calls } = asking(store);
    deepEqual((await graph.keptRun("r"))?.interrupts.map(({ node }) => node), ["left", "right/ask"]);
    await rejects(graph.resume("r", 1), /several nodes wait, "left", "right\/ask"; set the option node/);
    await rejects(graph.resume("r", 1, { node: "lift" }), /node "lift" does not wait/);
    await rejects(graph.resume("r", () => 1, { node: "left" }), /the answer cannot be kept, it is a function/);
    await rejects(graph.execute(1, { runId: "r" }), RunInterruptedError);
    deepEqual(calls, [], "who waits is not called again");
    const again = await graph.resume("r", 10, { node: "left" }).catch((error) => error);
    deepEqual(again.interrupts, [{ node: "left", value: { ask: "second", first: 10 } }, {
      node: "right/ask",
      value: "inner",
    }]);
    await rejects(graph.resume("r", 100, { node: "right/ask" }), RunInterruptedError);
    equal(await graph.resume("r", 1000, { output: sum }), 1 + 10 + 1000 + 101 + 1);
    deepEqual(calls, ["left", "ask 1", "left"]);
    await rejects(graph.resume("r", 1), /no node waits for an answer/);
    equal(await graph.execute(1, { runId: "r", output: sum }), 1113);
  });
});

Deno.test("interrupt() needs a run that is kept", async () => {
  const ask = new Node("ask", (_: number, { interrupt }) => interrupt());
  const graph = new Graph("g", { nodes: [ask], start: ask });
  await rejects(graph.execute(1), /Cannot interrupt node "ask": its run is not kept/);
});

Deno.test("The idempotency key of a call is the same whenever its run goes on", async () => {
  const keys: (string | undefined)[] = [];
  let isBroken = true;
  const pay = new Node("pay", (n: number, { idempotencyKey, runId }) => {
    keys.push(idempotencyKey, runId);
    if (isBroken) throw new Error("no");
    return n;
  });
  const graph = new Graph("g", { nodes: [pay], start: pay, checkpoint: new MemoryStore() });
  await rejects(graph.execute(1, { runId: "r" }), /no/);
  isBroken = false;
  await graph.execute(1, { runId: "r" });
  await graph.execute(1);
  deepEqual(keys, ["r/pay", "r", "r/pay", "r", undefined, undefined]);
});

Deno.test("A run that ends before it is claimed is told of as a run, from its start to its end", async () => {
  const first = new Node("first", () => new Promise<number>((resolve) => setTimeout(resolve, 20, 1)));
  const graph = new Graph("g", { nodes: [first], start: first, checkpoint: new MemoryStore() });
  const told: string[] = [];
  graph.events$.subscribe(({ kind, run }) => void told.push(`${run} ${kind}`));
  const one = graph.execute(undefined, { runId: "r" });
  await rejects(graph.execute(undefined, { runId: "r" }), RunBusyError);
  await one;
  const aborted = AbortSignal.abort(new Error("not now"));
  await rejects(graph.execute(undefined, { runId: "s", signal: aborted }), /not now/);
  const kinds = (run: number) => told.filter((text) => text.startsWith(`${run} `)).map((text) => text.slice(2));
  deepEqual([kinds(1), kinds(2), kinds(3)], [
    ["runStart", "start", "end", "runEnd"],
    ["runStart", "cancel", "runEnd"],
    ["runStart", "cancel", "runEnd"],
  ]);
  await graph.close();
});

Deno.test("The fallback of a call has an idempotency key of its own: it asks for something else", async () => {
  const keys: (string | undefined)[] = [];
  const pay = new Node("pay", (_: number, { idempotencyKey }): number => {
    keys.push(idempotencyKey);
    throw new Error("no");
  }, {
    retry: { attempts: 2, delayMs: 1 },
    fallback: (_error, n, { idempotencyKey }) => (keys.push(idempotencyKey), n),
  });
  const graph = new Graph("g", { nodes: [pay], start: pay, checkpoint: new MemoryStore() });
  equal((await graph.execute(1, { runId: "r" })).pay, 1);
  await graph.execute(1);
  deepEqual(keys, ["r/pay", "r/pay", "r/pay:fallback", undefined, undefined, undefined]);
});

Deno.test("What is paid for after a failure is kept, and the next execution waits for it", async () => {
  const { promise, resolve } = Promise.withResolvers<number>();
  let calls = 0;
  let isBroken = true;
  const start = new Node("start", (n: number) => n);
  const deaf = new Node("deaf", () => ++calls && promise);
  const fail = new Node("fail", () => {
    if (isBroken) throw new Error("no");
    return SKIPPED;
  });
  start.connect(deaf);
  start.connect(fail);
  const graph = new Graph("g", { nodes: [start, deaf, fail], start, checkpoint: new MemoryStore() });
  await rejects(graph.execute(1, { runId: "r" }), /no/);
  isBroken = false;
  const second = graph.execute(1, { runId: "r" });
  resolve(7);
  equal((await second).deaf, 7);
  equal(calls, 1);
});

Deno.test("A run that is cancelled, or whose graph is closed, can go on", async () => {
  const checkpoint = new MemoryStore();
  const make = (ms: number) => {
    const a = new Node("a", (n: number) => n + 1);
    const b = new Node("b", async (n: number, { signal }) => {
      await sleep(ms, signal);
      return n;
    });
    a.connect(b);
    return new Graph("g", { nodes: [a, b], start: a, checkpoint });
  };
  await rejects(make(60_000).execute(1, { runId: "r", timeoutMs: 10 }), /longer than 10 ms/);
  const graph = make(60_000);
  const run = graph.start(1, { runId: "r" });
  await until(() => run.status.b === "running");
  await graph.close();
  await rejects(run.results, /was closed/);
  const early = make(1).start(1, { runId: "r" });
  early.cancel();
  await rejects(early.results, /was cancelled/);
  deepEqual(await make(1).execute(1, { runId: "r" }), { a: 2, b: 2 });
});

Deno.test("GraphStreamOptions.runId keeps each item, and a stream that was broken off goes on", async () => {
  const checkpoint = new MemoryStore();
  const calls: number[] = [];
  const make = (worst: number) => {
    const work = new Node("work", (n: number) => {
      if (n === worst) throw new Error("no");
      calls.push(n);
      return 2 * n;
    });
    return { graph: new Graph("items", { nodes: [work], start: work, checkpoint }), work };
  };
  const options = (output: GraphNode) => ({
    output,
    runId: (n: number, index: number) => `${n} ${index}`,
    concurrency: 1,
  });
  const first = make(3);
  const second = make(0);
  await rejects(Array.fromAsync(first.graph.stream([1, 2, 3, 4], options(first.work))), /no/);
  deepEqual(await Array.fromAsync(second.graph.stream([1, 2, 3, 4], options(second.work))), [2, 4, 6, 8]);
  deepEqual(calls, [1, 2, 3, 4]);
  const bad = second.graph.stream([1], { runId: () => 5 as never });
  await rejects(Array.fromAsync(bad), /with the option runId: its name must be a text, received 5/);
  throws(() => second.graph.stream([1], { allowChanged: true }), /the option allowChanged needs a runId/);
});

Deno.test("What is kept of a run and cannot be read, or was made by a newer Ringmill, is refused by name", async () => {
  const checkpoint = new MemoryStore();
  const { graph, calls } = counting(["a", "b"], checkpoint);
  const damage = async (runId: string, step: string, bytes: Uint8Array) => {
    await graph.execute(1, { runId });
    const claim = checkpoint.claimRun("g", runId, { header: undefined, maxAgeMs: Infinity })!;
    await claim.save(step, bytes);
    await claim.release();
    calls.length = 0;
  };
  const newer = { version: 2, lines: [], functions: new Map(), input: 1 };
  await damage("newer", "", bytesOfValue("", newer));
  await rejects(
    graph.execute(1, { runId: "newer", allowChanged: true }),
    /run "newer" of graph "g": it was made by a newer Ringmill/,
  );
  await damage("cut", "", new Uint8Array(3));
  await rejects(graph.execute(1, { runId: "cut" }), /run "cut" of graph "g": what is kept is damaged.*delete the run/);
  await damage("step", "b", bytesOfValue("another", [3]));
  await rejects(
    graph.execute(1, { runId: "step" }),
    /Node "b".*Cannot read what is kept of "b" in run "step": it is damaged/,
  );
  deepEqual(calls, []);
});

Deno.test("A run is let go of when no function of it runs any more, however it has ended", async () => {
  for (const fallback of [undefined, () => -1]) {
    const goOn = Promise.withResolvers<void>();
    let [running, most, calls] = [0, 0, 0];
    const slow = new Node("slow", async (n: number) => {
      calls++;
      most = Math.max(most, ++running);
      // It does not heed its signal.
      if (calls === 1) await goOn.promise;
      running--;
      return n;
    }, { timeoutMs: 20, fallback });
    const next = new Node("next", (n: number) => {
      if (calls === 1) throw new Error("no");
      return n + 1;
    });
    slow.connect(next);
    const graph = new Graph("g", { nodes: [slow, next], start: slow, checkpoint: new MemoryStore() });
    const options = { runId: "r", output: next, onError: "continue" } as const;
    await graph.execute(1, options).catch(() => {});
    equal(running, 1);
    const second = graph.execute(1, options);
    await sleep(20);
    equal(most, 1);
    goOn.resolve();
    await second.catch(() => {});
    deepEqual([running, most], [0, 1]);
    await graph.close();
  }
});

Deno.test("A run waits for one of the same name whose function goes on, but not beyond its time or its signal", async () => {
  const goOn = Promise.withResolvers<void>();
  const calls: number[] = [];
  const node = new Node("node", async (n: number) => {
    calls.push(n);
    if (calls.length === 1) await goOn.promise;
    return n + 1;
  });
  const graph = new Graph("g", { nodes: [node], start: node, checkpoint: new MemoryStore() });
  const options = { runId: "r", output: node };
  await rejects(graph.execute(1, { ...options, timeoutMs: 5 }), { name: "TimeoutError" });
  await rejects(graph.execute(1, { ...options, timeoutMs: 5 }), { name: "TimeoutError", message: /longer than 5 ms/ });
  const signal = AbortSignal.timeout(5);
  await rejects(graph.execute(1, { ...options, signal }), (error) => error === signal.reason);
  await rejects(graph.execute(1, { ...options, signal: AbortSignal.abort("stop") }), (error) => error === "stop");
  const last = graph.execute(1, options);
  deepEqual(calls, [1]);
  goOn.resolve();
  // What has come after the failure is kept.
  equal(await last, 2);
  deepEqual(calls, [1]);
  await graph.close();
});

Deno.test("interrupt() in a fallback asks a question of its own", async () => {
  for (const isQuiet of [false, true]) {
    let isUp = false;
    const node = new Node("node", (n: number, { interrupt }): string => {
      if (n > 0) equal(interrupt("name?"), "Ann");
      throw new RangeError(isUp ? "up" : "no");
    }, {
      retry: { attempts: 2, delayMs: 0 },
      fallback: (error, n, { interrupt }) => {
        ok(error.cause instanceof RangeError);
        try {
          return [n, interrupt("really?"), interrupt("sure?")].join();
        } catch (thrown) {
          if (!isQuiet) throw thrown;
          return "no answer";
        }
      },
    });
    const graph = new Graph("g", { nodes: [node], start: node, checkpoint: new MemoryStore() });
    const asked = async (run: Promise<unknown>) => {
      const error = await run.catch((error) => error);
      ok(error instanceof RunInterruptedError);
      return error.interrupts;
    };
    const ask = (value: string) => [{ node: "node", value }];
    deepEqual(await asked(graph.execute(1, { runId: "r" })), ask("name?"));
    deepEqual(await asked(graph.resume("r", "Ann")), ask("really?"));
    deepEqual(await asked(graph.execute(1, { runId: "r" })), ask("really?"));
    isUp = true;
    deepEqual(await asked(graph.resume("r", "yes")), ask("sure?"));
    equal(await graph.resume("r", "quite", { output: node }), "1,yes,quite");
    deepEqual(await asked(graph.execute(0, { runId: "none" })), ask("really?"));
    await graph.close();
  }
});

Deno.test("RunInterruptedError says how many wait", async () => {
  const nodes = ["b", "a"].map((name) => new Node(name, (_: unknown, { interrupt }) => interrupt()));
  const graph = new Graph("g", { nodes, start: nodes, checkpoint: new MemoryStore() });
  const message = 'Run "r" of graph "g" has stopped: "a", "b" wait for answers, by resume()';
  await rejects(graph.execute(1, { runId: "r" }), { message });
});

Deno.test("An attempt that was given up does not ask in place of the next one, or of the fallback", async () => {
  for (const hasFallback of [true, false]) {
    const { promise: given, resolve: giveUp } = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    const next = async (n: number) => {
      giveUp();
      await asked.promise;
      return n;
    };
    let calls = 0;
    const node = new Node("node", async (n: number, { interrupt }): Promise<number> => {
      if (++calls > 1) return await next(n);
      await given;
      // After what waits for it has begun.
      queueMicrotask(asked.resolve);
      return interrupt<number>("late");
    }, {
      timeoutMs: 20,
      retry: hasFallback ? 1 : { attempts: 2, delayMs: 0 },
      fallback: hasFallback ? (_, n) => next(n) : undefined,
    });
    await using graph = new Graph("g", { nodes: [node], start: node, checkpoint: new MemoryStore() });
    deepEqual(await graph.execute(7, { runId: "r" }), { node: 7 });
    deepEqual((await graph.keptRun("r"))?.interrupts, []);
  }
});

Deno.test("A retry of a node that runs an inner graph asks again, and one of an inner node does not", async () => {
  for (const isOfInner of [true, false]) {
    const retry = { attempts: 2, delayMs: 0 };
    const calls: string[] = [];
    const ask = new Node("ask", (n: number, { interrupt }) => {
      calls.push("ask");
      return n + interrupt<number>("how many?");
    });
    const pay = new Node("pay", (n: number) => {
      calls.push("pay");
      if (calls.filter((name) => name === "pay").length === 1) throw new Error("no");
      return n;
    }, isOfInner ? { retry } : {});
    ask.connect(pay);
    const inner = new Graph("inner", { nodes: [ask, pay], start: ask });
    const order = new SubgraphNode("order", inner, { output: pay, ...isOfInner ? {} : { retry } });
    const graph = new Graph("g", { nodes: [order], start: order, checkpoint: new MemoryStore() });
    await rejects(graph.execute(1, { runId: "r" }), RunInterruptedError);
    if (isOfInner) {
      deepEqual(await graph.resume("r", 5), { order: 6 });
      deepEqual(calls, ["ask", "ask", "pay", "pay"]);
    } else {
      await rejects(graph.resume("r", 5), RunInterruptedError);
      deepEqual(await graph.resume("r", 7), { order: 8 });
      deepEqual(calls, ["ask", "ask", "pay", "ask", "ask", "pay"]);
    }
  }
});
