/** What a run of nodes may fail with, beyond the errors of the other layers. */

/** How to go on. */
const HINT = "run({ resume: true }) goes on from here";

/** What a {@link LinearNodeError} tells of the node that failed. */
export interface LinearNodeErrorOptions {
  /** The pipeline's name. */
  pipeline: string;
  /** The node's name. */
  node: string;
  /** The names of its inputs, all of which had been resolved. */
  inputs: readonly string[];
  /** What the node's function threw. */
  cause?: unknown;
}

/**
 * A node failed: its function threw or rejected, or returned something other than what the node declares. What ran before
 * it stays in the cache.
 *
 * @example
 * ```ts
 * import { LinearPipeline, LinearNode, LinearNodeError } from "@ringmill/ringmill/linear";
 * import { equal, rejects } from "node:assert/strict";
 *
 * const divide = new LinearNode({
 *   name: "divide",
 *   fn: (a: bigint, b: bigint) => a / b,
 *   inputs: ["a", "b"],
 *   outputs: ["quotient"],
 * });
 * const pipeline = new LinearPipeline({ name: "ratios", nodes: [divide], runtime: { a: 1n, b: 0n }, quiet: true });
 * await rejects(() => pipeline.run(), (error) => {
 *   equal((error as LinearNodeError).node, "divide");
 *   equal((error as LinearNodeError).message,
 *     'Node "divide" of pipeline "ratios" failed: RangeError: Division by zero; its inputs were "a", "b"; ' +
 *     "run({ resume: true }) goes on from here");
 *   return error instanceof LinearNodeError;
 * });
 * ```
 */
export class LinearNodeError extends Error {
  /** The class. */
  override readonly name = "LinearNodeError";
  /** The pipeline's name. */
  readonly pipeline: string;
  /** The node's name. */
  readonly node: string;
  /** The names of its inputs. */
  readonly inputs: readonly string[];

  /** A failure for the `reason` given. */
  constructor(reason: string, { pipeline, node, inputs, cause }: LinearNodeErrorOptions) {
    const names = inputs.length === 0 ? "it has no inputs" : `its inputs were ${quoteAll(inputs)}`;
    super(`Node "${node}" of pipeline "${pipeline}" failed: ${reason}; ${names}; ${HINT}`, { cause });
    this.pipeline = pipeline;
    this.node = node;
    this.inputs = inputs;
  }
}

/** Names for a message. */
export function quoteAll(names: Iterable<string>): string {
  return Array.from(names, (name) => `"${name}"`).join(", ");
}
