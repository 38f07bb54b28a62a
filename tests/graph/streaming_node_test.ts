import { deepEqual, equal, ok, rejects, throws } from "node:assert/strict";
import {
  Graph,
  type GraphEvent,
  Limiter,
  Node,
  type RunChunk,
  StreamingNode,
  type StreamingNodeOptions,
} from "@ringmill/ringmill/graph";
import { sleep } from "./_helpers.ts";

type Options = StreamingNodeOptions<number, number, number[], undefined>;

/** A node that counts up to its input, and fails in the middle of its first attempts. */
function counting(options: Options = {}, failures = 0) {
  const state = { attempts: 0, yielded: 0, closed: 0 };
  const node = new StreamingNode("count", async function* (most: number) {
    const attempt = ++state.attempts;
    try {
      for (let n = 0; n < most; n++) {
        await sleep(1);
        if (attempt <= failures && n === 2) throw new Error("connection lost");
        state.yielded++;
        yield n;
      }
    } finally {
      state.closed++;
    }
  }, options);
  const sum = new Node("sum", (numbers: number[]) => numbers.reduce((sum, n) => sum + n, 0));
  node.connect(sum);
  return { state, node, graph: new Graph("counts", { nodes: [node, sum], start: node }) };
}

async function read<Chunk>(chunks: AsyncIterable<RunChunk<Chunk>>): Promise<(Chunk | string)[]> {
  const found: (Chunk | string)[] = [];
  for await (const item of chunks) found.push(item.kind === "chunk" ? item.chunk : `void ${item.attempt}`);
  return found;
}

Deno.test("GraphRun.chunks() reaches every reader as chunks come, and the output is all of them", async () => {
  const { graph, node } = counting();
  const run = graph.start(5);
  const first = read(run.chunks(node));
  for await (const item of run.chunks(node)) {
    equal(run.status.count, "running");
    deepEqual(item, { kind: "chunk", attempt: 1, index: 0, chunk: 0 });
    break;
  }
  deepEqual(await run.results, { count: [0, 1, 2, 3, 4], sum: 10 });
  deepEqual([await first, await read(run.chunks(node))], [[0, 1, 2, 3, 4], [0, 1, 2, 3, 4]]);
  deepEqual(await graph.execute(3), { count: [0, 1, 2], sum: 3 });
});

Deno.test("StreamingNode: chunks are events of their attempt, and an attempt that fails makes its chunks void", async () => {
  for (const options of [{ retry: { attempts: 3, delayMs: 1 } }, { fallback: () => [7] }] as Options[]) {
    const { graph, node, state } = counting(options, 1);
    const told: string[] = [];
    graph.events$.subscribe((event: GraphEvent) => {
      if (event.kind === "chunk") told.push(`${event.attempt}.${event.index}: ${event.chunk}`);
      if (event.kind === "void") told.push(`void ${event.attempt}`);
    });
    const run = graph.start(3);
    const second = options.retry ? ["2.0: 0", "2.1: 1", "2.2: 2"] : [];
    deepEqual(await read(run.chunks(node)), options.retry ? [0, 1, "void 1", 0, 1, 2] : [0, 1, "void 1"]);
    deepEqual((await run.results).count, options.retry ? [0, 1, 2] : [7]);
    deepEqual(told, ["1.0: 0", "1.1: 1", "void 1", ...second]);
    equal(state.closed, state.attempts);
  }
});

Deno.test("StreamingNode: to cancel, time-outs and errors hold until the last chunk, and end the generator", async () => {
  const { graph, node, state } = counting();
  const run = graph.start(1000);
  for await (const _ of run.chunks(node)) break;
  const rest = read(run.chunks(node));
  run.cancel(new Error("enough"));
  await rejects(run.results, /enough/);
  await rejects(rest, /enough/);
  await run.settled;
  const { yielded } = state;
  await sleep(5);
  deepEqual([state.yielded, state.closed], [yielded, 1]);
  const late = counting({ timeoutMs: 10 });
  await rejects(late.graph.execute(1000), /Node "count" of graph "counts" failed: TimeoutError/);
  const bad = counting({}, 1);
  const failed = bad.graph.start(5);
  await rejects(read(failed.chunks(bad.node)), /Node "count" of graph "counts" failed: Error: connection lost/);
  await rejects(failed.results, /connection lost/);
});

Deno.test("StreamingNode: a limiter's place is taken until the last chunk has come", async () => {
  const limiter = new Limiter({ concurrency: 1 });
  const { graph, node } = counting({ limiter });
  const runs = [graph.start(5), graph.start(5)];
  for await (const _ of runs[0].chunks(node)) break;
  equal(runs[1].status.count, "queued");
  await Promise.all(runs.map(({ results }) => results));
});

Deno.test("StreamingNodeOptions.collect makes the output, and any iterable yields", async () => {
  const node = new StreamingNode("words", (text: string) => text.split(" "), { collect: (words) => words.join("-") });
  const upper = new Node("upper", (text: string) => text.toUpperCase());
  node.connect(upper);
  const graph = new Graph("g", { nodes: [node, upper], start: node });
  const results: { readonly words: string; readonly upper: string } = await graph.execute("to be");
  deepEqual(results, { words: "to-be", upper: "TO-BE" });
  const wrong = new StreamingNode("wrong", (() => 5) as never);
  await rejects(
    new Graph("w", { nodes: [wrong], start: wrong }).execute(1),
    /must yield or return an iterable, received 5/,
  );
  throws(() => new StreamingNode("n", 5 as never), TypeError);
  throws(() => new StreamingNode("n", () => [], { colect: 5 } as never), /no option "colect"; did you mean "collect"/);
  const run = graph.start("a");
  throws(() => run.chunks(wrong), { name: "UnknownNameError" });
  await run.results;
  ok(graph);
});

Deno.test("GraphRun.chunks() of a node that is skipped, or has not begun, ends with it", async () => {
  const never = new StreamingNode("never", async function* (n: number) {
    yield await Promise.resolve(n);
  });
  const bad = new Node("bad", (): number => {
    throw new Error("no");
  });
  bad.connect(never);
  const run = new Graph("g", { nodes: [bad, never], start: bad }).start(1, { onError: "continue" });
  deepEqual(await read(run.chunks(never)), []);
});
