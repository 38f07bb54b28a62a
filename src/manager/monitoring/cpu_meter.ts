/** The CPU time of a task's threads, of which now the operating system tells and now the thread itself. */

import type { CpuReading, TaskAccount } from "../../ring/task_record.ts";

/** What is known of a task's CPU time. */
export interface CpuFigures {
  /** Since its first thread began, as it is known last. */
  readonly cpuMs: number | null;
  /** Since it was known before; `null` if nothing new is known. */
  readonly cpuPercent: number | null;
}

/** Follows one task: a thread, and those that it goes on in. */
export class CpuMeter {
  #known: CpuReading | null = null;
  /** How often the task was started again, and what its threads before have used. */
  #restarts = 0;
  #earlierMs = 0;

  /** `outside` is what the operating system tells: `null` if nothing, or if the thread is gone. */
  read(outside: CpuReading | null, account: TaskAccount, restarts: number): CpuFigures {
    if (restarts !== this.#restarts) {
      this.#restarts = restarts;
      // The last account of a thread may be newer than the last look at it, or be missing.
      this.#earlierMs = Math.max(this.#known?.ms ?? 0, account.earlierCpuMs);
    }
    const [now, cpu, firstCpu] = [outside, account.cpu, account.firstCpu].map((reading) => this.#inAll(reading));
    const before = this.#known ?? firstCpu;
    // CPU time only grows, so the largest figure is the newest; an account that is final is newer than any from outside.
    const known = [this.#known, now, cpu].reduce((a, b) => a === null || (b !== null && b.at > a.at) ? b : a);
    this.#known = known && { ms: Math.max(known.ms, before?.ms ?? 0), at: known.at };
    return { cpuMs: this.#known?.ms ?? null, cpuPercent: percentOf(before, this.#known) };
  }

  /** What a thread has used, together with those before. */
  #inAll(reading: CpuReading | null): CpuReading | null {
    return reading && { ms: this.#earlierMs + reading.ms, at: reading.at };
  }
}

function percentOf(before: CpuReading | null, known: CpuReading | null): number | null {
  if (!before || !known || known.at <= before.at) return null;
  return Math.min(100, (known.ms - before.ms) / (known.at - before.at) * 100);
}
