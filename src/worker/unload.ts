/**
 * Stops what a program has not closed, when it is unloaded: at its end, at each restart by `deno run --watch`, and after
 * each file of `deno test`. Deno itself ends no thread whose event loop does not come free.
 *
 * A worker may have started workers of its own, and is often ended before it has stopped them. Each worker says in a shared
 * word whether it has any, and the thread above waits for that word.
 */

import { report } from "../notices.ts";

/** A shared word: 1 while the thread that it belongs to has something to stop. */
export type NestedWord = Int32Array<SharedArrayBuffer>;

/** How long a thread waits for the workers of its workers to be told. A thread that computes never tells them. */
export const NESTED_STOP_MS = 1000;

const stops = new Set<() => void>();
/** The words of the workers that this thread has started. */
const wordsBelow = new Set<NestedWord>();
let ownWord: NestedWord | undefined;

/**
 * Stops all that is registered, as the program is unloaded, or the function of a worker has come to its end. Waits up to
 * {@linkcode NESTED_STOP_MS} for workers that have to stop workers of their own.
 */
export function stopAll(): void {
  for (const stop of [...stops]) {
    try {
      stop();
    } catch (error) {
      // One failure keeps none of the others running.
      report(error);
    }
  }
  const deadline = performance.now() + NESTED_STOP_MS;
  for (const word of wordsBelow) Atomics.wait(word, 0, 1, Math.max(0, deadline - performance.now()));
  setOwnWord(0);
}

/** Has `stop` called when the program is unloaded. It must do its work before it returns. Returns a function that undoes it. */
export function stopOnUnload(stop: () => void): () => void {
  if (stops.size === 0) addEventListener("unload", stopAll);
  stops.add(stop);
  setOwnWord(1);
  return () => {
    if (!stops.delete(stop) || stops.size > 0) return;
    removeEventListener("unload", stopAll);
    setOwnWord(0);
  };
}

/** Has the thread above see in `word` whether this worker has anything to stop. */
export function tellThreadAbove(word: NestedWord): void {
  ownWord = word;
  if (stops.size > 0) setOwnWord(1);
}

/** Has the stop of this thread wait for a worker's word. Returns a function that undoes it. */
export function waitForNested(word: NestedWord): () => void {
  wordsBelow.add(word);
  return () => wordsBelow.delete(word);
}

function setOwnWord(value: 0 | 1): void {
  if (!ownWord) return;
  Atomics.store(ownWord, 0, value);
  Atomics.notify(ownWord, 0);
}
