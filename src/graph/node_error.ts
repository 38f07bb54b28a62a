/** The error that names a node. */

import { reportError, summarizeError } from "../worker/error_report.ts";

/** Where a {@link NodeError} comes from. */
export interface NodeErrorOptions {
  /** The graph's name. */
  readonly graph: string;
  /** The node's name. */
  readonly node: string;
  /** Which attempt it was, from 1. */
  readonly attempt: number;
  /** What the node's function threw. */
  readonly cause: unknown;
}

/**
 * A node failed: its function threw, rejected, or took too long, and neither another attempt nor a fallback was left.
 * `cause` is what it threw.
 *
 * @example
 * ```ts
 * import { Graph, Node, NodeError } from "@ringmill/ringmill/graph";
 * import { equal, ok } from "node:assert/strict";
 *
 * const parse = new Node("parse", (text: string) => JSON.parse(text), { retry: { attempts: 2, delayMs: 1 } });
 * const graph = new Graph("text", { nodes: [parse], start: parse });
 * const error = await graph.execute("{").catch((error) => error);
 * ok(error instanceof NodeError);
 * equal(error.attempt, 2);
 * ok(error.cause instanceof SyntaxError);
 * ```
 */
export class NodeError extends Error {
  /** The class. */
  override readonly name = "NodeError";
  /** The graph's name. */
  readonly graph: string;
  /** The node's name. */
  readonly node: string;
  /** Which attempt it was, from 1. */
  readonly attempt: number;

  /** Says in the message which node failed and why. */
  constructor({ graph, node, attempt, cause }: NodeErrorOptions) {
    const which = attempt === 1 ? "" : ` at attempt ${attempt}`;
    super(`Node "${node}" of graph "${graph}" failed${which}: ${summarize(cause)}`, { cause });
    this.graph = graph;
    this.node = node;
    this.attempt = attempt;
  }
}

/** Anything may be thrown, and every look at it may throw again. */
export function summarize(cause: unknown): string {
  try {
    return cause instanceof Error ? `${cause.name}: ${cause.message}` : Deno.inspect(cause);
  } catch {
    return summarizeError(reportError(cause));
  }
}
