/** The interface that schema libraries share (https://standardschema.dev), as much of it as messages and nodes need. */

/** A value that a schema accepts, or why it does not. */
export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

/** One reason why a value was not accepted. */
export interface StandardIssue {
  /** What is wrong. */
  readonly message: string;
  /** Where, from the outside in. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[];
}

/**
 * A schema of version 1 of Standard Schema: those of zod, valibot and arktype are.
 *
 * @example A schema without a library
 * ```ts
 * import { message, type StandardSchema } from "@ringmill/ringmill/actors";
 * import { equal } from "node:assert/strict";
 *
 * const positive: StandardSchema<{ size: number }> = {
 *   "~standard": {
 *     version: 1,
 *     vendor: "example",
 *     validate: (value) => {
 *       const { size } = value as { size: number };
 *       return size > 0 ? { value: { size } } : { issues: [{ message: "must be positive", path: ["size"] }] };
 *     },
 *   },
 * };
 * equal(message("Work", positive)({ size: 1 }).size, 1);
 * ```
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  /** Everything is in here. */
  readonly "~standard": {
    /** 1. */
    readonly version: 1;
    /** The library's name. */
    readonly vendor: string;
    /** Accepts a value, perhaps another one than it was given, or says why not. */
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
    /** For type checkers alone. */
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** The reasons in one line: `size: must be positive; name: is missing`. */
export function summarizeIssues(issues: readonly StandardIssue[]): string {
  return issues.map(({ message, path }) => {
    const keys = path?.map((part) => String(typeof part === "object" ? part.key : part)) ?? [];
    return keys.length > 0 ? `${keys.join(".")}: ${message}` : message;
  }).join("; ");
}
