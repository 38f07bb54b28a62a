/** What both ends of a link need of a stream. */

import { DeclarationError } from "../errors.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import { LatestStream, StreamHandle } from "../pipeline/stream.ts";

/** How much may be on the way unless told otherwise. */
export const WINDOW_BYTES = 4 * 1024 * 1024;

/** After how long without a sign of life a program counts as lost unless told otherwise. */
export const PEER_TIMEOUT_MS = 10_000;

/** The number of each pipeline's run. */
const epochs = new WeakMap<Pipeline, number>();

/** Which run a pipeline is, for those who read its streams elsewhere: a later run has a larger number. */
export function epochOf(pipe: Pipeline): number {
  const known = epochs.get(pipe) ?? Date.now() * 1024 + Math.floor(Math.random() * 1024);
  epochs.set(pipe, known);
  return known;
}

/** What of a stream crosses. */
export interface CrossingStream {
  readonly stream: StreamHandle;
  /** Whether only the newest frame counts. */
  readonly isNewest: boolean;
}

/** Shape and type of a frame: `float32 [4, 2]`, or `{ price: float64 } [8]`. */
export function schemaOf({ stream: { shape, dtype }, isNewest }: CrossingStream): string {
  const types = typeof dtype === "string"
    ? dtype
    : `{ ${Object.entries(dtype).map(([name, one]) => `${JSON.stringify(name)}: ${one}`).join(", ")} }`;
  return `${types} [${shape.join(", ")}]${isNewest ? ", of which only the newest counts" : ""}`;
}

/** What the two ends call a link. Links of the newest frames have names of their own. */
export function linkOf(pipe: Pipeline, { stream: { name }, isNewest }: CrossingStream, link?: string): string {
  return `${link ?? `${pipe.name}.${name}`}${isNewest ? "#newest" : ""}`;
}

/**
 * What of a stream is to cross: a stream, or its newest frames.
 *
 * @throws {DeclarationError} If it is none.
 */
export function crossingStream(verb: string, stream: unknown): CrossingStream {
  if (stream instanceof StreamHandle) return { stream, isNewest: false };
  if (stream instanceof LatestStream) return { stream: stream.stream, isNewest: true };
  const received = Deno.inspect(stream, { depth: 0 });
  throw new DeclarationError(`Cannot ${verb}: it needs a stream that addStream() has returned, received ${received}`);
}
