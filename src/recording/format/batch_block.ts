/** A batch of frames as the bytes of one Arrow message, gathered in place: the metadata before its columns. */

import { MessageHeader, MetadataVersion, type Schema } from "apache-arrow";
import { BufferRegion, FieldNode, Message, RecordBatch } from "apache-arrow/ipc/metadata/message";
import type { FrameFormat } from "./frame_format.ts";

/** Before the metadata of a message: the mark of a message, and how long the metadata are. */
export const PREFIX_BYTES = 8;
/** What a message begins with. */
export const CONTINUATION = 0xffffffff;
/** What a stream ends with. A stream that is cut off between two batches differs in nothing else from a whole one. */
export const END_MARK: Uint8Array<ArrayBuffer> = Uint8Array.of(255, 255, 255, 255, 0, 0, 0, 0);

/** Columns begin on cache lines. */
const ALIGNMENT = 64;
const align = (bytes: number) => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
const FRAME_BYTES = 8;
const TIME_BYTES = 8;
const LOST_BYTES = 4;

/** An encoded message with its prefix; metadata are padded to 8 bytes. */
function messageBytes(message: Message): Uint8Array<ArrayBuffer> {
  const metadata = Message.encode(message);
  const length = Math.ceil(metadata.length / 8) * 8;
  const bytes = new Uint8Array(PREFIX_BYTES + length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, CONTINUATION, true);
  view.setUint32(4, length, true);
  bytes.set(metadata, PREFIX_BYTES);
  return bytes;
}

/** The message that a stream begins with. */
export function schemaBytes(schema: Schema): Uint8Array<ArrayBuffer> {
  return messageBytes(Message.from(schema, 0));
}

/** Where the columns of a batch lie in its body. */
interface Layout {
  /** Offsets of `frame`, `time`, `lost`, and each array of `data`. */
  readonly offsets: readonly number[];
  readonly bytes: number;
}

function layoutOf(format: FrameFormat, rows: number): Layout {
  const sizes = [FRAME_BYTES, TIME_BYTES, LOST_BYTES, ...format.columns.map(({ bytes }) => bytes)];
  const offsets: number[] = [];
  let end = 0;
  for (const size of sizes) {
    offsets.push(end);
    end += align(size * rows);
  }
  return { offsets, bytes: end };
}

function headOfBatch(format: FrameFormat, rows: number, { offsets, bytes }: Layout): Uint8Array<ArrayBuffer> {
  const nodes: FieldNode[] = [];
  const regions: BufferRegion[] = [];
  const addNode = (count: number) => {
    nodes.push(new FieldNode(count, 0));
    // Nothing is null, so there is no bitmap of what is.
    regions.push(new BufferRegion(0, 0));
  };
  const addArray = (offset: number, count: number, size: number) => {
    addNode(count);
    regions.push(new BufferRegion(offset, count * size));
  };
  addArray(offsets[0], rows, FRAME_BYTES);
  addArray(offsets[1], rows, TIME_BYTES);
  addArray(offsets[2], rows, LOST_BYTES);
  if (format.columns[0].name !== null) addNode(rows);
  format.columns.forEach(({ length, bytes }, index) => {
    addNode(rows);
    addArray(offsets[3 + index], rows * length, bytes / length);
  });
  const batch = new RecordBatch(rows, nodes, regions, null);
  return messageBytes(new Message(bytes, MetadataVersion.V5, MessageHeader.RecordBatch, batch));
}

/** Gathers up to `capacity` frames. */
export class BatchBlock {
  readonly capacity: number;
  readonly #format: FrameFormat;
  readonly #layout: Layout;
  readonly #head: Uint8Array<ArrayBuffer>;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #numbers: Uint32Array<ArrayBuffer>;
  readonly #times: BigInt64Array<ArrayBuffer>;
  readonly #lost: Uint32Array<ArrayBuffer>;
  #rows = 0;

  constructor(format: FrameFormat, capacity: number) {
    this.capacity = capacity;
    this.#format = format;
    this.#layout = layoutOf(format, capacity);
    this.#head = headOfBatch(format, capacity, this.#layout);
    // Room for the head of any batch: they hardly differ in length.
    const start = align(this.#head.length + ALIGNMENT);
    const { offsets, bytes } = this.#layout;
    const buffer = new ArrayBuffer(start + bytes);
    this.#bytes = new Uint8Array(buffer, start);
    this.#numbers = new Uint32Array(buffer, start + offsets[0], 2 * capacity);
    this.#times = new BigInt64Array(buffer, start + offsets[1], capacity);
    this.#lost = new Uint32Array(buffer, start + offsets[2], capacity);
  }

  /** Frames that have been added. */
  get rows(): number {
    return this.#rows;
  }

  /** Frames that there is room for. */
  get room(): number {
    return this.capacity - this.#rows;
  }

  /** Adds frames that were taken at one time, the first of them number `first` and after `lost` that were lost. */
  add(frames: readonly Uint8Array[], first: number, time: bigint, lost: number): void {
    const row = this.#rows;
    for (let n = 0; n < frames.length; n++) {
      this.#numbers[2 * (row + n)] = first + n;
      this.#numbers[2 * (row + n) + 1] = Math.floor((first + n) / 2 ** 32);
    }
    this.#times.fill(time, row, row + frames.length);
    this.#lost.fill(0, row, row + frames.length);
    this.#lost[row] = Math.min(lost, 2 ** 32 - 1);
    this.#addData(frames, row);
    this.#rows += frames.length;
  }

  #addData(frames: readonly Uint8Array[], row: number): void {
    const { columns } = this.#format;
    columns.forEach(({ offset, bytes }, index) => {
      const isWhole = columns.length === 1;
      let to = this.#layout.offsets[3 + index] + row * bytes;
      for (const frame of frames) {
        this.#bytes.set(isWhole ? frame : frame.subarray(offset, offset + bytes), to);
        to += bytes;
      }
    });
  }

  /** The message of all frames that were added, valid until the next are. Begins anew. */
  take(): Uint8Array<ArrayBuffer> {
    const rows = this.#rows;
    this.#rows = 0;
    const isFull = rows === this.capacity;
    const layout = isFull ? this.#layout : this.#compact(rows);
    const head = isFull ? this.#head : headOfBatch(this.#format, rows, layout);
    const { buffer, byteOffset } = this.#bytes;
    const start = byteOffset - head.length;
    const message = new Uint8Array(buffer, start, head.length + layout.bytes);
    message.set(head);
    return message;
  }

  /** Moves the columns of a batch that is not full together. */
  #compact(rows: number): Layout {
    const layout = layoutOf(this.#format, rows);
    const sizes = [FRAME_BYTES, TIME_BYTES, LOST_BYTES, ...this.#format.columns.map(({ bytes }) => bytes)];
    layout.offsets.forEach((to, index) => {
      const from = this.#layout.offsets[index];
      this.#bytes.copyWithin(to, from, from + sizes[index] * rows);
    });
    return layout;
  }
}
