/** Linear pipelines: overhead of a node, the cache against plain files, memory of large intermediates. */

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

async function timeFile(path: string, array: Float64Array<ArrayBuffer>): Promise<WriteAndRead> {
  const write = await timed(() => Deno.writeFileSync(path, new Uint8Array(array.buffer)));
  let copy: Float64Array | undefined;
  const read = await timed(() => copy = new Float64Array(Deno.readFileSync(path).buffer));
  verify(isRight(copy!), "a plain file");
  return { write, read };
}

async function timeCache(path: string, array: Float64Array): Promise<WriteAndRead> {
  const settings = { name: "bench", usePersistentCache: true, cachePath: path, quiet: true };
  const make = new LinearNode({ fn: () => array, name: "make", outputs: ["array"] });
  let copy: Float64Array | undefined;
  const take = new LinearNode({ fn: (array: Float64Array) => void (copy = array), name: "take", inputs: ["array"] });
  const write = await timed(() => new LinearPipeline({ nodes: [make], ...settings }).run());
  const read = await timed(() => new LinearPipeline({ nodes: [make, take], ...settings }).run());
  verify(isRight(copy!), "the cache");
  return { write, read };
}

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
    "plain file": () => inFolder((path) => timeFile(path, array)),
    "cache": () => inFolder((path) => timeCache(path, array)),
  }, ROUNDS);
  const row = (label: string, take: (times: WriteAndRead) => number, wanted?: number) => {
    const times: Record<string, number> = {};
    for (const [name, rounds] of Object.entries(results)) times[name] = median(rounds.map(take));
    if (linepipe) times["linepipe, Python"] = take(linepipe);
    return { label, times, ratios: against(times, "cache", wanted ? { "plain file": wanted } : {}) };
  };
  return {
    title: "An array of 100 MB, written and read again",
    unit: "ms",
    rows: [
      row("write", ({ write }) => write),
      row("read", ({ read }) => read),
      row("both", ({ write, read }) => write + read, 0.5),
    ],
  };
}

async function measureMemory(): Promise<Table> {
  const program = fileURLToPath(new URL("_linear_memory.ts", import.meta.url));
  const peakOf = async (what: string) => {
    const { peakMB } = JSON.parse(await outputOf(Deno.execPath(), ["run", "-A", program, what]));
    return peakMB / 100;
  };
  const times = { "plain calls": await peakOf("calls"), "LinearPipeline": await peakOf("pipeline") };
  return {
    title: "Memory of 9 nodes in a row, whose outputs are 100 MB each",
    unit: "outputs",
    rows: [{ label: "peak", times, ratios: against(times, "LinearPipeline") }],
  };
}

/** Measures. */
export async function benchLinear(): Promise<Table[]> {
  const linepipe = await timeLinepipe();
  return [await measureNodes(linepipe), await measureCache(linepipe), await measureMemory()];
}

if (import.meta.main) { for (const table of await benchLinear()) printTable(table); }
