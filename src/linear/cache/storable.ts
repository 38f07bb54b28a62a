/** Which values come back from a structured clone just as they were. */

const ERRORS = [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError, AggregateError];

/** Typed arrays, whose common class has no name. */
// deno-lint-ignore ban-types
const TypedArray = Object.getPrototypeOf(Uint8Array) as Function;

/** What is kept whole, without a look at what it holds. */
const WHOLE = new Set<object>(
  [Date, RegExp, Number, String, Boolean, BigInt, ArrayBuffer, DataView].map(({ prototype }) => prototype),
);
for (const name of Object.getOwnPropertyNames(globalThis)) {
  const value = Reflect.get(globalThis, name);
  if (typeof value === "function" && Object.getPrototypeOf(value) === TypedArray) WHOLE.add(value.prototype);
}

/** What is kept with what it holds. `null` stands for objects without a prototype. */
const CONTAINERS = new Set<object | null>([
  null,
  ...[Object, Array, Map, Set, ...ERRORS].map(({ prototype }) => prototype),
]);

/** A value to look at, and the way to it from the outermost. */
interface Place {
  readonly value: unknown;
  readonly parent?: Place;
  readonly key?: string | number;
}

/**
 * Why a structured clone of `value` would not be the same: because it holds a function, say, or an object of a class, which
 * would lose its methods. `null` if there is no reason.
 */
export function whyNotStorable(value: unknown): string | null {
  const seen = new Set<object>();
  const open: Place[] = [{ value }];
  for (let place = open.pop(); place; place = open.pop()) {
    const { value } = place;
    if (typeof value !== "object" || value === null) {
      if (typeof value === "function" || typeof value === "symbol") return tell(place, `a ${typeof value}`);
      continue;
    }
    if (seen.has(value)) continue;
    seen.add(value);
    const kind = Object.getPrototypeOf(value);
    if (WHOLE.has(kind)) {
      const trouble = bufferTrouble(value);
      if (trouble) return tell(place, trouble);
    } else if (CONTAINERS.has(kind)) {
      openAll(open, place, value);
    } else return tell(place, `an instance of class ${kind.constructor?.name || "(anonymous)"}`);
  }
  return null;
}

function bufferTrouble(value: object): string | null {
  const buffer = ArrayBuffer.isView(value) ? value.buffer : value;
  if (buffer instanceof SharedArrayBuffer) return "an array in shared memory";
  if (buffer instanceof ArrayBuffer && (buffer.resizable || buffer.detached)) return "a resizable or detached buffer";
  return null;
}

function openAll(open: Place[], parent: Place, value: object): void {
  if (value instanceof Map) {
    for (const [key, item] of value) open.push({ value: key, parent, key: "(key)" }, { value: item, parent, key });
  } else if (value instanceof Set) {
    for (const item of value) open.push({ value: item, parent, key: "(item)" });
  } else {
    // Errors keep what is not enumerable, too.
    const keys = value instanceof Error ? Object.getOwnPropertyNames(value) : Object.keys(value);
    for (const key of keys) {
      const item = Reflect.get(value, key);
      // Most items are neither: this saves the time and the memory of a place each.
      if (typeof item !== "object" ? typeof item === "function" || typeof item === "symbol" : item !== null) {
        open.push({ value: item, parent, key });
      }
    }
  }
}

function tell(place: Place, what: string): string {
  const keys: string[] = [];
  for (let at: Place | undefined = place; at?.parent; at = at.parent) keys.unshift(`[${Deno.inspect(at.key)}]`);
  return keys.length === 0 ? `it is ${what}` : `its ${keys.join("")} is ${what}`;
}

/** A deep copy, or the value itself where a copy would not be the same. */
export function copyOf<Value>(value: Value): Value {
  if (typeof value !== "object" || value === null) return value;
  return whyNotStorable(value) === null ? structuredClone(value) : value;
}
