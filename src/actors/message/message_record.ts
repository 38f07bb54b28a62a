/**
 * Messages as the records of a queue:
 *
 * ```
 *  0 u8   what it is: a message, or a failure
 *  1 u8   priority
 *  2 u8   0, or of a correlation that is a text: 1 if it is UTF-8, 2 if it is UTF-16
 *  3 u8   where it goes, in the inbox of a worker that kernels share: 0 to a kernel's input, 1 to those who wait there for answers
 *  4 u32  where what was serialised ends, from the start of the record
 *  8 f64  id: origin            16 f64  id: count
 * 24 f64  correlation: origin   32 f64  correlation: count; both 0 if there is none, or it is a text
 * 40 f64  when it was sent, by the program's clock; 0 if nobody wants to know
 * 48 f64  until when an answer is waited for, the same; 0 if none is
 * 56 u32  who waits for the answer, by the id of its mailbox
 * 60 u32  bytes of the form
 * 64 f64  the form's number
 * 72 f64  which of the requests of that mailbox this is, or answers
 * 80 u32  where the values end, from the start of the record
 * 84 u32  which kernel of such a worker it is for, by the id of its mailbox
 * 88      those values that must be serialised, by msgpackr, in an array; nothing if there are none
 *         form: the names of type and fields, as JSON
 *         the values of the fields: see `field_values.ts`
 *         the correlation, if it is a text
 * ```
 */

import { Buffer } from "node:buffer";
import { now } from "../../ring/clock.ts";
import { MessageError } from "../errors.ts";
import { kindOf } from "../message.ts";
import { checkField } from "./body_check.ts";
import { pack, type Packed, unpack } from "./body_codec.ts";
import type { Envelope, Header, MessageKind } from "./envelope.ts";
import { defineField, readUtf16, writeUtf16 } from "./exact_values.ts";
import { type FailureReport, rebuildFailure, shortenFailure } from "./failure.ts";
import { mostBytesOf, ValueReader, writeValues } from "./field_values.ts";
import { formOf, readForm } from "./form.ts";
import { ownSheet, type RecordBytes, recordOn, sheetOf } from "./sheet.ts";

const WHAT = 0;
const PRIORITY = 1;
const CORRELATION_TEXT = 2;
const GOES_TO = 3;
const PACKED_END = 4;
const ORIGIN = 8;
const COUNT = 16;
const CORRELATION_ORIGIN = 24;
const CORRELATION_COUNT = 32;
const SENT_AT = 40;
const UNTIL = 48;
const MAILBOX = 56;
const FORM_BYTES = 60;
const FORM = 64;
const TICKET = 72;
const VALUES_END = 80;
const FOR_KERNEL = 84;
const HEADER_BYTES = 88;

const NO_VALUES: readonly unknown[] = [];
const NO_BYTES = new Uint8Array();

/** What a record is. */
const MESSAGE = 0;
const FAILURE = 1;

/** Bytes of a record without its form and its values. */
export const BARE_BYTES: number = HEADER_BYTES;

/** Who waits for an answer, and until when. */
export interface ReplyTo {
  /** The id of the mailbox. */
  readonly mailbox: number;
  /** Which of its requests it is. No other one of that mailbox has it, also after its owner got a new worker. */
  readonly ticket: number;
  /** By the program's clock, or `Infinity`. */
  readonly until: number;
}

/** A message that came out of a queue. */
export interface Received {
  readonly message: Envelope;
  readonly header: Header;
  /** When it was sent, by the program's clock; 0 if that was not noted. */
  readonly sentAt: number;
  /** Who waits for an answer; `null` if nobody does. */
  readonly replyTo: ReplyTo | null;
}

/** An answer, in a mailbox. */
export interface Answer {
  /** Which request it answers. */
  readonly ticket: number;
  /** What came. An error if the kernel has failed, or its answer cannot be read. */
  readonly outcome: Envelope | Error;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Makes a record of a message.
 *
 * @throws {unknown} If its body cannot be serialised: whatever the serialiser throws.
 */
export function encodeMessage(
  message: Envelope,
  header: Header,
  replyTo: ReplyTo | null,
  isTimed: boolean,
): RecordBytes {
  const { form, values } = formOf(header.kind, message);
  const others: unknown[] = [];
  const { correlationText } = header;
  const text = correlationText === null ? NO_BYTES : bytesOf(correlationText);
  const most = mostBytesOf(values, others) + form.bytes.length + text.length;
  const packed = others.length > 0 ? packFields(others, message) : null;
  const sheet = packed ? sheetOf(packed, most) : ownSheet(HEADER_BYTES + most);
  const { bytes, view } = sheet;
  const start = packed?.start ?? 0;
  const packedEnd = packed?.end ?? HEADER_BYTES;
  bytes.set(form.bytes, packedEnd);
  const valuesEnd = writeValues(values, sheet, packedEnd + form.bytes.length);
  const end = valuesEnd + text.length;
  bytes.set(text, valuesEnd);
  writeWhat(view, start, MESSAGE, header.priority);
  view.setUint8(start + CORRELATION_TEXT, correlationText === null ? 0 : encodingOf(correlationText));
  writeIds(view, start, header);
  writeReplyTo(view, start, replyTo);
  view.setUint32(start + PACKED_END, packedEnd - start, true);
  view.setFloat64(start + SENT_AT, isTimed ? now() : 0, true);
  view.setUint32(start + FORM_BYTES, form.bytes.length, true);
  view.setFloat64(start + FORM, form.number, true);
  view.setUint32(start + VALUES_END, valuesEnd - start, true);
  return recordOn(sheet, start, end);
}

/** @throws {TypeError} If a field cannot be carried: with its name. */
function packFields(values: readonly unknown[], message: Envelope): Packed {
  try {
    return pack(values, HEADER_BYTES);
  } catch (error) {
    for (const [name, value] of Object.entries(message)) checkField(name, value);
    throw error;
  }
}

/** How a correlation that is a text is written. */
const UTF_8 = 1;
const UTF_16 = 2;

function encodingOf(text: string): number {
  return text.isWellFormed() ? UTF_8 : UTF_16;
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return encodingOf(text) === UTF_8 ? encoder.encode(text) : writeUtf16(text);
}

function writeWhat(view: DataView, at: number, what: number, priority: number): void {
  view.setUint8(at + WHAT, what);
  view.setUint8(at + PRIORITY, priority);
}

function writeReplyTo(view: DataView, at: number, replyTo: ReplyTo | null): void {
  view.setFloat64(at + UNTIL, replyTo ? replyTo.until : 0, true);
  view.setUint32(at + MAILBOX, replyTo ? replyTo.mailbox : 0, true);
  view.setFloat64(at + TICKET, replyTo ? replyTo.ticket : 0, true);
}

function writeIds(view: DataView, at: number, { origin, count, correlationOrigin, correlationCount }: Header): void {
  view.setFloat64(at + ORIGIN, origin, true);
  view.setFloat64(at + COUNT, count, true);
  view.setFloat64(at + CORRELATION_ORIGIN, correlationOrigin, true);
  view.setFloat64(at + CORRELATION_COUNT, correlationCount, true);
}

/** Makes the record that answers a request with a failure, of `most` bytes: without details where it would be longer. */
export function encodeFailure(ticket: number, failure: FailureReport, most: number): RecordBytes {
  const packed = packFailure(failure, most);
  const { start, end } = packed;
  const sheet = sheetOf(packed, 0);
  const { view } = sheet;
  writeWhat(view, start, FAILURE, 0);
  view.setFloat64(start + TICKET, ticket, true);
  return recordOn(sheet, start, end);
}

function packFailure(failure: FailureReport, most: number): Packed {
  for (const shorter of shortenFailure(failure)) {
    const packed = tryToPack(shorter);
    if (packed && packed.end - packed.start <= most) return packed;
  }
  return pack([], HEADER_BYTES);
}

/** What somebody has thrown may hold anything. */
function tryToPack({ kernel, reason, kind, error }: FailureReport): Packed | null {
  try {
    return pack([kernel, reason, kind ?? null, error], HEADER_BYTES);
  } catch {
    return null;
  }
}

/** A form that was read from a record. */
interface KnownForm {
  readonly kind: MessageKind;
  readonly fields: readonly string[] | null;
}

const knownForms = new Map<number, KnownForm>();

/** Views of the memory that records come in, which is the same most of the time. */
let source: ArrayBuffer | undefined;
let reading: DataView<ArrayBuffer>;
let values: ValueReader;

function readFrom({ buffer }: RecordBytes): void {
  if (buffer === source) return;
  source = buffer;
  reading = new DataView(buffer);
  values = new ValueReader(Buffer.from(buffer), reading);
}

/** @throws {MessageError} If this thread does not know the type. `kernel` is whose queue it came from. */
function formIn(record: RecordBytes, number: number, at: number, kernel: string): KnownForm {
  const known = knownForms.get(number);
  if (known) return known;
  const { name, fields } = readForm(record.subarray(at, at + reading.getUint32(record.byteOffset + FORM_BYTES, true)));
  const kind = kindOf(name);
  if (!kind) {
    const what = `Cannot receive a message from kernel "${kernel}": this thread knows no type of that name`;
    throw new MessageError(`${what}, received ${JSON.stringify(name)}`, { messageType: name, kernel });
  }
  const form = { kind, fields };
  knownForms.set(number, form);
  return form;
}

/**
 * Reads the message in a record. `kernel` is whose queue it came from.
 *
 * @throws {MessageError} If this thread does not know its type.
 */
export function decodeMessage(record: RecordBytes, kernel: string): Received {
  readFrom(record);
  const at = record.byteOffset;
  const packedEnd = reading.getUint32(at + PACKED_END, true);
  const { kind, fields } = formIn(record, reading.getFloat64(at + FORM, true), packedEnd, kernel);
  const replyTo = readReplyTo(at);
  const header = readHeader(record, at, kind);
  const message = kind.create(header);
  const others = packedEnd === HEADER_BYTES ? NO_VALUES : unpack(record, HEADER_BYTES, packedEnd);
  const sentAt = reading.getFloat64(at + SENT_AT, true);
  if (fields) fillIn(message, fields, at + packedEnd + reading.getUint32(at + FORM_BYTES, true), others);
  else for (const [field, value] of Object.entries(others[0] as object)) defineField(message, field, value);
  return { message, header, sentAt, replyTo };
}

/** Where a record goes, in the inbox of a worker that kernels share. */
export interface RecordAddress {
  /** The kernel, by the id of its mailbox. */
  readonly kernel: number;
  /** Whether it is for those who wait there for answers; otherwise for the kernel's input. */
  readonly isAnswer: boolean;
}

/** Writes where a record goes. */
export function addressRecord({ buffer, byteOffset }: RecordBytes, { kernel, isAnswer }: RecordAddress): void {
  const view = viewOf(buffer);
  view.setUint8(byteOffset + GOES_TO, isAnswer ? 1 : 0);
  view.setUint32(byteOffset + FOR_KERNEL, kernel, true);
}

/** Where a record goes. */
export function addressIn(record: RecordBytes): RecordAddress {
  readFrom(record);
  const at = record.byteOffset;
  return { kernel: reading.getUint32(at + FOR_KERNEL, true), isAnswer: reading.getUint8(at + GOES_TO) === 1 };
}

/** How urgent the message in a record is. */
export function priorityIn(record: RecordBytes): number {
  readFrom(record);
  return reading.getUint8(record.byteOffset + PRIORITY);
}

/** A view of the memory that a record was written to, which is the same most of the time. */
let written = new DataView(new ArrayBuffer(0));

function viewOf(buffer: ArrayBuffer): DataView<ArrayBuffer> {
  return written.buffer === buffer ? written : written = new DataView(buffer);
}

/** Who waits for an answer to the message in a record, which may be one that cannot be read. */
export function replyToIn(record: RecordBytes): ReplyTo | null {
  readFrom(record);
  return readReplyTo(record.byteOffset);
}

function readReplyTo(at: number): ReplyTo | null {
  const until = reading.getFloat64(at + UNTIL, true);
  if (until === 0) return null;
  return { mailbox: reading.getUint32(at + MAILBOX, true), ticket: reading.getFloat64(at + TICKET, true), until };
}

function readHeader(record: RecordBytes, at: number, kind: MessageKind): Header {
  return {
    kind,
    origin: reading.getFloat64(at + ORIGIN, true),
    count: reading.getFloat64(at + COUNT, true),
    priority: reading.getUint8(at + PRIORITY),
    correlationOrigin: reading.getFloat64(at + CORRELATION_ORIGIN, true),
    correlationCount: reading.getFloat64(at + CORRELATION_COUNT, true),
    correlationText: readCorrelationText(record, at),
    isChecked: true,
    request: null,
    answers: null,
  };
}

function readCorrelationText(record: RecordBytes, at: number): string | null {
  const encoding = reading.getUint8(at + CORRELATION_TEXT);
  if (encoding === 0) return null;
  const bytes = record.subarray(reading.getUint32(at + VALUES_END, true));
  return encoding === UTF_8 ? decoder.decode(bytes) : readUtf16(bytes);
}

function fillIn(message: Envelope, fields: readonly string[], start: number, others: readonly unknown[]): void {
  values.start(start, others);
  for (const field of fields) defineField(message, field, values.next());
  // Keep no reference: the values belong to the message alone.
  values.start(0, NO_VALUES);
}

/** Reads a record from a mailbox. Never throws. */
export function decodeAnswer(record: RecordBytes, kernel: string): Answer {
  readFrom(record);
  const at = record.byteOffset;
  const ticket = reading.getFloat64(at + TICKET, true);
  try {
    if (reading.getUint8(at + WHAT) === FAILURE) return { ticket, outcome: readFailure(record) };
    return { ticket, outcome: decodeMessage(record, kernel).message };
  } catch (error) {
    return { ticket, outcome: error as Error };
  }
}

function readFailure(record: RecordBytes): Error {
  const [kernel = "(unknown)", reason = "it failed", kind, error] = unpack(record, HEADER_BYTES, record.length);
  return rebuildFailure({ kernel, reason, kind: kind ?? undefined, error } as FailureReport);
}
