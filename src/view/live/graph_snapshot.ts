/** What is known of a graph at a moment. */

/** A node of a graph, or of one that lies in it. */
export interface GraphNodeSample {
  /** Its name; within inner graphs the way to it, `agent/step`. */
  readonly name: string;
  /** The id in the drawing. */
  readonly id: string;
  /** What it does: "waiting" before its first call, "queued", "running", or how its latest call has ended. */
  readonly status: string;
  /** Calls that run. */
  readonly running: number;
  /** Calls that have ended well, since the dashboard is served. */
  readonly completed: number;
  /** Attempts that have failed. */
  readonly failed: number;
  /** Attempts after the first. */
  readonly retries: number;
  /** How often it was left out. */
  readonly skipped: number;
  /** Outputs that were taken from what is kept of a run. */
  readonly restored: number;
  /** Chunks that it has yielded, those that were kept again. */
  readonly chunks: number;
  /** Calls that end in a second, since the look before. */
  readonly callsPerSecond: number;
  /** Half of its latest calls took no longer, in milliseconds; `null` before the first. */
  readonly p50Ms: number | null;
  /** 19 of 20 of its latest calls took no longer. */
  readonly p95Ms: number | null;
  /** Of a `CachedNode`: which share of its calls was found in the store or shared; `null` of others. */
  readonly hitShare: number | null;
  /** Calls that wait for its limiter, of all nodes that share it; `null` without one. */
  readonly queued: number | null;
  /** Which share of its limiter's places is taken; `null` without a bound. */
  readonly limitShare: number | null;
  /** What it has failed of last. */
  readonly lastError: string | null;
}

/** An execution of the graph. */
export interface GraphRunSample {
  /** Which execution, from 1. */
  readonly run: number;
  /** The name of a run that is kept. */
  readonly runId: string | null;
  /** How it has ended, or "running". */
  readonly status: string;
  /** When it began, in milliseconds since 1970. */
  readonly startedAt: number;
  /** How long it took, or takes so far. */
  readonly durationMs: number;
}

/** A graph at a moment. */
export interface GraphSnapshot {
  /** Its name. */
  readonly graph: string;
  /** When that was, in milliseconds since 1970. */
  readonly sampledAt: number;
  /** Executions that run. */
  readonly running: number;
  /** Executions that have ended since the dashboard is served, by how. */
  readonly ended: {
    readonly completed: number;
    readonly failed: number;
    readonly cancelled: number;
    readonly interrupted: number;
  };
  /** Executions that end in a second, since the look before. */
  readonly runsPerSecond: number;
  /** Its nodes, and those of inner graphs. */
  readonly nodes: readonly GraphNodeSample[];
  /** The latest executions, the newest first. */
  readonly latest: readonly GraphRunSample[];
}
