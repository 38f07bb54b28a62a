/** What would become of the nodes of a pipeline. */

/** What becomes of a node in a run: it runs, its outputs are there already, or nobody needs it to run. */
export type LinearNodeStatus = "run" | "cached" | "skipped";

/** What would become of a node, and why. */
export interface NodeExplanation {
  /** The node's name. */
  readonly node: string;
  /** Whether it would run. */
  readonly status: LinearNodeStatus;
  /** Why, in words. */
  readonly reason: string;
}
