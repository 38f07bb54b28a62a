/** Numbered frames that show whether they are whole. */

/** Fills a frame with its number, words that follow from it, and a checksum. */
export function fillFrame(frame: Uint32Array, number: number): void {
  const last = frame.length - 1;
  let checksum = frame[0] = number;
  for (let index = 1; index < last; index++) checksum ^= frame[index] = Math.imul(number, 0x9e3779b1) + index;
  frame[last] = ~checksum;
}

/** The number of a frame, or -1 if its words do not belong together. */
export function numberOf(frame: Uint32Array): number {
  const last = frame.length - 1;
  const number = frame[0];
  let checksum = number;
  let torn = 0;
  for (let index = 1; index < last; index++) {
    const word = frame[index];
    torn |= word ^ (Math.imul(number, 0x9e3779b1) + index);
    checksum ^= word;
  }
  return torn === 0 && (frame[last] ^ ~checksum) === 0 ? number : -1;
}
