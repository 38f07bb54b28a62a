/** What a pipeline remembers of its runs. */

import type { MemoryUse } from "./memory_use.ts";
import { whyNotStorable } from "../storable.ts";

/** One call of a node's function. */
export interface HistoryEntry {
  /** The node's name. */
  readonly node: string;
  /** The resolved inputs by name: deep copies from before the call. What cannot be copied is a text that shows it. */
  readonly inputs: Readonly<Record<string, unknown>>;
  /** The outputs by name: deep copies from after the call. What cannot be copied is a text that shows it. */
  readonly outputs: Readonly<Record<string, unknown>>;
  /** When the call began. */
  readonly startedAt: Date;
  /** How long it took, in milliseconds. */
  readonly durationMs: number;
  /** What it did to the memory, if the node has `profile`. */
  readonly memory?: MemoryUse;
}

/** A deep copy for the history. Objects of a class become plain ones; what cannot be copied becomes a text. */
export function snapshot(value: unknown): unknown {
  try {
    const copy = structuredClone(value);
    if (whyNotStorable(copy) === null) return copy;
  } catch {
    // It holds a function, a connection, or the like.
  }
  return Deno.inspect(value, { depth: 2 });
}
