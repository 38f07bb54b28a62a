/** Messages over a TCP connection: four bytes of length, little endian, one byte of type, and the body. */

import { takeBytes } from "../parcels/buffers.ts";

/** What a message is. */
export const TYPE = { hello: 1, proof: 2, refusal: 3, position: 4, parcel: 5, ack: 6, ping: 7, bye: 8 } as const;
/** A value of {@link TYPE}. */
export type MessageType = typeof TYPE[keyof typeof TYPE];

/** A message that has arrived. */
export interface ChannelMessage {
  readonly type: number;
  readonly body: Uint8Array<ArrayBuffer>;
}

const HEAD_BYTES = 5;
const BUFFER_BYTES = 64 * 1024;
/** What is not larger is put together with its head. */
const SMALL_BYTES = 16 * 1024;

/** One connection. */
export class Channel implements Disposable {
  readonly #connection: Deno.Conn;
  readonly #most: number;
  readonly #buffer = new Uint8Array(BUFFER_BYTES);
  #begin = 0;
  #end = 0;
  #sending: Promise<unknown> = Promise.resolve();
  /** Bytes that are not sent yet. */
  waiting = 0;
  isClosed = false;
  /** When something has arrived last. */
  heardAt = performance.now();

  /** `most` bytes of a body are the most that is believed. */
  constructor(connection: Deno.Conn, most: number) {
    this.#connection = connection;
    this.#most = most;
  }

  /** Sends a message behind all others; the bytes must stay as they are until then. Rejects when the connection is gone. */
  send(type: MessageType, ...parts: readonly Uint8Array[]): Promise<void> {
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    this.waiting += length;
    const sent = this.#sending.then(() => this.#write(type, length, parts)).finally(() => this.waiting -= length);
    this.#sending = sent.catch(() => {});
    return sent;
  }

  async #write(type: MessageType, length: number, parts: readonly Uint8Array[]): Promise<void> {
    const isSmall = length <= SMALL_BYTES;
    const head = new Uint8Array(HEAD_BYTES + (isSmall ? length : 0));
    new DataView(head.buffer).setUint32(0, length, true);
    head[4] = type;
    let at = HEAD_BYTES;
    if (isSmall) { for (const part of parts) head.set(part, (at += part.length) - part.length); }
    for (const bytes of isSmall ? [head] : [head, ...parts]) await this.#writeAll(bytes);
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) at += await this.#connection.write(bytes.subarray(at));
  }

  /** The next message; `null` when there will be none, or what arrives is no message. */
  async receive(): Promise<ChannelMessage | null> {
    try {
      const head = await this.#read(HEAD_BYTES);
      const length = new DataView(head.buffer).getUint32(0, true);
      if (length > this.#most) return null;
      const body = await this.#read(length);
      this.heardAt = performance.now();
      return { type: head[4], body };
    } catch {
      // The connection is gone, in the middle of a message or not.
      return null;
    }
  }

  async #read(length: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = takeBytes(length);
    for (let at = 0; at < length;) {
      if (this.#begin === this.#end && length - at >= BUFFER_BYTES) {
        at += await this.#readSome(bytes.subarray(at));
        continue;
      }
      if (this.#begin === this.#end) [this.#begin, this.#end] = [0, await this.#readSome(this.#buffer)];
      const part = this.#buffer.subarray(this.#begin, Math.min(this.#end, this.#begin + length - at));
      bytes.set(part, at);
      at += part.length;
      this.#begin += part.length;
    }
    return bytes;
  }

  async #readSome(into: Uint8Array<ArrayBuffer>): Promise<number> {
    const count = await this.#connection.read(into);
    if (count === null) throw new Deno.errors.UnexpectedEof();
    this.heardAt = performance.now();
    return count;
  }

  /** Sends nothing more. */
  async end(): Promise<void> {
    await (this.#connection as Deno.TcpConn).closeWrite();
  }

  /** Closes it at once. */
  [Symbol.dispose](): void {
    if (this.isClosed) return;
    this.isClosed = true;
    try {
      this.#connection.close();
    } catch {
      // It is closed by the other side.
    }
  }
}
