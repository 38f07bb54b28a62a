/** Watches for a reading end whether the writing program is there. */

import { givesUp, LostPeerError, type ReadingDescription } from "../link.ts";
import type { Connection } from "./connection.ts";
import { claimOf, streamOf } from "./names.ts";
import { PeerWatch } from "./peer_watch.ts";
import { findStream } from "./server_stream.ts";

/** How often it looks, at most. */
const LOOK_MS = 1000;

/** What it asks of the reading end. */
export interface WatchingEnd {
  /** The sequence number of the last parcel that was taken. */
  taken(): number;
  /** Hears that nobody is waited for any more. */
  lost(): void;
}

/** The watch of one reading end. */
export class WriterWatch implements Disposable {
  /** What is known of the writing program. */
  readonly peer: PeerWatch;
  readonly #connection: Connection;
  readonly #description: ReadingDescription;
  readonly #end: WatchingEnd;
  readonly #timer: ReturnType<typeof setInterval>;
  #looking: Promise<void> | undefined;
  #lost: LostPeerError | undefined;

  constructor(connection: Connection, description: ReadingDescription, end: WatchingEnd) {
    this.#connection = connection;
    this.#description = description;
    this.#end = end;
    this.peer = new PeerWatch(connection, claimOf(description.link, null), description.action);
    const lookMs = Math.min(LOOK_MS, connection.leaseMs / 3);
    this.#timer = setInterval(() => this.#looking ??= this.#look(), lookMs);
  }

  /** Nobody is lost before all that is stored was taken: the end of the stream may be among it. */
  async #look(): Promise<void> {
    const { onLostPeer, peerTimeoutMs, action, link } = this.#description;
    try {
      await this.peer.look();
      this.#description.figures.setLost(this.peer.lostMs);
      if (!givesUp(onLostPeer) || !this.peer.isLost(peerTimeoutMs)) return;
      const info = await findStream(this.#connection, streamOf(link));
      if (!info || info.state.last_seq > this.#end.taken()) return;
      this.#lost = new LostPeerError(`Cannot ${action}: the program that writes it ${this.peer.text}`);
      this.#end.lost();
    } catch (error) {
      this.#connection.fail(error as Error);
    } finally {
      this.#looking = undefined;
    }
  }

  /** @throws {LostPeerError} If nobody is waited for any more. */
  check(): void {
    if (this.#lost) throw this.#lost;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
