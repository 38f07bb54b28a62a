/** Where a kernel lives: in a worker of its own, or on one that kernels share. */

import type { FailureReport } from "../message/failure.ts";
import type { RecordBytes } from "../message/sheet.ts";
import {
  createKernelMemory,
  type KernelMemoryDescription,
  type KernelMemoryOptions,
  type OwnMemory,
  sizesOf,
} from "../thread/kernel_memory.ts";
import type { KernelJob } from "../thread/kernel_protocol.ts";
import { createLetterBox, LetterInHand } from "../thread/letter_in_hand.ts";
import type { MemoryBlocks, SharedSlot } from "../thread/memory_blocks.ts";
import { KernelWorker, type StartedKernel, type WorkerOrder } from "./kernel_worker.ts";
import type { SharedHost, SharedHosts } from "./shared_host.ts";

/** What homes are made of. */
export interface HomeSurroundings {
  readonly hosts: SharedHosts;
  readonly blocks: MemoryBlocks;
  takeThreadSlot(): number;
  returnThreadSlot(threadSlot: number): void;
}

/** Makes the job of a worker. */
export type NewJob = (threadSlot: number, left: readonly RecordBytes[]) => KernelJob;

/** Where a kernel lives. */
export interface Home {
  /** The host that it shares with others; `null` if it has a worker of its own. */
  readonly host: SharedHost | null;
  /** Its memory, as other threads are told of it. */
  readonly memory: KernelMemoryDescription;
  /** The message that it has in hand, if it keeps that until it is done. */
  readonly inHand: LetterInHand | null;
  /** Starts a worker, or has one take it in. */
  start(order: Omit<WorkerOrder, "job">, newJob: NewJob): { started: StartedKernel; job: KernelJob };
  /** The thread of a worker has ended. */
  returnThreadSlot(threadSlot: number): void;
  /** The kernel has ended for good. */
  leave(failure: FailureReport | null): void;
  /** Nobody knows of the kernel any more. */
  giveBack(): void;
}

/** A worker of its own. */
export class OwnHome implements Home {
  readonly host = null;
  readonly memory: OwnMemory;
  readonly inHand: LetterInHand | null;
  readonly #surroundings: HomeSurroundings;

  constructor(options: KernelMemoryOptions, surroundings: HomeSurroundings) {
    this.#surroundings = surroundings;
    this.memory = createKernelMemory(options);
    this.inHand = this.memory.inHand && new LetterInHand(this.memory.inHand);
  }

  start(order: Omit<WorkerOrder, "job">, newJob: NewJob): { started: StartedKernel; job: KernelJob } {
    const job = newJob(this.#surroundings.takeThreadSlot(), []);
    return { started: new KernelWorker({ ...order, job }), job };
  }

  returnThreadSlot(threadSlot: number): void {
    this.#surroundings.returnThreadSlot(threadSlot);
  }

  leave(): void {}

  giveBack(): void {}
}

/** A place in a worker that kernels share. */
export class SharedHome implements Home {
  readonly host: SharedHost;
  readonly inHand: LetterInHand | null;
  readonly #options: KernelMemoryOptions;
  readonly #blocks: MemoryBlocks;
  readonly #slot: SharedSlot;
  readonly #letterBox: SharedArrayBuffer | null;

  constructor(options: KernelMemoryOptions, { hosts, blocks }: HomeSurroundings) {
    const { mailboxId, settings } = options;
    this.#options = options;
    this.#blocks = blocks;
    this.#slot = blocks.place(options);
    this.#letterBox = settings.ack ? createLetterBox(settings.queueBytes.input) : null;
    this.inHand = this.#letterBox && new LetterInHand(this.#letterBox);
    this.host = hosts.assign(mailboxId);
  }

  get memory(): KernelMemoryDescription {
    const { place, record, gauge, output } = this.#slot;
    const { mailboxId, settings, pool = null } = this.#options;
    return {
      ...place,
      record,
      gauge,
      output,
      kernel: mailboxId,
      sizes: sizesOf(settings),
      station: this.host.description,
      pool,
      inHand: this.#letterBox,
    };
  }

  start({ listener }: Omit<WorkerOrder, "job">, newJob: NewJob): { started: StartedKernel; job: KernelJob } {
    return this.host.start({ listener, kernel: this.#options.mailboxId, newJob });
  }

  /** That of a shared worker is given back when that ends. */
  returnThreadSlot(): void {}

  leave(failure: FailureReport | null): void {
    this.host.leave(this.#options.mailboxId, failure);
  }

  giveBack(): void {
    this.#blocks.giveBack(this.#slot);
  }
}
