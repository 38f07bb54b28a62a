/** The newest frames of the streams that were clicked. The program looks at none while nobody does. */

import type { LiveDrawing } from "../live/update.ts";
import type { LiveFrame } from "../live/live_frame.ts";
import { followTheme } from "./colours.ts";
import { FrameView } from "./frame_view.ts";
import type { Selection } from "./selection.ts";

/** Streams that are shown at a time, those that were clicked last. */
const MOST = 8;
/** From one attempt to the next, in milliseconds. */
const RETRY_MS = 1000;

/** The part of the page with frames; hidden while none is shown. */
export class Frames {
  readonly #area: HTMLElement;
  readonly #selection: Selection;
  readonly #views = new Map<string, FrameView>();
  #drawing: LiveDrawing | undefined;
  #source: EventSource | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #followed = "";

  constructor(area: HTMLElement, selection: Selection) {
    this.#area = area;
    this.#selection = selection;
    selection.follow(() => this.#choose());
    document.addEventListener("visibilitychange", () => this.#choose());
    followTheme(() => this.#redraw());
    new ResizeObserver(() => this.#redraw()).observe(area);
  }

  /** Which nodes can be looked at, and how they are called. */
  allow(drawing: LiveDrawing): void {
    this.#drawing = drawing;
    this.#choose();
  }

  #redraw(): void {
    for (const view of this.#views.values()) view.redraw();
  }

  /** Shows those that are selected, and listens to them alone: to none while nobody sees the page. */
  #choose(): void {
    const framed = new Set(this.#drawing?.framed ?? []);
    const wanted = this.#selection.pinned.filter((node) => framed.has(node)).slice(-MOST);
    this.#show(wanted);
    const followed = document.hidden ? [] : wanted.filter((node) => !this.#views.get(node)!.isFinal);
    const address = followed.map((node) => `node=${encodeURIComponent(node)}`).join("&");
    if (address === this.#followed) return;
    this.#followed = address;
    this.#listen();
  }

  #show(wanted: readonly string[]): void {
    for (const [node, view] of this.#views) {
      if (wanted.includes(node)) continue;
      view.remove();
      this.#views.delete(node);
    }
    for (const node of wanted) {
      if (this.#views.has(node)) continue;
      const view = new FrameView(node, this.#titleOf(node), () => this.#selection.toggle(node));
      this.#views.set(node, view);
      this.#area.append(view.element);
    }
    this.#area.hidden = wanted.length === 0;
  }

  #titleOf(node: string): string {
    return this.#drawing!.description.nodes.find(({ id }) => id === node)?.title ?? node;
  }

  #listen(): void {
    this.#source?.close();
    clearTimeout(this.#retry);
    this.#source = undefined;
    if (this.#followed === "") return;
    const source = this.#source = new EventSource(`frames?${this.#followed}`);
    source.addEventListener("message", ({ data }) => this.#hear(JSON.parse(data)));
    source.addEventListener("error", () => {
      // A refusal closes it for good: the program may be another one soon.
      if (source.readyState === EventSource.CLOSED) this.#retry = setTimeout(() => this.#listen(), RETRY_MS);
    });
  }

  #hear(frame: LiveFrame): void {
    this.#views.get(frame.node)?.update(frame);
    if (frame.isFinal) this.#choose();
  }
}
