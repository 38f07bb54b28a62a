/** The drawing, with live figures. */

import { contentOf, loadOf } from "../draw/content.ts";
import type { Figure, Figures } from "../description.ts";
import { drawEdge, drawLayout, drawNode } from "../draw/draw_layout.ts";
import type { Layout, PlacedEdge, PlacedNode } from "../draw/geometry.ts";
import { element } from "./dom.ts";
import type { LaidOutDrawing } from "./lay_out.ts";
import type { Selection } from "./selection.ts";

const SVG = "http://www.w3.org/2000/svg";
const MARGIN = 12;
/** Smaller, nobody could read it: what does not fit then is scrolled. */
const SMALLEST = 0.65;
/** The tallest drawing, as a share of the window's height. */
const TALLEST = 0.6;

/** A part of the drawing, and how it was drawn last. */
interface Part<Place> {
  readonly place: Place;
  drawn: string;
  element: Element;
}

/** The drawing of what runs. */
export class Graph {
  readonly #area: HTMLElement;
  readonly #selection: Selection;
  #drawing: LaidOutDrawing | undefined;
  #layout: Layout | undefined;
  #nodes: Part<PlacedNode>[] = [];
  #edges: Part<PlacedEdge>[] = [];
  #figures: Figures = {};

  constructor(area: HTMLElement, selection: Selection) {
    this.#area = area;
    this.#selection = selection;
    selection.follow(() => this.#light());
    selection.watch(area, (part) => this.#nodeOf(part));
    new ResizeObserver(() => this.#fit()).observe(area);
    addEventListener("resize", () => this.#fit());
  }

  /** Shows a drawing instead of the one before. */
  show(drawing: LaidOutDrawing): void {
    this.#drawing = drawing;
    this.#fit();
  }

  /** Shows figures. */
  update(figures: Figures): void {
    this.#figures = figures;
    for (const part of this.#nodes) change(part, drawNode({ ...part.place, content: this.#contentOf(part.place) }));
    for (const part of this.#edges) change(part, drawEdge(this.#loaded(part.place), this.#layout!.direction));
    this.#light();
  }

  #figureOf(node: string): Figure {
    const nodes = this.#figures.nodes ?? {};
    return Object.hasOwn(nodes, node) ? nodes[node] : {};
  }

  /** As many lines as there is room for, so that they keep their places. */
  #contentOf({ content: { node, lines, load, status } }: PlacedNode): PlacedNode["content"] {
    const figure = this.#figureOf(node.id);
    const known = figure.lines ?? [];
    const blank = { load: load && 0, loadName: "", status: status && " " };
    return contentOf(node, { ...blank, ...figure, lines: lines.map((_, index) => known[index] ?? "") });
  }

  /** A line is as full as what it leads to or comes from. */
  #loaded(place: PlacedEdge): PlacedEdge {
    const { from, to, kind = "flow" } = place.content.edge;
    const data = this.#nodes.find(({ place: { content: { node } } }) =>
      node.kind === "data" && (node.id === from || node.id === to)
    );
    if (!data || kind !== "flow") return place;
    return { ...place, content: { ...place.content, load: loadOf(this.#figureOf(data.place.content.node.id)) } };
  }

  /** Takes the direction in which more can be read. */
  #fit(): void {
    if (!this.#drawing) return;
    const width = this.#area.clientWidth - 2 * MARGIN;
    const height = TALLEST * innerHeight;
    const scaleOf = (layout: Layout) => Math.min(1, width / layout.width, height / layout.height);
    const { down, right } = this.#drawing;
    const layout = scaleOf(down) > scaleOf(right) ? down : right;
    if (layout !== this.#layout) this.#draw(layout);
    const scale = Math.max(scaleOf(layout), SMALLEST);
    const svg = this.#area.querySelector("svg")!;
    svg.setAttribute("width", `${scale * (layout.width + 2 * MARGIN)}`);
    svg.setAttribute("height", `${scale * (layout.height + 2 * MARGIN)}`);
  }

  #draw(layout: Layout): void {
    this.#layout = layout;
    const box = `${-MARGIN} ${-MARGIN} ${layout.width + 2 * MARGIN} ${layout.height + 2 * MARGIN}`;
    const frame = element("div", { class: "drawing" });
    // All texts in it are escaped.
    frame.innerHTML = `<svg xmlns="${SVG}" viewBox="${box}" role="img">${drawLayout(layout).join("")}</svg>`;
    this.#area.replaceChildren(frame);
    const parts = <Place>(places: readonly Place[], kind: string): Part<Place>[] => {
      const elements = frame.querySelectorAll(`[data-${kind}]`);
      return places.map((place, index) => ({ place, drawn: "", element: elements[index] }));
    };
    this.#nodes = parts(layout.nodes, "node");
    this.#edges = parts(layout.edges, "edge");
    this.update(this.#figures);
  }

  #nodeOf(part: Element): string | null {
    const drawn = part.closest("[data-node]");
    return this.#nodes.find(({ element }) => element === drawn)?.place.content.node.id ?? null;
  }

  #light(): void {
    const isConcerned = this.#nodes.some(({ place }) => this.#selection.has(place.content.node.id));
    this.#area.classList.toggle("has-selection", isConcerned);
    for (const { place, element } of this.#nodes) {
      element.classList.toggle("is-lit", this.#selection.has(place.content.node.id));
    }
  }
}

function change(part: Part<unknown>, drawn: string): void {
  if (drawn === part.drawn) return;
  const group = document.createElementNS(SVG, "g");
  group.innerHTML = drawn;
  const fresh = group.firstElementChild!;
  part.element.replaceWith(fresh);
  part.element = fresh;
  part.drawn = drawn;
}
