/** A stream whose newest frame is shown below the tables. */

import { within } from "../../ring/within.ts";
import type { LiveFrame } from "../../view/live/live_frame.ts";
import type { Below } from "./follow_run.ts";
import { sparklines } from "./sparkline.ts";

/** How long the first frame is waited for where only one table is printed, in milliseconds. */
const FIRST_MS = 1000;

/** Follows frames, and knows the latest. */
export class ShownStream implements Below {
  #latest: LiveFrame | undefined;
  #listener: () => void = () => {};
  readonly #first = Promise.withResolvers<void>();
  /** Rejects if the frames cannot be followed. */
  readonly followed: Promise<void>;

  constructor(frames: AsyncIterable<LiveFrame>) {
    this.followed = this.#follow(frames);
    // The view that shows the stream reports the error.
    this.followed.catch(() => {});
  }

  async #follow(frames: AsyncIterable<LiveFrame>): Promise<void> {
    try {
      for await (const frame of frames) {
        this.#latest = frame;
        if (frame.frames > 0 || frame.isFinal) this.#first.resolve();
        this.#listener();
      }
    } finally {
      this.#first.resolve();
    }
  }

  /** Waits for a frame, if there is one soon. */
  async begin(): Promise<void> {
    await within(this.#first.promise, FIRST_MS);
  }

  lines(width: number): string[] {
    return this.#latest ? sparklines(this.#latest, width) : [];
  }

  follow(listener: () => void): void {
    this.#listener = listener;
  }
}
