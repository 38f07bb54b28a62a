/** The worker of a kernel, seen from the thread that has started it. */

import type { ErrorReport } from "../../worker/error_report.ts";
import { HostedWorker } from "../../worker/hosted_worker.ts";
import type { TaskPermissions } from "../../worker/permitted_worker.ts";
import { KERNEL_HOST } from "../thread/kernel_host.ts";
import {
  type FromHostOne,
  type FromKernel,
  isFromHostOne,
  type KernelJob,
  type KernelQuestion,
  type ToHostOne,
  type ToKernel,
} from "../thread/kernel_protocol.ts";
import type { FailureReport } from "../message/failure.ts";
import type { OwnMemory } from "../thread/kernel_memory.ts";
import { KnownMemories } from "../thread/known_memories.ts";
import { type TakenRequest, TakenTable } from "../thread/taken_table.ts";

/** How a worker's work has come to its end: `null` if its function has returned. */
export interface Ending {
  /** What happened: «threw», «could not be imported:». */
  readonly incident: string;
  readonly error?: ErrorReport;
  /** Whether the worker is of no use any more. Otherwise its function may be called again. */
  readonly isDead: boolean;
  /** Whether the function has received a message since it was called. */
  readonly hasReceived: boolean;
}

/** Who hears how a worker fares. */
export interface WorkerListener {
  /** It is ready to be run. */
  loaded(): void;
  /** Its function has returned, or failed. `null` if it has returned. */
  ended(ending: Ending | null): void;
  /** Something was thrown outside its function, which goes on. */
  noteFailure(incident: string, error: ErrorReport): void;
  /** Answers what the worker asks its runtime. */
  onQuestion(question: KernelQuestion): void;
}

/** What a worker is started for. */
export interface WorkerOrder {
  readonly job: KernelJob;
  readonly permissions: TaskPermissions | undefined;
  readonly listener: WorkerListener;
}

/** A kernel that was started in some worker. */
export interface StartedKernel {
  /** Posts to it. */
  post(message: ToKernel): void;
  /** Ends it, with its worker if that is its own. Nothing is heard of it any more. Who waits for its answers hears `failure`. */
  terminate(failure: FailureReport | null): void;
  /** What it has taken and not answered, if nobody else fails that: its worker has died, or is given up on. */
  taken(isGivenUp: boolean): TakenRequest[];
  /** Whether what was queued is lost as well: it lay in the heap of a worker that has died without a word. */
  readonly losesQueued: boolean;
}

/** Hands a message of a worker on to who is to hear of it. */
export function hear(listener: WorkerListener, message: FromKernel): void {
  switch (message.kind) {
    case "loaded":
      return listener.loaded();
    case "returned":
      return listener.ended(null);
    case "broken":
      return listener.ended({ ...message, isDead: true, hasReceived: false });
    case "failed":
      return listener.ended({ ...message, isDead: false });
    case "noted":
      return listener.noteFailure(message.incident, message.error);
    default:
      return listener.onQuestion(message);
  }
}

/** The worker of one kernel. It starts at once, and imports the kernel's module. */
export class KernelWorker implements StartedKernel {
  readonly #worker: HostedWorker<ToHostOne, FromHostOne>;
  readonly #memories = new KnownMemories();
  readonly #taken: TakenTable;

  /** @throws {DOMException} If the constants of the job cannot be cloned. */
  constructor(order: WorkerOrder) {
    const { job, permissions, listener } = order;
    this.#taken = new TakenTable((job.self.memory as OwnMemory).taken);
    this.#worker = new HostedWorker(KERNEL_HOST, { name: job.self.id, permissions, module: job.module }, {
      isMessage: isFromHostOne,
      heard: (posted) => {
        if ("message" in posted) hear(listener, posted.message);
      },
      broke: (incident) => listener.ended({ incident, isDead: true, hasReceived: false }),
    });
    try {
      this.post({ kind: "load", job });
    } catch (error) {
      this.terminate();
      throw error;
    }
  }

  /** Posts to the worker. */
  post(message: ToKernel): void {
    this.#worker.post({ to: 0, message: this.#memories.strip(message) });
  }

  /** Ends the worker. Nothing is heard of it any more. A thread in an endless loop lives on: nothing can end it. */
  terminate(): void {
    this.#worker.terminate();
  }

  get losesQueued(): boolean {
    return false;
  }

  taken(): TakenRequest[] {
    return this.#taken.takeAll();
  }
}
