/**
 * The module that the worker of every kernel starts from. It imports the kernel's module, finds the kernel, and calls its
 * function when told.
 *
 * The main thread imports it as well, so that `deno compile` embeds it; there it does nothing.
 */

import { StoppedError } from "../../errors.ts";
import { adoptClockZero } from "../../ring/clock.ts";
import { type ErrorReport, reportError } from "../../worker/error_report.ts";
import { HostScope } from "../../worker/host_scope.ts";
import type { HostModule } from "../../worker/hosted_worker.ts";
import { beginImport, endImport } from "../../worker/importing.ts";
import type { FromKernel, KernelJob, ToKernel } from "./kernel_protocol.ts";
import { type AnyRingKernel, findKernel } from "../ring_kernel.ts";
import { WorkerContext } from "./worker_context.ts";

/** The host of kernels. */
export const KERNEL_HOST: HostModule = { url: import.meta.url, file: "kernel_host.ts", prefix: "ringmill kernel: " };

const host = new HostScope<ToKernel, FromKernel>();

/** A kernel that is there to be called. */
interface Loaded {
  readonly kernel: AnyRingKernel;
  readonly context: WorkerContext;
}

let loaded: Loaded | undefined;

async function load(job: KernelJob): Promise<void> {
  adoptClockZero(job.zero);
  try {
    await import(job.module);
    const kernel = findKernel(job.module, job.definition);
    if ("reason" in kernel) return host.settle({ kind: "broken", incident: `could not be found: ${kernel.reason}` });
    loaded = { kernel, context: new WorkerContext(job, kernel, (message) => host.post(message)) };
    host.post({ kind: "loaded" });
  } catch (error) {
    host.settle({ kind: "broken", incident: "could not be imported:", error: reportError(error) });
  } finally {
    endImport();
  }
}

/** The function has come to its end. Nothing that it has left behind runs after that. */
function leave(): void {
  host.settle({ kind: "returned" });
  host.close();
}

async function run({ kernel, context }: Loaded): Promise<void> {
  if (context.shouldTerminate) return leave();
  context.begin();
  try {
    await kernel.fn(context);
    context.end();
    leave();
  } catch (error) {
    const hasReceived = context.end(error);
    if (error instanceof StoppedError && context.shouldTerminate) return leave();
    await fail(context, "threw", reportError(error), hasReceived);
  }
}

async function fail(
  context: WorkerContext,
  incident: string,
  error: ErrorReport,
  hasReceived: boolean,
): Promise<void> {
  await context.failUnanswered(context.failureOf(incident, error));
  host.post({ kind: "failed", incident, error, hasReceived });
}

function onMessage(message: ToKernel): void {
  if (message.kind === "load") load(message.job);
  else if (loaded) onLoadedMessage(loaded, message);
}

function onLoadedMessage(kernel: Loaded, message: Exclude<ToKernel, { kind: "load" }>): void {
  const { context } = kernel;
  switch (message.kind) {
    case "run":
      return void run(kernel);
    case "gone":
      return context.directory.forgetKernel(message.gone);
    case "cancel":
      return context.cancel(message.request);
    default:
      return context.directory.onAnswer(message);
  }
}

host.serve(KERNEL_HOST, (name) => {
  beginImport(name);
  return {
    heard: onMessage,
    threw: (incident, error) => host.post({ kind: "noted", incident, error: reportError(error) }),
    ends: (incident) => host.settle({ kind: "broken", incident }),
  };
});
