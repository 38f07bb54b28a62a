/** The tasks of `examples/spectrogram.ts`: a short-time Fourier transform. */

import type { Reader, TaskContext, Writer } from "@ringmill/ringmill";
import FFT from "fft.js";
import { hannWindow } from "../shared/hann.ts";
import { readOffset, type Wav, WavSamples } from "./wav.ts";

/**
 * Writes one stretch of samples for each frame of the spectrogram. Their middles are `hop` samples apart, so they overlap;
 * beyond both ends of the recording there is silence. An offset of all samples would begin and end there with a crack.
 */
export function source(
  { stretches }: { stretches: Writer<"float32"> },
  { params: { wav, hop, frames } }: TaskContext<{ wav: Wav; hop: number; frames: number }>,
) {
  using samples = new WavSamples(wav, readOffset(wav));
  const stretch = stretches.frame().fill(0);
  const fresh = stretch.subarray(stretch.length - hop);
  samples.readInto(stretch.subarray(Math.floor((stretch.length - hop) / 2)));
  for (let frame = 0; frame < frames; frame++) {
    stretches.write(stretch);
    stretch.copyWithin(0, hop);
    samples.readInto(fresh);
  }
}

/** The squared amplitude of each frequency in each stretch: a sine from -1 to 1 gives 1, which is 0 dB. */
export function transform({ stretches, powers }: { stretches: Reader<"float32">; powers: Writer<"float32"> }) {
  const length = stretches.frameLength;
  const fft = new FFT(length);
  const weights = hannWindow(length);
  const faded = new Float64Array(length);
  const spectrum = new Float64Array(2 * length);
  // A real sine is half a positive and half a negative frequency, and the window weighs one half on average.
  const scale = (4 / length) ** 2;
  const squares = powers.frame();
  for (const stretch of stretches) {
    for (let n = 0; n < length; n++) faded[n] = stretch[n] * weights[n];
    fft.realTransform(spectrum, faded);
    for (let bin = 0; bin < squares.length; bin++) {
      squares[bin] = scale * (spectrum[2 * bin] ** 2 + spectrum[2 * bin + 1] ** 2);
    }
    powers.write(squares);
  }
}

/** Averages neighbouring frames, so that there are as many as the picture has columns. */
export function sink(
  { powers, columns }: { powers: Reader<"float32">; columns: Writer<"float32"> },
  { params: { frames, width } }: TaskContext<{ frames: number; width: number }>,
) {
  const mean = columns.frame().fill(0);
  let frame = 0;
  let count = 0;
  for (const squares of powers) {
    frame++;
    count++;
    for (let bin = 0; bin < mean.length; bin++) mean[bin] += (squares[bin] - mean[bin]) / count;
    const isColumnFull = Math.floor(frame * width / frames) > Math.floor((frame - 1) * width / frames);
    if (!isColumnFull) continue;
    columns.write(mean);
    mean.fill(0);
    count = 0;
  }
}
