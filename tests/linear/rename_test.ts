/** One pipeline used twice, under other names, and several in one. */

import { DeclarationError, UnknownNameError } from "@ringmill/ringmill";
import { composePipelines, fileInput, fileOutput, type LinearPipeline, pipeline } from "@ringmill/ringmill/linear";
import { deepEqual, equal, throws } from "node:assert/strict";
import { cached, quietPipeline, statuses, temporaryCache } from "./_helpers.ts";

const features = (first: number, settings = {}) =>
  pipeline({
    name: "features",
    config: { first, deep: { scale: 10 } },
    runtime: { data: [1, 2, 3] },
    quiet: true,
    ...settings,
  })
    .node({
      name: "select",
      fn: (data, first) => data.slice(first),
      inputs: ["data", "config.first"],
      outputs: ["rows"],
      share: ["data"],
    })
    .node({
      name: "scale",
      fn: (rows, all) => rows.map((row) => row * all.deep.scale),
      inputs: ["rows", "config"],
      outputs: ["scaled"],
    })
    .build();

/** Never called: what it holds is for the type checker. */
export async function rejected() {
  // @ts-expect-error No such object.
  features(1).rename({ rowz: "x" });
  const { results } = await features(1).rename({ rows: "x" }).run();
  const x: number[] = results.x;
  // @ts-expect-error It has another name now.
  const rows = results.rows;
  const both = composePipelines({ name: "both" }, [features(0).inNamespace("a"), features(1).inNamespace("b")]);
  const scaled: number[] = (await both.run()).results["b.scaled"];
  // @ts-expect-error No such object.
  return [x, rows, scaled, (await both.run()).results["c.scaled"]];
}

Deno.test("LinearPipeline.rename() changes names of outputs and constants, and nothing else", async () => {
  const renamed = features(1).rename({ data: "input", scaled: "output" });
  deepEqual(renamed.nodes.map(({ inputs, outputs, share }) => [inputs, outputs, share]), [
    [["input", "config.first"], ["rows"], ["input"]],
    [["rows", "config"], ["output"], []],
  ]);
  deepEqual({ ...(await renamed.run()).results }, { output: [20, 30] });
  deepEqual({ ...(await features(1).rename({ data: "rows", rows: "data" }).run()).results }, { scaled: [20, 30] });
  throws(() => features(1).rename({ rowz: "x" } as never), /there is no "rowz"; did you mean "rows"\?/);
  throws(() => features(1).rename({ rows: "scaled" }), DeclarationError);
  throws(() => features(1).rename({ rows: "config.x" }), /is a name of the configuration/);
  throws(() => features(1).rename({ rows: "" }), RangeError);
});

Deno.test("Two objects never get one name by rename() or inNamespace()", () => {
  const refused = (names: object, message: RegExp) =>
    throws(() => features(1).rename(names as never), { name: "DeclarationError", message });
  refused({ data: "q", rows: "q" }, /"data" and "rows" would both be named "q"/);
  refused({ rows: "q", scaled: "q" }, /"rows" and "scaled" would both be named "q"/);
  refused({ data: "rows", rows: "rows" }, /"data" and "rows" would both be named "rows"/);
  const constants = quietPipeline([{
    name: "sum",
    fn: (x: number, y: number) => x + y,
    inputs: ["x", "y"],
    outputs: ["s"],
  }], {
    runtime: { x: 1, y: 2, idle: 3 },
  });
  for (const names of [{ x: "q", y: "q" }, { x: "q", idle: "q" }, { x: "idle" }, { s: "x" }]) {
    throws(() => constants.rename(names), DeclarationError);
  }
  const world = quietPipeline([
    { name: "load", fn: (path: string) => path, inputs: [fileInput("a.csv")], outputs: ["rows"] },
    { name: "write", fn: () => "", inputs: ["rows"], outputs: [fileOutput("b.csv")] },
  ]);
  for (const rows of ["file:a.csv", "file:b.csv"]) throws(() => world.rename({ rows }), DeclarationError);
  const nested = quietPipeline([{ name: "n", fn: () => 1, inputs: ["x", "a.x"], outputs: ["y"] }], {
    runtime: { x: 1, "a.x": 2 },
  });
  throws(() => nested.inNamespace("a", { shared: ["a.x" as never] }), /"x" and "a\.x" would both be named "a\.x"/);
});

Deno.test("LinearPipeline.inNamespace() lets one pipeline be used for two sets of data, each cached by itself", async () => {
  using cache = temporaryCache();
  const both = (first: number) =>
    composePipelines({ name: "both", ...cached(cache.path) }, [
      features(first).inNamespace("train", { shared: ["data"] }),
      features(2).inNamespace("test", { shared: ["data"] }),
      quietPipeline([{
        name: "compare",
        fn: (train: number[], test: number[]) => [...train, ...test],
        inputs: ["train.scaled", "test.scaled"],
        outputs: ["all"],
      }]) as LinearPipeline<{ all: number[] }>,
    ]);
  const { results, pipeline: name } = await both(1).run();
  deepEqual([results.all, name], [[20, 30, 30], "both"]);
  deepEqual(statuses(both(0).explain()), {
    "train.select": "run",
    "train.scale": "run",
    "test.select": "cached",
    "test.scale": "cached",
    compare: "run",
  });
  throws(() => features(1).inNamespace(""), RangeError);
  throws(() => features(1).inNamespace("a", { shared: ["dat"] as never }), UnknownNameError);
  throws(() => features(1).inNamespace("a", { share: ["data"] } as never), /did you mean "shared"\?/);
});

Deno.test("Inputs from outside keep their names, and files that two copies would write are refused", () => {
  const load = () =>
    quietPipeline([{
      name: "load",
      fn: (path: string) => path,
      inputs: [fileInput("a.csv")],
      outputs: ["rows"],
      ignore: ["file:a.csv"],
    }]);
  const [node] = load().inNamespace("x").nodes;
  deepEqual([node.name, node.inputs, node.outputs, node.ignore], ["x.load", ["file:a.csv"], ["x.rows"], [
    "file:a.csv",
  ]]);
});

Deno.test("composePipelines() joins any number of pipelines under a name of its own", async () => {
  const part = (n: number) =>
    quietPipeline([{ name: `n${n}`, fn: (x: number) => x + n, inputs: [`x${n}`], outputs: [`x${n + 1}`] }], {
      config: { [`c${n}`]: n },
    });
  const all = composePipelines({ name: "all", runtime: { x0: 5 } }, [part(0), part(1), part(2)]);
  equal(all.name, "all");
  deepEqual(all.config, { c0: 0, c1: 1, c2: 2 });
  equal((await all.run()).results.x3, 8);
  throws(
    () => composePipelines({ name: "none" }, []),
    /Cannot compose pipeline "none": expected pipelines, received \[\]/,
  );
  throws(() => composePipelines({} as never, [part(0)]), TypeError);
  throws(() => composePipelines({ name: "twice" }, [part(0), part(0)]), /two nodes are named "n0"/);
});
