/** A sheet of characters on which boxes, lines and texts are drawn. */

import { columnsOf } from "./content.ts";
import type { Point, Rectangle } from "./geometry.ts";

const UP = 1;
const RIGHT = 2;
const DOWN = 4;
const LEFT = 8;

/** Lines by the directions in which they leave a cell. */
const GLYPHS = " ╵╶└╷│┌├╴┘─┴┐┤┬┼";

/** The characters of a box: corners from the top left, clockwise, then its top and its side. */
export type BoxStyle = readonly [string, string, string, string, string, string];

/** How boxes look. */
export const BOXES = {
  light: ["┌", "┐", "┘", "└", "─", "│"],
  round: ["╭", "╮", "╯", "╰", "─", "│"],
  double: ["╔", "╗", "╝", "╚", "═", "║"],
  heavy: ["┏", "┓", "┛", "┗", "━", "┃"],
  dashed: ["┌", "┐", "┘", "└", "╌", "╎"],
} satisfies Record<string, BoxStyle>;

/** A line through a cell. */
interface Stroke {
  readonly net: string;
  directions: number;
  readonly isDashed: boolean;
}

/** A sheet of `width` times `height` characters. */
export class Canvas {
  readonly #cells: string[][];
  readonly #strokes = new Map<string, Stroke[]>();

  constructor(width: number, height: number) {
    this.#cells = Array.from({ length: height }, () => new Array<string>(width).fill(" "));
  }

  #set(x: number, y: number, character: string): void {
    const row = this.#cells[y];
    if (row && x >= 0 && x < row.length) row[x] = character;
  }

  /** Writes a text. A wide character takes two cells, of which the second is empty. */
  write(x: number, y: number, text: string): void {
    let at = x;
    for (const { segment } of new Intl.Segmenter().segment(text)) {
      this.#set(at, y, segment);
      const columns = columnsOf(segment);
      for (let n = 1; n < columns; n++) this.#set(at + n, y, "");
      at += columns;
    }
  }

  /** Puts another character in the place of one, if there is another for it. */
  replace(x: number, y: number, others: Readonly<Record<string, string>>): void {
    const character = this.#cells[y]?.[x];
    if (character !== undefined && Object.hasOwn(others, character)) this.#cells[y][x] = others[character];
  }

  /** Draws a box, and clears what is within. */
  box({ x, y, width, height }: Rectangle, style: BoxStyle): void {
    const [topLeft, topRight, bottomRight, bottomLeft, top, side] = style;
    const inner = width - 2;
    this.write(x, y, topLeft + top.repeat(inner) + topRight);
    for (let row = y + 1; row < y + height - 1; row++) this.write(x, row, side + " ".repeat(inner) + side);
    this.write(x, y + height - 1, bottomLeft + top.repeat(inner) + bottomRight);
  }

  /** Draws a line of pieces at right angles. Lines of the same net join where they meet, others cross. */
  line(points: readonly Point[], net: string, isDashed: boolean): void {
    for (const [index, to] of points.entries()) {
      if (index > 0) this.#piece(points[index - 1], to, net, isDashed);
    }
  }

  #piece(from: Point, to: Point, net: string, isDashed: boolean): void {
    const dx = Math.sign(to.x - from.x);
    const dy = Math.sign(to.y - from.y);
    const ahead = dx > 0 ? RIGHT : dx < 0 ? LEFT : dy > 0 ? DOWN : UP;
    const back = { [RIGHT]: LEFT, [LEFT]: RIGHT, [DOWN]: UP, [UP]: DOWN }[ahead]!;
    for (let { x, y } = from; x !== to.x || y !== to.y; x += dx, y += dy) {
      this.#stroke(x, y, ahead, net, isDashed);
      this.#stroke(x + dx, y + dy, back, net, isDashed);
    }
  }

  #stroke(x: number, y: number, direction: number, net: string, isDashed: boolean): void {
    const key = `${x},${y}`;
    const strokes = this.#strokes.get(key) ?? [];
    const own = strokes.find((stroke) => stroke.net === net);
    if (own) own.directions |= direction;
    else strokes.push({ net, directions: direction, isDashed });
    this.#strokes.set(key, strokes);
  }

  /** Puts the lines on the sheet, over what is there. Where two cross, the one from above passes over the other. */
  flatten(): void {
    for (const [key, strokes] of this.#strokes) {
      const [x, y] = key.split(",").map(Number);
      const { directions, isDashed } = strokes.find((stroke) => (stroke.directions & (UP | DOWN)) !== 0) ?? strokes[0];
      const dashed = directions === (UP | DOWN) ? "╎" : directions === (LEFT | RIGHT) ? "╌" : null;
      this.#set(x, y, isDashed && dashed ? dashed : GLYPHS[directions]);
    }
    this.#strokes.clear();
  }

  /** The sheet as a text, without spaces at the ends of lines. */
  toString(): string {
    return this.#cells.map((row) => row.join("").trimEnd()).join("\n");
  }
}
