import { ok } from "node:assert/strict";
import { Graph, type GraphEvent, Node } from "@ringmill/ringmill/graph";

const HOUR = 3_600_000;
const near = (time: number | null, other: number) => time !== null && Math.abs(time - other) < 60_000;

Deno.test("Times of nodes and events are those of the system's clock as it is set when they are shown", async () => {
  const { now } = Date;
  const start = new Node("a", (x: number) => x + 1);
  const events: GraphEvent[] = [];
  const graph = new Graph("clock", { nodes: [start], start });
  using _ = { [Symbol.dispose]: () => void (Date.now = now) };
  graph.events$.subscribe((event) => events.push(event));
  await graph.execute(1, { timing: true });
  ok(near(graph.getPipelineTiming().a.startedAt, now()));
  for (const step of [HOUR, -HOUR, 0]) {
    Date.now = () => now() + step;
    const { startedAt, endedAt } = graph.getPipelineTiming().a;
    ok(near(startedAt, Date.now()) && near(endedAt, Date.now()) && endedAt! >= startedAt!, `step ${step}`);
    events.length = 0;
    await graph.execute(1, { timing: true });
    ok(events.length > 0 && events.every(({ at }) => near(at, Date.now())), `events, step ${step}`);
  }
});
