/**
 * Messages and failures as bytes that leave the program. Unlike records in queues they name everything, so that who reads them
 * need not trust who has written them:
 *
 * ```
 * 0 u8  what it is: 1 a message, 2 a failure
 * 1     by msgpackr, in an array. A message: type, body, priority, id (two numbers), correlation (two numbers and a text).
 *       A failure: kernel, reason, kind, what was thrown
 * ```
 */

import { isErrorReport, reportError, summarizeError } from "../worker/error_report.ts";
import { KernelError, KernelStateError, MessageError, QueueFullError } from "./errors.ts";
import { kindOf, type MessageEnvelope } from "./message.ts";
import { checkField } from "./message/body_check.ts";
import { pack, type Packed, unpack } from "./message/body_codec.ts";
import { Envelope } from "./message/envelope.ts";
import { defineField } from "./message/exact_values.ts";
import { type FailureKind, type FailureReport, rebuildFailure, shortenFailure } from "./message/failure.ts";

const MESSAGE = 1;
const FAILURE = 2;
const WHAT_BYTES = 1;

/**
 * The bytes of a message, as it is now. Its schema is not looked at: whoever receives it does that.
 *
 * @throws {MessageError} If it is no message, or its body cannot be carried.
 */
export function packMessage(action: string, message: MessageEnvelope): Uint8Array<ArrayBuffer> {
  const header = Envelope.headerOf(message);
  if (!header) {
    const rule = "expected what a message type has made";
    throw new MessageError(`Cannot ${action}: ${rule}, received ${Deno.inspect(message, { depth: 0 })}`);
  }
  const { kind, priority, origin, count, correlationOrigin, correlationCount, correlationText } = header;
  const body: Record<string, unknown> = { ...message as object };
  try {
    const ids = [origin, count, correlationOrigin, correlationCount, correlationText];
    return bytesOf(MESSAGE, pack([kind.name, body, priority, ...ids], WHAT_BYTES));
  } catch (cause) {
    throw new MessageError(`Cannot ${action}: "${kind.name}": ${fieldTrouble(body, cause)}`, {
      messageType: kind.name,
      cause,
    });
  }
}

/** Which field cannot be carried. */
function fieldTrouble(body: object, cause: unknown): string {
  try {
    for (const [name, value] of Object.entries(body)) checkField(name, value);
  } catch (error) {
    return (error as Error).message;
  }
  return (cause as Error).message;
}

function bytesOf(what: number, { buffer, start, end }: Packed): Uint8Array<ArrayBuffer> {
  // A copy: the buffer is written over. (The `slice()` of a Buffer is none.)
  const bytes = Uint8Array.prototype.slice.call(buffer, start, end) as Uint8Array<ArrayBuffer>;
  bytes[0] = what;
  return bytes;
}

function partsIn(bytes: Uint8Array): readonly unknown[] | null {
  try {
    // A copy: the reader wants bytes from their start on, and none that others write.
    const parts = unpack(new Uint8Array(bytes), WHAT_BYTES, bytes.length);
    return Array.isArray(parts) ? parts : null;
  } catch {
    return null;
  }
}

/**
 * The message in bytes that another program has sent. `isChecked` says that no schema need look at it any more: what a kernel has
 * answered was looked at there.
 *
 * @throws {MessageError} If there is none, or this thread does not know its type.
 */
export function unpackMessage(action: string, bytes: Uint8Array, isChecked = false): MessageEnvelope {
  const parts = bytes[0] === MESSAGE ? partsIn(bytes) : null;
  const [name, body, priority, ...ids] = parts ?? [];
  const [origin, count, correlationOrigin, correlationCount, correlationText] = ids;
  const numbers = [priority, origin, count, correlationOrigin, correlationCount];
  const isText = correlationText === null || typeof correlationText === "string";
  if (!numbers.every((one) => typeof one === "number") || !isText || typeof body !== "object" || body === null) {
    throw new MessageError(`Cannot ${action}: ${bytes.length} bytes came that are not a message`);
  }
  const messageType = String(name);
  const kind = kindOf(messageType);
  if (!kind) {
    const what = "this program knows no type of that name";
    throw new MessageError(`Cannot ${action}: ${what}, received ${JSON.stringify(messageType)}`, { messageType });
  }
  const message = kind.create({
    kind,
    origin: origin as number,
    count: count as number,
    priority: Math.min(Math.max(Math.trunc(priority as number) || 0, 0), 255),
    correlationOrigin: correlationOrigin as number,
    correlationCount: correlationCount as number,
    correlationText: correlationText as string | null,
    isChecked,
    request: null,
    answers: null,
  });
  for (const [field, value] of Object.entries(body)) defineField(message, field, value);
  return message as unknown as MessageEnvelope;
}

/** Kinds of failures by their errors. */
function kindOfError(error: unknown): FailureKind {
  if (error instanceof KernelStateError) return "terminated";
  if (error instanceof QueueFullError) return "dropped";
  return error instanceof MessageError ? "refused" : "failed";
}

/** The bytes of what a kernel has answered by an error; `where` says on which machine that was. Shorter where it would be too long. */
export function packFailure(kernel: string, error: unknown, where: string, most: number): Uint8Array<ArrayBuffer> {
  for (const { reason, kind, error: cause } of shortenFailure(failureOf(kernel, error, where))) {
    const bytes = tryToPack([kernel, reason, kind ?? null, cause]);
    if (bytes && bytes.length <= most) return bytes;
  }
  return bytesOf(FAILURE, pack([], WHAT_BYTES));
}

function failureOf(kernel: string, error: unknown, where: string): FailureReport {
  const kind = kindOfError(error);
  if (kind !== "failed") return { kind, kernel, reason: `${(error as Error).message} (${where})` };
  if (!(error instanceof KernelError)) {
    return { kernel, reason: `${where}: it could not answer: ${summarizeError(reportError(error))}` };
  }
  const reason = error.message.replace(`Kernel "${error.kernel}" failed: `, "");
  return {
    kernel,
    reason: `${where}: ${reason}`,
    error: error.cause === undefined ? undefined : reportError(error.cause),
  };
}

/** What somebody has thrown may hold anything. */
function tryToPack(values: readonly unknown[]): Uint8Array<ArrayBuffer> | null {
  try {
    return bytesOf(FAILURE, pack(values, WHAT_BYTES));
  } catch {
    return null;
  }
}

/** The error in bytes that another program has sent; `null` if they are not one. */
export function unpackFailure(bytes: Uint8Array, remote: string): Error | null {
  if (bytes[0] !== FAILURE) return null;
  const [kernel, reason, kind, error] = partsIn(bytes) ?? [];
  return rebuildFailure({
    kernel: typeof kernel === "string" ? kernel : remote,
    reason: typeof reason === "string" ? reason : "it failed",
    kind: ["terminated", "dropped", "refused"].includes(kind as string) ? kind as FailureKind : undefined,
    error: isErrorReport(error) ? error : undefined,
  });
}
