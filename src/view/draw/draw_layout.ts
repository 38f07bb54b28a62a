/** What is laid out, as SVG. Nothing here needs the kernel that lays out. */

import { safe } from "../../safe_text.ts";
import type { NodeContent } from "./content.ts";
import type { ViewNodeKind } from "../description.ts";
import type { Direction, Layout, Metrics, PlacedEdge, PlacedGroup, PlacedNode, Point, Rectangle } from "./geometry.ts";
import { escape, type Font, pathOf, polygonAt, rectangleAt, round, textAt, widthOf } from "./svg_text.ts";
import { loadLevel } from "./theme.ts";

const TITLE: Font = { size: 13, lineHeight: 18, weight: 600 };
const DETAIL: Font = { size: 11, lineHeight: 15, weight: 400 };

const PADDING = { x: 12, y: 8 };
/** A bar that shows a load, with the room above it. */
const BAR = { height: 5, gap: 6 };
const ARROW = { length: 8, half: 4 };

/** Corners of boxes. Those of data are as round as can be. */
const CORNERS: Readonly<Record<ViewNodeKind, number>> = { task: 4, data: 14, event: 0, program: 2 };

/** The lines of a node, with the font and the class of each. */
function linesOf({ title, status, details, lines, load }: NodeContent): { text: string; font: Font; style: string }[] {
  const detail = (text: string) => ({ text, font: DETAIL, style: "rm-detail" });
  return [
    { text: title, font: TITLE, style: "rm-title" },
    ...status ? [{ text: status.text, font: DETAIL, style: `rm-${status.tone}-text` }] : [],
    ...details.map(detail),
    ...lines.map(detail),
    ...load ? [detail(load.text)] : [],
  ];
}

/** What a drawing in pixels asks of its layout. */
export const METRICS: Metrics = {
  node: (content) => {
    const lines = linesOf(content);
    const bar = content.load === undefined ? 0 : BAR.height + BAR.gap;
    return {
      width: Math.ceil(Math.max(40, ...lines.map(({ text, font }) => widthOf(text, font))) + 2 * PADDING.x),
      height: lines.reduce((height, { font }) => height + font.lineHeight, bar + 2 * PADDING.y),
    };
  },
  label: (lines) => ({
    width: Math.ceil(Math.max(0, ...lines.map((line) => widthOf(line, DETAIL)))),
    height: lines.length * DETAIL.lineHeight,
  }),
  heading: (title) => ({ width: widthOf(title, DETAIL), height: DETAIL.lineHeight }),
  portGap: { width: 16, height: 16 },
  padding: 14,
  spacing: (direction) => ({
    nodes: direction === "down" ? 28 : 20,
    lines: 12,
    nodeToLine: 14,
    layers: 36,
    layerToLine: 16,
    linesBetweenLayers: 12,
    lineToLabel: 4,
  }),
};

/** Everything, from the back to the front. */
export function drawLayout({ nodes, groups, edges, direction }: Layout): string[] {
  return [
    ...groups.toSorted((one, other) => one.depth - other.depth).map(drawGroup),
    ...edges.map((edge) => drawEdge(edge, direction)),
    ...nodes.map(drawNode),
    // Over the lines, some of which may pass below.
    ...groups.map(drawHeading),
    ...edges.flatMap(drawLabel),
  ];
}

function drawGroup(place: PlacedGroup): string {
  return `<g data-group="${escape(safe(place.group.id))}">${rectangleAt("rm-frame", place, 6)}</g>`;
}

function drawHeading({ x, y, group }: PlacedGroup): string {
  return textAt(group.title, x + METRICS.padding, y + DETAIL.lineHeight, DETAIL, "rm-label", "start");
}

/** A node, as `<g data-node="its id">`. */
export function drawNode(place: PlacedNode): string {
  const { content } = place;
  const { node, status } = content;
  return [
    `<g class="rm-${node.kind}${status ? ` rm-${status.tone}` : ""}" data-node="${escape(safe(node.id))}">`,
    `<title>${escape(safe(node.description ?? node.title))}</title>`,
    node.kind === "event"
      ? polygonAt("rm-box", hexagon(place))
      : rectangleAt("rm-box", place, Math.min(CORNERS[node.kind], place.height / 2)),
    ...drawLines(place),
    ...drawBar(place),
    "</g>",
  ].join("");
}

/** The lines of a node, in the middle of what its bar leaves. */
function drawLines({ x, y, width, height, content }: PlacedNode): string[] {
  const lines = linesOf(content);
  const text = lines.reduce((sum, { font }) => sum + font.lineHeight, 0);
  let bottom = y + (height - text - (content.load ? BAR.height + BAR.gap : 0)) / 2;
  return lines.map(({ text, font, style }) => {
    bottom += font.lineHeight;
    return textAt(text, x + width / 2, bottom - (font.lineHeight - font.size) / 2 - 2, font, style);
  });
}

function drawBar({ x, y, width, height, content: { load } }: PlacedNode): string[] {
  if (!load) return [];
  const inner = width - 2 * PADDING.x;
  const bar = { x: x + PADDING.x, y: y + height - PADDING.y - BAR.height, width: inner, height: BAR.height };
  return [
    rectangleAt("rm-track", bar, 2),
    rectangleAt(`rm-load-${loadLevel(load.share)}`, { ...bar, width: inner * load.share }, 2),
  ];
}

/** A box with points to the left and right, which reach into the padding. */
function hexagon({ x, y, width, height }: Rectangle): [number, number][] {
  const cut = PADDING.x - 4;
  const left = x + cut;
  const right = x + width - cut;
  const middle = y + height / 2;
  const bottom = y + height;
  return [[left, y], [right, y], [x + width, middle], [right, bottom], [left, bottom], [x, middle]];
}

/** An edge, as `<g data-edge="its id">`. */
export function drawEdge({ points, junctions, content }: PlacedEdge, direction: Direction): string {
  const { edge, id, load } = content;
  const hasArrow = edge.directed !== false;
  const classes = (name: string) => load ? `${name} ${name}-${loadLevel(load.share)}` : name;
  const width = load ? ' stroke-width="2.5"' : "";
  const dashes = edge.kind === "control" ? ' stroke-dasharray="4 3"' : "";
  const path = pathOf(hasArrow ? shorten(points) : points);
  return [
    `<g data-edge="${escape(safe(id))}">`,
    `<path class="${classes("rm-line")}" d="${path}"${width}${dashes}/>`,
    ...junctions.map(({ x, y }) => `<circle class="${classes("rm-tip")}" cx="${round(x)}" cy="${round(y)}" r="2.5"/>`),
    ...hasArrow ? [polygonAt(classes("rm-tip"), arrow(points.at(-1)!, direction))] : [],
    "</g>",
  ].join("");
}

/** A line ends within its arrow. */
function shorten(points: readonly Point[]): Point[] {
  const before = points.at(-2)!;
  const end = points.at(-1)!;
  const back = (from: number, to: number) => to - Math.sign(to - from) * (ARROW.length - 1);
  return [...points.slice(0, -1), { x: back(before.x, end.x), y: back(before.y, end.y) }];
}

function arrow({ x, y }: Point, direction: Direction): [number, number][] {
  const { length, half } = ARROW;
  return direction === "down"
    ? [[x, y], [x - half, y - length], [x + half, y - length]]
    : [[x, y], [x - length, y - half], [x - length, y + half]];
}

function drawLabel({ label, content: { lines } }: PlacedEdge): string[] {
  if (!label) return [];
  return lines.map((line, index) => {
    const baseline = label.y + (index + 1) * DETAIL.lineHeight - 4;
    return textAt(line, label.x + label.width / 2, baseline, DETAIL, "rm-label");
  });
}
