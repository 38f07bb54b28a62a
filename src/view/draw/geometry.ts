/** Places of nodes and edges in a drawing, in whatever unit it has. */

import type { EdgeContent, NodeContent } from "./content.ts";
import type { ViewGroup } from "../description.ts";

/** Which way the layers follow each other. */
export type Direction = "down" | "right";

/** Both directions. */
export const DIRECTIONS: readonly Direction[] = ["down", "right"];

/** A place. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** An extent. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A box. */
export interface Rectangle extends Point, Size {}

/** A node in its place. */
export interface PlacedNode extends Rectangle {
  readonly content: NodeContent;
}

/** A group in its place. */
export interface PlacedGroup extends Rectangle {
  readonly group: ViewGroup;
  /** In how many others it lies. */
  readonly depth: number;
}

/** An edge in its place. */
export interface PlacedEdge {
  readonly content: EdgeContent;
  /** From the border of one box to that of another. */
  readonly points: readonly Point[];
  /** Where it leaves others that come from the same node. */
  readonly junctions: readonly Point[];
  readonly label: Rectangle | undefined;
}

/** Everything in its place. */
export interface Layout extends Size {
  readonly direction: Direction;
  readonly nodes: readonly PlacedNode[];
  readonly groups: readonly PlacedGroup[];
  readonly edges: readonly PlacedEdge[];
}

/** What a kind of drawing asks of the layout, in units of its own. */
export interface Metrics {
  /** Room that a node needs. */
  node(content: NodeContent): Size;
  /** Room that lines beside an edge need. */
  label(lines: readonly string[]): Size;
  /** Room that the heading of a group needs. */
  heading(title: string): Size;
  /** Between the lines that end at one side of a box, in the direction of that side. */
  readonly portGap: Size;
  /** Around the nodes of a group. */
  readonly padding: number;
  /** Between things beside each other, and between layers. */
  readonly spacing: (direction: Direction) => {
    readonly nodes: number;
    readonly lines: number;
    readonly nodeToLine: number;
    readonly layers: number;
    readonly layerToLine: number;
    readonly linesBetweenLayers: number;
    readonly lineToLabel: number;
  };
}

/** Lines that lead back to their own node come with ends half a unit beside the place where they go on. */
export function straighten(points: readonly Point[]): Point[] {
  const onto = (point: Point, end: Point): Point =>
    Math.abs(point.x - end.x) < Math.abs(point.y - end.y) ? { x: end.x, y: point.y } : { x: point.x, y: end.y };
  if (points.length === 2) return [points[0], onto(points[1], points[0])];
  const [start, second] = points;
  const [before, end] = points.slice(-2);
  const moved = points.slice();
  moved[1] = onto(second, start);
  moved[points.length - 2] = onto(points.length === 3 ? moved[1] : before, end);
  return moved;
}

/** Moves everything to where coordinates begin at 0, and finds the size: the kernel's own leaves out lines at the rim. */
export function fit(layout: Layout): Layout {
  const labels = layout.edges.flatMap(({ label }) => label ?? []);
  const corners = [
    ...[...layout.nodes, ...layout.groups, ...labels].flatMap(({ x, y, width, height }) => [
      { x, y },
      { x: x + width, y: y + height },
    ]),
    ...layout.edges.flatMap(({ points }) => points),
  ];
  if (corners.length === 0) return layout;
  const [left, right] = extent(corners.map(({ x }) => x));
  const [top, bottom] = extent(corners.map(({ y }) => y));
  const move = <Place extends Point>(place: Place): Place => ({ ...place, x: place.x - left, y: place.y - top });
  return {
    direction: layout.direction,
    width: right - left,
    height: bottom - top,
    nodes: layout.nodes.map(move),
    groups: layout.groups.map(move),
    edges: layout.edges.map((edge) => ({
      ...edge,
      points: edge.points.map(move),
      junctions: edge.junctions.map(move),
      label: edge.label && move(edge.label),
    })),
  };
}

function extent(values: readonly number[]): [number, number] {
  return values.reduce(([least, most], value) => [Math.min(least, value), Math.max(most, value)], [
    Infinity,
    -Infinity,
  ]);
}
