/** Makes parcels of frames. The bytes are copies: a client of the network may hold them until it has sent them. */

import { takeBytes } from "./buffers.ts";
import { bytesOf, runsOf } from "./frame_bytes.ts";
import { HEAD_BYTES, KIND, sealParcel } from "./head.ts";

/** Frames that fit into one parcel; 0 if a frame must be cut into parts. */
export function framesPerParcel(parcelBytes: number, frameBytes: number): number {
  return Math.floor((parcelBytes - HEAD_BYTES) / frameBytes);
}

/** How many parcels a frame needs: 1, or the parts of one that is too large. */
export function partsOf(frameBytes: number, parcelBytes: number): number {
  return Math.ceil(frameBytes / (parcelBytes - HEAD_BYTES));
}

/** One parcel of frames that follow each other. */
export function packFrames(frames: readonly object[], frameBytes: number, epoch: bigint, first: number): Uint8Array {
  const parcel = takeBytes(HEAD_BYTES + frames.length * frameBytes);
  for (const [run, at] of runsOf(frames, frameBytes)) parcel.set(run, HEAD_BYTES + at);
  sealParcel(parcel, { kind: KIND.frames, epoch, first, count: frames.length, part: 0, parts: 1 });
  return parcel;
}

/** The parcels of a frame that is too large for one. */
export function* packParts(
  frame: object,
  { frameBytes, parcelBytes }: { readonly frameBytes: number; readonly parcelBytes: number },
  epoch: bigint,
  first: number,
): Generator<Uint8Array> {
  const bytes = bytesOf(frame, frameBytes);
  const partBytes = parcelBytes - HEAD_BYTES;
  const parts = partsOf(frameBytes, parcelBytes);
  for (let part = 0; part < parts; part++) {
    const body = bytes.subarray(part * partBytes, (part + 1) * partBytes);
    const parcel = takeBytes(HEAD_BYTES + body.length);
    parcel.set(body, HEAD_BYTES);
    sealParcel(parcel, { kind: KIND.frames, epoch, first, count: 1, part, parts });
    yield parcel;
  }
}
