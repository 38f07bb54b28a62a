import { deepEqual } from "node:assert/strict";
import fc from "fast-check";
import { type Link, Links } from "../../src/graph/execution/links.ts";

Deno.test("Links hold what was added and not removed, the newest first", () => {
  fc.assert(fc.property(fc.array(fc.nat()), (choices) => {
    const links = new Links<number>();
    const added: Link<number>[] = [];
    for (const [n, choice] of choices.entries()) {
      if (choice % 3 < 2 || added.length === 0) added.unshift(links.add(n));
      else links.remove(added.splice(choice % added.length, 1)[0]);
    }
    deepEqual([...links], added.map(({ value }) => value));
  }));
});

Deno.test("Links may be removed while they are gone through", () => {
  const links = new Links<number>();
  const added = [1, 2, 3, 4].map((n) => links.add(n));
  const met: number[] = [];
  for (const value of links) {
    met.push(value);
    links.remove(added[value - 1]);
  }
  deepEqual([met, [...links]], [[4, 3, 2, 1], []]);
});
