/**
 * OpenTelemetry: a span for a pipeline's run, one within it for each task, and the figures of a monitor as metrics.
 *
 * Deno exports them where the environment says `OTEL_DENO=true`; any other registered provider gets them as well.
 */

import {
  activeContext,
  contextWithin,
  type Counter,
  endSpan,
  findMeter,
  findTracer,
  type Gauge,
  type Meter,
  type TelemetryAttributes,
  type TelemetrySpan,
  type Tracer,
} from "../open_telemetry.ts";
import type { TaskError } from "../errors.ts";
import type { Manager } from "../manager/manager.ts";
import type { EndMetrics, LinkMetrics, Snapshot, TaskMetrics } from "../manager/metrics.ts";
import type { TaskProgress } from "../manager/task_group.ts";
import type { TaskFailure } from "../manager/task_group.ts";

const NAME = "@ringmill/ringmill";
const INTERVAL_MS = 1000;

/** Begins the spans and metrics of a compiled manager that is about to start. They end by themselves. */
export function exportTelemetry(manager: Manager): void {
  const attributes = { "ringmill.pipeline": manager.name };
  const tracer = findTracer(NAME);
  const meter = findMeter(NAME);
  if (tracer) traceTasks(manager, tracer, attributes);
  if (meter) new MetricsRecorder(meter, attributes).follow(manager);
}

async function traceTasks(manager: Manager, tracer: Tracer, attributes: TelemetryAttributes): Promise<void> {
  const whole = tracer.startSpan(`pipeline ${manager.name}`, { attributes });
  const parent = contextWithin(activeContext(), whole);
  const follow = async (task: TaskProgress): Promise<TaskFailure> => {
    const { name, begun, ended } = task;
    if (await begun) {
      const span = tracer.startSpan(`task ${name}`, { attributes: { ...attributes, "ringmill.task": name } }, parent);
      task.onRestart = (failure, restarts) => noteRestart(span, failure, restarts);
      end(span, await ended);
    }
    return await ended;
  };
  const failures = await Promise.all([...manager.progress].map(follow));
  end(whole, failures.find((failure) => failure !== null) ?? null);
}

/** A restart is two events of the task's span: the error, and the restart. The span goes on. */
function noteRestart(span: TelemetrySpan, failure: TaskError, restarts: number): void {
  const { cause, message } = failure;
  span.recordException(cause instanceof Error ? cause : failure);
  span.addEvent("ringmill.restart", { "ringmill.restarts": restarts, "ringmill.error": message });
}

function end(span: TelemetrySpan, failure: TaskFailure): void {
  const { cause, message = "" } = failure ?? {};
  endSpan(span, failure ? { thrown: cause instanceof Error ? cause : failure, message } : undefined);
}

/** Hands a monitor's figures to instruments. */
class MetricsRecorder {
  readonly #attributes: TelemetryAttributes;
  readonly #gauges: Readonly<
    Record<"cpu" | "heap" | "nice" | "blocked" | "lateness" | "pressure" | "memory" | "running", Gauge>
  >;
  readonly #counters: Readonly<Record<CountedFigure, Counter>>;
  readonly #meter: Meter;
  /** Made for those only who have links. */
  #links: LinkInstruments | undefined;
  readonly #supervision: Readonly<Record<SupervisedFigure, Counter>>;

  constructor(meter: Meter, attributes: TelemetryAttributes) {
    const gauge = (name: string, unit: string, description: string) =>
      meter.createGauge(`ringmill.${name}`, { unit, description });
    const counter = (name: string, unit: string, description: string) =>
      meter.createCounter(`ringmill.${name}`, { unit, description });
    this.#attributes = attributes;
    this.#meter = meter;
    this.#gauges = {
      cpu: gauge("task.cpu.utilization", "1", "Use of one core by the task's thread"),
      heap: gauge("task.heap.used", "By", "Bytes in use on the task's own heap"),
      nice: gauge("task.nice", "1", "Nice level of the task's thread"),
      blocked: gauge("task.blocked", "1", "Share of time that the task waits, by what it waits for"),
      running: gauge("task.running", "1", "1 while the task has neither ended nor failed"),
      lateness: gauge("task.lateness", "ms", "How late the task is with what it does by the clock"),
      pressure: gauge("stream.pressure", "1", "How full the stream's ring is for its slowest reader"),
      memory: gauge("process.memory.resident", "By", "Resident memory of the process"),
    };
    this.#counters = {
      frames: counter("task.frames", "{frame}", "Frames that the task has read or written"),
      bytes: counter("task.io", "By", "Bytes that the task has read or written"),
      lost: counter("task.frames.lost", "{frame}", "Frames that passed the task by unread"),
      refused: counter("task.frames.refused", "{frame}", "Frames for which the task found no room in time"),
    };
    this.#supervision = {
      restarts: counter("task.restarts", "{restart}", "How often the task was started again after a failure"),
      skippedFrames: counter(
        "task.frames.skipped",
        "{frame}",
        "Frames that the task failed on, and that were left out",
      ),
      deadLetters: counter("task.frames.dead", "{frame}", "Frames that the task failed on, and that are dead letters"),
    };
  }

  /** Records snapshots until the tasks have ended. */
  async follow(manager: Manager): Promise<void> {
    const monitor = manager.openMonitor(INTERVAL_MS);
    let before: Snapshot = monitor.latest;
    this.#record(before);
    for await (const snapshot of monitor.snapshots()) {
      this.#record(snapshot, before);
      before = snapshot;
    }
  }

  #record(snapshot: Snapshot, before?: Snapshot): void {
    const { pressure, memory } = this.#gauges;
    memory.record(snapshot.rssBytes, this.#attributes);
    for (const { name, pressurePercent } of Object.values(snapshot.streams)) {
      pressure.record(pressurePercent / 100, { ...this.#attributes, "ringmill.stream": name });
    }
    for (const task of Object.values(snapshot.tasks)) this.#recordTask(task, before?.tasks[task.name]);
    for (const link of Object.values(snapshot.links ?? {})) this.#recordLink(link, before?.links?.[link.task]);
  }

  #recordLink(link: LinkMetrics, before: LinkMetrics | undefined): void {
    const { lag, lagTime, connected, peerLost, counters } = this.#links ??= makeLinkInstruments(this.#meter);
    const { task, stream, peers } = link;
    const of = { "ringmill.task": task, "ringmill.stream": stream, "ringmill.peers": peers.join(", ") };
    const attributes = { ...this.#attributes, ...of };
    lag.record(link.lagFrames, attributes);
    lagTime.record(link.lagMs, attributes);
    connected.record(link.state === "connected" ? 1 : 0, attributes);
    peerLost.record(link.peerLostMs ?? 0, attributes);
    for (const figure of LINK_COUNTED) counters[figure].add(link[figure] - (before?.[figure] ?? 0), attributes);
  }

  #recordTask(task: TaskMetrics, before: TaskMetrics | undefined): void {
    const { cpu, heap, nice, lateness, blocked, running } = this.#gauges;
    const attributes = { ...this.#attributes, "ringmill.task": task.name };
    record(cpu, task.cpuPercent === null ? null : task.cpuPercent / 100, attributes);
    record(heap, task.heapBytes, attributes);
    record(nice, task.nice, attributes);
    record(lateness, task.latenessMs, attributes);
    record(blocked, task.blockedOnEmpty, { ...attributes, "ringmill.blocked.on": "empty" });
    record(blocked, task.blockedOnFull, { ...attributes, "ringmill.blocked.on": "full" });
    running.record(task.state === "ended" || task.state === "failed" ? 0 : 1, attributes);
    for (const figure of SUPERVISED) {
      const growth = task[figure] - (before?.[figure] ?? 0);
      // A figure that stays 0 makes no series.
      if (growth > 0) this.#supervision[figure].add(growth, attributes);
    }
    this.#countEnds(task.reads, before?.reads, { ...attributes, "ringmill.direction": "in" });
    this.#countEnds(task.writes, before?.writes, { ...attributes, "ringmill.direction": "out" });
  }

  #countEnds(ends: Ends, before: Ends | undefined, attributes: TelemetryAttributes): void {
    for (const [local, end] of Object.entries(ends)) {
      const all = { ...attributes, "ringmill.stream": end.stream };
      for (const figure of COUNTED) this.#count(figure, end[figure] - (before?.[local]?.[figure] ?? 0), all);
    }
  }

  /** What never happens makes no series of its own. */
  #count(figure: CountedFigure, growth: number, attributes: TelemetryAttributes): void {
    if (growth === 0 && (figure === "lost" || figure === "refused")) return;
    this.#counters[figure].add(growth, attributes);
  }
}

interface LinkInstruments {
  readonly lag: Gauge;
  readonly lagTime: Gauge;
  readonly connected: Gauge;
  readonly peerLost: Gauge;
  readonly counters: Readonly<Record<typeof LINK_COUNTED[number], Counter>>;
}

const LINK_COUNTED = ["bytes", "resends", "reconnects"] as const;

function makeLinkInstruments(meter: Meter): LinkInstruments {
  const gauge = (name: string, unit: string, description: string) =>
    meter.createGauge(`ringmill.link.${name}`, { unit, description });
  const counter = (name: string, unit: string, description: string) =>
    meter.createCounter(`ringmill.link.${name}`, { unit, description });
  return {
    lag: gauge("lag", "{frame}", "Frames that are under way and not consumed"),
    lagTime: gauge("lag.time", "ms", "For how long the first of them has been under way"),
    connected: gauge("connected", "1", "1 while the link is connected and somebody is at the other end"),
    peerLost: gauge("peer.lost", "ms", "For how long a program at the other end has not been there"),
    counters: {
      bytes: counter("io", "By", "Bytes that were sent, or have arrived"),
      resends: counter("resends", "{parcel}", "Parcels that were sent again"),
      reconnects: counter("reconnects", "{reconnect}", "How often the connection was made again"),
    },
  };
}

/** What is not known is not recorded: an exporter would show it as 0, or as what it was long ago. */
function record(gauge: Gauge, value: number | null, attributes: TelemetryAttributes): void {
  if (value !== null) gauge.record(value, attributes);
}

const COUNTED = ["frames", "bytes", "lost", "refused"] as const;
type CountedFigure = typeof COUNTED[number];
const SUPERVISED = ["restarts", "skippedFrames", "deadLetters"] as const;
type SupervisedFigure = typeof SUPERVISED[number];
type Ends = Readonly<Record<string, EndMetrics>>;
