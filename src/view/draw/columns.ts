/** Rows under the names of their columns. */

import type { styleText } from "node:util";
import { columnsOf, short, widest } from "./content.ts";

/** Colours and such. */
type Style = Parameters<typeof styleText>[0];

/** A column of rows that are made from `Item`. */
export interface Column<Item> {
  readonly title: string;
  /** Its text. Names take no more columns than `longest`. */
  readonly cell: (item: Item, longest: number) => string;
  /** Numbers stand to the right. */
  readonly isNumber?: boolean;
  readonly style?: (item: Item) => Style;
  /** Where there is no room for all columns, those of the highest rank go first. Those of rank 0 stay. */
  readonly rank: number;
}

/** Room, and how to colour. */
export interface ColumnsOptions {
  readonly width: number;
  /** Columns that a name may take. */
  readonly longest: number;
  readonly height: number;
  readonly paint: (text: string, style: Style) => string;
}

const GAP = "  ";

/** The lines: none if there is no room or no item. Where there are too many items, the last line tells how many more. */
export function drawColumns<Item>(
  columns: readonly Column<Item>[],
  items: readonly Item[],
  { width, longest, height, paint }: ColumnsOptions,
): string[] {
  if (items.length === 0 || height < 1) return [];
  const room = Math.max(0, height - 1);
  const shown = items.length <= room ? items : items.slice(0, Math.max(0, room - 1));
  const sized = columns.map((column) => {
    const cells = shown.map((item) => column.cell(item, longest));
    return { ...column, cells, size: widest([column.title, ...cells]) };
  });
  const fitting = fit(sized, width);
  const line = (cell: (column: typeof sized[number]) => string) => fitting.map(cell).join(GAP).trimEnd();
  const pad = (text: string, { isNumber, size }: { isNumber?: boolean; size: number }) => {
    const space = " ".repeat(size - columnsOf(text));
    return isNumber ? space + text : text + space;
  };
  const rows = shown.map((item, index) =>
    line((column) => {
      const text = pad(column.cells[index], column);
      return column.style ? paint(text, column.style(item)) : text;
    })
  );
  const more = items.length - shown.length;
  return [
    paint(short(line((column) => pad(column.title, column)), width), "dim"),
    ...rows,
    ...more > 0 && room > 0 ? [paint(short(`and ${more} more`, width), "dim")] : [],
  ];
}

/** Leaves out columns until the others fit. */
function fit<Sized extends { readonly rank: number; readonly size: number }>(
  columns: Sized[],
  width: number,
): Sized[] {
  const total = columns.reduce((sum, { size }) => sum + size + GAP.length, -GAP.length);
  const last = Math.max(...columns.map(({ rank }) => rank));
  return total <= width || last === 0 ? columns : fit(columns.filter(({ rank }) => rank < last), width);
}
