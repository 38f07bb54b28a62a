/**
 * Values of a message's fields, as bytes. Most are numbers, short texts, booleans or nothing: these are written as they are, which
 * no serialiser does as soon. The others are the serialiser's, all together.
 *
 * Each value begins with a byte that says what it is. A number goes on with its 8 bytes, a text with a u32 of how many bytes
 * of UTF-8 follow.
 */

import type { Buffer } from "node:buffer";
import type { Sheet } from "./sheet.ts";

const [OTHER, NUMBER, TEXT, TRUE, FALSE, NULL, UNDEFINED] = [0, 1, 2, 3, 4, 5, 6];
const NUMBER_BYTES = 9;
const TEXT_BYTES = 5;
/** In characters. Longer texts are the serialiser's, which is quicker then; and those with lone surrogates, which UTF-8 has not. */
const LONGEST_TEXT = 256;
/** Texts up to this length are written sooner character by character, as long as they are ASCII. */
const SHORT_TEXT = 64;
/** UTF-8 takes no more for a character of a text. */
const BYTES_PER_CHARACTER = 3;

const encoder = new TextEncoder();

/** The most bytes that values take. Those for the serialiser are added to `others`. */
export function mostBytesOf(values: readonly unknown[], others: unknown[]): number {
  let most = 0;
  for (const value of values) {
    if (typeof value === "number") most += NUMBER_BYTES;
    else if (isShortText(value)) most += TEXT_BYTES + BYTES_PER_CHARACTER * value.length;
    else {
      most++;
      if (tagOf(value) === OTHER) others.push(value);
    }
  }
  return most;
}

function isShortText(value: unknown): value is string {
  return typeof value === "string" && value.length <= LONGEST_TEXT && value.isWellFormed();
}

/** What the value is, if that says it all. */
function tagOf(value: unknown): number {
  switch (value) {
    case null:
      return NULL;
    case undefined:
      return UNDEFINED;
    case true:
      return TRUE;
    case false:
      return FALSE;
    default:
      return OTHER;
  }
}

/** Writes values, and returns where they end. */
export function writeValues(values: readonly unknown[], sheet: Sheet, at: number): number {
  const { bytes, view } = sheet;
  for (const value of values) {
    if (typeof value === "number") {
      bytes[at] = NUMBER;
      view.setFloat64(at + 1, value, true);
      at += NUMBER_BYTES;
    } else if (isShortText(value)) {
      bytes[at] = TEXT;
      const length = writeText(value, bytes, at + TEXT_BYTES);
      view.setUint32(at + 1, length, true);
      at += TEXT_BYTES + length;
    } else {
      bytes[at++] = tagOf(value);
    }
  }
  return at;
}

/** Writes a text, and returns its length in bytes. */
function writeText(text: string, bytes: Uint8Array<ArrayBuffer>, at: number): number {
  const { length } = text;
  if (length > SHORT_TEXT) return encode(text, bytes, at);
  for (let index = 0; index < length; index++) {
    const code = text.charCodeAt(index);
    if (code > 127) return encode(text, bytes, at);
    bytes[at + index] = code;
  }
  return length;
}

function encode(text: string, bytes: Uint8Array<ArrayBuffer>, at: number): number {
  return encoder.encodeInto(text, bytes.subarray(at)).written;
}

/** Reads values, one after the other. */
export class ValueReader {
  readonly #bytes: Buffer<ArrayBuffer>;
  readonly #view: DataView<ArrayBuffer>;
  #at = 0;
  #others: readonly unknown[] = [];
  #nextOther = 0;

  constructor(bytes: Buffer<ArrayBuffer>, view: DataView<ArrayBuffer>) {
    this.#bytes = bytes;
    this.#view = view;
  }

  /** Turns to the values from `at` on. `others` are what the serialiser has read. */
  start(at: number, others: readonly unknown[]): void {
    this.#at = at;
    this.#others = others;
    this.#nextOther = 0;
  }

  /** The next value. */
  next(): unknown {
    const at = this.#at;
    const tag = this.#bytes[at];
    if (tag === NUMBER) {
      this.#at = at + NUMBER_BYTES;
      return this.#view.getFloat64(at + 1, true);
    }
    if (tag === TEXT) {
      const start = at + TEXT_BYTES;
      const end = start + this.#view.getUint32(at + 1, true);
      this.#at = end;
      return this.#bytes.toString("utf8", start, end);
    }
    this.#at = at + 1;
    return tag === OTHER ? this.#others[this.#nextOther++] : CONSTANTS[tag];
  }
}

const CONSTANTS: readonly unknown[] = Object.assign([], { [TRUE]: true, [FALSE]: false, [NULL]: null });
