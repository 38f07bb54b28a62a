/** What an average spectrum says about the cycles in the recording. */

import { type Peak, refinePeak } from "../shared/hann.ts";

/** How far a peak must rise above the middle of all amplitudes to count as a cycle. */
const PROMINENCE = 10;

/** A cycle that stands out of the spectrum. */
export interface Cycle {
  /** Its period, in months. */
  readonly months: number;
  /** How far it swings to either side, in ppm. */
  readonly amplitude: number;
}

/** The cycles behind the peaks of a spectrum of amplitudes, the strongest first. */
export function findCycles(amplitudes: Float64Array): Cycle[] {
  const segment = 2 * (amplitudes.length - 1);
  const threshold = PROMINENCE * amplitudes.toSorted()[amplitudes.length >> 1];
  const peaks: Peak[] = [];
  for (let bin = 1; bin < amplitudes.length - 1; bin++) {
    const isPeak = amplitudes[bin] > amplitudes[bin - 1] && amplitudes[bin] >= amplitudes[bin + 1];
    if (isPeak && amplitudes[bin] > threshold) peaks.push(refinePeak(amplitudes, bin));
  }
  peaks.sort((a, b) => b.amplitude - a.amplitude);
  return peaks.map(({ bin, amplitude }) => ({ months: segment / bin, amplitude }));
}

/** How many cycles a year a bin stands for. */
export function cyclesPerYear(bin: number, amplitudes: Float64Array): number {
  return (12 * bin) / (2 * (amplitudes.length - 1));
}
