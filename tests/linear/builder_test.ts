/** Wrong wiring is an error in the editor. Each `@ts-expect-error` here fails the type check if there is none. */

import { type LinearPipeline, namedPartial, pipeline } from "@ringmill/ringmill/linear";
import { DeclarationError } from "@ringmill/ringmill";
import { deepEqual, equal, throws } from "node:assert/strict";

interface Config {
  window: number;
  model: { depth: number; name?: string };
}

const config: Config = { window: 2, model: { depth: 3 } };
const start = () => pipeline({ name: "typed", config, runtime: { data: [1, 2, 3], label: "x" }, quiet: true });

function rollingSum(data: number[], window: number): number[] {
  return data.slice(window - 1).map((_, end) => data.slice(end, end + window).reduce((a, b) => a + b));
}

async function split(data: number[]): Promise<[first: number, rest: number[]]> {
  return await Promise.resolve([data[0], data.slice(1)]);
}

function describe(data: number[]): { size: number; text: string } {
  return { size: data.length, text: String(data) };
}

/** Never called: what it holds is for the type checker. */
export function rejected() {
  // @ts-expect-error Nobody provides this name.
  start().node({ fn: rollingSum, inputs: ["dta", "config.window"], outputs: ["sums"] });
  // @ts-expect-error The configuration has no such part.
  start().node({ fn: rollingSum, inputs: ["data", "config.windw"], outputs: ["sums"] });
  // @ts-expect-error Nor one further down.
  start().node({ fn: rollingSum, inputs: ["data", "config.model.dpth"], outputs: ["sums"] });
  // @ts-expect-error The inputs are exchanged.
  start().node({ fn: rollingSum, inputs: ["config.window", "data"], outputs: ["sums"] });
  // @ts-expect-error A text is no number.
  start().node({ fn: rollingSum, inputs: ["data", "label"], outputs: ["sums"] });
  // @ts-expect-error An input is missing.
  start().node({ fn: rollingSum, inputs: ["data"], outputs: ["sums"] });
  // @ts-expect-error All inputs are missing.
  start().node({ fn: rollingSum, outputs: ["sums"] });
  // @ts-expect-error An output of a node after it.
  start().node({ fn: rollingSum, inputs: ["sums", "config.window"], outputs: ["more"] });
  // @ts-expect-error The name of an output is taken.
  start().node({ fn: rollingSum, inputs: ["data", "config.window"], outputs: ["label"] });
  const made = start().node({ fn: split, inputs: ["data"], outputs: ["first", "rest"] });
  // @ts-expect-error The name was taken by a node.
  made.node({ fn: split, inputs: ["data"], outputs: ["first", "more"] });
  // @ts-expect-error An output of another type.
  made.node({ fn: rollingSum, inputs: ["first", "config.window"], outputs: ["sums"] });
  // @ts-expect-error Two values, three outputs.
  start().node({ fn: split, inputs: ["data"], outputs: ["a", "b", "c"] });
  // @ts-expect-error No such key in what the function returns.
  start().node({ fn: describe, inputs: ["data"], outputs: ["size", "txt"] });
  // @ts-expect-error A key too few.
  start().node({ fn: (data) => ({ a: data, b: 1, c: 2 }), name: "n", inputs: ["data"], outputs: ["a", "b"] });
  // @ts-expect-error An optional part of the configuration may be missing.
  start().node({ fn: (name: string) => name, name: "n", inputs: ["config.model.name"], outputs: ["a"] });
  // @ts-expect-error The arguments of a function in place are typed as well.
  start().node({ fn: (data) => data.toUpperCase(), name: "n", inputs: ["data"], outputs: ["a"] });
  // @ts-expect-error There is no configuration.
  pipeline({ name: "bare" }).node({ fn: (all: Config) => all, name: "n", inputs: ["config.window"], outputs: ["a"] });
  // @ts-expect-error The bound values are not those that the function takes.
  namedPartial((data: number[], { table }: { table: string }) => [data, table], "write", { tabel: "t" });
  using registry = made.build().openRegistry();
  // @ts-expect-error No such object.
  registry.get("frist");
  // @ts-expect-error An object of another type.
  const _text: string = registry.get("first");
}

Deno.test("pipeline() accepts, by type, what fits, and the types follow from it", async () => {
  const write = namedPartial((n: number, { table }: { table: string }) => `${n} to ${table}`, "write", { table: "t" });
  const built = start()
    .node({ fn: rollingSum, inputs: ["data", "config.window"], outputs: ["sums"] })
    .node({ fn: split, inputs: ["sums"], outputs: ["first", "rest"] })
    .node({ fn: describe, inputs: ["rest"], outputs: ["size", "text"] })
    .node({
      fn: (first, all) => first * all.model.depth,
      name: "multiply",
      inputs: ["first", "config"],
      outputs: ["product"],
    })
    .node({ fn: (a, b) => [a + b, String(a)], name: "pair", inputs: ["first", "size"], outputs: ["sum", "shown"] })
    .node({ fn: write, inputs: ["product"], outputs: ["written"] })
    .node({ fn: () => {}, name: "nothing" })
    .node({ fn: (text) => void text, name: "sink", inputs: ["text"] })
    .build({ trackHistory: true });
  await built.run();
  using registry = built.openRegistry();
  const sum: number = registry.get("sum");
  const shown: string = registry.get("shown");
  deepEqual([sum, shown, registry.get("written")], [4, "3", "9 to t"]);
  throws(() => registry.get("product"), /no run has made it, or it was released after its last use/);
  equal(built.history.length, 8);
});

Deno.test("pipeline() is not changed by what is built from it, and concat() joins the types", async () => {
  const base = start();
  const one = base.node({ fn: rollingSum, inputs: ["data", "config.window"], outputs: ["sums"] }).build();
  const two = base.node({ fn: describe, inputs: ["data"], outputs: ["size", "text"] }).build();
  deepEqual([one.nodes.length, two.nodes.length, base.build().nodes.length], [1, 1, 0]);
  const both: LinearPipeline<{ sums: number[]; size: number }> = one.concat(two);
  await both.run();
  using registry = both.openRegistry();
  const sums: number[] = registry.get("sums");
  deepEqual([sums, registry.get("size")], [[3, 5], 3]);
});

Deno.test("pipeline() checks at runtime what was not checked by type", () => {
  const taken = start().node({ fn: () => 1, name: "n", outputs: ["label"] as never });
  throws(() => taken.build(), DeclarationError);
});
