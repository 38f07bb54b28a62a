/** A generator of waves and the transforms of them: what PYTHUSA's FFT demo does. */

import type { Reader, TaskContext, Writer } from "@ringmill/ringmill";
import Ooura from "ooura";

/** How much there is to do. */
export interface SpectraLoad {
  readonly signals: number;
  readonly points: number;
  readonly frames: number;
}

/** The bin in which the only cycle of a signal lies. */
function binOf(signal: number): number {
  return 100 + signal;
}

/** The time, on a clock that all workers have in common. It is good to a fraction of a microsecond. */
function now(): number {
  return performance.timeOrigin + performance.now();
}

/** Writes the same wave to each signal again and again, the signals in turn. */
export function generate(
  signals: Record<string, Writer<"float64">>,
  { params: { signals: count, points, frames } }: TaskContext<SpectraLoad>,
) {
  const waves = Array.from({ length: count }, (_, signal) => {
    const wave = signals[`signal${signal}`].frame();
    return wave.forEach((_, at) => wave[at] = Math.sin(2 * Math.PI * binOf(signal) * at / points)), wave;
  });
  for (let n = 0; n < frames; n++) {
    for (let signal = 0; signal < count; signal++) signals[`signal${signal}`].write(waves[signal], Infinity);
  }
}

interface Transform {
  readonly signal: Reader<"float64">;
  readonly receipts: Writer<"float64">;
}

/** Transforms every frame by `magnitude`, and publishes when it began and ended, and the sum of what it found. */
function transform({ signal, receipts }: Transform, magnitude: (frame: Float64Array<SharedArrayBuffer>) => number) {
  let start = 0;
  let sum = 0;
  for (const frame of signal) {
    start ||= now();
    sum += magnitude(frame);
  }
  receipts.write(Float64Array.of(start, now(), sum), Infinity);
}

/** By Ooura's transform, in doubles throughout. It works in place, hence on a copy. */
export function transformByOoura(bindings: Transform) {
  const { signal } = bindings;
  const bin = binOf(Number(signal.name.slice(6)));
  const ooura = new Ooura(signal.frameLength, { type: "real", radix: 4 });
  const spectrum = new Float64Array(signal.frameLength);
  transform(bindings, (frame) => {
    spectrum.set(frame);
    ooura.fftInPlace(spectrum.buffer);
    return Math.hypot(spectrum[2 * bin], spectrum[2 * bin + 1]);
  });
}

/** By PFFFT compiled to WebAssembly: it computes in single precision, and has a memory of its own to copy to. */
export async function transformByPffft(bindings: Transform) {
  const { default: load } = await import("pffft-wasm");
  const { signal } = bindings;
  const bin = binOf(Number(signal.name.slice(6)));
  const points = signal.frameLength;
  const pffft = await load();
  const setup = pffft._pffft_new_setup(points, 0);
  const [from, to, work] = [0, 0, 0].map(() => pffft._pffft_aligned_malloc(4 * points));
  const input = pffft.HEAPF32.subarray(from / 4, from / 4 + points);
  const spectrum = pffft.HEAPF32.subarray(to / 4, to / 4 + points);
  transform(bindings, (frame) => {
    input.set(frame);
    pffft._pffft_transform_ordered(setup, from, to, work, 0);
    return Math.hypot(spectrum[2 * bin], spectrum[2 * bin + 1]);
  });
}
