/** Pieces of SVG. */

import { columnsOf } from "./content.ts";
import type { Point, Rectangle } from "./geometry.ts";

/** A size of letters, in pixels. */
export interface Font {
  readonly size: number;
  readonly lineHeight: number;
  readonly weight: number;
}

/**
 * The width of a column, as a share of the size of the letters. In fonts of fixed width it is 0.55 (Consolas) to 0.602
 * (DejaVu Sans Mono, Menlo), so that what is measured with it fits, whichever the reader has.
 */
const COLUMN = 0.61;

/** Corners of lines. */
const RADIUS = 6;

/** Estimates the width of a text, in pixels. */
export function widthOf(text: string, { size }: Font): number {
  return columnsOf(text) * size * COLUMN;
}

/** A text within an element or an attribute. */
export function escape(text: string): string {
  const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return text.replace(/[&<>"]/g, (character) => entities[character]);
}

/** A coordinate, to a tenth. */
export function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** A line of text. */
export function textAt(text: string, x: number, y: number, font: Font, style: string, anchor = "middle"): string {
  const weight = font.weight === 400 ? "" : ` font-weight="${font.weight}"`;
  return `<text class="${style}" x="${round(x)}" y="${
    round(y)
  }" font-size="${font.size}"${weight} text-anchor="${anchor}">${escape(text)}</text>`;
}

/** A line with rounded corners. */
export function pathOf(points: readonly Point[]): string {
  const at = ({ x, y }: Point) => `${round(x)} ${round(y)}`;
  const towards = (from: Point, to: Point, distance: number): Point => ({
    x: from.x + Math.sign(to.x - from.x) * distance,
    y: from.y + Math.sign(to.y - from.y) * distance,
  });
  const lengthOf = (one: Point, other: Point) => Math.abs(one.x - other.x) + Math.abs(one.y - other.y);
  const corners = points.slice(1, -1).map((corner, index) => {
    const before = points[index];
    const after = points[index + 2];
    const radius = Math.min(RADIUS, lengthOf(before, corner) / 2, lengthOf(corner, after) / 2);
    return `L${at(towards(corner, before, radius))}Q${at(corner)} ${at(towards(corner, after, radius))}`;
  });
  return `M${at(points[0])}${corners.join("")}L${at(points.at(-1)!)}`;
}

/** A rectangle with rounded corners. */
export function rectangleAt(style: string, { x, y, width, height }: Rectangle, corner: number): string {
  const place = `x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}"`;
  return `<rect class="${style}" ${place} rx="${corner}"/>`;
}

/** A polygon. */
export function polygonAt(style: string, corners: readonly (readonly [number, number])[]): string {
  return `<polygon class="${style}" points="${corners.map((corner) => corner.map(round).join(",")).join(" ")}"/>`;
}
