import { deepEqual, equal, ok } from "node:assert/strict";
import type { LiveUpdate } from "../../../src/view/live/update.ts";
import { History, SPAN } from "../../../src/view/page/history.ts";

/** What a source with these rows says so many seconds after 1970. */
function at(seconds: number, values: Readonly<Record<string, number>>): LiveUpdate {
  const columns = [{ id: "cpu", title: "CPU", unit: "share", isCharted: true }] as const;
  const rows = Object.entries(values).map(([node, value]) => ({ node, title: node, values: [value] }));
  return {
    sampledAt: 1000 * seconds,
    tables: [{ id: "task", title: "Tasks", columns, rows }],
  } as unknown as LiveUpdate;
}

Deno.test("History keeps what is known of each row, also of one that comes later or goes", () => {
  const history = new History();
  history.add(at(1, { a: 0.1 }));
  history.add(at(2, { a: 0.2, b: 0.5 }));
  history.add(at(3, { b: 0.6 }));
  deepEqual(history.times, [1, 2, 3]);
  deepEqual(history.series("task", "cpu", "a"), [0.1, 0.2, null]);
  deepEqual(history.series("task", "cpu", "b"), [null, 0.5, 0.6]);
});

Deno.test("History takes nothing twice, and breaks lines where it was interrupted", () => {
  const history = new History();
  history.interrupt();
  history.add(at(1, { a: 0.1 }));
  history.add(at(1, { a: 0.1 }));
  history.interrupt();
  history.add(at(1, { a: 0.1 }));
  history.add(at(9, { a: 0.9 }));
  deepEqual(history.times, [1, 1.001, 9]);
  deepEqual(history.series("task", "cpu", "a"), [0.1, null, 0.9]);
});

Deno.test("History forgets what is too long ago", () => {
  const history = new History();
  for (let second = 1; second <= 2 * SPAN; second++) history.add(at(second, { a: second }));
  ok(history.times[0] >= SPAN - 60 && history.times[0] <= SPAN, `${history.times[0]}`);
  deepEqual(history.series("task", "cpu", "a"), history.times);
  equal(history.times.at(-1), 2 * SPAN);
});

/** The same by two clocks, of which the first may be set. */
const byClocks = (wall: number, clock: number, values: Readonly<Record<string, number>>): LiveUpdate => ({
  ...at(wall, values),
  clockMs: 1000 * clock,
});

Deno.test("History goes on when the system's clock is set, back or on, by the clock that is never set", () => {
  for (const step of [-3600, 3600, -0.5]) {
    const history = new History();
    history.add(byClocks(10_000, 5, { a: 1 }));
    history.add(byClocks(10_001, 6, { a: 2 }));
    equal(history.setOn, 0);
    history.add(byClocks(10_002 + step, 7, { a: 3 }));
    history.add(byClocks(10_003 + step, 8, { a: 4 }));
    deepEqual(history.times, [10_000, 10_001, 10_002, 10_003]);
    equal(history.setOn, step);
    deepEqual(history.series("task", "cpu", "a"), [1, 2, 3, 4]);
  }
});

Deno.test("History goes on when the clock of a source that tells no other is set back", () => {
  const history = new History();
  for (const [index, second] of [1000, 1001, 400, 401, 401].entries()) {
    history.add({ ...at(second, { a: index }), intervalMs: 500 });
  }
  deepEqual(history.times, [1000, 1001, 1001.5, 1002.5]);
  deepEqual(history.series("task", "cpu", "a"), [0, 1, 2, 3]);
  equal(history.times.at(-1)! + history.setOn, 401);
});
