/** Several kernels that take from one input, on the program's thread. */

import type { RecordQueue } from "../../ring/record_queue.ts";
import { reportTermination } from "../message/failure.ts";
import { replyToIn } from "../message/message_record.ts";
import type { TerminateOptions } from "../kernel_context.ts";
import { createPoolQueues, type PoolQueues } from "../thread/kernel_memory.ts";
import type { PeerDescription } from "../thread/kernel_protocol.ts";
import { type OpenPeer, openPeer } from "../thread/peer.ts";
import type { Settler } from "../thread/settler.ts";
import type { AnyRingKernel } from "../ring_kernel.ts";
import { clearQueue } from "./clear_queue.ts";
import type { KernelLife } from "./kernel_life.ts";

/** How a pool is made. */
export interface PoolOptions {
  readonly id: string;
  /** Its own, at which no answers arrive: by it, others say what they wait for. */
  readonly mailboxId: number;
  readonly kernel: AnyRingKernel;
  /** How many threads there may be. */
  readonly parties: number;
  readonly settler: Settler;
}

/** A pool. */
export class Pool {
  readonly id: string;
  /** The queues that its members share. */
  readonly queues: PoolQueues;
  readonly #options: PoolOptions;
  #members: readonly KernelLife[] = [];
  #description: PeerDescription | undefined;
  #peer: OpenPeer | undefined;
  #ended: Promise<void> = Promise.resolve();

  constructor(options: PoolOptions) {
    const { id, parties, kernel } = options;
    this.id = id;
    this.#options = options;
    this.queues = createPoolQueues(id, parties, kernel.settings);
  }

  /** Its kernels. They are added before they are launched. */
  get members(): readonly KernelLife[] {
    return this.#members;
  }

  /** Those of them that have not ended. */
  get living(): readonly KernelLife[] {
    return this.#members.filter(({ state }) => state !== "terminated");
  }

  /** As other threads are told of it. */
  get description(): PeerDescription {
    return this.#description!;
  }

  /** As this thread sees it. */
  get peer(): OpenPeer {
    return this.#peer!;
  }

  /** Resolves when all members have ended. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  /** Adds its kernels, at least one. */
  add(members: readonly KernelLife[]): void {
    const { id, mailboxId, settler } = this.#options;
    const { description } = members[0];
    const { memory } = description;
    this.#members = members;
    const own = "gauge" in memory
      ? { ...memory, kernel: mailboxId }
      : { ...memory, mailbox: { ...memory.mailbox, id: mailboxId } };
    this.#description = { ...description, id, memory: own };
    this.#peer = openPeer(this.#description, { threadSlot: 0, handles: { mayBlock: false }, settler });
    this.#ended = Promise.all(members.map(({ ended }) => ended)).then(() => this.#close());
  }

  #close(): void {
    const { settler, id } = this.#options;
    const { input, output } = this.peer.memory;
    const failure = reportTermination(id);
    for (const queue of [input, output]) queue.close();
    clearQueue(input as RecordQueue, (record) => {
      const replyTo = replyToIn(record);
      if (replyTo) settler.settle(replyTo, failure);
    });
  }

  /** @throws {AggregateError} If some members ignore their termination. */
  async terminate(options: TerminateOptions): Promise<void> {
    const outcomes = await Promise.allSettled(this.living.map((life) => life.terminate(options)));
    const failed = outcomes.filter((outcome) => outcome.status === "rejected");
    const errors = failed.map(({ reason }) => reason as Error);
    if (errors.length > 0) throw new AggregateError(errors, errors.map(({ message }) => message).join("; "));
  }
}
