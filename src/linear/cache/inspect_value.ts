/** Looks at all that a value consists of: whether, and how, a copy of it is just as it is. */

import { findTrouble } from "../../find_trouble.ts";
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
    let count = 0;
    const visit = (value: object) => this.#troubleOf(value, count++);
    return this.#traits(findTrouble(value, visit, (value) => this.#isCodable(value)));
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
  if (ArrayBuffer.isView(value)) return whyNotPlain(value) ?? undefined;
  if (Object.getOwnPropertyNames(value).length === 0) return undefined;
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

/** Takes their prototypes from the objects that had none: `bare` are their places in the order of the look. */
export function bareAgain<Value>(copy: Value, bare: readonly number[], isLeaf: IsLeaf): Value {
  if (bare.length === 0) return copy;
  const places = new Set(bare);
  const found: object[] = [];
  let count = 0;
  findTrouble(copy, (value) => {
    if (places.has(count++)) found.push(value);
    return undefined;
  }, isLeaf);
  for (const object of found) Object.setPrototypeOf(object, null);
  return copy;
}
