/** Places of parcels as bytes. */

/** Eight bytes, little endian. */
export function placeBytes(place: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(place), true);
  return bytes;
}

/** What they say; 0 if there are fewer. */
export function readPlace(bytes: Uint8Array): number {
  return bytes.length < 8 ? 0 : Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
}
