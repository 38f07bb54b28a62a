/** Tells those who wait for an answer that there will be none. */

import type { FailureReport } from "../message/failure.ts";
import { encodeFailure, type ReplyTo } from "../message/message_record.ts";
import type { Outlet, Parcel } from "./outlet.ts";

/** The longest wait for room in the mailbox of somebody who asked. */
const TIMEOUT_MS = 10_000;

/** Finds mailboxes by their ids. */
export interface Mailboxes {
  /** The mailbox of an id, if this thread knows it. */
  knownMailbox(id: number): Outlet | undefined;
  /** The mailbox of an id; `null` if its owner has ended. */
  findMailbox(id: number): Promise<Outlet | null>;
}

/** Settles requests with failures, on behalf of one thread. */
export class Settler {
  readonly #mailboxes: Mailboxes;
  readonly #signal: AbortSignal;

  /** `signal` aborts when the thread is to end. Nothing waits for room then. */
  constructor(mailboxes: Mailboxes, signal: AbortSignal) {
    this.#mailboxes = mailboxes;
    this.#signal = signal;
  }

  /** Fails a request, once for its asker: what has been settled is not settled again. Never rejects. */
  async settle(replyTo: Pick<ReplyTo, "mailbox" | "ticket">, failure: FailureReport): Promise<void> {
    const { mailbox: id, ticket } = replyTo;
    try {
      const mailbox = this.#mailboxes.knownMailbox(id) ?? await this.#mailboxes.findMailbox(id);
      if (!mailbox) return;
      // Of the lowest priority: an answer that is there already comes first.
      const record = encodeFailure(ticket, failure, mailbox.maxBytes);
      const parcel: Parcel = { carried: record, bytes: record.length, priority: 0, messageType: "failure" };
      if (!mailbox.offer(parcel)) await mailbox.wait(parcel, TIMEOUT_MS, this.#signal);
    } catch {
      // The asker has ended, or reads no answers.
    }
  }

  /** Fails several requests. Never rejects. */
  async settleAll(all: readonly Pick<ReplyTo, "mailbox" | "ticket">[], failure: FailureReport): Promise<void> {
    await Promise.all(all.map((replyTo) => this.settle(replyTo, failure)));
  }
}
