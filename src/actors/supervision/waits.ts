/** Who waits for whom: chains of waits, and the circles in them, which never end by themselves. */

import type { KernelWait } from "../telemetry.ts";
import type { KernelLife } from "./kernel_life.ts";
import type { Pool } from "./pool.ts";

/** A chain of waits. */
export interface Chain {
  /** Kernels and pools by their ids, each once. */
  readonly ids: readonly string[];
  /** Those at its end that wait for each other; empty if it ends with one that waits for nothing. */
  readonly circle: readonly string[];
}

/** What kernels, and pools of them, wait for. */
export class Waits {
  readonly #lives: ReadonlyMap<string, KernelLife>;
  readonly #pools: ReadonlyMap<string, Pool>;

  constructor(lives: ReadonlyMap<string, KernelLife>, pools: ReadonlyMap<string, Pool>) {
    this.#lives = lives;
    this.#pools = pools;
  }

  /** What a kernel waits for; of a pool, what all of its members wait for. `null` if there is no such thing. */
  of(id: string): KernelWait | null {
    const pool = this.#pools.get(id);
    if (!pool) return this.#lives.get(id)?.waits ?? null;
    const waits = pool.members.filter(({ state }) => state !== "terminated").map(({ waits }) => waits);
    const [first] = waits;
    return first && waits.every((wait) => wait?.kind === first.kind && wait.kernel === first.kernel) ? first : null;
  }

  /** Whom it waits for: for an answer, or for room in their input. Room in its own output is made by whoever receives. */
  #next(id: string): string | null {
    const wait = this.of(id);
    return wait && (wait.kind === "answer" || wait.kernel !== id) ? wait.kernel : null;
  }

  /** The chain that begins with some ids, of which each waits for the next. It ends before what is `known`. */
  from(start: readonly string[], known: ReadonlySet<string> = new Set()): Chain {
    const ids = new Set(start);
    for (let last = start[start.length - 1];;) {
      const next = this.#next(last);
      if (next !== null && ids.has(next)) return { ids: [...ids], circle: [...ids].slice([...ids].indexOf(next)) };
      if (next === null || known.has(next)) return { ids: [...ids], circle: [] };
      ids.add(last = next);
    }
  }

  /** All circles, each once. */
  get circles(): readonly (readonly string[])[] {
    const known = new Set<string>();
    const circles: (readonly string[])[] = [];
    for (const id of this.#lives.keys()) {
      if (known.has(id)) continue;
      const { ids, circle } = this.from([id], known);
      if (circle.length > 0) circles.push(circle);
      for (const one of ids) known.add(one);
    }
    return circles;
  }
}
