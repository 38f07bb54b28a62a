/** A picture of a frame, grey or in colours. */

import type { LivePart } from "../live/live_frame.ts";
import { element, safeText, setText } from "./dom.ts";
import { bytesOf, newCanvas, type PartView, rangeText } from "./part_view.ts";

/** Pixels of the page, at most. */
const HIGHEST = 320;
/** The highest level of a grey point; the one above means that there is no number. */
const TOP = 254;

/** A part of two dimensions or more. */
export class PictureView implements PartView {
  readonly element: HTMLElement;
  readonly #title: string;
  readonly #heading = element("h3");
  readonly #canvas = newCanvas("picture");

  constructor(title: string) {
    this.#title = title;
    this.element = element("div", { class: "part" }, this.#heading, this.#canvas);
  }

  update(part: LivePart): void {
    const { name, kind, width, height, shape: [rows, columns] } = part;
    const what = rangeText(part);
    setText(this.#heading, name === "" ? what : `${name}: ${what}`);
    const label = `a ${
      kind === "picture" ? "grey" : "coloured"
    } picture of ${rows} rows and ${columns} columns, ${what}`;
    this.#canvas.setAttribute("aria-label", safeText(`${[this.#title, name].filter(Boolean).join(" ")}: ${label}`));
    this.#canvas.width = width;
    this.#canvas.height = height;
    // As it is in the frame, however few points are left of it.
    this.#canvas.style.aspectRatio = `${columns} / ${rows}`;
    this.#canvas.style.inlineSize = `${Math.max(1, HIGHEST * columns / rows)}px`;
    const image = new ImageData(width, height);
    fill(image.data, part);
    this.#canvas.getContext("2d")!.putImageData(image, 0, 0);
  }

  redraw(): void {
    // The browser scales it.
  }
}

/** Red is no grey. */
const NO_NUMBER = [207, 34, 46, 255] as const;

/** Points as red, green, blue and alpha. */
function fill(data: Uint8ClampedArray, part: LivePart): void {
  const bytes = bytesOf(part);
  const channels = part.channels!;
  for (let point = 0; point < bytes.length / channels; point++) {
    const from = point * channels;
    const to = 4 * point;
    if (channels > 1) {
      for (let channel = 0; channel < 4; channel++) {
        data[to + channel] = channel < channels ? bytes[from + channel] : 255;
      }
    } else if (bytes[from] > TOP) {
      data.set(NO_NUMBER, to);
    } else {
      data.fill(Math.round(bytes[from] / TOP * 255), to, to + 3);
      data[to + 3] = 255;
    }
  }
}
