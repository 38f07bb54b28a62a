/** Task functions on raw rings. */

import type { RingReader, RingWriter, TaskContext } from "@ringmill/ringmill/runtime";

/** Writes texts of growing length. */
export function speak({ chunks }: { chunks: RingWriter }, { params }: TaskContext<{ texts: string[] }>) {
  for (const text of params.texts) {
    const bytes = new TextEncoder().encode(text);
    chunks.write(Uint8Array.of(bytes.length), Infinity);
    chunks.write(bytes, Infinity);
  }
}

/** Reads texts and writes them reversed. */
export function reverse({ chunks, reversed }: { chunks: RingReader; reversed: RingWriter }) {
  const length = new Uint8Array(1);
  while (chunks.readInto(length, Infinity)) {
    const bytes = new Uint8Array(length[0]);
    chunks.readInto(bytes, Infinity);
    reversed.write(length, Infinity);
    reversed.write(bytes.toReversed(), Infinity);
  }
}

/** Returns at once. */
export function nothing() {}
