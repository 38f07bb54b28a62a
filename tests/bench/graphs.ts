/** Node graphs: what a node, an execution and an item cost, against plain promises, RxJS, `p-graph` and `p-map`. */

import { PGraph } from "p-graph";
import pMap from "p-map";
import { concatMap, from, lastValueFrom, of } from "rxjs";
import { Graph, type GraphNode, Node } from "@ringmill/ringmill/graph";
import { formatBytes, printTable, race, ratio, verify } from "./_measure.ts";

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

async function benchChains(): Promise<void> {
  const rows: (string | number)[][] = [
    ["chain, ns per node", "plain promises", "graph", "graph, untimed", "RxJS", "p-graph"],
  ];
  rows[0].push("graph/plain", "untimed/plain", "RxJS/plain", "p-graph/plain");
  for (const length of [10, 1000]) {
    for (const [kind, step] of Object.entries(STEPS)) {
      const { graph, last } = chainOf(length, step), times = 100_000 / length;
      const steps = Array.from({ length }, () => step);
      const plain = async () => {
        let value = 0;
        for (const step of steps) value = await step(value);
        return value;
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
      const result = await race({
        plain: time(plain),
        timed: time(() => graph.execute(0, { output: last })),
        untimed: time(() => graph.execute(0, { output: last, timing: false })),
        reactive: time(() => lastValueFrom(reactive), 10),
        pGraph: time(byPGraph, 20),
      }, 5);
      const { plain: base, timed, untimed, reactive: rx, pGraph: pg } = result;
      rows.push([`${length} ${kind} nodes`, base, timed, untimed, rx, pg]);
      rows.at(-1)!.push(...[timed, untimed, rx, pg].map((value) => ratio(value / base)));
    }
  }
  printTable("Node graphs: one execution after the other", rows);
}

async function benchFanOut(): Promise<void> {
  const width = 1000, step = STEPS.async;
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
    const all = await Promise.all(
      branches.map((_, n) => Promise.resolve(1).then(step).then((m) => [`n${n}`, m] as const)),
    );
    return Object.values(Object.fromEntries(all)).reduce((a, b) => a + b);
  };
  const byPMap = async () => (await pMap(branches, () => step(1))).reduce((a, b) => a + b);
  const time = (execute: () => Promise<unknown>) => () => timeNodes(width, 50, 2 * width, execute);
  const { base, timed, untimed, mapped } = await race({
    base: time(plain),
    timed: time(() => graph.execute(1, { output: sum })),
    untimed: time(() => graph.execute(1, { output: sum, timing: false })),
    mapped: time(byPMap),
  }, 5);
  printTable(`Node graphs: a fan-out to ${width} async nodes and a join by name`, [
    ["", "ns per node", "against plain promises"],
    ["plain promises", base, ""],
    ["graph", timed, ratio(timed / base)],
    ["graph, untimed", untimed, ratio(untimed / base)],
    ["p-map, without names", mapped, ratio(mapped / base)],
  ]);
}

async function benchStreams(): Promise<void> {
  const items = 100_000, concurrency = 16, step = STEPS.async;
  const { graph, last } = chainOf(2, step);
  function* numbers(count = items) {
    for (let n = 0; n < count; n++) yield n;
  }
  const expected = items * (items + 3) / 2;
  const time = (consume: () => Promise<number>) => async () => {
    const start = performance.now(), total = await consume();
    verify(total === expected, "a stream");
    return (performance.now() - start) / items * 1e6;
  };
  const both = async (n: number) => await step(await step(n));
  const result = await race({
    /** As many loops as items may be under way, over one source. */
    plain: time(async () => {
      const source = numbers();
      let total = 0;
      const loop = async () => {
        for (const n of source) {
          const output = await both(n);
          total += output;
        }
      };
      await Promise.all(Array.from({ length: concurrency }, loop));
      return total;
    }),
    stream: time(async () => {
      let total = 0;
      for await (const n of graph.stream(numbers(), { output: last, concurrency })) total += n as number;
      return total;
    }),
    unordered: time(async () => {
      let total = 0;
      const options = { output: last, concurrency, ordered: false };
      for await (const n of graph.stream(numbers(), options)) total += n as number;
      return total;
    }),
    mapped: time(async () => (await pMap(numbers(), both, { concurrency })).reduce((a, b) => a + b)),
    reactive: time(async () => {
      let total = 0;
      await from(numbers()).pipe(concatMap(both)).forEach((n) => void (total += n));
      return total;
    }),
  }, 3);
  const row = (name: string, value: number) => [name, value, ratio(value / result.mapped)];
  printTable(`Node graphs: ${items} items streamed through two async nodes, ${concurrency} at a time`, [
    ["", "ns per item", "against p-map"],
    row("plain loops, no order", result.plain),
    row("graph, in order", result.stream),
    row("graph, as they are ready", result.unordered),
    row("p-map", result.mapped),
    row("RxJS concatMap, one at a time", result.reactive),
  ]);

  const memory: number[] = [];
  let count = 0;
  for await (const _ of graph.stream(numbers(1_000_000), { output: last, concurrency })) {
    if (++count % 100_000 === 0) memory.push(Deno.memoryUsage().heapUsed);
  }
  const grown = Math.max(...memory.slice(1)) - memory[0];
  printTable("Node graphs: the heap while 1,000,000 items are streamed", [
    ["", "bytes"],
    ["after 100,000 items", formatBytes(memory[0])],
    ["the most that it grew after that", grown > 0 ? formatBytes(grown) : "0 B"],
  ]);
}

/** Prints the tables. */
export async function benchGraphs(): Promise<void> {
  await benchChains();
  await benchFanOut();
  await benchStreams();
}

if (import.meta.main) await benchGraphs();
