/** What a value must be, as data: options of calls in all layers and fields of files are checked by the same rules. */

import { DTYPES, parseDType } from "./ring/dtypes.ts";
import { suggest } from "./suggest.ts";

/** A rule. */
export interface Rule {
  /** What is expected, as it follows "must be". */
  readonly expected: string;
  /** Whether a value is of the right kind. */
  isKind(value: unknown): boolean;
  /** Whether a value of the right kind is in range. */
  isInRange?(value: never): boolean;
  /** What a refused value probably is meant to be, as {@link suggest} says it. */
  hint?(value: unknown): string;
}

/** The options of one call: each name with its rule. */
export type Rules = Readonly<Record<string, Rule>>;

const isNumber = (value: unknown) => typeof value === "number";
const isText = (value: unknown): value is string => typeof value === "string";

function range(least: number, most: number): string {
  return most === Infinity ? `, ${least} or more` : ` from ${least} to ${most}`;
}

/** A whole number in a range, both ends included. */
export function integer(least: number, most = Infinity): Rule {
  return {
    expected: most === Infinity ? `an integer, ${least} or more` : `an integer from ${least} to ${most}`,
    isKind: isNumber,
    isInRange: (value: number) => Number.isSafeInteger(value) && value >= least && value <= most,
  };
}

/** An integer as {@link integer} has it, or `Infinity` for "no limit". */
export function countOrInfinity(least: number): Rule {
  const { isInRange } = integer(least);
  return {
    expected: `an integer, ${least} or more, or Infinity`,
    isKind: isNumber,
    isInRange: (value: number) => value === Infinity || isInRange!(value as never),
  };
}

/** A number in a range, both ends included; `NaN` is in none. */
export function number(least: number, most = Infinity): Rule {
  return {
    expected: `a number${range(least, most)}`,
    isKind: isNumber,
    isInRange: (value: number) => value >= least && value <= most,
  };
}

/** A time in milliseconds of at least `least`. `Infinity` is one, unless `most` is less. */
export function milliseconds(least: number, most = Infinity): Rule {
  return { ...number(least, most), expected: `a number of milliseconds${range(least, most)}` };
}

/** A time in milliseconds. `Infinity` is one. */
export const duration: Rule = milliseconds(0);

/** Says which of some texts a misspelt one is meant to be. */
const hintOf = (texts: readonly string[]) => (value: unknown) => isText(value) ? suggest(value, texts) : "";

/** One of some texts. */
export function oneOf(texts: readonly string[]): Rule {
  return {
    expected: `one of ${texts.join(", ")}`,
    isKind: isText,
    isInRange: (value: string) => texts.includes(value),
    hint: hintOf(texts),
  };
}

/** What keeps one of two rules. */
export function either(first: Rule, second: Rule): Rule {
  return {
    expected: `${first.expected}, or ${second.expected}`,
    isKind: (value) => first.isKind(value) || second.isKind(value),
    isInRange: (value: unknown) => keeps(first, value) || keeps(second, value),
    hint: (value) => first.hint?.(value) || second.hint?.(value) || "",
  };
}

/** An array whose elements keep a rule. `expected` names the array. */
export function arrayOf(element: Rule, expected: string): Rule {
  return {
    expected,
    isKind: (value) => Array.isArray(value) && Array.from(value).every((one) => element.isKind(one)),
    isInRange: (value: readonly unknown[]) => Array.from(value).every((one) => keeps(element, one)),
  };
}

/** An object all of whose fields are known, and keep their rules. `expected` names it. */
export function tableOf(expected: string, fields: Rules): Rule {
  const isKnown = ([field, value]: [string, unknown]) => Object.hasOwn(fields, field) && keeps(fields[field], value);
  return { expected, isKind: (value) => object.isKind(value) && Object.entries(value as object).every(isKnown) };
}

/** An instance of a class. `expected` names it with its article. */
// deno-lint-ignore no-explicit-any
export function instanceOf(kind: abstract new (...args: any[]) => unknown, expected: string): Rule {
  return { expected, isKind: (value) => value instanceof kind };
}

/** True or false. */
export const boolean: Rule = { expected: "true or false", isKind: (value) => typeof value === "boolean" };

/** Any text, for people. */
export const text: Rule = { expected: "a text", isKind: isText };

/** A name. */
export const name: Rule = {
  expected: "a text that is not empty",
  isKind: isText,
  isInRange: (value: string) => value !== "",
};

/** A function. */
export const callback: Rule = { expected: "a function", isKind: (value) => typeof value === "function" };

/** An object that is no array. */
export const object: Rule = {
  expected: "an object",
  isKind: (value) => typeof value === "object" && value !== null && !Array.isArray(value),
};

/** The same, and of no class that the platform tells apart: no map, signal, date or promise. */
const bareObject: Rule = {
  expected: object.expected,
  isKind: (value) => Object.prototype.toString.call(value) === "[object Object]",
};

/** What cancels a call. */
export const signal: Rule = instanceOf(AbortSignal, "an AbortSignal");

/** A path or a URL. */
export const pathOrUrl: Rule = {
  expected: "a path or URL",
  isKind: (value) => isText(value) || value instanceof URL,
  isInRange: (value: string | URL) => value !== "",
};

/** A module. */
export const moduleReference: Rule = {
  expected: "import.meta, a URL or a path",
  isKind: (value) => isText(value) || value instanceof URL || isText((value as { url?: unknown } | null)?.url),
  isInRange: (value: unknown) => !isText(value) || value.trim() !== "",
};

/** The kinds of permissions that Deno knows. */
const PERMISSIONS: readonly string[] = ["env", "ffi", "import", "net", "read", "run", "sys", "write"];

function isPermission(value: unknown): boolean {
  return value === undefined || typeof value === "boolean" || value === "inherit" ||
    Array.isArray(value) && Array.from(value).every((entry) => isText(entry) || entry instanceof URL);
}

/** Which permission, or which text in place of them, is meant by one that there is not. */
function permissionHint(value: unknown): string {
  if (isText(value)) return suggest(value as string, ["inherit", "none"]);
  const names = object.isKind(value) ? Object.keys(value as object) : [];
  const unknown = names.find((name) => !PERMISSIONS.includes(name));
  return unknown === undefined ? "" : suggest(unknown, PERMISSIONS);
}

/** Deno's permissions of a worker. */
export const permissions: Rule = {
  expected: '"inherit", "none" or a table of ' + PERMISSIONS.join(", ") +
    ', each of them true, false, "inherit" or an array of texts',
  isKind: (value) =>
    value === "inherit" || value === "none" || object.isKind(value) && !(value instanceof Date) &&
      Object.entries(value as object).every(([name, one]) => PERMISSIONS.includes(name) && isPermission(one)),
  hint: permissionHint,
};

/** Whatever the caller checks itself. */
export const anything: Rule = { expected: "anything", isKind: () => true };

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
  isKind: isText,
  isInRange: (value: string) => parseDType(value) !== null,
  hint: hintOf(Object.keys(DTYPES)),
};

/** What a frame is made of. What its columns are is checked by those who know them. */
export const frameType: Rule = {
  expected: `${dtype.expected}, or an object of such by the names of columns`,
  isKind: (value) => dtype.isKind(value) || object.isKind(value),
  isInRange: (value: unknown) => object.isKind(value) || keeps(dtype, value),
  hint: dtype.hint,
};

/**
 * Checks one value. `action` says what it is for.
 *
 * @throws {TypeError} If it is of the wrong kind.
 * @throws {RangeError} If it is out of range.
 */
export function checkRule(action: string, field: string, rule: Rule, value: unknown): void {
  const refuse = (kind: ErrorConstructor) => {
    const received = `${Deno.inspect(value)}${rule.hint?.(value) ?? ""}`;
    throw new kind(`Cannot ${action}: ${field} must be ${rule.expected}, received ${received}`);
  };
  if (!rule.isKind(value)) refuse(TypeError);
  if (rule.isInRange && !rule.isInRange(value as never)) refuse(RangeError);
}

/** Whether a value keeps a rule. */
export function keeps(rule: Rule, value: unknown): boolean {
  return rule.isKind(value) && (rule.isInRange?.(value as never) ?? true);
}

/**
 * Checks the options of one call: that they are an object, that each name is known, and that each value that is not
 * `undefined` keeps its rule.
 *
 * @throws {TypeError} If `options` is no object, has an unknown name, or a value of the wrong kind.
 * @throws {RangeError} If a value is out of range.
 */
export function checkOptions(action: string, options: unknown, rules: Rules): void {
  checkRule(action, "its options", object, options);
  const entries = Object.entries(options as Record<string, unknown>);
  // A signal in place of { signal } has no unknown option either.
  if (entries.length === 0) checkRule(action, "its options", bareObject, options);
  for (const [option, value] of entries) {
    if (!Object.hasOwn(rules, option)) {
      throw new TypeError(`Cannot ${action}: there is no option "${option}"${suggest(option, Object.keys(rules))}`);
    }
    if (value !== undefined) checkRule(action, option, rules[option], value);
  }
}

/** Characters of a name, at most: names stand in every snapshot, table and drawing. */
export const LONGEST_NAME = 1000;

/**
 * @throws {TypeError} Unless `value` is a text that is not empty. `action` says what it is the name of.
 * @throws {RangeError} If it is longer than 1000 characters.
 */
export function checkName(action: string, value: unknown): void {
  if (!keeps(name, value)) {
    throw new TypeError(`Cannot ${action}: its name must be a text, received ${Deno.inspect(value)}`);
  }
  const { length } = value as string;
  if (length > LONGEST_NAME) {
    throw new RangeError(`Cannot ${action}: its name must have ${LONGEST_NAME} characters at most, received ${length}`);
  }
}
