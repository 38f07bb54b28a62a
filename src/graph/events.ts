/** What a graph tells of its executions. */

import type { NodeError } from "./node_error.ts";

/**
 * Where a node is in an execution. `queued` is one that waits for its limiter, `interrupted` one that waits for an answer, for
 * which the execution has ended.
 */
export type NodeStatus =
  | "pending"
  | "queued"
  | "running"
  | "completed"
  | "failed"
  | "skipped"
  | "cancelled"
  | "interrupted";

/** How an execution has ended. */
export type RunOutcome = "completed" | "failed" | "cancelled" | "interrupted";

/** The node that runs an inner graph. */
export interface EventParent {
  /** The outer graph's name. */
  readonly graph: string;
  /** Which of its executions. */
  readonly run: number;
  /** The node's name. */
  readonly node: string;
  /** The node that runs the outer graph, if that is an inner graph itself. */
  readonly parent?: EventParent;
}

/** Common to all events. */
export interface EventOrigin {
  /** The graph's name. */
  readonly graph: string;
  /** Which execution, from 1. */
  readonly run: number;
  /** When, in milliseconds since 1970. */
  readonly at: number;
  /** In events of an inner graph: the `SubgraphNode` that runs it. The outer graph's listeners are told, too. */
  readonly parent?: EventParent;
}

/** Something that happened in an execution. `kind` says what. */
export type GraphEvent =
  & EventOrigin
  & (
    /** An execution begins. */
    | {
      readonly kind: "runStart";
      /** The name of a run that is kept, and how many outputs are kept from before. */
      readonly runId?: string;
      readonly finished?: number;
    }
    /** An execution has ended. */
    | { readonly kind: "runEnd"; readonly outcome: RunOutcome; readonly error?: unknown }
    /** A node waits for its limiter, as one of so many; after `start` if it shares the call that waits with others. */
    | { readonly kind: "queue"; readonly node: string; readonly attempt: number; readonly queued: number }
    /** A node's function is called. */
    | { readonly kind: "start"; readonly node: string; readonly attempt: number }
    /** A node has yielded a chunk: the so many-th of this attempt, from 0. */
    | {
      readonly kind: "chunk";
      readonly node: string;
      readonly attempt: number;
      readonly index: number;
      readonly chunk: unknown;
    }
    /** The chunks of an attempt do not count: it has failed, and another attempt or a fallback follows. */
    | { readonly kind: "void"; readonly node: string; readonly attempt: number }
    /** A node's function has returned. */
    | {
      readonly kind: "end";
      readonly node: string;
      readonly attempt: number;
      readonly durationMs: number;
      readonly output: unknown;
    }
    /** A node's function has failed. */
    | {
      readonly kind: "failure";
      readonly node: string;
      readonly attempt: number;
      readonly durationMs: number;
      readonly error: NodeError;
    }
    /** It will be called again, for this attempt, after a delay. */
    | { readonly kind: "retry"; readonly node: string; readonly attempt: number; readonly delayMs: number }
    /** It has failed for good, and its fallback is called. */
    | { readonly kind: "fallback"; readonly node: string; readonly error: NodeError }
    /** A cached node has found its output in the store, has not, or waits for a call that runs. */
    | { readonly kind: "cache"; readonly node: string; readonly outcome: "hit" | "miss" | "shared" }
    /** The output of a node, or of one of its calls, is taken from what is kept of the run. */
    | { readonly kind: "restore"; readonly node: string; readonly step: string }
    /** A node waits for an answer to a value. The run ends when all others have ended. */
    | { readonly kind: "interrupt"; readonly node: string; readonly step: string; readonly value: unknown }
    /** A node is left out: it, or something before it, returned `SKIPPED` or failed. */
    | { readonly kind: "skip"; readonly node: string }
    /** A node is not finished, because the execution was cancelled or has failed. */
    | { readonly kind: "cancel"; readonly node: string }
  );
