/** The CPU time of a thread, of which now the operating system tells and now the thread itself. */

import type { CpuReading, TaskAccount } from "../../ring/task_record.ts";

/** What is known of a thread's CPU time. */
export interface CpuFigures {
  /** Since the thread began, as it is known last. */
  readonly cpuMs: number | null;
  /** Since it was known before; `null` if nothing new is known. */
  readonly cpuPercent: number | null;
}

/** Follows one thread. */
export class CpuMeter {
  #known: CpuReading | null = null;

  /** `outside` is what the operating system tells: `null` if nothing, or if the thread is gone. */
  read(outside: CpuReading | null, { cpu, firstCpu }: TaskAccount): CpuFigures {
    const before = this.#known ?? firstCpu;
    // CPU time only grows, so the largest figure is the newest; an account that is final is newer than any from outside.
    const known = [this.#known, outside, cpu].reduce((a, b) => a === null || (b !== null && b.at > a.at) ? b : a);
    this.#known = known && { ms: Math.max(known.ms, before?.ms ?? 0), at: known.at };
    return { cpuMs: this.#known?.ms ?? null, cpuPercent: percentOf(before, this.#known) };
  }
}

function percentOf(before: CpuReading | null, known: CpuReading | null): number | null {
  if (!before || !known || known.at <= before.at) return null;
  return Math.min(100, (known.ms - before.ms) / (known.at - before.at) * 100);
}
