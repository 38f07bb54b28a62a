/** Walks through all that a value holds, to find what stands in the way of something. */

/** What is wrong with an object itself, as it follows "is"; nothing if all is well. */
type Visit = (object: object) => string | null | undefined;

/** The objects that an object holds, and where; `null` stands for their places in an array. */
interface Level {
  readonly items: ArrayLike<unknown>;
  readonly keys: readonly unknown[] | null;
}

/** A level on the way, and which of its items is being looked at. */
interface OpenLevel extends Level {
  readonly above?: OpenLevel;
  at: number;
}

/** An item that is no data. */
interface Foreign {
  readonly key: unknown;
  readonly what: string;
}

const isForeign = (item: unknown) => typeof item === "function" || typeof item === "symbol";
const isPlain = (kind: object | null) => kind === Object.prototype || kind === Array.prototype;

/**
 * Visits an object and all objects that it holds, always in the same order for copies of one value. Returns what is wrong with
 * the first part that is a function or a symbol, or of which `visit` says something, and where it is; `null` if nothing is.
 * Plain objects and arrays that hold no objects may be visited more than once, all others are once. What `isLeaf` says of is
 * not looked into.
 */
export function findTrouble(
  root: unknown,
  visit: Visit,
  isLeaf: (object: object) => boolean = () => false,
): string | null {
  if (isForeign(root)) return `it is a ${typeof root}`;
  if (typeof root !== "object" || root === null) return null;
  const seen = new Set<object>();
  let level: OpenLevel | undefined = { items: [root], keys: [], at: -1 };
  while (level) {
    if (++level.at === level.items.length) {
      level = level.above;
      continue;
    }
    const object = level.items[level.at] as object;
    if (seen.has(object)) continue;
    const trouble = visit(object);
    if (typeof trouble === "string") return tell(level, trouble);
    const isCommon = isPlain(Object.getPrototypeOf(object));
    const opened = isCommon ? openPlain(object) : isLeaf(object) ? null : open(object);
    // Most objects are plain and hold no others: they are not remembered.
    if (opened !== null || !isCommon) seen.add(object);
    if (opened === null) continue;
    if ("what" in opened) return tell({ items: [], keys: [opened.key], above: level, at: 0 }, opened.what);
    level = { ...opened, above: level, at: -1 };
  }
  return null;
}

function openPlain(object: object): Level | Foreign | null {
  return Array.isArray(object) ? openArray(object) : openKeys(object, Object.keys(object));
}

function open(object: object): Level | Foreign | null {
  if (Array.isArray(object)) return openArray(object);
  if (ArrayBuffer.isView(object)) return null;
  if (object instanceof Map || object instanceof Set) return openEntries(object);
  // Errors keep what is not enumerable, too.
  return openKeys(object, object instanceof Error ? Object.getOwnPropertyNames(object) : Object.keys(object));
}

function openArray(array: readonly unknown[]): Level | Foreign | null {
  const keys = Object.keys(array);
  const isWhole = keys.length === array.length && keys.at(-1) === String(array.length - 1);
  if (array.length > 0 && !isWhole) return openKeys(array, keys);
  let objects = 0;
  for (let index = 0; index < array.length; index++) {
    const item = array[index];
    if (isForeign(item)) return { key: index, what: `a ${typeof item}` };
    if (typeof item === "object" && item !== null) objects++;
  }
  if (objects === 0) return null;
  return objects === array.length ? { items: array, keys: null } : openKeys(array, keys);
}

function openKeys(object: object, keys: readonly string[]): Level | Foreign | null {
  let items: unknown[] | undefined;
  let places: unknown[] | undefined;
  for (const key of keys) {
    const item = Reflect.get(object, key);
    if (typeof item !== "object" || item === null) {
      if (isForeign(item)) return { key: placeOf(object, key), what: `a ${typeof item}` };
      continue;
    }
    (items ??= []).push(item);
    (places ??= []).push(placeOf(object, key));
  }
  return items ? { items, keys: places! } : null;
}

function openEntries(entries: Iterable<unknown>): Level | Foreign | null {
  const isMap = entries instanceof Map;
  const items: unknown[] = [];
  const keys: unknown[] = [];
  const add = (item: unknown, key: unknown): Foreign | undefined => {
    if (isForeign(item)) return { key, what: `a ${typeof item}` };
    if (typeof item !== "object" || item === null) return undefined;
    items.push(item);
    keys.push(key);
  };
  for (const entry of entries) {
    const [first, second] = isMap ? entry as [unknown, unknown] : [entry, null];
    const foreign = add(first, isMap ? "(key)" : "(item)") ?? add(second, first);
    if (foreign) return foreign;
  }
  return items.length > 0 ? { items, keys } : null;
}

/** A place in an array, as people write it. */
function placeOf(object: object, key: string): string | number {
  return Array.isArray(object) && String(Number(key)) === key ? Number(key) : key;
}

/** `root` is the level of the outermost value, which has no place. */
function tell(level: OpenLevel, what: string): string {
  const keys: string[] = [];
  for (let at = level; at.above; at = at.above) keys.unshift(`[${Deno.inspect(at.keys ? at.keys[at.at] : at.at)}]`);
  return keys.length === 0 ? `it is ${what}` : `its ${keys.join("")} is ${what}`;
}
