/** What was done in one execution of a graph, and when. */

import type { GraphRunSample } from "./graph_snapshot.ts";
import type { LiveBar, LiveTimeline } from "./update.ts";

/** So many bars of a run are shown. */
const MOST_BARS = 60;

interface Bar {
  readonly node: string;
  readonly title: string;
  readonly key: string;
  readonly from: number;
  status: string;
  to: number | undefined;
}

/** The record of an execution. */
export class RunRecord {
  readonly run: number;
  readonly runId: string | null;
  readonly startedAt: number;
  status = "running";
  #endedAt: number | undefined;
  readonly #bars: Bar[] = [];

  constructor(run: number, runId: string | null, startedAt: number) {
    this.run = run;
    this.runId = runId;
    this.startedAt = startedAt;
  }

  /** Something begins. `key` tells it from others that run at the same time. */
  begin(bar: Pick<Bar, "node" | "title" | "key">, at: number, status = "running"): void {
    const to = status === "running" ? undefined : at;
    if (this.#bars.length < MOST_BARS) this.#bars.push({ ...bar, from: at, status, to });
  }

  end(key: string, status: string, at: number): void {
    const bar = this.#bars.findLast((bar) => bar.key === key && bar.to === undefined);
    if (!bar) return;
    bar.status = status;
    bar.to = at;
  }

  /** The execution is over. */
  finish(status: string, at: number): void {
    this.status = status;
    this.#endedAt = at;
    for (const bar of this.#bars) {
      if (bar.to !== undefined) continue;
      bar.to = at;
      bar.status = status === "interrupted" ? status : "cancelled";
    }
  }

  sample(now: number): GraphRunSample {
    const { run, runId, status, startedAt } = this;
    return { run, runId, status, startedAt, durationMs: Math.max(0, (this.#endedAt ?? now) - startedAt) };
  }

  timeline(now: number): LiveTimeline {
    const { run, runId, status, startedAt, durationMs } = this.sample(now);
    const bars = this.#bars.map(({ node, title, status, from, to }): LiveBar => ({
      ...{ node, title, status },
      fromMs: Math.max(0, from - startedAt),
      toMs: Math.max(0, (to ?? now) - startedAt),
    }));
    return {
      id: `${run}`,
      title: runId === null ? `Run ${run}` : `Run ${run}, ${runId}`,
      status,
      startedAt,
      durationMs,
      bars,
    };
  }
}
