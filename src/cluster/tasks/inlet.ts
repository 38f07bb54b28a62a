/** Takes the parcels of a link, writes their frames, and acks what the readers of the stream have consumed. */

import type { FrameType } from "../../ring/dtypes.ts";
import type { Writer } from "../../ring/writer.ts";
import { TransportError } from "../errors.ts";
import type { ReadingLink, TakenParcel } from "../link.ts";
import { HEAD_BYTES, KIND, type ParcelHead, readHead } from "../parcels/head.ts";
import { Unpacker } from "../parcels/unpacker.ts";
import type { CarryInOptions } from "./subscribe_frames.ts";
import { sleepUntil } from "../sleep.ts";

/** How often what is consumed is acked. */
const ACK_MS = 50;
/** How long a program that stops waits until its last ack is confirmed. */
const COMMIT_MS = 300;
/** How often somebody who waits for the readers looks. */
const LOOK_MS = 5;

/** Frames are whole up to a place. */
interface Milestone {
  /** Frames of the ring before it. */
  readonly frames: number;
  readonly place: number;
}

/** One reading end. */
export class Inlet implements Disposable {
  readonly #writer: Writer<FrameType>;
  readonly #link: ReadingLink;
  readonly #options: CarryInOptions;
  readonly #timer: ReturnType<typeof setInterval>;
  /** What was written and is not acked. */
  readonly #milestones: Milestone[] = [];
  /** Frames in the ring. */
  #written = 0;
  #epoch: bigint | undefined;
  #unpacker: Unpacker | undefined;

  constructor(writer: Writer<FrameType>, link: ReadingLink, options: CarryInOptions) {
    this.#writer = writer;
    this.#link = link;
    this.#options = options;
    this.#timer = setInterval(() => this.#ackConsumed(), ACK_MS);
  }

  /** Stops the timer. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  /** Works until the end of the stream. */
  async run(): Promise<void> {
    const { link: { action, frameBytes }, signal } = this.#options;
    try {
      for (;;) {
        const taken = await this.#link.take(signal);
        const head = readHead(action, taken.bytes, frameBytes);
        if (head.kind === KIND.end && this.#isOfRun(head)) return await this.#end(taken);
        await this.#take(taken, head);
      }
    } finally {
      await this.#commit();
    }
  }

  /** What was consumed before a stop is committed; a link that does not answer then does not hold the program up. */
  async #commit(): Promise<void> {
    this.#ackConsumed();
    await this.#link.settle(AbortSignal.timeout(COMMIT_MS)).catch(() => {});
  }

  /** Acks up to where all readers have consumed. */
  #ackConsumed(): void {
    // In this order: readers that leave because of a stop have not consumed anything by that.
    const consumed = this.#writer.ring.consumed / this.#options.stride;
    if (this.#options.isStopped()) return;
    let place: number | undefined;
    while (this.#milestones.length > 0 && this.#milestones[0].frames <= consumed) {
      place = this.#milestones.shift()!.place;
    }
    if (place !== undefined) this.#link.ack(place);
  }

  async #take(taken: TakenParcel, head: ParcelHead): Promise<void> {
    if (head.kind === KIND.begin) return await this.#begin(taken, head);
    if (!this.#isOfRun(head)) {
      throw new TransportError(`Cannot ${this.#options.link.action}: a parcel of another run came in between`);
    }
    if (head.kind !== KIND.frames) return await this.#hearFarewell(taken, head);
    const unpacker = this.#unpacker!;
    const before = unpacker.written;
    await unpacker.take(taken.bytes, head, this.#options.signal);
    this.#written += unpacker.written - before;
    // A part is consumed with the whole frame.
    if (head.parts === 1 || head.part + 1 === head.parts) this.#pass(taken.place);
  }

  /** Whether a parcel is of the run that is under way; the first one that comes says which one that is. */
  #isOfRun({ epoch, first, kind }: ParcelHead): boolean {
    this.#epoch ??= epoch;
    if (this.#epoch !== epoch) return false;
    this.#unpacker ??= new Unpacker(this.#options.link.action, this.#writer, first);
    if (kind !== KIND.frames && first !== this.#unpacker.next) {
      const { action } = this.#options.link;
      throw new TransportError(`Cannot ${action}: after ${this.#unpacker.next} frames comes the end of ${first}`);
    }
    return true;
  }

  #pass(place: number): void {
    this.#milestones.push({ frames: this.#written, place });
  }

  async #begin(taken: TakenParcel, { epoch, first }: ParcelHead): Promise<void> {
    if (this.#epoch !== undefined && this.#epoch !== epoch) {
      const { action } = this.#options.link;
      await this.#failUnlessAccepted(() =>
        `Cannot ${action}: the program that writes it began anew before the end of the stream; onNewRun decides`
      );
    }
    if (this.#epoch !== epoch) this.#unpacker = new Unpacker(this.#options.link.action, this.#writer, first);
    this.#epoch = epoch;
    this.#pass(taken.place);
  }

  /** All frames before are consumed and committed first, so that the next start does not fail by the same. */
  async #failUnlessAccepted(message: () => string): Promise<void> {
    if (this.#options.onNewRun === "accept") return;
    await this.#untilConsumed();
    throw new TransportError(message());
  }

  async #hearFarewell(taken: TakenParcel, { kind }: ParcelHead): Promise<void> {
    this.#pass(taken.place);
    const text = new TextDecoder().decode(taken.bytes.subarray(HEAD_BYTES));
    const at = text.indexOf("\n");
    const [machine, reason] = at < 0 ? ["?", text] : [text.slice(0, at), text.slice(at + 1)];
    await this.#failUnlessAccepted(() => {
      const what = kind === KIND.failed ? reason : "its program was stopped before the end of the stream";
      return `Cannot ${this.#options.link.action}: on machine ${JSON.stringify(machine)}: ${what}`;
    });
    // What comes next is a new run.
    this.#epoch = this.#unpacker = undefined;
  }

  async #untilConsumed(): Promise<void> {
    const { signal } = this.#options;
    while (this.#writer.ring.consumed / this.#options.stride < this.#written && !this.#writer.abandoned) {
      await sleepUntil(LOOK_MS, signal);
    }
    this.#ackConsumed();
    await this.#link.settle(signal);
  }

  /** The readers drain the stream, then the end is committed with what was before it. */
  async #end(taken: TakenParcel): Promise<void> {
    this.#pass(taken.place);
    this.#writer.close();
    await this.#untilConsumed();
  }
}
