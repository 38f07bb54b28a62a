/** Where the batches of a file lie: found by reading their metadata and passing their columns by. */

import { type ArrowMessage, readMessage } from "./arrow_message.ts";
import { headOf, type StreamHead } from "./arrow_schema.ts";
import { CONTINUATION, PREFIX_BYTES } from "./batch_block.ts";
import type { FrameFormat } from "./frame_format.ts";

/** A batch. What is in it is read only when somebody asks. */
export class BatchPlace {
  readonly file: PlacedReader;
  /** Frames in it. */
  readonly rows: number;
  /** Where its body begins in the file. */
  readonly #body: number;
  readonly #offsets: readonly number[];

  constructor(file: PlacedReader, rows: number, body: number, offsets: readonly number[]) {
    this.file = file;
    this.rows = rows;
    this.#body = body;
    this.#offsets = offsets;
  }

  /** Where its columns begin in the file: `frame`, `time`, `lost`, and each array of `data`. */
  get columns(): readonly number[] {
    return this.#offsets.map((offset) => this.#body + offset);
  }

  /** The number of its first frame. */
  get first(): number {
    return Number(this.#integer(0, 0));
  }

  /** When its first frame was taken, in nanoseconds since 1970. */
  get start(): bigint {
    return this.#integer(1, 0);
  }

  /** The number of its last frame, and when it was taken. */
  get last(): { readonly frame: number; readonly time: bigint } {
    const row = this.rows - 1;
    return { frame: Number(this.#integer(0, row)), time: this.#integer(1, row) };
  }

  /** A number of 64 bits of a column. */
  #integer(column: number, row: number): bigint {
    const bytes = new Uint8Array(8);
    this.file.read(this.#body + this.#offsets[column] + 8 * row, bytes);
    return new DataView(bytes.buffer).getBigInt64(0, true);
  }
}

/** What a file holds. */
export interface BatchIndex {
  readonly head: StreamHead;
  readonly batches: readonly BatchPlace[];
  /** Bytes of all messages that are whole. */
  readonly wholeBytes: number;
  /** Whether the mark of the end follows them. */
  readonly isComplete: boolean;
}

/** A file is not one of recorded frames, or is damaged. */
export class DamagedFile extends Error {
  override readonly name = "DamagedFile";
}

/** More metadata than any batch of frames has. */
const MOST_METADATA = 1 << 24;

/** Prefix and metadata of most batches are no longer. */
const USUAL_BYTES = 1024;

/** Reads at places of a file. */
export class PlacedReader implements Disposable {
  readonly path: string;
  readonly size: number;
  readonly #file: Deno.FsFile;

  /** @throws {DamagedFile} If it is no file: to open a pipe would wait for somebody who writes it. */
  constructor(path: string) {
    if (!Deno.statSync(path).isFile) throw new DamagedFile("it is no file");
    this.path = path;
    this.#file = Deno.openSync(path);
    this.size = this.#file.statSync().size;
  }

  /** Fills `bytes` from a place on. False if the file ends before. */
  read(place: number, bytes: Uint8Array): boolean {
    if (place + bytes.length > this.size) return false;
    this.#file.seekSync(place, Deno.SeekMode.Start);
    for (let done = 0; done < bytes.length;) {
      const count = this.#file.readSync(bytes.subarray(done));
      if (count === null) return false;
      done += count;
    }
    return true;
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/** A message's metadata. */
interface Found {
  readonly message: ArrowMessage;
  /** Where its body begins. */
  readonly body: number;
  /** Where the next message begins. */
  readonly next: number;
}

/** Decodes metadata; those of most batches are the same as of the batch before. */
class Decoder {
  #metadata = new Uint8Array(0);
  #message: ArrowMessage | undefined;

  decode(metadata: Uint8Array<ArrayBuffer>, place: number): ArrowMessage {
    if (this.#message && isSame(metadata, this.#metadata)) return this.#message;
    const message = decode(metadata, place);
    this.#metadata = metadata.slice();
    return this.#message = message;
  }
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return false;
  return true;
}

/** The message at a place; `"end"` for the mark of the end, `"cut"` where the file ends before the message does. */
function messageAt(
  file: PlacedReader,
  place: number,
  decoder: Decoder,
  scratch: Uint8Array<ArrayBuffer>,
): Found | "end" | "cut" {
  // Most metadata come along with the prefix.
  const start = scratch.subarray(0, Math.min(USUAL_BYTES, file.size - place));
  if (start.length < PREFIX_BYTES || !file.read(place, start)) return "cut";
  const view = new DataView(start.buffer, start.byteOffset);
  if (view.getUint32(0, true) !== CONTINUATION) throw new DamagedFile(`there is no message at byte ${place}`);
  const length = view.getUint32(4, true);
  if (length === 0) return "end";
  if (length > MOST_METADATA) throw new DamagedFile(`the message at byte ${place} has ${length} bytes of metadata`);
  const metadata = restOf(file, place, start, length);
  if (!metadata) return "cut";
  const message = decoder.decode(metadata, place);
  const body = place + PREFIX_BYTES + length;
  const next = body + message.bodyBytes;
  if (!Number.isSafeInteger(next) || next < body) {
    throw new DamagedFile(`the message at byte ${place} has no valid length`);
  }
  return next > file.size ? "cut" : { message, body, next };
}

/** The metadata behind a prefix, as far as they have not been read with it. */
function restOf(
  file: PlacedReader,
  place: number,
  start: Uint8Array<ArrayBuffer>,
  length: number,
): Uint8Array<ArrayBuffer> | null {
  if (PREFIX_BYTES + length <= start.length) return start.subarray(PREFIX_BYTES, PREFIX_BYTES + length);
  const metadata = new Uint8Array(length);
  return file.read(place + PREFIX_BYTES, metadata) ? metadata : null;
}

function decode(metadata: Uint8Array<ArrayBuffer>, place: number): ArrowMessage {
  try {
    return readMessage(metadata);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new DamagedFile(`the message at byte ${place} cannot be read: ${error.message}`, { cause: error });
  }
}

/** A message that is a batch. */
type BatchMessage = Extract<ArrowMessage, { kind: "batch" }>;

/** Where the columns of a batch begin in its body, once they are checked to lie in it and to be as long as its frames want. */
function offsetsOf(batch: BatchMessage, format: FrameFormat): number[] | null {
  const isStruct = format.columns[0].name !== null;
  // Each node has a bitmap of what is null before its data; a struct and a list have nothing but that.
  const wanted: (number | null)[] = [null, 8, null, 8, null, 4];
  if (isStruct) wanted.push(null);
  for (const { bytes } of format.columns) wanted.push(null, null, bytes);
  if (batch.nodes.length !== wanted.filter((size) => size === null).length) return null;
  if (batch.nodes.some(([, nulls]) => nulls !== 0) || batch.buffers.length !== wanted.length) {
    return null;
  }
  const columns: number[] = [];
  for (const [index, size] of wanted.entries()) {
    if (size === null) continue;
    const [offset, length] = batch.buffers[index];
    if (!(offset >= 0 && offset + length <= batch.bodyBytes && length >= size * batch.rows)) return null;
    columns.push(offset);
  }
  return columns;
}

/** The batches of a file, as they come. */
class BatchFinder {
  readonly #file: PlacedReader;
  readonly #head: StreamHead;
  /** The latest message, and where its columns begin. */
  #latest: { readonly message: ArrowMessage; readonly offsets: readonly number[] } | undefined;

  constructor(file: PlacedReader, head: StreamHead) {
    this.#file = file;
    this.#head = head;
  }

  /** The batch of a message; `null` if it has no frames. */
  batchOf({ message, body }: Found, place: number): BatchPlace | null {
    if (message.kind !== "batch") throw new DamagedFile(`the message at byte ${place} is no batch of frames`);
    if (message.rows === 0) return null;
    if (this.#latest?.message !== message) this.#latest = { message, offsets: this.#check(message, place) };
    return new BatchPlace(this.#file, message.rows, body, this.#latest.offsets);
  }

  #check(message: BatchMessage, place: number): readonly number[] {
    if (message.isCompressed) {
      throw new DamagedFile(`the batch at byte ${place} is compressed, which Ringmill does not read`);
    }
    const offsets = message.rows > 0 ? offsetsOf(message, this.#head.format) : null;
    if (offsets) return offsets;
    throw new DamagedFile(`the batch at byte ${place} is not what the schema says, or has nulls`);
  }
}

/** What a file holds. Of each batch only the metadata are read. */
export function indexFile(file: PlacedReader): BatchIndex {
  const decoder = new Decoder();
  const scratch = new Uint8Array(USUAL_BYTES);
  const first = messageAt(file, 0, decoder, scratch);
  if (typeof first === "string") throw new DamagedFile("it ends before its schema does");
  if (first.message.kind !== "schema") throw new DamagedFile("it does not begin with a schema");
  const head = headOf(first.message.fields, first.message.metadata);
  if (typeof head === "string") throw new DamagedFile(head);
  const finder = new BatchFinder(file, head);
  const batches: BatchPlace[] = [];
  for (let place = first.next;;) {
    const found = messageAt(file, place, decoder, scratch);
    if (typeof found === "string") return { head, batches, wholeBytes: place, isComplete: found === "end" };
    const batch = finder.batchOf(found, place);
    if (batch) batches.push(batch);
    place = found.next;
  }
}
