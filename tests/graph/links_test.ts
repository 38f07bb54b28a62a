import { deepEqual } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { type Link, Links } from "../../src/graph/execution/links.ts";
import { CONFIG, runDeno } from "../_deno.ts";

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

Deno.test("Links that are removed and kept hold no value, by whatever way", () => {
  fc.assert(fc.property(fc.array(fc.nat(), { minLength: 1 }), (order) => {
    const links = new Links<object>();
    const added = order.map(() => links.add({}));
    const left = added.map((_, index) => index).sort((a, b) => order[a] - order[b]);
    for (const index of left) links.remove(added[index]);
    for (const kept of added) {
      for (let link: Link<object> | undefined = kept; link; link = link.after) deepEqual(link.value, undefined);
    }
  }));
});

Deno.test("A graph holds no outputs of finished executions but the latest, however they end", async () => {
  const program = fileURLToPath(new URL("_held_outputs.ts", import.meta.url));
  const args = ["run", "--no-check", "--config", CONFIG, "--v8-flags=--expose-gc", program];
  const { out, err } = await runDeno(args);
  deepEqual([JSON.parse(out), err], [{ oldestFirst: 1, newestFirst: 1, besidesShort: 1, kept: true }, ""]);
});
