/**
 * The module that every worker starts from. It imports a task's module, finds its function, and runs it when told.
 *
 * The main thread imports it as well, so that `deno compile` embeds it; there it does nothing.
 */

import { DeclarationError } from "../../errors.ts";
import { adoptClockZero } from "../../ring/clock.ts";
import { findExport } from "../../worker/export_target.ts";
import { beginImport, endImport } from "../../worker/importing.ts";
import { reportError } from "../../worker/error_report.ts";
import type { HostMessage, TaskEnvelope, TaskJob, TaskMessage } from "./task_protocol.ts";
import { WORKER_NAME_PREFIX } from "../../worker/permitted_worker.ts";
import { prepareTask, wasStopped } from "./run_task.ts";
import { isUnwinding } from "./unwinding.ts";
import { stopAll } from "../../worker/unload.ts";
import { watchScope, workerScope } from "../../worker/worker_scope.ts";

// As it is now: the task's module may replace it.
const postMessage = workerScope.postMessage?.bind(workerScope);

/** In an envelope: what the task itself posts is none of ours. */
function post(message: TaskMessage): void {
  postMessage({ ringmill: message } satisfies TaskEnvelope);
}

/** Whether the task's outcome has been told. The first outcome counts. */
let isSettled = false;

function settle(message: TaskMessage): void {
  if (isSettled) return;
  // The worker is terminated next: workers that its function has started, and not closed, would run on.
  stopAll();
  post(message);
  isSettled = true;
}

function fail(deed: string, error: unknown): void {
  settle({ kind: "failed", deed, error: reportError(error) });
}

/** Imports the task's module and makes its function ready to run. `null` if that failed, which has been told then. */
async function load(job: TaskJob): Promise<(() => Promise<void>) | null> {
  try {
    const found = findExport(await import(job.target.module), job.target);
    if (typeof found === "function") {
      const run = prepareTask(found, job, post);
      post({ kind: "loaded" });
      return run;
    }
    settle({ kind: "refused", reason: found });
  } catch (error) {
    if (error instanceof DeclarationError) settle({ kind: "refused", reason: error.message });
    else fail("could not be imported:", error);
  } finally {
    endImport();
  }
  return null;
}

async function start(run: () => Promise<void>): Promise<void> {
  post({ kind: "started" });
  try {
    await run();
    // What the function has begun and not awaited may have failed.
    await new Promise((resolve) => setTimeout(resolve));
    settle({ kind: "ended" });
  } catch (error) {
    fail("threw", error);
  }
}

function listen(name: string): void {
  beginImport(name);
  let loading: Promise<(() => Promise<void>) | null> | undefined;
  workerScope.addEventListener("message", async (event) => {
    const message = (event as MessageEvent<HostMessage>).data;
    if (message.kind === "load") {
      adoptClockZero(message.clock);
      loading = load(message.job);
      return;
    }
    const run = await loading;
    if (run) start(run);
  });
  const threw = (deed: string, error: unknown) => {
    if (!(wasStopped() && isUnwinding(error))) fail(deed, error);
  };
  watchScope({ threw, ends: (deed) => settle({ kind: "failed", deed }) });
}

const { name } = workerScope;
if (name?.startsWith(WORKER_NAME_PREFIX)) listen(name.slice(WORKER_NAME_PREFIX.length));
