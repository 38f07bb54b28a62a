/** Drawings of a linear pipeline as text. */

import type { LinearPipeline } from "./pipeline.ts";
import { isConfigName } from "./_config.ts";
import type { Node } from "./node.ts";

function count(nodes: readonly Node[]): string {
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
 * import { drawText, LinearPipeline, Node } from "@ringmill/ringmill/linear";
 * import { equal } from "node:assert/strict";
 *
 * const load = new Node({ name: "load", fn: () => [1, 2], outputs: ["rows"] });
 * const write = new Node({ name: "write", fn: () => {}, inputs: ["rows", "config.table"] });
 * equal(drawText(new LinearPipeline({ nodes: [load, write] })), `Pipeline (2 nodes)
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
export function drawText<Objects extends object>({ nodes }: LinearPipeline<Objects>): string {
  const blocks = nodes.map(({ name, inputs, outputs }) =>
    [`[${name}]`, ...section("inputs", inputs), ...section("outputs", outputs)].join("\n")
  );
  return [`Pipeline (${count(nodes)})\n`, blocks.join("\n      |\n      v\n")].join("\n");
}

/** A text in a Mermaid drawing. Mermaid writes special characters as HTML does. */
function quote(text: string): string {
  return `"${text.replace(/[#&"<>`[\]]/g, (character) => `#${character.codePointAt(0)};`)}"`;
}

/**
 * Draws who takes what from whom, in the language of Mermaid: nodes as boxes, what comes from outside as rounded ones.
 *
 * @example
 * ```ts
 * import { drawMermaid, LinearPipeline, Node } from "@ringmill/ringmill/linear";
 * import { equal } from "node:assert/strict";
 *
 * const load = new Node({ name: "load", fn: () => [1, 2], outputs: ["rows"] });
 * const write = new Node({ name: "write", fn: () => {}, inputs: ["rows", "config.table"] });
 * equal(drawMermaid(new LinearPipeline({ nodes: [load, write] })), `flowchart TD
 *   n0["load"]
 *   n1["write"]
 *   n0 -->|"rows"| n1
 *   s0(["config.table"]) --> n1`);
 * ```
 */
export function drawMermaid<Objects extends object>({ nodes }: LinearPipeline<Objects>): string {
  const lines = nodes.map(({ name }, index) => `n${index}[${quote(name)}]`);
  const makers = new Map<string, number>(), outside: string[] = [];
  nodes.forEach(({ inputs, outputs }, index) => {
    for (const name of inputs) {
      const maker = makers.get(name);
      if (maker !== undefined && !isConfigName(name)) lines.push(`n${maker} -->|${quote(name)}| n${index}`);
      else lines.push(`${outsideBox(outside, name)} --> n${index}`);
    }
    for (const name of outputs) makers.set(name, index);
  });
  return ["flowchart TD", ...lines].join("\n  ");
}

/** What comes from outside, drawn where it is first mentioned. */
function outsideBox(outside: string[], name: string): string {
  const known = outside.indexOf(name);
  if (known !== -1) return `s${known}`;
  return `s${outside.push(name) - 1}([${quote(name)}])`;
}
