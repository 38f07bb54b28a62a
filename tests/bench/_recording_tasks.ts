/** The tasks of the benchmark of a line with a recorder. */

import type { Reader, TaskContext } from "@ringmill/ringmill";

const BATCH_BYTES = 256 * 1024;

/** Writes all frames into a plain file, in batches. */
export function writePlainFile({ frames }: { frames: Reader<"uint32"> }, { params }: TaskContext<{ path: string }>) {
  using file = Deno.openSync(params.path, { write: true, create: true, truncate: true });
  const { frameBytes } = frames;
  const block = new Uint8Array(Math.max(1, Math.floor(BATCH_BYTES / frameBytes)) * frameBytes);
  let end = 0;
  const write = () => {
    for (let at = 0; at < end;) at += file.writeSync(block.subarray(at, end));
    end = 0;
  };
  while (!frames.closed) {
    const found = frames.lookMany((block.length - end) / frameBytes, { timeoutMs: Infinity });
    if (found === null) break;
    for (const { buffer, byteOffset } of found) {
      block.set(new Uint8Array(buffer, byteOffset, frameBytes), end);
      end += frameBytes;
    }
    frames.increment();
    if (end === block.length) write();
  }
  write();
}
