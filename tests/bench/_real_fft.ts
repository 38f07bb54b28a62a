/** The spectrum of real numbers by fft.js: a complex transform of half the length, and one pass that takes it apart. */

import FFT from "fft.js";

/**
 * Transforms real numbers, in double precision. The even ones are taken for real parts and the odd ones for imaginary
 * parts, which is how they lie in memory. (The library's own transform of real numbers takes a third longer.)
 */
export class RealFft {
  /** Bins 0 to half the length, interleaved re, im: the result of the last transform. */
  readonly spectrum: Float64Array;
  readonly #half: number;
  readonly #fft: FFT;
  readonly #mixed: Float64Array;
  readonly #cosines: Float64Array;
  readonly #sines: Float64Array;

  /** For so many numbers, a power of two from 4 on. */
  constructor(length: number) {
    const half = this.#half = length / 2;
    const angle = (k: number) => 2 * Math.PI * k / length;
    this.spectrum = new Float64Array(length + 2);
    this.#fft = new FFT(half);
    this.#mixed = new Float64Array(length);
    this.#cosines = Float64Array.from({ length: half }, (_, k) => Math.cos(angle(k)));
    this.#sines = Float64Array.from({ length: half }, (_, k) => Math.sin(angle(k)));
  }

  /** Transforms `numbers` into {@link spectrum}. */
  transform(numbers: Float64Array): void {
    const half = this.#half, mixed = this.#mixed, to = this.spectrum, cosines = this.#cosines, sines = this.#sines;
    this.#fft.transform(mixed, numbers);
    to[0] = mixed[0] + mixed[1];
    to[2 * half] = mixed[0] - mixed[1];
    // Bin k of the mixture holds those of the even and of the odd numbers; so does its mirror image, bin half - k.
    for (let k = 1, mirror = half - 1; k <= mirror; k++, mirror--) {
      const a = mixed[2 * k], b = mixed[2 * k + 1], c = mixed[2 * mirror], d = mixed[2 * mirror + 1];
      const evenRe = (a + c) / 2, evenIm = (b - d) / 2, oddRe = (b + d) / 2, oddIm = (c - a) / 2;
      const re = oddRe * cosines[k] + oddIm * sines[k], im = oddIm * cosines[k] - oddRe * sines[k];
      to[2 * k] = evenRe + re;
      to[2 * k + 1] = evenIm + im;
      to[2 * mirror] = evenRe - re;
      to[2 * mirror + 1] = im - evenIm;
    }
  }
}
