/** The frames that a task had in hand when it failed, and how often it has failed on each. */

import type { BytesInHand, ReaderHand } from "./reader_hand.ts";

/** What a task failed on. */
export interface Hand {
  /** By readers that had some. */
  readonly bytes: BytesInHand;
  /** How often it has failed on them: the most of any. 0 if it had none. */
  readonly attempts: number;
}

/** Counts the attempts of one task. */
export class FailedFrames {
  readonly #hands: ReadonlyMap<string, ReaderHand>;
  /** By readers: the frame that the task has failed on last, and how often. */
  readonly #failedOn = new Map<string, { readonly position: number; readonly attempts: number }>();

  constructor(hands: ReadonlyMap<string, ReaderHand>) {
    this.#hands = hands;
  }

  /** The task has failed, and said what it had in hand. A frame that is not among it keeps its count: it may come again. */
  count(said: BytesInHand = {}): Hand {
    const bytes = Object.fromEntries(Object.entries(said).filter(([, count]) => count > 0));
    const attempts = Object.keys(bytes).map((local) => this.#countOne(local, this.#hands.get(local)!));
    return { bytes, attempts: Math.max(0, ...attempts) };
  }

  #countOne(local: string, { position }: ReaderHand): number {
    const before = this.#failedOn.get(local);
    const attempts = before?.position === position ? before.attempts + 1 : 1;
    this.#failedOn.set(local, { position, attempts });
    return attempts;
  }

  /** Which frames they are, for messages: `on frame 3 of stream "samples"`. */
  describe({ bytes }: Hand): string {
    const frames = Object.keys(bytes).map((local) => {
      const { stream, position } = this.#hands.get(local)!;
      return `frame ${position} of stream "${stream}"`;
    });
    return `on ${frames.join(" and ")}`;
  }
}
