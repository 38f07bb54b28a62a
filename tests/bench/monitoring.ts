/** What it costs to monitor a pipeline: the throughput with a monitor and without, in turn, in one run of the pipeline. */

import { StreamHandle } from "@ringmill/ringmill";
import { Manager } from "@ringmill/ringmill/runtime";
import { threadTime } from "./_growth_tasks.ts";
import { median, verify } from "./_measure.ts";
import { sink, source, stage } from "./_monitoring_tasks.ts";
import { formatBytes, type Row, type Table } from "./_table.ts";

/** That of `startMonitor()`. */
const INTERVAL_MS = 100;
const WARM_UP_MS = 500;
const PERIOD_MS = 400;
/** Of a period with a monitor and one without. */
const PAIRS = 24;

const CASES = [{ tasks: 2, bytes: 64 }, { tasks: 2, bytes: 16384 }, { tasks: 8, bytes: 64 }] as const;

/** What a stretch of time had. */
interface Period {
  /** Nanoseconds per frame. */
  readonly frame: number;
  /** Use of a core by this thread, in percent. */
  readonly ownCpu: number;
}

const delay = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** A line of tasks: a source, stages, a sink. */
function declareLine({ tasks, bytes }: typeof CASES[number]) {
  const manager = new Manager("monitored");
  const module = new URL("./_monitoring_tasks.ts", import.meta.url).href;
  const stream = (name: string, options: { shape: number[]; dtype: "uint32" | "float64" }) => {
    manager.addRing(new StreamHandle(name, options).ringSpec);
    return name;
  };
  const links = Array.from(
    { length: tasks - 1 },
    (_, n) => stream(`link ${n}`, { shape: [bytes / 4], dtype: "uint32" }),
  );
  const sent = stream("sent", { shape: [1], dtype: "float64" });
  const received = stream("received", { shape: [2], dtype: "float64" });
  manager.addEvent({ name: "end" });
  const last = links.at(-1)!;
  manager.addTask({ name: "sink", fn: sink, module, reads: { inlet: last }, writes: { received } });
  for (const [n, inlet] of links.slice(0, -1).entries()) {
    manager.addTask({ name: `stage ${n}`, fn: stage, module, reads: { inlet }, writes: { outlet: links[n + 1] } });
  }
  manager.addTask({ name: "source", fn: source, module, writes: { outlet: links[0], sent }, events: { end: "end" } });
  const results = { sent: manager.openFrameReader(sent), received: manager.openFrameReader(received) };
  return { manager, last, end: manager.openEvent("end"), ...results };
}

/** How many frames have come out of the line. */
function framesAt(manager: Manager, stream: string): number {
  const monitor = manager.openMonitor(2 ** 30);
  monitor.stop();
  return monitor.latest.streams[stream].frames;
}

async function measure(manager: Manager, stream: string, isMonitored: boolean): Promise<Period> {
  const monitor = isMonitored ? manager.openMonitor(INTERVAL_MS) : undefined;
  const frames = framesAt(manager, stream);
  const start = performance.now();
  const before = threadTime();
  await delay(PERIOD_MS);
  const own = threadTime() - before;
  const elapsed = performance.now() - start;
  const passed = framesAt(manager, stream) - frames;
  monitor?.stop();
  return { frame: elapsed * 1e6 / passed, ownCpu: own / 1e6 / elapsed * 100 };
}

/** Periods with a monitor and without, side by side: what else the machine does meets both. */
async function timeLine(load: typeof CASES[number]): Promise<{ monitored: Period; alone: Period }[]> {
  const { manager, last, end, sent, received } = declareLine(load);
  await using _closed = manager;
  await manager.start();
  await delay(WARM_UP_MS);
  const pairs: { monitored: Period; alone: Period }[] = [];
  for (let n = 0; n < PAIRS; n++) {
    const first = await measure(manager, last, n % 2 === 0);
    const second = await measure(manager, last, n % 2 === 1);
    pairs.push(n % 2 === 0 ? { monitored: first, alone: second } : { monitored: second, alone: first });
  }
  end.signal();
  await manager.join();
  const [count, wrong] = received.read()!;
  verify(sent.read()![0] === count && wrong === 0, `a line of ${load.tasks} tasks`);
  return pairs;
}

/** Measures. */
export async function benchMonitoring(): Promise<Table[]> {
  const rows: Row[] = [];
  const cpu: Row[] = [];
  for (const load of CASES) {
    const pairs = await timeLine(load);
    const label = `${load.tasks} tasks, frames of ${formatBytes(load.bytes)}`;
    const middle = (figure: keyof Period, of: "monitored" | "alone") => median(pairs.map((pair) => pair[of][figure]));
    const value = median(pairs.map(({ monitored, alone }) => alone.frame / monitored.frame));
    rows.push({
      label,
      times: { monitored: middle("frame", "monitored"), alone: middle("frame", "alone") },
      ratios: [{ ours: "monitored", rival: "alone", value, wanted: 0.99 }],
    });
    const times = { monitored: middle("ownCpu", "monitored"), alone: middle("ownCpu", "alone") };
    const share = (times.monitored - times.alone) / navigator.hardwareConcurrency;
    cpu.push({ label, times, ratios: [{ ours: "monitored", rival: "1 % of all cores", value: 1 / share, wanted: 1 }] });
  }
  const note =
    `A snapshot every ${INTERVAL_MS} ms. The ratio is the median of ${PAIRS} pairs of periods beside each other.`;
  return [
    { title: "A frame through a line of tasks that is monitored", unit: "ns", rows, note },
    { title: "Processor time of the thread that monitors", unit: "% of a core", rows: cpu },
  ];
}
