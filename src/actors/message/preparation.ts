/** What happens to a message before it is sent: its type, its schema and its body are looked at. */

import { Envelope, type Header } from "./envelope.ts";
import { MessageError } from "../errors.ts";
import type { AnyMessageType } from "../message.ts";
import { type AnswerWanted, encodeMessage } from "./message_record.ts";
import type { Parcel } from "../thread/outlet.ts";
import { type StandardResult, summarizeIssues } from "../standard_schema.ts";

/** Where messages go. */
export interface Destination {
  /** The kernel's id. */
  readonly kernel: string;
  /** For messages: `to kernel "sum"`. */
  readonly place: string;
  /** The names of the types that may be sent there; `null` for all. */
  readonly types: ReadonlySet<string> | null;
}

/** The names of some types. */
export function namesOf(types: readonly AnyMessageType[] | null): ReadonlySet<string> | null {
  return types && new Set(types.map(({ messageType }) => messageType));
}

/**
 * The envelope of a message that may be sent to a destination.
 *
 * @throws {MessageError} If it is no message, or of another type.
 */
export function headerFor(message: unknown, { kernel, place, types }: Destination): Header {
  const header = Envelope.headerOf(message);
  if (!header) {
    throw new MessageError(`Cannot send ${place}: expected a message, received ${Deno.inspect(message)}`, { kernel });
  }
  const messageType = header.kind.name;
  if (types === null || types.has(messageType)) return header;
  const wanted = [...types].map((name) => `"${name}"`).join(" or ");
  throw new MessageError(`Cannot send a message ${place}: expected ${wanted}, received "${messageType}"`, {
    messageType,
    kernel,
  });
}

/** Whether a schema still has to look at a message. */
export function mustBeChecked({ kind, isChecked }: Header): boolean {
  return kind.schema !== undefined && !isChecked;
}

/**
 * What the schema of a message makes of it.
 *
 * @throws {MessageError} If it does not accept it.
 */
export async function check(message: Envelope, header: Header, { kernel, place }: Destination): Promise<Envelope> {
  const { kind } = header,
    fail = (reason: string, cause?: unknown) => {
      const text = `Cannot send "${kind.name}" ${place}: ${reason}`;
      return new MessageError(text, { messageType: kind.name, kernel, cause });
    };
  let result: StandardResult<unknown>;
  try {
    result = await kind.schema!["~standard"].validate({ ...message });
  } catch (cause) {
    throw fail(`its schema threw ${cause}`, cause);
  }
  if (result.issues) throw fail(`its schema does not accept it: ${summarizeIssues(result.issues)}`, result.issues);
  if (typeof result.value !== "object" || result.value === null) {
    throw fail(`its schema must return an object, received ${Deno.inspect(result.value)}`);
  }
  return Object.assign(kind.create({ ...header, isChecked: true }), result.value);
}

/**
 * Makes a record of a message.
 *
 * @throws {MessageError} If its body cannot be serialised.
 */
export function parcelOf(
  message: Envelope,
  header: Header,
  wanted: AnswerWanted | null,
  isTimed: boolean,
  { kernel, place }: Destination,
): Parcel {
  const messageType = header.kind.name;
  try {
    const record = encodeMessage(message, header, wanted, isTimed);
    return { record, priority: header.priority, messageType };
  } catch (cause) {
    const text = `Cannot send "${messageType}" ${place}: its body cannot be serialised: ${cause}`;
    throw new MessageError(text, { messageType, kernel, cause });
  }
}
