/** What a thread can wait for together with other things. */

import type { WaitObserver } from "./waiting.ts";

/** One of several things that a thread waits for by its doorbell. */
export interface Source {
  /**
   * Whether there is something to do: what was waited for, the end of it, or the stop. If not, the doorbell at the address
   * `bell` (0: none) rings when there may be. It must have been prepared, and must lie in the same memory.
   */
  watch(bell: number): boolean;
  /** Hears when the thread waits for this, perhaps among other things. */
  readonly observer?: WaitObserver;
  /** When a doorbell has chosen it last: the one that was chosen longest ago is next. */
  chosen: number;
  /** A wait for it, perhaps among other things, throws, since its task was told to stop. */
  told?(): void;
  /** Writes or signals no more, as by `close()`; calls that would throw what `reason` makes. Streams and events have it. */
  finish?(reason: () => Error): void;
  /**
   * Does nothing more, and leaves the stream or event as it is: the task has returned, or goes on in another worker. Calls
   * throw what `reason` makes of its name then. Returns the bytes in hand. Streams and events of tasks have it.
   */
  desert?(reason: (name: string) => Error): number;
}

/** The property by which handles give their source. Not for users. */
export const SOURCE: unique symbol = Symbol("ringmill.source");
