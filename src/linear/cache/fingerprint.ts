/** One short text for any value: equal for equal values, and, but for odds of 2^-128, only for those. */

import { createHash, type Hash } from "node:crypto";
import { partialOf } from "../partial.ts";

/** Fewer calls of the hash with longer texts are faster. */
const BATCH = 1 << 14;

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
 * The fingerprint of a value. The order of an object's keys does not count, that of a Map or Set does. Functions count by
 * their source text, objects of a class by its name and by `toJSON()` or what they show; what they hide does not count.
 */
export function fingerprint(value: unknown): string {
  return new Writer().add(value).end();
}

class Writer {
  readonly #hash = createHash("sha256");
  readonly #seen = new Map<object, number>();
  #pending = "";

  end(): string {
    return digest(this.#hash.update(this.#pending));
  }

  /** Writes a text that cannot be taken for two others. */
  #text(kind: string, text: string): this {
    // Lone surrogates would all become the same bytes.
    const exact = text.isWellFormed() ? text : JSON.stringify(text);
    this.#pending += `${kind}${exact.length}:${exact}`;
    if (this.#pending.length > BATCH) {
      this.#hash.update(this.#pending);
      this.#pending = "";
    }
    return this;
  }

  #bytes(kind: string, bytes: Uint8Array): this {
    this.#text(kind, String(bytes.length));
    this.#hash.update(this.#pending).update(bytes);
    this.#pending = "";
    return this;
  }

  add(value: unknown): this {
    switch (typeof value) {
      case "object":
        return value === null ? this.#text("primitive", "null") : this.#shared(value);
      case "function":
        return this.#shared(value);
      case "number":
        return this.#text("number", Object.is(value, -0) ? "-0" : String(value));
      default:
        return this.#text(typeof value, String(value));
    }
  }

  /** An object that was there before is named by its place, which also ends circles. */
  #shared(value: object): this {
    const place = this.#seen.get(value);
    if (place !== undefined) return this.#text("again", String(place));
    this.#seen.set(value, this.#seen.size);
    return typeof value === "function" ? this.#function(value) : this.#object(value);
  }

  // deno-lint-ignore ban-types
  #function(fn: Function): this {
    const partial = partialOf(fn);
    if (partial) return this.#text("partial", "").add(partial.fn).add(partial.bound);
    return this.#text("function", fn.name).#text("source", Function.prototype.toString.call(fn));
  }

  #object(value: object): this {
    // Most objects are plain, and there may be millions of them.
    if (Object.getPrototypeOf(value) === Object.prototype) return this.#properties("Object", value);
    const kind = classOf(value);
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) {
      return this.#bytes(kind, bytesOf(value));
    }
    if (Array.isArray(value)) return this.#array(value);
    if (value instanceof Map) return this.#text(kind, String(value.size)).#all([...value].flat());
    if (value instanceof Set) return this.#text(kind, String(value.size)).#all(value);
    if (value instanceof Date) return this.#text(kind, String(value.getTime()));
    if (value instanceof RegExp) return this.#text(kind, String(value));
    if (value instanceof Error) this.#text(value.name, value.message).add(value.cause);
    const toJSON = attempt(() => Reflect.get(value, "toJSON"));
    if (typeof toJSON === "function") return this.#text(kind, "json").add(attempt(() => toJSON.call(value)));
    if (isBoxed(value)) return this.#text(kind, "boxed").add(value.valueOf());
    return this.#properties(kind, value);
  }

  #all(values: Iterable<unknown>): this {
    for (const value of values) this.add(value);
    return this;
  }

  #array(value: readonly unknown[]): this {
    this.#text("array", String(value.length));
    for (let index = 0; index < value.length; index++) {
      if (index in value) this.add(value[index]);
      else this.#text("hole", "");
    }
    return this;
  }

  #properties(kind: string, value: object): this {
    const keys = Object.keys(value).sort();
    this.#text(kind, String(keys.length));
    for (const key of keys) this.#text("key", key).add(attempt(() => Reflect.get(value, key)));
    return this;
  }
}

/** What cannot be read counts as nothing: runtime constants may be live objects of any kind. */
function attempt(read: () => unknown): unknown {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function classOf(value: object): string {
  const kind = Object.getPrototypeOf(value)?.constructor;
  return typeof kind === "function" ? kind.name : "object";
}

function isBoxed(value: object): boolean {
  return [String, Number, Boolean, BigInt, Symbol].some((kind) => value instanceof kind);
}
