import { drawLinearText } from "@ringmill/ringmill/linear";
import { equal } from "node:assert/strict";
import { quietPipeline } from "./_helpers.ts";

const nothing = () => {};

Deno.test("drawLinearText() draws the graph of the seed", () => {
  const node = (name: string, inputs: string[], outputs: string[]) => ({ fn: nothing, name, inputs, outputs });
  const pipeline = quietPipeline([
    node("load_data", [], ["raw_data"]),
    node("clean_data", ["raw_data"], ["clean_data"]),
    node("rolling_goals", ["clean_data", "config.window", "config.min_periods"], ["rolling_features"]),
    node("merge", ["clean_data", "rolling_features"], ["features"]),
    node("write_features", ["features"], []),
  ]);
  equal(
    drawLinearText(pipeline),
    `\
Pipeline (5 nodes)

[load_data]
  outputs:
    - raw_data
      |
      v
[clean_data]
  inputs:
    - raw_data
  outputs:
    - clean_data
      |
      v
[rolling_goals]
  inputs:
    - clean_data
    - config.window
    - config.min_periods
  outputs:
    - rolling_features
      |
      v
[merge]
  inputs:
    - clean_data
    - rolling_features
  outputs:
    - features
      |
      v
[write_features]
  inputs:
    - features
  (no outputs)`,
  );
});

Deno.test("drawLinearText() draws pipelines of one node, and of none", () => {
  equal(
    drawLinearText(quietPipeline([{ fn: nothing, name: "alone" }])),
    "Pipeline (1 node)\n\n[alone]\n  (no outputs)",
  );
  equal(drawLinearText(quietPipeline([])), "Pipeline (0 nodes)\n\n");
});
