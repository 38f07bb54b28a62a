/** What every message carries besides its body, as the thread that holds it keeps it. */

import { MessageError } from "../errors.ts";
import { formatId, parseId } from "./message_id.ts";
import type { StandardSchema } from "../../standard_schema.ts";

/** A form, as threads that send know it. */
export interface Form {
  /** The fields in their order; `null` for a type with too many forms: its bodies are values of their own. */
  readonly fields: readonly string[] | null;
  /** As good as unique among all forms. */
  readonly number: number;
  /** `[type, ...fields]` or `[type, null]` as JSON. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A type of messages, as this thread knows it. */
export interface MessageKind {
  readonly name: string;
  readonly schema: StandardSchema | undefined;
  /** Forms in which its messages were sent so far. */
  readonly forms: Form[];
  /** Makes an instance without any field. */
  create(header: Header): Envelope;
}

/** What a message is correlated to. */
export interface Correlation {
  /** The message, if it is one of ours; otherwise both are 0. */
  readonly correlationOrigin: number;
  readonly correlationCount: number;
  /** A text of somebody else's; otherwise `null`. */
  readonly correlationText: string | null;
}

/** The envelope of a message. Ids are numbers until somebody asks for their texts. */
export interface Header extends Correlation {
  readonly kind: MessageKind;
  readonly origin: number;
  readonly count: number;
  readonly priority: number;
  /** Whether its schema has accepted it already: it has come out of a queue. */
  readonly isChecked: boolean;
  /** The request by which it came, if it did. */
  request: OpenRequest | null;
  /** The request that it answers, if `reply()` has made it. */
  readonly answers: OpenRequest | null;
}

/** A request that this thread has received. */
export interface OpenRequest {
  /** Whether it is answered, failed, forwarded or overdue: nobody waits for its answer here. */
  readonly isClosed: boolean;
}

/** No correlation. */
export const UNCORRELATED: Correlation = { correlationOrigin: 0, correlationCount: 0, correlationText: null };

/** What correlates a message to that of an id. */
export function correlationTo(id: string | null): Correlation {
  const own = id === null ? null : parseId(id);
  if (own && own.count > 0) {
    return { correlationOrigin: own.origin, correlationCount: own.count, correlationText: null };
  }
  return { correlationOrigin: 0, correlationCount: 0, correlationText: id };
}

/** The id that a message is correlated to. */
function correlationOf({ correlationOrigin, correlationCount, correlationText }: Correlation): string | null {
  return correlationCount === 0 ? correlationText : formatId(correlationOrigin, correlationCount);
}

/** What all messages are instances of. The body's fields are their own, the envelope's are not. */
export class Envelope {
  readonly #header: Header;

  constructor(header: Header) {
    this.#header = header;
  }

  get messageType(): string {
    return this.#header.kind.name;
  }

  set messageType(_: string) {
    this.#refuse("messageType");
  }

  get messageId(): string {
    const { origin, count } = this.#header;
    return formatId(origin, count);
  }

  set messageId(_: string) {
    this.#refuse("messageId");
  }

  get priority(): number {
    return this.#header.priority;
  }

  set priority(_: number) {
    this.#refuse("priority");
  }

  get correlationId(): string | null {
    return correlationOf(this.#header);
  }

  set correlationId(_: string | null) {
    this.#refuse("correlationId");
  }

  /** The body with the envelope, for logs. */
  toJSON(): unknown {
    const { messageType, messageId, priority, correlationId } = this;
    return { messageType, messageId, priority, correlationId, ...(this as object) };
  }

  /** A body with such a field would hide the envelope's. */
  #refuse(field: string): never {
    const { messageType } = this;
    const what = `Cannot set "${field}" of message "${messageType}": it belongs to the message, not to its body`;
    throw new MessageError(what, { messageType });
  }

  /** The envelope of a message; `undefined` of anything else. */
  static headerOf(value: unknown): Header | undefined {
    return typeof value === "object" && value !== null && #header in value ? value.#header : undefined;
  }
}
