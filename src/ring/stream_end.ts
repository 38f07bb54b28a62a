/** What both handles of a stream have in common. */

import type { FrameType } from "./dtypes.ts";
import type { Frames } from "./frames.ts";
import type { RingEnd } from "./ring_end.ts";
import { SOURCE, type Source } from "./source.ts";

/**
 * What {@link Reader} and {@link Writer} have in common: what the frames look like, and the ring below.
 *
 * @example
 * ```ts
 * import { Pipeline, type StreamEnd } from "@ringmill/ringmill";
 * import { equal } from "node:assert/strict";
 *
 * await using pipe = new Pipeline("vectors");
 * const samples = pipe.addStream("samples", { shape: [2, 3], dtype: "complex64" });
 * const end: StreamEnd<"complex64"> = pipe.openWriter(samples);
 * pipe.openReader(samples);
 * await pipe.start();
 * equal(end.frameLength, 12);
 * equal(end.frameBytes, 48);
 * ```
 */
export abstract class StreamEnd<D extends FrameType, Ring extends RingEnd = RingEnd> {
  /** The stream's name. */
  readonly name: string;
  /** Elements along each dimension of a frame. */
  readonly shape: readonly number[];
  /** The element type, or those of the columns. */
  readonly dtype: D;
  /** Numbers in a frame, or in each column: the product of the shape, twice that for complex ones. */
  readonly frameLength: number;
  /** Bytes of a frame. */
  readonly frameBytes: number;
  /** The stream's ring as raw bytes. It shares its position with this end. */
  readonly ring: Ring;

  /** Opens an end of a stream. */
  constructor(frames: Frames<D>, ring: Ring) {
    this.name = ring.name;
    this.shape = frames.shape;
    this.dtype = frames.dtype;
    this.frameLength = frames.length;
    this.frameBytes = frames.bytes;
    this.ring = ring;
  }

  /** The bytes of the whole ring, in the order of the memory. What a reader sees in them changes at any time. */
  get raw(): Uint8Array<SharedArrayBuffer> {
    return this.ring.data;
  }

  /** How full the stream's ring is for its slowest reader that holds the writer back, 0 to 1. */
  get pressure(): number {
    return this.ring.pressure;
  }

  /** @internal */
  get [SOURCE](): Source {
    return this.ring[SOURCE];
  }
}
