/** What is known of a run that is kept. */

import type { RunInterrupt } from "./run_errors.ts";

/** What is kept of a run. */
export interface KeptRun {
  /** The run's name. */
  readonly runId: string;
  /** The steps that have finished: names of nodes, or ways into inner graphs. */
  readonly finished: readonly string[];
  /** The nodes that wait for an answer. */
  readonly interrupts: readonly RunInterrupt[];
}
