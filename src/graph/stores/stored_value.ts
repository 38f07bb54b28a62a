/** Values as the bytes that stores keep: whole, or refused; and back, or nothing if they are damaged. */

import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { deserialize, serialize } from "node:v8";
import { whyNewer } from "../../format_version.ts";
import { whyNotStorable } from "../../storable.ts";
import type { CacheEntry } from "./cache_store.ts";

/** What stored values begin with: "RMV", and the digit of their version. */
const MAGIC = Buffer.from("RMV1");
const VERSION_AT = MAGIC.length - 1;
const VERSION = digitAt(MAGIC);
const CHECK_BYTES = 16;

/** Tells a value of one key from all others, and from one of which a part is lost. */
function checkOf(key: string, bytes: Uint8Array): Uint8Array {
  return createHash("sha256").update(`${key.length}:${key}`).update(bytes).digest().subarray(0, CHECK_BYTES);
}

/**
 * The bytes of a value.
 *
 * @throws {TypeError} If it would come back as another one.
 */
export function encodeValue(key: string, value: unknown): Buffer {
  const reason = whyNotStorable(value);
  if (reason !== null) throw new TypeError(`Cannot store the value of "${key}": ${reason}`);
  return bytesOfValue(key, value);
}

/** The bytes of a value that comes back as it is. */
export function bytesOfValue(key: string, value: unknown): Buffer {
  const bytes = serialize(value);
  return Buffer.concat([MAGIC, checkOf(key, bytes), bytes]);
}

/** The version of a stored value, or `NaN`. */
function digitAt(stored: Buffer): number {
  return Number(stored.subarray(VERSION_AT, MAGIC.length).toString("latin1"));
}

/**
 * The value of some bytes, or `undefined` if they are not what was stored.
 *
 * @throws {Error} If a newer Ringmill has stored them.
 */
export function decodeValue(key: string, stored: unknown): CacheEntry | undefined {
  if (!(stored instanceof Uint8Array)) return undefined;
  const whole = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength);
  const isOurs = whole.subarray(0, VERSION_AT).equals(MAGIC.subarray(0, VERSION_AT));
  const why = isOurs ? whyNewer(digitAt(whole), VERSION) : null;
  if (why !== null) throw new Error(`Cannot read the value of "${key}": ${why}`);
  const bytes = whole.subarray(MAGIC.length + CHECK_BYTES);
  const isWhole = whole.subarray(0, MAGIC.length).equals(MAGIC) &&
    whole.subarray(MAGIC.length, MAGIC.length + CHECK_BYTES).equals(checkOf(key, bytes));
  if (!isWhole) return undefined;
  try {
    return { value: deserialize(bytes) };
  } catch {
    // Of another version of V8.
    return undefined;
  }
}

/** Begins what stands for a text that UTF-8 or SQLite cannot tell from others. */
const ESCAPE = "\u0001";

/** A text that stores can tell from all others: halves of characters all become one in UTF-8. */
export function exactText(text: string): string {
  if (text.isWellFormed() && !text.startsWith(ESCAPE) && !text.includes("\0")) return text;
  return ESCAPE + Buffer.from(text, "utf16le").toString("hex");
}

/** How long an entry lives in whole milliseconds, or `undefined` for ever. */
export function lifetimeMs(ttlMs: number): number | undefined {
  // No clock counts further.
  return ttlMs >= Number.MAX_SAFE_INTEGER / 2 ? undefined : Math.max(1, Math.ceil(ttlMs));
}
