/** Linear pipelines: overhead of a node, the cache against plain files, memory of large intermediates. */

import { createHash } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { LinearNode, LinearPipeline } from "@ringmill/ringmill/linear";
import { median, medians, race, verify } from "./_measure.ts";
import { outputOf } from "./_program.ts";
import { against, printTable, type Table } from "./_table.ts";

const NODES = 1000;
const BYTES = 100e6;
const ROUNDS = 5;

const increment = (n: number) => n + 1;

function timePlainCalls(): number {
  const calls = Array.from({ length: NODES }, () => increment);
  const start = performance.now();
  let n = 0;
  for (const call of calls) n = call(n);
  const time = (performance.now() - start) / NODES * 1e6;
  verify(n === NODES, "plain calls");
  return time;
}

async function timeNodes(nodes: readonly LinearNode[]): Promise<number> {
  const pipeline = new LinearPipeline({ name: "bench", nodes, runtime: { x0: 0 }, quiet: true });
  const start = performance.now();
  await pipeline.run();
  const time = (performance.now() - start) / NODES * 1e6;
  using registry = pipeline.openRegistry();
  verify(registry.get(`x${NODES}`) === NODES, "nodes");
  return time;
}

/** Milliseconds. */
async function timed(work: () => unknown): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

function isRight(array: Float64Array): boolean {
  return array.length === BYTES / 8 && array[5] === 5 && array.at(-1) === BYTES / 8 - 1;
}

interface WriteAndRead {
  readonly write: number;
  readonly read: number;
}

const hashOf = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();

/** A plain file with the hash that the cache takes, too. */
async function timeFile(path: string, array: Float64Array<ArrayBuffer>): Promise<WriteAndRead> {
  const bytes = new Uint8Array(array.buffer);
  const write = await timed(() => {
    hashOf(bytes);
    Deno.writeFileSync(path, bytes);
  });
  let copy: Float64Array | undefined;
  const read = await timed(() => {
    const bytes = Deno.readFileSync(path);
    hashOf(bytes);
    copy = new Float64Array(bytes.buffer);
  });
  verify(isRight(copy!), "a plain file");
  return { write, read };
}

const cachedAt = (cachePath: string) => ({ name: "bench", usePersistentCache: true, cachePath, quiet: true });

/** The value of `make`, written by one run and taken from the cache by the next. */
async function timeCacheOf<Value>(
  path: string,
  value: Value,
  isRight: (value: Value) => boolean,
): Promise<WriteAndRead> {
  const make = new LinearNode({ fn: () => value, name: "make", outputs: ["value"] });
  let copy: Value | undefined;
  const take = new LinearNode({ fn: (value: Value) => void (copy = value), name: "take", inputs: ["value"] });
  const unused = new LinearNode({ fn: () => {}, name: "share", inputs: ["value"], share: true });
  const write = await timed(() => new LinearPipeline({ nodes: [make, unused], ...cachedAt(path) }).run());
  const read = await timed(() => new LinearPipeline({ nodes: [make, take], ...cachedAt(path) }).run());
  verify(isRight(copy!), "the cache");
  return { write, read };
}

const timeCache = (path: string, array: Float64Array) => timeCacheOf(path, array, isRight);

/** Runs `time` in a folder of its own. */
async function inFolder<Result>(time: (path: string) => Promise<Result>): Promise<Result> {
  const folder = await Deno.makeTempDir();
  try {
    return await time(join(folder, "x"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** What linepipe takes, if there are Python and the package; nanoseconds a node, milliseconds for 100 MB. */
async function timeLinepipe(): Promise<WriteAndRead & { readonly node: number } | null> {
  const folder = await Deno.makeTempDir();
  try {
    const script = fileURLToPath(new URL("_linepipe.py", import.meta.url));
    const target = ["--quiet", "--no-deps", "--target", folder, "linepipe==1.0.0"];
    await outputOf("python3", ["-m", "pip", "install", "--disable-pip-version-check", ...target]);
    return JSON.parse(await outputOf("python3", [script, String(ROUNDS)], { PYTHONPATH: folder }));
  } catch (error) {
    console.log(`\nlinepipe is left out: ${(error as Error).message}`);
    return null;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

type Linepipe = Awaited<ReturnType<typeof timeLinepipe>>;

async function measureNodes(linepipe: Linepipe): Promise<Table> {
  const nodes = Array.from({ length: NODES }, (_, n) => {
    return new LinearNode({ fn: increment, name: `n${n}`, inputs: [`x${n}`], outputs: [`x${n + 1}`] });
  });
  const times = await medians({ "plain calls": timePlainCalls, "LinearPipeline": () => timeNodes(nodes) }, 2 * ROUNDS);
  if (linepipe) times["linepipe, Python"] = linepipe.node;
  return {
    title: `A linear pipeline of ${NODES} trivial nodes, in memory`,
    unit: "ns",
    rows: [{ label: "a node", times, ratios: against(times, "LinearPipeline") }],
  };
}

async function measureCache(linepipe: Linepipe): Promise<Table> {
  const array = Float64Array.from({ length: BYTES / 8 }, (_, n) => n);
  const results = await race({
    "plain file and hash": () => inFolder((path) => timeFile(path, array)),
    "cache": () => inFolder((path) => timeCache(path, array)),
  }, ROUNDS);
  const row = (label: string, take: (times: WriteAndRead) => number, wanted?: number) => {
    const times: Record<string, number> = {};
    for (const [name, rounds] of Object.entries(results)) times[name] = median(rounds.map(take));
    if (linepipe) times["linepipe, Python"] = take(linepipe);
    return { label, times, ratios: against(times, "cache", wanted ? { "plain file and hash": wanted } : {}) };
  };
  return {
    title: "An array of 100 MB, written and read again",
    unit: "ms",
    rows: [
      row("write", ({ write }) => write, 1 / 1.3),
      row("read", ({ read }) => read, 1 / 1.2),
    ],
  };
}

interface Item {
  readonly id: number;
  readonly x: number;
  readonly name: string;
}

async function measureObjects(): Promise<Table> {
  const items: Item[] = Array.from({ length: 500_000 }, (_, id) => ({ id, x: id * 1.5, name: `item ${id % 100}` }));
  const areRight = (items: Item[]) => items.length === 500_000 && items.at(-1)!.id === 499_999;
  const json = async (path: string) => {
    const write = await timed(() => Deno.writeTextFileSync(path, JSON.stringify(items)));
    let copy: Item[] | undefined;
    const read = await timed(() => copy = JSON.parse(Deno.readTextFileSync(path)));
    verify(areRight(copy!), "JSON");
    return { write, read };
  };
  const results = await race({
    "JSON and a file": () => inFolder(json),
    "cache": () => inFolder((path) => timeCacheOf(path, items, areRight)),
  }, ROUNDS);
  const row = (label: string, take: (times: WriteAndRead) => number) => {
    const times = Object.fromEntries(Object.entries(results).map(([name, rounds]) => [name, median(rounds.map(take))]));
    return { label, times, ratios: against(times, "cache") };
  };
  const rows = [row("write", ({ write }) => write), row("read", ({ read }) => read)];
  return { title: "500,000 small objects, written and read again", unit: "ms", rows };
}

/** Nanoseconds for each of `count` small typed arrays in one output. */
async function timeArrays(count: number): Promise<number> {
  const arrays = Array.from({ length: count }, (_, n) => Float64Array.of(n, 1, 2));
  const { write } = await inFolder((path) => timeCacheOf(path, arrays, (arrays) => arrays.at(-1)![0] === count - 1));
  return write / count * 1e6;
}

async function measureArrays(): Promise<Table> {
  const times = await medians({ "40,000": () => timeArrays(40_000), "160,000": () => timeArrays(160_000) }, 3);
  return {
    title: "Small typed arrays in one output, written to the cache",
    unit: "ns",
    rows: [{ label: "an array", times, ratios: against(times, "160,000", { "40,000": 0.7 }) }],
    note: "As many times as long for as many times more: the time of one array is the same.",
  };
}

interface SmallTimes {
  readonly write: number;
  readonly take: number;
  readonly explain: number;
}

/** Nanoseconds for a node with a small output: written, taken by another one, explained. */
async function timeSmall(path: string): Promise<SmallTimes> {
  const makers = Array.from(
    { length: NODES },
    (_, n) => new LinearNode({ fn: () => ({ n }), name: `m${n}`, outputs: [`m${n}`] }),
  );
  const takers = makers.map(({ outputs }, n) => new LinearNode({ fn: () => {}, name: `t${n}`, inputs: outputs }));
  const writing = new LinearPipeline({ nodes: makers, ...cachedAt(path) });
  const write = await timed(() => writing.run());
  const explain = await timed(() => writing.explain());
  const { nodes } = await new LinearPipeline({ nodes: [...makers, ...takers], ...cachedAt(path) }).run();
  verify(nodes.slice(0, NODES).every(({ status }) => status === "cached"), "small nodes");
  const take = nodes.slice(NODES).reduce((sum, { loadMs }) => sum + loadMs, 0);
  return { write: write / NODES * 1e6, take: take / NODES * 1e6, explain: explain / NODES * 1e6 };
}

async function measureSmall(): Promise<Table> {
  const { cache } = await race({ cache: () => inFolder(timeSmall) }, ROUNDS);
  const row = (label: string, take: (times: SmallTimes) => number, wanted: number) => {
    const times = { cache: median(cache.map(take)), wanted };
    return { label, times, ratios: against(times, "cache", { wanted: 1 }) };
  };
  return {
    title: `Nodes with small outputs, ${NODES} of them`,
    unit: "ns",
    rows: [
      row("write", ({ write }) => write, 200_000),
      row("take from the cache", ({ take }) => take, 65_000),
      row("explain", ({ explain }) => explain, 100_000),
    ],
  };
}

async function measureMemory(): Promise<Table> {
  const program = fileURLToPath(new URL("_linear_memory.ts", import.meta.url));
  const peakOf = async (what: string) => {
    const { peakMB } = JSON.parse(await outputOf(Deno.execPath(), ["run", "-A", program, what]));
    return peakMB / 100;
  };
  const times = {
    "plain calls": await peakOf("calls"),
    "LinearPipeline": await peakOf("pipeline"),
    "with share": await peakOf("share"),
    "from the cache": await peakOf("cached"),
  };
  return {
    title: "Memory of 9 nodes in a row, whose outputs are 100 MB each",
    unit: "outputs",
    rows: [{ label: "peak", times, ratios: against(times, "LinearPipeline", {}, ["plain calls"]) }],
  };
}

/** Measures. */
export async function benchLinear(): Promise<Table[]> {
  const linepipe = await timeLinepipe();
  return [
    await measureNodes(linepipe),
    await measureSmall(),
    await measureCache(linepipe),
    await measureObjects(),
    await measureArrays(),
    await measureMemory(),
  ];
}

if (import.meta.main) { for (const table of await benchLinear()) printTable(table); }
