/** The worker that samples the memory of the process. */

/** Words shared with the thread that is measured: 0 starting, 1 sampling, 2 stop; and the greatest sample in KiB. */
const STATE = 0, PEAK = 1;
const INTERVAL_MS = 2;

function keepSampling(words: Int32Array): void {
  // It may have been stopped while this worker was starting.
  if (Atomics.compareExchange(words, STATE, 0, 1) !== 0) return;
  Atomics.notify(words, STATE);
  do {
    const kib = Math.round(Deno.memoryUsage().rss / 1024);
    if (kib > Atomics.load(words, PEAK)) Atomics.store(words, PEAK, kib);
  } while (Atomics.wait(words, STATE, 1, INTERVAL_MS) === "timed-out");
}

/** The name of the worker. In any other thread this module does nothing. */
export const SAMPLER = "ringmill/memory sampler";

// The types of the main thread do not know a worker's own scope.
const scope = globalThis as unknown as Worker & { readonly name?: string };
if (scope.name === SAMPLER) {
  scope.onmessage = ({ data }: MessageEvent<Int32Array>) => {
    keepSampling(data);
    close();
  };
}
