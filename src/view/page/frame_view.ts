/** The newest frame of a stream: what it is, and its lines and pictures. */

import type { LiveFrame } from "../live/live_frame.ts";
import { element, setText } from "./dom.ts";
import { LineView } from "./line_view.ts";
import { PictureView } from "./picture_view.ts";
import type { PartView } from "./part_view.ts";
import { format } from "./units.ts";

/** One stream. */
export class FrameView {
  readonly element: HTMLElement;
  readonly #title: string;
  readonly #counted = element("p", { class: "counted" }, "no frame yet");
  readonly #about = element("p");
  readonly #area = element("div");
  #parts: PartView[] = [];
  #shape = "";
  /** Whether nothing will change any more. */
  isFinal = false;

  constructor(node: string, title: string, close: () => void) {
    this.#title = title;
    const button = element("button", { type: "button", class: "close", "aria-label": `Close ${title}` }, "×");
    button.addEventListener("click", close);
    const head = element("div", {}, element("h2", { title }, title), this.#counted, button);
    const label = `Newest frame of ${title}`;
    this.element = element("article", { class: "frame", "data-frame": node, "aria-label": label });
    this.element.append(head, this.#about, this.#area);
  }

  /** Shows a frame. */
  update({ frames, isFinal, type, description, parts, leftOut }: LiveFrame): void {
    this.isFinal = isFinal;
    const last = isFinal ? ", the last" : "";
    const columns = leftOut === 0 ? "" : `, ${leftOut} more columns`;
    setText(
      this.#counted,
      frames === 0
        ? `no frame ${isFinal ? "came" : "yet"}, ${type}${columns}`
        : `frame ${format(frames, "count")}${last}, ${type}${columns}`,
    );
    setText(this.#about, description);
    const shape = JSON.stringify(parts.map(({ name, kind, unit, shape }) => [name, kind, unit, shape]));
    if (shape !== this.#shape) this.#make(parts);
    this.#shape = shape;
    for (const [index, part] of parts.entries()) this.#parts[index].update(part, frames);
  }

  #make(parts: LiveFrame["parts"]): void {
    this.#parts = parts.map((part) => part.kind === "line" ? new LineView(this.#title) : new PictureView(this.#title));
    this.#area.replaceChildren(...this.#parts.map(({ element }) => element));
  }

  /** Draws again, in another size or other colours. */
  redraw(): void {
    for (const part of this.#parts) part.redraw();
  }

  /** Removes it. */
  remove(): void {
    this.element.remove();
  }
}
