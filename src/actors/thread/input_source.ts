/** Where a kernel's messages come from. */

import type { RecordBytes } from "../message/sheet.ts";
import type { LocalItem } from "./local_item.ts";

/** A kernel's input, as the kernel sees it: a queue in shared memory, or in the heap of a worker that it shares. */
export interface InputSource {
  /** Messages that are queued. */
  readonly depth: number;
  /** Whether nothing more will come than is queued. */
  readonly closed: boolean;
  /** How often who waits was woken. */
  readonly wakes: number;
  /** Has calls that wait look again. */
  wake(): void;
  /** The next message; `null` if there is none. A record is valid until the next call. */
  take(): RecordBytes | LocalItem | null;
  /** The next message, once there is one; `null` after `timeoutMs`, or if `wakes` is not `since` any more. */
  takeAsync(
    timeoutMs: number,
    options: { since: number; signal?: AbortSignal },
  ): Promise<RecordBytes | LocalItem | null>;
}
