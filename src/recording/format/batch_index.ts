/** Where the batches of a file lie: found by reading their metadata and passing their columns by. */

import { type ArrowMessage, readMessage } from "./arrow_message.ts";
import { headOf, type StreamHead } from "./arrow_schema.ts";
import { CONTINUATION, PREFIX_BYTES } from "./batch_block.ts";
import type { FrameFormat } from "./frame_format.ts";

/** A batch. */
export interface BatchPlace {
  /** Frames in it. */
  readonly rows: number;
  /** Where its columns begin in the file: `frame`, `time`, `lost`, and each array of `data`. */
  readonly columns: readonly number[];
  /** The number of its first frame. */
  readonly first: number;
  /** When its first frame was taken, in nanoseconds since 1970. */
  readonly start: bigint;
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
  readonly #file: Deno.FsFile;
  readonly size: number;

  constructor(path: string) {
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

/** The message at a place; `"end"` for the mark of the end, `"cut"` where the file ends before the message does. */
function messageAt(file: PlacedReader, place: number): Found | "end" | "cut" {
  // Most metadata come along with the prefix.
  const start = new Uint8Array(Math.min(USUAL_BYTES, file.size - place));
  if (start.length < PREFIX_BYTES || !file.read(place, start)) return "cut";
  const view = new DataView(start.buffer);
  if (view.getUint32(0, true) !== CONTINUATION) throw new DamagedFile(`there is no message at byte ${place}`);
  const length = view.getUint32(4, true);
  if (length === 0) return "end";
  if (length > MOST_METADATA) throw new DamagedFile(`the message at byte ${place} has ${length} bytes of metadata`);
  const metadata = restOf(file, place, start, length);
  if (!metadata) return "cut";
  const message = decode(metadata, place);
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

/** The columns of a batch, once they are checked to lie in its body and to be as long as its frames want. */
function columnsOf(batch: BatchMessage, format: FrameFormat, { body, next }: Found): number[] | null {
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
    const start = body + offset;
    if (!(start >= body && start + length <= next && length >= size * batch.rows)) return null;
    columns.push(start);
  }
  return columns;
}

/** A number of 64 bits in a file. */
function integerAt(file: PlacedReader, place: number): bigint {
  const bytes = new Uint8Array(8);
  file.read(place, bytes);
  return new DataView(bytes.buffer).getBigInt64(0, true);
}

/** The number of a batch's last frame, and when it was taken. */
export function lastOf(file: PlacedReader, { rows, columns: [frames, times] }: BatchPlace) {
  const after = 8 * (rows - 1);
  return { frame: Number(integerAt(file, frames + after)), time: integerAt(file, times + after) };
}

function batchAt(file: PlacedReader, found: Found, head: StreamHead, place: number): BatchPlace | null {
  const { message } = found;
  if (message.kind !== "batch") throw new DamagedFile(`the message at byte ${place} is no batch of frames`);
  const { rows, isCompressed } = message;
  if (isCompressed) throw new DamagedFile(`the batch at byte ${place} is compressed, which Ringmill does not read`);
  if (rows === 0) return null;
  const columns = rows > 0 ? columnsOf(message, head.format, found) : null;
  if (!columns) throw new DamagedFile(`the batch at byte ${place} is not what the schema says, or has nulls`);
  return { rows, columns, first: Number(integerAt(file, columns[0])), start: integerAt(file, columns[1]) };
}

/** What a file holds. */
export function indexFile(file: PlacedReader): BatchIndex {
  const first = messageAt(file, 0);
  if (typeof first === "string") throw new DamagedFile("it ends before its schema does");
  if (first.message.kind !== "schema") throw new DamagedFile("it does not begin with a schema");
  const head = headOf(first.message.fields, first.message.metadata);
  if (typeof head === "string") throw new DamagedFile(head);
  const batches: BatchPlace[] = [];
  for (let place = first.next;;) {
    const found = messageAt(file, place);
    if (typeof found === "string") return { head, batches, wholeBytes: place, isComplete: found === "end" };
    const batch = batchAt(file, found, head, place);
    if (batch) batches.push(batch);
    place = found.next;
  }
}
