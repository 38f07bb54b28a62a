/** Charts over time: one for each charted column, with a line for each row. */

import uPlot from "uplot";
import type { LiveColumn, LiveTable } from "../live/update.ts";
import { colourOf, followTheme, themeColour } from "./colours.ts";
import { element, setText } from "./dom.ts";
import type { History } from "./history.ts";
import type { Selection } from "./selection.ts";
import { format, timeOfDay } from "./units.ts";

const HEIGHT = 150;
/** How near the pointer has to be to a line, in pixels. */
const NEAR = 24;
const FONT = "11px system-ui, sans-serif";

/** Time is shown no closer than that, in seconds. */
const SHORTEST_SPAN = 30;

/** All charts of a page. */
export class Charts {
  readonly #area: HTMLElement;
  readonly #history: History;
  readonly #selection: Selection;
  #charts: Chart[] = [];
  #shape = "";
  /** The number of the frame before which all are drawn again. */
  #frame: number | undefined;

  constructor(area: HTMLElement, history: History, selection: Selection) {
    this.#area = area;
    this.#history = history;
    this.#selection = selection;
    followTheme(() => this.#redrawSoon());
    selection.follow(() => this.#redrawSoon());
    new ResizeObserver(() => this.#charts.forEach((chart) => chart.resize())).observe(area);
  }

  /** Draws what the history knows. */
  update(tables: readonly LiveTable[]): void {
    const shape = JSON.stringify(tables.map(({ id, columns, rows }) => [id, columns, rows.map(({ node }) => node)]));
    if (shape !== this.#shape) this.#make(tables);
    this.#shape = shape;
    for (const chart of this.#charts) chart.update();
  }

  /** Not at once: a chart that is just drawing would not begin again. */
  #redrawSoon(): void {
    if (this.#frame !== undefined) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = undefined;
      for (const chart of this.#charts) chart.redraw();
    });
  }

  #make(tables: readonly LiveTable[]): void {
    for (const chart of this.#charts) chart.destroy();
    this.#charts = tables.flatMap((table) =>
      table.columns.filter(({ isCharted }) => isCharted).map((column) =>
        new Chart(this.#area, table, column, this.#history, this.#selection)
      )
    );
  }
}

/** One column over time. */
class Chart {
  readonly #figure: HTMLElement;
  readonly #frame = element("div");
  readonly #note = element("span", { class: "note" });
  readonly #plot: uPlot;
  readonly #nodes: readonly string[];
  readonly #table: LiveTable;
  readonly #column: LiveColumn;
  readonly #history: History;
  readonly #selection: Selection;

  constructor(area: HTMLElement, table: LiveTable, column: LiveColumn, history: History, selection: Selection) {
    this.#table = table;
    this.#column = column;
    this.#history = history;
    this.#selection = selection;
    this.#nodes = table.rows.map(({ node }) => node);
    const caption = element("figcaption", { title: column.description ?? "" }, `${table.title}: ${column.title}`);
    caption.append(this.#note);
    this.#figure = element("figure", {}, caption, this.#frame);
    area.append(this.#figure);
    this.#plot = new uPlot(this.#options(), [[]], this.#frame);
    this.#plot.over.addEventListener("pointerleave", () => this.#selection.hover(null));
  }

  /** Draws what the history knows. */
  update(): void {
    const { id } = this.#table;
    const { times } = this.#history;
    const series = this.#nodes.map((node) => this.#history.series(id, this.#column.id, node));
    this.#plot.setData([times, ...series], true);
    this.#describe();
  }

  /** Draws again, with other colours or another selection. */
  redraw(): void {
    const isConcerned = this.#nodes.some((node) => this.#selection.has(node));
    for (const [index, node] of this.#nodes.entries()) {
      const isLit = this.#selection.has(node);
      const series = this.#plot.series[index + 1];
      series.alpha = isConcerned && !isLit ? 0.15 : 1;
      series.width = isLit ? 2.5 : 1.5;
    }
    this.#plot.redraw(false);
    this.#describe();
  }

  /** Takes the room that there is. */
  resize(): void {
    this.#plot.setSize({ width: this.#width(), height: HEIGHT });
  }

  /** Removes it. */
  destroy(): void {
    this.#plot.destroy();
    this.#figure.remove();
  }

  #width(): number {
    return Math.max(100, this.#frame.clientWidth);
  }

  #options(): uPlot.Options {
    const { unit } = this.#column;
    const isShare = unit === "share";
    const axis: uPlot.Axis = {
      stroke: () => themeColour("muted"),
      font: FONT,
      grid: { stroke: () => themeColour("grid"), width: 1 },
      ticks: { show: false },
    };
    return {
      width: this.#width(),
      height: HEIGHT,
      legend: { show: false },
      padding: [8, 26, 0, 0],
      scales: {
        x: { time: true, range: (_, from, to) => [Math.min(from, to - SHORTEST_SPAN), to] },
        y: { range: isShare ? [0, 1.02] : (_plot, _least, most) => [0, Math.max(most * 1.05, 1)] },
      },
      axes: [
        {
          ...axis,
          space: 80,
          size: 24,
          values: (_, times) => times.map((time) => timeOfDay(1000 * (time + this.#history.setOn))),
        },
        {
          ...axis,
          space: 28,
          size: 62,
          gap: 4,
          values: (_, values) => values.map((value) => format(value, unit)),
          ...isShare ? { splits: () => [0, 0.5, 1] } : {},
        },
      ],
      series: [
        {},
        ...this.#nodes.map((node, index): uPlot.Series => ({
          label: node,
          stroke: () => colourOf(index),
          width: 1.5,
          points: { show: false },
        })),
      ],
      focus: { alpha: 1 },
      cursor: {
        sync: { key: "time", setSeries: false },
        drag: { x: false, y: false },
        y: false,
        points: { size: 6 },
        focus: { prox: NEAR },
      },
      hooks: { setSeries: [(_, index) => this.#tell(index)], setCursor: [() => this.#describe()] },
    };
  }

  /** The line of this index is the nearest to the pointer. */
  #tell(index: number | null): void {
    // The pointer's time is shown in the other charts too, and they find a line of their own near it.
    if (!this.#plot.over.matches(":hover")) return;
    this.#selection.hover(index === null ? null : this.#nodes[index - 1] ?? null);
  }

  /** Says how much it is where the pointer is, or at last. */
  #describe(): void {
    const node = this.#selection.choose(this.#nodes);
    const index = this.#nodes.indexOf(node ?? "");
    const at = this.#plot.cursor.idx ?? this.#history.times.length - 1;
    const value = this.#plot.data[index + 1]?.[at];
    setText(this.#note, node ? `${this.#table.rows[index].title}: ${format(value, this.#column.unit)}` : "");
  }
}
