/** What both ends of a link need of a stream. */

import { DeclarationError } from "../errors.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import { StreamHandle } from "../pipeline/stream.ts";

/** How much may be on the way unless told otherwise. */
export const WINDOW_BYTES = 4 * 1024 * 1024;

/** After how long without a sign of life a program counts as lost unless told otherwise. */
export const PEER_TIMEOUT_MS = 10_000;

/** Of each pipeline the number of its run. */
const epochs = new WeakMap<Pipeline, number>();

/** Which run a pipeline is, for those who read its streams elsewhere: a later run has a larger number. */
export function epochOf(pipe: Pipeline): number {
  const known = epochs.get(pipe) ?? Date.now() * 1024 + Math.floor(Math.random() * 1024);
  epochs.set(pipe, known);
  return known;
}

/** Shape and type of a frame: `float32 [4, 2]`, or `{ price: float64 } [8]`. */
export function schemaOf({ shape, dtype }: StreamHandle): string {
  const types = typeof dtype === "string"
    ? dtype
    : `{ ${Object.entries(dtype).map(([name, one]) => `${JSON.stringify(name)}: ${one}`).join(", ")} }`;
  return `${types} [${shape.join(", ")}]`;
}

/** What the two ends call a link unless told otherwise. */
export function linkOf(pipe: Pipeline, { name }: StreamHandle): string {
  return `${pipe.name}.${name}`;
}

/** @throws {DeclarationError} If it is no stream all of whose frames can cross. */
export function checkStream(verb: string, stream: unknown): asserts stream is StreamHandle {
  if (stream instanceof StreamHandle) return;
  const name = (stream as { readonly stream?: { readonly name?: unknown } } | null)?.stream?.name;
  const what = typeof name === "string"
    ? `the latest frames of stream "${name}" cannot cross, only all of them`
    : `it needs a stream that addStream() has returned, received ${Deno.inspect(stream, { depth: 0 })}`;
  throw new DeclarationError(`Cannot ${verb}: ${what}`);
}
