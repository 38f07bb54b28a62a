/** Empties the queue of a kernel that has ended. */

import type { RecordQueue } from "../../ring/record_queue.ts";

/** Records that are being written, or held by a thread that has died, are waited for so often, a millisecond apart. */
const TRIES = 2000;

/** Takes all that is in a closed queue, also what is being written to it. */
export function clearQueue(
  queue: RecordQueue,
  onRecord: (record: Uint8Array<ArrayBuffer>) => void,
  tries = TRIES,
): void {
  for (let record = queue.take(); record; record = queue.take()) onRecord(record);
  if (queue.depth > 0 && tries > 0) setTimeout(() => clearQueue(queue, onRecord, tries - 1), 1);
}
