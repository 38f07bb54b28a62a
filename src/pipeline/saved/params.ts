/**
 * Params, as TOML can hold them. Texts, true and false, dates, arrays and plain objects stand for themselves, and so do
 * numbers but -0. Everything else is a table with one key that begins with `$` and says what it is:
 *
 *     gain = { "$Float32Array" = [ 0.5, 0.25 ] }
 *     label = { "$null" = true }
 */

import { TYPED_ARRAYS } from "../../worker/typed_arrays.ts";
import { isTable } from "./document.ts";
import { suggest } from "../../suggest.ts";
import { inspect, type Path, Problem } from "./problem.ts";

/** What is nested deeper is neither saved nor read. */
const DEEPEST = 100;
const TOO_DEEP = `must not be nested deeper than ${DEEPEST} levels`;

/** Keys of the way to what is nested too deep that are shown. */
const SHOWN = 10;

/** Encodes or decodes a value that lies within another. */
type Inner = (value: unknown, path: Path) => unknown;

/** A kind of value that TOML does not know. */
interface Tag {
  /** Whether a value is of this kind. */
  matches(value: unknown): boolean;
  /** What it is made of. */
  encode(value: never, inner: Inner, path: Path): unknown;
  /** The value; `undefined` if `content` cannot be what {@link encode} has made. */
  decode(content: unknown, inner: Inner, path: Path): { readonly value: unknown } | undefined;
  /** What the content must be. */
  readonly expected: string;
}

type Pair = readonly [unknown, unknown];

const isPairs = (content: unknown): content is readonly Pair[] =>
  Array.isArray(content) && content.every((pair) => Array.isArray(pair) && pair.length === 2);

/** A value of which there is only one. */
function singular(only: unknown): Tag {
  return {
    expected: "true",
    matches: (value) => Object.is(value, only),
    encode: () => true,
    decode: (content) => content === true ? { value: only } : undefined,
  };
}

/** Something that is made of its entries, in their order. */
function ofPairs<Value>(
  matches: (value: unknown) => boolean,
  entries: (value: Value) => Iterable<Pair>,
  from: (pairs: readonly Pair[]) => Value,
): Tag {
  const both = (inner: Inner, path: Path) => ([key, value]: Pair, index: number): Pair => [
    inner(key, [...path, index, 0]),
    inner(value, [...path, index, 1]),
  ];
  return {
    expected: "an array of pairs",
    matches,
    encode: (value, inner, path) => [...entries(value)].map(both(inner, path)),
    decode: (content, inner, path) => isPairs(content) ? { value: from(content.map(both(inner, path))) } : undefined,
  };
}

/** Any of the classes of typed arrays, which TypeScript does not see as one. */
interface TypedArrayClass {
  readonly name: string;
  new (values: Iterable<unknown>): ArrayLike<unknown> & ArrayBufferView;
}

function parseBigInt(text: unknown): bigint | undefined {
  return typeof text === "string" && /^(0|-?[1-9]\d*)$/.test(text) ? BigInt(text) : undefined;
}

/** An element of a typed array of that class, if it is one. Floats are rounded, as when a program sets one. */
function elementOf(kind: TypedArrayClass, entry: unknown): number | bigint | undefined {
  const value = kind.name.startsWith("Big") ? parseBigInt(entry) : entry;
  if (kind.name.startsWith("Float")) return typeof value === "number" ? value : undefined;
  if (typeof value !== "number" && typeof value !== "bigint") return undefined;
  return new kind([value])[0] === value ? value : undefined;
}

function typedArray(kind: TypedArrayClass): Tag {
  const isBig = kind.name.startsWith("Big");
  return {
    expected: `an array of ${isBig ? "whole numbers as texts" : "numbers"} in the range of ${kind.name}`,
    matches: (value) => value instanceof kind && value.buffer instanceof ArrayBuffer,
    encode: (value: ArrayLike<unknown>, inner, path) =>
      Array.from(value, (entry, index) => isBig ? String(entry) : inner(entry, [...path, index])),
    decode: (content, inner, path) => {
      if (!Array.isArray(content)) return undefined;
      const element = (entry: unknown, index: number) => isBig ? entry : inner(entry, [...path, index]);
      const values = content.map((entry, index) => elementOf(kind, element(entry, index)));
      return values.includes(undefined) ? undefined : { value: new kind(values) };
    },
  };
}

const isPlainObject = (value: unknown): value is Record<string, unknown> =>
  Object.prototype.toString.call(value) === "[object Object]" && isTable(value) &&
  (Object.getPrototypeOf(value) ?? Object.prototype) === Object.prototype;

const hasTaggedKey = (table: object) => Object.keys(table).some((key) => key.startsWith("$"));

const TAGS: Readonly<Record<string, Tag>> = {
  $null: singular(null),
  $undefined: singular(undefined),
  $negativeZero: singular(-0),
  $bigint: {
    expected: "a whole number as a text",
    matches: (value) => typeof value === "bigint",
    encode: (value: bigint) => String(value),
    decode: (content) => {
      const value = parseBigInt(content);
      return value === undefined ? undefined : { value };
    },
  },
  $Map: ofPairs((value) => value instanceof Map, (map: Map<unknown, unknown>) => map, (pairs) => new Map(pairs)),
  $Set: {
    expected: "an array",
    matches: (value) => value instanceof Set,
    encode: (value: Set<unknown>, inner, path) => [...value].map((entry, index) => inner(entry, [...path, index])),
    decode: (content, inner, path) =>
      Array.isArray(content)
        ? { value: new Set(content.map((entry, index) => inner(entry, [...path, index]))) }
        : undefined,
  },
  // A plain object that would be taken for one of these.
  $object: ofPairs(
    (value) => isPlainObject(value) && hasTaggedKey(value),
    (object: object) => Object.entries(object),
    (pairs) => Object.fromEntries(pairs.map(([key, value]) => [String(key), value])),
  ),
  ...Object.fromEntries(
    (TYPED_ARRAYS as unknown as readonly TypedArrayClass[]).map((kind) => [`$${kind.name}`, typedArray(kind)]),
  ),
};

/** Dates of which TOML can write the year. */
function isDate(value: unknown): boolean {
  return value instanceof Date && value.getUTCFullYear() >= 0 && value.getUTCFullYear() <= 9999;
}

/**
 * Params as a value of TOML.
 *
 * @throws {Problem} If they hold something that cannot be saved.
 */
export function encodeParams(params: unknown, path: Path): unknown {
  const around = new Set<unknown>();
  const encode: Inner = (value, at) => {
    const refuse = (reason: string) => {
      throw new Problem(at, reason);
    };
    if (around.has(value)) refuse("must not hold itself, received a cycle");
    if (around.size === DEEPEST) refuse(TOO_DEEP);
    const tag = Object.keys(TAGS).find((key) => TAGS[key].matches(value));
    if (!tag && (["string", "number", "boolean"].includes(typeof value) || isDate(value))) return value;
    around.add(value);
    try {
      if (tag) return { [tag]: TAGS[tag].encode(value as never, encode, at) };
      if (Array.isArray(value) && Object.keys(value).length === value.length) {
        return value.map((entry, index) => encode(entry, [...at, index]));
      }
      if (isPlainObject(value)) return mapEntries(value, (entry, key) => encode(entry, [...at, key]));
      const kinds =
        "a text, number, boolean, bigint, null, undefined, Date of the years 0 to 9999, typed array, or an " +
        "array without holes, plain object, Map or Set of these";
      return refuse(`must be ${kinds}, received ${inspect(value)}`);
    } finally {
      around.delete(value);
    }
  };
  return encode(params, path);
}

/**
 * The params that {@link encodeParams} has made a value of TOML of.
 *
 * @throws {Problem} If it is none.
 */
export function decodeParams(saved: unknown, path: Path): unknown {
  return decode(saved, path, 0);
}

/** `depth` is the number of values that it lies within. */
function decode(saved: unknown, path: Path, depth: number): unknown {
  if (depth === DEEPEST) throw new Problem(path.slice(0, SHOWN), TOO_DEEP);
  const inner: Inner = (value, at) => decode(value, at, depth + 1);
  if (Array.isArray(saved)) return saved.map((entry, index) => inner(entry, [...path, index]));
  if (saved instanceof Date) return decodeDate(saved, path);
  if (!isTable(saved)) return saved;
  if (!hasTaggedKey(saved)) return mapEntries(saved, (entry, key) => inner(entry, [...path, key]));
  const [key, ...more] = Object.keys(saved);
  if (more.length > 0) throw new Problem(path, `must have no other key beside one with $, received ${inspect(saved)}`);
  if (!Object.hasOwn(TAGS, key)) {
    throw new Problem(path, `must not have the unknown key ${JSON.stringify(key)}${suggest(key, Object.keys(TAGS))}`);
  }
  const decoded = TAGS[key].decode(saved[key], inner, [...path, key]);
  if (decoded) return decoded.value;
  throw new Problem(path, `must have ${TAGS[key].expected} as "${key}", received ${inspect(saved[key])}`);
}

function mapEntries(table: object, map: (value: unknown, key: string) => unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(table).map(([key, value]) => [key, map(value, key)]));
}

/** A plain Date: the parser's own class remembers how it was written. */
function decodeDate(date: Date, path: Path): Date {
  const { isLocal } = date as Date & { isLocal?: () => boolean };
  if (isLocal?.call(date) || !isDate(date)) {
    throw new Problem(
      path,
      `must be a date and time with an offset, such as 2026-01-01T00:00:00Z, received ${inspect(date)}`,
    );
  }
  return new Date(date.getTime());
}
