import {
  CachedNode,
  Graph,
  Limiter,
  LoopNode,
  MemoryStore,
  Node,
  RouterNode,
  StreamingNode,
} from "@ringmill/ringmill/graph";
import { followDashboard, type GraphSnapshot, type LiveUpdate } from "@ringmill/ringmill/view";
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { sleep } from "../../graph/_helpers.ts";

type Update = LiveUpdate<GraphSnapshot>;

/** The first update of which something is the case. */
async function updateWhere(url: string, isSo: (update: Update) => boolean): Promise<Update> {
  for await (const update of followDashboard<GraphSnapshot>(url)) if (isSo(update)) return update;
  throw new Error("There was no such update");
}

const nodeOf = ({ snapshot }: Update, name: string) => snapshot.nodes.find((node) => node.name === name)!;

/** A graph with all that can be shown. */
function desk() {
  const limiter = new Limiter({ concurrency: 2 });
  const load = new Node("load", (n: number) => n);
  const embed = new CachedNode("embed", (n: number) => n, { key: () => "all", limiter });
  const look = new Node("look", (n: number) => n + 1);
  let fails = 1;
  const ask = new Node("ask", (n: number) => {
    if (fails-- > 0) throw new Error("busy");
    return n + 2;
  }, { retry: { attempts: 2, delayMs: 0 } });
  const step = new RouterNode("step", (n: number) => n % 2 ? "look" : "ask", { exits: { look, ask } });
  const agent = new LoopNode("agent", step, { until: (n) => n >= 4 });
  const speak = new StreamingNode("speak", function* (n: number) {
    yield* [n, n];
  });
  const risky = new Node("risky", (n: number) => {
    if (n < 0) throw new RangeError("negative");
    return n;
  });
  load.connect(embed).connect(agent).connect(speak);
  load.connect(risky);
  const nodes = [load, embed, agent, speak, risky];
  return { graph: new Graph("desk", { nodes, start: load, checkpoint: new MemoryStore() }), limiter };
}

Deno.test("Graph.serveDashboard() serves until the graph is closed, and tells rates, latencies, errors, caches and inner graphs", async () => {
  const { graph } = desk();
  const { url, port } = await graph.serveDashboard({ intervalMs: 20 });
  match(url, new RegExp(`^http://127\\.0\\.0\\.1:${port}/[\\w-]{22}/$`));
  await rejects(graph.serveDashboard(), /Cannot serve the dashboard of graph "desk": it is served at/);
  const following = Array.fromAsync(followDashboard<GraphSnapshot>(url));
  const first = await updateWhere(url, () => true);
  deepEqual([first.title, first.state, first.isFinal], ["desk", "waiting", false]);
  await graph.execute(0);
  await graph.execute(0, { runId: "ticket" });
  await graph.execute(0, { runId: "ticket" });
  await rejects(graph.execute(-1), /negative/);
  const { drawing, ...update } = await updateWhere(url, ({ snapshot }) => snapshot.ended.failed === 1);
  equal(drawing, 0);
  deepEqual(update.snapshot.ended, { completed: 3, failed: 1, cancelled: 0, interrupted: 0 });
  deepEqual(
    update.snapshot.nodes.map(({ id }) => id),
    ["load", "embed", "agent", "agent/step", "agent/step/look/look", "agent/step/ask/ask", "speak", "risky"]
      .map((name) => `node:${name}`),
  );
  const ask = nodeOf({ ...update, drawing }, "agent/step/ask/ask");
  deepEqual([ask.failed, ask.retries, ask.lastError, ask.status], [1, 1, "Error: busy", "completed"]);
  ok(ask.completed >= 4 && ask.p50Ms! >= 0 && ask.p95Ms! >= ask.p50Ms!);
  const embed = nodeOf({ ...update, drawing }, "embed");
  ok(embed.hitShare! > 0.5 && embed.limitShare !== null && embed.queued === 0);
  const speak = nodeOf({ ...update, drawing }, "speak");
  // Those of the run that was kept are yielded again.
  deepEqual([speak.chunks, speak.restored], [6, 1]);
  deepEqual(update.failures.map(({ title, reason }) => [title, reason]), [["risky", "RangeError: negative"]]);
  deepEqual(update.timelines!.map(({ title, status }) => [title, status]), [
    ["Run 4", "failed"],
    ["Run 3, ticket", "completed"],
    ["Run 2, ticket", "completed"],
    ["Run 1", "completed"],
  ]);
  const [failed, restored, , whole] = update.timelines!;
  deepEqual(failed.bars.find(({ title }) => title === "risky")!.status, "failed");
  ok(restored.bars.every(({ status }) => status === "restored"));
  deepEqual(whole.bars.filter(({ title }) => title === "agent/step/ask/ask").map(({ status }) => status), [
    "failed",
    "completed",
    "completed",
  ]);
  for (const { bars, durationMs } of update.timelines!) {
    for (const { fromMs, toMs } of bars) ok(fromMs >= 0 && toMs >= fromMs && toMs <= durationMs + 1);
  }
  const { description } = await (await fetch(`${url}drawing`)).json();
  deepEqual(description.groups.map(({ id }: { id: string }) => id), [
    "graph of node:agent",
    "graph of node:agent/step/look",
    "graph of node:agent/step/ask",
  ]);
  await graph.close();
  const last = (await following).at(-1)!;
  deepEqual([last.state, last.isFinal], ["ended", true]);
  await rejects(fetch(url), TypeError);
  await rejects(graph.serveDashboard(), /it is closed/);
});

Deno.test("The dashboard of a graph shows what runs, what waits for a limiter, and nodes that are added", async () => {
  const { promise, resolve } = Promise.withResolvers<number>();
  const limiter = new Limiter({ concurrency: 1 });
  const wait = new Node("wait", () => promise, { limiter });
  await using graph = new Graph("g", { nodes: [wait], start: wait });
  const { url } = await graph.serveDashboard({ intervalMs: 20 });
  const runs = [1, 2, 3].map((n) => graph.execute(n));
  const busy = await updateWhere(url, (update) => nodeOf(update, "wait").queued === 2);
  const { running, limitShare, status } = nodeOf(busy, "wait");
  deepEqual([running, limitShare, status, busy.snapshot.running], [1, 1, "running", 3]);
  deepEqual(busy.figures.nodes!["node:wait"].load, 1);
  equal(busy.timelines![2].bars[0].status, "running");
  resolve(1);
  await Promise.all(runs);
  wait.connect(graph.addNode(new Node("late", (n: number) => n)));
  await graph.execute(1);
  const after = await updateWhere(url, (update) => nodeOf(update, "late")?.completed === 1);
  deepEqual([after.drawing, nodeOf(after, "wait").running, after.snapshot.running], [1, 0, 0]);
});

Deno.test("A dashboard that is closed before its graph leaves nothing that listens", async () => {
  const node = new Node("n", (n: number) => sleep(1).then(() => n));
  await using graph = new Graph("g", { nodes: [node], start: node });
  for (let n = 0; n < 2; n++) {
    await using dashboard = await graph.serveDashboard({ intervalMs: 20 });
    const run = graph.start(1);
    await run.results;
    const update = await updateWhere(dashboard.url, ({ snapshot }) => snapshot.ended.completed === 1);
    equal(update.isFinal, false);
  }
  await graph.execute(2);
});
