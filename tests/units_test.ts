import { deepEqual, equal } from "node:assert/strict";
import { formatBytes, formatClock, formatCount, formatDuration, formatShare, formatValue } from "../src/units.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

Deno.test("formatDuration() rounds first and chooses the unit then", () => {
  const expected: [number, string][] = [
    [0, "0 ms"],
    [0.000_4, "<1 µs"],
    [0.005_62, "5.62 µs"],
    [0.999_6, "1 ms"],
    [12, "12 ms"],
    [999.4, "999 ms"],
    [999.6, "1 s"],
    [1234, "1.23 s"],
    [59_940, "59.9 s"],
    [59_960, "1 min"],
    [125_000, "2 min 5 s"],
    [HOUR - 501, "59 min 59 s"],
    [HOUR - 499, "1 h"],
    [HOUR + 20 * MINUTE, "1 h 20 min"],
    [DAY - MINUTE, "23 h 59 min"],
    [DAY - 29_000, "1 d"],
    [3 * DAY, "3 d"],
    [3 * DAY + 4.2 * HOUR, "3 d 4 h"],
    [400 * DAY, "400 d"],
    [-1234, "-1.23 s"],
    [Infinity, "∞"],
    [NaN, "–"],
  ];
  for (const [ms, text] of expected) equal(formatDuration(ms), text, `${ms}`);
  equal(formatDuration(null), "–");
  equal(formatDuration(undefined), "–");
});

Deno.test("formatDuration() never says 60 seconds, 60 minutes, 24 hours, or 1000 of anything", () => {
  for (let ms = 0.01; ms < 40 * DAY; ms *= 1.0007) {
    const text = formatDuration(ms);
    equal(/\b(1000 |60 s|60 min|24 h)|NaN|undefined|e\+/.test(text), false, `${ms}: ${text}`);
  }
});

Deno.test("formatCount() and formatBytes() choose the prefix after rounding", () => {
  const expected: [number, string][] = [
    [0, "0 B"],
    [-0, "0 B"],
    [0.5, "0.5 B"],
    [0.0004, "<0.001 B"],
    [7, "7 B"],
    [999.4, "999 B"],
    [999.6, "1 kB"],
    [12_345, "12.3 kB"],
    [999_600, "1 MB"],
    [1_234_567, "1.23 MB"],
    [5e18, "5 EB"],
    [1e24, "1000000 EB"],
    [-12_345, "-12.3 kB"],
    [Infinity, "∞ B"],
    [NaN, "–"],
  ];
  for (const [bytes, text] of expected) equal(formatBytes(bytes), text);
  equal(formatCount(12_345), "12.3 k");
  equal(formatCount(7), "7");
  equal(formatCount(999.6, "/s"), "1 k/s");
  equal(formatCount(null, "/s"), "–");
});

Deno.test("formatShare() and formatClock() know what is not known", () => {
  equal(formatShare(0.834), "83 %");
  equal(formatShare(NaN), "–");
  equal(formatShare(null), "–");
  equal(formatClock(0), "00:00");
  equal(formatClock(59_999), "00:59");
  equal(formatClock(HOUR + 2 * MINUTE + 3000), "1:02:03");
  equal(formatClock(2 * DAY + 62 * MINUTE), "2 d 01:02:00");
  equal(formatClock(-5), "00:00");
  equal(formatClock(NaN), "–");
});

Deno.test("formatValue() tells integers in full, and shows where digits are left out", () => {
  const cases = [0, 1_234_567, -(2 ** 53) + 1, 2 ** 60, 1.5e21, -0.0123456, 99.5, Infinity, NaN, null];
  deepEqual(cases.map(formatValue), [
    ...["0", "1234567", "-9007199254740991", "1.1529e+18", "1.5e+21", "-0.012346", "99.5", "Infinity", "–", "–"],
  ]);
});
