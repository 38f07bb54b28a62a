/** The recording and its spectrum as a picture. */

import type { TopLevelSpec } from "vega-lite";
import { writeSvg } from "../shared/svg.ts";
import { type Cycle, cyclesPerYear } from "./cycles.ts";
import type { Recording } from "./recording.ts";

const SIZE = { width: 720, height: 220 };

/** Draws the series over the years, and below it the spectrum with the cycles that were found. */
export async function writePicture(
  path: string,
  { firstMonth, values }: Recording,
  amplitudes: Float64Array,
  cycles: readonly Cycle[],
): Promise<void> {
  const series = [...values].map((ppm, index) => ({ year: (firstMonth + index + 0.5) / 12, ppm }));
  // Bin 0 is what is left of the mean, which has no amplitude.
  const spectrum = [...amplitudes].map((ppm, bin) => ({ frequency: cyclesPerYear(bin, amplitudes), ppm })).slice(1);
  const labels = cycles.map(({ months, amplitude }) => ({
    frequency: 12 / months,
    ppm: amplitude,
    text: `${months.toFixed(1)} months, ${amplitude.toFixed(2)} ppm`,
  }));
  await writeSvg(path, {
    background: "white",
    padding: 12,
    title: { text: "Carbon dioxide over Mauna Loa", subtitle: "Data: Scripps CO2 Program, CC BY 4.0", anchor: "start" },
    vconcat: [seriesChart(series), spectrumChart(spectrum, labels)],
  });
}

type Chart = Extract<TopLevelSpec, { vconcat: unknown }>["vconcat"][number];

function seriesChart(values: { year: number; ppm: number }[]): Chart {
  return {
    ...SIZE,
    data: { values },
    mark: { type: "line", strokeWidth: 1 },
    encoding: {
      x: { field: "year", type: "quantitative", title: "year", scale: { zero: false }, axis: { format: "d" } },
      y: { field: "ppm", type: "quantitative", title: "CO2 (ppm)", scale: { zero: false } },
    },
  };
}

function spectrumChart(
  values: { frequency: number; ppm: number }[],
  labels: { frequency: number; ppm: number; text: string }[],
): Chart {
  const x = { field: "frequency", type: "quantitative", title: "frequency (cycles a year)" } as const;
  const y = { field: "ppm", type: "quantitative", title: "amplitude (ppm)", scale: { type: "log" } } as const;
  return {
    ...SIZE,
    encoding: { x, y },
    layer: [
      { data: { values }, mark: { type: "line", strokeWidth: 1 } },
      { data: { values: labels }, mark: { type: "point", color: "firebrick" } },
      { data: { values: labels }, mark: { type: "text", align: "left", dx: 8 }, encoding: { text: { field: "text" } } },
    ],
  };
}
