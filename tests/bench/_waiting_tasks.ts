/** Tasks that wait, each for the one before it. */

import type { Reader, Writer } from "@ringmill/ringmill";

/** Waits for a frame that never comes. */
export function wait({ inlet }: { inlet: Reader<"int32"> }) {
  inlet.look(Infinity);
}

/** Waits between two streams. */
export function pass({ inlet, outlet }: { inlet: Reader<"int32">; outlet: Writer<"int32"> }) {
  for (const frame of inlet) outlet.write(frame, Infinity);
}
