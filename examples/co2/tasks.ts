/** The tasks of `examples/co2.ts`: an averaged power spectrum by the method of Welch (1967). */

import type { Reader, TaskContext, Writer } from "@ringmill/ringmill";
import FFT from "fft.js";
import { hannWindow } from "../shared/hann.ts";

/** Cuts the recording into segments that overlap: each begins `hop` values after the one before. */
export function source(
  { segments }: { segments: Writer<"float64"> },
  context: TaskContext<{ values: Float64Array; hop: number; pauseMs: number }>,
) {
  const { values, hop, pauseMs } = context.params;
  const length = segments.frameLength;
  for (let start = 0; start + length <= values.length; start += hop) {
    segments.write(values.subarray(start, start + length));
    if (pauseMs > 0) context.sleep(pauseMs);
  }
}

/** Takes the straight line out of each segment and lets its ends fade to zero: what is left are the cycles. */
export function window({ segments, windowed }: { segments: Reader<"float64">; windowed: Writer<"float64"> }) {
  const weights = hannWindow(segments.frameLength);
  const faded = windowed.frame();
  for (const segment of segments) {
    const { mean, slope } = fitLine(segment);
    const middle = (segment.length - 1) / 2;
    for (let n = 0; n < segment.length; n++) faded[n] = (segment[n] - mean - slope * (n - middle)) * weights[n];
    windowed.write(faded);
  }
}

/** The line through the values with the least squares; `mean` is its height in the middle. */
function fitLine(values: Float64Array): { mean: number; slope: number } {
  const middle = (values.length - 1) / 2;
  let sum = 0;
  let moment = 0;
  let spread = 0;
  for (let n = 0; n < values.length; n++) {
    sum += values[n];
    moment += values[n] * (n - middle);
    spread += (n - middle) ** 2;
  }
  return { mean: sum / values.length, slope: moment / spread };
}

/** The Fourier transform of each segment. The bins above the middle would mirror those below, and stay empty. */
export function transform({ windowed, spectra }: { windowed: Reader<"float64">; spectra: Writer<"complex128"> }) {
  const fft = new FFT(windowed.frameLength);
  const spectrum = spectra.frame();
  for (const segment of windowed) {
    fft.realTransform(spectrum, segment);
    spectra.write(spectrum);
  }
}

/** The squared amplitude of each frequency: a sine of 1 ppm gives 1 ppm². */
export function power({ spectra, powers }: { spectra: Reader<"complex128">; powers: Writer<"float64"> }) {
  // A real sine is half a positive and half a negative frequency, and the window weighs one half on average.
  const scale = (4 / spectra.shape[0]) ** 2;
  const squares = powers.frame();
  for (const spectrum of spectra) {
    for (let bin = 0; bin < squares.length; bin++) {
      squares[bin] = scale * (spectrum[2 * bin] ** 2 + spectrum[2 * bin + 1] ** 2);
    }
    powers.write(squares);
  }
}

/** The mean over all segments, which is one frame at the end. */
export function sink({ powers, average }: { powers: Reader<"float64">; average: Writer<"float64"> }) {
  const mean = average.frame().fill(0);
  let count = 0;
  for (const squares of powers) {
    count++;
    for (let bin = 0; bin < mean.length; bin++) mean[bin] += (squares[bin] - mean[bin]) / count;
  }
  average.write(mean);
}
