/** A kernel in its worker: its module is imported, its function called when told, and its runtime told how that ends. */

import { StoppedError } from "../../errors.ts";
import { adoptClockZero } from "../../ring/clock.ts";
import { type ErrorReport, reportError } from "../../worker/error_report.ts";
import { type AnyRingKernel, findKernel } from "../ring_kernel.ts";
import type { FromKernel, KernelJob, ToKernel } from "./kernel_protocol.ts";
import { WorkerContext } from "./worker_context.ts";

/** What a hosted kernel tells its host. */
export interface KernelHost {
  /** Posts to the runtime. */
  post(message: FromKernel): void;
  /** The kernel's module is about to be imported; and has been, or could not be. */
  beginImport(kernel: string): void;
  endImport(): void;
  /** The kernel's work here has ended; it has been told how. */
  left(): void;
}

/** A kernel that is there to be called. */
interface Loaded {
  readonly kernel: AnyRingKernel;
  readonly context: WorkerContext;
}

/** A kernel in this thread. */
export class HostedKernel {
  readonly #host: KernelHost;
  #loaded: Loaded | undefined;
  /** Whether it has been told how its work has ended. */
  #isOver = false;

  constructor(host: KernelHost) {
    this.#host = host;
  }

  /** Does what the runtime tells it. */
  onMessage(message: ToKernel): void {
    if (message.kind === "load") this.#load(message.job);
    else if (this.#loaded) this.#onLoadedMessage(this.#loaded, message);
  }

  #onLoadedMessage(loaded: Loaded, message: Exclude<ToKernel, { kind: "load" }>): void {
    const { context } = loaded;
    switch (message.kind) {
      case "run":
        return void this.#run(loaded);
      case "drop":
        return this.#drop();
      case "gone":
        return context.directory.forgetKernel(message.gone);
      case "cancel":
        return context.cancel(message.request);
      default:
        return context.directory.onAnswer(message);
    }
  }

  async #load(job: KernelJob): Promise<void> {
    const host = this.#host;
    adoptClockZero(job.zero);
    host.beginImport(job.self.id);
    try {
      await import(job.module);
      const kernel = findKernel(job.module, job.definition);
      if ("reason" in kernel) return this.end({ kind: "broken", incident: `could not be found: ${kernel.reason}` });
      this.#loaded = { kernel, context: new WorkerContext(job, kernel, (message) => host.post(message)) };
      host.post({ kind: "loaded" });
    } catch (error) {
      this.end({ kind: "broken", incident: "could not be imported:", error: reportError(error) });
    } finally {
      host.endImport();
    }
  }

  async #run({ kernel, context }: Loaded): Promise<void> {
    if (context.shouldTerminate) return this.#leave();
    context.begin();
    try {
      await kernel.fn(context);
      context.end();
      this.#leave();
    } catch (error) {
      const hasReceived = context.end(error);
      if (error instanceof StoppedError && context.shouldTerminate) return this.#leave();
      await this.#fail(context, reportError(error), hasReceived);
    }
  }

  async #fail(context: WorkerContext, error: ErrorReport, hasReceived: boolean): Promise<void> {
    const incident = "threw";
    await context.failUnanswered(context.failureOf(incident, error));
    if (!this.#isOver) this.#host.post({ kind: "failed", incident, error, hasReceived });
  }

  /** Another worker takes its place: what is left of it answers and receives nothing any more. */
  #drop(): void {
    this.#isOver = true;
    this.#loaded?.context.abandon();
    this.#host.left();
  }

  /** The function has come to its end. */
  #leave(): void {
    this.end({ kind: "returned" });
    this.#loaded?.context.abandon();
    this.#host.left();
  }

  /** Tells how its work has ended. */
  end(message: FromKernel): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#host.post(message);
  }
}
