/** Bytes in pieces, and their fingerprints. */

import { createHash, hash } from "node:crypto";
import { digest } from "../../fingerprint.ts";

/** The fingerprint of bytes, or of a text, that are all there. */
export function fingerprintOf(data: string | Uint8Array): string {
  return hash("sha256", data, "hex").slice(0, 32);
}

/** The fingerprint of the same bytes in pieces. */
export function fingerprintOfAll(pieces: readonly Uint8Array[]): string {
  if (pieces.length === 1) return fingerprintOf(pieces[0]);
  const all = createHash("sha256");
  for (const piece of pieces) all.update(piece);
  return digest(all);
}

/** Smaller pieces are put together. */
const LEAST_PIECE = 1 << 16;

/** The same bytes in few pieces: small neighbours are copied into one. */
export function packed(pieces: readonly Uint8Array[]): Uint8Array[] {
  const result: Uint8Array[] = [];
  let small: Uint8Array[] = [];
  const join = () => {
    if (small.length > 0) result.push(joined(small));
    small = [];
  };
  for (const piece of pieces) {
    if (piece.length < LEAST_PIECE) small.push(piece);
    else {
      join();
      result.push(piece);
    }
  }
  join();
  return result;
}

/** All pieces in one. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let end = 0;
  for (const piece of pieces) {
    all.set(piece, end);
    end += piece.length;
  }
  return all;
}
