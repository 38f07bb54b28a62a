/** The requests that a kernel has received, and who answers which of them. */

import { now } from "../../ring/clock.ts";
import type { Header, OpenRequest } from "../message/envelope.ts";
import type { ReplyTo } from "../message/message_record.ts";
import type { TakenTable } from "./taken_table.ts";

/** From this many open requests on, overdue ones are swept out. */
const FEW = 1024;
/** From this many on, they are found by an index. */
const FEW_TO_LOOK_AT = 64;

/** A request that was received: whom its answer is for. */
export class ReceivedRequest implements OpenRequest {
  readonly replyTo: ReplyTo;
  /** The id of the message. */
  readonly origin: number;
  readonly count: number;
  /** Its entry in the table of what was taken. */
  readonly entry: number;
  /** The requests of its kernel. */
  readonly owner: OpenRequests;
  isClosed = false;
  isListed = true;
  /** Aborts when nobody waits for the answer any more; made when somebody asks for it. */
  cancelling: AbortController | undefined;
  /** Its neighbours among the open requests. */
  before: ReceivedRequest | null = null;
  after: ReceivedRequest | null = null;
  /** Another request of the same message. */
  twin: ReceivedRequest | null = null;

  constructor(replyTo: ReplyTo, { origin, count }: Header, entry: number, owner: OpenRequests) {
    this.replyTo = replyTo;
    this.origin = origin;
    this.count = count;
    this.entry = entry;
    this.owner = owner;
  }

  /** Whether whoever asked has given up by now. */
  get isOverdue(): boolean {
    const { until } = this.replyTo;
    return until !== Infinity && until < now();
  }

  /** Whether it came by a message of an id. */
  isOf(origin: number, count: number): boolean {
    return this.count === count && this.origin === origin;
  }
}

/** One number for an id: origins are random, and of 52 bits. */
function keyOf({ origin, count }: { origin: number; count: number }): number {
  return origin + count;
}

/** Requests by the ids of their messages. One message may have been sent as several requests. */
class ById {
  readonly #first = new Map<number, ReceivedRequest>();

  add(request: ReceivedRequest): void {
    const key = keyOf(request);
    request.twin = this.#first.get(key) ?? null;
    this.#first.set(key, request);
  }

  remove(request: ReceivedRequest): void {
    const key = keyOf(request);
    const left = [...twinsOf(this.#first.get(key))].filter((one) => one !== request);
    this.#first.delete(key);
    request.twin = null;
    for (const one of left.reverse()) this.add(one);
  }

  *find(origin: number, count: number): Iterable<ReceivedRequest> {
    for (const one of twinsOf(this.#first.get(keyOf({ origin, count })))) if (one.isOf(origin, count)) yield one;
  }
}

function* twinsOf(first: ReceivedRequest | null | undefined): Iterable<ReceivedRequest> {
  for (let one = first ?? null; one; one = one.twin) yield one;
}

/** Requests that nobody waits for any more, of all kernels of this thread: the latest. Their answers are no messages. */
class ClosedRequests {
  readonly #byId = new ById();
  readonly #all: ReceivedRequest[] = [];
  readonly #most: number;
  #next = 0;

  constructor(most: number) {
    this.#most = most;
  }

  add(request: ReceivedRequest): void {
    const oldest = this.#all[this.#next];
    if (oldest) this.#byId.remove(oldest);
    this.#all[this.#next] = request;
    this.#next = (this.#next + 1) % this.#most;
    this.#byId.add(request);
  }

  find(owner: OpenRequests, origin: number, count: number): ReceivedRequest | undefined {
    for (const one of this.#byId.find(origin, count)) if (one.owner === owner) return one;
    return undefined;
  }
}

/** Answered ones, and those whose askers have given up: overload makes many of these. */
const answered = new ClosedRequests(4096);
const overdue = new ClosedRequests(65_536);

/** The requests of one kernel. */
export class OpenRequests {
  readonly #table: TakenTable;
  /** By the id of its mailbox: kernels that share a worker share the table, too. */
  readonly #kernel: number;
  #first: ReceivedRequest | null = null;
  #size = 0;
  /** Made when there are many. */
  #byId: ById | undefined;
  #sweepAt = FEW;

  constructor(table: TakenTable, kernel: number) {
    this.#table = table;
    this.#kernel = kernel;
  }

  /** Notes a request that was taken. `entry` is its entry in the table, if it has one already. */
  add(header: Header, replyTo: ReplyTo, entry: number = this.#table.add(replyTo, this.#kernel)): ReceivedRequest {
    if (this.#size >= this.#sweepAt) this.#sweep();
    const request = new ReceivedRequest(replyTo, header, entry, this);
    request.after = this.#first;
    if (this.#first) this.#first.before = request;
    this.#first = request;
    this.#size++;
    if (this.#byId) this.#byId.add(request);
    else if (this.#size > FEW_TO_LOOK_AT) this.#index();
    return request;
  }

  #index(): void {
    this.#byId = new ById();
    for (const request of [...this.#all()].reverse()) this.#byId.add(request);
  }

  /** The latest first. */
  *#all(): Iterable<ReceivedRequest> {
    for (let one = this.#first; one;) {
      const { after } = one;
      yield one;
      one = after;
    }
  }

  /** A request of an entry is left out. */
  leaveOut(entry: number): void {
    this.#table.remove(entry);
  }

  /** The request that a message answers, which may be closed; `undefined` if it answers none. */
  answeredBy({ answers, correlationOrigin, correlationCount }: Header): ReceivedRequest | undefined {
    if (answers) return answers as ReceivedRequest;
    if (correlationCount === 0) return undefined;
    let found: ReceivedRequest | undefined;
    // The oldest that is open is answered first.
    for (const one of this.#byId?.find(correlationOrigin, correlationCount) ?? this.#all()) {
      if (!one.isOf(correlationOrigin, correlationCount)) continue;
      if (!one.isClosed || !found) found = one;
    }
    return found ?? answered.find(this, correlationOrigin, correlationCount) ??
      overdue.find(this, correlationOrigin, correlationCount);
  }

  /** The open request that has come from a mailbox by a ticket. */
  find(mailbox: number, ticket: number): ReceivedRequest | undefined {
    for (const request of this.#all()) {
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
    this.#end(request, answered);
  }

  /** Whoever asked has given up; the kernel may answer still. */
  giveUp(request: ReceivedRequest): void {
    this.#end(request, overdue);
  }

  #end(request: ReceivedRequest, closed: ClosedRequests): void {
    request.isClosed = true;
    if (!request.isListed) return;
    request.isListed = false;
    this.#unlink(request);
    this.#table.remove(request.entry);
    closed.add(request);
  }

  #unlink(request: ReceivedRequest): void {
    const { before, after } = request;
    if (before) before.after = after;
    else this.#first = after;
    if (after) after.before = before;
    request.before = request.after = null;
    this.#size--;
    this.#byId?.remove(request);
  }

  /** Those that nobody is answering. */
  get open(): readonly ReceivedRequest[] {
    return [...this.#all()].reverse().filter(({ isClosed }) => !isClosed);
  }

  #sweep(): void {
    for (const request of this.#all()) if (request.isOverdue) this.giveUp(request);
    this.#sweepAt = Math.max(FEW, 2 * this.#size);
  }
}
