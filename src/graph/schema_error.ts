/** Values that a schema does not accept. */

import { type StandardIssue, type StandardSchema, summarizeIssues } from "../standard_schema.ts";

/**
 * An input or output of a node is not what its schema says: `cause` of the {@link NodeError}. Inputs are not tried again; an
 * output is, by the option `retry`.
 *
 * @example
 * ```ts
 * import { Graph, Node, SchemaError } from "@ringmill/ringmill/graph";
 * import { deepEqual, ok } from "node:assert/strict";
 * import { z } from "zod";
 *
 * const half = new Node("half", (n: number) => n / 2, { inputSchema: z.number().positive() });
 * const graph = new Graph("halves", { nodes: [half], start: half });
 * const { cause } = await graph.execute(-4).catch((error) => error);
 * ok(cause instanceof SchemaError);
 * deepEqual([cause.side, cause.issues.length], ["input", 1]);
 * ```
 */
export class SchemaError extends TypeError {
  /** The class. */
  override readonly name = "SchemaError";
  /** Which of both it was. */
  readonly side: "input" | "output";
  /** What is wrong. */
  readonly issues: readonly StandardIssue[];

  /** Says what is wrong in one line. */
  constructor(side: "input" | "output", issues: readonly StandardIssue[]) {
    super(`Its ${side} is not what ${side}Schema says: ${summarizeIssues(issues)}`);
    this.side = side;
    this.issues = issues;
  }
}

/**
 * What a schema makes of a value.
 *
 * @throws {SchemaError} If it does not accept it.
 */
export async function checkSchema(
  schema: StandardSchema | undefined,
  side: "input" | "output",
  value: unknown,
): Promise<unknown> {
  if (!schema) return value;
  const result = await schema["~standard"].validate(value);
  if (result.issues) throw new SchemaError(side, result.issues);
  return result.value;
}
