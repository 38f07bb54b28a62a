/** Runs planned pipelines, several at a time, until enough frames have passed. */

import { type Footprint, footprint, settledFootprint } from "./_footprint.ts";
import { type Ending, planPipeline } from "./_plan.ts";
import { runPlan } from "./_run.ts";

export interface SoakOptions {
  seed: number;
  /** Frames that readers must have checked before it ends. */
  frames: number;
  /** Minutes after which it ends in any case. */
  minutes: number;
  /** Pipelines that run at the same time, in a round. */
  pipelines: number;
  /** Rounds after which it ends in any case. */
  rounds?: number;
  /** How many frames a pipeline has, as a part of what is usual. */
  scale: number;
  /** Told after each round. */
  progress?: (report: SoakReport) => void;
}

/** What has come of it so far. */
export interface SoakReport {
  frames: number;
  bytes: number;
  lost: number;
  activations: number;
  tasks: number;
  endings: Record<Ending, number>;
  seconds: number;
  /** After each round, with nothing running. */
  readonly rests: Footprint[];
  /** The most that was seen at any time. */
  peak: Footprint;
}

/** Keeps the most of what is held at any time. */
function watchPeak(report: SoakReport): Disposable {
  const timer = setInterval(() => {
    const { rss, threads, files } = footprint();
    const { peak } = report;
    report.peak = {
      rss: Math.max(peak.rss, rss),
      threads: Math.max(peak.threads, threads),
      files: Math.max(peak.files, files),
    };
  }, 250);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/**
 * Soaks.
 *
 * @throws {Error} If a pipeline did not do what it must.
 */
export async function soak(options: SoakOptions): Promise<SoakReport> {
  const began = performance.now();
  const { seed, pipelines, scale } = options;
  const endings = { end: 0, stop: 0, close: 0, crash: 0 };
  const report: SoakReport = {
    ...{ frames: 0, bytes: 0, lost: 0, activations: 0, tasks: 0, seconds: 0 },
    ...{ endings, rests: [], peak: footprint() },
  };
  let atRest = report.peak;
  using _ = watchPeak(report);
  const { frames, minutes, rounds = Infinity } = options;
  for (let round = 0; round < rounds && report.frames < frames && report.seconds < minutes * 60; round++) {
    const plans = Array.from({ length: pipelines }, (_, n) => planPipeline(seed, round * pipelines + n, scale));
    for (const result of await Promise.all(plans.map(runPlan))) {
      for (const count of ["frames", "bytes", "lost", "activations", "tasks"] as const) report[count] += result[count];
      endings[result.ending]++;
    }
    atRest = await settledFootprint(atRest);
    report.rests.push(atRest);
    report.seconds = (performance.now() - began) / 1000;
    options.progress?.(report);
  }
  return report;
}
