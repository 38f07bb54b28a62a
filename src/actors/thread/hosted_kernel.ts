/** A kernel in its worker: its module is imported, its function called when told, and its runtime told how that ends. */

import { StoppedError } from "../../errors.ts";
import { adoptClockZero } from "../../ring/clock.ts";
import { type ErrorReport, reportError } from "../../worker/error_report.ts";
import type { FailureReport } from "../message/failure.ts";
import { type AnyRingKernel, findKernel } from "../ring_kernel.ts";
import { type CoreHost, KernelCore, type ThreadServices } from "./kernel_core.ts";
import type { FromKernel, KernelJob, ToKernel } from "./kernel_protocol.ts";
import { WorkerContext } from "./worker_context.ts";

/** What a hosted kernel tells its host, by its number. */
export interface KernelHost extends CoreHost {
  /** The kernel's module is about to be imported; and has been, or could not be. */
  beginImport(kernel: string): void;
  endImport(): void;
  /** The kernel's function has ended for good, and that was told. A worker that goes on is told what becomes of the rest. */
  returned(): void;
  /** The kernel has left. */
  left(number: number): void;
  /** What its thread has for it; `signal` aborts when a kernel that is alone in it ends. */
  services(number: number, job: KernelJob): { services: ThreadServices; controller?: AbortController };
}

/** A kernel that is there to be called. */
interface Loaded {
  readonly kernel: AnyRingKernel;
  readonly core: KernelCore;
  readonly params: unknown;
}

/** Modules that this thread has imported, or is importing: many kernels that load at once import a module many times. */
const imports = new Map<string, Promise<unknown>>();

/** Imports a module, unless that is done already. One that could not be imported is tried again. */
function importOnce(module: string): Promise<unknown> {
  const known = imports.get(module);
  if (known) return known;
  const importing = import(module);
  imports.set(module, importing);
  importing.catch(() => imports.delete(module));
  return importing;
}

/** A kernel in this thread. */
export class HostedKernel {
  readonly #host: KernelHost;
  readonly #number: number;
  #loaded: Loaded | undefined;
  /** Whether it has been told how its work has ended. */
  #isOver = false;

  constructor(host: KernelHost, number: number) {
    this.#host = host;
    this.#number = number;
  }

  /** Does what the runtime tells it. */
  onMessage(message: ToKernel): void {
    if (message.kind === "load") this.#load(message.job);
    else if (message.kind === "drop") this.#drop(message.failure);
    else if (this.#loaded) this.#onLoadedMessage(this.#loaded, message);
  }

  #onLoadedMessage(loaded: Loaded, message: Exclude<ToKernel, { kind: "load" | "drop" }>): void {
    const { core } = loaded;
    switch (message.kind) {
      case "run":
        return void this.#run(loaded);
      case "changed":
        return core.changed();
      case "gone":
        return core.directory.thread.forgetKernel(message.gone);
      case "cancel":
        return core.cancel(message.request);
      case "called":
        return core.directory.onCalled(message);
      default:
        return core.directory.thread.onAnswer(message);
    }
  }

  async #load(job: KernelJob): Promise<void> {
    const host = this.#host;
    adoptClockZero(job.zero);
    host.beginImport(job.self.id);
    try {
      await importOnce(job.module);
      const kernel = findKernel(job.module, job.definition);
      if ("reason" in kernel) return this.end({ kind: "broken", incident: `could not be found: ${kernel.reason}` });
      if (this.#isOver) return;
      const { services, controller } = host.services(this.#number, job);
      const core = new KernelCore(job, kernel, services, host, this.#number, controller);
      this.#loaded = { kernel, core, params: job.params };
      host.post(this.#number, { kind: "loaded" });
    } catch (error) {
      this.end({ kind: "broken", incident: "could not be imported:", error: reportError(error) });
    } finally {
      host.endImport();
    }
  }

  #run({ kernel, core, params }: Loaded): void {
    if (core.shouldTerminate) return this.#leave();
    callOf(kernel, new WorkerContext(core, params, core.begin())).then(
      () => this.#returned(core),
      (error) => this.#threw(core, error),
    );
  }

  #returned(core: KernelCore): void {
    core.end(false);
    this.#leave();
  }

  #threw(core: KernelCore, error: unknown): void {
    const hasReceived = core.end(true, error);
    if (error instanceof StoppedError && core.shouldTerminate) return this.#leave();
    this.#fail(core, reportError(error), hasReceived);
  }

  async #fail(core: KernelCore, error: ErrorReport, hasReceived: boolean): Promise<void> {
    const incident = "threw";
    await core.failUnanswered(core.failureOf(incident, error));
    if (!this.#isOver) this.#host.post(this.#number, { kind: "failed", incident, error, hasReceived });
  }

  /** Another worker takes its place: what is left of it answers and receives nothing any more. */
  #drop(failure: FailureReport | null): void {
    this.#isOver = true;
    const core = this.#loaded?.core;
    core?.settle(failure);
    core?.abandon();
    this.#host.left(this.#number);
  }

  /** The function has come to its end. */
  #leave(): void {
    this.end({ kind: "returned" });
    this.#loaded?.core.abandon();
    this.#host.returned();
  }

  /** Tells how its work has ended. */
  end(message: FromKernel): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#host.post(this.#number, message);
  }
}

/** Calls its function, which may throw at once. An async function of ours would stay in memory as long as it runs. */
function callOf({ fn }: AnyRingKernel, context: WorkerContext): Promise<unknown> {
  try {
    return Promise.resolve(fn(context));
  } catch (error) {
    return Promise.reject(error);
  }
}
