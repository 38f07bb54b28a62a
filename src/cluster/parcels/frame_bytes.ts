/** Frames as bytes, and copies of many at a time. */

type Bytes = Uint8Array<SharedArrayBuffer>;

/** The bytes of a frame: its only array, or all of its columns, which lie behind the first. */
export function bytesOf(frame: object, length: number): Bytes {
  const first = ArrayBuffer.isView(frame) ? frame : Object.values(frame)[0];
  const { buffer, byteOffset } = first as Bytes;
  return new Uint8Array(buffer, byteOffset, length);
}

/** Runs of frames that lie side by side in the ring: each as one array, with the bytes before it. */
export function* runsOf(frames: readonly object[], frameBytes: number): Generator<[run: Bytes, at: number]> {
  let begin = 0;
  for (let next = 1; next <= frames.length; next++) {
    if (next < frames.length && isBehind(frames[next], frames[next - 1], frameBytes)) continue;
    yield [bytesOf(frames[begin], (next - begin) * frameBytes), begin * frameBytes];
    begin = next;
  }
}

function isBehind(frame: object, before: object, frameBytes: number): boolean {
  return bytesOf(frame, 0).byteOffset === bytesOf(before, 0).byteOffset + frameBytes;
}
