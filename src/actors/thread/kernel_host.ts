/**
 * The module that the worker of every kernel starts from. It imports the kernel's module, finds the kernel, and calls its
 * function when told.
 *
 * The main thread imports it as well, so that `deno compile` embeds it; there it does nothing.
 */

import { StoppedError } from "../../errors.ts";
import { adoptClockZero } from "../../ring/clock.ts";
import { type ErrorReport, reportError } from "../../worker/error_report.ts";
import { beginImport, endImport } from "../../worker/importing.ts";
import { stopAll } from "../../worker/unload.ts";
import { watchScope, workerScope } from "../../worker/worker_scope.ts";
import {
  type FromKernel,
  KERNEL_WORKER_PREFIX,
  type KernelEnvelope,
  type KernelJob,
  type ToKernel,
} from "./kernel_protocol.ts";
import { type AnyRingKernel, findKernel } from "../ring_kernel.ts";
import { WorkerContext } from "./worker_context.ts";

// As it is now: the kernel's module may replace it.
const postMessage = workerScope.postMessage?.bind(workerScope);
const close = workerScope.close?.bind(workerScope);

/** In an envelope: what the kernel itself posts is none of ours. */
function post(message: FromKernel): void {
  postMessage({ ringmill: message } satisfies KernelEnvelope);
}

/** A kernel that is there to be called. */
interface Loaded {
  readonly kernel: AnyRingKernel;
  readonly context: WorkerContext;
}

let loaded: Loaded | undefined;
/** Whether it has been told how this worker's work has ended. */
let isOver = false;

async function load(job: KernelJob): Promise<void> {
  adoptClockZero(job.zero);
  try {
    await import(job.module);
    const kernel = findKernel(job.module, job.definition);
    if ("reason" in kernel) return end({ kind: "broken", incident: `could not be found: ${kernel.reason}` });
    loaded = { kernel, context: new WorkerContext(job, kernel, post) };
    post({ kind: "loaded" });
  } catch (error) {
    end({ kind: "broken", incident: "could not be imported:", error: reportError(error) });
  } finally {
    endImport();
  }
}

/** Tells how this worker's work has ended. */
function end(message: FromKernel): void {
  if (isOver) return;
  isOver = true;
  // The worker is terminated next: workers that its function has started, and not closed, would run on.
  stopAll();
  post(message);
}

/** The function has come to its end. Nothing that it has left behind runs after that. */
function leave(): void {
  end({ kind: "returned" });
  close();
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
  post({ kind: "failed", incident, error, hasReceived });
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

function listen(name: string): void {
  beginImport(name);
  workerScope.addEventListener("message", (event) => onMessage((event as MessageEvent<ToKernel>).data));
  watchScope({
    threw: (incident, error) => post({ kind: "noted", incident, error: reportError(error) }),
    ends: (incident) => end({ kind: "broken", incident }),
  });
}

const { name } = workerScope;
if (name?.startsWith(KERNEL_WORKER_PREFIX)) listen(name.slice(KERNEL_WORKER_PREFIX.length));
