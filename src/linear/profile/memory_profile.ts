/** Watches the memory of the process while something runs. */

import { HostedWorker } from "../../worker/hosted_worker.ts";
import { stopOnUnload } from "../../worker/unload.ts";
import type { MemoryUse } from "../memory_use.ts";
import { PEAK, SAMPLER, type SamplerWords, STATE } from "./memory_sampler.ts";

const MIB = 2 ** 20;

/** The words of a sampler that is not started. */
export function samplerWords(): SamplerWords {
  return new Int32Array(new SharedArrayBuffer(8));
}

/** Ends a sampler, from any thread: it looks at its state after each sample. */
export function stopSampler(words: SamplerWords): void {
  Atomics.store(words, STATE, 2);
  Atomics.notify(words, STATE);
}

function sample(): number {
  return Deno.memoryUsage().rss;
}

/**
 * Runs `work` and measures it. A worker takes the samples: this thread may be busy all the while. `words` are given by a
 * thread that ends the sampler itself, in case that this one is ended before `work` is done.
 *
 * @throws {Error} If the worker cannot be started, besides what `work` throws.
 */
export async function measureMemory<Result>(
  work: () => Result,
  words: SamplerWords = samplerWords(),
): Promise<{ result: Awaited<Result>; use: MemoryUse }> {
  const broken = Promise.withResolvers<never>();
  const sampler = new HostedWorker<SamplerWords, never>(SAMPLER, { name: "rss" }, {
    isMessage: (_): _ is never => false,
    heard: () => {},
    broke: (deed) => broken.reject(new Error(`Cannot measure the memory: the sampler ${deed}`)),
  });
  const forgetUnload = stopOnUnload(() => stopSampler(words));
  try {
    sampler.post(words);
    await Promise.race([Atomics.waitAsync(words, STATE, 0).value, broken.promise]);
    const first = sample();
    Atomics.store(words, PEAK, 0);
    const result = await work();
    const last = sample();
    const peak = Math.max(first, last, 1024 * Atomics.load(words, PEAK));
    return { result, use: { deltaMiB: (last - first) / MIB, peakMiB: (peak - first) / MIB } };
  } finally {
    stopSampler(words);
    forgetUnload();
    sampler.terminate();
  }
}

/** `ΔMem: 0.94 MiB | Peak: 0.94 MiB` */
export function formatMemoryUse({ deltaMiB, peakMiB }: MemoryUse): string {
  return `ΔMem: ${deltaMiB.toFixed(2)} MiB | Peak: ${peakMiB.toFixed(2)} MiB`;
}
