/** The words that threads park on, as TypeScript changes them; see `ring-wasm/src/waiting.rs`. */

import { layout } from "./core.generated.ts";

/** Makes whoever parks on the waiters word at `address`, or is about to, look again. */
export function wakeWaiters(words: Int32Array<SharedArrayBuffer>, address: number): void {
  // The two lowest bits say that somebody waits, the rest counts changes. The step changes the count only: a thread that is
  // about to park on the old value returns at once.
  Atomics.add(words, address / 4, layout.WAITERS_STEP);
  Atomics.notify(words, address / 4);
}
