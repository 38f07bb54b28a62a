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
import { HostScope } from "../../worker/host_scope.ts";
import type { HostModule } from "../../worker/hosted_worker.ts";
import { desertBindings, prepareTask, type TaskRun, wasStopped } from "./run_task.ts";
import type { HostMessage, TaskJob, TaskMessage } from "./task_protocol.ts";
import { isUnwinding } from "./unwinding.ts";

/** The host of tasks. */
export const TASK_HOST: HostModule = { url: import.meta.url, file: "task_host.ts", prefix: "ringmill: " };

const host = new HostScope<HostMessage, TaskMessage>();

function fail(deed: string, error: unknown): void {
  // Before it is told: a successor may begin at once, and other code of this thread still runs.
  const remains = desertBindings();
  host.settle({ kind: "failed", deed, error: reportError(error), remains });
}

/** Imports the task's module and makes its function ready to run. `null` if that failed, which has been told then. */
async function load(job: TaskJob): Promise<TaskRun | null> {
  try {
    const found = findExport(await import(job.target.module), job.target);
    if (typeof found === "function") {
      const run = prepareTask(found, job, (message) => host.post(message));
      host.post({ kind: "loaded" });
      return run;
    }
    host.settle({ kind: "refused", reason: found });
  } catch (error) {
    if (error instanceof DeclarationError) host.settle({ kind: "refused", reason: error.message });
    else fail("could not be imported:", error);
  } finally {
    endImport();
  }
  return null;
}

async function start(run: TaskRun): Promise<void> {
  host.post({ kind: "started" });
  try {
    const endStreams = await run();
    // A promise that the function has not awaited may have failed: its streams do not end then.
    await new Promise((resolve) => setTimeout(resolve));
    if (host.isSettled) return;
    endStreams();
    host.settle({ kind: "ended" });
  } catch (error) {
    fail("threw", error);
  }
}

host.serve(TASK_HOST, (name) => {
  beginImport(name);
  let loading: Promise<TaskRun | null> | undefined;
  return {
    async heard(message) {
      if (message.kind === "load") {
        adoptClockZero(message.clock);
        loading = load(message.job);
        return;
      }
      const run = await loading;
      if (run) start(run);
    },
    threw(deed, error) {
      if (!(wasStopped() && isUnwinding(error))) fail(deed, error);
    },
    ends: (deed) => host.settle({ kind: "failed", deed, remains: desertBindings() }),
  };
});
