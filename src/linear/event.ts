/** What a run tells while it goes on. */

import type { LinearNodeStatus } from "./explanation.ts";

/** A function is about to be called. */
export interface LinearNodeStarted {
  /** Which event. */
  readonly kind: "node started";
  /** The pipeline's name. */
  readonly pipeline: string;
  /** The node's name. */
  readonly node: string;
}

/** A node is done. */
export interface LinearNodeEnded {
  /** Which event. */
  readonly kind: "node ended";
  /** The pipeline's name. */
  readonly pipeline: string;
  /** The node's name. */
  readonly node: string;
  /** What became of it. */
  readonly status: LinearNodeStatus;
  /** Why, in words. */
  readonly reason: string;
  /** How long its function took, in milliseconds; 0 if it was not called. */
  readonly durationMs: number;
}

/** A node has failed. */
export interface LinearNodeFailed {
  /** Which event. */
  readonly kind: "node failed";
  /** The pipeline's name. */
  readonly pipeline: string;
  /** The node's name. */
  readonly node: string;
  /** What its function threw. */
  readonly error: unknown;
}

/** A run has begun. */
export interface LinearRunStarted {
  /** Which event. */
  readonly kind: "run started";
  /** The pipeline's name. */
  readonly pipeline: string;
}

/** A run has come to its end. */
export interface LinearRunEnded {
  /** Which event. */
  readonly kind: "run ended";
  /** The pipeline's name. */
  readonly pipeline: string;
  /** What it failed with, if it failed. */
  readonly error?: unknown;
}

/**
 * What a run tells while it goes on: see `onEvent` of {@link LinearPipelineSettings}.
 *
 * @example
 * ```ts
 * import { type LinearEvent, LinearNode, LinearPipeline } from "@ringmill/ringmill/linear";
 * import { deepEqual } from "node:assert/strict";
 *
 * const kinds: string[] = [];
 * const onEvent = ({ kind }: LinearEvent) => void kinds.push(kind);
 * const node = new LinearNode({ name: "one", fn: () => 1, outputs: ["x"] });
 * await new LinearPipeline({ name: "events", nodes: [node], onEvent, quiet: true }).run();
 * deepEqual(kinds, ["run started", "node started", "node ended", "run ended"]);
 * ```
 */
export type LinearEvent = LinearNodeStarted | LinearNodeEnded | LinearNodeFailed | LinearRunStarted | LinearRunEnded;
