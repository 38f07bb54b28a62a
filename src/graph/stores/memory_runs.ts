/** Runs that are kept in memory. */

import type { CheckpointStore, ClaimedRun, ClaimOptions } from "./checkpoint_store.ts";
import { RunBusyError } from "../run_errors.ts";
import { HERE, keyOfRun, RunClaims } from "./run_claims.ts";

interface MemoryRun {
  readonly steps: Map<string, Uint8Array>;
  /** By the clock of this thread: when it was claimed last, and when it is forgotten. */
  usedAt: number;
  expiresAt: number;
}

/** Keeps runs until the program ends. */
export class MemoryRuns implements CheckpointStore {
  readonly #runs = new Map<string, MemoryRun>();
  readonly #claims = new RunClaims();

  claimRun(graph: string, runId: string, { header, maxAgeMs }: ClaimOptions): ClaimedRun | undefined {
    const key = keyOfRun(graph, runId);
    this.#claims.check(graph, runId);
    let run = this.#runs.get(key);
    const now = performance.now();
    if (run && now - run.usedAt > maxAgeMs) run = undefined;
    if (!run && !header) return undefined;
    run = { steps: run?.steps ?? new Map([["", header!]]), usedAt: now, expiresAt: now + maxAgeMs };
    // The one that was used last comes last.
    this.#runs.delete(key);
    this.#runs.set(key, run);
    this.#expire(now);
    return this.#claimed(graph, runId, run);
  }

  /** Forgets the oldest runs that have expired. */
  #expire(now: number): void {
    for (const [key, { expiresAt }] of this.#runs) {
      if (expiresAt >= now || this.#claims.hasKey(key)) return;
      this.#runs.delete(key);
    }
  }

  #claimed(graph: string, runId: string, { steps }: MemoryRun): ClaimedRun {
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
      release: () => void claim.end(),
    };
  }

  readRun(graph: string, runId: string): ReadonlyMap<string, Uint8Array> | undefined {
    const run = this.#runs.get(keyOfRun(graph, runId));
    return run && new Map(run.steps);
  }

  deleteRun(graph: string, runId: string): boolean {
    if (this.#claims.has(graph, runId)) throw new RunBusyError(graph, runId, HERE);
    return this.#runs.delete(keyOfRun(graph, runId));
  }
}
