/**
 * Reads WAV files piece by piece, so that their length does not matter, and says in plain words what is wrong with one.
 * The package `wavefile` holds the whole file in memory, takes a truncated one for whole, and stumbles over a second LIST
 * chunk.
 */

import { UserError } from "../shared/program.ts";

/** What the header of a file says. */
export interface Wav {
  readonly path: string;
  readonly sampleRate: number;
  readonly channels: number;
  readonly encoding: EncodingName;
  /** Samples in each channel. */
  readonly length: number;
  /** Where in the file the samples begin. */
  readonly dataStart: number;
}

interface Encoding {
  readonly bytes: number;
  /** One sample, -1 to 1. */
  readonly decode: (view: DataView, offset: number) => number;
}

const PCM = 1;
const FLOAT = 3;
const EXTENSIBLE = 0xfffe;

const ENCODINGS = {
  "8-bit PCM": { bytes: 1, decode: (view, at) => (view.getUint8(at) - 128) / 2 ** 7 },
  "16-bit PCM": { bytes: 2, decode: (view, at) => view.getInt16(at, true) / 2 ** 15 },
  "24-bit PCM": {
    bytes: 3,
    decode: (view, at) => (view.getUint16(at, true) + view.getInt8(at + 2) * 2 ** 16) / 2 ** 23,
  },
  "32-bit PCM": { bytes: 4, decode: (view, at) => view.getInt32(at, true) / 2 ** 31 },
  "32-bit float": { bytes: 4, decode: (view, at) => view.getFloat32(at, true) },
  "64-bit float": { bytes: 8, decode: (view, at) => view.getFloat64(at, true) },
} satisfies Record<string, Encoding>;

/** How samples are written. */
export type EncodingName = keyof typeof ENCODINGS;

/**
 * Reads the header of a file.
 *
 * @throws {UserError} If there is no such file, or it is not a WAV file that can be read as a whole.
 */
export function readWavHeader(path: string): Wav {
  try {
    using file = Deno.openSync(path);
    return new HeaderParser(path, file).parse();
  } catch (error) {
    if (error instanceof UserError) throw error;
    const reason = error instanceof Deno.errors.NotFound ? "there is no such file" : (error as Error).message;
    throw new UserError(`Cannot read ${path}: ${reason}`, { cause: error });
  }
}

/** Walks along the chunks of a file up to its samples. */
class HeaderParser {
  readonly #path: string;
  readonly #file: Deno.FsFile;
  readonly #size: number;

  constructor(path: string, file: Deno.FsFile) {
    const { isFile, size } = file.statSync();
    this.#path = path;
    this.#file = file;
    this.#size = size;
    if (!isFile) this.#refuse("it is not a file");
    if (size === 0) this.#refuse("it is empty");
  }

  #refuse(reason: string): never {
    throw new UserError(`Cannot read ${this.#path}: ${reason}`);
  }

  parse(): Wav {
    const kind = this.#text(0);
    const form = this.#text(8);
    if (form !== "WAVE") this.#refuse("it is not a WAV file");
    if (!/^[A-Z\d]{4}$/.test(kind)) this.#refuse("it is not a WAV file");
    if (kind !== "RIFF") this.#refuse(`it is a WAV file of the kind ${kind}, and only RIFF is supported`);
    let format: DataView | undefined;
    for (let start = 12; start + 8 <= this.#size;) {
      const id = this.#text(start);
      const length = this.#bytes(start + 4, 4).getUint32(0, true);
      if (id === "fmt ") format = this.#bytes(start + 8, Math.min(length, 40));
      if (id === "data") return this.#describe(format, start + 8, length);
      start = this.#after(start + 8 + length, length % 2 === 1);
    }
    this.#refuse("it is truncated: it ends before its samples");
  }

  /** Where the next chunk begins. A chunk of odd length is followed by a zero, which some programs forget. */
  #after(end: number, isOdd: boolean): number {
    return isOdd && !/^[ -~]{4}$/.test(this.#text(end)) || isOdd && this.#text(end + 1) === "data" ? end + 1 : end;
  }

  #describe(format: DataView | undefined, dataStart: number, declared: number): Wav {
    if (!format || format.byteLength < 16) this.#refuse("its samples come without a format");
    const channels = format.getUint16(2, true);
    const sampleRate = format.getUint32(4, true);
    const blockBytes = format.getUint16(12, true);
    if (channels === 0 || sampleRate === 0 || blockBytes === 0) this.#refuse("its format makes no sense");
    const encoding = this.#encoding(format);
    this.#checkBlocks(format);
    const available = this.#size - dataStart;
    const bytes = this.#isOpen(declared, dataStart) ? available : declared;
    if (available < bytes) this.#refuse(`it is truncated: it has ${available} of ${bytes} bytes of samples`);
    const length = Math.floor(bytes / blockBytes);
    if (length === 0) this.#refuse("it has no samples");
    return { path: this.#path, sampleRate, channels, encoding, length, dataStart };
  }

  /**
   * Whether the length of the samples is not known: programs that write into a pipe put none there, or one that no file of
   * theirs has. GStreamer: 0; sox: 0x7ffff000 and some; arecord: 0x80000000; ffmpeg: 0xffffffff.
   */
  #isOpen(declared: number, dataStart: number): boolean {
    if (declared >= 0xfffff000 || declared >= 0x7ffff000 && declared <= 0x80000000) return true;
    const riffEnd = 8 + this.#bytes(4, 4).getUint32(0, true);
    return declared === 0 && Math.abs(riffEnd - this.#size) > 1 && this.#size > dataStart;
  }

  /** Fields that say the same thing twice must say the same. */
  #checkBlocks(format: DataView): void {
    const channels = format.getUint16(2, true);
    const sampleRate = format.getUint32(4, true);
    const [perSecond, perBlock, bits] = [
      format.getUint32(8, true),
      format.getUint16(12, true),
      format.getUint16(14, true),
    ];
    const valid = format.getUint16(0, true) === EXTENSIBLE && format.byteLength >= 20
      ? format.getUint16(18, true)
      : bits;
    if (perBlock !== channels * Math.ceil(bits / 8)) {
      const has = `${channels} channels of ${bits} bits in blocks of ${perBlock} bytes`;
      this.#refuse(`its format contradicts itself: ${has}`);
    }
    if (valid > bits) this.#refuse(`its format contradicts itself: ${valid} of ${bits} bits are used`);
    if (perSecond !== 0 && perSecond !== sampleRate * perBlock) {
      const has = `${perSecond} bytes a second in ${sampleRate} blocks of ${perBlock} bytes`;
      this.#refuse(`its format contradicts itself: ${has}`);
    }
  }

  #encoding(format: DataView): EncodingName {
    const tag = format.getUint16(0, true);
    const bits = format.getUint16(14, true);
    // The extensible format says later, and in the first bytes of a long identifier, what it is.
    const code = tag === EXTENSIBLE && format.byteLength >= 26 ? format.getUint16(24, true) : tag;
    const kind = ({ [PCM]: "PCM", [FLOAT]: "float" } as Record<number, string>)[code];
    const name = `${8 * Math.ceil(bits / 8)}-bit ${kind}`;
    if (name in ENCODINGS) return name as EncodingName;
    const supported = Object.keys(ENCODINGS).join(", ");
    this.#refuse(`its samples have the format ${code} with ${bits} bits, and supported are ${supported}`);
  }

  /** Four characters. */
  #text(start: number): string {
    return new TextDecoder("latin1").decode(this.#bytes(start, 4));
  }

  /** Some bytes of the file; fewer if it ends before. */
  #bytes(start: number, length: number): DataView {
    const bytes = new Uint8Array(Math.max(0, Math.min(length, this.#size - start)));
    this.#file.seekSync(start, Deno.SeekMode.Start);
    readFully(this.#file, bytes);
    return new DataView(bytes.buffer);
  }
}

/** The mean of all samples: an offset of the recorder, which is no sound. Of samples that are all the same it is exact. */
export function readOffset(wav: Wav): number {
  using samples = new WavSamples(wav);
  const block = new Float64Array(65536);
  let mean = 0;
  for (let done = 0; done < wav.length; done += block.length) {
    samples.readInto(block);
    const end = Math.min(block.length, wav.length - done);
    for (let n = 0; n < end; n++) mean += (block[n] - mean) / (done + n + 1);
  }
  return mean;
}

/** Reads the samples of a file one after the other. Several channels become one by their mean. */
export class WavSamples implements Disposable {
  readonly #file: Deno.FsFile;
  readonly #channels: number;
  readonly #encoding: Encoding;
  readonly #offset: number;
  #remaining: number;

  /** `offset` is taken from each sample. */
  constructor({ path, dataStart, channels, encoding, length }: Wav, offset = 0) {
    this.#file = Deno.openSync(path);
    this.#file.seekSync(dataStart, Deno.SeekMode.Start);
    this.#channels = channels;
    this.#encoding = ENCODINGS[encoding];
    this.#offset = offset;
    this.#remaining = length;
  }

  /** Fills `out` with the next samples, -1 to 1 without an offset, and with zeros after the last one. */
  readInto(out: Float32Array | Float64Array): void {
    const count = Math.min(out.length, this.#remaining);
    const bytes = new Uint8Array(count * this.#channels * this.#encoding.bytes);
    readFully(this.#file, bytes);
    const view = new DataView(bytes.buffer);
    for (let n = 0; n < count; n++) out[n] = this.#mean(view, n) - this.#offset;
    out.fill(0, count);
    this.#remaining -= count;
  }

  #mean(view: DataView, index: number): number {
    const { bytes, decode } = this.#encoding;
    const start = index * this.#channels * bytes;
    let sum = 0;
    for (let channel = 0; channel < this.#channels; channel++) sum += decode(view, start + channel * bytes);
    // A float may be no number, and would spoil everything that it is added to.
    return Number.isFinite(sum) ? sum / this.#channels : 0;
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/** Fills `bytes` from the file's position on. */
function readFully(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) {
    const count = file.readSync(bytes.subarray(done));
    if (count === null) throw new Error("it became shorter while it was read");
    done += count;
  }
}
