/** What a thread waits for keeps its program from exiting. */

import { LONGEST_TIMER_MS } from "./timers.ts";

/** Promises of this thread that wait for others. */
let awaited = 0;

/** Whether promises of this thread wait for others. */
export function isThreadAwaited(): boolean {
  return awaited > 0;
}

/** Whether this thread goes on without that: a worker that listens for messages does. */
let goesOn = false;

/** This thread listens for messages, until it is ended. */
export function threadListens(): void {
  goesOn = true;
}

/** Awaits `promise` and keeps the program from exiting meanwhile, which `Atomics.waitAsync` does not do. */
export async function keepAlive<Value>(promise: Promise<Value>): Promise<Value> {
  if (awaited++ === 0 && !goesOn) keeper = setInterval(() => {}, LONGEST_TIMER_MS);
  try {
    return await promise;
  } finally {
    if (--awaited === 0 && keeper !== undefined) letGo();
  }
}

/** One timer keeps the program from exiting, whatever the number of promises: to make and clear one takes longer than a wait. */
let keeper: ReturnType<typeof setInterval> | undefined;

function letGo(): void {
  clearInterval(keeper);
  keeper = undefined;
}
