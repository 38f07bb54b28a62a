/** The benchmarks: `deno task bench --help`. What they tell is meant to be read as ratios, on whichever machine it is. */

import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { describeMachine, thisMachine } from "./_machine.ts";
import { drawResults } from "./_picture.ts";
import { printTable, type Table } from "./_table.ts";
import { benchActors } from "./actors.ts";
import { benchCluster } from "./cluster.ts";
import { benchColumns } from "./columns.ts";
import { benchGraphs } from "./graphs.ts";
import { benchGrowth } from "./growth.ts";
import { benchLatency } from "./latency.ts";
import { benchLinear } from "./linear.ts";
import { benchMonitoring } from "./monitoring.ts";
import { benchOneThread } from "./one_thread.ts";
import { benchPipelines } from "./pipelines.ts";
import { benchPools } from "./pools.ts";
import { benchPythusa } from "./pythusa.ts";
import { benchQueue } from "./queue.ts";
import { benchRecording } from "./recording.ts";
import { benchRestarts } from "./restarts.ts";
import { benchSelecting } from "./selecting.ts";
import { benchTwoWorkers } from "./two_workers.ts";
import { benchWebStreams } from "./web_streams.ts";

/** A benchmark: what it is about, and what measures it. */
interface Bench {
  readonly about: string;
  readonly measure: (options: { readonly installPython: boolean }) => Promise<Table[]>;
}

const BENCHES: Readonly<Record<string, Bench>> = {
  one_thread: { about: "a frame written and read again in one thread", measure: benchOneThread },
  columns: { about: "frames with named columns, and plain ones of the same bytes", measure: benchColumns },
  web_streams: { about: "bytes through a WritableStream into a ring", measure: benchWebStreams },
  two_workers: { about: "a frame from one worker to another", measure: benchTwoWorkers },
  selecting: { about: "select over several streams, many small frames at once", measure: benchSelecting },
  queue: { about: "records from several workers to one", measure: benchQueue },
  latency: { about: "a round trip between two workers", measure: benchLatency },
  growth: { about: "more readers, more stages, more tasks than cores", measure: benchGrowth },
  pipelines: { about: "starting a pipeline, and letting it wait", measure: benchPipelines },
  monitoring: { about: "a pipeline with a monitor, and without", measure: benchMonitoring },
  recording: { about: "frames to the disk and back, and a line with a recorder", measure: benchRecording },
  cluster: { about: "frames from program to program, where there is a nats-server", measure: benchCluster },
  restarts: { about: "from a crash to the next frame, and what restarts cost without one", measure: benchRestarts },
  graphs: { about: "nodes, executions and streams of a node graph", measure: benchGraphs },
  pools: { about: "calls of a function on a pool of workers", measure: benchPools },
  actors: {
    about: "messages between ring kernels; PyDotCompute where a python3 has it",
    measure: ({ installPython }) => benchActors(installPython),
  },
  linear: {
    about: "linear pipelines: a node, the cache, memory; linepipe where python3 has pip",
    measure: benchLinear,
  },
  pythusa: {
    about: "the same work by PYTHUSA, where a python3 has it",
    measure: ({ installPython }) => benchPythusa(installPython),
  },
};

const HELP = `Usage: deno task bench [--python] [--out FOLDER] [NAME…]

Runs the benchmarks of these names, or all; prints them, and writes results.json and results.svg.

${Object.entries(BENCHES).map(([name, { about }]) => `  ${name.padEnd(12)} ${about}`).join("\n")}

  --python      install the rivals in Python into .cache first, by pip
  --out FOLDER  where to write to; tests/bench/out unless told otherwise
  --help        print this`;

/** What the command line asks for. Says what is wrong with it, and exits, if it is. */
function parse() {
  try {
    const { values, positionals } = parseArgs({
      args: Deno.args,
      allowPositionals: true,
      options: { help: { type: "boolean" }, python: { type: "boolean" }, out: { type: "string" } },
    });
    const unknown = positionals.find((name) => !Object.hasOwn(BENCHES, name));
    if (unknown !== undefined) throw new TypeError(`Cannot run benchmark "${unknown}": there is none of that name`);
    return { ...values, names: positionals.length > 0 ? positionals : Object.keys(BENCHES) };
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${HELP}`);
    Deno.exit(2);
  }
}

/** Where the results go: below the folder that the task was called in, or next to this module. */
async function makeFolder(out: string | undefined): Promise<string> {
  const folder = out ?? fileURLToPath(new URL("out", import.meta.url));
  await Deno.mkdir(folder, { recursive: true });
  return folder;
}

const { help, python = false, out, names } = parse();
if (help) {
  console.log(HELP);
} else {
  const machine = thisMachine();
  const folder = await makeFolder(out);
  console.log(describeMachine(machine));
  const tables: Table[] = [];
  for (const name of names) {
    const measured = await BENCHES[name].measure({ installPython: python });
    for (const table of measured) printTable(table);
    tables.push(...measured);
  }
  await Deno.writeTextFile(`${folder}/results.json`, JSON.stringify({ machine, tables }, null, 2) + "\n");
  await drawResults(`${folder}/results.svg`, machine, tables);
  console.log(`\nWrote ${folder}/results.json and results.svg`);
}
