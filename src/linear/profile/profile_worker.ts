/** The worker that calls one node's function and measures it. */

import { reportError } from "../../worker/error_report.ts";
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

/** The name of the worker. In any other thread this module does nothing. */
export const PROFILER = "ringmill/profiler";

// The types of the main thread do not know a worker's own scope. Functions may replace what is in it.
const scope = globalThis as unknown as Worker & { readonly name?: string };
if (scope.name === PROFILER) {
  const post = scope.postMessage.bind(scope);
  scope.onmessage = async ({ data }: MessageEvent<ProfileJob>) => post(await answer(data));
}
