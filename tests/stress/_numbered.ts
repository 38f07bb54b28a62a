/** The ends of a stream of numbered frames, which write and read in changing ways and check what they read. */

import type { Reader, Writer } from "@ringmill/ringmill";
import type { Random } from "../ring/_helpers.ts";
import { fillFrame, numberOf } from "../ring/_sequence.ts";

/** A stream as its ends know it: frame n carries the number `first` + n. */
export interface Numbering {
  readonly first: number;
  readonly count: number;
}

/** Frames are handled in the same way for so long. */
export const CHUNK = 256;

/** Frames as words, whatever numbers they are made of. Each view is made once. */
class Words {
  readonly #views = new WeakMap<ArrayBufferView, Uint32Array>();

  of(frame: ArrayBufferView): Uint32Array {
    let view = this.#views.get(frame);
    if (!view) {
      view = new Uint32Array(frame.buffer, frame.byteOffset, frame.byteLength / 4);
      this.#views.set(frame, view);
    }
    return view;
  }
}

/** A frame of any kind, in the shared memory or not. */
type Frame = Parameters<Writer["write"]>[0];

/** Writes numbered frames, in changing ways. */
export class NumberedWriter {
  readonly #writer: Writer;
  readonly #numbering: Numbering;
  readonly #words = new Words();
  readonly #ways: readonly ((number: number) => void)[];
  #way: (number: number) => void;
  readonly #random: Random;
  written = 0;

  constructor(writer: Writer, numbering: Numbering, random: Random) {
    const scratch = writer.frame();
    const own = writer.frame().slice();
    this.#writer = writer;
    this.#numbering = numbering;
    this.#random = random;
    this.#ways = [
      (number) => this.#write(scratch, number),
      (number) => this.#write(own, number),
      (number) => {
        fillFrame(this.#words.of(writer.look(Infinity)!), number);
        writer.increment();
      },
      (number) => {
        fillFrame(this.#words.of(scratch), number);
        while (!writer.write(scratch, 0));
      },
    ];
    this.#way = this.#ways[0];
  }

  #write(frame: Frame, number: number): void {
    fillFrame(this.#words.of(frame), number);
    if (!this.#writer.write(frame, Infinity)) throw new Error("write() without bound did not write");
  }

  write(): void {
    if (this.written % CHUNK === 0) this.#way = this.#random.pick(this.#ways);
    this.#way((this.#numbering.first + this.written) >>> 0);
    this.written++;
  }

  /** Writes so many, or fewer, in one go. Returns how many. */
  writeMany(most: number): number {
    const slots = this.#writer.lookMany(most, { timeoutMs: Infinity })!;
    for (const slot of slots) fillFrame(this.#words.of(slot), (this.#numbering.first + this.written++) >>> 0);
    this.#writer.increment();
    return slots.length;
  }

  async writeAsync(): Promise<void> {
    const frame = this.#writer.frame();
    fillFrame(this.#words.of(frame), (this.#numbering.first + this.written) >>> 0);
    if (!await this.#writer.writeAsync(frame)) throw new Error("writeAsync() without bound did not write");
    this.written++;
  }
}

/** Reads numbered frames in changing ways, and checks that none is lost uncounted, doubled, out of order or torn. */
export class NumberedReader {
  readonly #reader: Reader;
  readonly #numbering: Numbering;
  readonly #words = new Words();
  readonly #ways: readonly ((timeoutMs: number) => Uint32Array | null)[];
  #way: (timeoutMs: number) => Uint32Array | null;
  readonly #random: Random;
  #calls = 0;
  received = 0;

  constructor(reader: Reader, numbering: Numbering, random: Random) {
    const scratch = reader.frame();
    const own = reader.frame().slice();
    this.#reader = reader;
    this.#numbering = numbering;
    this.#random = random;
    const readInto = (frame: Frame) => (timeoutMs: number) =>
      reader.readInto(frame, timeoutMs) ? this.#words.of(frame) : null;
    this.#ways = [
      readInto(scratch),
      readInto(own),
      (timeoutMs) => {
        const frame = reader.read(timeoutMs);
        return frame && new Uint32Array(frame.buffer);
      },
    ];
    this.#way = this.#ways[0];
  }

  /** Whether there was a frame. It is checked. */
  read(timeoutMs: number): boolean {
    if (this.#calls++ % CHUNK === 0) this.#way = this.#random.pick(this.#ways);
    const words = this.#way(timeoutMs);
    if (words) this.#check(numberOf(words));
    return words !== null;
  }

  /** The same without a copy: what was overtaken meanwhile may be torn, and counts as lost. */
  look(timeoutMs: number): boolean {
    const frame = this.#reader.look(timeoutMs);
    if (!frame) return false;
    const number = numberOf(this.#words.of(frame));
    if (!this.#reader.increment()) return false;
    this.#check(number);
    return true;
  }

  /** Reads frames that are there together, and consumes some of them. Returns how many, 0 at the end. */
  lookMany(most: number): number {
    const frames = this.#reader.lookMany(most, { timeoutMs: Infinity });
    if (!frames) return 0;
    const taken = this.#random.below(2) === 0 ? frames.length : Math.ceil(frames.length / 2);
    for (const frame of frames.slice(0, taken)) this.take(frame);
    if (!this.#reader.increment(taken)) throw new Error(`a frame of "${this.#reader.name}" was overtaken`);
    return taken;
  }

  /** Takes a frame that is looked at. */
  take(frame: Frame): void {
    this.#check(numberOf(this.#words.of(frame)));
  }

  #check(number: number): void {
    if (number === -1) throw new Error(`frame ${this.received} of "${this.#reader.name}" is torn`);
    const index = (number - this.#numbering.first) >>> 0;
    const expected = this.received + this.#reader.lost;
    if (index !== expected) {
      throw new Error(
        `frame ${index} of "${this.#reader.name}" comes where ${expected} should, ${this.#reader.lost} lost`,
      );
    }
    this.received++;
  }

  /** Checks that nothing is missing at the end of the stream. */
  finish(): void {
    const { count } = this.#numbering;
    const { lost, name } = this.#reader;
    if (this.received + lost === count) return;
    throw new Error(`"${name}" ends after ${this.received} frames and ${lost} lost, of ${count}`);
  }
}
