/** Writes the frames of parcels into a stream: those that it has had already are dropped, a hole is an error. */

import type { FrameType } from "../../ring/dtypes.ts";
import type { Writer } from "../../ring/writer.ts";
import { TransportError } from "../errors.ts";
import { bytesOf, runsOf } from "./frame_bytes.ts";
import { HEAD_BYTES, type ParcelHead } from "./head.ts";

/** The frames of one epoch. */
export class Unpacker {
  /** The number of the next frame. */
  next: number;
  /** Whole frames that were written. */
  written = 0;
  readonly #action: string;
  readonly #writer: Writer<FrameType>;
  /** The next part of a frame that has begun, and its bytes so far. */
  #part = 0;
  #filled = 0;

  constructor(action: string, writer: Writer<FrameType>, next: number) {
    this.#action = action;
    this.#writer = writer;
    this.next = next;
  }

  #refuse(what: string): never {
    throw new TransportError(`Cannot ${this.#action}: ${what}`);
  }

  /** Waits for room, and writes what is new in a parcel. */
  async take(parcel: Uint8Array, head: ParcelHead, signal: AbortSignal): Promise<void> {
    if (head.first + head.count <= this.next) return;
    if (head.first > this.next) this.#refuse(`after frame ${this.next - 1} comes frame ${head.first}`);
    if (head.parts > 1) return await this.#takePart(parcel.subarray(HEAD_BYTES), head, signal);
    if (this.#part > 0) this.#refuse(`frame ${this.next} has ended after ${this.#part} parts`);
    await this.#takeFrames(parcel.subarray(HEAD_BYTES), head.first + head.count, signal);
  }

  async #takeFrames(body: Uint8Array, end: number, signal: AbortSignal): Promise<void> {
    const { frameBytes } = this.#writer;
    const from = body.length - (end - this.next) * frameBytes;
    const base = this.next;
    while (this.next < end) {
      await this.#writer.lookAsync({ signal });
      const slots = this.#writer.lookMany(end - this.next)!;
      const start = from + (this.next - base) * frameBytes;
      for (const [run, at] of runsOf(slots, frameBytes)) {
        run.set(body.subarray(start + at, start + at + run.length));
      }
      this.#publish(slots.length);
    }
  }

  #publish(frames: number): void {
    this.#writer.increment();
    this.next += frames;
    this.written += frames;
  }

  /** A part lies in the slot until the others are there. */
  async #takePart(body: Uint8Array, { part, parts }: ParcelHead, signal: AbortSignal): Promise<void> {
    if (part < this.#part) return;
    if (part > this.#part) this.#refuse(`after ${this.#part} parts of frame ${this.next} comes part ${part}`);
    const { frameBytes } = this.#writer;
    const end = this.#filled + body.length;
    if (end > frameBytes || (part + 1 === parts) !== (end === frameBytes)) {
      this.#refuse(`${part + 1} parts of ${parts} of frame ${this.next} have ${end} bytes of ${frameBytes}`);
    }
    const slot = await this.#writer.lookAsync({ signal });
    bytesOf(slot!, frameBytes).set(body, this.#filled);
    this.#filled = end;
    this.#part = part + 1;
    if (this.#part < parts) return;
    this.#part = this.#filled = 0;
    this.#publish(1);
  }
}
