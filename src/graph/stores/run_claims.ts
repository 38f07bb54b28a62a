/** Which runs this program works on, by one store. */

import { LifecycleError } from "../../errors.ts";
import { RunBusyError } from "../run_errors.ts";

/** Who works on a run of this program. */
export const HERE = "in this program";

/** A run's name within a store. */
export function keyOfRun(graph: string, runId: string): string {
  return JSON.stringify([graph, runId]);
}

/** A run that this program works on. */
export interface Claim {
  /** @throws {LifecycleError} If it was let go. */
  check(): void;
  /** Lets go of it. False if that was done before. */
  end(): boolean;
}

/** The runs that this program works on. */
export class RunClaims {
  readonly #keys = new Set<string>();

  get size(): number {
    return this.#keys.size;
  }

  has(graph: string, runId: string): boolean {
    return this.hasKey(keyOfRun(graph, runId));
  }

  hasKey(key: string): boolean {
    return this.#keys.has(key);
  }

  /** @throws {RunBusyError} If this program works on it. */
  check(graph: string, runId: string): void {
    if (this.has(graph, runId)) throw new RunBusyError(graph, runId, HERE);
  }

  /** Notes that this program works on a run. */
  take(graph: string, runId: string): Claim {
    const key = keyOfRun(graph, runId);
    this.check(graph, runId);
    this.#keys.add(key);
    let isHeld = true;
    return {
      check: () => {
        if (!isHeld) throw new LifecycleError(`Cannot keep a step of run "${runId}": it was let go`);
      },
      end: () => {
        if (isHeld) this.#keys.delete(key);
        const wasHeld = isHeld;
        isHeld = false;
        return wasHeld;
      },
    };
  }
}
