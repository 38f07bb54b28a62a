import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { FilterNode, Graph, type GraphEvent, Node } from "@ringmill/ringmill/graph";
import { type Context, context, type Span, trace } from "@opentelemetry/api";
import { AsyncLocalStorage } from "node:async_hooks";
import { filter, map } from "rxjs";
import { chain, hanging } from "./_helpers.ts";

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

/** A node that fails the first time. */
function flaky(name = "flaky") {
  let calls = 0;
  return new Node(name, (n: number) => {
    if (++calls === 1) throw new Error("no");
    return n + 1;
  }, { retry: { attempts: 2, delayMs: 1 } });
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
  const events: string[] = [], onEvent = (event: GraphEvent) => void events.push(brief(event));
  const none = new FilterNode("none", (_: number) => false), after = new Node("after", (n: number) => n);
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
  const { node } = hanging(), cancelled = new Graph("told", { nodes: [node], start: node, onEvent });
  const run = cancelled.start(0);
  run.cancel();
  await run.settled;
  deepEqual(events, ["runStart", "start hang 1", "cancel hang", "runEnd cancelled"]);
});

Deno.test("Node.input$ and Node.output$ are RxJS observables of what passes", async () => {
  const words = new Node("words", (text: string) => text.split(" "));
  const count = new Node("count", (words: string[]) => words.length, { join: "each" });
  words.connect(count);
  const inputs: string[] = [], counts: number[] = [], ends: string[] = [];
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
  const run = graph.start(0), events: string[] = [];
  graph.events$.subscribe((event) => events.push(brief(event)));
  gate.resolve(1);
  await run.results;
  deepEqual(events, ["start after 1", "end after 1", "runEnd completed"]);
});

/** What a span has recorded. */
interface Recorded {
  readonly name: string;
  readonly parent: string | undefined;
  readonly attributes: Record<string, unknown>;
  readonly problems: string[];
  ended: boolean;
}

/** Registers a provider of spans, and a manager of contexts, for the time of a test. */
function recordSpans() {
  const spans: Recorded[] = [], names = new WeakMap<Span, string>(), storage = new AsyncLocalStorage<Context>();
  const root = context.active();
  const startSpan = (
    name: string,
    options: { attributes?: Record<string, unknown> } = {},
    within = context.active(),
  ) => {
    const parent = trace.getSpan(within), attributes = { ...options.attributes };
    const recorded: Recorded = { name, parent: parent && names.get(parent), attributes, problems: [], ended: false };
    spans.push(recorded);
    const span = {
      recordException: (error: Error) => recorded.problems.push(error.message),
      setStatus: ({ code }: { code: number }) => recorded.problems.push(`status ${code}`),
      end: () => recorded.ended = true,
    } as unknown as Span;
    names.set(span, name);
    return span;
  };
  trace.setGlobalTracerProvider({ getTracer: () => ({ startSpan, startActiveSpan: () => undefined as never }) });
  context.setGlobalContextManager({
    active: () => storage.getStore() ?? root,
    with: (active, fn, thisArg, ...args) => storage.run(active, () => Reflect.apply(fn, thisArg, args)),
    bind: (_, target) => target,
    enable() {
      return this;
    },
    disable() {
      return this;
    },
  });
  const dispose = () => {
    trace.disable();
    context.disable();
  };
  return { spans, startSpan, [Symbol.dispose]: dispose };
}

Deno.test("OpenTelemetry gets a span for each execution, and one within it for each attempt", async () => {
  using recorder = recordSpans();
  const inner = new Node("inner", async (n: number) => {
    await Promise.resolve();
    recorder.startSpan("own").end();
    return n;
  });
  await chain(flaky(), inner).execute(1);
  deepEqual(recorder.spans.map(({ name, parent }) => [name, parent]), [
    ["graph test", undefined],
    ["node flaky", "graph test"],
    ["node flaky", "graph test"],
    ["node inner", "graph test"],
    ["own", "node inner"],
  ]);
  deepEqual(recorder.spans.map(({ problems }) => problems), [[], ["no", "status 2"], [], [], []]);
  ok(recorder.spans.every(({ ended }) => ended));
  deepEqual(recorder.spans[2].attributes, {
    "ringmill.graph": "test",
    "ringmill.node": "flaky",
    "ringmill.attempt": 2,
  });
});

Deno.test("OpenTelemetry's spans end with the error of an execution that fails", async () => {
  using recorder = recordSpans();
  const bad = new Node("bad", () => Promise.reject(new Error("no")));
  await rejects(chain(bad).execute(1));
  deepEqual(recorder.spans.map(({ name, problems, ended }) => [name, problems.length, ended]), [
    ["graph test", 2, true],
    ["node bad", 2, true],
  ]);
});
