/** Puts stand-ins into a value for the parts that go through a codec. */

import type { CodecTable, NamedCodec } from "./codec_table.ts";

/** A part that a codec has encoded. */
export interface CodedPart {
  readonly codec: NamedCodec;
  readonly encoded: unknown;
}

/** A copy of a value with stand-ins, each an empty view, and what they stand for. */
export interface WithStandIns {
  readonly value: unknown;
  readonly parts: ReadonlyMap<ArrayBufferView, CodedPart>;
}

/** Replaces each object that a codec is for; `root` is that for the value as a whole. */
export function withStandIns(value: unknown, codecs: CodecTable, root?: NamedCodec): WithStandIns {
  const mirror = new Mirror(codecs);
  return { value: root ? mirror.standIn(value as object, root) : mirror.of(value), parts: mirror.parts };
}

class Mirror {
  readonly parts = new Map<ArrayBufferView, CodedPart>();
  readonly #codecs: CodecTable;
  readonly #seen = new Map<object, unknown>();

  constructor(codecs: CodecTable) {
    this.#codecs = codecs;
  }

  of(value: unknown): unknown {
    if (typeof value !== "object" || value === null) return value;
    if (this.#seen.has(value)) return this.#seen.get(value);
    const prototype = Object.getPrototypeOf(value);
    const codec = prototype === null ? undefined : this.#codecs.of(prototype);
    return codec ? this.standIn(value, codec) : this.#container(value, prototype);
  }

  standIn(value: unknown, codec: NamedCodec): ArrayBufferView {
    const standIn = new DataView(new ArrayBuffer(0));
    if (typeof value === "object" && value !== null) this.#seen.set(value, standIn);
    const data = codec.encode(value);
    if (data === value && typeof data === "object") {
      throw new TypeError(`codec "${codec.name}" returned the value itself, not data that stands for it`);
    }
    this.parts.set(standIn, { codec, encoded: this.of(data) });
    return standIn;
  }

  #container(value: object, prototype: object | null): unknown {
    if (Array.isArray(value)) return this.#properties(value, new Array(value.length));
    if (prototype === Object.prototype || prototype === null) return this.#properties(value, {});
    if (value instanceof Map) return this.#map(value);
    if (value instanceof Error && typeof value.cause === "object" && value.cause !== null) {
      throw new TypeError("an error with a cause cannot be stored beside what goes through a codec");
    }
    return value instanceof Set ? this.#set(value) : this.#noted(value, value);
  }

  #noted<Copy>(value: object, copy: Copy): Copy {
    this.#seen.set(value, copy);
    return copy;
  }

  #properties(value: object, copy: object): object {
    this.#noted(value, copy);
    for (const key of Object.keys(value)) {
      const item = this.of(Reflect.get(value, key));
      Object.defineProperty(copy, key, { value: item, enumerable: true, writable: true, configurable: true });
    }
    return copy;
  }

  #map(value: Map<unknown, unknown>): Map<unknown, unknown> {
    const copy = this.#noted(value, new Map());
    for (const [key, item] of value) copy.set(this.of(key), this.of(item));
    return copy;
  }

  #set(value: Set<unknown>): Set<unknown> {
    const copy = this.#noted(value, new Set());
    for (const item of value) copy.add(this.of(item));
    return copy;
  }
}
