import { deepEqual, equal, ok } from "node:assert/strict";
import { FilterNode, Graph, type GraphEvent, Node } from "@ringmill/ringmill/graph";
import { filter, map } from "rxjs";
import { chain, flaky, hanging } from "./_helpers.ts";

/** An event in one word or two. */
function brief(event: GraphEvent): string {
  switch (event.kind) {
    case "runStart":
      return "runStart";
    case "runEnd":
      return `runEnd ${event.outcome}`;
    case "start":
    case "end":
    case "failure":
    case "retry":
      return `${event.kind} ${event.node} ${event.attempt}`;
    default:
      return `${event.kind} ${event.node}`;
  }
}

Deno.test("Graph.events$ tells of each start, end, failure and retry", async () => {
  const graph = chain(flaky(), new Node("after", (n: number) => n));
  const events: GraphEvent[] = [];
  const subscription = graph.events$.subscribe((event) => events.push(event));
  await graph.execute(1);
  deepEqual(events.map(brief), [
    "runStart",
    "start flaky 1",
    "failure flaky 1",
    "retry flaky 2",
    "start flaky 2",
    "end flaky 2",
    "start after 1",
    "end after 1",
    "runEnd completed",
  ]);
  ok(events.every(({ graph, run, at }) => graph === "test" && run === 1 && Math.abs(at - Date.now()) < 60_000));
  const failure = events.find((event) => event.kind === "failure")!;
  deepEqual([failure.error.message, failure.durationMs >= 0], ['Node "flaky" of graph "test" failed: Error: no', true]);
  subscription.unsubscribe();
  await graph.execute(1);
  equal(events.length, 9);
});

Deno.test("GraphOptions.onEvent is told of skips, fallbacks, cancellations and the end", async () => {
  const events: string[] = [];
  const onEvent = (event: GraphEvent) => void events.push(brief(event));
  const none = new FilterNode("none", (_: number) => false);
  const after = new Node("after", (n: number) => n);
  const bad = new Node("bad", (): number => {
    throw new Error("no");
  }, { fallback: () => 5 });
  none.connect(after);
  const graph = new Graph("told", { nodes: [none, after, bad], start: [none, bad], onEvent });
  await graph.execute(1);
  const expected = [
    "runStart",
    "start none 1",
    "start bad 1",
    "end none 1",
    "failure bad 1",
    "fallback bad",
    "skip none",
  ];
  deepEqual(events.toSorted(), [...expected, "skip after", "runEnd completed"].toSorted());
  events.length = 0;
  const { node } = hanging();
  const cancelled = new Graph("told", { nodes: [node], start: node, onEvent });
  const run = cancelled.start(0);
  run.cancel();
  await run.settled;
  deepEqual(events, ["runStart", "start hang 1", "cancel hang", "runEnd cancelled"]);
});

Deno.test("Node.input$ and Node.output$ are RxJS observables of what passes", async () => {
  const words = new Node("words", (text: string) => text.split(" "));
  const count = new Node("count", (words: string[]) => words.length, { join: "each" });
  words.connect(count);
  const inputs: string[] = [];
  const counts: number[] = [];
  const ends: string[] = [];
  words.input$.subscribe(inputs.push.bind(inputs));
  const graph = new Graph("reactive", { nodes: [words, count], start: words });
  count.output$.pipe(filter(([n]) => n > 1), map(([n]) => 10 * n)).subscribe({
    next: (n) => counts.push(n),
    complete: () => ends.push("count"),
  });
  for (const text of ["a b", "a", "a b c"]) await graph.execute(text);
  deepEqual(inputs, ["a b", "a", "a b c"]);
  deepEqual(counts, [20, 30]);
  graph.events$.subscribe({ complete: () => ends.push("events") });
  await graph.close();
  deepEqual(ends, ["count", "events"]);
});

Deno.test("Somebody who subscribes while an execution runs hears of the rest", async () => {
  const gate = Promise.withResolvers<number>();
  const graph = chain(new Node("wait", () => gate.promise), new Node("after", (n: number) => n));
  const run = graph.start(0);
  const events: string[] = [];
  graph.events$.subscribe((event) => events.push(brief(event)));
  gate.resolve(1);
  await run.results;
  deepEqual(events, ["start after 1", "end after 1", "runEnd completed"]);
});
