/** Values of which all that a function can see can be read: those that can be told from others, carried and stored. */

import { Buffer } from "node:buffer";
import { inspect, types } from "node:util";

/** In longer arrays, elements are not asked for getters: that takes longer than all else. */
const LONG_ARRAY = 1000;

const ERRORS = [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError, AggregateError];
const BOXES = [Number, String, Boolean, BigInt];

/** By the prototype of a class: whether an object is what it claims to be. */
const BRANDS = new Map<object | null, (object: object) => boolean>([
  [null, () => true],
  [Object.prototype, () => true],
  [Array.prototype, Array.isArray],
  [Map.prototype, types.isMap],
  [Set.prototype, types.isSet],
  [Date.prototype, types.isDate],
  [RegExp.prototype, types.isRegExp],
  [ArrayBuffer.prototype, types.isArrayBuffer],
  [DataView.prototype, types.isDataView],
  [Buffer.prototype, types.isTypedArray],
  ...ERRORS.map(({ prototype }) => [prototype, types.isNativeError] as const),
  ...BOXES.map(({ prototype }) => [prototype, types.isBoxedPrimitive] as const),
]);
/** Typed arrays, whose common class has no name. */
const TypedArray: object = Object.getPrototypeOf(Uint8Array);
for (const name of Object.getOwnPropertyNames(globalThis)) {
  const value = Reflect.get(globalThis, name);
  if (typeof value === "function" && Object.getPrototypeOf(value) === TypedArray) {
    BRANDS.set(value.prototype, types.isTypedArray);
  }
}

/** The name of an object's class. */
export function classNameOf(object: object): string {
  const name = Object.getPrototypeOf(object)?.constructor?.name;
  return typeof name === "string" && name !== "" ? name : "(anonymous)";
}

/** Whether an array or view is too long to look at each of its properties. */
export function isLong(list: { readonly length: number }): boolean {
  return list.length > LONG_ARRAY;
}

/** Whether it is the prototype of plain objects. */
export const isBare = (kind: object | null) => kind === Object.prototype || kind === null;

/** The names of what was put onto an object, and of elements. Of errors, the stack does not count. */
export function ownNames(object: object): string[] {
  const names = Object.getOwnPropertyNames(object);
  if (isBare(Object.getPrototypeOf(object))) return names;
  const builtIn = Array.isArray(object) ? "length" : types.isRegExp(object) ? "lastIndex" : "stack";
  if (builtIn === "stack" && !types.isNativeError(object)) return names;
  const at = names.indexOf(builtIn);
  if (at >= 0) names.splice(at, 1);
  return names;
}

/**
 * Why a function could see more of an object or function than can be read, as it follows "is"; `null` if it could not. What
 * the object holds is not looked at.
 */
export function whyNotPlain(object: object): string | null {
  if (types.isProxy(object)) return "a Proxy";
  if (typeof object === "function") return "a function";
  const kind = Object.getPrototypeOf(object);
  // There may be millions of these.
  if (kind === Object.prototype && Object.getOwnPropertySymbols(object).length === 0) {
    return propertyTrouble(object, Object.getOwnPropertyNames(object), false);
  }
  if (!BRANDS.get(kind)?.(object)) return `an instance of class ${classNameOf(object)}`;
  if (Object.getOwnPropertySymbols(object).length > 0) return "an object with a symbol as key";
  if (isBare(kind)) return propertyTrouble(object, ownNames(object), false);
  if (Array.isArray(object)) {
    return propertyTrouble(object, isLong(object) ? extraNames(object) : ownNames(object), false);
  }
  if (types.isNativeError(object)) return propertyTrouble(object, ownNames(object), true);
  return bufferTrouble(object) ?? extraTrouble(object);
}

function propertyTrouble(object: object, names: readonly string[], mayHide: boolean): string | null {
  for (const name of names) {
    const { get, set, enumerable } = Object.getOwnPropertyDescriptor(object, name)!;
    if (get || set) return `an object with a getter or setter, ${Deno.inspect(name)}`;
    if (!enumerable && !mayHide) return `an object with a property that is not enumerable, ${Deno.inspect(name)}`;
  }
  return null;
}

function bufferTrouble(object: object): string | null {
  const buffer = ArrayBuffer.isView(object) ? object.buffer : object;
  if (types.isSharedArrayBuffer(buffer)) return "an array in shared memory";
  if (!types.isArrayBuffer(buffer)) return null;
  return buffer.resizable || buffer.detached ? "a resizable or detached buffer" : null;
}

/** Elements of views and characters of texts are properties, too. */
function elementsOf(object: object): number {
  if (types.isTypedArray(object)) return object.length;
  return types.isStringObject(object) ? object.length + 1 : 0;
}

const UNREAD = {
  maxArrayLength: 0,
  maxStringLength: 0,
  depth: 0,
  breakLength: Infinity,
  customInspect: false,
  showHidden: true,
};

/** How long arrays, views and texts are shown that nothing was put onto. */
const BARE_LISTS: readonly RegExp[] = [
  /^\[ \.\.\. \d+ more items, \[length\]: \d+ \]$/,
  /^\w+\(\d+\) (\[Uint8Array\] )?\[ \.\.\. \d+ more items, (\[\w+\]: \d+, ){4}\[buffer\]: ArrayBuffer {[^{}[\]]*} \]$/,
  /^\[String: ''\.\.\. \d+ more characters\] { \[length\]: \d+ }$/,
];

/** Whether something was put onto a long array, view or text. The names of all its elements would take seconds. */
function hasExtra(list: object): boolean {
  const shown = inspect(list, UNREAD);
  return !BARE_LISTS.some((bare) => bare.test(shown));
}

/** The names of what was put onto a long array, without its elements. */
function extraNames(array: readonly unknown[]): string[] {
  if (!hasExtra(array)) return [];
  const names = ownNames(array);
  const isElement = (name: string) => Number(name) < array.length && String(Number(name) >>> 0) === name;
  // Those of elements come first.
  return names.slice(names.findLastIndex(isElement) + 1);
}

function extraTrouble(object: object): string | null {
  const elements = elementsOf(object);
  if (elements > LONG_ARRAY) return hasExtra(object) ? `a ${classNameOf(object)} with a property of its own` : null;
  const names = ownNames(object);
  if (names.length <= elements) return null;
  return `a ${classNameOf(object)} with a property of its own, ${Deno.inspect(names.at(-1))}`;
}
