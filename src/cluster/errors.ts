/** The errors of links between machines. */

/**
 * A link between two machines cannot go on: its server has lost what it held, does not answer for longer than `giveUpMs`,
 * refuses the program, or the program at the other end has stopped or failed.
 *
 * @example
 * ```ts
 * import { TransportError } from "@ringmill/ringmill/cluster";
 * import { equal } from "node:assert/strict";
 *
 * equal(new TransportError("Cannot publish stream \"frames\": its server is too old").name, "TransportError");
 * ```
 */
export class TransportError extends Error {
  /** The class. */
  override readonly name: string = "TransportError";
}

/**
 * Another program holds this end of a link. Nothing of the refused one was stored, and the other one is not disturbed.
 *
 * @example
 * ```ts
 * import { FencedError, TransportError } from "@ringmill/ringmill/cluster";
 * import { assert } from "node:console";
 *
 * assert(new FencedError("Cannot publish stream \"frames\": another program writes it") instanceof TransportError);
 * ```
 */
export class FencedError extends TransportError {
  /** The class. */
  override readonly name = "FencedError";
}

/**
 * The two ends of a link declare frames of different shapes or types. No frame was sent.
 *
 * @example
 * ```ts
 * import { SchemaMismatchError, TransportError } from "@ringmill/ringmill/cluster";
 * import { assert } from "node:console";
 *
 * assert(new SchemaMismatchError("float32 [8] and float32 [16]") instanceof TransportError);
 * ```
 */
export class SchemaMismatchError extends TransportError {
  /** The class. */
  override readonly name = "SchemaMismatchError";
}
