/** A message in the heap of the thread whose kernel it is for. */

import type { Band } from "../../ring/queue_description.ts";
import type { Envelope, Header } from "../message/envelope.ts";
import { encodeMessage, priorityIn, type ReplyTo, replyToIn } from "../message/message_record.ts";
import type { RecordBytes } from "../message/sheet.ts";

/** The band of a priority. */
export function bandOf(priority: number): Band {
  if (priority >= 224) return 3;
  if (priority >= 160) return 2;
  return priority >= 64 ? 1 : 0;
}

/** A message, as a record of its own or as a copy that nobody else has. */
export class LocalItem {
  readonly record: RecordBytes | null;
  readonly message: Envelope | null;
  readonly header: Header | null;
  /** When it was sent, by the program's clock; 0 if nobody wants to know, or its record says so. */
  readonly sentAt: number;
  readonly replyTo: ReplyTo | null;
  /** Bytes of its record, or about as many as that would have. */
  readonly bytes: number;
  readonly band: Band;
  /** Its entry in the table of requests; -1 if it has none. */
  entry = -1;

  constructor(
    record: RecordBytes | null,
    message: Envelope | null,
    header: Header | null,
    sentAt: number,
    replyTo: ReplyTo | null,
    bytes: number,
    band: Band,
  ) {
    this.record = record;
    this.message = message;
    this.header = header;
    this.sentAt = sentAt;
    this.replyTo = replyTo;
    this.bytes = bytes;
    this.band = band;
  }

  /** Of a record: a copy. */
  static ofRecord(record: RecordBytes): LocalItem {
    const copy = new Uint8Array(record);
    return new LocalItem(copy, null, null, 0, replyToIn(copy), copy.length, bandOf(priorityIn(copy)));
  }

  /** A record, for another thread. */
  toRecord(): RecordBytes {
    return this.record ?? new Uint8Array(encodeMessage(this.message!, this.header!, this.replyTo, this.sentAt > 0));
  }
}
