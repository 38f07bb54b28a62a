/** Drawings for a terminal. */

import { BOXES, type BoxStyle, Canvas } from "./canvas.ts";
import {
  bar,
  checkDrawing,
  columnsOf,
  type Content,
  type Load,
  MARKS,
  type NodeContent,
  prepare,
  widest,
} from "./content.ts";
import type { Figures, ViewDescription, ViewNodeKind } from "../description.ts";
import { anything, number, oneOf, type Rules } from "../../rules.ts";
import {
  type Direction,
  DIRECTIONS,
  type Layout,
  type Metrics,
  type PlacedEdge,
  type Point,
  type Rectangle,
  type Size,
} from "./geometry.ts";
import { layOut } from "./layout.ts";

/** Options of {@link drawText}. */
export interface DrawTextOptions {
  /** What is known at the moment. */
  figures?: Figures;
  /**
   * Which way the layers follow each other.
   *
   * @default {"down", or "right" if only that fits into the width}
   */
  direction?: Direction;
  /**
   * Columns of the terminal. A drawing that cannot be so narrow is wider all the same.
   *
   * @default {Infinity}
   */
  width?: number;
}

/** The rules of {@link DrawTextOptions}. */
export const TEXT_RULES: Rules = { figures: anything, direction: oneOf(DIRECTIONS), width: number(0) };

const STYLES: Readonly<Record<ViewNodeKind, BoxStyle>> = {
  task: BOXES.light,
  data: BOXES.round,
  event: BOXES.double,
  program: BOXES.heavy,
};

function loadLine({ share, text }: Load): string {
  return `${bar(share)} ${text}`;
}

function linesOf({ title, status, details, lines, load }: NodeContent): string[] {
  const state = status ? [`${MARKS[status.tone]} ${status.text}`] : [];
  return [title, ...state, ...details, ...lines, ...load ? [loadLine(load)] : []];
}

/** One unit is a cell. */
const METRICS: Metrics = {
  node: (content) => {
    const lines = linesOf(content);
    return { width: widest(lines) + 4, height: lines.length + 2 };
  },
  label: (lines) => ({ width: widest(lines), height: lines.length }),
  heading: (title) => ({ width: columnsOf(title) + 2, height: 1 }),
  portGap: { width: 3, height: 2 },
  padding: 2,
  // Between a bend and the box below there must be a cell for the arrow.
  spacing: (direction) =>
    direction === "down"
      ? { nodes: 3, lines: 2, nodeToLine: 2, layers: 3, layerToLine: 2, linesBetweenLayers: 1, lineToLabel: 1 }
      : { nodes: 1, lines: 1, nodeToLine: 1, layers: 6, layerToLine: 3, linesBetweenLayers: 2, lineToLabel: 1 },
};

/** A layout of which everything lies in whole cells. */
export async function layOutCells(content: Content, direction: Direction): Promise<Layout> {
  const layout = await layOut(content, METRICS, direction);
  const point = ({ x, y }: Point): Point => ({ x: Math.floor(x), y: Math.floor(y) });
  const rectangle = <Box extends Rectangle>(box: Box): Box => ({
    ...box,
    ...point(box),
    width: Math.ceil(box.width),
    height: Math.ceil(box.height),
  });
  const cells: Layout = {
    ...layout,
    nodes: layout.nodes.map(rectangle),
    groups: layout.groups.map(rectangle),
    edges: layout.edges.map((edge) => ({
      ...edge,
      points: ontoBorders(edge.points.map(point), direction),
      label: edge.label && rectangle(edge.label),
    })),
  };
  return { ...cells, ...sizeOf(cells) };
}

/** The cells that are needed. A box ends before its end, a line with its last cell. */
function sizeOf({ nodes, groups, edges }: Layout): Size {
  const boxes = [...nodes, ...groups, ...edges.flatMap(({ label }) => label ?? [])];
  const points = edges.flatMap(({ points }) => points);
  return {
    width: Math.max(0, ...boxes.map(({ x, width }) => x + width), ...points.map(({ x }) => x + 1)),
    height: Math.max(0, ...boxes.map(({ y, height }) => y + height), ...points.map(({ y }) => y + 1)),
  };
}

/** From the border of one box to that of the other: the cells of the borders are those of the boxes. */
function ontoBorders([start, ...points]: readonly Point[], direction: Direction): Point[] {
  return [direction === "down" ? { x: start.x, y: start.y - 1 } : { x: start.x - 1, y: start.y }, ...points];
}

/**
 * Draws for a terminal, with the box-drawing characters of Unicode: tasks have square corners, data round ones, events
 * double lines, the program heavy ones. No line ends with spaces, and the last one not with a newline.
 *
 * @throws {UnknownNameError} If an edge, a node or a figure names what is not there.
 * @throws {RangeError} If an id is taken, groups hold each other, a load is not from 0 to 1, or there is no such direction.
 *
 * @example
 * ```ts
 * import { drawText } from "@ringmill/ringmill/view";
 * import { equal } from "node:assert/strict";
 *
 * const text = await drawText({
 *   title: "line",
 *   nodes: [{ id: "a", kind: "task", title: "source" }, { id: "b", kind: "data", title: "samples" }],
 *   edges: [{ from: "a", to: "b" }],
 * });
 * equal(text, `line
 *
 *  ┌────────┐
 *  │ source │
 *  └────┬───┘
 *       │
 *       │
 *       ▼
 * ╭─────────╮
 * │ samples │
 * ╰─────────╯`);
 * ```
 */
export async function drawText(description: ViewDescription, options: DrawTextOptions = {}): Promise<string> {
  checkDrawing(description, options, TEXT_RULES);
  const { figures, direction, width = Infinity } = options;
  const content = prepare(description, figures);
  const down = direction === "right" ? undefined : await layOutCells(content, "down");
  if (down && (direction === "down" || down.width <= width)) return paint(content, down);
  const right = await layOutCells(content, "right");
  return paint(content, down && right.width > width && down.width <= right.width ? down : right);
}

function paint(content: Content, layout: Layout): string {
  const canvas = new Canvas(layout.width, layout.height);
  for (const group of layout.groups.toSorted((one, other) => one.depth - other.depth)) {
    canvas.box(group, BOXES.dashed);
  }
  for (const { points, content: { edge } } of layout.edges) {
    const net = `${edge.from} ${edge.kind ?? "flow"}`;
    canvas.line(points, net, edge.kind === "control");
  }
  canvas.flatten();
  for (const { x, y, group } of layout.groups) canvas.write(x + 2, y, ` ${group.title} `);
  for (const node of layout.nodes) {
    canvas.box(node, STYLES[node.content.node.kind]);
    const lines = linesOf(node.content);
    const top = Math.floor((node.height - lines.length) / 2);
    for (const [index, line] of lines.entries()) {
      canvas.write(node.x + Math.floor((node.width - columnsOf(line)) / 2), node.y + top + index, line);
    }
  }
  for (const edge of layout.edges) paintEnds(canvas, edge, layout.direction);
  return `${content.title}\n\n${canvas}`;
}

/** How the border of a box looks where a line leaves it, by the characters of that border. */
const LEAVING: Readonly<Record<string, string>> = { "─": "┬", "═": "╤", "━": "┯", "│": "├", "║": "╟", "┃": "┠" };

/** The same where a line without an arrow arrives. */
const ARRIVING: Readonly<Record<string, string>> = { "─": "┴", "═": "╧", "━": "┷", "│": "┤", "║": "╢", "┃": "┨" };

function paintEnds(canvas: Canvas, { points, label, content }: PlacedEdge, direction: Direction): void {
  const start = points[0];
  const end = points.at(-1)!;
  const { edge, lines } = content;
  canvas.replace(start.x, start.y, LEAVING);
  if (edge.directed === false) canvas.replace(end.x, end.y, ARRIVING);
  else if (direction === "down") canvas.write(end.x, end.y - 1, "▼");
  else canvas.write(end.x - 1, end.y, "▶");
  for (const [index, line] of lines.entries()) canvas.write(label!.x, label!.y + index, line);
}
