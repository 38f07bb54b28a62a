/** Node graphs: what a node, an execution and an item cost, against plain promises, RxJS, `p-graph` and `p-map`. */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PGraph } from "p-graph";
import pMap from "p-map";
import { concatMap, from, lastValueFrom, mergeMap, of } from "rxjs";
import { Graph, type GraphNode, Node, SqliteStore } from "@ringmill/ringmill/graph";
import { medians, verify } from "./_measure.ts";
import { outputOf } from "./_program.ts";
import { against, printTable, type Ratio, type Row, type Table } from "./_table.ts";

type Step = (n: number) => number | Promise<number>;

const STEPS: Readonly<Record<string, Step>> = {
  "sync": (n) => n + 1,
  // deno-lint-ignore require-await
  "async": async (n) => n + 1,
};

function chainOf(length: number, step: Step): { graph: Graph; last: GraphNode } {
  const nodes: GraphNode[] = Array.from({ length }, (_, n) => new Node(`n${n}`, step));
  const graph = new Graph("chain");
  for (const node of nodes) graph.addNode(node);
  for (let n = 1; n < length; n++) nodes[n - 1].connect(nodes[n]);
  graph.setStartNode(nodes[0]);
  return { graph, last: nodes.at(-1)! };
}

/** Nanoseconds per node of `execute`, which must come to `expected`. */
async function timeNodes(nodes: number, times: number, expected: number, execute: () => Promise<unknown>) {
  let output: unknown;
  const start = performance.now();
  for (let n = 0; n < times; n++) output = await execute();
  const time = (performance.now() - start) / times / nodes * 1e6;
  verify(output === expected, "a graph");
  return time;
}

/** A chain against a loop that awaits one function after the other, and one that also keeps the outputs by name. */
async function measureChain(length: number, kind: string): Promise<Row> {
  const step = STEPS[kind];
  const { graph, last } = chainOf(length, step);
  const times = 500_000 / length;
  const steps = Array.from({ length }, () => step);
  const names = steps.map((_, n) => `n${n}`);
  const plain = async () => {
    let value = 0;
    for (const step of steps) value = await step(value);
    return value;
  };
  const keeping = async () => {
    const outputs = new Map<string, number>();
    let value = 0;
    for (const [n, step] of steps.entries()) outputs.set(names[n], value = await step(value));
    return outputs.get(names[length - 1]);
  };
  const reactive = steps.reduce((source, step) => source.pipe(concatMap(async (n) => await step(n))), of(0));
  const byPGraph = async () => {
    let value = 0;
    const run = (step: Step) => ({ run: async () => value = await step(value) });
    const edges = steps.slice(1).map((_, n): [string, string] => [`${n}`, `${n + 1}`]);
    await new PGraph(new Map(steps.map((step, n) => [`${n}`, run(step)])), edges).run();
    return value;
  };
  const time = (execute: () => Promise<unknown>, share = 1) => () =>
    timeNodes(length, Math.ceil(times / share), length, execute);
  const found = await medians({
    "graph": time(() => graph.execute(0, { output: last })),
    "timed": time(() => graph.execute(0, { output: last, timing: true })),
    "plain promises": time(plain),
    "outputs kept": time(keeping),
    "RxJS": time(() => lastValueFrom(reactive), 10),
    "p-graph": time(byPGraph, 20),
  }, 5);
  return { label: `chain of ${length} ${kind} node${length > 1 ? "s" : ""}`, times: found, ratios: ratios(found) };
}

/** Against the rivals. */
function ratios(found: Readonly<Record<string, number>>, wanted: Readonly<Record<string, number>> = {}): Ratio[] {
  const rivals = Object.keys(found).filter((name) => name !== "graph" && name !== "timed");
  return [...against(found, "graph", wanted, rivals), ...against(found, "timed", {}, ["plain promises"])];
}

/** At most twice the time of plain promises is wanted of a node. */
const WANTED = { "plain promises": 0.5 };

/** What each node more costs, by the times per node of a short and a long chain. */
function perNodeMore(kind: string, [short, shortLength]: [Row, number], [long, longLength]: [Row, number]): Row {
  const share = (name: string) =>
    (long.times[name] * longLength - short.times[name] * shortLength) / (longLength - shortLength);
  const times = Object.fromEntries(Object.keys(long.times).map((name) => [name, share(name)]));
  return { label: `each ${kind} node more`, times, ratios: ratios(times, WANTED) };
}

/** Executions of one node, of some, and of many. */
async function measureChains(kind: string): Promise<Row[]> {
  const one = await measureChain(1, kind);
  const some = await measureChain(10, kind);
  const many = await measureChain(1000, kind);
  return [one, some, many, perNodeMore(kind, [some, 10], [many, 1000])];
}

async function measureFanOut(width: number): Promise<Row> {
  const step = STEPS.async;
  const start: GraphNode = new Node("start", (n: number) => n);
  const branches: GraphNode[] = Array.from({ length: width }, (_, n) => new Node(`n${n}`, step));
  const sum = new Node("sum", (all: Record<string, number>) => Object.values(all).reduce((a, b) => a + b), {
    join: "all",
  });
  const graph = new Graph("fan-out");
  for (const node of [start, ...branches, sum]) graph.addNode(node);
  for (const branch of branches) start.connect(branch).connect(sum);
  graph.setStartNode(start);
  const plain = async () => {
    const start = Promise.resolve(1);
    const all = await Promise.all(branches.map(async ({ name }) => [name, await step(await start)] as const));
    return Object.values(Object.fromEntries(all)).reduce((a, b) => a + b);
  };
  const byPMap = async () => (await pMap(branches, () => step(1))).reduce((a, b) => a + b);
  const time = (execute: () => Promise<unknown>) => () => timeNodes(width, 50, 2 * width, execute);
  const found = await medians({
    "graph": time(() => graph.execute(1, { output: sum })),
    "timed": time(() => graph.execute(1, { output: sum, timing: true })),
    "plain promises": time(plain),
    "p-map": time(byPMap),
  }, 5);
  return { label: `fan-out to ${width} async nodes`, times: found, ratios: ratios(found, WANTED) };
}

function* numbers(count: number): Generator<number> {
  for (let n = 0; n < count; n++) yield n;
}

async function measureStream(items: number, concurrency: number): Promise<Row> {
  const step = STEPS.async;
  const { graph, last } = chainOf(2, step);
  const expected = items * (items + 3) / 2;
  const time = (consume: () => Promise<number>) => async () => {
    const start = performance.now();
    const total = await consume();
    verify(total === expected, "a stream");
    return (performance.now() - start) / items * 1e6;
  };
  const both = async (n: number) => await step(await step(n));
  const byGraph = async (ordered: boolean) => {
    let total = 0;
    const stream = graph.stream(numbers(items), { output: last, concurrency, ordered });
    for await (const n of stream) total += n as number;
    return total;
  };
  /** As many loops over one source as items may be under way. */
  const byLoops = async () => {
    const source = numbers(items);
    let total = 0;
    const loop = async () => {
      for (const n of source) {
        const output = await both(n);
        total += output;
      }
    };
    await Promise.all(Array.from({ length: concurrency }, loop));
    return total;
  };
  const byRxJS = async () => {
    let total = 0;
    await from(numbers(items)).pipe(mergeMap(both, concurrency)).forEach((n) => void (total += n));
    return total;
  };
  const found = await medians({
    "graph": time(() => byGraph(true)),
    "graph, unordered": time(() => byGraph(false)),
    "plain loops": time(byLoops),
    "p-map": time(async () => (await pMap(numbers(items), both, { concurrency })).reduce((a, b) => a + b)),
    "RxJS": time(byRxJS),
  }, 9);
  const label = `${items} items through two async nodes, ${concurrency} at a time`;
  return { label, times: found, ratios: against(found, "graph") };
}

/** Nodes of which each passes on one value, kept in a file, against as many calls of `set()` with the same value. */
async function measureKept(label: string, value: unknown): Promise<Row> {
  const nodes: GraphNode[] = Array.from({ length: 200 }, (_, n) => new Node(`n${n}`, (value: unknown) => value));
  const folder = await Deno.makeTempDir();
  const found: Record<string, number> = {};
  const open = (name: string) => new SqliteStore({ path: join(folder, name) });
  {
    using bare = open("bare.db");
    using kept = open("kept.db");
    const graph = new Graph("kept", { nodes, start: nodes[0], checkpoint: kept });
    for (let n = 1; n < nodes.length; n++) nodes[n - 1].connect(nodes[n]);
    let runs = 0;
    const time = (work: (run: number) => unknown) => async () => {
      const start = performance.now();
      for (let n = 0; n < 5; n++) await work(runs++);
      return (performance.now() - start) / 5 / nodes.length * 1e3;
    };
    const set = async (run: number) => {
      for (const { name } of nodes) await bare.set(`${run} ${name}`, value, Infinity);
    };
    const execute = async (run: number) => {
      const results = await graph.execute(value, { runId: `${run}` });
      verify(results.n199 === value, "a run that is kept");
    };
    Object.assign(found, await medians({ "bare set()": time(set), "graph": time(execute) }, 9));
  }
  await Deno.remove(folder, { recursive: true });
  return { label, times: found, ratios: against(found, "graph", { "bare set()": 1 / 1.3 }) };
}

/** MiB of heap without garbage early in a long stream, and later. */
async function measureHeap(): Promise<Row> {
  const program = fileURLToPath(new URL("_graph_memory.ts", import.meta.url));
  const heap: number[] = JSON.parse(await outputOf(Deno.execPath(), ["run", "-A", "--v8-flags=--expose-gc", program]));
  const times = { "after 10 %": heap[0], "50 %": heap[4], "100 %": heap[9], "the most": Math.max(...heap) };
  return { label: "10^6 items", times, ratios: against(times, "the most", { "after 10 %": 0.95 }, ["after 10 %"]) };
}

/** Measures. */
export async function benchGraphs(): Promise<Table[]> {
  const chains: Row[] = [];
  for (const kind of Object.keys(STEPS)) chains.push(...await measureChains(kind));
  return [
    {
      title: "Node graphs: one execution after the other",
      unit: "ns per node",
      note:
        "timed: with timing: true, which reads the clock for each node. Outputs kept: plain promises, by name in a Map.",
      rows: [...chains, await measureFanOut(1000)],
    },
    {
      title: "Node graphs: a stream",
      unit: "ns per item",
      note: "Only the graph, and p-map at its end, keep the order; RxJS and plain loops do not.",
      rows: [await measureStream(100_000, 16)],
    },
    {
      title: "Node graphs: runs that are kept in SQLite",
      unit: "us per node",
      rows: [
        await measureKept("200 nodes, a number", 1),
        await measureKept("200 nodes, 1000 texts", Array.from({ length: 1000 }, (_, n) => `text ${n}`)),
        await measureKept("200 nodes, 64 KiB", new Uint8Array(65_536)),
      ],
    },
    { title: "Node graphs: the heap during a stream, without garbage", unit: "MiB", rows: [await measureHeap()] },
  ];
}

if (import.meta.main) { for (const table of await benchGraphs()) printTable(table); }
