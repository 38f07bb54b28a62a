/** Takes the parcels of a link, writes their frames, and acks what the readers of the stream have consumed. */

import { StoppedError } from "../../errors.ts";
import type { FrameType } from "../../ring/dtypes.ts";
import type { Writer } from "../../ring/writer.ts";
import { TransportError } from "../errors.ts";
import { LostPeerError, type ReadingLink, type TakenParcel } from "../link.ts";
import { KIND, type ParcelHead, readHead } from "../parcels/head.ts";
import { Unpacker } from "../parcels/unpacker.ts";
import { FlushBarrier } from "./flush_barrier.ts";
import { RunRules } from "./run_rules.ts";
import type { CarryInOptions } from "./subscribe_frames.ts";
import { sleepUntil } from "../sleep.ts";

/** How often what is consumed is acked, and after how much of the window: a writer has room for so much more then. */
const ACK_MS = 50;
const ACK_SHARE = 1 / 4;
/** How long a program that stops waits until its last ack is confirmed. */
const COMMIT_MS = 300;
/** How long the failure of another machine waits for what was made of its frames to get to a third one. */
const FLUSH_MS = 1000;
/** How often somebody who waits for the readers looks. */
const LOOK_MS = 5;

/** Frames are whole up to a place. */
interface Milestone {
  /** Frames of the ring before it. */
  readonly frames: number;
  readonly place: number;
  /** When it has come, by the system's clock. */
  readonly at: number;
}

/** One reading end. */
export class Inlet implements Disposable {
  readonly #writer: Writer<FrameType>;
  readonly #link: ReadingLink;
  readonly #options: CarryInOptions;
  readonly #timer: ReturnType<typeof setInterval>;
  /** What was written and is not acked. */
  readonly #milestones: Milestone[] = [];
  /** Bytes that have come since it was looked what is consumed. */
  #unackedBytes = 0;
  /** Frames in the ring. */
  #written = 0;
  #epoch: bigint | undefined;
  #unpacker: Unpacker | undefined;
  readonly #rules: RunRules;
  readonly #barrier: FlushBarrier;
  /** Whether a frame has come from its first part on. */
  #hasWhole = false;

  constructor(writer: Writer<FrameType>, link: ReadingLink, options: CarryInOptions) {
    this.#writer = writer;
    this.#link = link;
    this.#options = options;
    const { onNewRun, link: { onLostPeer } } = options;
    this.#rules = new RunRules({ onNewRun, onLostPeer });
    this.#barrier = new FlushBarrier(options.flows);
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
        if (await this.#take(taken, head)) return await this.#endEarly();
      }
    } catch (error) {
      if (error instanceof StoppedError) await this.#drain();
      if (!(error instanceof LostPeerError)) throw error;
      if (this.#options.link.onLostPeer === "end") return await this.#endEarly();
      await this.#failLater(error.message);
    } finally {
      await this.#commit();
    }
  }

  /** What was consumed before a stop is committed; a link that does not answer then does not hold the program up. */
  async #commit(): Promise<void> {
    this.#ackConsumed();
    await this.#link.settle(AbortSignal.timeout(COMMIT_MS)).catch(() => {});
  }

  /** Where this task alone is to stop, the readers go on until they have drained the stream: that is committed, too. */
  async #drain(): Promise<void> {
    if (this.#options.isStopped()) return;
    this.#writer.close();
    await this.#untilConsumed(FLUSH_MS).catch(() => {});
  }

  /** Frames of the ring that its readers are done with. */
  get #consumed(): number {
    const { runs, ring } = this.#writer;
    return this.#options.commit === "explicit" ? runs!.committed : ring.consumed / this.#options.stride;
  }

  /** Acks up to where all readers have consumed. */
  #ackConsumed(): void {
    // In this order: readers that leave because of a stop have not consumed anything by that. What is committed stays so.
    const consumed = this.#consumed;
    this.#unackedBytes = 0;
    if (this.#options.commit === "consumed" && this.#options.isStopped()) return;
    const safe = this.#barrier.safe(consumed);
    let place: number | undefined;
    while (this.#milestones.length > 0 && this.#milestones[0].frames <= safe) {
      place = this.#milestones.shift()!.place;
    }
    if (place !== undefined) this.#link.ack(place);
    this.#options.link.figures.setLag(this.#written - consumed, this.#milestones[0]?.at);
  }

  /** Whether the stream is to end with this parcel. */
  async #take(taken: TakenParcel, head: ParcelHead): Promise<boolean> {
    if (head.kind === KIND.begin) await this.#begin(taken, head);
    else if (!this.#isOfRun(head)) this.#refuse("a parcel of another run came in between");
    else if (head.kind !== KIND.frames) return await this.#hearFarewell(taken, head);
    else if (this.#isRestOfDropped(head)) this.#passRest(taken.place, head);
    else await this.#takeFrames(taken, head);
    return false;
  }

  #refuse(what: string): never {
    throw new TransportError(`Cannot ${this.#options.link.action}: ${what}`);
  }

  /** A part of a frame whose first parts were dropped while this end was away: it is of no use. */
  #isRestOfDropped({ part }: ParcelHead): boolean {
    if (this.#link.isRejoined && !this.#hasWhole && part > 0) return true;
    this.#hasWhole = true;
    return false;
  }

  /** The frame behind one that was dropped is the first. */
  #passRest(place: number, { epoch, first, part, parts }: ParcelHead): void {
    if (part + 1 === parts) this.#enter(epoch, first + 1);
    this.#pass(place);
  }

  async #takeFrames(taken: TakenParcel, head: ParcelHead): Promise<void> {
    const unpacker = this.#unpacker!;
    const before = unpacker.written;
    await unpacker.take(taken.bytes, head, this.#options.signal);
    this.#written += unpacker.written - before;
    // A part is consumed with the whole frame.
    if (head.parts === 1 || head.part + 1 === head.parts) this.#pass(taken.place);
    this.#unackedBytes += taken.bytes.length;
    if (this.#unackedBytes >= ACK_SHARE * this.#options.link.windowBytes) this.#ackConsumed();
  }

  /** Whether a parcel is of the run that is under way; the first one that comes says which one that is. */
  #isOfRun({ epoch, first, kind }: ParcelHead): boolean {
    if (this.#epoch === undefined) this.#enter(epoch, first);
    if (this.#epoch !== epoch) return false;
    const { next } = this.#unpacker!;
    if (kind !== KIND.frames && first !== next) this.#refuse(`after ${next} frames comes the end of ${first}`);
    return true;
  }

  /** A run begins here, or is joined where it has come to. */
  #enter(epoch: bigint, first: number): void {
    this.#epoch = epoch;
    this.#unpacker = new Unpacker(this.#options.link.action, this.#writer, first);
    this.#writer.runs?.begin(this.#written, { epoch: Number(epoch), number: first });
  }

  #pass(place: number): void {
    this.#milestones.push({ frames: this.#written, place, at: Date.now() });
  }

  async #begin(taken: TakenParcel, { epoch, first }: ParcelHead): Promise<void> {
    if (this.#epoch !== epoch) {
      const why = this.#epoch === undefined ? null : this.#rules.whyNot(first, this.#unpacker!.next);
      if (why !== null) await this.#failLater(why);
      this.#enter(epoch, first);
    }
    this.#pass(taken.place);
  }

  /** All frames before are consumed and committed first, so that the next start does not fail by the same. */
  async #failLater(what: string): Promise<never> {
    await this.#untilConsumed(FLUSH_MS);
    throw new TransportError(what.startsWith("Cannot ") ? what : `Cannot ${this.#options.link.action}: ${what}`);
  }

  /** The writing program has stopped or failed. Whether the stream is to end by that. */
  async #hearFarewell(taken: TakenParcel, head: ParcelHead): Promise<boolean> {
    this.#pass(taken.place);
    const heard = this.#rules.hear(head, taken.bytes);
    return "failure" in heard ? await this.#failLater(heard.failure) : heard.ends;
  }

  /** What is consumed may take the task's own readers with it, by which it is told to stop: only a stop of all counts here. */
  async #untilConsumed(flushMs: number): Promise<void> {
    const { signal, isStopped } = this.#options;
    const isUnderWay = () => this.#consumed < this.#written && !this.#writer.abandoned;
    while (isUnderWay() && !isStopped()) await sleepUntil(LOOK_MS);
    const until = performance.now() + flushMs;
    const isFlushing = () => !this.#writer.abandoned || this.#consumed >= this.#written;
    while (this.#barrier.safe(this.#consumed) < this.#written && isFlushing() && !isStopped()) {
      if (performance.now() > until) break;
      await sleepUntil(LOOK_MS);
    }
    this.#ackConsumed();
    if (isStopped()) signal.throwIfAborted();
    await this.#link.settle(signal.aborted ? AbortSignal.timeout(COMMIT_MS) : signal);
  }

  /** The stream ends here although its writer has not ended it. */
  async #endEarly(): Promise<void> {
    this.#writer.close();
    await this.#untilConsumed(FLUSH_MS);
  }

  /** The readers drain the stream, then the end is committed with what was before it. */
  async #end(taken: TakenParcel): Promise<void> {
    this.#pass(taken.place);
    this.#writer.close();
    await this.#untilConsumed(Infinity);
  }
}
