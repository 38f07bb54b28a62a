/** The line to the program. */

import type { LiveUpdate } from "../live/update.ts";

/** What there is to hear. */
export interface ConnectionEvents {
  /** Something is known. */
  update(update: LiveUpdate): void;
  /** Nothing was heard since then, in milliseconds since 1970. */
  lost(since: number): void;
}

/** From one attempt to the next, in milliseconds. */
const RETRY_MS = 1000;
/** A program that is so much behind is lost, even if the connection is open. */
const SILENCE_MS = 5000;

/** Listens until the final update, and tries again when the connection breaks. */
export function connect(url: string, events: ConnectionEvents): void {
  let source: EventSource | undefined;
  let heardAt = performance.now();
  let intervalMs = 0;
  let isLost = false;
  let isFinal = false;

  const open = () => {
    source?.close();
    source = new EventSource(url);
    source.addEventListener("message", ({ data }) => hear(JSON.parse(data)));
    source.addEventListener("error", () => {
      lose();
      // A refusal closes it for good.
      if (source!.readyState === EventSource.CLOSED && !isFinal) setTimeout(open, RETRY_MS);
    });
  };
  const hear = (update: LiveUpdate) => {
    [heardAt, isLost] = [performance.now(), false];
    ({ intervalMs, isFinal } = update);
    if (isFinal) source!.close();
    events.update(update);
  };
  const lose = () => {
    if (isLost || isFinal) return;
    isLost = true;
    events.lost(Date.now() - (performance.now() - heardAt));
  };
  setInterval(() => performance.now() - heardAt > SILENCE_MS + intervalMs && lose(), RETRY_MS);
  open();
}
