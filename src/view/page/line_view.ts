/** A line, scaled to what it was lately, and the last ones as a waterfall, the newest on top. */

import { formatInteger } from "../../units.ts";
import type { LivePart } from "../live/live_frame.ts";
import { colourOf, themeColour } from "./colours.ts";
import { element, safeText, setText } from "./dom.ts";
import { heat } from "./heat.ts";
import { bytesOf, clear, newCanvas, type PartView, rangeText, valueText } from "./part_view.ts";

/** Frames that are remembered. */
const MOST_FRAMES = 100;
/** The highest level of a point; the one above means that there is no number. */
const TOP = 65_534;
const FONT = "11px system-ui, sans-serif";
const MARGIN = { top: 6, right: 8, bottom: 16, gap: 6 };

/** A line that was seen. */
interface SeenLine {
  readonly frame: number;
  readonly levels: Uint16Array;
  readonly range: readonly [number, number] | null;
  /** What its range is counted from. */
  readonly base: bigint;
}

/** Where on a canvas a line is drawn. */
interface Plot {
  readonly left: number;
  readonly width: number;
  readonly height: number;
  readonly low: number;
  readonly high: number;
}

/** A part of one dimension. */
export class LineView implements PartView {
  readonly element: HTMLElement;
  readonly #title: string;
  readonly #heading = element("h3");
  readonly #canvas = newCanvas("line");
  readonly #waterfall = newCanvas("waterfall");
  readonly #image = document.createElement("canvas");
  #part: LivePart | undefined;
  #lines: SeenLine[] = [];

  constructor(title: string) {
    this.#title = title;
    this.element = element("div", { class: "part" }, this.#heading, this.#canvas, this.#waterfall);
  }

  update(part: LivePart, frame: number): void {
    this.#part = part;
    const levels = new Uint16Array(bytesOf(part).buffer);
    if (frame !== this.#lines.at(-1)?.frame) {
      this.#lines.push({ frame, levels, range: part.range, base: BigInt(part.base) });
    }
    this.#lines = this.#lines.slice(-MOST_FRAMES);
    this.redraw();
  }

  /** A frame of one number is drawn over time: there is no line in it. */
  get #isNumber(): boolean {
    return this.#part!.shape[0] === 1;
  }

  redraw(): void {
    const part = this.#part;
    if (!part) return;
    const what = rangeText(part);
    setText(this.#heading, part.name === "" ? what : `${part.name}: ${what}`);
    const [length] = part.shape;
    const name = safeText([this.#title, part.name].filter(Boolean).join(" "));
    const label = this.#isNumber
      ? `the last ${this.#lines.length} numbers, the newest ${what}`
      : `a line of ${length} numbers, ${what}`;
    this.#canvas.setAttribute("aria-label", `${name}: ${label}`);
    this.#waterfall.hidden = this.#isNumber;
    const plot = this.#drawAxes(part);
    if (this.#isNumber) return this.#drawNumbers(plot);
    this.#drawLine(plot);
    this.#waterfall.setAttribute(
      "aria-label",
      `${name}: the last ${this.#lines.length} lines below each other, the newest on top`,
    );
    this.#drawWaterfall(plot);
  }

  /** The range of a line, counted from the base of the newest. */
  #rangeOf({ range, base }: SeenLine): [number, number] | null {
    if (!range) return null;
    const shift = Number(base - this.#lines.at(-1)!.base);
    return [range[0] + shift, range[1] + shift];
  }

  /** From the least to the most of the lines that are remembered: it does not jump from frame to frame. */
  #wholeRange(): [number, number] {
    const ranges = this.#lines.map((line) => this.#rangeOf(line)).filter((range) => range !== null);
    if (ranges.length === 0) return [0, 1];
    return [Math.min(...ranges.map(([low]) => low)), Math.max(...ranges.map(([, high]) => high))];
  }

  #textOf(value: number): string {
    const { unit } = this.#part!;
    const { base } = this.#lines.at(-1)!;
    if (base === 0n) return valueText(value, unit);
    return [formatInteger(base, value), unit].filter(Boolean).join(" ");
  }

  #drawAxes({ shape }: LivePart): Plot {
    const context = clear(this.#canvas);
    const [least, most] = this.#wholeRange();
    const isFlat = least === most;
    const pad = isFlat ? Math.abs(least) / 100 || 1 : 0;
    const [low, high] = [least - pad, most + pad];
    const labels = this.#lines.every(({ range }) => !range)
      ? [["", 0], ["", 1]] as const
      : isFlat
      ? [["", 0], [this.#textOf(least), 0.5], ["", 1]] as const
      : [[this.#textOf(high), 0], [this.#textOf(low), 1]] as const;
    context.font = FONT;
    const left = Math.max(...labels.map(([label]) => context.measureText(label).width)) + MARGIN.gap;
    const { clientWidth, clientHeight } = this.#canvas;
    const plot = {
      left,
      width: Math.max(1, clientWidth - left - MARGIN.right),
      height: clientHeight - MARGIN.top - MARGIN.bottom,
      low,
      high,
    };
    context.strokeStyle = themeColour("grid");
    context.fillStyle = themeColour("muted");
    context.textBaseline = "middle";
    context.textAlign = "right";
    context.beginPath();
    for (const [label, at] of labels) {
      const y = MARGIN.top + at * plot.height;
      context.fillText(label, left - MARGIN.gap, y);
      context.moveTo(left, y);
      context.lineTo(left + plot.width, y);
    }
    context.stroke();
    const ends = this.#isNumber ? [`${this.#lines.length} frames`, "now"] : ["0", `${shape[0] - 1}`];
    context.textBaseline = "bottom";
    context.textAlign = "left";
    context.fillText(ends[0], left, clientHeight);
    context.textAlign = "right";
    context.fillText(ends[1], left + plot.width, clientHeight);
    return plot;
  }

  #begin(): CanvasRenderingContext2D {
    const context = this.#canvas.getContext("2d")!;
    context.strokeStyle = context.fillStyle = colourOf(0);
    context.lineWidth = 1.5;
    context.lineJoin = "round";
    context.beginPath();
    return context;
  }

  #drawLine(plot: Plot): void {
    const { levels, range } = this.#lines.at(-1)!;
    if (!range) return;
    const context = this.#begin();
    const points = levels.length / 2;
    let isDown = false;
    for (let point = 0; point < points; point++) {
      if (levels[2 * point] > TOP) {
        isDown = false;
        continue;
      }
      const x = plot.left + plot.width * (points === 1 ? 0.5 : point / (points - 1));
      const low = yOf(plot, valueOf(levels[2 * point], range));
      const high = yOf(plot, valueOf(levels[2 * point + 1], range));
      if (isDown) context.lineTo(x, high);
      else context.moveTo(x, high);
      // A number alone is a dot.
      context.lineTo(isDown || levels[2 * point + 2] <= TOP ? x : x + 1, low);
      isDown = true;
    }
    context.stroke();
  }

  #drawNumbers(plot: Plot): void {
    const context = this.#begin();
    const lines = this.#lines;
    let isDown = false;
    for (const [index, line] of lines.entries()) {
      const range = this.#rangeOf(line);
      const x = plot.left + plot.width * (index + 1) / Math.max(2, lines.length);
      const y = range ? yOf(plot, range[0]) : 0;
      if (!range) isDown = false;
      else if (isDown) context.lineTo(x, y);
      else context.moveTo(x - 1, y), context.lineTo(x, y);
      isDown = range !== null;
    }
    context.stroke();
  }

  #drawWaterfall({ left, width }: Plot): void {
    const lines = this.#lines;
    const points = lines.at(-1)!.levels.length / 2;
    const [least, most] = this.#wholeRange();
    this.#image.width = points;
    this.#image.height = MOST_FRAMES;
    const image = new ImageData(points, MOST_FRAMES);
    for (const [index, line] of lines.entries()) {
      const { levels } = line;
      const range = this.#rangeOf(line);
      const row = lines.length - 1 - index;
      for (let point = 0; range && point < points; point++) {
        if (levels[2 * point] > TOP) continue;
        const value = valueOf((levels[2 * point] + levels[2 * point + 1]) / 2, range);
        image.data.set(heat(most === least ? 0.5 : shareOf(value, least, most)), 4 * (row * points + point));
      }
    }
    this.#image.getContext("2d")!.putImageData(image, 0, 0);
    const context = clear(this.#waterfall);
    context.imageSmoothingEnabled = false;
    context.drawImage(this.#image, left, 0, width, this.#waterfall.clientHeight);
  }
}

function valueOf(level: number, [low, high]: readonly [number, number]): number {
  // The range may be larger than the largest number.
  return low * (1 - level / TOP) + high * (level / TOP);
}

/** Where a value lies between two others, from 0 to 1. */
function shareOf(value: number, low: number, high: number): number {
  return (value / 2 - low / 2) / (high / 2 - low / 2);
}

function yOf({ height, low, high }: Plot, value: number): number {
  return MARGIN.top + height * (1 - shareOf(value, low, high));
}
