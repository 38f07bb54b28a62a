/** Takes the newest frames of a link. Older ones never come after newer ones; what was overtaken is left out. */

import type { FrameType } from "../../ring/dtypes.ts";
import type { Writer } from "../../ring/writer.ts";
import { TransportError } from "../errors.ts";
import { LostPeerError, type ReadingLink } from "../link.ts";
import { bytesOf } from "../parcels/frame_bytes.ts";
import { HEAD_BYTES, KIND, type ParcelHead, readHead } from "../parcels/head.ts";
import { RunRules } from "./run_rules.ts";
import type { CarryInOptions } from "./subscribe_frames.ts";

/** One reading end. */
export class NewestInlet {
  readonly #writer: Writer<FrameType>;
  readonly #link: ReadingLink;
  readonly #options: CarryInOptions;
  readonly #rules: RunRules;
  /** The frame whose parts come: its number, its bytes so far, and how many parts and bytes that are. */
  readonly #frame: Uint8Array;
  #number = -1;
  #parts = 0;
  #filled = 0;
  #written = 0;
  #epoch: bigint | undefined;
  /** The number of the last frame that was written, of the run. */
  #last = -1;

  constructor(writer: Writer<FrameType>, link: ReadingLink, options: CarryInOptions) {
    this.#writer = writer;
    this.#link = link;
    this.#options = options;
    this.#frame = new Uint8Array(options.link.frameBytes);
    const { onNewRun, link: { onLostPeer } } = options;
    this.#rules = new RunRules({ onNewRun, onLostPeer });
  }

  #refuse(what: string): never {
    throw new TransportError(`Cannot ${this.#options.link.action}: ${what}`);
  }

  /** Works until the end of the stream. */
  async run(): Promise<void> {
    const { link: { action, frameBytes, onLostPeer }, signal } = this.#options;
    try {
      for (;;) {
        const { bytes } = await this.#link.take(signal);
        const head = readHead(action, bytes, frameBytes);
        if (this.#enter(head)) { if (await this.#take(head, bytes)) return this.#writer.close(); }
      }
    } catch (error) {
      if (!(error instanceof LostPeerError) || onLostPeer !== "end") throw error;
      this.#writer.close();
    }
  }

  /** Whether a parcel is of the run that is under way, or begins a later one: what began it may have been overtaken. */
  #enter({ epoch, first }: ParcelHead): boolean {
    if (this.#epoch === epoch) return true;
    if (this.#epoch !== undefined) {
      if (epoch < this.#epoch) return false;
      const why = this.#rules.whyNot(0, 0);
      if (why !== null) this.#refuse(why);
    }
    this.#epoch = epoch;
    this.#last = this.#number = first - 1;
    this.#writer.runs?.begin(this.#written, { epoch: Number(epoch), number: first });
    return true;
  }

  /** Whether the stream ends by a parcel. */
  async #take(head: ParcelHead, bytes: Uint8Array): Promise<boolean> {
    if (head.kind === KIND.begin) return false;
    if (head.kind === KIND.end) return true;
    if (head.kind === KIND.frames) {
      await this.#takeFrame(head, bytes.subarray(HEAD_BYTES));
      return false;
    }
    const heard = this.#rules.hear(head, bytes);
    if ("failure" in heard) this.#refuse(heard.failure);
    return heard.ends;
  }

  /** Parts follow each other, or the frame is left out. */
  async #takeFrame({ first, part, parts }: ParcelHead, body: Uint8Array): Promise<void> {
    if (first <= this.#last) return;
    if (part === 0) [this.#number, this.#parts, this.#filled] = [first, 0, 0];
    if (first !== this.#number || part !== this.#parts || this.#filled + body.length > this.#frame.length) return;
    this.#frame.set(body, this.#filled);
    this.#filled += body.length;
    this.#parts++;
    if (this.#parts < parts || this.#filled < this.#frame.length) return;
    await this.#write();
  }

  async #write(): Promise<void> {
    const { signal, link: { frameBytes } } = this.#options;
    const slot = await this.#writer.lookAsync({ signal });
    bytesOf(slot!, frameBytes).set(this.#frame);
    // Each frame has the number that it had, whatever was left out before it.
    if (this.#number !== this.#last + 1) {
      this.#writer.runs?.begin(this.#written, { epoch: Number(this.#epoch), number: this.#number });
    }
    this.#writer.increment();
    this.#last = this.#number;
    this.#written++;
  }
}
