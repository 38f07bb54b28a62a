/** Ids of messages: two numbers, which need no memory of their own, and a text in the form of a UUID where one is asked for. */

/** The thread that made a message, by a random number of 52 bits, and which of its messages it is, from 1. */
export interface MessageId {
  readonly origin: number;
  readonly count: number;
}

const HIGH = 2 ** 32;
/** Bits of an origin, of which 20 stand above the lower 32, and hexadecimal digits of its three parts, of a count. */
const [DIGITS_A, DIGITS_B, DIGITS_C, DIGITS_COUNT] = [8, 4, 1, 12];

function randomOrigin(): number {
  const [high, low] = crypto.getRandomValues(new Uint32Array(2));
  return (high >>> 12) * HIGH + low;
}

/** This thread's number. */
export const OWN_ORIGIN: number = randomOrigin();

let made = 0;

/** The count of this thread's next message. */
export function nextCount(): number {
  return ++made;
}

const prefixes = new Map<number, string>();
/** Prefixes that are kept: a program that is sent ids of ever new threads must not keep them all. */
const MOST_PREFIXES = 1024;

/** The text before the count. By RFC 9562, the 8s stand for a UUID of a form of our own. */
function prefixOf(origin: number): string {
  let prefix = prefixes.get(origin);
  if (prefix === undefined) {
    const digits = origin.toString(16).padStart(DIGITS_A + DIGITS_B + DIGITS_C, "0");
    const [a, b, c] = [digits.slice(0, DIGITS_A), digits.slice(DIGITS_A, -DIGITS_C), digits.slice(-DIGITS_C)];
    prefix = `${a}-${b}-8${c}00-8000-`;
    if (prefixes.size === MOST_PREFIXES) prefixes.clear();
    prefixes.set(origin, prefix);
  }
  return prefix;
}

/** An id as a text. */
export function formatId(origin: number, count: number): string {
  return prefixOf(origin) + count.toString(16).padStart(DIGITS_COUNT, "0");
}

const FORM = /^([0-9a-f]{8})-([0-9a-f]{4})-8([0-9a-f])00-8000-([0-9a-f]{12})$/;

/** The id behind a text; `null` if it is no such text. */
export function parseId(text: string): MessageId | null {
  const found = FORM.exec(text);
  if (!found) return null;
  const [, a, b, c, count] = found;
  return { origin: parseInt(a + b + c, 16), count: parseInt(count, 16) };
}
