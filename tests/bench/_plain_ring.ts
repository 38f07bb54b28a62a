/** The same ring in plain JavaScript, for one reader: what the WASM core competes with. */

const POSITION = 0;
const CONSUMED = 32;
const DATA_WAITERS = 64;
const SPACE_WAITERS = 96;
const STOP = 128;
const HEADER_WORDS = 160;

/** A ring of frames on a `SharedArrayBuffer`, by `Atomics` and `TypedArray.set`. Counts frames, modulo 2^32. */
export class PlainRing {
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #slots: Uint8Array<SharedArrayBuffer>[];
  readonly #frames: number;
  #limit: number;
  #seen = 0;
  #written = 0;
  #read = 0;

  constructor(frameBytes: number, frames: number) {
    const buffer = new SharedArrayBuffer(HEADER_WORDS * 4 + frameBytes * frames);
    this.#words = new Int32Array(buffer, 0, HEADER_WORDS);
    this.#frames = frames;
    this.#limit = frames;
    this.#slots = Array.from(
      { length: frames },
      (_, slot) => new Uint8Array(buffer, HEADER_WORDS * 4 + slot * frameBytes, frameBytes),
    );
  }

  write(frame: Uint8Array): boolean {
    const words = this.#words;
    if (Atomics.load(words, STOP) !== 0) throw new Error("stopped");
    if (this.#written === this.#limit) {
      this.#limit = Atomics.load(words, CONSUMED) + this.#frames;
      if (this.#written === this.#limit) return false;
    }
    this.#slots[this.#written % this.#frames].set(frame);
    Atomics.store(words, POSITION, ++this.#written);
    if (Atomics.load(words, DATA_WAITERS) !== 0) Atomics.notify(words, DATA_WAITERS);
    return true;
  }

  readInto(out: Uint8Array): boolean {
    const words = this.#words;
    if (Atomics.load(words, STOP) !== 0) throw new Error("stopped");
    if (this.#read === this.#seen) {
      this.#seen = Atomics.load(words, POSITION);
      if (this.#read === this.#seen) return false;
    }
    out.set(this.#slots[this.#read % this.#frames]);
    Atomics.store(words, CONSUMED, ++this.#read);
    if (Atomics.load(words, SPACE_WAITERS) !== 0) Atomics.notify(words, SPACE_WAITERS);
    return true;
  }
}
