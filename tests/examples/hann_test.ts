import { equal, ok } from "node:assert/strict";
import FFT from "fft.js";
import { hannWindow, refinePeak } from "../../examples/shared/hann.ts";

const LENGTH = 256;

/** The amplitudes of a windowed sine of `cycles` in the whole frame. */
function amplitudesOf(cycles: number, amplitude: number): Float64Array {
  const samples = hannWindow(LENGTH).map((weight, n) =>
    weight * amplitude * Math.sin((2 * Math.PI * cycles * n) / LENGTH)
  );
  const spectrum = new Float64Array(2 * LENGTH);
  new FFT(LENGTH).realTransform(spectrum, samples);
  return Float64Array.from({ length: LENGTH / 2 + 1 }, (_, bin) => {
    return (4 / LENGTH) * Math.hypot(spectrum[2 * bin], spectrum[2 * bin + 1]);
  });
}

Deno.test("hannWindow() weighs one half on average", () => {
  const sum = hannWindow(LENGTH).reduce((total, weight) => total + weight, 0);
  ok(Math.abs(sum - LENGTH / 2) < 1e-9);
});

Deno.test("refinePeak() finds the frequency and amplitude of a tone between two bins", () => {
  for (const cycles of [40, 40.1, 40.25, 40.49, 40.6, 40.9]) {
    const amplitudes = amplitudesOf(cycles, 3);
    const loudest = amplitudes.indexOf(Math.max(...amplitudes));
    equal(loudest, Math.round(cycles));
    const { bin, amplitude } = refinePeak(amplitudes, loudest);
    ok(Math.abs(bin - cycles) < 1e-3, `${bin} instead of ${cycles}`);
    ok(Math.abs(amplitude - 3) < 1e-3, `${amplitude} instead of 3`);
  }
});
