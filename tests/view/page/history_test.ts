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
