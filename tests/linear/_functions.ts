/** Functions that run in workers. */

const MIB = 2 ** 20;

/** Takes memory, writes to it, and keeps some of it. */
export function allocate(mib: number, { keep }: { keep: number } = { keep: mib }): Uint8Array {
  return new Uint8Array(mib * MIB).fill(1).slice(0, keep * MIB);
}

/** Whether this is another thread than the one that runs the tests. */
export async function isApart(): Promise<boolean> {
  return await Promise.resolve(typeof (globalThis as { postMessage?: unknown }).postMessage === "function");
}

/** Fails with an error of a class and a cause. */
export function fail(): never {
  throw new RangeError("too loud", { cause: "the crowd" });
}

/** Returns what cannot be sent. */
export function makeFunction(): () => void {
  return () => {};
}

/** Breaks its worker after it has let go of it. */
export async function breakWorker(): Promise<void> {
  setTimeout(() => {
    throw new Error("late");
  }, 0);
  await new Promise((resolve) => setTimeout(resolve, 10_000));
}
