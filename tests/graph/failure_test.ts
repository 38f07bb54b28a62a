import { deepEqual, equal, match, ok, rejects, throws } from "node:assert/strict";
import { Graph, Node, type NodeContext, NodeError, type NodeOptions } from "@ringmill/ringmill/graph";
import { backoffMs } from "../../src/graph/execution/call_node.ts";
import { chain, hanging, sleep } from "./_helpers.ts";

/** A node that fails so many times before it returns its input. */
function failing(times: number, options: NodeOptions<number, number, undefined> = {}) {
  const calls: number[] = [];
  const node = new Node("flaky", (input: number, { attempt }: NodeContext): number => {
    calls.push(attempt);
    if (calls.length <= times) throw new RangeError(`failure ${calls.length}`);
    return input;
  }, options);
  return { node, calls };
}

const after = () => new Node("after", (value: unknown) => value);

Deno.test("NodeError names graph, node and attempt, with what was thrown as its cause", async () => {
  const thrown = [new TypeError("sync"), "a text", undefined];
  for (const cause of thrown) {
    for (const isAsync of [false, true]) {
      const fail = () => {
        throw cause;
      };
      const node = new Node("bad", isAsync ? async () => await Promise.resolve().then(fail) : fail);
      const error = await chain(node).execute(0).catch((error) => error);
      ok(error instanceof NodeError);
      deepEqual([error.graph, error.node, error.attempt, error.cause], ["test", "bad", 1, cause]);
    }
  }
  const { node } = failing(2, { retry: { attempts: 2, delayMs: 0 } });
  await rejects(chain(node).execute(0), {
    name: "NodeError",
    message: 'Node "flaky" of graph "test" failed at attempt 2: RangeError: failure 2',
  });
});

Deno.test("A failure cancels the rest, and aborts the signals of what runs", async () => {
  const { node: hang, counts } = hanging();
  const bad = new Node("bad", async () => {
    await sleep(1);
    throw new Error("no");
  });
  const end = after();
  bad.connect(end);
  const graph = new Graph("fail", { nodes: [hang, bad, end], start: [hang, bad] });
  const run = graph.start(0);
  await rejects(run.results, /Node "bad" of graph "fail" failed: Error: no/);
  deepEqual(run.status, { hang: "cancelled", bad: "failed", after: "cancelled" });
  equal(counts.aborted, 1);
  equal(run.errors.length, 1);
  await run.settled;
});

Deno.test("A failure that nobody has asked for does not pass unseen", async () => {
  const unhandled = Promise.withResolvers<unknown>();
  const listener = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    unhandled.resolve(event.reason);
  };
  addEventListener("unhandledrejection", listener);
  chain(failing(1).node).start(0);
  ok(await unhandled.promise instanceof NodeError);
  removeEventListener("unhandledrejection", listener);
});

Deno.test('ExecuteOptions.onError "continue" skips what needs the failed node, and goes on with the rest', async () => {
  const { node: bad } = failing(1);
  const end = after();
  const good = new Node("good", (n: number) => sleep(5).then(() => n));
  bad.connect(end);
  const graph = new Graph("continue", { nodes: [bad, end, good], start: [bad, good] });
  const run = graph.start(3, { onError: "continue" });
  deepEqual(await run.results, { good: 3 });
  deepEqual(run.status, { flaky: "failed", after: "skipped", good: "completed" });
  deepEqual(run.errors.map((error) => error.message), [
    'Node "flaky" of graph "continue" failed: RangeError: failure 1',
  ]);
  const { node } = failing(9);
  await rejects(chain(node, after()).execute(0, { onError: "continue", output: node }), NodeError);
});

Deno.test("NodeOptions.retry calls the function again, at most so many times", async () => {
  const { node, calls } = failing(2, { retry: { attempts: 3, delayMs: 1 } });
  const graph = chain(node);
  deepEqual(await graph.execute(7), { flaky: 7 });
  deepEqual(calls, [1, 2, 3]);
  equal(graph.getPipelineTiming().flaky.attempts, 3);
  const more = failing(9, { retry: 2 });
  await rejects(chain(more.node).execute(7), { attempt: 2 });
});

Deno.test("RetryOptions.when ends the attempts, also by throwing", async () => {
  const seen: unknown[] = [];
  const when = (error: unknown, attempt: number) => {
    seen.push([(error as Error).message, attempt]);
    return attempt < 2;
  };
  const { node, calls } = failing(9, { retry: { attempts: 5, delayMs: 0, when } });
  await rejects(chain(node).execute(0), { name: "NodeError", attempt: 2 });
  deepEqual(seen, [["failure 1", 1], ["failure 2", 2]]);
  equal(calls.length, 2);
  const broken = failing(9, {
    retry: {
      attempts: 5,
      when: () => {
        throw new Error("broken predicate");
      },
    },
  });
  await rejects(chain(broken.node).execute(0), /"flaky".*broken predicate/);
});

Deno.test("RetryOptions delay grows by its factor up to its bound, less a random part", () => {
  const retry = { attempts: 9, delayMs: 100, factor: 3, maxDelayMs: 500, jitter: 0, when: () => true };
  deepEqual([1, 2, 3].map((attempt) => backoffMs(retry, null, attempt)), [100, 300, 500]);
  const delays = Array.from({ length: 100 }, () => backoffMs({ ...retry, jitter: 0.4 }, null, 1));
  ok(delays.every((delay) => delay > 60 && delay <= 100));
  ok(new Set(delays).size > 50);
  const asked = backoffMs({ ...retry, jitter: 1, delayMs: (error, attempt) => Number(error) + attempt }, 40, 2);
  equal(asked, 42, "what a function asks for is not shortened at random");
});

Deno.test("A cancelled execution does not wait for the delay before the next attempt", async () => {
  const { node, calls } = failing(9, { retry: { attempts: 3, delayMs: 60_000 } });
  const run = chain(node).start(0);
  await sleep(5);
  run.cancel();
  await rejects(run.results, { name: "AbortError" });
  await run.settled;
  equal(calls.length, 1);
});

Deno.test("NodeOptions.timeoutMs fails a node that hangs, and aborts its signal", async () => {
  const { node, counts } = hanging("slow", { timeoutMs: 5 });
  const error = await chain(node).execute(0).catch((error) => error);
  equal(error.message, 'Node "slow" of graph "test" failed: TimeoutError: It took longer than 5 ms');
  equal(error.cause.name, "TimeoutError");
  deepEqual(counts, { begun: 1, aborted: 1 });
});

Deno.test("NodeOptions.timeoutMs holds for each attempt", async () => {
  const { node, counts } = hanging("slow", { timeoutMs: 5, retry: { attempts: 3, delayMs: 0 } });
  await rejects(chain(node).execute(0), { attempt: 3 });
  deepEqual(counts, { begun: 3, aborted: 3 });
});

Deno.test("NodeOptions.fallback puts something out in place of a node that has failed for good", async () => {
  const seen: unknown[] = [];
  const { node } = failing(9, {
    retry: { attempts: 2, delayMs: 0 },
    fallback: async (error, input) => {
      seen.push(error.attempt, (error.cause as Error).message, input);
      await sleep(1);
      return -1;
    },
  });
  const graph = chain(node, after());
  deepEqual(await graph.execute(7), { flaky: -1, after: -1 });
  deepEqual(graph.getPipelineStatus(), { flaky: "completed", after: "completed" });
  deepEqual(seen, [2, "failure 2", 7]);
});

Deno.test("NodeOptions.fallback that fails fails the node, and hides nothing", async () => {
  const fallback = () => {
    throw new Error("nor that");
  };
  await rejects(chain(failing(9, { fallback }).node).execute(7), ({ message, cause }: Error) => {
    match(message, /failed: SuppressedError: its fallback threw Error: nor that, after RangeError: failure 1$/);
    const { error, suppressed } = cause as SuppressedError;
    deepEqual([error.message, suppressed.message], ["nor that", "failure 1"]);
    return true;
  });
  for (const pass of [(error: NodeError) => error, ({ cause }: NodeError) => cause]) {
    const node = failing(9, {
      fallback: (error: NodeError) => {
        throw pass(error);
      },
    });
    await rejects(
      chain(node.node).execute(7),
      /^NodeError: Node "flaky" of graph "[^"]*" failed: RangeError: failure 1$/,
    );
  }
});

Deno.test("NodeOptions.fallback also stands in for a timeout", async () => {
  const node = new Node("slow", (_: number, { signal }) => sleep(60_000, signal).then(() => "done"), {
    timeoutMs: 5,
    fallback: () => "instead",
  });
  deepEqual(await chain(node).execute(0), { slow: "instead" });
});

Deno.test("NodeOptions.signal fails its node, now and later, and is not tried again", async () => {
  const controller = new AbortController();
  const { node, counts } = hanging("hang", { signal: controller.signal, retry: { attempts: 5, delayMs: 0 } });
  const graph = chain(node);
  const run = graph.start(0);
  await sleep(1);
  controller.abort(new Error("closed for today"));
  await rejects(run.results, /Node "hang".*closed for today/);
  await rejects(graph.execute(0), /Node "hang".*closed for today/);
  deepEqual(counts, { begun: 1, aborted: 1 });
});

Deno.test("ExecuteOptions.signal cancels mid-way, and before the start", async () => {
  const { node, counts } = hanging();
  const graph = chain(new Node("first", (n: number) => n), node, after());
  const controller = new AbortController();
  const run = graph.start(0, { signal: controller.signal });
  controller.abort(new Error("enough"));
  await rejects(run.results, /^Error: enough$/);
  deepEqual(run.status, { first: "completed", hang: "cancelled", after: "cancelled" });
  equal(counts.aborted, 1);
  await rejects(graph.execute(0, { signal: controller.signal }), /^Error: enough$/);
  equal(counts.begun, 1);
});

Deno.test("ExecuteOptions.timeoutMs cancels the whole execution", async () => {
  const { node, counts } = hanging();
  const graph = chain(node);
  await rejects(graph.execute(0, { timeoutMs: 5 }), {
    name: "TimeoutError",
    message: 'Graph "test" took longer than 5 ms',
  });
  equal(counts.aborted, 1);
  deepEqual(graph.getPipelineStatus(), { hang: "cancelled" });
});

Deno.test("GraphRun.cancel() takes a reason, and does nothing to what has ended", async () => {
  const { node } = hanging();
  const graph = chain(node);
  const run = graph.start(0);
  run.cancel(new Error("changed my mind"));
  run.cancel(new Error("again"));
  await rejects(run.results, /changed my mind/);
  const done = chain(after()).start(1);
  await done.results;
  done.cancel();
  deepEqual(await done.results, { after: 1 });
  graph.start(0).cancel();
});

Deno.test("A function may cancel its own execution", async () => {
  const stop = new Node("stop", () => run.cancel(new Error("by myself")));
  const graph: Graph = chain(new Node("wait", () => sleep(1)), stop, after());
  const run = graph.start(0);
  await rejects(run.results, /by myself/);
  deepEqual(run.status, { wait: "completed", stop: "cancelled", after: "cancelled" });
});

Deno.test("GraphOptions.defaults hold for nodes that do not say otherwise", async () => {
  const calls: Record<string, number> = { plain: 0, own: 0, late: 0 };
  const fail = (name: string) => () => {
    calls[name]++;
    throw new Error("no");
  };
  const plain = new Node("plain", fail("plain"));
  const own = new Node("own", fail("own"), { retry: 1 });
  const late = new Node("late", (_: number, { signal }) => sleep(60_000, signal), { retry: 1 });
  const patient = new Node("patient", () => sleep(30), { timeoutMs: Infinity, retry: 1 });
  const nodes = [plain, own, late, patient];
  const defaults = { retry: { attempts: 3, delayMs: 0 }, timeoutMs: 10 };
  const graph = new Graph("defaults", { nodes, start: nodes, defaults });
  const run = graph.start(1, { onError: "continue" });
  await run.results;
  deepEqual(run.status, { plain: "failed", own: "failed", late: "failed", patient: "completed" });
  deepEqual([calls.plain, calls.own], [3, 1]);
  ok(run.errors.some(({ message }) => /"late".*TimeoutError: It took longer than 10 ms/.test(message)));
  for (
    const [wrong, message] of [[{ timeout: 5 }, /no option "defaults.timeout"; did/], [
      { timeoutMs: -1 },
      /defaults.timeoutMs/,
    ]] as const
  ) {
    throws(() => new Graph("g", { defaults: wrong as object }), message);
  }
});

Deno.test("Any number of executions listen to one signal by one listener, which is gone with the last of them", async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const add = signal.addEventListener.bind(signal);
  let added = 0;
  signal.addEventListener = ((...given: Parameters<typeof add>) => {
    added++;
    add(...given);
  }) as typeof add;
  const remove = signal.removeEventListener.bind(signal);
  signal.removeEventListener = ((...given: Parameters<typeof remove>) => {
    added--;
    remove(...given);
  }) as typeof remove;
  const node = new Node("n", (_: number, context) => sleep(5, context.signal), { signal, timeoutMs: 10_000 });
  const graph = new Graph("listening", { nodes: [node], start: node });
  await Promise.all(Array.from({ length: 200 }, (_, n) => {
    const executed = graph.execute(n, { signal });
    equal(added, 1);
    return executed;
  }));
  equal(added, 0);
  const runs = Array.from({ length: 5000 }, (_, n) => graph.start(n, { signal }));
  controller.abort(new Error("all of them"));
  const ends = await Promise.allSettled(runs.map(({ results }) => results));
  ok(ends.every((end) => end.status === "rejected" && end.reason.message === "all of them"));
  equal(added, 0);
});

Deno.test("An option retry that throws does not hide why the attempt has failed", async () => {
  const refuse = () => {
    throw new TypeError("no such status");
  };
  for (const retry of [{ when: refuse }, { delayMs: refuse }]) {
    const node = new Node("node", () => {
      throw new RangeError("too loud");
    }, { retry: { attempts: 2, ...retry } });
    const error = await chain(node).execute(1).catch((error) => error);
    ok(error instanceof NodeError);
    equal(
      error.message,
      'Node "node" of graph "test" failed: SuppressedError: its option retry threw TypeError: no such status, ' +
        "asked about RangeError: too loud",
    );
    const { error: thrown, suppressed } = error.cause as SuppressedError;
    deepEqual([thrown.name, suppressed.name], ["TypeError", "RangeError"]);
  }
});
