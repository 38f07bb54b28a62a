import { deepEqual, equal, match, ok } from "node:assert/strict";
import { linesOf } from "./_run.ts";

Deno.test("The line example prints the doubled frame", async () => {
  const [head, ...body] = await linesOf("line.ts");
  equal(head, "Float32Array(8) [");
  deepEqual(body.join(" ").match(/\d+/g)!.map(Number), [0, 2, 4, 6, 8, 10, 12, 14]);
});

Deno.test("The fan-out example gives every reader every frame", async () => {
  const lines = await linesOf("fan_out.ts");
  deepEqual(lines.toSorted(), [
    "all: 10000 frames, the sum is 50005000",
    "even: 10000 frames, the sum is 25005000",
    "thousands: 10000 frames, the sum is 55000",
  ]);
});

Deno.test("The join example pairs each position with the latest temperature", async () => {
  deepEqual(await linesOf("join.ts"), [
    "100 positions with no temperature",
    "100 positions with 21 degrees",
    "100 positions with 22 degrees",
    "100 positions with 23 degrees",
    "100 positions with 24 degrees",
  ]);
});

Deno.test("The events example runs the motor and the press, and ends", async () => {
  deepEqual(await linesOf("events.ts"), [
    "turn 1",
    "turn 2",
    "turn 3",
    "power off",
    "stamp 1",
    "stamp 2",
    "the end",
  ]);
});

Deno.test("The latest-frame example shows some images, the last one among them", async () => {
  const [line] = await linesOf("latest_frame.ts");
  match(line, /^\d+ images shown, \d+ left out, the latest is 500 of 500$/);
  const [shown, leftOut] = line.match(/\d+/g)!.map(Number);
  ok(shown >= 1);
  equal(shown + leftOut, 500);
});

Deno.test("The sliding-window example averages every window", async () => {
  deepEqual(await linesOf("sliding_window.ts"), ["19997 averages of 20 ticks, from 95.055 to 104.945"]);
});

Deno.test("The main-thread example collects what the worker has squared", async () => {
  deepEqual(await linesOf("main_thread.ts"), ["The squares of 1 to 1000 add up to 333833500"]);
});

Deno.test("The control-room example hears all that its sensors and its clock say", async () => {
  deepEqual(await linesOf("control_room.ts"), ["300 pressures, 4 temperatures, 3 reports"]);
});
