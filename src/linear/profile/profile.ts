/** Runs a node's function in a worker of its own, and measures it there. */

import { moduleUrl } from "../../worker/module_url.ts";
import { type ErrorReport, isErrorReport, rebuildError } from "../../worker/error_report.ts";
import { targetOf } from "../../worker/export_target.ts";
import type { ExportTarget } from "../../worker/export_target.ts";
import type { MemoryUse } from "../memory_use.ts";
import { PROFILER } from "./profile_worker.ts";
import { whyNotStorable } from "../cache/inspect_value.ts";
import { samplerWords, stopSampler } from "./memory_profile.ts";
import type { SamplerWords } from "./memory_sampler.ts";
import { HostedWorker } from "../../worker/hosted_worker.ts";
import { stopOnUnload } from "../../worker/unload.ts";
import type { LinearNode } from "../node.ts";
import type { TimedResult } from "../run/timed.ts";
import { partialOf } from "../partial.ts";

/** What the worker is told. */
export interface ProfileJob {
  readonly node: string;
  readonly target: ExportTarget;
  readonly args: readonly unknown[];
  /** Words of the sampler that the worker starts. */
  readonly words: SamplerWords;
}

/** What the worker says. */
export type ProfileAnswer =
  | { readonly result: TimedResult; readonly use: MemoryUse }
  | { readonly error: ErrorReport }
  | { readonly refusal: string };

/**
 * Calls the function of `node` in a new worker. What the worker's start and the module's import take is not measured.
 *
 * @throws What the function throws.
 * @throws {DeclarationError} If the function is no export of its module.
 * @throws {TypeError} If the arguments or the result cannot be sent.
 */
export async function profileInWorker(
  node: LinearNode,
  inputs: readonly unknown[],
): Promise<{ result: TimedResult; use: MemoryUse }> {
  // deno-lint-ignore ban-types
  let fn: Function = node.fn;
  const args = [...inputs];
  for (let partial = partialOf(fn); partial; partial = partialOf(fn)) {
    args.push(partial.bound);
    fn = partial.fn;
  }
  const obstacle = whyNotStorable(args);
  if (obstacle !== null) throw new TypeError(`the inputs cannot be sent to its worker: ${obstacle}`);
  const target = await targetOf(fn, moduleUrl(node.module ?? Deno.mainModule));
  const answer = await ask({ node: node.name, target, args, words: samplerWords() });
  if ("refusal" in answer) throw new TypeError(answer.refusal);
  if ("error" in answer) throw rebuildError(answer.error);
  return answer;
}

/** Whether a value is what the worker says: the function may post anything. */
function isAnswer(value: unknown): value is ProfileAnswer {
  const { use, error, refusal } = Object(value) as Record<string, unknown>;
  return typeof refusal === "string" || isErrorReport(error) || typeof use === "object" && use !== null;
}

function ask(job: ProfileJob): Promise<ProfileAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<ProfileAnswer>();
  const worker = new HostedWorker<ProfileJob, ProfileAnswer>(PROFILER, { name: job.node }, {
    isMessage: isAnswer,
    heard: resolve,
    broke: (deed) => reject(new Error(`it ${deed}`)),
  });
  // A thread that is terminated ends no sampler.
  const forgetUnload = stopOnUnload(() => stopSampler(job.words));
  worker.post(job);
  return promise.finally(() => {
    forgetUnload();
    stopSampler(job.words);
    worker.terminate();
  });
}
