/** How long one number takes from one worker to another and back. */

import { Manager } from "@ringmill/ringmill/runtime";
import type { WaitStrategy } from "@ringmill/ringmill/runtime";
import { runJobs } from "./_jobs.ts";
import { answer, ask, RESULTS } from "./_latency_tasks.ts";
import type { LatencyJob } from "./_latency_worker.ts";
import { mapValues, median, type Percentiles, race, SHARES, verify } from "./_measure.ts";
import { NativeFloor } from "./_native.ts";
import { against, type Row, type Table } from "./_table.ts";

const TASKS = new URL("./_latency_tasks.ts", import.meta.url).href;
const WORKER = new URL("./_latency_worker.ts", import.meta.url);
const ROUNDS = 5;

/** A pipeline has no cycles, so this is wired by hand. */
async function timeStreams(wait: WaitStrategy, trips: number): Promise<Percentiles> {
  await using manager = new Manager("latency");
  const frame = { shape: [1], dtype: "int32", stride: 64 } as const;
  manager.addRing({ name: "there", bytes: 32 * 64, wait, frame });
  manager.addRing({ name: "back", bytes: 32 * 64, wait, frame });
  manager.addRing({
    name: "results",
    bytes: RESULTS * 8,
    frame: { shape: [RESULTS], dtype: "float64", stride: RESULTS * 8 },
  });
  const [reads, writes] = [{ there: "there" }, { back: "back" }];
  manager.addTask({ name: "answer", fn: answer, module: TASKS, reads, writes });
  manager.addTask({
    name: "ask",
    fn: ask,
    module: TASKS,
    reads: writes,
    writes: { ...reads, results: "results" },
    params: { trips },
  });
  const results = manager.openFrameReader("results");
  await manager.run();
  const found = results.read();
  verify(found !== null, "the latency of streams");
  const [p50, p99, p999] = found as Float64Array;
  return { p50, p99, "p99.9": p999 };
}

function timeAtomics(kind: "spin" | "park", trips: number): Promise<Percentiles> {
  const words = new Int32Array(new SharedArrayBuffer(256)).fill(-(2 ** 31));
  const job = { kind, trips, words } as const;
  return runJobs<LatencyJob, Percentiles>(WORKER, { job: { ...job, side: "ask" } }, {
    job: { ...job, side: "answer" },
  });
}

function timeMessages(trips: number): Promise<Percentiles> {
  const { port1, port2 } = new MessageChannel();
  const job = { kind: "postMessage", trips } as const;
  return runJobs<LatencyJob, Percentiles>(
    WORKER,
    { job: { ...job, side: "ask", port: port1 }, transfer: [port1] },
    { job: { ...job, side: "answer", port: port2 }, transfer: [port2] },
  );
}

/** The median of each percentile over the rounds, as rows of a table. */
function rows(found: Record<string, Percentiles[]>, wanted: Record<string, number>): Row[] {
  return (Object.keys(SHARES) as (keyof Percentiles)[]).map((share) => {
    const times = mapValues(found, (rounds) => median(rounds.map((round) => round[share])));
    return { label: share, times, ratios: against(times, "Ringmill", share === "p50" ? wanted : {}) };
  });
}

/** Measures. */
export async function benchLatency(): Promise<Table[]> {
  const native = await NativeFloor.build();
  const [many, some] = [20_000, 10_000];
  const note = "A hop is half of it: both ways are the same work, and two threads have no clock in common that is " +
    "finer than a hop.";
  const spinning = await race({
    "Ringmill": () => timeStreams("spin", many),
    "Atomics.load": () => timeAtomics("spin", many),
    "native threads": native ? () => native.roundTrips("spin", many) : undefined,
  }, ROUNDS);
  const parked = await race({
    "Ringmill": () => timeStreams("park", some),
    "Atomics.wait": () => timeAtomics("park", some),
    "postMessage": () => timeMessages(some),
    "native threads": native ? () => native.roundTrips("park", some) : undefined,
  }, ROUNDS);
  return [
    { title: "Round trip between two workers, spinning", unit: "ns", note, rows: rows(spinning, {}) },
    {
      title: "Round trip between two workers, parked",
      unit: "ns",
      note,
      rows: rows(parked, { "Atomics.wait": 1 / 1.5 }),
    },
  ];
}
