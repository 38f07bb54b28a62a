/** Looks whether tasks get on: one that hangs cannot be ended, but it can be named. */

import { now } from "../../ring/clock.ts";
import type { BindingDescription } from "../../ring/description.ts";
import { publishedBytes, ringPressure } from "../../ring/ring_figures.ts";
import type { SharedMemory } from "../../ring/shared_memory.ts";
import type { TaskState } from "../metrics.ts";
import type { TaskJob } from "../task/task_protocol.ts";
import { type ReaderHand, readerHands } from "./reader_hand.ts";

/** The tasks that are looked at, and who hears of those that hang. */
export interface StallWatchOptions {
  readonly memory: SharedMemory;
  readonly jobs: readonly TaskJob[];
  /** Milliseconds that a task may get nothing done while frames wait; missing for one that may. */
  readonly timeoutOf: (task: string) => number | undefined;
  readonly stateOf: (task: string) => TaskState;
  /** `deed` says what the task did. */
  readonly stalled: (task: string, deed: string) => void;
}

/** One look is so many times shorter than the time-out. */
const LOOKS = 4;
const LONGEST_LOOK_MS = 1000;

/** A task that is looked at. */
class WatchedTask {
  readonly name: string;
  readonly timeoutMs: number;
  readonly #memory: SharedMemory;
  readonly #hands: readonly ReaderHand[];
  readonly #writes: readonly Extract<BindingDescription, { kind: "writer" }>[];
  #progress = "";
  #since = now();

  constructor(memory: SharedMemory, { task, bindings }: TaskJob, timeoutMs: number) {
    this.name = task;
    this.timeoutMs = timeoutMs;
    this.#memory = memory;
    this.#hands = [...readerHands(memory, bindings).values()];
    this.#writes = Object.values(bindings).filter((binding) => binding.kind === "writer");
  }

  /** What it hangs with, or `null` if it gets on, has nothing to do, or waits for others. */
  look(isRunning: boolean): string | null {
    const progress = [
      ...this.#hands.map(({ position }) => position),
      ...this.#writes.map(({ ring }) => publishedBytes(this.#memory, ring)),
    ].join();
    const waiting = this.#hands.filter((hand) => hand.waiting >= 1);
    const isHeldUp = this.#writes.some(({ ring }) => ringPressure(this.#memory, ring) === 1);
    if (!isRunning || isHeldUp || waiting.length === 0 || progress !== this.#progress) {
      this.#progress = progress;
      this.#since = now();
      return null;
    }
    if (now() - this.#since < this.timeoutMs) return null;
    const frames = waiting.map((hand) => `${hand.waiting} frames of stream "${hand.stream}"`).join(" and ");
    return `got nothing done for ${this.timeoutMs} ms while ${frames} wait; nothing can end its thread, which may go on writing`;
  }
}

/** Watches tasks until it is disposed. Without any that has a time-out, it has no timer. */
export class StallWatch implements Disposable {
  readonly #timer: ReturnType<typeof setInterval> | undefined;

  constructor({ memory, jobs, timeoutOf, stateOf, stalled }: StallWatchOptions) {
    const tasks = jobs.flatMap((job) => {
      const timeoutMs = timeoutOf(job.task);
      return timeoutMs === undefined ? [] : [new WatchedTask(memory, job, timeoutMs)];
    });
    if (tasks.length === 0) return;
    const shortest = Math.min(...tasks.map(({ timeoutMs }) => timeoutMs));
    this.#timer = setInterval(() => {
      for (const task of tasks) {
        const deed = task.look(stateOf(task.name) === "running");
        if (deed !== null) stalled(task.name, deed);
      }
    }, Math.min(LONGEST_LOOK_MS, Math.max(1, shortest / LOOKS)));
    Deno.unrefTimer(this.#timer);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
