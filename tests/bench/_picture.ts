/** All ratios of a run in one picture. */

import type { TopLevelSpec } from "vega-lite";
import { writeSvg } from "../../examples/shared/svg.ts";
import { describeMachine, type Machine } from "./_machine.ts";
import { formatRatio, type Table } from "./_table.ts";

const WIDTH = 640;
/** Of one row. */
const HEIGHT = 28;

type Panel = Extract<TopLevelSpec, { vconcat: unknown }>["vconcat"][number];

/** The ratios of a table, one object for each dot. */
function dots({ rows }: Table) {
  return rows.flatMap(({ label, ratios }) => {
    const several = new Set(ratios.map(({ ours }) => ours)).size > 1;
    return ratios.map(({ ours, rival, value, wanted }) => ({
      row: several ? `${label}, ${ours}` : label,
      rival,
      value,
      wanted,
      text: formatRatio(value),
    }));
  });
}

/** One row for each case, one dot for each rival, and a bar where the dot of a rival is wanted to be at least. */
function panel(table: Table, domain: [number, number]): Panel {
  const values = dots(table);
  const rows = [...new Set(values.map(({ row }) => row))];
  const rivals = [...new Set(values.map(({ rival }) => rival))];
  const y = {
    field: "row",
    type: "nominal",
    title: null,
    sort: rows,
    axis: { domain: false, ticks: false, minExtent: 180, labelLimit: 0 },
  } as const;
  const scale = { type: "log", domain, nice: false } as const;
  const axis = { format: "~g", values: [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000] };
  const x = { field: "value", type: "quantitative", title: null, scale, axis } as const;
  const color = {
    field: "rival",
    type: "nominal",
    title: null,
    scale: { domain: rivals, scheme: "tableau10" },
  } as const;
  return {
    title: { text: table.title, anchor: "start", fontSize: 12 },
    width: WIDTH,
    height: rows.length * HEIGHT,
    layer: [
      { data: { values: [{ at: 1 }] }, mark: { type: "rule", color: "black" }, encoding: { x: { datum: 1, scale } } },
      {
        data: { values: values.filter(({ wanted }) => wanted !== undefined) },
        mark: { type: "tick", thickness: 3, size: HEIGHT - 4 },
        encoding: { x: { ...x, field: "wanted" }, y, color },
      },
      { data: { values }, mark: { type: "point", filled: true, size: 60, opacity: 0.9 }, encoding: { x, y, color } },
      // Above the dot and below it in turns: dots may lie close to each other.
      ...[0, 1].map((turn) => ({
        data: { values: values.filter(({ rival }) => rivals.indexOf(rival) % 2 === turn) },
        mark: { type: "text", dy: turn === 0 ? -9 : 10, fontSize: 9 } as const,
        encoding: { x, y, color, text: { field: "text" } as const },
      })),
    ],
  };
}

/** A domain for all panels, so that they can be compared. */
function domainOf(tables: readonly Table[]): [number, number] {
  const values = tables.flatMap(({ rows }) => rows.flatMap(({ ratios }) => ratios.map(({ value }) => value)));
  return [Math.min(0.5, ...values) / 1.2, Math.max(2, ...values) * 1.2];
}

/** Draws the ratios of a run into a file. */
export async function drawResults(path: string, machine: Machine, tables: readonly Table[]): Promise<void> {
  const shown = tables.filter(({ rows }) => rows.some(({ ratios }) => ratios.length > 0));
  const domain = domainOf(shown);
  await writeSvg(path, {
    background: "white",
    padding: 12,
    title: {
      text: "Ringmill is so many times as fast as …",
      subtitle: [
        "The rival's time over Ringmill's, on a logarithmic axis. Right of 1: Ringmill is faster. Bars: what is wanted at least.",
        describeMachine(machine),
      ],
      anchor: "start",
      offset: 16,
    },
    vconcat: shown.map((table) => panel(table, domain)),
    resolve: { scale: { color: "independent" }, legend: { color: "independent" } },
    config: { view: { stroke: null }, axis: { gridColor: "#e8e8e8" } },
  });
}
