/** What lines and pictures of a frame have in common. */

import { formatValue } from "../../units.ts";
import type { LivePart } from "../live/live_frame.ts";
import { element } from "./dom.ts";

/** A line or a picture. */
export interface PartView {
  readonly element: HTMLElement;
  /** Shows the part of the frame of a number. */
  update(part: LivePart, frame: number): void;
  /** Draws again. */
  redraw(): void;
}

/** The bytes of a part. */
export function bytesOf({ data }: LivePart): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
}

/** From where to where its numbers go, and how many are none. */
export function rangeText({ texts, unit, missing }: LivePart): string {
  const range = texts === null ? "no finite number" : texts[0] === texts[1] ? texts[0] : `${texts[0]} to ${texts[1]}`;
  const withUnit = texts === null || unit === "" ? range : `${range} ${unit}`;
  return missing === 0 || texts === null ? withUnit : `${withUnit}, ${missing} not finite`;
}

/** A canvas that is read out as what it shows. */
export function newCanvas(kind: string): HTMLCanvasElement {
  return element("canvas", { class: kind, role: "img" });
}

/** Makes a canvas as fine as the screen, and empty. Its context draws in the pixels of the page. */
export function clear(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const scale = devicePixelRatio;
  const { clientWidth, clientHeight } = canvas;
  canvas.width = Math.max(1, Math.round(clientWidth * scale));
  canvas.height = Math.max(1, Math.round(clientHeight * scale));
  const context = canvas.getContext("2d")!;
  context.scale(scale, scale);
  return context;
}

/** A number with its unit. */
export function valueText(value: number, unit: string): string {
  return unit === "" ? formatValue(value) : `${formatValue(value)} ${unit}`;
}
