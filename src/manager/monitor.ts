/** Looks at tasks and streams from outside, through the shared memory: they need not do anything for it. */

import { frameBytes, type RingDescription } from "../ring/description.ts";
import { passedBytes, publishedBytes, ringPressure } from "../ring/ring_figures.ts";
import type { SharedMemory } from "../ring/shared_memory.ts";
import { LONGEST_TIMER_MS } from "../ring/within.ts";
import { askTasks, readAccount, readActivity, type TaskActivity } from "../ring/task_record.ts";
import { Latest } from "../worker/latest.ts";
import type { EndMetrics, Snapshot, StreamMetrics, TaskMetrics, TaskState, WaitingFor } from "./metrics.ts";
import type { TaskJob } from "./task/task_protocol.ts";
import { Sightings } from "./monitoring/sightings.ts";
import { readCpuTime, readNice } from "./monitoring/thread_account.ts";

/** What a monitor looks at. */
export interface Monitored {
  readonly memory: SharedMemory;
  readonly rings: readonly RingDescription[];
  readonly jobs: readonly TaskJob[];
  /** Where a task is in its life; a blocked one is «running». */
  readonly stateOf: (task: string) => TaskState;
}

/** What a task does is looked at so often from one snapshot to the next, if that is not too often for the machine. */
const LOOKS = 20;
/** To be woken costs a thread about a tenth of a millisecond where all cores are busy. */
const SHORTEST_LOOK_MS = 25;
/** It costs about as much to ask for a nice level, which hardly ever changes. */
const NICE_MS = 1000;

/**
 * Checks what no type can. `name` is of what is to be monitored.
 *
 * @throws {TypeError} If `intervalMs` is no number.
 * @throws {RangeError} If it is below 10.
 */
export function checkInterval(name: string, intervalMs: unknown): void {
  const received = `intervalMs must be 10 or more, received ${Deno.inspect(intervalMs)}`;
  if (typeof intervalMs !== "number") throw new TypeError(`Cannot monitor "${name}": ${received}`);
  if (!(intervalMs >= 10 && intervalMs <= LONGEST_TIMER_MS)) {
    throw new RangeError(`Cannot monitor "${name}": ${received}`);
  }
}

/** Numbers that only grow, by what they belong to. */
class Growth {
  readonly #before = new Map<object, number>();

  /** How much a number has grown since it was given last; 0 the first time. */
  since(owner: object, now: number): number {
    const before = this.#before.get(owner) ?? now;
    this.#before.set(owner, now);
    return now - before;
  }
}

/** The figures that all parts of a snapshot share. */
type Moment = Omit<Snapshot, "tasks" | "streams">;

/** Takes a snapshot at each interval, until it is stopped. */
export class Monitor {
  /** The time from one snapshot to the next. */
  readonly intervalMs: number;
  readonly #monitored: Monitored;
  readonly #flows = new Growth();
  readonly #cpu = new Growth();
  /** The last CPU times that are known of threads that may be gone. */
  readonly #cpuTimes = new Map<TaskJob, number>();
  readonly #nice = new Map<TaskJob, { readonly level: number | null; readonly at: number }>();
  readonly #sightings: ReadonlyMap<TaskJob, Sightings>;
  /** Looks since the last snapshot. */
  #looks = 0;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #latest: Latest<Snapshot>;
  #isStopped = false;

  /** Begins with a first snapshot. */
  constructor(monitored: Monitored, intervalMs: number) {
    this.intervalMs = intervalMs;
    this.#monitored = monitored;
    this.#sightings = new Map(monitored.jobs.map((job) => [job, new Sightings()]));
    const looks = Math.max(1, Math.min(LOOKS, Math.floor(intervalMs / SHORTEST_LOOK_MS)));
    askTasks(monitored.memory);
    this.#latest = new Latest(this.#sample(null));
    this.#timer = setInterval(() => {
      this.#look();
      if (this.#looks === looks) this.#turn();
    }, intervalMs / looks);
    Deno.unrefTimer(this.#timer);
  }

  /** The latest snapshot. */
  get latest(): Snapshot {
    return this.#latest.value;
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
    this.#latest.replace(this.#sample(this.latest), this.#isStopped);
    askTasks(this.#monitored.memory);
  }

  /** Notes which tasks are blocked at this moment. */
  #look(): void {
    const { memory, jobs } = this.#monitored;
    this.#looks++;
    for (const job of jobs) {
      this.#sightings.get(job)!.note(this.#waitingFor(job, readActivity(memory, job.record))?.what);
    }
  }

  #waitingFor(job: TaskJob, activity: TaskActivity): WaitingFor | null {
    if (activity === "goes on") return null;
    if (activity === "sleeps") return { what: "sleep" };
    const binding = [...Object.values(job.bindings), job.activation?.gate][activity]!;
    if (binding.kind === "event") return { what: "event", name: binding.event.name };
    return { what: binding.kind === "reader" ? "data" : "room", name: binding.ring.name };
  }

  #sample(before: Snapshot | null): Snapshot {
    const { rings, jobs } = this.#monitored;
    const sampledAt = performance.timeOrigin + performance.now();
    const elapsedMs = before ? sampledAt - before.sampledAt : 0;
    const moment = { sampledAt, elapsedMs, pid: Deno.pid, rssBytes: Deno.memoryUsage().rss };
    const tasks = Object.fromEntries(jobs.map((job) => [job.task, this.#sampleTask(job, moment)]));
    const streams = Object.fromEntries(rings.map((ring) => [ring.name, this.#sampleStream(ring, moment)]));
    this.#looks = 0;
    return { ...moment, tasks, streams };
  }

  #sampleTask(job: TaskJob, moment: Moment): TaskMetrics {
    const { sampledAt, pid, rssBytes } = moment;
    const { activity, thread, cpuMs, heapBytes } = readAccount(this.#monitored.memory, job.record);
    const reads = this.#sampleEnds(job, "reader", moment), writes = this.#sampleEnds(job, "writer", moment);
    return {
      name: job.task,
      ...this.#whatItDoes(job, activity),
      ...this.#sampleThread(job, thread, cpuMs, moment),
      blockedOnEmpty: this.#sightings.get(job)!.share("data"),
      blockedOnFull: this.#sightings.get(job)!.share("room"),
      ...{ pid, threadId: thread || null, rssBytes, heapBytes, sampledAt, reads, writes },
      ...{ framesIn: total(reads, "frames"), framesOut: total(writes, "frames") },
      ...{ bytesIn: total(reads, "bytes"), bytesOut: total(writes, "bytes") },
    };
  }

  #whatItDoes(job: TaskJob, activity: TaskActivity): Pick<TaskMetrics, "state" | "waitingFor"> {
    const state = this.#monitored.stateOf(job.task);
    if (state === "waiting") return { state, waitingFor: { what: "start" } };
    const waitingFor = state === "running" ? this.#waitingFor(job, activity) : null;
    return { state: waitingFor ? "waiting" : state, waitingFor };
  }

  /** `ownMs` is the thread's own account, for where the system tells nothing. */
  #sampleThread(job: TaskJob, thread: number, ownMs: number, moment: Moment) {
    const { elapsedMs } = moment, cpuMs = readCpuTime(thread);
    if (cpuMs !== null) this.#cpuTimes.set(job, cpuMs);
    const growth = this.#cpu.since(job, this.#cpuTimes.get(job) ?? ownMs);
    const cpuPercent = elapsedMs > 0 ? Math.min(100, growth / elapsedMs * 100) : 0;
    return { cpuPercent, nice: cpuMs === null ? null : this.#niceOf(job, thread, moment) };
  }

  #niceOf(job: TaskJob, thread: number, { sampledAt }: Moment): number | null {
    const known = this.#nice.get(job);
    if (known && sampledAt - known.at < NICE_MS) return known.level;
    const level = readNice(thread);
    this.#nice.set(job, { level, at: sampledAt });
    return level;
  }

  #sampleEnds(job: TaskJob, kind: "reader" | "writer", moment: Moment): Record<string, EndMetrics> {
    const { memory } = this.#monitored, ends: Record<string, EndMetrics> = {};
    for (const [local, binding] of Object.entries(job.bindings)) {
      if (binding.kind === "event" || binding.kind !== kind) continue;
      const { ring } = binding, { passed, lost, refused } = passedBytes(memory, binding);
      const stride = ring.frame?.stride ?? 1;
      ends[local] = {
        stream: ring.name,
        ...this.#flow(binding, ring, passed, moment),
        lost: lost / stride,
        refused: refused / stride,
        pressurePercent: 100 * ringPressure(memory, ring),
      };
    }
    return ends;
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
    const frames = passed / (ring.frame?.stride ?? 1), growth = this.#flows.since(owner, frames);
    const framesPerSecond = elapsedMs > 0 ? growth / elapsedMs * 1000 : 0;
    return { frames, bytes: frames * size, framesPerSecond, bytesPerSecond: framesPerSecond * size };
  }
}

function total(ends: Readonly<Record<string, EndMetrics>>, figure: "frames" | "bytes"): number {
  return Object.values(ends).reduce((sum, end) => sum + end[figure], 0);
}
