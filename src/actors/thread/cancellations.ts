/** Requests that were cancelled before they were taken, and those that were handed on. */

import type { Peer } from "./post_office.ts";
import type { TakenRequest } from "./taken_table.ts";

/** Cancellations that are remembered: a request that was answered already will never come. */
const MOST = 4096;

function keyOf({ mailbox, ticket }: TakenRequest): string {
  return `${mailbox}:${ticket}`;
}

/** Forgets the oldest beyond the most. */
function trim(map: Map<string, unknown>): void {
  if (map.size <= MOST) return;
  const [oldest] = map.keys();
  map.delete(oldest);
}

/** What a worker knows of requests that it does not have in hand. */
export class Cancellations {
  readonly #cancelled = new Map<string, true>();
  readonly #forwarded = new Map<string, Peer>();

  /** Notes that a request is cancelled, and returns where it was handed on to, if it was. */
  note(request: TakenRequest): Peer | undefined {
    const key = keyOf(request);
    const to = this.#forwarded.get(key);
    if (to) return to;
    this.#cancelled.set(key, true);
    trim(this.#cancelled);
    return undefined;
  }

  /** Notes where a request was handed on to. */
  noteForward(request: TakenRequest, to: Peer): void {
    this.#forwarded.set(keyOf(request), to);
    trim(this.#forwarded);
  }

  /** Whether a request that was taken now was cancelled before. */
  take(request: TakenRequest): boolean {
    return this.#cancelled.size > 0 && this.#cancelled.delete(keyOf(request));
  }
}
