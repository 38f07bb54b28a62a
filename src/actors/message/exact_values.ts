/** Stand-ins for values that the serialiser would alter: they hold the same in a form that it carries as it is. */

import { type ErrorReport, rebuildError, reportError } from "../../worker/error_report.ts";
import { isTextExact } from "./body_check.ts";

/** A stand-in. */
export class Wrapped {
  readonly kind: keyof typeof UNWRAP;
  readonly parts: unknown;

  constructor(kind: keyof typeof UNWRAP, parts: unknown) {
    this.kind = kind;
    this.parts = parts;
  }
}

type Pairs = readonly (readonly [string, unknown])[];

/** By their kinds: what stand-ins stand for. */
const UNWRAP = {
  text: (bytes: Uint8Array) => readUtf16(bytes),
  "-0": () => -0,
  fields: (pairs: Pairs) => assign({}, pairs),
  "bare fields": (pairs: Pairs) => assign(Object.create(null), pairs),
  elements: ([length, pairs]: [number, Pairs]) => assign(emptyArray(length), pairs),
  expression: ([source, flags, at]: [string, string, number]) =>
    Object.assign(new RegExp(source, flags), { lastIndex: at }),
  box: (value: unknown) => Object(value),
  error: (report: ErrorReport) => rebuildError(report),
} as const satisfies Record<string, (parts: never) => unknown>;

/** What a stand-in stands for. */
export function unwrap(kind: keyof typeof UNWRAP, parts: unknown): unknown {
  return UNWRAP[kind](parts as never);
}

function emptyArray(length: number): unknown[] {
  const array: unknown[] = [];
  array.length = length;
  return array;
}

function assign<Target extends object>(target: Target, pairs: Pairs): Target {
  for (const [name, value] of pairs) defineField(target, name, value);
  return target;
}

/** Sets a field, also one that is called `__proto__`. */
export function defineField(target: object, name: string, value: unknown): void {
  if (name !== "__proto__") (target as Record<string, unknown>)[name] = value;
  else Object.defineProperty(target, name, { value, writable: true, enumerable: true, configurable: true });
}

/** Copies the fields of a body, also one that is called `__proto__`. */
export function fill<Target extends object>(target: Target, body: object): Target {
  if (!Object.hasOwn(body, "__proto__")) return Object.assign(target, body);
  for (const [name, value] of Object.entries(body)) defineField(target, name, value);
  return target;
}

/** A text as UTF-16, which takes all texts. */
export function writeUtf16(text: string): Uint8Array<ArrayBuffer> {
  const units = Uint16Array.from({ length: text.length }, (_, index) => text.charCodeAt(index));
  return new Uint8Array(units.buffer);
}

/** Characters that are read at a time: arguments of a call. */
const FEW = 4096;

/** Reads a text from UTF-16. */
export function readUtf16(bytes: Uint8Array): string {
  const units = new Uint16Array(new Uint8Array(bytes).buffer);
  const parts: string[] = [];
  for (let at = 0; at < units.length; at += FEW) parts.push(String.fromCharCode(...units.subarray(at, at + FEW)));
  return parts.join("");
}

/** A copy of a value in which stand-ins stand for all that the serialiser would alter. */
export function wrap(value: unknown): unknown {
  if (typeof value === "string") return isTextExact(value) ? value : new Wrapped("text", writeUtf16(value));
  if (Object.is(value, -0)) return new Wrapped("-0", null);
  return typeof value === "object" && value !== null ? wrapObject(value) : value;
}

function wrapObject(object: object): unknown {
  if (object instanceof Error) return new Wrapped("error", wrap({ ...reportError(object) }));
  if (Array.isArray(object)) return wrapArray(object);
  const prototype = Object.getPrototypeOf(object);
  if (prototype === null) return new Wrapped("bare fields", pairsOf(object));
  if (prototype === Object.prototype) return wrapFields(object);
  if (object instanceof Map) return new Map([...object].map(([key, value]) => [wrap(key), wrap(value)]));
  if (object instanceof Set) return new Set([...object].map(wrap));
  if (object instanceof RegExp) {
    return new Wrapped("expression", [wrap(object.source), object.flags, object.lastIndex]);
  }
  const isBox = object instanceof Number || object instanceof String || object instanceof Boolean ||
    object instanceof BigInt;
  return isBox ? new Wrapped("box", wrap(object.valueOf())) : object;
}

function pairsOf(object: object): [string | Wrapped, unknown][] {
  return Object.entries(object).map(([name, value]) => [wrap(name) as string | Wrapped, wrap(value)]);
}

function wrapFields(object: object): unknown {
  const isPlain = Object.keys(object).every((name) => name !== "__proto__" && isTextExact(name));
  if (!isPlain) return new Wrapped("fields", pairsOf(object));
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, wrap(value)]));
}

function wrapArray(array: readonly unknown[]): unknown {
  const pairs = Object.keys(array);
  if (pairs.length === array.length) return Array.from(array, wrap);
  return new Wrapped("elements", [array.length, pairsOf(array)]);
}
