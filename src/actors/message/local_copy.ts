/**
 * Copies of messages that stay in their thread: without a record, if the body holds primitives, plain objects and plain arrays
 * alone. Such a copy is what would arrive by a record. Of all else a record is made, which refuses what cannot be carried.
 */

import { types } from "node:util";
import { isDense } from "./body_check.ts";
import type { Envelope, Header } from "./envelope.ts";
import { defineField } from "./exact_values.ts";
import { BARE_BYTES } from "./message_record.ts";

/** What fields take in a record, besides the bytes of texts. */
const FIELD_BYTES = 9;
/** Deeper values, and longer ones, are not copied: they may hold themselves. */
const MOST_DEPTH = 32;
const MOST_BYTES = 65_536;

/** A copy of a message. */
export interface LocalCopy {
  readonly message: Envelope;
  readonly header: Header;
  /** About as many bytes as its record would have. */
  readonly bytes: number;
}

/** Stands for what is not copied. */
const NONE = Symbol();
/** Bytes of the copy that is being made. */
let bytes = 0;

/** Copies a message as it is now; `null` if a record has to be made of it. */
export function copyLocally(message: Envelope, header: Header): LocalCopy | null {
  const own: Header = {
    kind: header.kind,
    origin: header.origin,
    count: header.count,
    priority: header.priority,
    correlationOrigin: header.correlationOrigin,
    correlationCount: header.correlationCount,
    correlationText: header.correlationText,
    isChecked: true,
    request: null,
    answers: null,
  };
  const copy = header.kind.create(own);
  bytes = BARE_BYTES;
  for (const field in message) {
    const value = copyValue(message[field as keyof Envelope], 0);
    if (value === NONE) return null;
    if (field === "__proto__") defineField(copy, field, value);
    else (copy as unknown as Record<string, unknown>)[field] = value;
  }
  return { message: copy, header: own, bytes };
}

function copyValue(value: unknown, depth: number): unknown {
  bytes += FIELD_BYTES;
  switch (typeof value) {
    case "string":
      bytes += value.length;
      return value;
    case "number":
    case "boolean":
    case "undefined":
      return value;
    case "object":
      return value === null ? null : copyObject(value, depth);
    default:
      return NONE;
  }
}

function copyObject(object: object, depth: number): unknown {
  if (depth === MOST_DEPTH || bytes > MOST_BYTES || types.isProxy(object)) return NONE;
  const prototype = Object.getPrototypeOf(object);
  if (prototype === Object.prototype) return copyFields(object, depth);
  if (prototype === Array.prototype && Array.isArray(object) && isDense(object)) return copyElements(object, depth);
  return NONE;
}

function copyFields(object: object, depth: number): unknown {
  const copy: Record<string, unknown> = {};
  for (const name of Reflect.ownKeys(object)) {
    if (typeof name === "symbol" || name === "__proto__") return NONE;
    const { value, enumerable, get, set } = Object.getOwnPropertyDescriptor(object, name)!;
    if (!enumerable || get !== undefined || set !== undefined) return NONE;
    const copied = copyValue(value, depth + 1);
    if (copied === NONE) return NONE;
    bytes += name.length;
    copy[name] = copied;
  }
  return copy;
}

function copyElements(array: readonly unknown[], depth: number): unknown {
  const copy: unknown[] = [];
  for (let index = 0; index < array.length; index++) {
    const copied = copyValue(array[index], depth + 1);
    if (copied === NONE) return NONE;
    copy.push(copied);
  }
  return copy;
}
