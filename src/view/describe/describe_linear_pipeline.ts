/** A linear pipeline, as a description to draw. */

import type { LinearPipeline } from "../../linear/pipeline.ts";
import type { ViewDescription, ViewEdge, ViewNode } from "../description.ts";

/**
 * Describes who makes what, and who takes it. The ids of its nodes are `node:<name>` and `object:<name>`. What comes from
 * outside (the configuration, runtime constants, files) has the kind of the program.
 *
 * @example
 * ```ts
 * import { LinearPipeline, LinearNode } from "@ringmill/ringmill/linear";
 * import { describeLinearPipeline } from "@ringmill/ringmill/view";
 * import { deepEqual } from "node:assert/strict";
 *
 * const scale = new LinearNode({ name: "scale", fn: (n: number) => 2 * n, inputs: ["config.n"], outputs: ["scaled"] });
 * deepEqual(describeLinearPipeline(new LinearPipeline({ name: "scale", nodes: [scale] })).edges, [
 *   { from: "object:config.n", to: "node:scale" },
 *   { from: "node:scale", to: "object:scaled" },
 * ]);
 * ```
 */
export function describeLinearPipeline<Objects extends object>(
  { name, nodes }: LinearPipeline<Objects>,
): ViewDescription {
  const made = new Set(nodes.flatMap(({ outputs }) => outputs));
  const object = (title: string): ViewNode => ({
    id: `object:${title}`,
    kind: made.has(title) ? "data" : "program",
    title,
  });
  const drawn = new Map<string, ViewNode>();
  const edges = new Map<string, ViewEdge>();
  for (const { name, inputs, outputs } of nodes) {
    const id = `node:${name}`;
    const connect = (from: string, to: string) => edges.set(JSON.stringify([from, to]), { from, to });
    for (const input of inputs) {
      drawn.set(`object:${input}`, object(input));
      connect(`object:${input}`, id);
    }
    drawn.set(id, { id, kind: "task", title: name });
    for (const output of outputs) {
      drawn.set(`object:${output}`, object(output));
      connect(id, `object:${output}`);
    }
  }
  return { title: name, nodes: [...drawn.values()], edges: [...edges.values()] };
}
