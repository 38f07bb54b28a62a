/** What is written into a box: made safe and short once, for all drawings. */

import stringWidth from "string-width";
import { checkOptions, checkRule, object, type Rules } from "../../rules.ts";
import { safe } from "../../safe_text.ts";
import type { Figure, Figures, ViewDescription, ViewEdge, ViewGroup, ViewNode } from "../description.ts";
import { formatShare } from "../../units.ts";
import { checkDescription, edgeId } from "../description.ts";

/** Columns of a line in a box, at most. */
const LONGEST = 40;

/** Columns of the heading, at most. */
const LONGEST_HEADING = 80;

/** How a status is coloured. */
export type Tone = "calm" | "active" | "done" | "warn" | "bad";

const TONES: Readonly<Record<string, Tone>> = {
  running: "active",
  active: "active",
  completed: "done",
  terminated: "done",
  ended: "done",
  restarting: "warn",
  failed: "bad",
};

/** What stands before a status where only characters can be drawn. */
export const MARKS: Readonly<Record<Tone, string>> = { calm: "○", active: "●", done: "✓", warn: "↻", bad: "✗" };

/** Cells of the bar that shows a load. */
const BAR = 10;

/** A share from 0 to 1, where only characters can be drawn. */
export function bar(share: number): string {
  const full = Math.max(0, Math.min(BAR, Math.round(share * BAR)));
  return "▰".repeat(full) + "▱".repeat(BAR - full);
}

/** A status, ready to be drawn. */
export interface Status {
  readonly text: string;
  readonly tone: Tone;
}

/** A load, ready to be drawn. */
export interface Load {
  /** From 0 to 1. */
  readonly share: number;
  /** The same in words. */
  readonly text: string;
}

/** A node, ready to be drawn. */
export interface NodeContent {
  readonly node: ViewNode;
  readonly title: string;
  readonly details: readonly string[];
  /** What is known at the moment. */
  readonly lines: readonly string[];
  readonly status: Status | undefined;
  readonly load: Load | undefined;
}

/** An edge, ready to be drawn. */
export interface EdgeContent {
  readonly edge: ViewEdge;
  readonly id: string;
  /** The label, and what is known at the moment, with the load. */
  readonly lines: readonly string[];
  readonly load: Load | undefined;
}

/** Everything, ready to be drawn. */
export interface Content {
  readonly title: string;
  readonly nodes: readonly NodeContent[];
  readonly edges: readonly EdgeContent[];
  readonly groups: readonly ViewGroup[];
}

/** The columns that a text takes in a terminal: two for a wide character, none for a combining one. */
export function columnsOf(text: string): number {
  return stringWidth(text);
}

/** The columns of the longest line. */
export function widest(lines: readonly string[]): number {
  return Math.max(0, ...lines.map(columnsOf));
}

/** A text that is safe, and cut where it is too long. */
export function short(text: string, longest = LONGEST): string {
  const clean = safe(text);
  if (columnsOf(clean) <= longest) return clean;
  let cut = "";
  for (const { segment } of new Intl.Segmenter().segment(clean)) {
    if (columnsOf(cut + segment) > longest - 1) break;
    cut += segment;
  }
  return `${cut}…`;
}

/** A load, ready to be drawn, if there is one. */
export function loadOf({ load, loadName }: Figure): Load | undefined {
  if (load === undefined) return undefined;
  const percent = formatShare(load);
  return { share: load ?? 0, text: loadName === undefined ? percent : short(`${loadName} ${percent}`) };
}

/** A node with figures, ready to be drawn. */
export function contentOf(node: ViewNode, figure: Figure = {}): NodeContent {
  const status = figure.status ?? node.status;
  return {
    node,
    title: short(node.title),
    details: (node.details ?? []).map((line) => short(line)),
    lines: (figure.lines ?? []).map((line) => short(line)),
    status: status === undefined ? undefined : { text: short(status), tone: toneOf(status) },
    load: loadOf(figure),
  };
}

/** How a status is coloured. */
export function toneOf(status: string): Tone {
  return Object.hasOwn(TONES, status) ? TONES[status] : "calm";
}

/** Checks that there is a description to be drawn, and the options of the call, whose `figures` are checked with it. */
export function checkDrawing(description: ViewDescription, options: object, rules: Rules): void {
  checkRule("draw", "the description", object, description);
  checkOptions(`draw ${JSON.stringify(description.title)}`, options, rules);
}

/**
 * A description with figures, ready to be drawn.
 *
 * @throws {UnknownNameError} If an edge, a node or a figure names what is not there.
 * @throws {RangeError} If an id is taken, groups hold each other, or a load is not from 0 to 1.
 */
export function prepare(description: ViewDescription, figures: Figures = {}): Content {
  checkDescription(description, figures);
  const edges = description.edges.map((edge): EdgeContent => {
    const id = edgeId(edge);
    const figure: Figure = figures.edges?.[id] ?? {};
    const load = loadOf(figure);
    const lines = [...edge.label ? [edge.label] : [], ...figure.lines ?? []].map((line) => short(line));
    return { edge, id, lines: load ? [...lines, load.text] : lines, load };
  });
  return {
    title: short(description.title, LONGEST_HEADING),
    nodes: description.nodes.map((node) => contentOf(node, figures.nodes?.[node.id])),
    edges,
    groups: (description.groups ?? []).map((group) => ({ ...group, title: short(group.title) })),
  };
}
