import { deepEqual, equal, ok, rejects, throws } from "node:assert/strict";
import {
  BatchNode,
  CachedNode,
  Graph,
  type GraphEvent,
  Limiter,
  type LimiterOptions,
  LimitExceededError,
  Node,
  type NodeOptions,
  retryAfterMs,
  StreamingNode,
} from "@ringmill/ringmill/graph";
import { sleep, until } from "./_helpers.ts";

/** Work that counts how many run at a time. */
function counted(ms = 2) {
  const state = { running: 0, most: 0, calls: 0, at: [] as number[] };
  const work = async (value: number) => {
    state.at.push(performance.now());
    state.calls++;
    state.most = Math.max(state.most, ++state.running);
    await sleep(ms);
    state.running--;
    return value;
  };
  return { state, work };
}

function single(work: (n: number) => unknown, options: NodeOptions<number, unknown, undefined>, name = "n") {
  const node = new Node(name, work, options);
  return new Graph<number>(`of ${name}`, { nodes: [node] as never[], start: node });
}

const range = (count: number) => Array.from({ length: count }, (_, n) => n);

Deno.test("LimiterOptions.concurrency holds across executions, nodes and graphs", async () => {
  const limiter = new Limiter({ concurrency: 3 });
  const { state, work } = counted();
  const graphs = ["a", "b"].map((name) => single(work, { limiter }, name));
  const all = range(40).map((n) => graphs[n % 2].execute(n));
  equal(limiter.queued, 37);
  await Promise.all(all);
  deepEqual([state.most, state.calls, limiter.running, limiter.queued], [3, 40, 0, 0]);
});

Deno.test("RateOptions: never more calls than limit in any interval, nor more than burst at once", async () => {
  for (const rate of [{ limit: 10, intervalMs: 200 }, { limit: 10, intervalMs: 200, burst: 2 }]) {
    const limiter = new Limiter({ rate });
    const { state, work } = counted(0);
    const graph = single(work, { limiter });
    await Promise.all(range(35).map((n) => graph.execute(n)));
    const { at } = state;
    const { limit, intervalMs, burst = limit } = rate;
    for (const [index, time] of at.entries()) {
      // A busy machine begins what may begin some milliseconds later.
      if (index >= limit) ok(time - at[index - limit] >= intervalMs / 2, `${time - at[index - limit]}`);
    }
    ok(at[burst] - at[0] >= intervalMs / limit / 2);
  }
});

Deno.test("Limiter: calls begin in order, and one timer serves ten thousand that wait", async () => {
  const limiter = new Limiter({ rate: { limit: 2000, intervalMs: 10 } });
  const begun: number[] = [];
  const graph = single((n) => begun.push(n), { limiter });
  await Promise.all(range(10_000).map((n) => graph.execute(n)));
  deepEqual(begun, range(10_000));
});

Deno.test("LimiterOptions.maxQueued and queueTimeoutMs fail with a LimitExceededError, which is not retried by default", async () => {
  const cases: [LimiterOptions, RegExp][] = [
    [{ concurrency: 1, maxQueued: 0 }, /Cannot begin: 0 calls wait already \(maxQueued\)/],
    [{ concurrency: 1, maxQueued: 1 }, /Cannot begin: 1 calls wait already \(maxQueued\)/],
    [{ concurrency: 1, queueTimeoutMs: 10 }, /Cannot begin: it has waited for 10 ms \(queueTimeoutMs\)/],
  ];
  for (const [options, message] of cases) {
    const limiter = new Limiter(options);
    const { state, work } = counted(60);
    const graph = single(work, { limiter, retry: { attempts: 3, delayMs: 1 } });
    const ends = await Promise.allSettled(range(3).map((n) => graph.execute(n)));
    const failed = ends.filter((end) => end.status === "rejected").map(({ reason }) => reason);
    ok(failed.length > 0 && failed.every(({ cause }) => cause instanceof LimitExceededError));
    ok(failed.every((error) => message.test(error.message)), failed[0].message);
    equal(state.calls + failed.length, 3);
    equal(limiter.queued, 0);
  }
});

Deno.test("To wait for a limiter does not count for timeoutMs, and is seen in status and events", async () => {
  const limiter = new Limiter({ concurrency: 1 });
  const { work } = counted(30);
  const events: string[] = [];
  const node = new Node("n", work, { limiter, timeoutMs: 500 });
  const onEvent = (event: GraphEvent) => {
    if (event.kind === "queue") events.push(`queue ${event.run} ${event.attempt} ${event.queued}`);
    if (event.kind === "start") events.push(`start ${event.run}`);
  };
  const graph = new Graph("g", { nodes: [node], start: node, onEvent });
  const runs = range(30).map((n) => graph.start(n));
  await sleep(1);
  deepEqual(runs.slice(0, 3).map(({ status }) => status.n), ["running", "queued", "queued"]);
  equal(runs[1].timing.n.status, "queued");
  await Promise.all(runs.map(({ results }) => results));
  for (const event of ["start 1", "queue 2 1 1", "queue 3 1 2"]) ok(events.includes(event), event);
  ok(events.includes("start 30"));
});

/** Nodes that wait for a limiter themselves, for a call that several inputs share. */
function sharingNodes(limiter: Limiter, work: (value: number) => Promise<number>) {
  const options = { limiter, timeoutMs: 60_000 };
  return [
    new CachedNode("n", work, options),
    new StreamingNode("n", async function* (value: number) {
      yield await work(value);
    }, { ...options, cache: true }),
    new BatchNode("n", (values: number[]) => Promise.all(values.map(work)), { ...options, size: 2, maxWaitMs: 60_000 }),
  ] as unknown as Node<number, unknown>[];
}

Deno.test("The wait of a shared call for a limiter is seen in status and events of all that share it", async () => {
  for (const index of sharingNodes(new Limiter({}), counted().work).keys()) {
    const limiter = new Limiter({ concurrency: 1 });
    const [node] = sharingNodes(limiter, counted(1).work).slice(index);
    const events: string[] = [];
    const onEvent = (event: GraphEvent) => {
      if (event.kind === "queue") events.push(`${event.run} ${event.node} ${event.attempt} ${event.queued}`);
    };
    const graph = new Graph("g", { nodes: [node], start: node, onEvent });
    const what = node.constructor.name;
    const release = await limiter.acquire();
    // Two share the first call, and one of two that share the second is cancelled.
    const runs = [1, 1, 2, 2].map((n) => graph.start(n));
    await until(() => limiter.queued === 2);
    const late = what === "BatchNode" ? [] : [graph.start(2)];
    const all = [...runs, ...late];
    deepEqual(all.map(({ status }) => status.n), all.map(() => "queued"), what);
    const expected = ["1 n 1 1", "2 n 1 1", "3 n 1 2", "4 n 1 2", ...late.map(() => "5 n 1 2")];
    deepEqual(events, expected, what);
    runs[3].cancel();
    await runs[3].settled;
    release();
    await Promise.all(all.filter((run) => run !== runs[3]).map(({ results }) => results));
    deepEqual(all.map(({ status }) => status.n).with(3, "completed"), all.map(() => "completed"), what);
    deepEqual([limiter.running, limiter.queued], [0, 0]);
    await graph.close();
  }
});

Deno.test("A shared call that has a place, or is refused one, is not queued any more", async () => {
  for (const index of sharingNodes(new Limiter({}), counted().work).keys()) {
    const going = Promise.withResolvers<number>();
    const limiter = new Limiter({ concurrency: 1, queueTimeoutMs: 60_000, maxQueued: 1 });
    const [node] = sharingNodes(limiter, () => going.promise).slice(index);
    const graph = new Graph("g", { nodes: [node], start: node });
    const what = node.constructor.name;
    const release = await limiter.acquire();
    const queued = [graph.start(1), graph.start(1)];
    await until(() => limiter.queued === 1);
    const refused = [graph.start(2), graph.start(2)];
    for (const { results } of refused) await rejects(results, /1 calls wait already/);
    deepEqual(refused.map(({ status }) => status.n), ["failed", "failed"], what);
    release();
    await until(() => limiter.running === 1 && limiter.queued === 0);
    await sleep(1);
    deepEqual(queued.map(({ status }) => status.n), ["running", "running"], what);
    going.resolve(1);
    await Promise.all(queued.map(({ results }) => results));
    await graph.close();
  }
});

Deno.test("Limiter: who is cancelled while it waits, or fails, or hangs, leaves its place to others", async () => {
  const limiter = new Limiter({ concurrency: 1 });
  const { state, work } = counted(20);
  const graph = single(work, { limiter });
  const runs = range(4).map((n) => graph.start(n));
  await sleep(1);
  runs[1].cancel();
  runs[0].cancel();
  await Promise.all([runs[2].results, runs[3].results]);
  equal(state.calls, 3);
  const bad = single(() => {
    throw new Error("no");
  }, { limiter });
  for (let n = 0; n < 3; n++) await rejects(bad.execute(n), /no/);
  const hang = single(() => new Promise(() => {}), { limiter, timeoutMs: 5 });
  await rejects(hang.execute(1), /took longer/);
  await graph.execute(5);
  deepEqual([limiter.running, limiter.queued], [0, 0]);
});

Deno.test("Limiter: a function that was given up keeps its place while it runs", async () => {
  const limiter = new Limiter({ concurrency: 2 });
  const { state, work } = counted(40);
  const graph = single(work, { limiter, timeoutMs: 5 });
  const runs = range(6).map((n) => graph.start(n));
  await Promise.all(runs.map((run) => run.results.catch(() => {})));
  await Promise.all(runs.map(({ settled }) => settled));
  deepEqual([state.most, state.calls], [2, 6]);
});

Deno.test("CachedNode and BatchNode take a place for a call of their function, not for each input", async () => {
  const limiter = new Limiter({ concurrency: 1 });
  const { state, work } = counted(5);
  const cached = new CachedNode("cached", work, { limiter, timeoutMs: 1000 });
  const batch = new BatchNode("batch", async (n: number[]) => {
    await work(0);
    return n;
  }, { limiter, size: 10, maxWaitMs: 5, timeoutMs: 1000 });
  const graph = new Graph("g", { nodes: [cached, batch], start: [cached, batch] });
  await Promise.all(range(40).map((n) => graph.execute(n % 4)));
  deepEqual([state.most, state.calls], [1, 8]);
  await Promise.all(range(40).map((n) => graph.execute(n % 4, { output: cached })));
  equal(state.calls, 12);
  const blocker = limiter.acquire();
  const release = await blocker;
  const run = graph.start(50);
  await until(() => limiter.queued === 2);
  run.cancel();
  await run.settled;
  equal(limiter.queued, 0);
  release();
});

Deno.test("Limiter: what a server asks for by Retry-After holds up all, and the retry waits for it", async () => {
  const headers: (() => unknown)[] = [
    () => ({ headers: new Headers({ "Retry-After": "0.1" }) }),
    () => ({ response: new Response(null, { status: 429, headers: { "retry-after-ms": "100" } }) }),
    () => ({ cause: { headers: { "Retry-After": "0.1" } } }),
  ];
  for (const header of headers) {
    const limiter = new Limiter({});
    const at: number[] = [];
    const graph = single(() => {
      at.push(performance.now());
      if (at.length === 1) throw Object.assign(new Error("429"), header());
      return 1;
    }, { limiter, retry: { attempts: 2, delayMs: 1 } });
    const first = graph.execute(1);
    await sleep(5);
    ok(limiter.pausedMs > 0);
    await Promise.all([first, graph.execute(2)]);
    ok(at[1] - at[0] >= 95 && at.length === 3, `${at[1] - at[0]}`);
  }
  const date = new Date(Date.now() + 3_600_000).toUTCString();
  ok(retryAfterMs({ headers: { "retry-after": date } })! > 3_500_000);
  equal(retryAfterMs({ headers: { "retry-after": new Date(0).toUTCString() } }), 0);
  for (const none of [undefined, null, 5, {}, { headers: 5 }, { headers: { "retry-after": "soon" } }, new Error("x")]) {
    equal(retryAfterMs(none), undefined);
  }
});

Deno.test("Limiter.run() and acquire(): a signal ends the wait, a place is given back once", async () => {
  const limiter = new Limiter({ concurrency: 1 });
  const release = await limiter.acquire();
  await rejects(limiter.run(() => 1, { signal: AbortSignal.timeout(5) }), { name: "TimeoutError" });
  await rejects(limiter.run(() => 1, { signal: AbortSignal.abort(new Error("early")) }), /early/);
  const next = limiter.run(() => 2);
  release();
  release();
  equal(await next, 2);
  equal(limiter.running, 0);
});

Deno.test("LimiterRunOptions.onQueued that throws fails its own call, which takes no place", async () => {
  const onQueued = () => {
    throw new Error("no log");
  };
  for (const how of ["run", "acquire"] as const) {
    const limiter = new Limiter({ concurrency: 1 });
    const release = await limiter.acquire();
    const order: string[] = [];
    const fail = () =>
      how === "run" ? limiter.run(() => order.push("failed"), { onQueued }) : limiter.acquire({ onQueued });
    await rejects(fail(), /no log/);
    equal(limiter.queued, 0);
    // One that comes before the call that fails, one that comes meanwhile, and one that comes after it.
    const before = limiter.run(() => order.push("before"));
    await rejects(fail(), /no log/);
    const meanwhile = Promise.withResolvers<number>();
    const nested = () => {
      meanwhile.resolve(limiter.run(() => order.push("meanwhile")));
      return onQueued();
    };
    await rejects(limiter.run(() => order.push("failed"), { onQueued: nested }), /no log/);
    const after = limiter.run(() => order.push("after"));
    release();
    await Promise.all([before, meanwhile.promise, after]);
    deepEqual([order, limiter.running, limiter.queued], [["before", "meanwhile", "after"], 0, 0]);
  }
  const paused = new Limiter({});
  paused.pauseFor(5);
  const meanwhile = Promise.withResolvers<number>();
  const nested = () => {
    meanwhile.resolve(paused.run(() => 1));
    return onQueued();
  };
  await rejects(paused.acquire({ onQueued: nested }), /no log/);
  equal(await meanwhile.promise, 1, "it begins when the pause is over");
});

Deno.test("Limiter.pauseFor() refuses what is no time", () => {
  const limiter = new Limiter({});
  for (const ms of [NaN, -1, -Infinity]) {
    throws(() => limiter.pauseFor(ms), {
      name: "RangeError",
      message: `Cannot pause a limiter: ms must be a number of milliseconds, 0 or more, received ${ms}`,
    });
  }
  for (const ms of ["5", undefined, null, 5n, {}]) {
    throws(() => limiter.pauseFor(ms as number), { name: "TypeError", message: /^Cannot pause a limiter: ms must be/ });
  }
  equal(limiter.pausedMs, 0);
  limiter.pauseFor(0);
  limiter.pauseFor(60_000);
  ok(limiter.pausedMs > 50_000);
});

Deno.test("Limiter refuses options of the wrong kind or range", () => {
  const wrong: [unknown, RegExp][] = [
    [
      { concurrency: 0 },
      /RangeError: Cannot make a limiter: concurrency must be an integer, 1 or more, or Infinity, received 0/,
    ],
    [{ maxQueued: -1 }, /maxQueued/],
    [{ rate: { limit: 5 } }, /it needs rate.intervalMs/],
    [{ rate: { limit: 0, intervalMs: 5 } }, /rate.limit must be an integer from 1/],
    [{ rate: { limit: 2, intervalMs: 5, burst: 3 } }, /rate.burst must be at most rate.limit, 2, received 3/],
    [{ rate: { limit: 1, intervalMs: 5, bust: 1 } }, /no option "rate.bust"; did you mean "rate.burst"/],
    [{ queueTimeoutMs: "5" }, /TypeError.*queueTimeoutMs/],
    [{ rates: {} }, /no option "rates"; did you mean "rate"/],
  ];
  for (const [options, message] of wrong) {
    throws(() => new Limiter(options as LimiterOptions), (error) => message.test(String(error)));
  }
  throws(() => new Node("n", () => 1, { limiter: {} as Limiter }), /limiter must be a Limiter/);
});

Deno.test("Limiter: a node that is cancelled as its turn comes is not called", async () => {
  const limiter = new Limiter({ concurrency: 1 });
  const { state, work } = counted();
  const graph = single(work, { limiter });
  const run = graph.start(1);
  run.cancel();
  await run.settled;
  equal(state.calls, 0);
  const release = await limiter.acquire();
  const later = graph.start(2);
  await sleep(1);
  release();
  later.cancel();
  await later.settled;
  deepEqual([state.calls, limiter.running, limiter.queued], [0, 0, 0]);
});

Deno.test("Calls that wait for a rate cost no timer each, and lose nothing to timers that are late", async () => {
  const real = globalThis.setTimeout;
  let timers = 0;
  globalThis.setTimeout = ((callback: () => void, ms: number) => {
    timers++;
    return real(callback, ms);
  }) as typeof setTimeout;
  try {
    const limiter = new Limiter({ rate: { limit: 20_000, intervalMs: 1000, burst: 1 } });
    const node = new Node("n", (n: number) => n, { limiter });
    const graph = new Graph("g", { nodes: [node], start: node });
    const all = Array.from({ length: 2000 }, (_, n) => graph.execute(n, { output: node }));
    ok(timers <= 1, `${timers} timers for ${limiter.queued} calls`);
    deepEqual(await Promise.all(all), Array.from({ length: 2000 }, (_, n) => n));
    // Each timer begins as many calls as have become due: on any machine fewer timers than calls.
    ok(timers < 1000, `${timers} timers`);
  } finally {
    globalThis.setTimeout = real;
  }
});
