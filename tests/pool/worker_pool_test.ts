import { deepEqual, equal, match, ok, rejects, throws } from "node:assert/strict";
import { DeclarationError, LifecycleError, StoppedError, TaskError } from "@ringmill/ringmill";
import { targetOf } from "../../src/worker/export_target.ts";
import type { ExportTarget } from "../../src/worker/export_target.ts";
import { WorkerPool, type WorkerPoolOptions } from "../../src/pool/worker_pool.ts";
import * as calls from "./_calls.ts";

const CALLS = new URL("./_calls.ts", import.meta.url).href;

function target(exportName: keyof typeof calls): ExportTarget {
  return { module: CALLS, exportName };
}

function newPool(options: Partial<WorkerPoolOptions> = {}): WorkerPool {
  return new WorkerPool({ name: "test", workers: 2, ...options });
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Starts a call that announces its beginning on a channel, and waits for that. */
async function begin(start: (channel: string) => Promise<unknown>): Promise<{ readonly call: Promise<unknown> }> {
  const channel = crypto.randomUUID();
  const receiver = new BroadcastChannel(channel);
  const begun = new Promise((resolve) => receiver.onmessage = resolve);
  const call = start(channel);
  call.catch(() => {});
  await begun;
  receiver.close();
  return { call };
}

Deno.test("WorkerPool.run() calls sync and async functions with their arguments", async () => {
  await using pool = newPool();
  equal(await pool.run(target("add"), [1, 2]), 3);
  equal(await pool.run(target("add"), [1]), 2);
  equal(await pool.run(target("addSlowly"), [3, 4]), 7);
  deepEqual(await pool.run(await targetOf(calls.default, CALLS), [Float64Array.of(1, 2)]), Float64Array.of(2, 4));
  deepEqual(await pool.run(target("echo"), [{ a: [1n] }, undefined, "é"]), [{ a: [1n] }, undefined, "é"]);
});

Deno.test("WorkerPool.run() carries arguments and results that are larger than its rings", async () => {
  await using pool = newPool({ workers: 1 });
  const samples = Float64Array.from({ length: 300_000 }, (_, n) => n);
  const doubled = await pool.run(target("default"), [samples]) as Float64Array;
  equal(doubled.length, samples.length);
  ok(doubled.every((value, n) => value === 2 * n));
  const text = "0123456789".repeat(100_000);
  equal(await pool.run(target("first"), [text]), text);
});

Deno.test("WorkerPool runs as many calls at a time as it has workers, and the rest in turn", async () => {
  await using pool = newPool();
  const results = Array.from({ length: 40 }, (_, n) => pool.run(target("addSlowly"), [n, 1]));
  equal(pool.size, 2);
  deepEqual(await Promise.all(results), Array.from({ length: 40 }, (_, n) => n + 1));
  equal(pool.size, 2);
});

Deno.test("WorkerPool starts workers only when calls need them", async () => {
  await using pool = newPool();
  equal(pool.size, 0);
  for (let n = 1; n <= 3; n++) equal(await pool.run(target("countCalls"), []), n);
  equal(pool.size, 1);
});

Deno.test("WorkerPool.run() rejects with a TaskError whose cause is the function's own error", async () => {
  await using pool = newPool();
  const error = await pool.run(target("overload"), []).catch((error) => error);
  ok(error instanceof TaskError);
  equal(error.message, 'Task "overload" failed: it threw Overload: too loud');
  const cause = error.cause as Error & { level: number };
  deepEqual([cause.name, cause.message, cause.level], ["Overload", "too loud", 11]);
  ok(cause.stack!.includes("_calls.ts"));
  ok(cause.cause instanceof RangeError);
  equal(await pool.run(target("add"), [1]), 2, "the worker goes on");
  equal(pool.size, 1);
});

Deno.test("WorkerPool.run() refuses arguments and results that cannot be cloned, and goes on", async () => {
  await using pool = newPool({ workers: 1 });
  const refused = Array.from({ length: 5000 }, () => pool.run(target("first"), [() => {}]));
  ok((await Promise.allSettled(refused)).every(({ status }) => status === "rejected"));
  await rejects(refused[0], /could not be cloned/);
  await rejects(pool.run(target("returnFunction"), []), {
    name: "TaskError",
    message: /^Task "returnFunction" failed: it returned what cannot be sent: .*could not be cloned/,
  });
  equal(await pool.run(target("countCalls"), []), 1);
});

Deno.test("WorkerPool.run() refuses what is no exported function, naming function and module", async () => {
  await using pool = newPool();
  await rejects(targetOf(calls.hidden.unexported, CALLS), {
    name: "DeclarationError",
    message:
      /^function "unexported" is not an export of .*_calls\.ts: export it .*, or name the module .* option "module"/,
  });
  await rejects(pool.run({ module: CALLS, exportName: "nothing" }, []), {
    name: "DeclarationError",
    message:
      /^Cannot run "nothing" in a worker: module .*_calls\.ts has no function among its exports named "nothing"$/,
  });
  await rejects(pool.run({ module: CALLS, likeness: { name: "f", source: "() => 1" } }, []), DeclarationError);
  await rejects(pool.run({ module: "data:text/javascript,throw new Error('bad')", exportName: "f" }, []), {
    name: "TaskError",
    message: 'Task "f" failed: it could not be imported: Error: bad',
  });
  equal(pool.size, 1);
});

Deno.test("WorkerPool.run() refuses a target or arguments of the wrong kind, without a worker", async () => {
  await using pool = newPool();
  const wrong: unknown[] = [null, undefined, {}, "add", [], { module: CALLS }, { module: 5, exportName: "add" }];
  for (const target of [...wrong, { module: CALLS, exportName: 5 }, { module: CALLS, likeness: { name: "add" } }]) {
    await rejects(pool.run(target as ExportTarget, []), {
      name: "TypeError",
      message: /^Cannot run a function on worker pool "test": target must be { module, exportName } or .*, received /,
    });
  }
  for (const module of ["./_calls.ts", "../pool/_calls.ts", "/_calls.ts"]) {
    await rejects(pool.run({ module, exportName: "add" }, []), { name: "RangeError", message: /an absolute URL/ });
  }
  for (const args of [null, 1, "ab", {}]) {
    await rejects(pool.run({ module: CALLS, exportName: "add" }, args as unknown as []), {
      name: "TypeError",
      message: /args must be an array, received/,
    });
  }
  equal(pool.size, 0);
});

Deno.test("WorkerPool.run() rejects when the worker dies, and the worker is replaced", async () => {
  await using pool = newPool({ workers: 1 });
  equal(await pool.run(target("countCalls"), []), 1);
  const dead = rejects(pool.run(target("die"), []), {
    name: "TaskError",
    message: 'Task "die" failed: it closed its worker before it returned',
  });
  const waiting = pool.run(target("countCalls"), []);
  await dead;
  equal(await waiting, 1, "in a new worker");
  equal(await pool.run(target("countCalls"), []), 2);
  equal(pool.size, 1);
});

Deno.test("WorkerPool replaces a worker that breaks while it is idle, and says why", async () => {
  await using pool = newPool({ workers: 1 });
  const said: unknown[] = [];
  const { error } = console;
  console.error = (value) => said.push(value);
  try {
    await pool.run(target("litter"), []);
    while (pool.size > 0) await sleep(1);
  } finally {
    console.error = error;
  }
  match(said[0] as string, /^TaskError: .* failed: it left a promise rejected with Error: left behind\n/);
  equal(await pool.run(target("countCalls"), []), 1);
});

Deno.test("PoolRunOptions.signal rejects a call that waits for its turn, and leaves the others", async () => {
  await using pool = newPool({ workers: 1 });
  const controller = new AbortController();
  const running = pool.run(target("addSlowly"), [1, 1]);
  const waiting = pool.run(target("countCalls"), [], { signal: controller.signal });
  const last = pool.run(target("countCalls"), []);
  controller.abort(new Error("no more"));
  await rejects(waiting, /no more/);
  await rejects(pool.run(target("add"), [1], { signal: controller.signal }), /no more/);
  equal(await running, 2);
  equal(await last, 1);
});

/** Cancels a call that has begun. */
async function cancelAfterBegin(pool: WorkerPool, exportName: keyof typeof calls): Promise<void> {
  const controller = new AbortController();
  const options = { signal: controller.signal, context: true };
  const { call } = await begin((channel) => pool.run(target(exportName), [channel], options));
  controller.abort(new Error("no more"));
  await rejects(call, /no more/);
}

Deno.test("CallContext.cancelled tells a function that computes, and its worker goes on", async () => {
  await using pool = newPool({ workers: 1, graceMs: 60_000 });
  for (let n = 1; n <= 3; n++) {
    await cancelAfterBegin(pool, "spinUntilCancelled");
    equal(await pool.run(target("countCalls"), []), n);
  }
});

Deno.test("CallContext.signal tells an async function, each call by itself, and its worker goes on", async () => {
  await using pool = newPool({ workers: 1, graceMs: 60_000 });
  for (let n = 1; n <= 3; n++) {
    await cancelAfterBegin(pool, "waitForSignal");
    equal(await pool.run(target("countAborted"), []), n);
  }
});

Deno.test("WorkerPool does not begin a call that is cancelled while its worker starts", async () => {
  await using pool = newPool({ workers: 1, graceMs: 60_000 });
  const controller = new AbortController();
  const call = pool.run(target("hang"), ["nobody"], { signal: controller.signal });
  await Promise.resolve();
  controller.abort(new Error("no more"));
  await rejects(call, /no more/);
  equal(await pool.run(target("add"), [1]), 2);
});

Deno.test("WorkerPool gives up and replaces a worker whose function does not notice that it is cancelled", async () => {
  await using pool = newPool({ workers: 1, graceMs: 20 });
  equal(await pool.run(target("countCalls"), []), 1);
  await cancelAfterBegin(pool, "hang");
  equal(await pool.run(target("countCalls"), []), 1, "in a new worker");
  equal(pool.size, 1);
});

/** Begins a call that runs until it is cancelled. */
async function beginLong(pool: WorkerPool, exportName: keyof typeof calls = "waitForSignal") {
  const controller = new AbortController();
  const options = { signal: controller.signal, context: true };
  const { call } = await begin((channel) => pool.run(target(exportName), [channel], options));
  return { call, cancel: () => controller.abort(new Error("no more")) };
}

Deno.test("WorkerPool gives a free worker the call that lies ready in a busy one", async () => {
  await using pool = newPool();
  const long = await beginLong(pool);
  // One of them lies ready behind the long call at first.
  deepEqual(await Promise.all([1, 2, 3, 4, 5].map((n) => pool.run(target("addSlowly"), [n, 1]))), [2, 3, 4, 5, 6]);
  long.cancel();
  await rejects(long.call, /no more/);
});

Deno.test("WorkerPool runs each call once, wherever it lay ready", async () => {
  await using pool = newPool();
  const channel = crypto.randomUUID();
  const receiver = new BroadcastChannel(channel);
  const said: number[] = [];
  receiver.onmessage = ({ data }) => said.push(data);
  const say = (n: number) => pool.run(target("say"), [channel, n]);
  for (let n = 0; n < 200; n += 2) await Promise.all([pool.run(target("addSlowly"), [1, 1]), say(n), say(n + 1)]);
  while (said.length < 200) await sleep(1);
  await sleep(5);
  receiver.close();
  deepEqual(said.toSorted((a, b) => a - b), Array.from({ length: 200 }, (_, n) => n));
});

Deno.test("PoolRunOptions.signal withdraws a call that lies ready behind another one", async () => {
  await using pool = newPool({ workers: 1, graceMs: 60_000 });
  const controller = new AbortController();
  const long = await beginLong(pool);
  const ready = pool.run(target("countCalls"), [], { signal: controller.signal });
  const waiting = pool.run(target("countCalls"), []);
  // By then the call has been sent.
  await sleep(5);
  controller.abort(new Error("not that one"));
  await rejects(ready, /not that one/);
  long.cancel();
  await rejects(long.call, /no more/);
  equal(await waiting, 1);
  equal(pool.size, 1);
});

Deno.test("A call that lies ready behind one that is cancelled and goes on runs elsewhere", async () => {
  await using pool = newPool({ workers: 1, graceMs: 20 });
  const long = await beginLong(pool, "hang");
  const ready = pool.run(target("countCalls"), []);
  await sleep(5);
  long.cancel();
  await rejects(long.call, /no more/);
  equal(await ready, 1);
  equal(await pool.run(target("countCalls"), []), 2);
});

Deno.test("WorkerPool sends what is larger than its rings while the worker computes", async () => {
  await using pool = newPool({ workers: 1 });
  const long = await beginLong(pool);
  const text = "0123456789".repeat(100_000);
  const ready = pool.run(target("first"), [text]);
  const last = pool.run(target("add"), [1]);
  await sleep(5);
  long.cancel();
  await rejects(long.call, /no more/);
  deepEqual([await ready === text, await last], [true, 2]);
});

Deno.test("WorkerPool gives each call its own result, whichever others are cancelled", async () => {
  await using pool = newPool({ graceMs: 60_000 });
  const results = Array.from({ length: 300 }, async (_, n) => {
    const controller = new AbortController();
    const isLeft = n % 3 === 0;
    await sleep(n % 7);
    const call = pool.run(target(n % 5 === 0 ? "addSlowly" : "add"), [n, 1], { signal: controller.signal });
    if (!isLeft) return await call;
    await sleep(n % 11);
    controller.abort(new Error("left"));
    return await call.catch((error) => error.message);
  });
  for (const [n, result] of (await Promise.all(results)).entries()) {
    ok(result === n + 1 || (n % 3 === 0 && result === "left"), `${n}: ${result}`);
  }
  ok(pool.size <= 2);
});

Deno.test("WorkerPool.close() rejects calls that wait and that run", async () => {
  const pool = newPool({ workers: 1, graceMs: 60_000 });
  const { call } = await begin((channel) => pool.run(target("waitForSignal"), [channel], { context: true }));
  const refused = [
    rejects(call, { name: "StoppedError", message: 'Cannot finish "waitForSignal": its worker was closed' }),
    rejects(pool.run(target("add"), [1]), StoppedError),
  ];
  await pool.close();
  await Promise.all(refused);
  await pool.close();
  equal(pool.size, 0);
  await rejects(pool.run(target("add"), [1]), {
    name: "LifecycleError",
    message: 'Cannot run "add": worker pool "test" is closed',
  });
});

Deno.test("WorkerPool.close() names a function that ignores it", async () => {
  const pool = newPool({ workers: 1, graceMs: 20 });
  const { call } = await begin((channel) => pool.run(target("hang"), [channel]));
  const refused = rejects(call, StoppedError);
  await rejects(pool.close(), { name: "TaskError", message: 'Task "hang" failed: it ignored the stop for 20 ms' });
  await refused;
});

Deno.test("WorkerPool.close() does nothing to a pool that was never used", async () => {
  await newPool().close();
});

Deno.test("WorkerPoolOptions.idleMs ends workers that nobody uses, and the next call starts one", async () => {
  await using pool = newPool({ workers: 1, idleMs: 10 });
  equal(await pool.run(target("countCalls"), []), 1);
  while (pool.size > 0) await sleep(5);
  equal(await pool.run(target("countCalls"), []), 1);
});

Deno.test("WorkerPool refuses options out of range", () => {
  throws(() => newPool({ workers: 0 }), {
    name: "RangeError",
    message: /"test": workers must be an integer, 1 or more, received 0/,
  });
  throws(() => newPool({ workers: 1.5 }), { name: "RangeError", message: /an integer, 1 or more, received 1.5/ });
  throws(() => newPool({ graceMs: -1 }), {
    name: "RangeError",
    message: /graceMs must be a number of milliseconds, 0 or more, received -1/,
  });
  throws(() => newPool({ idleMs: "5" as unknown as number }), { name: "TypeError", message: /received "5"/ });
});

Deno.test("LifecycleError stops a module that starts a pool while a worker imports it", async () => {
  const pools = new URL("../../src/pool/worker_pool.ts", import.meta.url).href;
  const code = `import { WorkerPool } from ${JSON.stringify(pools)};
    await using pool = new WorkerPool({ name: "inner" });
    await pool.run({ module: ${JSON.stringify(CALLS)}, exportName: "add" }, [1]);
    export function f() {}`;
  await using pool = newPool();
  const error = await pool.run({ module: `data:text/javascript,${encodeURIComponent(code)}`, exportName: "f" }, [])
    .catch((error) => error);
  ok(error instanceof TaskError);
  ok((error.cause as Error).message.includes("which only imports the module that starts it"));
  equal((error.cause as Error).name, LifecycleError.name);
});

Deno.test("WorkerPoolOptions.workers: no more workers start than calls that take a while need", async () => {
  await using pool = newPool({ workers: 16 });
  await Promise.all(Array.from({ length: 300 }, (_, n) => pool.run(target("add"), [n, 1])));
  ok(pool.size < 16, `${pool.size} workers`);
});

Deno.test("PoolRunOptions.onBegin is called when a worker takes the call, onCancel when its function has ended", async () => {
  await using pool = newPool({ workers: 1 });
  const log: string[] = [];
  const controller = new AbortController();
  const ended = Promise.withResolvers<boolean>();
  const first = pool.run(target("add"), [1, 2], { onBegin: () => log.push("first") }).then(() => log.push("done"));
  const second = pool.run(target("add"), [1, 2], { onBegin: () => log.push("second") });
  await Promise.all([first, second]);
  ok(log.indexOf("first") < log.indexOf("done") && log.includes("second"));
  const { signal } = controller;
  const onCancel = (end: Promise<boolean>) => void end.then(ended.resolve);
  const { call } = await begin((channel) =>
    pool.run(target("spinUntilCancelled"), [channel], { signal, context: true, onCancel })
  );
  controller.abort(new Error("enough"));
  await rejects(call, /enough/);
  equal(await ended.promise, true);
});

Deno.test("PoolRunOptions.onCancel that throws does not end the program: it is printed", async () => {
  await using pool = new WorkerPool({ name: "listened", workers: 1 });
  const stop = new AbortController();
  const printed: string[] = [];
  const { error: print } = console;
  console.error = (text: string) => void printed.push(text);
  try {
    const onCancel = () => {
      throw new RangeError("nobody listens");
    };
    const run = pool.run(target("add"), [1, 2], { signal: stop.signal, onCancel });
    stop.abort("enough");
    await rejects(run, (error) => error === "enough");
  } finally {
    console.error = print;
  }
  match(printed.join(), /onCancel of a call on worker pool "listened" threw.*RangeError: nobody listens/s);
});
