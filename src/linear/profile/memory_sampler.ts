/** The worker that samples the memory of the process. */

import { HostScope } from "../../worker/host_scope.ts";
import type { HostModule } from "../../worker/hosted_worker.ts";

/** The host of samplers. */
export const SAMPLER: HostModule = {
  url: import.meta.url,
  file: "memory_sampler.ts",
  prefix: "ringmill memory sampler: ",
};

/** Words that a sampler and its users share: 0 starting, 1 sampling, 2 stop; and the greatest sample in KiB. */
export type SamplerWords = Int32Array<SharedArrayBuffer>;

/** Where the words are. */
export const STATE = 0;
export const PEAK = 1;

const INTERVAL_MS = 2;

function keepSampling(words: SamplerWords): void {
  // Sampling may have been stopped while this worker was starting.
  if (Atomics.compareExchange(words, STATE, 0, 1) !== 0) return;
  Atomics.notify(words, STATE);
  do {
    const kib = Math.round(Deno.memoryUsage().rss / 1024);
    if (kib > Atomics.load(words, PEAK)) Atomics.store(words, PEAK, kib);
  } while (Atomics.wait(words, STATE, 1, INTERVAL_MS) === "timed-out");
}

const host = new HostScope<SamplerWords, never>();

host.serve(SAMPLER, () => ({
  heard(words) {
    keepSampling(words);
    host.close();
  },
}));
