/** Runs that are kept in memory. */

import type { CheckpointStore, ClaimedRun, ClaimOptions } from "./checkpoint_store.ts";
import { RunBusyError } from "../run_errors.ts";
import { HERE, keyOfRun, RunClaims } from "./run_claims.ts";

interface MemoryRun {
  readonly steps: Map<string, Uint8Array>;
  /** By the clock of this thread: when it was claimed or let go last, and when it is forgotten. */
  usedAt: number;
  expiresAt: number;
}

/** Keeps runs until the program ends. */
export class MemoryRuns implements CheckpointStore {
  readonly #runs = new Map<string, MemoryRun>();
  readonly #claims = new RunClaims();
  /** When the first of the runs that nobody works on expires, or earlier. */
  #nextExpiry = Infinity;

  claimRun(graph: string, runId: string, { header, maxAgeMs }: ClaimOptions): ClaimedRun | undefined {
    const key = keyOfRun(graph, runId);
    this.#claims.check(graph, runId);
    const now = performance.now();
    this.#expire(now);
    let run = this.#runs.get(key);
    if (run && now - run.usedAt > maxAgeMs) run = undefined;
    if (!run && !header) return undefined;
    run ??= { steps: new Map([["", header!]]), usedAt: now, expiresAt: Infinity };
    this.#runs.set(key, run);
    this.#use(run, maxAgeMs);
    return this.#claimed(graph, runId, run, maxAgeMs);
  }

  /** A run is claimed, or let go. */
  #use(run: MemoryRun, maxAgeMs: number): void {
    run.usedAt = performance.now();
    run.expiresAt = run.usedAt + maxAgeMs;
    this.#nextExpiry = Math.min(this.#nextExpiry, run.expiresAt);
  }

  /** Forgets the runs that have expired, but for those that somebody works on. */
  #expire(now: number): void {
    if (now < this.#nextExpiry) return;
    this.#nextExpiry = Infinity;
    for (const [key, { expiresAt }] of this.#runs) {
      if (this.#claims.hasKey(key)) continue;
      if (expiresAt <= now) this.#runs.delete(key);
      else this.#nextExpiry = Math.min(this.#nextExpiry, expiresAt);
    }
  }

  #claimed(graph: string, runId: string, run: MemoryRun, maxAgeMs: number): ClaimedRun {
    const { steps } = run;
    const claim = this.#claims.take(graph, runId);
    return {
      steps: new Map(steps),
      save: (step, bytes) => {
        claim.check();
        steps.set(step, bytes);
      },
      forget: (prefixes) => {
        claim.check();
        for (const step of [...steps.keys()]) if (prefixes.some((one) => step.startsWith(one))) steps.delete(step);
      },
      release: () => {
        if (claim.end()) this.#use(run, maxAgeMs);
      },
    };
  }

  readRun(graph: string, runId: string): ReadonlyMap<string, Uint8Array> | undefined {
    this.#expire(performance.now());
    const run = this.#runs.get(keyOfRun(graph, runId));
    return run && new Map(run.steps);
  }

  deleteRun(graph: string, runId: string): boolean {
    if (this.#claims.has(graph, runId)) throw new RunBusyError(graph, runId, HERE);
    this.#expire(performance.now());
    return this.#runs.delete(keyOfRun(graph, runId));
  }
}
