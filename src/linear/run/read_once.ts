/** Values that reading uses up: generators, streams, bodies. */

const spent = new WeakSet<object>();

/** Whether a second reader of a value would find nothing. */
export function isReadOnce(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  if (value instanceof ReadableStream || value instanceof Response || value instanceof Request) return true;
  return isIteratorOfItself(value, Symbol.iterator) || isIteratorOfItself(value, Symbol.asyncIterator);
}

/** An iterable that is its own iterator begins only once. */
function isIteratorOfItself(value: object, symbol: symbol): boolean {
  try {
    if (typeof Reflect.get(value, "next") !== "function") return false;
    const iterate = Reflect.get(value, symbol);
    return typeof iterate === "function" && iterate.call(value) === value;
  } catch {
    return false;
  }
}

/**
 * Notes that `node` reads a value.
 *
 * @throws {TypeError} If it can be read only once, and has been.
 */
export function useOnce(value: unknown, name: string, node: string): void {
  if (!isReadOnce(value)) return;
  if (spent.has(value)) {
    throw new TypeError(
      `Cannot give "${name}" to node "${node}": it can be read only once, and has been; use an array or a text instead`,
    );
  }
  spent.add(value);
}
