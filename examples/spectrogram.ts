/**
 * Draws the spectrogram of a WAV file. The samples go through a line of three workers: source, short-time Fourier
 * transform, sink. The program collects the columns of the picture.
 *
 *     deno run -A examples/spectrogram.ts FILE.wav [PICTURE.svg]
 *
 * It takes PCM of 8, 16, 24 and 32 bits and floats of 32 and 64 bits, of any length. Several channels are mixed to one.
 * Without a name, the picture of `tone.wav` is `tone.spectrogram.svg` beside it.
 */

import { Pipeline } from "@ringmill/ringmill";
import { basename } from "node:path";
import { refinePeak } from "./shared/hann.ts";
import { programArguments, runProgram, UsageError } from "./shared/program.ts";
import { writePicture } from "./spectrogram/picture.ts";
import * as tasks from "./spectrogram/tasks.ts";
import { readWavHeader, type Wav } from "./spectrogram/wav.ts";

const USAGE = "Usage: deno run -A examples/spectrogram.ts FILE.wav [PICTURE.svg]";
/** How long a stretch is that is transformed at once, about, in seconds. */
const STRETCH_SECONDS = 0.046;
/** Columns of the picture, at most. */
const MOST_COLUMNS = 1000;

/** How a recording is cut. */
interface Cut {
  /** Samples that are transformed at once, a power of two. */
  readonly stretch: number;
  /** Samples from the middle of one stretch to that of the next. */
  readonly hop: number;
  readonly frames: number;
  /** Columns of the picture. */
  readonly width: number;
}

function planCut({ sampleRate, length }: Wav): Cut {
  const exponent = Math.round(Math.log2(sampleRate * STRETCH_SECONDS));
  const stretch = 2 ** Math.min(16, Math.max(6, exponent));
  const hop = Math.min(stretch / 4, Math.max(stretch / 64, Math.ceil(length / MOST_COLUMNS)));
  const frames = Math.ceil(length / hop);
  return { stretch, hop, frames, width: Math.min(frames, MOST_COLUMNS) };
}

/** The squared amplitudes of all frequencies, for each column of the picture. */
async function transform(wav: Wav, { stretch, hop, frames, width }: Cut): Promise<Float32Array[]> {
  await using pipe = new Pipeline("spectrogram", import.meta.resolve("./spectrogram/tasks.ts"));

  const stretches = pipe.addStream("stretches", { shape: [stretch], dtype: "float32" });
  const powers = pipe.addStream("powers", { shape: [stretch / 2 + 1], dtype: "float32" });
  const columns = pipe.addStream("columns", { shape: [stretch / 2 + 1], dtype: "float32" });

  pipe.addTask("source", { fn: tasks.source, writes: { stretches }, params: { wav, hop, frames } });
  pipe.addTask("transform", { fn: tasks.transform, reads: { stretches }, writes: { powers } });
  pipe.addTask("sink", { fn: tasks.sink, reads: { powers }, writes: { columns }, params: { frames, width } });

  const picture = pipe.openReader(columns);
  await pipe.start();
  const collected: Float32Array[] = [];
  for await (const column of picture) collected.push(column.slice());
  await pipe.join();
  return collected;
}

/** The loudest spot of the picture, in words. */
function describeStrongest(columns: readonly Float32Array[], { sampleRate, length }: Wav): string {
  // The first two bins hold what is no sound, but an offset of a stretch's samples.
  const peaks = columns.map((powers) => Math.max(...powers.subarray(2, -1)));
  const loudest = Math.max(...peaks);
  if (loudest === 0) return "none, the recording is silent";
  const column = peaks.indexOf(loudest);
  const powers = columns[column];
  const { bin, amplitude } = refinePeak(powers.map(Math.sqrt), powers.indexOf(loudest, 2));
  const frequency = (bin * sampleRate) / (2 * (powers.length - 1));
  const time = ((column + 0.5) / columns.length) * (length / sampleRate);
  return `${frequency < 10 ? frequency.toPrecision(2) : frequency.toFixed(1)} Hz, ${
    (20 * Math.log10(amplitude)).toFixed(1)
  } dB at ${time.toFixed(2)} s`;
}

function describeWav({ channels, encoding, sampleRate, length }: Wav): string {
  const mixed = channels === 1 ? "1 channel" : `${channels} channels mixed to one`;
  return `${encoding}, ${sampleRate} Hz, ${mixed}, ${(length / sampleRate).toFixed(2)} s`;
}

async function main(): Promise<void> {
  const [file, picture = `${file.replace(/\.wav$/i, "")}.spectrogram.svg`] = programArguments(USAGE, 1, 2);
  if (!picture.endsWith(".svg")) throw new UsageError(`Cannot write ${picture}: the picture is an SVG\n${USAGE}`);
  const wav = readWavHeader(file);
  const cut = planCut(wav);
  console.log(`${basename(file)}: ${describeWav(wav)}`);
  const columns = await transform(wav, cut);
  console.log(`Strongest frequency: ${describeStrongest(columns, wav)}`);
  await writePicture(picture, {
    title: basename(file),
    subtitle: `${describeWav(wav)}; ${cut.stretch} samples are transformed at once`,
    duration: wav.length / wav.sampleRate,
    limit: wav.sampleRate / 2,
    columns,
  });
  console.log(`Picture: ${picture}`);
}

if (import.meta.main) await runProgram(main);
