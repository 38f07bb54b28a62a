/** A spectrogram as a picture with axes. */

import { encode } from "fast-png";
import { scheme } from "vega";
import { writeSvg } from "../shared/svg.ts";

const SIZE = { width: 1000, height: 480 };
/** Rows of pixels. */
const ROWS = 512;
const COLORS = "inferno";
/** From the brightest to the darkest colour. */
const RANGE_DECIBEL = 90;

/** What is drawn. */
export interface Spectrogram {
  readonly title: string;
  readonly subtitle: string;
  /** In seconds. */
  readonly duration: number;
  /** The highest frequency, in Hz. */
  readonly limit: number;
  /** The squared amplitudes of each column, the lowest frequency first. */
  readonly columns: readonly Float32Array[];
}

/** Draws time to the right, frequency to the top, and level as colour. */
export async function writePicture(path: string, { columns, ...labels }: Spectrogram): Promise<void> {
  const levels = columns.map(columnLevels);
  const loudest = levels.reduce((most, column) => Math.max(most, ...column), -Infinity);
  // In silence nothing is loudest.
  const top = Number.isFinite(loudest) ? 10 * Math.ceil(loudest / 10) : 0;
  const scale: Scale = [top - RANGE_DECIBEL, top];
  await writeSvg(path, chart(drawPixels(levels, scale), scale, labels));
}

/** The level at the lower and at the upper end of the colours, in dB. */
type Scale = [number, number];

/** The levels of a column in dB, from 0 Hz to the limit: the loudest of the frequencies that a row touches. */
function columnLevels(powers: Float32Array): Float32Array {
  const binsPerRow = (powers.length - 1) / ROWS;
  return Float32Array.from({ length: ROWS }, (_, row) => {
    const first = Math.round(row * binsPerRow);
    const last = Math.round((row + 1) * binsPerRow);
    return 10 * Math.log10(Math.max(...powers.subarray(first, last + 1)));
  });
}

/** The levels as a PNG image, in a data URL. */
function drawPixels(levels: readonly Float32Array[], [low, high]: Scale): string {
  const width = levels.length;
  const height = ROWS;
  const colors = colorTable();
  const data = new Uint8Array(3 * width * height);
  levels.forEach((column, x) =>
    column.forEach((level, row) => {
      const index = Math.round(255 * Math.min(1, Math.max(0, (level - low) / (high - low))));
      data.set(colors[index], 3 * ((height - 1 - row) * width + x));
    })
  );
  return `data:image/png;base64,${encode({ width, height, data, channels: 3, depth: 8 }).toBase64()}`;
}

/** The colours as red, green and blue, from dark to bright. */
function colorTable(): number[][] {
  const color = scheme(COLORS) as (fraction: number) => string;
  return Array.from({ length: 256 }, (_, index) => color(index / 255).match(/\d+/g)!.map(Number));
}

function chart(
  url: string,
  domain: Scale,
  { title, subtitle, duration, limit }: Omit<Spectrogram, "columns">,
): Parameters<typeof writeSvg>[1] {
  const { width, height } = SIZE;
  // Two points in opposite corners that nobody sees give the axes and the colour bar their range.
  const corners = [{ time: 0, frequency: 0, level: domain[0] }, { time: duration, frequency: limit, level: domain[1] }];
  const scale = { nice: false, zero: false };
  return {
    ...SIZE,
    background: "white",
    padding: 12,
    title: { text: title, subtitle, anchor: "start", limit: width },
    layer: [
      {
        data: { values: [{ url }] },
        mark: { type: "image", ...SIZE, aspect: false, aria: false },
        encoding: { url: { field: "url" }, x: { value: width / 2 }, y: { value: height / 2 } },
      },
      {
        data: { values: corners },
        mark: { type: "point", opacity: 0 },
        encoding: {
          x: { field: "time", type: "quantitative", title: "time (s)", scale },
          y: { field: "frequency", type: "quantitative", title: "frequency (Hz)", scale },
          color: {
            field: "level",
            type: "quantitative",
            scale: { scheme: COLORS, domain },
            legend: { title: "level (dB)", gradientLength: height },
          },
        },
      },
    ],
  };
}
