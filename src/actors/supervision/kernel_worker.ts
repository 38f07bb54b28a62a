/** The worker of a kernel, seen from the thread that has started it. */

// Imported for its file alone: `deno compile` embeds what is imported somewhere.
import "../thread/kernel_host.ts";
import type { ErrorReport } from "../../worker/error_report.ts";
import { startPermittedWorker, type TaskPermissions } from "../../worker/permitted_worker.ts";
import type { KernelUse } from "../kernel_link.ts";
import {
  type FromKernel,
  isFromKernel,
  KERNEL_WORKER_PREFIX,
  type KernelEnvelope,
  type KernelJob,
  type ToKernel,
} from "../thread/kernel_protocol.ts";

/** How a worker's work has come to its end: `null` if its function has returned. */
export interface Ending {
  /** What happened: «threw», «could not be imported:». */
  readonly deed: string;
  readonly error?: ErrorReport;
  /** Whether the worker is of no use any more. Otherwise its function may be called again. */
  readonly isDead: boolean;
  /** Whether the function has received a message since it was called. */
  readonly hasReceived: boolean;
}

/** Who hears of a worker. */
export interface WorkerListener {
  /** It is ready to be run. */
  loaded(): void;
  /** Its function has returned, or failed. `null` if it has returned. */
  ended(ending: Ending | null): void;
  /** Something was thrown outside its function, which goes on. */
  noted(deed: string, error: ErrorReport): void;
  /** It looks for a kernel. */
  find(id: string): void;
  /** It has used another kernel in a way for the first time. */
  used(id: string, by: KernelUse): void;
  /** It looks for a mailbox. */
  findMailbox(number: number): void;
}

function startWorker(name: string, permissions: TaskPermissions | undefined, module: string): Worker {
  if (permissions === undefined) {
    // This literal form is what bundlers and `deno compile` recognise.
    return new Worker(new URL("../thread/kernel_host.ts", import.meta.url), { type: "module", name });
  }
  return startPermittedWorker(new URL("../thread/kernel_host.ts", import.meta.url), module, name, permissions);
}

/** A worker. It starts at once, and imports the kernel's module. */
export class KernelWorker {
  readonly #worker: Worker;
  readonly #listener: WorkerListener;
  #isTerminated = false;

  /** @throws {DOMException} If the constants of the job cannot be cloned. */
  constructor(job: KernelJob, permissions: TaskPermissions | undefined, listener: WorkerListener) {
    this.#listener = listener;
    this.#worker = startWorker(`${KERNEL_WORKER_PREFIX}${job.self.id}`, permissions, job.module);
    this.#worker.addEventListener("message", ({ data }) => {
      const message = (data as Partial<KernelEnvelope> | null)?.ringmill;
      if (message === undefined || this.#isTerminated) return;
      // The kernel itself may post what it likes.
      if (isFromKernel(message)) this.#hear(message);
      else this.#die("posted a message that its host does not send");
    });
    this.#worker.addEventListener("messageerror", () => this.#die("sent a message that cannot be read"));
    this.#worker.addEventListener("error", (event) => {
      // Otherwise the whole program would end.
      event.preventDefault();
      this.#die(`broke its worker: ${event.message}`);
    });
    try {
      this.tell({ kind: "load", job });
    } catch (error) {
      this.terminate();
      throw error;
    }
  }

  /** Posts to the worker. */
  tell(message: ToKernel): void {
    this.#worker.postMessage(message);
  }

  #hear(message: FromKernel): void {
    switch (message.kind) {
      case "loaded":
        return this.#listener.loaded();
      case "returned":
        return this.#listener.ended(null);
      case "broken":
        return this.#die(message.deed, message.error);
      case "failed":
        return this.#listener.ended({ ...message, isDead: false });
      case "noted":
        return this.#listener.noted(message.deed, message.error);
      case "find":
        return this.#listener.find(message.id);
      case "used":
        return this.#listener.used(message.id, message.by);
      case "find mailbox":
        return this.#listener.findMailbox(message.number);
    }
  }

  #die(deed: string, error?: ErrorReport): void {
    if (!this.#isTerminated) this.#listener.ended({ deed, error, isDead: true, hasReceived: false });
  }

  /** Ends the worker. Nothing is heard of it any more. A thread in an endless loop lives on: nothing can end it. */
  terminate(): void {
    this.#isTerminated = true;
    this.#worker.terminate();
  }
}
