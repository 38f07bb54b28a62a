/** What a value must be, as data: options of calls and fields of files are checked by the same rules. */

import { DTYPES, parseDType } from "../ring/dtypes.ts";

/** A rule. */
export interface Rule {
  /** What is expected, as it follows "must be". */
  readonly expected: string;
  /** Whether a value is of the right kind. */
  isKind(value: unknown): boolean;
  /** Whether a value of the right kind is in range. */
  isInRange?(value: never): boolean;
}

const isNumber = (value: unknown) => typeof value === "number";
const isString = (value: unknown) => typeof value === "string";

/** 1 to `most`. */
export function integer(most: number): Rule {
  return {
    expected: `an integer from 1 to ${most}`,
    isKind: isNumber,
    isInRange: (value: number) => Number.isInteger(value) && value >= 1 && value <= most,
  };
}

/** One of some texts. */
export function oneOf(texts: readonly string[]): Rule {
  return {
    expected: `one of ${texts.join(", ")}`,
    isKind: isString,
    isInRange: (value: string) => texts.includes(value),
  };
}

/** A time. */
export const duration: Rule = {
  expected: "a number of milliseconds, 0 or more",
  isKind: isNumber,
  isInRange: (value: number) => value >= 0,
};

/** True or false. */
export const boolean: Rule = { expected: "true or false", isKind: (value) => typeof value === "boolean" };

/** Any text, for people. */
export const text: Rule = { expected: "a text", isKind: isString };

/** A name. */
export const name: Rule = {
  expected: "a text that is not empty",
  isKind: isString,
  isInRange: (value: string) => value !== "",
};

/** The shape of a frame. */
export const shape: Rule = {
  expected: "an array of one or more positive integers",
  isKind: (value) => Array.isArray(value),
  // Spread, as every() passes over holes.
  isInRange: (value: readonly number[]) =>
    value.length > 0 && [...value].every((size) => Number.isSafeInteger(size) && size > 0),
};

/** An element type. */
export const dtype: Rule = {
  expected: `one of ${Object.keys(DTYPES).join(", ")} or a little-endian NumPy code`,
  isKind: isString,
  isInRange: (value: string) => parseDType(value) !== null,
};

/**
 * Checks one value. `action` says what it is for.
 *
 * @throws {TypeError} If it is of the wrong kind.
 * @throws {RangeError} If it is out of range.
 */
export function checkRule(action: string, field: string, rule: Rule, value: unknown): void {
  const refuse = (kind: ErrorConstructor) => {
    throw new kind(`Cannot ${action}: ${field} must be ${rule.expected}, received ${Deno.inspect(value)}`);
  };
  if (!rule.isKind(value)) refuse(TypeError);
  if (rule.isInRange && !rule.isInRange(value as never)) refuse(RangeError);
}

/** Whether a value keeps a rule. */
export function keeps(rule: Rule, value: unknown): boolean {
  return rule.isKind(value) && (rule.isInRange?.(value as never) ?? true);
}
