/**
 * One short text for a value: equal for equal values, and, but for odds of 2^-128, only for those. Caches of graphs and of
 * linear pipelines share it.
 */

import { createHash, type Hash } from "node:crypto";
import { Buffer } from "node:buffer";
import { types } from "node:util";
import { classNameOf, isLong, ownNames, whyNotPlain } from "./plain_values.ts";

/** Fewer calls of the hash with longer texts are faster. */
const BATCH = 1 << 14;

/** How often objects that were read before may be read again: shared parts of shared parts could go on for ever. */
const MOST_REPEATS = 1 << 18;

/** Options of {@link fingerprint}. */
export interface FingerprintOptions {
  /**
   * Returns what counts in place of an object, function or symbol that has no fingerprint. `undefined` refuses it, as is the
   * default for all.
   */
  standIn?: (value: unknown) => unknown;
  /**
   * Whether the order of the keys of objects does not count.
   *
   * @default {false}
   */
  sortKeys?: boolean;
}

/** A value has no fingerprint. `reason` says which part of it has none, and why. */
export class FingerprintError extends TypeError {
  /** The class. */
  override readonly name = "FingerprintError";
  /** As it follows "the value cannot be told from others: ". */
  readonly reason: string;

  /** Refuses a value. */
  constructor(reason: string) {
    super(`Cannot make the fingerprint of a value: ${reason}`);
    this.reason = reason;
  }
}

/** The bytes of a buffer or of a view on one. */
export function bytesOf(value: ArrayBufferView | ArrayBufferLike): Uint8Array {
  return ArrayBuffer.isView(value)
    ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
    : new Uint8Array(value);
}

/** The fingerprint of what `hash` was given. */
export function digest(hash: Hash): string {
  return hash.digest("hex").slice(0, 32);
}

/**
 * The fingerprint of a value. Everything counts that a function can see of it, and the order of keys, too; but not the stack of
 * an error, nor whether two equal parts are one object, nor where in its buffer a view begins.
 *
 * Values have one if they are primitives, plain objects, arrays, Maps, Sets, Dates, RegExps, errors, boxed primitives,
 * buffers, views and `Buffer`s, at any depth, also in circles.
 *
 * @throws {FingerprintError} If the value holds something else: a function, an object of a class, a getter, a symbol.
 */
export function fingerprint(value: unknown, options: FingerprintOptions = {}): string {
  return new FingerprintWriter(options).end(value);
}

/** An object that is being written: its parts follow one by one. */
interface OpenObject {
  readonly object: object;
  readonly parts: ArrayLike<unknown>;
  /** What the parts are called, for messages; by number if there are none. */
  readonly names: readonly unknown[] | undefined;
  at: number;
}

type Entry = Omit<OpenObject, "object" | "at">;
const NOTHING: Entry = { parts: [], names: undefined };

class FingerprintWriter {
  readonly #standIn: ((value: unknown) => unknown) | undefined;
  readonly #sortsKeys: boolean;
  readonly #hash = createHash("sha256");
  /** Objects around the present one, and their depth. */
  readonly #around = new Map<object, number>();
  readonly #open: OpenObject[] = [];
  readonly #seen = new Set<object>();
  #repeats = 0;
  #pending = "";

  constructor({ standIn, sortKeys = false }: FingerprintOptions) {
    this.#standIn = standIn;
    this.#sortsKeys = sortKeys;
  }

  end(value: unknown): string {
    this.#value(value);
    for (let open = this.#open.at(-1); open; open = this.#open.at(-1)) {
      if (open.at < open.parts.length) {
        this.#value(open.parts[open.at++]);
      } else {
        this.#around.delete(open.object);
        this.#open.pop();
      }
    }
    return digest(this.#hash.update(this.#pending));
  }

  #value(value: unknown): void {
    if (typeof value === "string") this.#text("string", value);
    else if (typeof value === "number") this.#tag("number", Object.is(value, -0) ? "-0" : String(value));
    else if (typeof value === "symbol") this.#symbol(value);
    else if (typeof value === "function" || (typeof value === "object" && value !== null)) this.#reference(value);
    else this.#tag(typeof value, String(value));
  }

  /** A short text that is well-formed. */
  #tag(kind: string, text: string): void {
    this.#pending += `${kind} ${text.length}:${text}`;
    if (this.#pending.length > BATCH) this.#flush();
  }

  /** Any text. In UTF-8, halves of characters would all be the same. */
  #text(kind: string, text: string): void {
    if (text.isWellFormed()) this.#tag(kind, text);
    else this.#bytes(`${kind} in halves`, Buffer.from(text, "utf16le"));
  }

  #bytes(kind: string, bytes: Uint8Array): void {
    this.#tag(kind, String(bytes.length));
    this.#flush();
    this.#hash.update(bytes);
  }

  #flush(): void {
    this.#hash.update(this.#pending);
    this.#pending = "";
  }

  #symbol(value: symbol): void {
    const key = Symbol.keyFor(value);
    if (key !== undefined) return this.#text("symbol", key);
    const standIn = this.#standIn?.(value);
    if (standIn === undefined) this.#refuse("a symbol");
    this.#tag("in place", "");
    this.#value(standIn);
  }

  /** An object that lies within itself is named by the way up. */
  #reference(object: object): void {
    const depth = this.#around.get(object);
    if (depth !== undefined) return this.#tag("up", String(this.#open.length - depth));
    if (!this.#seen.has(object)) this.#seen.add(object);
    else if (++this.#repeats > MOST_REPEATS) this.#refuse("one of too many uses of the same parts");
    const entry = this.#enter(object);
    if (entry.parts.length === 0) return;
    this.#around.set(object, this.#open.length);
    this.#open.push({ object, ...entry, at: 0 });
  }

  /** Writes what an object is, and returns what it holds. */
  #enter(object: object): Entry {
    const reason = whyNotPlain(object);
    if (reason !== null) return this.#stand(object, reason);
    const kind: object | null = Object.getPrototypeOf(object);
    if (kind === Object.prototype) return this.#properties("object", object);
    if (Array.isArray(object)) return this.#array(object);
    if (kind === null) return this.#properties("bare object", object);
    return this.#content(object, classNameOf(object));
  }

  #stand(object: object, reason: string): Entry {
    const standIn = this.#standIn?.(object);
    if (standIn === undefined) this.#refuse(reason);
    this.#tag("in place", "");
    return { parts: [standIn], names: undefined };
  }

  /** What is not in an object's properties. */
  #content(object: object, kind: string): Entry {
    if (types.isMap(object)) return this.#map(object);
    if (types.isSet(object)) return this.#set(object);
    if (types.isNativeError(object)) return this.#properties(kind, object);
    if (types.isBoxedPrimitive(object)) return this.#boxed(object, kind);
    if (types.isRegExp(object)) this.#regExp(object);
    else if (types.isDate(object)) this.#tag(kind, String(object.getTime()));
    else this.#bytes(kind, bytesOf(object as ArrayBufferView));
    return NOTHING;
  }

  #map(map: Map<unknown, unknown>): Entry {
    this.#tag("Map", String(map.size));
    return { parts: [...map].flat(), names: [...map.keys()].flatMap((key) => ["(key)", key]) };
  }

  #set(set: Set<unknown>): Entry {
    this.#tag("Set", String(set.size));
    return { parts: [...set], names: undefined };
  }

  #regExp(regExp: RegExp): void {
    this.#text("RegExp", regExp.source);
    this.#tag("flags", regExp.flags);
    this.#tag("lastIndex", String(regExp.lastIndex));
  }

  #boxed(object: object, kind: string): Entry {
    this.#tag("boxed", kind);
    return { parts: [object.valueOf()], names: ["valueOf()"] };
  }

  #array(array: readonly unknown[]): Entry {
    this.#tag("array", String(array.length));
    const names = isLong(array) ? Object.keys(array) : ownNames(array);
    // As many as there are places are the places, unless the last is none.
    const last = array.length - 1;
    if (names.length !== array.length || last >= 0 && names[last] !== String(last)) return this.#holed(array, names);
    this.#tag("dense", "");
    return { parts: array, names: undefined };
  }

  /** An array with holes, or with more than its places. Elements of long ones may be hidden. */
  #holed(array: readonly unknown[], names: readonly string[]): Entry {
    if (isLong(array) && ownNames(array).length > names.length) {
      this.#refuse("an array with an element that is not enumerable");
    }
    return this.#read(array, names);
  }

  #properties(kind: string, object: object): Entry {
    this.#tag("kind", kind);
    const names = ownNames(object);
    return this.#read(object, this.#sortsKeys ? names.sort() : names);
  }

  /** Writes the names of properties, and returns their values. */
  #read(object: object, names: readonly string[]): Entry {
    this.#tag("properties", String(names.length));
    for (const name of names) this.#text("key", name);
    return { parts: names.map((name) => Reflect.get(object, name)), names };
  }

  #refuse(what: string): never {
    const path = this.#open.map(({ names, at }) => `[${Deno.inspect(names ? names[at - 1] : at - 1)}]`).join("");
    throw new FingerprintError(path === "" ? `it is ${what}` : `its ${shortened(path)} is ${what}`);
  }
}

/** Paths of deep values are long. */
function shortened(path: string): string {
  return path.length <= 200 ? path : `${path.slice(0, 100)}...${path.slice(-100)}`;
}
