/** What the cache knows of a value that an output had. */

import type { Encoded } from "./value_codec.ts";

/** A value that an output had. */
export interface Entry {
  /** Its place in the cache. */
  readonly seq: number;
  /** The output. */
  readonly name: string;
  /** The fingerprint of what the value was made from. */
  readonly key: string;
  /** The fingerprint of the value. */
  readonly value: string;
  /** What it was made from, as the plan writes it. */
  readonly parts: string;
  /** Its size on the disk. */
  readonly bytes: number;
  /** Whether the value itself is there. One that cannot be cloned is not. */
  readonly isStored: boolean;
  /** When it was made, in milliseconds since 1970. */
  readonly madeAt: number;
}

/** A value to keep. Without `encoded`, only that there was such a value. */
export interface NewEntry extends Pick<Entry, "name" | "key" | "value" | "parts"> {
  readonly encoded?: Encoded;
}

/** A value that the plan counted on is not there any more, or not as it was written: it has to be made anew. */
export class UnavailableError extends Error {}
