/** Looks at what a body holds: what could not arrive as it is, is refused, and what the serialiser alone would alter is found. */

import { types } from "node:util";
import { classNameOf, whyNotPlain } from "../../plain_values.ts";
import { TYPED_ARRAYS } from "../../worker/typed_arrays.ts";

/** Deeper values are refused: the serialiser calls itself for each level. */
const MOST_DEPTH = 500;

/** A value that cannot be carried, while the way to it is found. */
class Refusal extends Error {
  /** The keys from the outermost value to this one. */
  readonly keys: unknown[] = [];
  /** The objects that were passed, from the innermost out. */
  readonly objects: object[] = [];
}

/** Classes whose objects are carried: whether the serialiser carries one as it is. */
const KINDS = new Map<object | null, (object: never, depth: number) => boolean>([
  [Array.prototype, areNamedExact],
  [null, (object, depth) => (areFieldsExact(object, depth), false)],
  [Map.prototype, (map: Map<unknown, unknown>, depth) => areEntriesExact(map, map.entries(), depth)],
  [Set.prototype, (set: Set<unknown>, depth) => areEntriesExact(set, set.entries(), depth)],
  [RegExp.prototype, isExpressionExact],
  [Number.prototype, () => false],
  [String.prototype, () => false],
  [Boolean.prototype, () => false],
  [BigInt.prototype, () => false],
]);

/**
 * Whether the serialiser carries all of some values as they are; otherwise they must be wrapped.
 *
 * @throws {TypeError} If one of them, or something in it, cannot be carried: where it is, and what it is.
 */
export function areExact(values: readonly unknown[]): boolean {
  try {
    let areExact = true;
    for (const value of values) if (!isValueExact(value, 0)) areExact = false;
    return areExact;
  } catch (error) {
    throw error instanceof Refusal ? new TypeError(describe("it", error)) : error;
  }
}

/** @throws {TypeError} If a field of a body cannot be carried: with its name. */
export function checkField(name: string, value: unknown): void {
  try {
    isValueExact(value, 0);
  } catch (error) {
    throw error instanceof Refusal ? new TypeError(describe(name, error)) : error;
  }
}

const LONGEST_WAY = 100;

function describe(name: string, { keys, objects, message }: Refusal): string {
  const outer = objects.toReversed();
  const again = outer.findIndex((object, index) => outer.indexOf(object) < index);
  const way = (again < 0 ? keys : keys.slice(0, again)).map((key) => `[${Deno.inspect(key, { depth: 0 })}]`).join("");
  const place = way.length > LONGEST_WAY ? `${name}${way.slice(0, LONGEST_WAY)}…` : `${name}${way}`;
  return again < 0 ? `${place} ${message}` : `${place} is cyclic: it holds what holds it`;
}

function isValueExact(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case "string":
      return isTextExact(value);
    case "number":
      return !Object.is(value, -0);
    case "object":
      return value === null || isObjectExact(value, depth);
    case "function":
    case "symbol":
      throw new Refusal(`is a ${typeof value}`);
    default:
      return true;
  }
}

/** The serialiser's decoder replaces lone surrogates and strips a byte order mark. */
export function isTextExact(text: string): boolean {
  return text.charCodeAt(0) !== 0xfeff && text.isWellFormed();
}

function isObjectExact(object: object, depth: number): boolean {
  if (depth > MOST_DEPTH) throw new Refusal(`is nested more than ${MOST_DEPTH} levels deep`);
  const kind = types.isProxy(object) ? undefined : Object.getPrototypeOf(object);
  if (kind === Object.prototype) return areBareFieldsExact(object, depth);
  if (kind === Array.prototype && isDense(object as unknown[])) return areElementsExact(object as unknown[], depth);
  if (VIEWS.has(kind) && isOwnMemory((object as ArrayBufferView).buffer)) return true;
  if (kind !== undefined && types.isNativeError(object)) return false;
  checkPlain(object);
  return KINDS.get(kind)?.(object as never, depth) ?? true;
}

/** @throws {Refusal} If an object has more than can be read of it. */
function checkPlain(object: object): void {
  const reason = whyNotPlain(object);
  if (reason !== null) throw new Refusal(`is ${reason}${adviceFor(object)}`);
}

/** Fast path for most objects: one pass looks at the fields and at their values. */
function areBareFieldsExact(object: object, depth: number): boolean {
  if (Object.getOwnPropertySymbols(object).length > 0) checkPlain(object);
  let isExact = true;
  for (const name of Object.getOwnPropertyNames(object)) {
    const { value, enumerable, get, set } = Object.getOwnPropertyDescriptor(object, name)!;
    if (!enumerable || get !== undefined || set !== undefined) checkPlain(object);
    if (!isPartExact(value, object, name, depth) || !isNameExact(name)) isExact = false;
  }
  return isExact;
}

/** The prototypes of frequent views: to list their elements as properties takes longer than all else. */
const VIEWS: ReadonlySet<object> = new Set(TYPED_ARRAYS.map(({ prototype }) => prototype));

function isOwnMemory(buffer: ArrayBufferLike): boolean {
  return buffer instanceof ArrayBuffer && !buffer.detached && !buffer.resizable;
}

function adviceFor(object: object): string {
  const prototype = Object.getPrototypeOf(object);
  if (prototype === null || KINDS.has(prototype) || ArrayBuffer.isView(object)) return "";
  return classNameOf(object) in globalThis ? "" : ", which would lose it: send { ...value }, a plain object";
}

/** As `isValueExact`, of most values without a call that may have to add to a refusal. */
function isPartExact(value: unknown, holder: object, key: unknown, depth: number): boolean {
  if (typeof value === "number") return value !== 0 || !Object.is(value, -0);
  return typeof value === "string" ? isTextExact(value) : isExactAt(value, holder, key, depth);
}

/** Adds to a refusal by which key, and in which object, it was found. */
function isExactAt(value: unknown, holder: object, key: unknown, depth: number): boolean {
  try {
    return isValueExact(value, depth + 1);
  } catch (error) {
    if (error instanceof Refusal) {
      error.keys.unshift(key);
      error.objects.push(holder);
    }
    throw error;
  }
}

/** Names that the serialiser keeps: most objects have the same few. */
const exactNames = new Set<string>();
const MOST_NAMES = 1000;

/** Whether the serialiser keeps a name. */
function isNameExact(name: string): boolean {
  if (exactNames.has(name)) return true;
  const isExact = name !== "__proto__" && isTextExact(name);
  if (isExact && exactNames.size < MOST_NAMES) exactNames.add(name);
  return isExact;
}

function areFieldsExact(object: Record<string, unknown>, depth: number): boolean {
  let isExact = true;
  for (const name of Object.keys(object)) {
    if (!isPartExact(object[name], object, name, depth) || !isNameExact(name)) isExact = false;
  }
  return isExact;
}

function areElementsExact(array: readonly unknown[], depth: number): boolean {
  let isExact = true;
  for (let index = 0; index < array.length; index++) {
    if (!isPartExact(array[index], array, index, depth)) isExact = false;
  }
  return isExact;
}

/** An array with holes, or with properties besides its elements. */
function areNamedExact(array: readonly unknown[], depth: number): boolean {
  for (const name of Object.keys(array)) isExactAt(Reflect.get(array, name), array, name, depth);
  return false;
}

/** To list the names of more elements takes longer than all else. */
const SHORT_ARRAY = 32;

/** Whether an array has elements alone, and no holes. In long ones, only holes are looked for. */
export function isDense(array: readonly unknown[]): boolean {
  const { length } = array;
  if (length <= SHORT_ARRAY && Reflect.ownKeys(array).length !== length + 1) return false;
  for (let index = 0; index < length; index++) if (array[index] === undefined && !(index in array)) return false;
  return true;
}

function areEntriesExact(holder: object, entries: Iterable<[unknown, unknown]>, depth: number): boolean {
  let isExact = true;
  for (const [key, value] of entries) {
    if (!isPartExact(key, holder, key, depth)) isExact = false;
    if (value !== key && !isPartExact(value, holder, key, depth)) isExact = false;
  }
  return isExact;
}

function isExpressionExact({ source, lastIndex }: RegExp): boolean {
  return lastIndex === 0 && isTextExact(source);
}
