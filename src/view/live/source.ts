/** What a dashboard can show. */

import type { Figures, ViewDescription } from "../description.ts";
import type { LiveUpdate } from "./update.ts";

/** Something that runs, and tells what it does. */
export interface LiveSource<Snapshot = unknown> {
  /** What is drawn. If that changes, another object, and another number of the `drawing` in its updates. */
  readonly description: ViewDescription;
  /** Figures as long and as many as they can get: the drawing keeps room for them. */
  readonly widest: Figures;
  /** What is known now, then from time to time, until the run is over or the source is closed. Any number may follow. */
  updates(): AsyncIterable<LiveUpdate<Snapshot>>;
  /** Ends the updates. */
  close(): void;
}
