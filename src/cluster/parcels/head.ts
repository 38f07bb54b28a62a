/**
 * The head of a parcel: 40 bytes, little endian.
 *
 * | at | bytes | what                                                  |
 * | -- | ----- | ----------------------------------------------------- |
 * | 0  | 4     | magic and version, "RML1"                             |
 * | 4  | 4     | kind                                                  |
 * | 8  | 8     | epoch: one run of the writing program                 |
 * | 16 | 8     | number of the first frame                             |
 * | 24 | 4     | whole frames, 1 for a part of one                     |
 * | 28 | 4     | which part                                            |
 * | 32 | 4     | parts of the frame                                    |
 * | 36 | 4     | CRC-32 of the 36 bytes before and of all that follows |
 */

import { crc32 } from "node:zlib";
import { TransportError } from "../errors.ts";
import { whyUnreadable } from "../../format_version.ts";

/** Bytes of a head. */
export const HEAD_BYTES = 40;
/** What a parcel is. */
export const KIND = { frames: 0, end: 1, stopped: 2, failed: 3, begin: 4 } as const;
/** A value of {@link KIND}. */
export type ParcelKind = typeof KIND[keyof typeof KIND];

/** "RML", and the digit of the newest version in the byte after it. */
const MAGIC = 0x4c4d52;
const VERSION = 1;
/** The code of the digit 0. */
const DIGITS = 0x30;
const CHECKED_BYTES = 36;

/** What a head says. */
export interface ParcelHead {
  readonly kind: ParcelKind;
  readonly epoch: bigint;
  readonly first: number;
  readonly count: number;
  readonly part: number;
  readonly parts: number;
}

function checksum(parcel: Uint8Array): number {
  return crc32(parcel.subarray(HEAD_BYTES), crc32(parcel.subarray(0, CHECKED_BYTES)));
}

/** Writes the head of a parcel whose body is in place. */
export function sealParcel(parcel: Uint8Array, { kind, epoch, first, count, part, parts }: ParcelHead): void {
  const view = new DataView(parcel.buffer, parcel.byteOffset);
  view.setUint32(0, MAGIC | (DIGITS + VERSION) << 24, true);
  view.setUint32(4, kind, true);
  view.setBigUint64(8, epoch, true);
  view.setBigUint64(16, BigInt(first), true);
  view.setUint32(24, count, true);
  view.setUint32(28, part, true);
  view.setUint32(32, parts, true);
  view.setUint32(CHECKED_BYTES, checksum(parcel), true);
}

/** A parcel without frames. */
export function makeNotice(kind: ParcelKind, epoch: bigint, first: number, text = ""): Uint8Array {
  const body = new TextEncoder().encode(text);
  const parcel = new Uint8Array(HEAD_BYTES + body.length);
  parcel.set(body, HEAD_BYTES);
  sealParcel(parcel, { kind, epoch, first, count: 0, part: 0, parts: 1 });
  return parcel;
}

/**
 * Reads the head of a parcel, of which nothing is taken on trust. `action` is for errors.
 *
 * @throws {TransportError} If it is none, or not one for frames of `frameBytes`.
 */
export function readHead(action: string, parcel: Uint8Array, frameBytes: number): ParcelHead {
  const refuse = (what: string): never => {
    throw new TransportError(`Cannot ${action}: a parcel has ${what}`);
  };
  if (parcel.length < HEAD_BYTES) refuse(`${parcel.length} bytes, less than a head`);
  const view = new DataView(parcel.buffer, parcel.byteOffset, parcel.length);
  const magic = view.getUint32(0, true);
  if ((magic & 0xffffff) !== MAGIC) refuse("another magic number");
  const why = whyUnreadable((magic >>> 24) - DIGITS, { newest: VERSION });
  if (why !== null) throw new TransportError(`Cannot ${action}: a parcel cannot be read: ${why}`);
  if (view.getUint32(CHECKED_BYTES, true) !== checksum(parcel)) refuse("a wrong checksum");
  const kind = view.getUint32(4, true) as ParcelKind;
  const first = Number(view.getBigUint64(16, true));
  const [count, part, parts] = [24, 28, 32].map((at) => view.getUint32(at, true));
  const head = { kind, epoch: view.getBigUint64(8, true), first, count, part, parts };
  const wrong = findWrong(head, parcel.length - HEAD_BYTES, frameBytes);
  return wrong === null ? head : refuse(wrong);
}

/** What is wrong with a head before a body of so many bytes, or `null`. */
function findWrong({ kind, first, count, part, parts }: ParcelHead, body: number, frameBytes: number): string | null {
  if (!Object.values(KIND).includes(kind)) return `the unknown kind ${kind}`;
  if (!Number.isSafeInteger(first + count)) return `the impossible frame number ${first}`;
  if (part >= parts) return `part ${part} of ${parts}`;
  if (kind !== KIND.frames) return count === 0 && parts === 1 ? null : `${count} frames in a notice`;
  if (parts > 1) return count === 1 && body > 0 && body < frameBytes ? null : `a part of ${body} bytes`;
  return count > 0 && body === count * frameBytes ? null : `${body} bytes for ${count} frames of ${frameBytes}`;
}
