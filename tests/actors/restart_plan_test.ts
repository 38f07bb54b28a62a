import { equal } from "node:assert/strict";
import { RestartPlan } from "../../src/actors/supervision/restart_plan.ts";

const OPTIONS = { backoffMs: 100, maxBackoffMs: 500, limit: 5, resetMs: 10_000 };

Deno.test("RestartPlan.next() doubles the wait up to its most, and ends after the limit", () => {
  const plan = new RestartPlan(OPTIONS);
  for (const wait of [100, 200, 400, 500, 500, null, null]) equal(plan.next(0), wait);
});

Deno.test("RestartPlan.next() counts anew after some time without a failure, and after reset()", () => {
  const plan = new RestartPlan(OPTIONS);
  equal(plan.next(0), 100);
  equal(plan.next(9_999), 200);
  equal(plan.next(19_999), 100);
  equal(plan.next(20_000), 200);
  plan.reset();
  equal(plan.next(20_001), 100);
});

Deno.test("RestartPlan.next() of no restarts, and of restarts for ever", () => {
  equal(new RestartPlan({ ...OPTIONS, limit: 0 }).next(0), null);
  const plan = new RestartPlan({ ...OPTIONS, limit: Infinity });
  for (let count = 0; count < 2000; count++) plan.next(0);
  equal(plan.next(0), 500);
});
