/** Tables with a row for each task, stream or whatever there is. */

import { loadLevel } from "../draw/theme.ts";
import type { LiveColumn, LiveRow, LiveTable } from "../live/update.ts";
import { colourOf, followTheme } from "./colours.ts";
import { element, safeText, setText } from "./dom.ts";
import type { Selection } from "./selection.ts";
import { format } from "./units.ts";

/** A row, and how to change it. */
interface ShownRow {
  readonly node: string;
  /** By which the row is chosen without a pointer: its click is the row's. */
  readonly button: HTMLElement;
  readonly row: HTMLTableRowElement;
  readonly swatch: HTMLElement;
  update(row: LiveRow): void;
}

/** All tables of a page. */
export class Tables {
  readonly #area: HTMLElement;
  readonly #selection: Selection;
  #shown: ShownRow[][] = [];
  #shape = "";

  constructor(area: HTMLElement, selection: Selection) {
    this.#area = area;
    this.#selection = selection;
    selection.follow(() => this.#light());
    selection.watch(area, (part) => part.closest("tr")?.dataset.node ?? null);
    followTheme(() => this.#paint());
  }

  /** Shows numbers. */
  update(all: readonly LiveTable[]): void {
    const tables = all.map(withoutRare);
    const shape = JSON.stringify(tables.map(({ id, columns, rows }) => [id, columns, rows.map(({ node }) => node)]));
    if (shape !== this.#shape) this.#make(tables);
    this.#shape = shape;
    for (const [index, { rows }] of tables.entries()) {
      for (const [at, row] of rows.entries()) this.#shown[index][at].update(row);
    }
  }

  #make(tables: readonly LiveTable[]): void {
    this.#shown = tables.map(({ columns, rows }) => rows.map((row) => makeRow(row, columns)));
    this.#area.replaceChildren(...tables.map(({ id, title, columns }, index) => {
      const heads = columns.map(({ title, description = "" }) =>
        element("th", { scope: "col", title: description }, title)
      );
      const head = element("tr", {}, element("th", { scope: "col" }, title), element("th", { scope: "col" }), ...heads);
      const body = element("tbody", {}, ...this.#shown[index].map(({ row }) => row));
      return element("div", {}, element("table", { "data-table": id }, element("thead", {}, head), body));
    }));
    this.#paint();
    this.#light();
  }

  #paint(): void {
    for (const rows of this.#shown) {
      for (const [index, { swatch }] of rows.entries()) swatch.style.backgroundColor = colourOf(index);
    }
  }

  #light(): void {
    const pinned = new Set(this.#selection.pinned);
    for (const { node, row, button } of this.#shown.flat()) {
      row.classList.toggle("is-lit", this.#selection.has(node));
      button.setAttribute("aria-pressed", `${pinned.has(node)}`);
    }
  }
}

/** A table without the columns that say nothing yet. */
function withoutRare({ columns, rows, ...table }: LiveTable): LiveTable {
  const isShown = columns.map(({ isRare }, index) => !isRare || rows.some(({ values }) => values[index]));
  const shown = <Value>(values: readonly Value[]) => values.filter((_, index) => isShown[index]);
  return { ...table, columns: shown(columns), rows: rows.map((row) => ({ ...row, values: shown(row.values) })) };
}

function makeRow({ node, title }: LiveRow, columns: readonly LiveColumn[]): ShownRow {
  const swatch = element("i", { class: "swatch" });
  const state = element("span");
  const note = element("small");
  const status = element("td", { class: "status" }, state, note);
  const cells = columns.map(makeCell);
  const button = element("button", { type: "button" }, title);
  const name = element("th", { scope: "row", title }, swatch, button);
  const row = element("tr", { "data-node": node }, name, status, ...cells.map(({ cell }) => cell));
  return {
    node,
    row,
    button,
    swatch,
    update: (fresh) => {
      setText(state, fresh.status ?? "");
      setText(note, fresh.note ?? "");
      note.title = safeText(fresh.note ?? "");
      row.dataset.status = fresh.status ?? "";
      for (const [index, { update }] of cells.entries()) update(fresh.values[index]);
    },
  };
}

function makeCell({ unit, warns = false }: LiveColumn): { cell: HTMLElement; update(value: number | null): void } {
  const text = element("span");
  if (unit !== "share") return { cell: element("td", {}, text), update: (value) => setText(text, format(value, unit)) };
  const filled = element("i");
  const bar = element("span", { class: "bar" }, filled);
  return {
    cell: element("td", { class: "share" }, bar, text),
    update: (value) => {
      setText(text, format(value, unit));
      filled.style.inlineSize = `${100 * (value ?? 0)}%`;
      filled.dataset.level = warns ? `${loadLevel(value ?? 0)}` : "none";
    },
  };
}
