/**
 * The module that the worker of every kernel starts from. It imports the kernel's module, finds the kernel, and calls its
 * function when told.
 *
 * The main thread imports it as well, so that `deno compile` embeds it; there it does nothing.
 */

import { StoppedError } from "../../errors.ts";
import { type ErrorReport, reportError } from "../../worker/error_report.ts";
import { beginImport, endImport } from "../../worker/importing.ts";
import { stopAll } from "../../worker/unload.ts";
import { watchScope, workerScope } from "../../worker/worker_scope.ts";
import { goneError, reportFailure } from "../message/failure.ts";
import {
  type FromKernel,
  KERNEL_WORKER_PREFIX,
  type KernelEnvelope,
  type KernelGone,
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
  try {
    await import(job.module);
    const kernel = findKernel(job.module, job.definition);
    if ("reason" in kernel) return end({ kind: "broken", deed: `could not be found: ${kernel.reason}` });
    loaded = { kernel, context: new WorkerContext(job, kernel, post) };
    post({ kind: "loaded" });
  } catch (error) {
    end({ kind: "broken", deed: "could not be imported:", error: reportError(error) });
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
    const hasReceived = context.end();
    if (error instanceof StoppedError && context.shouldTerminate) return leave();
    await fail(context, "threw", reportError(error), hasReceived);
  }
}

async function fail(context: WorkerContext, deed: string, error: ErrorReport, hasReceived: boolean): Promise<void> {
  await context.failUnanswered(reportFailure(context.kernelId, deed, error));
  post({ kind: "failed", deed, error, hasReceived });
}

/** A kernel answers no more. */
function lose({ context }: Loaded, gone: KernelGone): void {
  const { id, number, failure, goesOn } = gone;
  if (!goesOn) context.directory.lose(gone);
  context.mailbox.kernelIsGone(number, () => goneError(id, failure));
}

function hear(message: ToKernel): void {
  if (message.kind === "load") {
    load(message.job);
  } else if (loaded) {
    if (message.kind === "run") run(loaded);
    else if (message.kind === "gone") lose(loaded, message.gone);
    else loaded.context.directory.hear(message);
  }
}

function listen(name: string): void {
  beginImport(name);
  workerScope.addEventListener("message", (event) => hear((event as MessageEvent<ToKernel>).data));
  watchScope({
    threw: (deed, error) => post({ kind: "noted", deed, error: reportError(error) }),
    ends: (deed) => end({ kind: "broken", deed }),
  });
}

const { name } = workerScope;
if (name?.startsWith(KERNEL_WORKER_PREFIX)) listen(name.slice(KERNEL_WORKER_PREFIX.length));
