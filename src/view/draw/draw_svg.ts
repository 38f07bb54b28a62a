/** Drawings as SVG. */

import { checkDrawing, type Content, prepare } from "./content.ts";
import type { Figures, ViewDescription } from "../description.ts";
import { drawLayout, METRICS } from "./draw_layout.ts";
import { anything, oneOf, type Rules } from "../../rules.ts";
import { type Direction, DIRECTIONS, type Layout } from "./geometry.ts";
import { escape, type Font, round, textAt, widthOf } from "./svg_text.ts";
import { layOut } from "./layout.ts";
import { styleSheet, type Theme, THEMES } from "./theme.ts";

/** Options of {@link drawSvg}. */
export interface DrawSvgOptions {
  /** What is known at the moment. */
  figures?: Figures;
  /**
   * Which way the layers follow each other.
   *
   * @default {"down"}
   */
  direction?: Direction;
  /**
   * Colours for light pages, for dark ones, or for what the reader prefers.
   *
   * @default {"auto"}
   */
  theme?: Theme;
}

/** The rules of {@link DrawSvgOptions}. */
export const SVG_RULES: Rules = { figures: anything, direction: oneOf(DIRECTIONS), theme: oneOf(THEMES) };

const HEADING: Font = { size: 15, lineHeight: 20, weight: 600 };
const MARGIN = 16;

/** A layout in pixels. */
export function layOutPixels(content: Content, direction: Direction): Promise<Layout> {
  return layOut(content, METRICS, direction);
}

/**
 * Draws as SVG, as large as it needs to be. Texts are escaped. Each node is a `<g>` with its id as `data-node`, each edge one
 * with its id as `data-edge`; descriptions are shown when the pointer rests on a node.
 *
 * @throws {UnknownNameError} If an edge, a node or a figure names what is not there.
 * @throws {RangeError} If an id is taken, groups hold each other, a load is not from 0 to 1, or there is no such direction or
 * theme.
 *
 * @example
 * ```ts
 * import { drawSvg } from "@ringmill/ringmill/view";
 * import { match } from "node:assert/strict";
 *
 * const svg = await drawSvg({
 *   title: "line",
 *   nodes: [{ id: "a", kind: "task", title: "source" }, { id: "b", kind: "data", title: "a < b" }],
 *   edges: [{ from: "a", to: "b" }],
 * }, { figures: { nodes: { b: { load: 0.25 } } } });
 * match(svg, /^<svg /);
 * match(svg, />a &lt; b</);
 * match(svg, />25 %</);
 * ```
 */
export async function drawSvg(description: ViewDescription, options: DrawSvgOptions = {}): Promise<string> {
  checkDrawing(description, options, SVG_RULES);
  const { figures, direction = "down", theme = "auto" } = options;
  const content = prepare(description, figures);
  const layout = await layOutPixels(content, direction);
  const top = MARGIN + HEADING.lineHeight + 10;
  const width = Math.ceil(Math.max(layout.width, widthOf(content.title, HEADING)) + 2 * MARGIN);
  const height = Math.ceil(layout.height + top + MARGIN);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${escape(content.title)}</title>`,
    `<style>${styleSheet(theme)}</style>`,
    `<rect class="rm-page" width="${width}" height="${height}" rx="6"/>`,
    textAt(content.title, MARGIN, MARGIN + HEADING.size, HEADING, "rm-title", "start"),
    `<g transform="translate(${round((width - layout.width) / 2)} ${top})">`,
    ...drawLayout(layout),
    "</g>",
    "</svg>\n",
  ].join("\n");
}
