/**
 * Messages as the records of a queue:
 *
 * ```
 *  0 u8   what it is: a message, or a failure
 *  1 u8   priority
 *  2 u8   1 if it is correlated to a text, otherwise 0
 *  4 u32  where what was serialised ends, from the start of the record
 *  8 f64  id: origin            16 f64  id: count
 * 24 f64  correlation: origin   32 f64  correlation: count; both 0 if there is none, or it is a text
 * 40 f64  when it was sent, in milliseconds since 1970; 0 if nobody wants to know
 * 48 f64  until when an answer is waited for, the same; 0 if none is
 * 56 u32  who waits for the answer, by the number of its mailbox
 * 60 u32  bytes of the form
 * 64 f64  the form's number
 * 72 u32  which of the requests of that mailbox this is, or answers
 * 76 u32  where the values end, from the start of the record
 * 80      those values that must be serialised, by msgpackr, in an array; nothing if there are none
 *         form: the names of type and fields, as JSON
 *         the values of the fields: see `_values.ts`
 *         the correlation, if it is a text
 * ```
 */

import { Buffer } from "node:buffer";
import type { ErrorReport } from "../../worker/error_report.ts";
import { now } from "./clock.ts";
import { pack, type Packed, unpack } from "./body_codec.ts";
import type { Envelope, Header, MessageKind } from "./envelope.ts";
import { type KernelError, MessageError } from "../errors.ts";
import { type FailureReport, rebuildFailure } from "./failure.ts";
import { formOf, readForm } from "./form.ts";
import { kindOf } from "../message.ts";
import { ownSheet, type Record, recordOn, sheetOf } from "./sheet.ts";
import { mostBytesOf, ValueReader, writeValues } from "./field_values.ts";

const HEADER_BYTES = 80;
const NO_VALUES: readonly unknown[] = [], NO_BYTES = new Uint8Array();

/** What a record is. */
const MESSAGE = 0, FAILURE = 1;

/** Who waits for an answer, and until when. */
export interface AnswerWanted {
  /** The number of the mailbox. */
  readonly mailbox: number;
  /** Which of its requests it is. */
  readonly ticket: number;
  /** In milliseconds since 1970, or `Infinity`. */
  readonly until: number;
}

/** A message that came out of a queue. */
export interface Received {
  readonly message: Envelope;
  readonly header: Header;
  /** When it was sent, in milliseconds since 1970; 0 if that was not noted. */
  readonly sentAt: number;
  /** Who waits for an answer; `null` if nobody does. */
  readonly wanted: AnswerWanted | null;
}

/** An answer, in a mailbox. */
export interface Answer {
  /** Which request it answers. */
  readonly ticket: number;
  /** What came. An error if the kernel has failed, or its answer cannot be read. */
  readonly outcome: Envelope | Error;
}

const encoder = new TextEncoder(), decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Makes a record of a message.
 *
 * @throws {unknown} If its body cannot be serialised: whatever the serialiser throws.
 */
export function encodeMessage(
  message: Envelope,
  header: Header,
  wanted: AnswerWanted | null,
  isTimed: boolean,
): Record {
  const { form, values } = formOf(header.kind, message), others: unknown[] = [];
  const text = header.correlationText === null ? NO_BYTES : encoder.encode(header.correlationText);
  const most = mostBytesOf(values, others) + form.bytes.length + text.length;
  const packed = others.length > 0 ? pack(others, HEADER_BYTES) : null;
  const sheet = packed ? sheetOf(packed, most) : ownSheet(HEADER_BYTES + most), { bytes, view } = sheet;
  const start = packed?.start ?? 0, packedEnd = packed?.end ?? HEADER_BYTES;
  bytes.set(form.bytes, packedEnd);
  const valuesEnd = writeValues(values, sheet, packedEnd + form.bytes.length), end = valuesEnd + text.length;
  bytes.set(text, valuesEnd);
  writeWhat(view, start, MESSAGE, header.priority);
  view.setUint8(start + 2, header.correlationText === null ? 0 : 1);
  writeIds(view, start, header);
  writeWanted(view, start, wanted);
  view.setUint32(start + 4, packedEnd - start, true);
  view.setFloat64(start + 40, isTimed ? now() : 0, true);
  view.setUint32(start + 60, form.bytes.length, true);
  view.setFloat64(start + 64, form.number, true);
  view.setUint32(start + 76, valuesEnd - start, true);
  return recordOn(sheet, start, end);
}

function writeWhat(view: DataView, at: number, what: number, priority: number): void {
  view.setUint8(at, what);
  view.setUint8(at + 1, priority);
}

function writeWanted(view: DataView, at: number, wanted: AnswerWanted | null): void {
  view.setFloat64(at + 48, wanted ? wanted.until : 0, true);
  view.setUint32(at + 56, wanted ? wanted.mailbox : 0, true);
  view.setUint32(at + 72, wanted ? wanted.ticket : 0, true);
}

function writeIds(view: DataView, at: number, { origin, count, correlationOrigin, correlationCount }: Header): void {
  view.setFloat64(at + 8, origin, true);
  view.setFloat64(at + 16, count, true);
  view.setFloat64(at + 24, correlationOrigin, true);
  view.setFloat64(at + 32, correlationCount, true);
}

/** Characters of what is left of a failure that is too long. */
const SHORT_REASON = 200, SHORT_KERNEL = 16;

/**
 * Makes the record that answers a request with a failure of a kernel, of `most` bytes: without its error, or without its reason
 * as well, where it would be longer.
 */
export function encodeFailure(ticket: number, { kernel, reason, error }: FailureReport, most: number): Record {
  const fits = ({ start, end }: Packed) => end - start <= most;
  let packed = pack([kernel, reason, error], HEADER_BYTES);
  if (!fits(packed)) packed = pack([kernel, reason.slice(0, SHORT_REASON)], HEADER_BYTES);
  if (!fits(packed)) packed = pack([kernel.slice(0, SHORT_KERNEL), "it failed"], HEADER_BYTES);
  const { start, end } = packed;
  const sheet = sheetOf(packed, 0), { view } = sheet;
  writeWhat(view, start, FAILURE, 0);
  view.setUint32(start + 72, ticket, true);
  return recordOn(sheet, start, end);
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

function readFrom({ buffer }: Record): void {
  if (buffer === source) return;
  source = buffer;
  reading = new DataView(buffer);
  values = new ValueReader(Buffer.from(buffer), reading);
}

/** @throws {MessageError} If this thread does not know the type. `kernel` is whose queue it came from. */
function formIn(record: Record, number: number, at: number, kernel: string): KnownForm {
  const known = knownForms.get(number);
  if (known) return known;
  const { name, fields } = readForm(record.subarray(at, at + reading.getUint32(record.byteOffset + 60, true)));
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
export function decodeMessage(record: Record, kernel: string): Received {
  readFrom(record);
  const at = record.byteOffset, packedEnd = reading.getUint32(at + 4, true);
  const { kind, fields } = formIn(record, reading.getFloat64(at + 64, true), packedEnd, kernel);
  const header = readHeader(record, at, kind), message = kind.create(header);
  const others = packedEnd === HEADER_BYTES ? NO_VALUES : unpack(record, HEADER_BYTES, packedEnd) as unknown[];
  if (fields) fillIn(message, fields, at + packedEnd + reading.getUint32(at + 60, true), others);
  else Object.assign(message, others[0]);
  return {
    message,
    header,
    sentAt: reading.getFloat64(at + 40, true),
    wanted: readWanted(at),
  };
}

/** Who waits for an answer to the message in a record, which may be one that cannot be read. */
export function wantedIn(record: Record): AnswerWanted | null {
  readFrom(record);
  return readWanted(record.byteOffset);
}

function readWanted(at: number): AnswerWanted | null {
  const until = reading.getFloat64(at + 48, true);
  if (until === 0) return null;
  return { mailbox: reading.getUint32(at + 56, true), ticket: reading.getUint32(at + 72, true), until };
}

function readHeader(record: Record, at: number, kind: MessageKind): Header {
  const textStart = reading.getUint32(at + 76, true);
  return {
    kind,
    origin: reading.getFloat64(at + 8, true),
    count: reading.getFloat64(at + 16, true),
    priority: reading.getUint8(at + 1),
    correlationOrigin: reading.getFloat64(at + 24, true),
    correlationCount: reading.getFloat64(at + 32, true),
    correlationText: reading.getUint8(at + 2) === 1 ? decoder.decode(record.subarray(textStart)) : null,
    isChecked: true,
  };
}

function fillIn(message: Envelope, fields: readonly string[], start: number, others: readonly unknown[]): void {
  const target = message as unknown as { [field: string]: unknown };
  values.start(start, others);
  for (const field of fields) target[field] = values.next();
  // They are the message's alone.
  values.start(0, NO_VALUES);
}

/** Reads a record from a mailbox. Never throws. */
export function decodeAnswer(record: Record, kernel: string): Answer {
  readFrom(record);
  const at = record.byteOffset, ticket = reading.getUint32(at + 72, true);
  if (reading.getUint8(at) === FAILURE) return { ticket, outcome: readFailure(record) };
  try {
    return { ticket, outcome: decodeMessage(record, kernel).message };
  } catch (error) {
    return { ticket, outcome: error as Error };
  }
}

function readFailure(record: Record): KernelError {
  const [kernel, reason, error] = unpack(record, HEADER_BYTES, record.length) as [string, string, ErrorReport?];
  return rebuildFailure({ kernel, reason, error });
}
