/** What a program holds, as the system sees it (Linux). */

/** One look. */
export interface Footprint {
  /** Resident memory in bytes. */
  readonly rss: number;
  readonly threads: number;
  /** Open file handles. */
  readonly files: number;
}

/** What this program holds now. */
export function footprint(): Footprint {
  const status = Deno.readTextFileSync("/proc/self/status");
  const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)![1]);
  return {
    rss: field("VmRSS") * 1024,
    threads: field("Threads"),
    files: [...Deno.readDirSync("/proc/self/fd")].length,
  };
}

/** Threads of the runtime's own pool, which come and go. */
const POOL_THREADS = 2;

/** So long it may take until what has ended has let everything go. */
const PATIENCE_MS = 3000;

/**
 * What this program holds when threads that are about to end have ended, and closed their files: as soon as it is hardly
 * more than `atRest`, or after some seconds. With `--v8-flags=--expose-gc` it is without garbage.
 */
export async function settledFootprint(atRest: Footprint): Promise<Footprint> {
  const patience = performance.now() + PATIENCE_MS;
  for (;;) {
    (globalThis as { gc?: () => void }).gc?.();
    const found = footprint();
    const isSettled = found.threads <= atRest.threads + POOL_THREADS && found.files <= atRest.files;
    if (isSettled || performance.now() > patience) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function medianRss(looks: readonly Footprint[]): number {
  const sorted = looks.map(({ rss }) => rss).toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/**
 * What has grown from the second fifth of some looks to the last: by the second, all code is compiled, all caches are
 * filled and the threads of the runtime are there. Memory goes up and down with the collection of garbage, so that some
 * more `bytes` are no growth.
 */
export function findGrowth(looks: readonly Footprint[], bytes: number): string[] {
  const fifth = Math.ceil(looks.length / 5);
  const early = looks.slice(fifth, 2 * fifth);
  const late = looks.slice(-fifth);
  const growth: string[] = [];
  for (const [what, slack] of [["threads", POOL_THREADS], ["files", 0]] as const) {
    const before = Math.max(...early.map((look) => look[what]));
    const after = Math.min(...late.map((look) => look[what]));
    if (after > before + slack) growth.push(`${what}: ${before}, then ${after}`);
  }
  const before = medianRss(early);
  const after = medianRss(late);
  if (after > before + bytes) growth.push(`bytes of memory: ${before}, then ${after}`);
  return growth;
}
