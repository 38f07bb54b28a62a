/** The drawing of a linear pipeline as text, node by node. `src/view` draws who takes what from whom. */

import type { LinearPipeline } from "./pipeline.ts";
import type { LinearNode } from "./node.ts";

function count(nodes: readonly LinearNode[]): string {
  return `${nodes.length} node${nodes.length === 1 ? "" : "s"}`;
}

function section(title: string, names: readonly string[]): string[] {
  if (names.length === 0) return title === "outputs" ? ["  (no outputs)"] : [];
  return [`  ${title}:`, ...names.map((name) => `    - ${name}`)];
}

/**
 * Draws the nodes in their order, each with its inputs and outputs, as text.
 *
 * @example
 * ```ts
 * import { drawLinearText, LinearPipeline, LinearNode } from "@ringmill/ringmill/linear";
 * import { equal } from "node:assert/strict";
 *
 * const load = new LinearNode({ name: "load", fn: () => [1, 2], outputs: ["rows"] });
 * const write = new LinearNode({ name: "write", fn: () => {}, inputs: ["rows", "config.table"] });
 * equal(drawLinearText(new LinearPipeline({ name: "report", nodes: [load, write] })), `Pipeline (2 nodes)
 *
 * [load]
 *   outputs:
 *     - rows
 *       |
 *       v
 * [write]
 *   inputs:
 *     - rows
 *     - config.table
 *   (no outputs)`);
 * ```
 */
export function drawLinearText<Objects extends object>({ nodes }: LinearPipeline<Objects>): string {
  const blocks = nodes.map(({ name, inputs, outputs }) =>
    [`[${name}]`, ...section("inputs", inputs), ...section("outputs", outputs)].join("\n")
  );
  return [`Pipeline (${count(nodes)})\n`, blocks.join("\n      |\n      v\n")].join("\n");
}
