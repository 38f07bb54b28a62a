/**
 * The writing end of a link on JetStream.
 *
 * Each parcel says which sequence number of the stream it must follow. So the server refuses what comes twice, what comes after
 * a hole, and what a writer sends that is not the last to have begun. When anything fails, the window stops, and what the
 * server has stored decides what is sent again.
 */

import { JetStreamApiError, type StreamInfo } from "@nats-io/jetstream";
import { TransportError } from "../errors.ts";
import { LostPeerError, type WritingDescription, type WritingLink } from "../link.ts";
import { giveBytes } from "../parcels/buffers.ts";
import { tell } from "../../notices.ts";
import { Door, sleepUntil } from "../sleep.ts";
import type { Claim } from "./claim.ts";
import type { Connection } from "./connection.ts";
import { HeldFrames } from "./held_frames.ts";
import { claimOf, KEEPER, streamOf, subjectOf, tokenOf } from "./names.ts";
import { PeerWatch } from "./peer_watch.ts";
import { deleteConsumer, findConsumer, findStream, identityOf, lastMessage } from "./server_stream.ts";

/** Between two attempts: at a server that does not answer, and at one that is full until its readers ack. */
const PAUSE_MS = 100;
const FULL_PAUSE_MS = 20;
/** "wrong last sequence". */
const WRONG_SEQUENCE = 10071;
/** From this status on, an answer is not about what was asked. */
const SERVER_ERROR = 500;
/** How often the end looks what is consumed. */
const LOOK_MS = 1000;

/** What a writing end is made of. */
export interface WritingParts {
  readonly connection: Connection;
  readonly claim: Claim;
  readonly description: WritingDescription;
  readonly stream: StreamInfo;
}

const isFull = (error: unknown) => (error as Error).message.includes("maximum bytes exceeded");

interface Parcel {
  readonly bytes: Uint8Array;
  readonly frames: number;
  readonly at: number;
}

/** A writing end. */
export class JetStreamWritingLink implements WritingLink {
  readonly #parts: WritingParts;
  readonly #identity: string;
  readonly #subject: string;
  readonly #held = new HeldFrames();
  readonly #door = new Door();
  /** Parcels that are not known to be stored; the first of them is to follow {@link #stored}. */
  readonly #flying: Parcel[] = [];
  #flyingBytes = 0;
  #flyingFrames = 0;
  #storedFrames = 0;
  /** The sequence number of the last parcel that is known to be stored. */
  #stored = 0;
  /** The parcel that is kept for the next run. */
  #keptAt = 0;
  #keeping: Promise<void> | undefined;
  readonly #peers: Map<string, PeerWatch>;
  /** What was sent and is not answered. */
  readonly #outstanding = new Set<Promise<void>>();
  #repair: Promise<void> | undefined;
  #looking: Promise<void> | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  #owned: AsyncDisposable | undefined;

  constructor(parts: WritingParts) {
    this.#parts = parts;
    this.#identity = identityOf(parts.stream);
    this.#subject = subjectOf(parts.description.link);
    parts.connection.onFailure = () => this.#door.open();
    const { link, readers, action } = parts.description;
    const watch = (reader: string) => new PeerWatch(parts.connection, claimOf(link, reader), action);
    this.#peers = new Map(readers.map((reader) => [reader, watch(reader)]));
  }

  /** Closes what the link was opened with, at its end. */
  owns(resources: AsyncDisposable): void {
    this.#owned = resources;
    this.#timer = setInterval(
      () => this.#looking ??= this.#lookAtReaders(),
      Math.min(LOOK_MS, this.#parts.connection.leaseMs / 3),
    );
  }

  #cannot(what: string): TransportError {
    return new TransportError(`Cannot ${this.#parts.description.action}: ${what}`);
  }

  /** Stores the first parcel of the run behind whatever is there. From then on, nobody who was before can store anything. */
  async begin(isNewKeeper: boolean, signal: AbortSignal): Promise<void> {
    const { connection, claim, description } = this.#parts;
    for (;;) {
      const { last_seq } = await this.#state(signal);
      await claim.verify(signal);
      const last = description.keepsLast ? await this.#last(last_seq, isNewKeeper, signal) : null;
      try {
        await this.#send(description.begin(last), last_seq);
        this.#stored = this.#keptAt = last_seq + 1;
        return;
      } catch (error) {
        this.#hear(error);
        connection.check();
        await sleepUntil(PAUSE_MS, signal);
      }
    }
  }

  /** The last parcel of the run before. Without a keeper there was none that anybody promises to resume. */
  async #last(sequence: number, isNewKeeper: boolean, signal: AbortSignal): Promise<Uint8Array | null> {
    if (sequence === 0) return null;
    const { connection, description: { link } } = this.#parts;
    const message = await lastMessage(connection, streamOf(link), this.#subject, signal);
    if (message?.seq === sequence) return message.data;
    if (isNewKeeper) return null;
    throw this.#cannot(`the server does not have parcel ${sequence} any more, behind which this run is to resume`);
  }

  /** Lets go of all parcels before the last, at most one look late. A full server is told at once. */
  async #keepLast(): Promise<void> {
    const { connection, description: { keepsLast, link } } = this.#parts;
    const last = this.#stored;
    if (!keepsLast || last === this.#keptAt) return;
    await connection.ask(() => connection.manager.consumers.reset(streamOf(link), KEEPER, last));
    this.#keptAt = last;
  }

  #keepLastSoon(): void {
    this.#keeping ??= this.#keepLast().catch((error) => this.#parts.connection.fail(error))
      .finally(() => this.#keeping = undefined);
  }

  /** What the server has stored. */
  async #state(signal?: AbortSignal) {
    const info = await findStream(this.#parts.connection, streamOf(this.#parts.description.link), signal);
    if (info && identityOf(info) === this.#identity) return info.state;
    const { keep } = this.#parts.description;
    const held = `up to ${this.#held.count} frames that were not consumed`;
    throw this.#cannot(`the server has lost the link, which held ${held} (keep is "${keep}")`);
  }

  async #send(bytes: Uint8Array, lastSequence: number): Promise<void> {
    const { seq, duplicate } = await this.#parts.connection.client.publish(this.#subject, bytes, {
      expect: { lastSequence },
    });
    if (seq !== lastSequence + 1 || duplicate) {
      throw this.#cannot(`a parcel was stored as ${seq}, after ${lastSequence}`);
    }
    this.#parts.connection.answered();
  }

  /** A full server is waited for without bound, and so is one that has to be asked what it has. */
  #hear(error: unknown): void {
    const { connection } = this.#parts;
    if (error instanceof TransportError) return connection.fail(error);
    if (!(error instanceof JetStreamApiError)) return connection.unanswered(error);
    if (error.code === WRONG_SEQUENCE || isFull(error)) return connection.answered();
    if (error.status >= SERVER_ERROR) return connection.unanswered(error);
    connection.fail(this.#cannot(`the server answers: ${error.message}`));
  }

  async put(bytes: Uint8Array, frames: number, signal?: AbortSignal): Promise<void> {
    const { connection, description } = this.#parts;
    for (;;) {
      connection.check();
      if (this.#flying.length === 0 || this.#flyingBytes + bytes.length <= description.windowBytes) break;
      await this.#door.pass(signal);
    }
    this.#flying.push({ bytes, frames, at: Date.now() });
    this.#flyingFrames += frames;
    this.#flyingBytes += bytes.length;
    if (!this.#repair) this.#launch(bytes, this.#stored + this.#flying.length - 1);
  }

  /** Sends a parcel behind others that may be under way. */
  #launch(bytes: Uint8Array, lastSequence: number): void {
    const sent = this.#send(bytes, lastSequence).then(
      () => this.#confirm(lastSequence + 1),
      (error) => void (this.#repair ??= this.#mend(error)),
    );
    this.#outstanding.add(sent);
    sent.finally(() => this.#outstanding.delete(sent));
  }

  /** All parcels up to a sequence number are stored. */
  #confirm(sequence: number): void {
    while (this.#stored < sequence) {
      const { bytes, frames, at } = this.#flying.shift()!;
      this.#flyingBytes -= bytes.length;
      this.#flyingFrames -= frames;
      this.#held.add(++this.#stored, frames, at);
      this.#storedFrames += frames;
      giveBytes(bytes);
      this.#parts.description.figures.add("bytes", bytes.length);
    }
    this.#parts.description.onStored(this.#storedFrames);
    this.#showLag();
    this.#door.open();
  }

  #showLag(): void {
    const { figures, isNewest } = this.#parts.description;
    const oldestAt = this.#held.oldestAt ?? this.#flying[0]?.at;
    // The newest frame waits for nobody.
    if (!isNewest) figures.setLag(this.#held.count + this.#flyingFrames, oldestAt);
  }

  /** Finds out what is stored, and sends the rest again. */
  async #mend(cause: unknown): Promise<void> {
    try {
      this.#hear(cause);
      await Promise.allSettled(this.#outstanding);
      await this.#resend();
      this.#repair = undefined;
      this.#parts.description.figures.add("resends", this.#flying.length);
      this.#flying.forEach(({ bytes }, index) => this.#launch(bytes, this.#stored + index));
    } catch (error) {
      this.#parts.connection.fail(error as Error);
    }
    this.#door.open();
  }

  /** One parcel alone, until it is stored: the others follow then. */
  async #resend(): Promise<void> {
    for (;;) {
      await this.#compare();
      if (this.#flying.length === 0) return;
      const next = this.#stored + 1;
      try {
        this.#parts.description.figures.add("resends", 1);
        await this.#send(this.#flying[0].bytes, this.#stored);
        return this.#confirm(next);
      } catch (error) {
        this.#hear(error);
        this.#parts.connection.check();
        this.#keepLastSoon();
        await sleepUntil(isFull(error) ? FULL_PAUSE_MS : PAUSE_MS);
      }
    }
  }

  /** Compares what the server has with what was confirmed. In this order: who takes the end does so before it stores anything. */
  async #compare(): Promise<void> {
    const { last_seq } = await this.#state();
    await this.#parts.claim.verify();
    if (last_seq < this.#stored) {
      throw this.#cannot(`the server has lost ${this.#stored - last_seq} parcels that it had confirmed`);
    }
    if (last_seq > this.#stored + this.#flying.length) throw this.#cannot("somebody else has written into its link");
    this.#confirm(last_seq);
  }

  /** What all readers have consumed is not held any more; a link that is lost is noticed while nothing is sent. */
  async #lookAtReaders(): Promise<void> {
    const { connection } = this.#parts;
    try {
      await this.#state();
      const floors = await Promise.all(Array.from(this.#peers, ([reader, peer]) => this.#lookAtReader(reader, peer)));
      this.#held.release(Math.min(this.#stored, ...floors));
      this.#showLag();
      this.#showLost();
      if (floors.every((floor) => floor === Infinity)) this.#endWithoutReaders();
      this.#keepLastSoon();
    } catch (error) {
      connection.fail(error as Error);
    } finally {
      this.#looking = undefined;
    }
  }

  /** Up to which parcel a reader has consumed; `Infinity` if it is not waited for. */
  async #lookAtReader(reader: string, peer: PeerWatch): Promise<number> {
    const { connection, description: { link, onLostPeer, peerTimeoutMs } } = this.#parts;
    const consumer = await findConsumer(connection, streamOf(link), tokenOf(reader));
    const mayBeGone = onLostPeer === "drop" || onLostPeer === "end";
    if (!consumer && !mayBeGone) throw this.#cannot(`the server has lost its reader "${reader}"`);
    await peer.look();
    if (!consumer || onLostPeer === "wait" || !peer.isLost(peerTimeoutMs)) {
      return consumer?.ack_floor.stream_seq ?? Infinity;
    }
    if (onLostPeer === "fail") throw this.#cannot(`its reader "${reader}" ${peer.text}`);
    await deleteConsumer(connection, streamOf(link), tokenOf(reader));
    tell(`Link "${link}": its reader "${reader}" ${peer.text}; what it has not consumed is dropped for it`);
    return Infinity;
  }

  #showLost(): void {
    const lost = Array.from(this.#peers.values(), ({ lostMs }) => lostMs ?? 0);
    const longest = Math.max(0, ...lost);
    this.#parts.description.figures.setLost(longest > 0 ? longest : null);
  }

  #endWithoutReaders(): void {
    const { connection, description: { onLostPeer, action } } = this.#parts;
    if (onLostPeer === "end") connection.fail(new LostPeerError(`Cannot ${action}: all of its readers have left`));
  }

  async settle(signal?: AbortSignal): Promise<void> {
    for (;;) {
      this.#parts.connection.check();
      if (this.#flying.length === 0) return;
      await this.#door.pass(signal);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#owned?.[Symbol.asyncDispose]();
  }
}
