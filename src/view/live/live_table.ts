/** Tables of numbers, by how each column finds its own. */

import type { LiveColumn, LiveTable } from "./update.ts";

/** A column, and where its numbers come from. */
export interface TableFigure<Metrics> extends LiveColumn {
  readonly of: (metrics: Metrics) => number | null;
}

/** A row before its numbers. */
export interface RowHead {
  /** What comes after the table's id in that of the node, and is shown. */
  readonly name: string;
  readonly status?: string;
  readonly note?: string;
}

/** The nodes of its rows have its own id before their names. */
export function tableOf<Metrics>(
  id: string,
  title: string,
  figures: readonly TableFigure<Metrics>[],
  all: readonly Metrics[],
  headOf: (metrics: Metrics) => RowHead,
): LiveTable {
  const rows = all.map((metrics) => {
    const { name, status, note } = headOf(metrics);
    return { node: `${id}:${name}`, title: name, status, note, values: figures.map(({ of }) => of(metrics)) };
  });
  return { id, title, columns: figures.map(({ of: _, ...column }) => column), rows };
}
