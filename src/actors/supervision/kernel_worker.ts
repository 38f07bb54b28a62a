/** The worker of a kernel, seen from the thread that has started it. */

import type { ErrorReport } from "../../worker/error_report.ts";
import { HostedWorker } from "../../worker/hosted_worker.ts";
import type { TaskPermissions } from "../../worker/permitted_worker.ts";
import { KERNEL_HOST } from "../thread/kernel_host.ts";
import {
  type FromKernel,
  isFromKernel,
  type KernelJob,
  type KernelQuestion,
  type ToKernel,
} from "../thread/kernel_protocol.ts";

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
}

/** What a worker is started for. */
export interface WorkerOrder {
  readonly job: KernelJob;
  readonly permissions: TaskPermissions | undefined;
  readonly listener: WorkerListener;
  /** Answers what the worker asks its runtime. */
  readonly onQuestion: (question: KernelQuestion) => void;
}

/** A worker. It starts at once, and imports the kernel's module. */
export class KernelWorker {
  readonly #worker: HostedWorker<ToKernel, FromKernel>;
  readonly #order: WorkerOrder;

  /** @throws {DOMException} If the constants of the job cannot be cloned. */
  constructor(order: WorkerOrder) {
    const { job, permissions } = order;
    this.#order = order;
    this.#worker = new HostedWorker(KERNEL_HOST, { name: job.self.id, permissions, module: job.module }, {
      isMessage: isFromKernel,
      heard: (message) => this.#onMessage(message),
      broke: (incident) => this.#die(incident),
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
    this.#worker.post(message);
  }

  #onMessage(message: FromKernel): void {
    const { listener, onQuestion } = this.#order;
    switch (message.kind) {
      case "loaded":
        return listener.loaded();
      case "returned":
        return listener.ended(null);
      case "broken":
        return this.#die(message.incident, message.error);
      case "failed":
        return listener.ended({ ...message, isDead: false });
      case "noted":
        return listener.noteFailure(message.incident, message.error);
      default:
        return onQuestion(message);
    }
  }

  #die(incident: string, error?: ErrorReport): void {
    this.#order.listener.ended({ incident, error, isDead: true, hasReceived: false });
  }

  /** Ends the worker. Nothing is heard of it any more. A thread in an endless loop lives on: nothing can end it. */
  terminate(): void {
    this.#worker.terminate();
  }
}
