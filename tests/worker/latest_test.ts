import { deepEqual, equal } from "node:assert/strict";
import { Latest } from "../../src/worker/latest.ts";

Deno.test("Latest.follow() gives each value to who keeps up, the latest to who does not, and ends with the last", async () => {
  const latest = new Latest(1);
  const quick = latest.follow();
  const slow = latest.follow();
  deepEqual([(await quick.next()).value, (await slow.next()).value], [1, 1]);
  const next = quick.next();
  latest.replace(2, false);
  equal((await next).value, 2);
  latest.replace(3, true);
  deepEqual([(await quick.next()).value, (await slow.next()).value], [3, 3]);
  deepEqual([(await quick.next()).done, (await slow.next()).done], [true, true]);
  equal(latest.value, 3);
});

Deno.test("Latest.follow(seen) begins with the value after that", async () => {
  const latest = new Latest("a");
  const following = latest.follow(latest.value).next();
  latest.replace("b", false);
  equal((await following).value, "b");
});
