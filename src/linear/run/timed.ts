/** Takes the time of what runs. */

/** What a function has returned, and how long that took, in milliseconds. */
export interface TimedResult {
  readonly result: unknown;
  readonly durationMs: number;
}

/** Does `work`, and says how long it took. */
export async function timed(work: () => unknown): Promise<TimedResult> {
  const start = performance.now();
  const returned = work();
  const result = isThenable(returned) ? await returned : returned;
  return { result, durationMs: performance.now() - start };
}

/** Whether a value is to be awaited. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && typeof Reflect.get(value, "then") === "function";
}
