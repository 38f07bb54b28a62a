/** The spectrum as a chart of characters. */

import { plot } from "asciichart";

const BINS_PER_COLUMN = 2;
const LABEL_WIDTH = 7;
const ROWS = 12;

/** Amplitude in ppm, on a logarithmic scale, over cycles a year from 0 to 6. */
export function terminalChart(amplitudes: Float64Array): string {
  const columns = Array.from({ length: Math.floor(amplitudes.length / BINS_PER_COLUMN) }, (_, column) => {
    const bins = amplitudes.subarray(column * BINS_PER_COLUMN, (column + 1) * BINS_PER_COLUMN);
    return Math.log10(Math.max(...bins));
  });
  const format = (logarithm: number) => (10 ** logarithm).toFixed(2).padStart(LABEL_WIDTH);
  return ["    ppm", plot(columns, { height: ROWS, offset: 2, format }), axis(columns.length)].join("\n");
}

/** The months from 0 to 6 cycles a year below the columns. */
function axis(columns: number): string {
  const marks = [0, 1, 2, 3, 4, 5, 6].map((frequency) => Math.round((frequency * columns) / 6));
  let line = "";
  marks.forEach((column, frequency) => line = line.padEnd(LABEL_WIDTH + column) + frequency);
  return `${line}  cycles a year`;
}
