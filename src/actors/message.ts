/** Messages: typed bodies with an id, a priority and a correlation. */

import { DeclarationError } from "../errors.ts";
import { correlationTo, Envelope, type Header, type MessageKind, UNCORRELATED } from "./message/envelope.ts";
import { MessageError } from "./errors.ts";
import { fill } from "./message/exact_values.ts";
import { nextCount, OWN_ORIGIN } from "./message/message_id.ts";
import type { StandardSchema } from "../standard_schema.ts";

/** What every message has besides the fields of its body. None of it can be changed. */
export interface MessageEnvelope<Name extends string = string> {
  /** The name of its type. */
  readonly messageType: Name;
  /** Unique among all messages: a UUID. */
  readonly messageId: string;
  /** How urgent it is, 0 to 255. Kernels take those of 224 and more first, then of 160, of 64, and then the others. */
  readonly priority: number;
  /** The id of the message that it belongs to, an answer to its question for instance; `null` if there is none. */
  readonly correlationId: string | null;
}

/** A message: its body's fields are its own, so `{ ...message }` is a copy of the body. */
export type Message<Body extends object = object, Name extends string = string> = Body & MessageEnvelope<Name>;

/** Options of a new message. */
export interface MessageOptions {
  /**
   * How urgent it is, 0 to 255.
   *
   * @default {128}
   */
  priority?: number;
  /**
   * The id of the message that it belongs to, or any other text.
   *
   * @default {null}
   */
  correlationId?: string | null;
}

/** Names that a body must not have, as they belong to every message. */
export type ReservedFields = { readonly [K in keyof MessageEnvelope]?: never };

/** A type of messages: a function that makes them. */
export interface MessageType<Input extends object = object, Body extends object = Input, Name extends string = string> {
  /**
   * Makes a message with a copy of the fields of `body`. A schema looks at it when it is sent.
   *
   * @throws {MessageError} If `body` is no object, has a field that belongs to every message, or an option is out of range.
   */
  (body: Input, options?: MessageOptions): Message<Input, Name>;
  /** Its name, by which all threads know it. */
  readonly messageType: Name;
  /** What its bodies must fulfil. */
  readonly schema: StandardSchema<Input, Body> | undefined;
  /** Whether `value` is a message of this type. Types whose names the editor knows are told from each other by it. */
  is(value: unknown): value is Message<Body, Name>;
}

/** A type of messages whose bodies are yet to be told. */
export interface NamedMessageType<Name extends string> extends MessageType<object, object, Name> {
  /** The same type, for bodies of a kind: its name tells its messages from those of other types. */
  of<Body extends object & ReservedFields>(): MessageType<Body, Body, Name>;
}

/** Any type of messages. */
// deno-lint-ignore no-explicit-any
export type AnyMessageType = MessageType<any, any>;

/** What a kernel gets of a type of messages, after its schema. */
export type MessageOf<Type extends AnyMessageType> = Type extends MessageType<infer _, infer Body, infer Name>
  ? Message<Body, Name>
  : never;

/** What may be sent of a type of messages: what it makes, or what was received of it. */
export type SendableOf<Type extends AnyMessageType> = Type extends MessageType<infer Input, infer Body, infer Name>
  ? Message<Input, Name> | Message<Body, Name>
  : never;

/** The types that this thread knows. */
const kinds = new Map<string, MessageKind>();

/** The type of that name, if this thread knows it. */
export function kindOf(name: string): MessageKind | undefined {
  return kinds.get(name);
}

const DEFAULT_PRIORITY = 128;
const MOST_PRIORITY = 255;

function checkPriority(name: string, priority: unknown): number {
  if (priority === undefined) return DEFAULT_PRIORITY;
  if (typeof priority === "number" && Number.isInteger(priority) && priority >= 0 && priority <= MOST_PRIORITY) {
    return priority;
  }
  throw refusal(name, "priority must be a whole number from 0 to 255", priority);
}

function checkCorrelation(name: string, id: unknown): string | null {
  if (typeof id === "string" || id === null || id === undefined) return id ?? null;
  throw refusal(name, "correlationId must be a text or null", id);
}

function refusal(messageType: string, rule: string, received: unknown): MessageError {
  return new MessageError(`Cannot make message "${messageType}": ${rule}, received ${Deno.inspect(received)}`, {
    messageType,
  });
}

/** @throws {MessageError} Unless `body` is a plain object, or a message. */
function checkBody(name: string, body: unknown): asserts body is object {
  if (typeof body !== "object" || body === null) throw refusal(name, "its body must be an object", body);
  const kind = Object.getPrototypeOf(body);
  if (kind !== Object.prototype && kind !== null && !Envelope.headerOf(body)) {
    throw refusal(name, "its body must be a plain object, such as { ...value }", body);
  }
  if (Object.getOwnPropertySymbols(body).length > 0) throw refusal(name, "its body must have no symbol as key", body);
}

/** An envelope for a new message. */
function newHeader(kind: MessageKind, options: MessageOptions | undefined): Header {
  const { correlationOrigin, correlationCount, correlationText } = options === undefined
    ? UNCORRELATED
    : correlationTo(checkCorrelation(kind.name, options.correlationId));
  return {
    kind,
    origin: OWN_ORIGIN,
    count: nextCount(),
    priority: checkPriority(kind.name, options?.priority),
    correlationOrigin,
    correlationCount,
    correlationText,
    isChecked: false,
    request: null,
    answers: null,
  };
}

/**
 * Defines a type of messages whose name the editor knows: kernels that take several types tell them apart by
 * `Type.is(message)`, or by `message.messageType`.
 *
 * @example
 * ```ts
 * import { message } from "@ringmill/ringmill/actors";
 * import { equal } from "node:assert/strict";
 *
 * const Deposit = message("Deposit").of<{ cents: number }>();
 * const Close = message("Close").of<{ reason: string }>();
 *
 * function describe(command: ReturnType<typeof Deposit> | ReturnType<typeof Close>): string {
 *   return command.messageType === "Deposit" ? `${command.cents} cents` : command.reason;
 * }
 * equal(describe(Deposit({ cents: 5 })), "5 cents");
 * equal(describe(Close({ reason: "moved" })), "moved");
 * ```
 */
export function message<const Name extends string>(name: Name): NamedMessageType<Name>;
/**
 * Defines a type of messages. Every thread that sends or receives it must have imported the module that does so.
 *
 * Whatever structured cloning knows can be in a body: nested objects and arrays, typed arrays, `Map`, `Set`, `Date`,
 * `bigint`, errors. What cannot be sent (functions, symbols, promises, shared memory, cycles) is a {@link MessageError} at
 * the time of sending. Instances of classes arrive as plain objects, a -0 within another value as 0. A schema of zod,
 * valibot, arktype, or any other of Standard Schema, looks at bodies when they are sent; what it returns is what arrives.
 *
 * @throws {DeclarationError} If this thread has a type of that name already.
 * @throws {TypeError} If `name` is no text, or `schema` is none.
 *
 * @example
 * ```ts
 * import { message } from "@ringmill/ringmill/actors";
 * import { equal } from "node:assert/strict";
 *
 * const RawData = message<{ values: number[] }>("RawData");
 * const raw = RawData({ values: [1, 2, 4] }, { priority: 200 });
 * equal(raw.values.length, 3);
 * equal(raw.priority, 200);
 * equal(raw.correlationId, null);
 * equal(raw.messageId.length, 36);
 * ```
 */
export function message<Body extends object & ReservedFields>(name: string): MessageType<Body>;
/** Defines a type of messages whose bodies fulfil a schema. */
export function message<Input extends object, Body extends object & ReservedFields, const Name extends string>(
  name: Name,
  schema: StandardSchema<Input, Body>,
): MessageType<Input, Body, Name>;
export function message(name: string, schema?: StandardSchema): AnyMessageType {
  if (typeof name !== "string" || name === "") {
    throw new TypeError(`Cannot define a message: its name must be a text, received ${Deno.inspect(name)}`);
  }
  if (schema !== undefined && typeof schema?.["~standard"]?.validate !== "function") {
    const rule = "its schema must be one of Standard Schema, such as zod's, valibot's or arktype's";
    throw new TypeError(`Cannot define message "${name}": ${rule}, received ${Deno.inspect(schema)}`);
  }
  if (kinds.has(name)) throw new DeclarationError(`Cannot define message "${name}": there is one of that name already`);
  const Class = classOf(name);
  const kind: MessageKind = { name, schema, forms: [], create: (header) => new Class(header) };
  kinds.set(name, kind);
  const make = (body: object, options?: MessageOptions) => {
    checkBody(name, body);
    return fill(new Class(newHeader(kind, options)), body);
  };
  const is = (value: unknown) => value instanceof Class;
  const type = Object.assign(make, { messageType: name, schema, is });
  return Object.assign(type, { of: () => type }) as unknown as AnyMessageType;
}

/** The class of the messages of one type. It has their type's name, which consoles show. */
function classOf(name: string): new (header: Header) => Envelope {
  return Object.defineProperty(class extends Envelope {}, "name", { value: name });
}

/** @throws {TypeError} Unless `value` is a message. */
function checkMessage(action: string, value: unknown): Header {
  const header = Envelope.headerOf(value);
  if (header) return header;
  throw new TypeError(`Cannot ${action}: expected a message, received ${Deno.inspect(value)}`);
}

function copyWith<M extends MessageEnvelope>(message: M, changes: Partial<Header>): M {
  const header = checkMessage("correlate", message);
  return fill(header.kind.create({ ...header, ...changes }), message) as unknown as M;
}

/**
 * A copy of a message that is correlated to another one, or to any text; with the same id.
 *
 * @throws {TypeError} If `message` is no message, or `correlationId` neither a text nor `null`.
 *
 * @example
 * ```ts
 * import { message, withCorrelation } from "@ringmill/ringmill/actors";
 * import { equal } from "node:assert/strict";
 *
 * const Step = message<{ index: number }>("Step");
 * equal(withCorrelation(Step({ index: 1 }), "order 17").correlationId, "order 17");
 * ```
 */
export function withCorrelation<M extends MessageEnvelope>(message: M, correlationId: string | null): M {
  if (typeof correlationId !== "string" && correlationId !== null) {
    const what = "Cannot correlate a message: correlationId must be a text or null";
    throw new TypeError(`${what}, received ${Deno.inspect(correlationId)}`);
  }
  return copyWith(message, { ...correlationTo(correlationId), answers: null });
}

/**
 * A copy of `answer` as the reply to `request`: correlated to it, and as urgent as it is. A kernel that sends the reply to a
 * message which came by `request()` answers that: it goes straight to whoever asked, and not to the kernel's output.
 *
 * @throws {TypeError} If either is no message.
 *
 * @example
 * ```ts
 * import { message, reply } from "@ringmill/ringmill/actors";
 * import { equal } from "node:assert/strict";
 *
 * const Question = message<{ text: string }>("Question");
 * const Answer = message<{ text: string }>("Answer");
 * const question = Question({ text: "how many?" }, { priority: 240 });
 * const answer = reply(question, Answer({ text: "42" }));
 * equal(answer.correlationId, question.messageId);
 * equal(answer.priority, 240);
 * ```
 */
export function reply<M extends MessageEnvelope>(request: MessageEnvelope, answer: M): M {
  const { origin, count, priority, request: answers } = checkMessage("reply", request);
  const correlation = { correlationOrigin: origin, correlationCount: count, correlationText: null };
  return copyWith(answer, { ...correlation, priority, request: null, answers });
}
