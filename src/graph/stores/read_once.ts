/** Values that are used up when they are read. */

function isIterator(value: object): boolean {
  const isSelf = (key: symbol) => {
    const method = Reflect.get(value, key);
    return typeof method === "function" && method.call(value) === value;
  };
  if (typeof Reflect.get(value, "next") !== "function") return false;
  return isSelf(Symbol.iterator) || isSelf(Symbol.asyncIterator);
}

function kindOf(value: object): string | null {
  if (value instanceof Response || value instanceof Request) return value.body ? value.constructor.name : null;
  if (value instanceof ReadableStream) return "ReadableStream";
  return isIterator(value) ? "iterator" : null;
}

/** What a plain object or an array holds. */
function partsOf(value: object): Iterable<unknown> {
  if (Array.isArray(value) || value instanceof Set) return value;
  if (value instanceof Map) return value.values();
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null ? Object.values(value) : [];
}

/** Which part of a value can be read once only; `null` if there is none. */
export function whyReadOnce(value: unknown): string | null {
  const seen = new Set<unknown>([value]);
  for (const part of seen) {
    if (typeof part !== "object" || part === null) continue;
    const kind = kindOf(part);
    if (kind !== null) return part === value ? `it is a ${kind}` : `it holds a ${kind}`;
    // A set is iterated in the order of insertion, what is added meanwhile too.
    for (const inner of partsOf(part)) if (typeof inner === "object" && inner !== null) seen.add(inner);
  }
  return null;
}
