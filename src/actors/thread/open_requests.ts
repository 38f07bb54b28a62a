/** The requests that a kernel has received, and who answers which of them. */

import { now } from "../../ring/clock.ts";
import type { Header, OpenRequest } from "../message/envelope.ts";
import type { ReplyTo } from "../message/message_record.ts";
import type { TakenTable } from "./taken_table.ts";

/** From this many open requests on, overdue ones are swept out. */
const FEW = 1024;
/** Closed requests that are remembered by their ids, to tell late answers from messages of their own. */
const ANSWERED_KEPT = 16;
const OVERDUE_KEPT = 65_536;

/** A request that was received: whom its answer is for. */
export class ReceivedRequest implements OpenRequest {
  readonly replyTo: ReplyTo;
  /** The id of the message. */
  readonly origin: number;
  readonly count: number;
  /** Its entry in the table of what was taken. */
  readonly entry: number;
  isClosed = false;
  /** Aborts when nobody waits for the answer any more; made when somebody asks for it. */
  cancelling: AbortController | undefined;

  constructor(replyTo: ReplyTo, { origin, count }: Header, entry: number) {
    this.replyTo = replyTo;
    this.origin = origin;
    this.count = count;
    this.entry = entry;
  }

  /** Whether whoever asked has given up by now. */
  get isOverdue(): boolean {
    const { until } = this.replyTo;
    return until !== Infinity && until < now();
  }
}

/** Requests by the ids of their messages. */
export class OpenRequests {
  readonly #table: TakenTable;
  /** One message may have been sent as several requests. */
  readonly #byOrigin = new Map<number, Map<number, ReceivedRequest[]>>();
  readonly #open = new Set<ReceivedRequest>();
  readonly #answered: ReceivedRequest[] = [];
  readonly #overdue: ReceivedRequest[] = [];
  #sweepAt = FEW;

  constructor(table: TakenTable) {
    this.#table = table;
  }

  /** Notes a request that was taken. */
  add(header: Header, replyTo: ReplyTo): ReceivedRequest {
    if (this.#open.size >= this.#sweepAt) this.#sweep();
    const request = new ReceivedRequest(replyTo, header, this.#table.add(replyTo));
    this.#open.add(request);
    let ofOrigin = this.#byOrigin.get(header.origin);
    if (!ofOrigin) this.#byOrigin.set(header.origin, ofOrigin = new Map());
    const all = ofOrigin.get(header.count);
    if (all) all.push(request);
    else ofOrigin.set(header.count, [request]);
    return request;
  }

  /** The request that a message answers, which may be closed; `undefined` if it answers none. */
  answeredBy({ answers, correlationOrigin, correlationCount }: Header): ReceivedRequest | undefined {
    if (answers) return answers as ReceivedRequest;
    if (correlationCount === 0) return undefined;
    const all = this.#byOrigin.get(correlationOrigin)?.get(correlationCount);
    return all?.find(({ isClosed }) => !isClosed) ?? all?.at(-1);
  }

  /** The open request that has come from a mailbox by a ticket. */
  find(mailbox: number, ticket: number): ReceivedRequest | undefined {
    for (const request of this.#open) {
      const { replyTo } = request;
      if (replyTo.ticket === ticket && replyTo.mailbox === mailbox) return request;
    }
    return undefined;
  }

  /** An answer is on its way, or a failure. If its sending fails, the request is opened again. */
  begin(request: ReceivedRequest): void {
    request.isClosed = true;
  }

  /** The answer could not be sent: there may be another one. */
  reopen(request: ReceivedRequest): void {
    request.isClosed = false;
  }

  /** Nobody waits for the answer of a request here any more. */
  close(request: ReceivedRequest): void {
    this.#end(request, this.#answered, ANSWERED_KEPT);
  }

  /** Whoever asked has given up; the kernel may answer still. */
  giveUp(request: ReceivedRequest): void {
    this.#end(request, this.#overdue, OVERDUE_KEPT);
  }

  #end(request: ReceivedRequest, kept: ReceivedRequest[], most: number): void {
    request.isClosed = true;
    if (!this.#open.delete(request)) return;
    this.#table.remove(request.entry);
    kept.push(request);
    if (kept.length > most) this.#forget(kept.shift()!);
  }

  #forget({ origin, count }: ReceivedRequest): void {
    const ofOrigin = this.#byOrigin.get(origin);
    const left = ofOrigin?.get(count)?.filter(({ isClosed }) => !isClosed) ?? [];
    if (left.length > 0) ofOrigin!.set(count, left);
    else ofOrigin?.delete(count);
    if (ofOrigin?.size === 0) this.#byOrigin.delete(origin);
  }

  /** Requests that nobody is answering. */
  get open(): readonly ReceivedRequest[] {
    return [...this.#open].filter(({ isClosed }) => !isClosed);
  }

  #sweep(): void {
    for (const request of this.#open) if (request.isOverdue) this.giveUp(request);
    this.#sweepAt = Math.max(FEW, 2 * this.#open.size);
  }
}
