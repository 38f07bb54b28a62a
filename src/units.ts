/** Numbers as people read them, in all outputs: counts, bytes, rates, shares and times. */

/** What stands for a number that is not known. */
export const UNKNOWN = "–";

/** Digits that are shown of a number. */
const DIGITS = 3;
const PREFIXES = ["", "k", "M", "G", "T", "P", "E"];

type Figure = number | null | undefined;

const isKnown = (value: Figure): value is number => typeof value === "number" && !Number.isNaN(value);
const rounded = (value: number) => Number(value.toPrecision(DIGITS));

/** A sum, which is not known if one of its parts is not. */
export function plus(sum: number | null, value: number | null): number | null {
  return sum === null || value === null ? null : sum + value;
}

/** A number and its unit, with the prefix of the unit that leaves the number below 1000: "12.3 k", "950 B", "1.2 MB/s". */
export function formatCount(value: Figure, unit = ""): string {
  if (!isKnown(value)) return UNKNOWN;
  if (value < 0) return `-${formatCount(-value, unit)}`;
  if (value === Infinity) return `∞ ${unit}`.trimEnd();
  if (value > 0 && value < 0.001) return `<0.001 ${unit}`.trimEnd();
  const whole = rounded(value);
  const power = whole < 1 ? 0 : Math.min(PREFIXES.length - 1, Math.floor(Math.log10(whole) / 3));
  return `${rounded(whole / 1000 ** power)} ${PREFIXES[power]}${unit}`.trimEnd();
}

/** Digits of a value that was measured. */
const VALUE_DIGITS = 5;

/** A value of whatever unit, without a prefix: "-0.01234", "1234567", "1.5e+21". Integers are whole, as far as they are exact. */
export function formatValue(value: Figure): string {
  if (Number.isSafeInteger(value)) return `${value}`;
  if (!isKnown(value)) return UNKNOWN;
  const whole = Number(value.toPrecision(VALUE_DIGITS));
  // Zeros that stand for digits would look like the number itself.
  return Math.abs(whole) > Number.MAX_SAFE_INTEGER ? whole.toExponential() : `${whole}`;
}

/**
 * An integer of 64 bits, by how far it lies from another one: exactly, or with "≈" before it if float64 has no room for that
 * distance.
 */
export function formatInteger(base: bigint, distance: number): string {
  const whole = Math.round(distance);
  return Number.isSafeInteger(whole) ? `${base + BigInt(whole)}` : `≈ ${Number(base) + whole}`;
}

/** Bytes, in multiples of 1000: "1.23 MB". */
export function formatBytes(bytes: Figure): string {
  return formatCount(bytes, "B");
}

/** A share from 0 to 1, in percent: "83 %". */
export function formatShare(share: Figure): string {
  return isKnown(share) ? `${Math.round(100 * share)} %` : UNKNOWN;
}

/** Units below a minute: milliseconds in each, and how many of it are one of the next. */
const SHORT = [["µs", 0.001, 1000], ["ms", 1, 1000], ["s", 1000, 60]] as const;
/** Pairs of units from a minute on, with the milliseconds in each. */
const LONG = [
  ["min", 60_000, "s", 1000],
  ["h", 3_600_000, "min", 60_000],
  ["d", 86_400_000, "h", 3_600_000],
] as const;

/** A time in milliseconds, in the units that suit it: "5.62 µs", "12 ms", "1.23 s", "2 min 5 s", "1 h 20 min", "3 d 4 h". */
export function formatDuration(ms: Figure): string {
  if (!isKnown(ms)) return UNKNOWN;
  if (ms < 0) return `-${formatDuration(-ms)}`;
  if (ms === 0) return "0 ms";
  if (ms === Infinity) return "∞";
  if (ms < 0.001) return "<1 µs";
  for (const [unit, size, most] of SHORT) {
    const value = rounded(ms / size);
    if (value < most) return `${value} ${unit}`;
  }
  return formatLong(ms);
}

/** Two units, of which the second is rounded and left out if it is 0. */
function formatLong(ms: number): string {
  const fitting = LONG.find((_, index) =>
    index + 1 === LONG.length || roundTo(ms, LONG[index][3]) < LONG[index + 1][1]
  );
  const [unit, size, part, partSize] = fitting!;
  const whole = roundTo(ms, partSize);
  const parts = Math.round(whole % size / partSize);
  return `${Math.floor(whole / size)} ${unit}${parts === 0 ? "" : ` ${parts} ${part}`}`;
}

function roundTo(ms: number, size: number): number {
  return Math.round(ms / size) * size;
}

/** A time in milliseconds as a clock that runs: "02:03", "1:02:03", "2 d 01:02:03". */
export function formatClock(ms: Figure): string {
  if (!isKnown(ms) || ms === Infinity) return UNKNOWN;
  const seconds = Math.floor(Math.max(0, ms) / 1000);
  const days = Math.floor(seconds / 86_400);
  const two = (value: number) => String(Math.floor(value) % 60).padStart(2, "0");
  const minutes = `${two(seconds / 60)}:${two(seconds)}`;
  const hours = Math.floor(seconds / 3600) % 24;
  if (days > 0) return `${days} d ${String(hours).padStart(2, "0")}:${minutes}`;
  return hours > 0 ? `${hours}:${minutes}` : minutes;
}
