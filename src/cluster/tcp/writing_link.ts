/** The writing end of a link over TCP. Its memory keeps what the reading program has not consumed. */

import { LostPeerError, type WritingDescription, type WritingLink } from "../link.ts";
import { TransportError } from "../errors.ts";
import { giveBytes } from "../parcels/buffers.ts";
import { Door } from "../sleep.ts";
import type { TcpEndpoint } from "../transport.ts";
import { type Channel, type ChannelMessage, TYPE } from "./channel.ts";
import { placeBytes, readPlace } from "./places.ts";
import { Session } from "./session.ts";

interface Kept {
  readonly place: number;
  readonly bytes: Uint8Array;
  readonly frames: number;
  readonly at: number;
}

/** A writing end. */
export class TcpWritingLink implements WritingLink {
  readonly #description: WritingDescription;
  readonly #door = new Door();
  #session!: Session;
  /** The connection, and one whose reader has not said yet what it has. */
  #channel: Channel | undefined;
  #pending: Channel | undefined;
  /** What the reader has not consumed; of the newest frames, what may still be of use. */
  readonly #kept: Kept[] = [];
  #keptBytes = 0;
  #lagFrames = 0;
  #consumedFrames = 0;
  #place = 0;
  /** The last parcel that was sent. */
  #sent = 0;
  /** The last parcel that the reader has taken of the run before, as soon as it has said so; `null` if of none. */
  #last: Uint8Array | null | undefined;
  #hasBegun = false;

  private constructor(description: WritingDescription) {
    this.#description = description;
  }

  /** Opens one, and begins the run. */
  static async open(
    endpoint: TcpEndpoint,
    description: WritingDescription,
    signal: AbortSignal,
  ): Promise<TcpWritingLink> {
    const link = new TcpWritingLink(description);
    link.#session = await Session.open(endpoint, description, {
      end: "writer",
      opened: (channel) => link.#opened(channel),
      room: () => Promise.resolve(),
      heard: (message) => link.#heard(message),
      changed: () => link.#changed(),
    });
    try {
      await link.#begin(signal);
    } catch (error) {
      await link[Symbol.asyncDispose]();
      throw error;
    }
    return link;
  }

  /** A run that resumes begins when the reader has said what it has. */
  async #begin(signal: AbortSignal): Promise<void> {
    const { keepsLast, begin } = this.#description;
    while (keepsLast && this.#last === undefined) {
      this.#session.check();
      await this.#door.pass(signal);
    }
    this.#hasBegun = true;
    this.#keep(begin(this.#last ?? null), 0);
  }

  #keep(bytes: Uint8Array, frames: number): void {
    const parcel = { place: ++this.#place, bytes, frames, at: Date.now() };
    this.#description.figures.add("bytes", bytes.length);
    this.#lagFrames += frames;
    this.#kept.push(parcel);
    this.#keptBytes += bytes.length;
    this.#send(parcel);
    this.#showLag();
  }

  #showLag(): void {
    if (!this.#description.isNewest) this.#description.figures.setLag(this.#lagFrames, this.#kept[0]?.at);
  }

  #send({ place, bytes }: Kept): void {
    if (!this.#channel) return;
    if (place <= this.#sent) this.#description.figures.add("resends", 1);
    this.#sent = Math.max(this.#sent, place);
    this.#channel.send(TYPE.parcel, placeBytes(place), bytes).then(() => this.#door.open(), () => {});
  }

  #opened(channel: Channel): void {
    // It says where it stands first.
    this.#channel = undefined;
    this.#pending = channel;
  }

  #heard({ type, body }: ChannelMessage): void {
    if (type === TYPE.ack) this.#release(readPlace(body));
    if (type === TYPE.position) this.#resume(body);
    this.#door.open();
  }

  /** The reader says up to which place it has taken parcels of this run: 0 of another one; then the last one that it took. */
  #resume(body: Uint8Array): void {
    const taken = readPlace(body);
    this.#last ??= body.length > 8 ? body.slice(8) : null;
    this.#channel = this.#pending;
    if (!this.#hasBegun) return;
    for (const parcel of this.#kept.filter(({ place }) => place > taken)) this.#send(parcel);
  }

  #release(place: number): void {
    while (this.#kept.length > 0 && this.#kept[0].place <= place) {
      const { bytes, frames } = this.#kept.shift()!;
      this.#keptBytes -= bytes.length;
      this.#lagFrames -= frames;
      giveBytes(bytes);
      this.#consumedFrames += frames;
    }
    this.#description.onStored(this.#consumedFrames);
    this.#showLag();
  }

  #changed(): void {
    if (this.#session && this.#session.lostMs !== null) this.#channel = undefined;
    this.#door.open();
  }

  /** Waits for a reader that is lost, or does not. */
  #checkReader(): void {
    const { onLostPeer, action, isNewest } = this.#description;
    this.#session.check();
    if (isNewest || onLostPeer === "wait" || !this.#session.isLost) return;
    const text = `Cannot ${action}: its reader ${this.#session.lostText}`;
    if (onLostPeer === "fail") throw new TransportError(text);
    if (onLostPeer === "end") throw new LostPeerError(text);
    this.#release(this.#place);
  }

  /** Whether there is room for so many bytes more. */
  #hasRoom(bytes: number): boolean {
    const { maxBytes, windowBytes, isNewest } = this.#description;
    if (isNewest) return true;
    const isUnderWay = (this.#channel?.waiting ?? 0) + bytes > windowBytes;
    return !isUnderWay && this.#keptBytes + bytes <= maxBytes;
  }

  async put(bytes: Uint8Array, frames: number, signal?: AbortSignal): Promise<void> {
    for (;;) {
      this.#checkReader();
      if (this.#hasRoom(bytes.length)) break;
      await this.#door.pass(signal);
    }
    if (this.#description.isNewest) this.#forgetOld();
    this.#keep(bytes, frames);
  }

  /** Of the newest frames two are kept, with what is said about them. */
  #forgetOld(): void {
    const { frameBytes } = this.#description;
    while (this.#kept.length > 2 && this.#keptBytes > 2 * frameBytes + 1024) {
      this.#keptBytes -= this.#kept.shift()!.bytes.length;
    }
  }

  /** There is no store but this one: what was put is safe when it is consumed. The newest frame may be lost with its reader. */
  async settle(signal?: AbortSignal): Promise<void> {
    for (;;) {
      this.#checkReader();
      if (this.#kept.length === 0 || this.#description.isNewest && !this.#channel) return;
      await this.#door.pass(signal);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session[Symbol.asyncDispose]();
  }
}
