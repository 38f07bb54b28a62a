/** A reading end of a link over TCP. */

import { givesUp, LostPeerError, type ReadingDescription, type ReadingLink, type TakenParcel } from "../link.ts";
import { TransportError } from "../errors.ts";
import { giveBytes } from "../parcels/buffers.ts";
import { Door } from "../sleep.ts";
import type { TcpEndpoint } from "../transport.ts";
import { type Channel, type ChannelMessage, TYPE } from "./channel.ts";
import type { Hello } from "./hello.ts";
import { placeBytes, readPlace } from "./places.ts";
import { Session } from "./session.ts";

/** A reading end. */
export class TcpReadingLink implements ReadingLink {
  isRejoined = false;
  readonly #description: ReadingDescription;
  readonly #door = new Door();
  #session!: Session;
  #channel: Channel | undefined;
  /** Which program writes, and what is added to its places, so that those of all programs grow. */
  #writer: string | undefined;
  #base = 0;
  /** Parcels that were not taken, and the place of the last that has arrived, as the writer counts. */
  readonly #arrived: TakenParcel[] = [];
  #arrivedBytes = 0;
  #place = 0;
  /** The last parcel that was taken, and places that are to be acked, and are sent. */
  #last: Uint8Array | undefined;
  #wanted = 0;
  #sent = 0;

  private constructor(description: ReadingDescription) {
    this.#description = description;
  }

  /** Opens one. */
  static async open(endpoint: TcpEndpoint, description: ReadingDescription): Promise<TcpReadingLink> {
    const link = new TcpReadingLink(description);
    link.#session = await Session.open(endpoint, description, {
      end: "reader",
      opened: (channel, hello) => link.#opened(channel, hello),
      heard: (message) => link.#heard(message),
      changed: () => link.#door.open(),
      room: () => link.#room(),
    });
    return link;
  }

  /** Tells the writer where this end stands: at nothing, for one that it does not know. */
  #opened(channel: Channel, { owner }: Hello): void {
    this.#channel = channel;
    if (this.#writer !== owner) {
      this.#writer = owner;
      this.#base += this.#place;
      this.#sent = this.#base;
      this.#place = 0;
    }
    // What has arrived comes before whatever a new run does.
    const last = (this.#arrived.at(-1)?.bytes ?? this.#last)?.slice();
    channel.send(TYPE.position, placeBytes(this.#place), ...last ? [last] : []).catch(() => {});
    this.#ack();
  }

  #heard({ type, body }: ChannelMessage): void {
    if (type !== TYPE.parcel) return;
    const place = readPlace(body);
    const { isNewest, action } = this.#description;
    if (place <= this.#place) return;
    if (place > this.#place + 1 && !isNewest && this.#place > 0) {
      const missing = `${place - this.#place - 1} parcels are missing`;
      return this.#session.fail(new TransportError(`Cannot ${action}: ${missing} after number ${this.#place}`));
    }
    if (this.#place === 0) this.isRejoined = place > 1;
    this.#place = place;
    this.#description.figures.add("bytes", body.length - 8);
    if (isNewest && this.#arrived.length >= this.#mostNewest) this.#shift();
    this.#arrived.push({ bytes: body.subarray(8), place: this.#base + place });
    this.#arrivedBytes += body.length - 8;
    this.#door.open();
  }

  /** Resolves when more may arrive: what waits for its readers holds the writer back. */
  async #room(): Promise<void> {
    while (this.#arrivedBytes > this.#description.windowBytes && !this.#session.failure) await this.#door.pass();
  }

  /** Parcels of the newest frames that wait for their reader: two frames, and what is said about them. */
  get #mostNewest(): number {
    const part = this.#arrived[0]?.bytes.length ?? 1;
    return 2 * Math.ceil(this.#description.frameBytes / Math.max(1, part - 40)) + 2;
  }

  #shift(): TakenParcel | undefined {
    const parcel = this.#arrived.shift();
    this.#arrivedBytes -= parcel?.bytes.length ?? 0;
    if (parcel) this.#door.open();
    return parcel;
  }

  async take(signal: AbortSignal): Promise<TakenParcel> {
    for (;;) {
      signal.throwIfAborted();
      const parcel = this.#shift();
      if (parcel) {
        if (this.#last) giveBytes(new Uint8Array(this.#last.buffer));
        this.#last = parcel.bytes;
        if (this.#description.isNewest) this.ack(parcel.place);
        return parcel;
      }
      this.#session.check();
      const { onLostPeer, action } = this.#description;
      if (this.#session.isLost && givesUp(onLostPeer)) {
        throw new LostPeerError(`Cannot ${action}: the program that writes it ${this.#session.lostText}`);
      }
      await this.#door.pass(signal);
    }
  }

  ack(place: number): void {
    this.#wanted = Math.max(this.#wanted, place);
    this.#ack();
  }

  #ack(): void {
    if (!this.#channel || this.#wanted <= Math.max(this.#sent, this.#base)) return;
    const place = this.#wanted;
    this.#channel.send(TYPE.ack, placeBytes(place - this.#base)).then(() => {
      this.#sent = Math.max(this.#sent, place);
      this.#door.open();
    }, () => {});
  }

  async settle(signal: AbortSignal): Promise<void> {
    // Of a writer that is gone, nobody wants to know.
    while (this.#wanted > this.#sent && this.#session.lostMs === null) {
      this.#session.check();
      await this.#door.pass(signal);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session[Symbol.asyncDispose]();
  }
}
