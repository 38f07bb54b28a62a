/** What a dashboard can show. */

import type { Figures, ViewDescription } from "../description.ts";
import type { LiveFrame } from "./live_frame.ts";
import type { LiveUpdate } from "./update.ts";

/** Something that runs, and tells what it does. */
export interface LiveSource<Snapshot = unknown> {
  /** What is drawn. If that changes, another object, and another number of the `drawing` in its updates. */
  readonly description: ViewDescription;
  /** Figures as long and as many as they can get: the drawing keeps room for them. */
  readonly widest: Figures;
  /** What is known now, then from time to time, until the run is over or the source is closed. Any number may follow. */
  updates(): AsyncIterable<LiveUpdate<Snapshot>>;
  /** The ids of nodes whose newest frames can be looked at; none if left out. */
  readonly framed?: readonly string[];
  /**
   * The newest frame of each of these nodes, now and as it changes, until `signal` aborts or no other can come. Nothing is
   * looked at unless this is called.
   */
  frames?(nodes: readonly string[], signal: AbortSignal): AsyncIterable<LiveFrame>;
  /** Ends the updates. */
  close(): void;
}
