/** What both ends of a link need of a stream. */

import { DeclarationError } from "../errors.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import type { Endpoint } from "./transport.ts";
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

/**
 * Two programs without a server have one link at an address, and no store but their memory.
 *
 * @throws {DeclarationError} If a link by TCP is to have what it cannot have.
 */
export function checkEngine(
  action: string,
  { engine }: Endpoint,
  { keep, replicas, readers = [] }: { keep?: string; replicas?: number; readers?: readonly string[] },
): void {
  if (engine !== "tcp") return;
  const refuse = (what: string) => {
    throw new DeclarationError(`Cannot ${action}: by TCP ${what}: use nats()`);
  };
  if (keep === "file") refuse('frames are kept in memory only, keep is "file"');
  if (replicas !== undefined) refuse(`there are no servers for replicas, which is ${replicas}`);
  if (readers.length > 1) refuse(`there is one reader, readers are ${readers.join(", ")}`);
}

/** Whose end it is. */
export interface EndPlace {
  /** The label of the machine, if it is one. */
  readonly machine?: string;
  /** The machines at the other end. */
  readonly peers?: readonly string[];
  /** Which of the links of the pipeline it is an end of. */
  readonly offset: number;
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
