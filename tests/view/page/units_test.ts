import { equal } from "node:assert/strict";
import { format, timeOfDay } from "../../../src/view/page/units.ts";

Deno.test("format() writes numbers with their units", () => {
  equal(format(0.834, "share"), "83 %");
  equal(format(1_234_567, "bytes"), "1.23 MB");
  equal(format(0, "bytes/s"), "0 B/s");
  equal(format(999.6, "frames/s"), "1 k/s");
  equal(format(12_345, "count"), "12.3 k");
  equal(format(7, "count"), "7");
  equal(format(12, "ms"), "12 ms");
  equal(format(0, "ms"), "0 ms");
  equal(format(0.005_62, "ms"), "5.62 µs");
  equal(format(1234, "ms"), "1.23 s");
  equal(format(null, "share"), "–");
});

Deno.test("timeOfDay() writes hours, minutes and seconds", () => {
  equal(timeOfDay(new Date(2026, 0, 2, 3, 4, 5).getTime()), "03:04:05");
});
