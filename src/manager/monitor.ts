/** Looks at tasks and streams from outside, through the shared memory: they need not do anything for it. */

import { checkRule, milliseconds, type Rules } from "../rules.ts";
import { now, wallTime } from "../ring/clock.ts";
import { type BindingDescription, frameBytes, type RingDescription } from "../ring/description.ts";
import { passedBytes, publishedBytes, ringPressure } from "../ring/ring_figures.ts";
import type { SharedMemory } from "../ring/shared_memory.ts";
import { LONGEST_TIMER_MS } from "../ring/within.ts";
import { askTasks, readAccount, type TaskAccount, type WaitAccount } from "../ring/task_record.ts";
import { Latest } from "../worker/latest.ts";
import type { EndMetrics, Snapshot, StreamMetrics, TaskMetrics, TaskState, WaitingFor } from "./metrics.ts";
import type { TaskJob } from "./task/task_protocol.ts";
import type { SupervisionFigures } from "./supervision/supervised_task.ts";
import { CpuMeter } from "./monitoring/cpu_meter.ts";
import { Growth } from "./monitoring/growth.ts";
import { readCpuTime, readNice } from "./monitoring/thread_account.ts";

/** What a monitor looks at. */
export interface Monitored {
  readonly memory: SharedMemory;
  readonly rings: readonly RingDescription[];
  readonly jobs: readonly TaskJob[];
  /** Where a task is in its life; a blocked one is «running». */
  readonly stateOf: (task: string) => TaskState;
  /** What became of a task's failures. */
  readonly supervisionOf: (task: string) => SupervisionFigures;
  /** The links with other machines, if there are any. */
  readonly links: () => Snapshot["links"];
}

/** To ask for a nice level, which hardly ever changes, costs about a tenth of a millisecond where all cores are busy. */
const NICE_MS = 1000;

/** What each option of a monitor must be. */
export const MONITOR_RULES = { intervalMs: milliseconds(10, LONGEST_TIMER_MS) } satisfies Rules;

/**
 * Checks how often to monitor. `name` is of what is to be monitored.
 *
 * @throws {TypeError} If `intervalMs` is no number.
 * @throws {RangeError} If it is below 10, or longer than a timer can be.
 */
export function checkInterval(name: string, intervalMs: unknown): void {
  checkRule(`monitor "${name}"`, "intervalMs", MONITOR_RULES.intervalMs, intervalMs);
}

/** The figures that all parts of a snapshot share. */
interface Moment extends Omit<Snapshot, "tasks" | "streams" | "links"> {
  /** When it is, by the program's clock. */
  readonly at: number;
}

/** What a monitor keeps of a task from one snapshot to the next. */
interface Watched {
  readonly job: TaskJob;
  /** Bindings of its function, and then the event that activates it. */
  readonly bindings: readonly BindingDescription[];
  readonly cpu: CpuMeter;
  nice: { readonly level: number | null; readonly at: number } | undefined;
}

function watched(job: TaskJob): Watched {
  const gate = job.activation ? [job.activation.gate] : [];
  return { job, bindings: [...Object.values(job.bindings), ...gate], cpu: new CpuMeter(), nice: undefined };
}

/** Takes a snapshot at each interval, until it is stopped. */
export class Monitor {
  /** The time from one snapshot to the next. */
  readonly intervalMs: number;
  readonly #monitored: Monitored;
  readonly #tasks: readonly Watched[];
  readonly #flows = new Growth();
  readonly #waits = new Growth();
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #latest: Latest<Snapshot>;
  /** When the last snapshot was taken, by the program's clock. */
  #takenAt: number | null = null;
  #isStopped = false;

  /** Begins with a first snapshot. */
  constructor(monitored: Monitored, intervalMs: number) {
    this.intervalMs = intervalMs;
    this.#monitored = monitored;
    this.#tasks = monitored.jobs.map(watched);
    this.#ask();
    this.#latest = new Latest(this.#sample());
    this.#timer = setInterval(() => this.#turn(), intervalMs);
    Deno.unrefTimer(this.#timer);
  }

  #ask(): void {
    const { memory, jobs } = this.#monitored;
    askTasks(memory, jobs.map(({ record }) => record));
  }

  /** The latest snapshot. */
  get latest(): Snapshot {
    return this.#latest.value;
  }

  /** When it was taken, by the program's clock. */
  get takenAt(): number {
    return this.#takenAt!;
  }

  /** The snapshots from the next one on, until the monitor is stopped. Who is too slow for all gets the latest. */
  snapshots(): AsyncGenerator<Snapshot, void> {
    return this.#latest.follow(this.latest);
  }

  /** Takes a last snapshot. Stopping twice changes nothing. */
  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    clearInterval(this.#timer);
    this.#turn();
  }

  #turn(): void {
    this.#latest.replace(this.#sample(), this.#isStopped);
    this.#ask();
  }

  #sample(): Snapshot {
    const at = now();
    const elapsedMs = this.#takenAt === null ? 0 : at - this.#takenAt;
    this.#takenAt = at;
    const shared = { sampledAt: wallTime(at), elapsedMs, pid: Deno.pid, rssBytes: Deno.memoryUsage().rss };
    const moment = { ...shared, at };
    const tasks = this.#tasks.map((task) => [task.job.task, this.#sampleTask(task, moment)]);
    const streams = this.#monitored.rings.map((ring) => [ring.name, this.#sampleStream(ring, moment)]);
    const links = this.#monitored.links();
    const all = { ...shared, tasks: Object.fromEntries(tasks), streams: Object.fromEntries(streams) };
    return links ? { ...all, links } : all;
  }

  #sampleTask(task: Watched, moment: Moment): TaskMetrics {
    const { job, bindings } = task;
    const { sampledAt, pid, rssBytes } = moment;
    const account = readAccount(this.#monitored.memory, job.record, bindings.length);
    const reads = this.#sampleEnds(job, "reader", account, moment);
    const writes = this.#sampleEnds(job, "writer", account, moment);
    const supervision = this.#monitored.supervisionOf(job.task);
    return {
      name: job.task,
      ...supervision,
      ...this.#whatItDoes(task, account),
      ...this.#sampleThread(task, account, supervision.restarts, moment),
      blockedOnEmpty: this.#blocked(`${job.task}/data`, account.data, moment),
      blockedOnFull: this.#blocked(`${job.task}/room`, account.room, moment),
      ...{
        pid,
        threadId: account.thread || null,
        rssBytes,
        heapBytes: account.heapBytes,
        latenessMs: account.latenessMs,
        sampledAt,
        reads,
        writes,
      },
      ...{ framesIn: total(reads, "frames"), framesOut: total(writes, "frames") },
      ...{ bytesIn: total(reads, "bytes"), bytesOut: total(writes, "bytes") },
    };
  }

  /** The share of the time since the snapshot before that a wait took. */
  #blocked(owner: unknown, { totalMs }: WaitAccount, { elapsedMs }: Moment): number | null {
    const growth = this.#waits.since(owner, totalMs);
    return elapsedMs > 0 ? Math.min(1, growth / elapsedMs) : null;
  }

  #whatItDoes({ job, bindings }: Watched, account: TaskAccount): Pick<TaskMetrics, "state" | "waitingFor" | "waits"> {
    const state = this.#monitored.stateOf(job.task);
    const waits = state === "waiting"
      ? [{ what: "start" } as const]
      : state === "running"
      ? waitsOf(bindings, account)
      : [];
    const waitingFor = waits[0] ?? null;
    return { state: waitingFor ? "waiting" : state, waitingFor, waits };
  }

  #sampleThread(task: Watched, account: TaskAccount, restarts: number, moment: Moment) {
    const outside = readCpuTime(account.thread);
    const figures = task.cpu.read(outside === null ? null : { ms: outside, at: moment.at }, account, restarts);
    return { ...figures, nice: outside === null ? null : this.#niceOf(task, account.thread, moment) };
  }

  #niceOf(task: Watched, thread: number, { at }: Moment): number | null {
    if (!task.nice || at - task.nice.at >= NICE_MS) task.nice = { level: readNice(thread), at };
    return task.nice.level;
  }

  #sampleEnds(job: TaskJob, kind: "reader" | "writer", account: TaskAccount, moment: Moment) {
    const ends: Record<string, EndMetrics> = {};
    for (const [index, [local, binding]] of Object.entries(job.bindings).entries()) {
      if (binding.kind === kind) ends[local] = this.#sampleEnd(binding, account.bindings[index], moment);
    }
    return ends;
  }

  #sampleEnd(binding: RingBinding, account: WaitAccount, moment: Moment): EndMetrics {
    const { memory } = this.#monitored;
    const { ring } = binding;
    const { passed, lost, refused } = passedBytes(memory, binding);
    const stride = ring.frame?.stride ?? 1;
    return {
      stream: ring.name,
      ...this.#flow(binding, ring, passed, moment),
      waitedMs: account.totalMs,
      blocked: this.#blocked(binding, account, moment),
      lost: lost / stride,
      refused: refused / stride,
      pressurePercent: 100 * ringPressure(memory, ring),
    };
  }

  #sampleStream(ring: RingDescription, moment: Moment): StreamMetrics {
    const { memory } = this.#monitored;
    const { frames, framesPerSecond, bytesPerSecond } = this.#flow(ring, ring, publishedBytes(memory, ring), moment);
    const pressurePercent = 100 * ringPressure(memory, ring);
    return { name: ring.name, pressurePercent, frames, framesPerSecond, bytesPerSecond };
  }

  /** `passed` counts bytes with what aligns the frames. */
  #flow(owner: object, ring: RingDescription, passed: number, { elapsedMs }: Moment) {
    const size = ring.frame ? frameBytes(ring.frame) : 1;
    const frames = passed / (ring.frame?.stride ?? 1);
    const growth = this.#flows.since(owner, frames);
    const framesPerSecond = elapsedMs > 0 ? growth / elapsedMs * 1000 : null;
    const bytesPerSecond = framesPerSecond === null ? null : framesPerSecond * size;
    return { frames, bytes: frames * size, framesPerSecond, bytesPerSecond };
  }
}

type RingBinding = Exclude<BindingDescription, { kind: "event" }>;

/** What a task with these bindings waits for, the longest wait first. */
function waitsOf(bindings: readonly BindingDescription[], { sleep, bindings: accounts }: TaskAccount): WaitingFor[] {
  const waits = bindings.map((binding, index) => ({ ...targetOf(binding), forMs: accounts[index].currentMs }));
  return [...waits, { what: "sleep" as const, forMs: sleep.currentMs }]
    .filter((wait): wait is WaitingFor & { forMs: number } => wait.forMs !== null)
    .sort((a, b) => b.forMs - a.forMs);
}

function targetOf(binding: BindingDescription): WaitingFor {
  if (binding.kind === "event") return { what: "event", name: binding.event.name };
  return { what: binding.kind === "reader" ? "data" : "room", name: binding.ring.name };
}

function total(ends: Readonly<Record<string, EndMetrics>>, figure: "frames" | "bytes"): number {
  return Object.values(ends).reduce((sum, end) => sum + end[figure], 0);
}
