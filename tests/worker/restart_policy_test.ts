import { equal } from "node:assert/strict";
import { RestartPlan } from "../../src/worker/restart_policy.ts";

const POLICY = { backoffMs: 100, maxBackoffMs: 500, limit: 5, resetMs: 10_000 };

Deno.test("RestartPlan.next() doubles the wait up to its most, and ends after the limit", () => {
  const plan = new RestartPlan(POLICY);
  for (const wait of [100, 200, 400, 500, 500, null, null]) equal(plan.next(0, true), wait);
});

Deno.test("RestartPlan.next() counts anew after a run that was longer than resetMs and got something done", () => {
  const plan = new RestartPlan(POLICY);
  equal(plan.next(0, true), 100);
  equal(plan.next(10_000, true), 200);
  equal(plan.next(10_001, false), 400);
  equal(plan.next(10_001, true), 100);
  equal(plan.next(0, true), 200);
});

Deno.test("RestartPlan.next() of restarts for ever", () => {
  const plan = new RestartPlan({ ...POLICY, limit: Infinity });
  for (let count = 0; count < 2000; count++) plan.next(0, false);
  equal(plan.next(0, false), 500);
});
