/** The Hann window, and how to read a spectrum that was made with it. */

/** The window's weights. They add up to half its length. */
export function hannWindow(length: number): Float64Array {
  return Float64Array.from({ length }, (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / length));
}

/** A peak of a spectrum. */
export interface Peak {
  /** Where it is, in bins, with a fraction. */
  readonly bin: number;
  /** The amplitude of the tone that makes such a peak. */
  readonly amplitude: number;
}

/**
 * The tone behind a local maximum of a spectrum of amplitudes. Two neighbouring bins tell where between them the tone is,
 * exactly if it is alone (Grandke, "Interpolation algorithms for discrete Fourier transforms of weighted signals", 1983).
 */
export function refinePeak(amplitudes: ArrayLike<number>, bin: number): Peak {
  const left = amplitudes[bin - 1];
  const right = amplitudes[bin + 1];
  const ratio = Math.max(left, right) / amplitudes[bin];
  const offset = Math.max(0, (2 * ratio - 1) / (ratio + 1));
  const x = Math.PI * offset;
  const loss = x === 0 ? 1 : Math.sin(x) / (x * (1 - offset ** 2));
  return { bin: right > left ? bin + offset : bin - offset, amplitude: amplitudes[bin] / loss };
}
