/** Looks at all that a value consists of: whether, and how, a copy of it is just as it is. */

import { classNameOf, whyNotPlain } from "../../plain_values.ts";
import { BUILT_IN_CODECS, type CodecTable } from "./codec_table.ts";

/** What a clone keeps of an error. */
const ERROR_KEYS = new Set<PropertyKey>(["message", "stack", "cause"]);

/** What a look at a value has found. */
export interface ValueTraits {
  /** Why a copy would not be the same: because it holds a function, say. `null` if there is no reason. */
  readonly obstacle: string | null;
  /** Whether some of its parts go through a codec. */
  readonly isCoded: boolean;
  /** The objects without a prototype, by their place in the order of the look: a clone gives them one. */
  readonly bare: readonly number[];
  /** Buffers that it holds itself, rather than by views. */
  readonly buffers: readonly ArrayBuffer[];
  /** Whether it holds typed arrays or other views. */
  readonly hasViews: boolean;
}

/** A value to look at, and the way to it from the outermost. */
interface Place {
  readonly value: object;
  readonly parent?: Place;
  readonly key?: unknown;
}

/** Whether an object is not looked into, as a codec is for it. */
type IsLeaf = (value: object) => boolean;

/** Looks at `value` and at all that it holds. */
export function inspectValue(value: unknown, codecs: CodecTable = BUILT_IN_CODECS): ValueTraits {
  try {
    return new Inspection(codecs).inspect(value);
  } catch (error) {
    // A getter or a proxy may throw anything.
    const obstacle = `it cannot be read: ${error instanceof Error ? error.message : String(error)}`;
    return { obstacle, isCoded: false, bare: [], buffers: [], hasViews: false };
  }
}

/** Why a copy of `value` would not be the same; `null` if it would. */
export function whyNotStorable(value: unknown, codecs?: CodecTable): string | null {
  return inspectValue(value, codecs).obstacle;
}

class Inspection {
  readonly #codecs: CodecTable;
  readonly #bare: number[] = [];
  readonly #buffers: ArrayBuffer[] = [];
  #isCoded = false;
  #hasViews = false;

  constructor(codecs: CodecTable) {
    this.#codecs = codecs;
  }

  inspect(value: unknown): ValueTraits {
    if (typeof value === "function" || typeof value === "symbol") return this.#traits(`it is a ${typeof value}`);
    if (typeof value !== "object" || value === null) return this.#traits(null);
    let count = 0;
    const visit = ({ value }: Place) => this.#troubleOf(value, count++);
    const trouble = walk(value, visit, (value) => this.#isCodable(value));
    return this.#traits(trouble);
  }

  #traits(obstacle: string | null): ValueTraits {
    return { obstacle, isCoded: this.#isCoded, bare: this.#bare, buffers: this.#buffers, hasViews: this.#hasViews };
  }

  #isCodable(value: object): boolean {
    const kind = Object.getPrototypeOf(value);
    return kind !== null && this.#codecs.of(kind) !== undefined;
  }

  /** What is wrong with an object, the `index`th of all. */
  #troubleOf(value: object, index: number): string | undefined {
    const kind = Object.getPrototypeOf(value);
    if (kind === null) this.#bare.push(index);
    // Most objects are of these two kinds, and there may be millions of them.
    if (kind === Object.prototype || kind === Array.prototype) return whyNotPlain(value) ?? undefined;
    if (this.#isCodable(value)) {
      this.#isCoded = true;
      return BUILT_IN_CODECS.of(kind) === this.#codecs.of(kind) ? addedKeys(value) : undefined;
    }
    if (value instanceof ArrayBuffer) this.#buffers.push(value);
    else if (ArrayBuffer.isView(value)) this.#hasViews = true;
    return whyNotPlain(value) ?? droppedByClone(value);
  }
}

function addedKeys(value: object): string | undefined {
  if (ArrayBuffer.isView(value) || Object.keys(value).length === 0) return undefined;
  return `a ${classNameOf(value)} with properties of its own`;
}

/** What a clone leaves out of a value that is plain data otherwise. */
function droppedByClone(value: object): string | undefined {
  if (value instanceof RegExp && value.lastIndex !== 0) return "a RegExp with a lastIndex";
  if (!(value instanceof Error)) return undefined;
  if (value instanceof AggregateError) return "an AggregateError";
  const extra = Reflect.ownKeys(value).find((key) => !ERROR_KEYS.has(key));
  return extra === undefined ? undefined : `an error with a property of its own, ${Deno.inspect(extra)}`;
}

/**
 * Visits objects and what they hold, each once, always in the same order for copies of one value. Returns what is wrong
 * with the first part that is no data, or of which `visit` says something.
 */
function walk(value: object, visit: (place: Place) => string | undefined, isLeaf: IsLeaf): string | null {
  const seen = new Set<object>();
  const open: Place[] = [{ value }];
  for (let place = open.pop(); place; place = open.pop()) {
    if (seen.has(place.value)) continue;
    seen.add(place.value);
    const trouble = visit(place);
    if (trouble !== undefined) return tell(place, trouble);
    const found = openAll(open, place, isLeaf);
    if (found !== undefined) return found;
  }
  return null;
}

function openAll(open: Place[], parent: Place, isLeaf: IsLeaf): string | undefined {
  const { value } = parent;
  const kind = Object.getPrototypeOf(value);
  if (kind !== Object.prototype && kind !== Array.prototype) {
    if (ArrayBuffer.isView(value) || isLeaf(value)) return undefined;
    if (value instanceof Map || value instanceof Set) return openEntries(open, parent, value.entries());
  }
  // Errors keep what is not enumerable, too.
  const keys = value instanceof Error ? Object.getOwnPropertyNames(value) : Object.keys(value);
  for (const key of keys) {
    const item = Reflect.get(value, key);
    // Most items are neither objects nor functions: this saves the time of a call each.
    if (typeof item !== "object" && typeof item !== "function" && typeof item !== "symbol") continue;
    const trouble = openItem(open, parent, Array.isArray(value) ? placeOf(key) : key, item);
    if (trouble !== undefined) return trouble;
  }
  return undefined;
}

/** A place in an array, as people write it. */
function placeOf(key: string): string | number {
  return String(Number(key)) === key ? Number(key) : key;
}

function openEntries(open: Place[], parent: Place, entries: Iterable<[unknown, unknown]>): string | undefined {
  for (const [key, item] of entries) {
    const trouble = openItem(open, parent, "(key)", key) ?? openItem(open, parent, key, item);
    if (trouble !== undefined) return trouble;
  }
  return undefined;
}

function openItem(open: Place[], parent: Place, key: unknown, item: unknown): string | undefined {
  if (typeof item === "object") {
    if (item !== null) open.push({ value: item, parent, key });
    return undefined;
  }
  if (typeof item !== "function" && typeof item !== "symbol") return undefined;
  return tell({ value: parent.value, parent, key }, `a ${typeof item}`);
}

function tell(place: Place, what: string): string {
  const keys: string[] = [];
  for (let at: Place | undefined = place; at?.parent; at = at.parent) keys.unshift(`[${Deno.inspect(at.key)}]`);
  return keys.length === 0 ? `it is ${what}` : `its ${keys.join("")} is ${what}`;
}

/** Takes their prototypes from the objects that had none: `bare` are their places in the order of the look. */
export function bareAgain<Value>(copy: Value, bare: readonly number[], isLeaf: IsLeaf): Value {
  if (bare.length === 0) return copy;
  const places = new Set(bare);
  const found: object[] = [];
  let count = 0;
  walk(copy as object, ({ value }) => {
    if (places.has(count++)) found.push(value);
    return undefined;
  }, isLeaf);
  for (const object of found) Object.setPrototypeOf(object, null);
  return copy;
}
