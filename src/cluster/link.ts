/**
 * A link carries the parcels of one stream from one program to others. A transport opens its ends: what is put at one end is
 * taken at each reading end, whole, in order, once while that program lives, and again after its restart if it was not acked.
 */

import type { LostPeerPolicy } from "../pipeline/carry.ts";
import { TransportError } from "./errors.ts";
import type { LinkFigures } from "./link_figures.ts";

/** What both ends of a link know of it. */
export interface LinkDescription {
  /** Its name, the same at both ends. */
  readonly link: string;
  /** What is done with which stream, as it follows "Cannot" in errors. */
  readonly action: string;
  /** Shape and type of a frame, as a text that is the same at both ends. */
  readonly schema: string;
  /** Bytes of a frame. */
  readonly frameBytes: number;
  /** Bytes that are on the way, at most. */
  readonly windowBytes: number;
  /** Where the link's engine says how it is. */
  readonly figures: LinkFigures;
  /** Which of the links of a pipeline it is, from 0: where each has an address of its own. */
  readonly offset: number;
  /** Whether only the newest frame counts: it takes the place of older ones, and holds nobody back. */
  readonly isNewest: boolean;
}

/** What the writing end decides. */
export interface WritingDescription extends LinkDescription {
  readonly readers: readonly string[];
  readonly keep: "file" | "memory";
  readonly replicas: number | null;
  readonly maxBytes: number;
  readonly parcelBytes: number;
  readonly onLostPeer: LostPeerPolicy;
  readonly peerTimeoutMs: number;
  /** Whether the last parcel is kept, consumed or not, for the next run. */
  readonly keepsLast: boolean;
  /** Hears how many frames of the run are stored. */
  onStored(frames: number): void;
  /**
   * Makes the first parcel, which begins the run: nobody else's parcels are accepted after it. It is given the last parcel of
   * the run before, where that is kept.
   */
  begin(last: Uint8Array | null): Uint8Array;
}

/** What a reading end decides. */
export interface ReadingDescription extends LinkDescription {
  readonly reader: string;
  readonly onLostPeer: LostPeerPolicy;
  readonly peerTimeoutMs: number;
}

/** Whether a reading end gives up when the writing program is lost. */
export const givesUp = (policy: LostPeerPolicy): boolean => policy === "fail" || policy === "end";

/** The program at the other end is not there, and is not to be waited for. */
export class LostPeerError extends TransportError {}

/** The end that writes. When all readers are lost and not to be waited for, `put()` and `settle()` reject with a {@link LostPeerError}. */
export interface WritingLink extends AsyncDisposable {
  /** Sends a parcel, which belongs to the link then, with so many whole frames. Resolves when another one may follow. */
  put(parcel: Uint8Array, frames: number, signal?: AbortSignal): Promise<void>;
  /** Resolves when all that was put is stored. */
  settle(signal?: AbortSignal): Promise<void>;
}

/** A parcel as it has arrived. */
export interface TakenParcel {
  readonly bytes: Uint8Array;
  /** Where it stands in the link; it grows. */
  readonly place: number;
}

/** An end that reads. */
export interface ReadingLink extends AsyncDisposable {
  /** Whether parcels may have been dropped for this end while it was not there, so that the next one may be any. */
  readonly isRejoined: boolean;
  /**
   * The next parcel.
   *
   * @throws {LostPeerError} If there is none, and the writing program is lost and not to be waited for.
   */
  take(signal: AbortSignal): Promise<TakenParcel>;
  /** All parcels up to a place are consumed. They do not come again once `settle()` has resolved. */
  ack(place: number): void;
  /** Resolves when what was acked is committed. Not while somebody takes. */
  settle(signal: AbortSignal): Promise<void>;
}

/** Opens the ends of links. */
export interface LinkOpener {
  openWriting(description: WritingDescription, signal: AbortSignal): Promise<WritingLink>;
  openReading(description: ReadingDescription, signal: AbortSignal): Promise<ReadingLink>;
}
