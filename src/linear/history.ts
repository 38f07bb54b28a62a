/** What a pipeline remembers of its runs. */

import type { MemoryUse } from "./memory_use.ts";
import { whyNotStorable } from "./cache/inspect_value.ts";
import { tryCopy } from "./cache/copy_value.ts";

/** One call of a node's function. */
export interface HistoryEntry {
  /** The node's name. */
  readonly node: string;
  /**
   * The resolved inputs by name, as they were before the call, if the node or pipeline has `trackHistory`. What cannot be copied
   * is a text that shows it. In a cache, each is read when it is asked for.
   */
  readonly inputs: Readonly<Record<string, unknown>>;
  /** The outputs by name, as they were after the call, like {@link inputs}. */
  readonly outputs: Readonly<Record<string, unknown>>;
  /** When the call began. */
  readonly startedAt: Date;
  /** How long the function took, in milliseconds. */
  readonly durationMs: number;
  /** What it did to the memory, if the node has `profile`. */
  readonly memory?: MemoryUse;
}

/** A call as it is remembered in memory. */
export interface RememberedCall extends Omit<HistoryEntry, "startedAt"> {
  /** In milliseconds since 1970. */
  readonly startedAt: number;
}

/** A deep copy for the history. Objects of a class become plain ones; what cannot be copied becomes a text. */
export function snapshot(value: unknown): unknown {
  if (typeof value === "object" && value !== null) {
    const exact = tryCopy(value);
    if (exact !== undefined) return exact;
    try {
      const copy = structuredClone(value);
      if (whyNotStorable(copy) === null) return copy;
    } catch {
      // Not clonable: it holds a function, a connection, or the like.
    }
  } else if (typeof value !== "function" && typeof value !== "symbol") return value;
  return Deno.inspect(value, { depth: 2 });
}
