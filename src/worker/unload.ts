/**
 * Stops what a program has not closed, when it is unloaded: at its end, at each restart by `deno run --watch`, and after
 * each file of `deno test`. Deno itself ends no thread whose event loop does not come free.
 */

const stops = new Set<() => void>();

/** Stops all that is registered, as the program is unloaded, or the function of a worker has come to its end. */
export function stopAll(): void {
  for (const stop of [...stops]) {
    try {
      stop();
    } catch (error) {
      // One failure keeps none of the others running.
      console.error(error);
    }
  }
}

/** Has `stop` called when the program is unloaded. It must do its work before it returns. Returns a function that undoes it. */
export function stopOnUnload(stop: () => void): () => void {
  if (stops.size === 0) addEventListener("unload", stopAll);
  stops.add(stop);
  return () => {
    if (stops.delete(stop) && stops.size === 0) removeEventListener("unload", stopAll);
  };
}
