/** Looks whether tasks get on: one that hangs cannot be ended, but it can be named. */

import { now } from "../../ring/clock.ts";
import type { BindingDescription } from "../../ring/description.ts";
import { publishedBytes } from "../../ring/ring_figures.ts";
import type { SharedMemory } from "../../ring/shared_memory.ts";
import { readAccount, type TaskAccount } from "../../ring/task_record.ts";
import type { TaskJob } from "../task/task_protocol.ts";
import { type ReaderHand, readerHands } from "./reader_hand.ts";
import { Watch, type Watched } from "./watch.ts";

/** The tasks that are looked at, and who hears of those that hang. */
export interface StallWatchOptions {
  readonly memory: SharedMemory;
  readonly jobs: readonly TaskJob[];
  /** Milliseconds that a task may get nothing done while frames wait; missing for one that may. */
  readonly timeoutOf: (task: string) => number | undefined;
  /** Whether a task is to get on with its work. */
  readonly mayWork: (task: string) => boolean;
  /** `deed` says what the task did. */
  readonly stalled: (task: string, deed: string) => void;
}

/** A task that is looked at. */
class WatchedTask implements Watched {
  readonly name: string;
  readonly timeoutMs: number;
  readonly #memory: SharedMemory;
  readonly #job: TaskJob;
  readonly #mayWork: (task: string) => boolean;
  readonly #hands: readonly ReaderHand[];
  readonly #bindings: readonly BindingDescription[];
  #progress = "";
  #since = now();

  constructor({ memory, mayWork }: StallWatchOptions, job: TaskJob, timeoutMs: number) {
    this.name = job.task;
    this.timeoutMs = timeoutMs;
    this.#memory = memory;
    this.#job = job;
    this.#mayWork = mayWork;
    this.#hands = [...readerHands(memory, job.bindings).values()];
    this.#bindings = Object.values(job.bindings);
  }

  /** What it hangs with, or `null` if it gets on, has nothing to do, or waits for others. */
  look(): string | null {
    const progress = this.#countProgress();
    const waiting = this.#hands.filter((hand) => hand.waiting >= 1);
    const account = this.#account();
    const isIdle = !this.#mayWork(this.name) || waiting.length === 0 || this.#waitsForOthers(account);
    if (isIdle || progress !== this.#progress) {
      this.#progress = progress;
      this.#since = now();
      return null;
    }
    if (now() - this.#since < this.timeoutMs) return null;
    const frames = waiting.map((hand) => `${hand.waiting} frames of stream "${hand.stream}"`).join(" and ");
    const deed = `got nothing done for ${this.timeoutMs} ms while ${frames} wait`;
    return `${deed}; ${this.#doingText(account)}; nothing can end its thread, which may go on writing`;
  }

  #countProgress(): string {
    const published = this.#bindings.filter((binding) => binding.kind === "writer")
      .map(({ ring }) => publishedBytes(this.#memory, ring));
    return [...this.#hands.map(({ position }) => position), ...published].join();
  }

  #account(): TaskAccount {
    const bindings = this.#bindings.length + (this.#job.activation ? 1 : 0);
    return readAccount(this.#memory, this.#job.record, bindings);
  }

  /** For another frame, for room, or, of a controlled task, for its next activation. */
  #waitsForOthers({ data, room, bindings }: TaskAccount): boolean {
    const gate = bindings[this.#bindings.length];
    return data.currentMs !== null || room.currentMs !== null || (gate !== undefined && gate.currentMs !== null);
  }

  #doingText({ sleep, bindings }: TaskAccount): string {
    const event = this.#bindings.find((binding, index) =>
      binding.kind === "event" && bindings[index].currentMs !== null
    );
    if (event?.kind === "event") return `it waits for event "${event.event.name}"`;
    return sleep.currentMs === null ? "it waits for nothing that can be seen" : "it sleeps";
  }
}

/** Reports each task that hangs, once, until it is disposed. */
export function watchStalls(options: StallWatchOptions): Watch<WatchedTask> {
  const { jobs, timeoutOf, stalled } = options;
  const tasks = jobs.flatMap((job) => {
    const timeoutMs = timeoutOf(job.task);
    return timeoutMs === undefined ? [] : [new WatchedTask(options, job, timeoutMs)];
  });
  const shortest = Math.min(...tasks.map(({ timeoutMs }) => timeoutMs));
  return new Watch(tasks, shortest, ({ name }, deed) => stalled(name, deed));
}
