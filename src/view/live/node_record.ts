/** What one node of a graph has done since its dashboard is served. */

import type { GraphNodeSample } from "./graph_snapshot.ts";
import type { NodePlace } from "./graph_places.ts";

/** So many of the latest durations are kept. */
const MOST_DURATIONS = 256;

/** Which counts there are. */
type Counted = "completed" | "failed" | "retries" | "skipped" | "restored" | "chunks" | "hits" | "misses";

/** The record of a node. */
export class NodeRecord {
  place: NodePlace;
  readonly #counts: Record<Counted, number> = {
    completed: 0,
    failed: 0,
    retries: 0,
    skipped: 0,
    restored: 0,
    chunks: 0,
    hits: 0,
    misses: 0,
  };
  /** By execution: calls that run. */
  readonly #open = new Map<string, number>();
  readonly #durations: number[] = [];
  #nextDuration = 0;
  #status = "waiting";
  #lastError: string | null = null;
  /** What had ended at the look before. */
  #before = 0;

  constructor(place: NodePlace) {
    this.place = place;
  }

  count(what: Counted): void {
    this.#counts[what]++;
  }

  begin(run: string): void {
    this.#open.set(run, (this.#open.get(run) ?? 0) + 1);
  }

  /** A call has ended, one way or the other. */
  end(run: string, status: string, durationMs: number, error: string | null): void {
    this.leave(run, 1);
    this.#status = status;
    this.#lastError = error ?? this.#lastError;
    this.#durations[this.#nextDuration] = durationMs;
    this.#nextDuration = (this.#nextDuration + 1) % MOST_DURATIONS;
  }

  /** Calls of an execution that are not waited for any more. */
  leave(run: string, calls = Infinity): void {
    const left = (this.#open.get(run) ?? 0) - calls;
    if (left > 0) this.#open.set(run, left);
    else this.#open.delete(run);
  }

  note(status: string): void {
    this.#status = status;
  }

  /** What is known now. `elapsedMs` have passed since the look before. */
  take(elapsedMs: number): GraphNodeSample {
    const { id, name, limiter } = this.place;
    const { hits, misses, ...counts } = this.#counts;
    const running = [...this.#open.values()].reduce((sum, calls) => sum + calls, 0);
    const ended = counts.completed + counts.failed;
    const callsPerSecond = elapsedMs > 0 ? 1000 * (ended - this.#before) / elapsedMs : 0;
    this.#before = ended;
    const sorted = this.#durations.toSorted((a, b) => a - b);
    return {
      ...{ name, id, running, ...counts, callsPerSecond },
      status: running > 0 ? "running" : this.#status,
      p50Ms: quantile(sorted, 0.5),
      p95Ms: quantile(sorted, 0.95),
      hitShare: hits + misses === 0 ? null : hits / (hits + misses),
      queued: limiter?.queued ?? null,
      limitShare: limiter && limiter.concurrency !== Infinity
        ? Math.min(1, limiter.running / limiter.concurrency)
        : null,
      lastError: this.#lastError,
    };
  }
}

function quantile(sorted: readonly number[], share: number): number | null {
  return sorted.length === 0 ? null : sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}
