/** Watches whether the program at another end of a link is there, by how its claim is renewed. */

import { formatDuration } from "../../units.ts";
import { readClaim } from "./claim.ts";
import type { Connection } from "./connection.ts";

/** What is known of one program. */
export class PeerWatch {
  readonly #connection: Connection;
  readonly #subject: string;
  readonly #action: string;
  #sequence: number | undefined;
  #leaseMs: number;
  #hasLeft = false;
  #seenAt = performance.now();
  #lookedAt = performance.now();

  constructor(connection: Connection, subject: string, action: string) {
    this.#connection = connection;
    this.#subject = subject;
    this.#action = action;
    this.#leaseMs = connection.leaseMs;
  }

  /** Looks once. Only what changes is a sign of life: a claim stays when its holder is killed. */
  async look(signal?: AbortSignal): Promise<void> {
    const entry = await readClaim(this.#connection, this.#subject, this.#action, signal);
    const now = performance.now();
    // A watcher without an answer for that long was perhaps cut off itself, and knows nothing of its peer.
    if (now - this.#lookedAt > this.#leaseMs) this.#seenAt = now;
    this.#lookedAt = now;
    const isNew = entry?.sequence !== this.#sequence;
    const isFirst = this.#sequence === undefined;
    this.#sequence = entry?.sequence ?? 0;
    if (!entry) return;
    this.#leaseMs = entry.holder.leaseMs;
    if (!isNew || isFirst) return;
    // Only the holder itself gives a claim back: it has been there, although perhaps for less than a look.
    this.#hasLeft = !entry.holder.isHeld;
    if (!this.#hasLeft) this.#seenAt = now;
  }

  /** For how many milliseconds it has not been seen; `null` while it is there, as far as anybody can know. */
  get lostMs(): number | null {
    const silentMs = performance.now() - this.#seenAt;
    return this.#hasLeft || silentMs > this.#leaseMs ? silentMs : null;
  }

  /** Whether it has left, or was not seen for so long. */
  isLost(timeoutMs: number): boolean {
    return this.#hasLeft || performance.now() - this.#seenAt >= timeoutMs;
  }

  /** What has become of it, as it follows its name. */
  get text(): string {
    return this.#hasLeft ? "was stopped" : `has not been there for ${formatDuration(performance.now() - this.#seenAt)}`;
  }
}
