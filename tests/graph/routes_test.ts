import { deepEqual, equal, match, rejects, throws } from "node:assert/strict";
import {
  FilterNode,
  Graph,
  type GraphEvent,
  LoopNode,
  Node,
  RouterNode,
  SKIPPED,
  SubgraphNode,
} from "@ringmill/ringmill/graph";
import { chain, sleep } from "./_helpers.ts";

function router() {
  const calls: string[] = [];
  const small = new Node("small", (text: string) => {
    calls.push("small");
    return text.length;
  });
  const large = new Node("large", async (text: string) => {
    calls.push("large");
    await sleep(1);
    return text.toUpperCase();
  });
  const route = new RouterNode("route", (text: string) => text.length > 3 ? "long" : "short", {
    exits: { short: small, long: large },
  });
  return { calls, route };
}

Deno.test("RouterNode calls the exit that is chosen, and has one result for all", async () => {
  const { calls, route } = router();
  const after = new Node("after", (result: string | number) => `<${result}>`);
  route.connect(after);
  const graph = new Graph("g", { nodes: [route, after], start: route });
  const { route: result, after: text }: { readonly route: string | number; readonly after: string } = await graph
    .execute("ab");
  deepEqual([result, text], [2, "<2>"]);
  deepEqual(await graph.execute("abcd"), { route: "ABCD", after: "<ABCD>" });
  deepEqual(calls, ["small", "large"]);
  await graph.close();
});

Deno.test("RouterNode: options of exits hold, skips go on, and failures name the way", async () => {
  let calls = 0;
  const flaky = new Node("flaky", (n: number) => {
    if (++calls < 3) throw new Error("no");
    return n;
  }, { retry: { attempts: 3, delayMs: 0 } });
  const bad = new Node("bad", (_: number): number => {
    throw new RangeError("bad");
  });
  const none = new FilterNode("none", (_: number) => false);
  const inner = new SubgraphNode("inner", chain(new Node("a", (n: number) => n + 1)));
  const ways = ["flaky", "bad", "none", "inner"] as const;
  const events: string[] = [];
  const route = new RouterNode("route", (n: number) => ways[n], { exits: { flaky, bad, none, inner } });
  const onEvent = (event: GraphEvent) => event.kind === "retry" && events.push(`${event.parent?.node} ${event.node}`);
  const graph = new Graph("g", { nodes: [route], start: route, onEvent });
  deepEqual(await graph.execute(0), { route: 0 });
  deepEqual(events, ["route flaky", "route flaky"]);
  await rejects(
    graph.execute(1),
    /Node "route" of graph "g" failed: NodeError: Node "bad" of graph "bad" failed: RangeError: bad/,
  );
  deepEqual(await graph.execute(2), {});
  deepEqual(await graph.execute(3), { route: { a: 4 } });
  await rejects(
    graph.execute(4),
    /Cannot leave node "route": it chose no exit of flaky, bad, none, inner, received undefined/,
  );
});

Deno.test("RouterNode refuses what it cannot be made of", () => {
  const node = () => new Node("n", (n: number) => n);
  throws(() => new RouterNode("r", (_: number) => "a" as never, { exits: {} }), /it needs exits/);
  throws(
    () => new RouterNode("r", 5 as never, { exits: { a: node() as never } }),
    /expected a function that names an exit/,
  );
  const taken = node();
  new Graph("g", { nodes: [taken] });
  throws(() => new RouterNode("r", (_: number) => "a" as const, { exits: { a: taken } }), { name: "DeclarationError" });
  throws(
    () => new RouterNode("r", (_: number) => "a" as const, { exit: { a: node() } } as never),
    /did you mean "exits"/,
  );
});

Deno.test("LoopNode repeats its body until something holds, and fails after maxRounds", async () => {
  const rounds: number[] = [];
  const body = new Node("double", (n: number) => sleep(1).then(() => 2 * n));
  const loop = new LoopNode("loop", body, {
    until: (n, round) => {
      rounds.push(round);
      return n > 100;
    },
    maxRounds: 8,
  });
  const graph = new Graph("g", { nodes: [loop], start: loop });
  const result: number = await graph.execute(1, { output: loop });
  equal(result, 128);
  deepEqual(rounds, [1, 2, 3, 4, 5, 6, 7]);
  await rejects(graph.execute(0), /Cannot end loop "loop": until\(\) does not hold after 8 rounds \(maxRounds\)/);
});

/** The state of an agent: an answer ends it. */
interface Asking {
  readonly question: string;
  readonly notes: readonly string[];
  readonly answer?: string;
}
interface Answered extends Asking {
  readonly answer: string;
}

Deno.test("LoopNode and RouterNode make an agent, whose end narrows the type", async () => {
  const look = new Node(
    "look",
    (state: Asking): Asking => ({ ...state, notes: [...state.notes, `saw ${state.notes.length}`] }),
  );
  const say = new Node("say", (state: Asking): Asking => ({ ...state, answer: state.notes.join(", ") }));
  const step = new RouterNode("step", ({ notes }: Asking) => notes.length < 3 ? "look" : "say", {
    exits: { look, say },
  });
  const isAnswered = (state: Asking): state is Answered => state.answer !== undefined;
  const agent = new LoopNode("agent", step, { until: isAnswered });
  const print = new Node("print", ({ answer }: Answered) => answer);
  agent.connect(print);
  const graph = new Graph("g", { nodes: [agent, print], start: agent });
  equal(await graph.execute({ question: "?", notes: [] }, { output: print }), "saw 0, saw 1, saw 2");
  await graph.close();
});

Deno.test("LoopNode: to cancel ends it between two rounds, a skip skips it, a time-out bounds all rounds", async () => {
  let calls = 0;
  const body = () => new Node("body", (n: number) => sleep(1).then(() => ++calls && n));
  const loop = new LoopNode("loop", body(), { until: () => false, maxRounds: 1e6 });
  const graph = new Graph("g", { nodes: [loop], start: loop });
  const run = graph.start(1);
  await sleep(10);
  run.cancel();
  await run.settled;
  const seen = calls;
  await sleep(10);
  equal(calls, seen);
  const skips = new LoopNode("skips", new Node("s", (n: number) => n > 2 ? SKIPPED : n + 1) as never, {
    until: () => false,
  });
  deepEqual(await new Graph("s", { nodes: [skips], start: skips }).execute(0), {});
  const timed = new LoopNode("timed", body(), { until: () => false, maxRounds: 1e6, timeoutMs: 20 });
  await rejects(new Graph("t", { nodes: [timed], start: timed }).execute(0), /TimeoutError/);
  throws(() => new LoopNode("l", body(), {} as never), /it needs until\(\)/);
  throws(
    () => new LoopNode("l", body(), { until: () => true, maxRounds: 0 }),
    /maxRounds must be an integer, 1 or more/,
  );
});

Deno.test('join "arrived" calls its node with whatever arrives, by name', async () => {
  const source = (name: string, passes: (n: number) => boolean, ms = 0) =>
    new Node(name, async (n: number) => {
      await sleep(ms);
      return passes(n) ? n : SKIPPED;
    });
  for (const [first, second] of [[0, 5], [5, 0]]) {
    const even = source("even", (n) => n % 2 === 0, first);
    const small = source("small", (n) => n < 10, second);
    const start = new Node("start", (n: number) => n);
    const report = new Node(
      "report",
      (found: { even?: number; small?: number }) => Object.entries(found).sort().join(),
      {
        join: "arrived",
      },
    );
    for (const node of [even, small]) start.connect(node as never);
    even.connect(report as never);
    small.connect(report as never);
    const graph = new Graph("g", { nodes: [start, even, small, report], start });
    const seen = [];
    for (const n of [2, 3, 12, 13]) seen.push((await graph.execute(n, { onError: "continue" })).report);
    deepEqual(seen, ["even,2,small,2", "small,3", "even,12", undefined]);
  }
});

Deno.test('join "arrived" goes on without what has failed, with onError "continue"', async () => {
  const bad = new Node("bad", (): number => {
    throw new Error("no");
  });
  const good = new Node("good", (n: number) => n);
  const all = new Node("all", (given: { bad?: number; good?: number }) => given, { join: "arrived" });
  bad.connect(all);
  good.connect(all);
  const graph = new Graph("g", { nodes: [bad, good, all], start: [bad, good] });
  deepEqual(await graph.execute(1, { onError: "continue" }), { good: 1, all: { good: 1 } });
  const strict = new Node("strict", ({ f }: { f: number }) => f, { join: "all" });
  match(String(strict.join), /all/);
});
