/** What more readers and more stages cost, and how waiting does with fewer tasks than cores and with more. */

import { timeGrowth } from "./_growth.ts";
import { mapValues, median, medians, race } from "./_measure.ts";
import { against, type Row, type Table } from "./_table.ts";

const ROUNDS = 3;
const FRAMES = 100_000;
const READERS = [1, 2, 4, 8, 16];
const STAGES = [1, 2, 4, 8];
const TASKS = [2, 4, 8, 16];
/** Rounds of arithmetic: some 20 microseconds. */
const WORK = 20_000;

/** One stream, more and more readers. */
async function benchReaders(): Promise<Table> {
  const load = { frames: FRAMES, work: 0, stages: 0, wait: "adaptive" } as const;
  const times = await race(
    Object.fromEntries(READERS.map((sinks) => [sinks, () => timeGrowth({ ...load, sinks })])),
    ROUNDS,
  );
  const frames = mapValues(times, (rounds) => median(rounds.map(({ frame }) => frame)));
  const costs = mapValues(times, (rounds) => median(rounds.map(({ source }) => source)));
  const rows: Row[] = READERS.map((readers) => ({
    label: `${readers} reader${readers === 1 ? "" : "s"}`,
    times: { "frame": frames[readers], "writer's CPU": costs[readers] },
    ratios: [
      { ours: "frame", rival: "as many streams", value: readers * frames[1] / frames[readers] },
      { ours: "writer's CPU", rival: "as many streams", value: readers * costs[1] / costs[readers] },
    ],
  }));
  const note = "As many streams: the same for a stream with one reader, times the readers.";
  return { title: "One frame of 64 bytes to all readers of a stream", unit: "ns", rows, note };
}

/** A line of tasks, longer and longer. */
async function benchStages(): Promise<Table> {
  const load = { frames: FRAMES, work: 0, sinks: 1, wait: "adaptive" } as const;
  const times = await medians(
    Object.fromEntries(STAGES.map((stages) => [stages, async () => (await timeGrowth({ ...load, stages })).frame])),
    ROUNDS,
  );
  const rows: Row[] = STAGES.map((stages) => ({
    label: `${stages} stage${stages === 1 ? "" : "s"}`,
    times: { "frame": times[stages] },
    ratios: [{ ours: "hop", rival: "hop of 1 stage", value: (times[1] / 2) / (times[stages] / (stages + 1)) }],
  }));
  const note = "With n stages there are n + 1 hops and n + 2 tasks.";
  return { title: "One frame of 64 bytes through a line of stages", unit: "ns", rows, note };
}

/** The same lines with each way of waiting. Adaptive waiting is to be as good as the better of the other two. */
async function benchWaiting(work: number, what: string): Promise<Table> {
  const cores = navigator.hardwareConcurrency;
  const rows: Row[] = [];
  for (const tasks of TASKS) {
    // Who spins where cores are short holds its core until the system takes it away, which takes long.
    const [many, few] = work === 0 ? [FRAMES, 300] : [2000, 300];
    const rival = (wait: "adaptive" | "park" | "spin") => async () => {
      const frames = wait === "spin" && tasks > cores ? few : many;
      return (await timeGrowth({ frames, work, stages: tasks - 2, sinks: 1, wait })).frame;
    };
    const times = await medians({ adaptive: rival("adaptive"), park: rival("park"), spin: rival("spin") }, ROUNDS);
    const wanted: Record<string, number> = tasks > cores ? { park: 0.9 } : { spin: 0.9 };
    rows.push({ label: `${tasks} tasks`, times, ratios: against(times, "adaptive", wanted) });
  }
  return { title: `Ways of waiting, in a line of tasks that ${what}`, unit: "ns", rows };
}

/** Measures. */
export async function benchGrowth(): Promise<Table[]> {
  return [
    await benchReaders(),
    await benchStages(),
    await benchWaiting(0, "only pass frames on"),
    await benchWaiting(WORK, "work on each frame for some 20 us"),
  ];
}
