/** Drawings in Mermaid, which GitHub and others show in Markdown. */

import { checkDrawing, type EdgeContent, type NodeContent, prepare, type Tone } from "./content.ts";
import type { Figures, ViewDescription, ViewGroup, ViewNodeKind } from "../description.ts";
import { anything, oneOf, type Rules } from "../../rules.ts";
import { type Direction, DIRECTIONS } from "./geometry.ts";

/** Options of {@link drawMermaid}. */
export interface DrawMermaidOptions {
  /** What is known at the moment. */
  figures?: Figures;
  /**
   * Which way the layers follow each other.
   *
   * @default {"down"}
   */
  direction?: Direction;
}

/** The rules of {@link DrawMermaidOptions}. */
export const MERMAID_RULES: Rules = { figures: anything, direction: oneOf(DIRECTIONS) };

/** What is around the label of a node. */
const SHAPES: Readonly<Record<ViewNodeKind, readonly [string, string]>> = {
  task: ["[", "]"],
  data: ["([", "])"],
  event: ["{{", "}}"],
  program: ["[[", "]]"],
};

/** Lines without an arrow and with one. */
const ARROWS = { flow: ["---", "-->"], control: ["-.-", "-.->"] } as const;

/** Colours that are readable on light and dark pages. */
const TONES: Readonly<Record<Exclude<Tone, "calm">, string>> = {
  active: "stroke:#2da44e,stroke-width:2px",
  done: "stroke:#8c959f,stroke-width:2px",
  warn: "stroke:#bf8700,stroke-width:3px",
  bad: "stroke:#cf222e,stroke-width:3px",
};

/**
 * A text in which nothing has a meaning: all but letters, digits and a few signs are written as their numbers. Two dollars
 * would begin a formula even so: something that is not seen parts them.
 */
function escape(text: string): string {
  const parted = text.replace(/\$(?=\$)/g, "$\u2060");
  return parted.replace(/[^\p{L}\p{M}\p{N} ,()×]/gu, (character) => `#${character.codePointAt(0)};`);
}

/**
 * Mermaid takes titles for HTML, and shows their entities as they are written: other signs stand for those of markup.
 * Older ones look for directives there, which are %%{…}%%.
 */
function escapeTitle(text: string): string {
  const others: Readonly<Record<string, string>> = { "<": "＜", ">": "＞", "&": "＆", "%%": "％％" };
  return JSON.stringify(text.replace(/[<>&]|%%/g, (character) => others[character]));
}

function label(lines: readonly string[]): string {
  return `"${lines.map(escape).join("<br>")}"`;
}

/**
 * Draws as a Mermaid flowchart. Texts are escaped, so that whatever they hold is shown as it is; in the title, which cannot
 * hold them, full-width signs stand for `<`, `>`, `&` and `%%`. Mermaid refuses more than 500 edges unless its page sets
 * `maxEdges`.
 *
 * @throws {UnknownNameError} If an edge, a node or a figure names what is not there.
 * @throws {RangeError} If an id is taken, groups hold each other, a load is not from 0 to 1, or there is no such direction.
 *
 * @example
 * ```ts
 * import { drawMermaid } from "@ringmill/ringmill/view";
 * import { equal } from "node:assert/strict";
 *
 * const text = drawMermaid({
 *   title: "line",
 *   nodes: [{ id: "a", kind: "task", title: "source" }, { id: "b", kind: "data", title: "samples" }],
 *   edges: [{ from: "a", to: "b", label: "out" }],
 * });
 * equal(text, `---
 * title: "line"
 * ---
 * flowchart TB
 *   n0["source"]
 *   n1(["samples"])
 *   n0 -->|"out"| n1
 * `);
 * ```
 */
export function drawMermaid(description: ViewDescription, options: DrawMermaidOptions = {}): string {
  checkDrawing(description, options, MERMAID_RULES);
  const { figures, direction = "down" } = options;
  const { title, nodes, edges, groups } = prepare(description, figures);
  const names = new Map(nodes.map(({ node }, index) => [node.id, `n${index}`]));
  const tones = (Object.keys(TONES) as (keyof typeof TONES)[]).flatMap((tone) => {
    const members = nodes.filter(({ status }) => status?.tone === tone).map(({ node }) => names.get(node.id));
    return members.length === 0 ? [] : [`classDef ${tone} ${TONES[tone]}`, `class ${members.join(",")} ${tone}`];
  });
  const lines = [
    ...members(undefined, groups, nodes, names),
    ...edges.map((edge) => edgeLine(edge, names)),
    ...tones,
  ];
  const body = lines.map((line) => `  ${line}\n`).join("");
  return `---\ntitle: ${escapeTitle(title)}\n---\nflowchart ${direction === "down" ? "TB" : "LR"}\n${body}`;
}

/** The nodes and groups in a group, or in none. */
function members(
  parent: string | undefined,
  groups: readonly ViewGroup[],
  nodes: readonly NodeContent[],
  names: ReadonlyMap<string, string>,
): string[] {
  const frames = groups.filter(({ group }) => group === parent).flatMap((group) => [
    `subgraph g${groups.indexOf(group)}[${label([group.title])}]`,
    ...members(group.id, groups, nodes, names).map((line) => `  ${line}`),
    "end",
  ]);
  return [...nodes.filter(({ node }) => node.group === parent).map((node) => nodeLine(node, names)), ...frames];
}

function nodeLine(
  { node, title, status, details, lines, load }: NodeContent,
  names: ReadonlyMap<string, string>,
): string {
  const [open, close] = SHAPES[node.kind];
  const texts = [
    title,
    ...status ? [status.text] : [],
    ...details,
    ...lines,
    ...load ? [load.text] : [],
  ];
  return `${names.get(node.id)}${open}${label(texts)}${close}`;
}

function edgeLine({ edge, lines }: EdgeContent, names: ReadonlyMap<string, string>): string {
  const arrow = ARROWS[edge.kind ?? "flow"][edge.directed === false ? 0 : 1];
  return `${names.get(edge.from)} ${arrow}${lines.length > 0 ? `|${label(lines)}|` : ""} ${names.get(edge.to)}`;
}
