/** What happens to a message before it is sent: its type, its schema and its body are looked at. */

import { Envelope, type Header, type MessageKind } from "./envelope.ts";
import { MessageError } from "../errors.ts";
import type { AnyMessageType } from "../message.ts";
import { fill } from "./exact_values.ts";
import { decodeMessage, encodeMessage, type ReplyTo } from "./message_record.ts";
import type { Parcel } from "../thread/outlet.ts";
import { type StandardIssue, type StandardResult, summarizeIssues } from "../../standard_schema.ts";

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
    const what = `expected a message, made by calling its type, received ${Deno.inspect(message)}`;
    throw new MessageError(`Cannot send ${place}: ${what}`, { kernel });
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

/** Types whose schemas answer by promises. What they look at must not change meanwhile. */
const asyncKinds = new WeakSet<MessageKind>();

/**
 * What the schema of a message makes of it: at once, unless the schema answers by a promise. That one sees a copy, which is
 * the message as it is now.
 *
 * @throws {MessageError} If it does not accept it.
 */
export function check(message: Envelope, header: Header, destination: Destination): Envelope | Promise<Envelope> {
  const { kind } = header;
  const refuse = refuserOf(header, destination);
  const validate = (body: object) => {
    try {
      return kind.schema!["~standard"].validate(body);
    } catch (cause) {
      throw refuse(`its schema threw ${cause}`, cause);
    }
  };
  const accept = (result: StandardResult<unknown>) => accepted(result, header, refuse);
  if (!asyncKinds.has(kind)) {
    const result = validate({ ...message });
    if (!(result instanceof Promise)) return accept(result);
    asyncKinds.add(kind);
    // The schema is asked again, with a copy: its promise could see later changes of the body.
    result.catch(() => {});
  }
  const asked = Promise.resolve(validate(copyOf(message, header)));
  return asked.catch((cause) => {
    throw refuse(`its schema threw ${cause}`, cause);
  }).then(accept);
}

type Refuse = (reason: string, cause?: unknown) => MessageError;

function refuserOf({ kind }: Header, { kernel, place }: Destination): Refuse {
  return (reason, cause) =>
    new MessageError(`Cannot send "${kind.name}" ${place}: ${reason}`, { messageType: kind.name, kernel, cause });
}

function accepted({ issues, value }: { issues?: unknown; value?: unknown }, header: Header, refuse: Refuse): Envelope {
  if (issues) throw refuse(`its schema does not accept it: ${summarizeIssues(issues as StandardIssue[])}`, issues);
  if (typeof value !== "object" || value === null) {
    throw refuse(`its schema must return an object, received ${Deno.inspect(value)}`);
  }
  return fill(header.kind.create({ ...header, isChecked: true }), value);
}

/** A copy of a message as it is now; the message itself, if it is none, or cannot be carried. */
export function snapshotOf<M>(message: M): M {
  const header = Envelope.headerOf(message);
  if (!header) return message;
  const copy = header.kind.create(header);
  return fill(copy, copyOf(message as unknown as Envelope, header)) as unknown as M;
}

/** A deep copy of a body; what cannot be carried may be what the schema takes out. */
function copyOf(message: Envelope, header: Header): object {
  try {
    const record = new Uint8Array(encodeMessage(message, header, null, false));
    return { ...decodeMessage(record, "(none)").message };
  } catch {
    return { ...message };
  }
}

/**
 * Makes a record of a message.
 *
 * @throws {MessageError} If its body cannot be serialised.
 */
export function parcelOf(
  message: Envelope,
  header: Header,
  replyTo: ReplyTo | null,
  isTimed: boolean,
  { kernel, place }: Destination,
): Parcel {
  const messageType = header.kind.name;
  try {
    const record = encodeMessage(message, header, replyTo, isTimed);
    return { carried: record, bytes: record.length, priority: header.priority, messageType };
  } catch (cause) {
    const reason = cause instanceof TypeError ? cause.message : cause;
    const text = `Cannot send "${messageType}" ${place}: its body cannot be serialised: ${reason}`;
    throw new MessageError(text, { messageType, kernel, cause });
  }
}
