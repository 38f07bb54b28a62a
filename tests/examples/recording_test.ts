import { equal, match, ok } from "node:assert/strict";
import { linesOf } from "./_run.ts";

Deno.test("recording.ts records, is killed, repairs, and replays what there is", async () => {
  const [cut, repaired, whole, page, ...levels] = await linesOf("recording.ts");
  const [, frames, last] = /^(\d+) frames, 0 lost, cut off after frame (\d+)$/.exec(cut)!.map(Number);
  ok(frames >= 100);
  equal(last, frames - 1);
  match(repaired, /^repaired .*night\/sound\.arrows, which ends with frame \d+$/);
  equal(whole, `${frames} frames, 0 lost, complete`);
  match(page, /^Replaying at double speed; see http:\/\/127\.0\.0\.1:\d+\//);
  // A line for every tenth frame, as the live meter prints.
  const expected = Array.from({ length: Math.ceil(frames / 10) }, (_, n) => {
    return Math.round(40 * Math.sin(Math.PI * (n / 10 + 0.005)) ** 2 / Math.SQRT2);
  });
  // Empty lines at the end are not seen.
  const shown = expected.map((_, n) => levels[n]?.length ?? 0);
  equal(shown.join(), expected.join());
  ok(levels.length <= expected.length);
});
