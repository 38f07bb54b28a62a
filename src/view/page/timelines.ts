/** The latest runs: what was done in each, and when. */

import type { LiveBar, LiveTimeline } from "../live/update.ts";
import { element, setText } from "./dom.ts";
import type { Selection } from "./selection.ts";
import { format, timeOfDay } from "./units.ts";

/** All bars of one node. */
interface Lane {
  readonly node: string;
  readonly title: string;
  readonly bars: LiveBar[];
}

/** The timelines of a page. */
export class Timelines {
  readonly #area: HTMLElement;
  readonly #selection: Selection;
  /** By run: what it was drawn from last. */
  readonly #drawn = new Map<string, { readonly from: string; readonly box: HTMLElement }>();

  constructor(area: HTMLElement, selection: Selection) {
    this.#area = area;
    this.#selection = selection;
    selection.follow(() => this.#light());
    selection.watch(area, (part) => (part.closest("[data-lane]") as HTMLElement | null)?.dataset.lane ?? null);
  }

  /** Shows these runs, and no others. */
  update(timelines: readonly LiveTimeline[]): void {
    this.#area.hidden = timelines.length === 0;
    const boxes = timelines.map((timeline) => this.#boxOf(timeline));
    const shown = new Set(timelines.map(({ id }) => id));
    for (const id of [...this.#drawn.keys()]) if (!shown.has(id)) this.#drawn.delete(id);
    const isSame = boxes.length === this.#area.childElementCount &&
      boxes.every((box, index) => box === this.#area.children[index]);
    if (isSame) return;
    this.#area.replaceChildren(...boxes);
    this.#light();
  }

  /** Drawn again only where something has changed. */
  #boxOf(timeline: LiveTimeline): HTMLElement {
    const from = JSON.stringify(timeline);
    const drawn = this.#drawn.get(timeline.id);
    if (drawn?.from === from) return drawn.box;
    const box = drawTimeline(timeline);
    this.#drawn.set(timeline.id, { from, box });
    return box;
  }

  #light(): void {
    for (const lane of this.#area.querySelectorAll<HTMLElement>("[data-lane]")) {
      lane.classList.toggle("is-lit", this.#selection.has(lane.dataset.lane!));
    }
  }
}

function drawTimeline({ title, status, startedAt, durationMs, bars }: LiveTimeline): HTMLElement {
  const state = element("span", { class: "status" });
  setText(state, status);
  const times = element("span", {}, `${timeOfDay(startedAt)}, ${format(durationMs, "ms")}`);
  const heading = element("h2", {}, title, state, times);
  const lanes = lanesOf(bars).map((lane) => drawLane(lane, durationMs));
  return element("article", { class: "timeline", "data-status": status }, heading, ...lanes);
}

function lanesOf(bars: readonly LiveBar[]): Lane[] {
  const lanes = new Map<string, Lane>();
  for (const bar of bars) {
    const lane = lanes.get(bar.node) ?? { node: bar.node, title: bar.title, bars: [] };
    lanes.set(bar.node, lane);
    lane.bars.push(bar);
  }
  return [...lanes.values()];
}

function drawLane({ node, title, bars }: Lane, durationMs: number): HTMLElement {
  const track = element("div", {}, ...bars.map((bar) => drawBar(bar, durationMs)));
  return element("div", { class: "lane", "data-lane": node }, element("span", { title }, title), track);
}

function drawBar({ title, status, fromMs, toMs }: LiveBar, durationMs: number): HTMLElement {
  const share = (ms: number) => `${100 * Math.min(1, ms / Math.max(durationMs, 0.001))}%`;
  const about = `${title}: ${status}, ${format(toMs - fromMs, "ms")}`;
  const bar = element("i", { "data-status": status, title: about });
  bar.style.insetInlineStart = share(fromMs);
  bar.style.inlineSize = share(toMs - fromMs);
  return bar;
}
