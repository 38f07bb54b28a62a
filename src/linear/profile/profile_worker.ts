/** The worker that calls one node's function and measures it. */

import { reportError } from "../../worker/error_report.ts";
import { HostScope } from "../../worker/host_scope.ts";
import type { HostModule } from "../../worker/hosted_worker.ts";
import { findExport } from "../../worker/export_target.ts";
import { beginImport, endImport } from "../../worker/importing.ts";
import { measureMemory } from "./memory_profile.ts";
import type { ProfileAnswer, ProfileJob } from "./profile.ts";
import { timed } from "../run/timed.ts";
import { whyNotStorable } from "../cache/inspect_value.ts";

async function answer({ node, target, args, words }: ProfileJob): Promise<ProfileAnswer> {
  try {
    beginImport(node);
    const fn = findExport(await import(target.module), target);
    endImport();
    if (typeof fn === "string") return { refusal: fn };
    const { result, use } = await measureMemory(() => timed(() => fn(...args)), words);
    const obstacle = whyNotStorable(result.result);
    return obstacle === null ? { result, use } : { refusal: `what it returns cannot leave its worker: ${obstacle}` };
  } catch (error) {
    return { error: reportError(error) };
  }
}

/** The host of profilers. */
export const PROFILER: HostModule = { url: import.meta.url, file: "profile_worker.ts", prefix: "ringmill profiler: " };

const host = new HostScope<ProfileJob, ProfileAnswer>();

host.serve(PROFILER, () => ({ heard: async (job) => host.post(await answer(job)) }));
