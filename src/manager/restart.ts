/** What becomes of a task that has failed, and of the frame that it had in hand. */

import * as rules from "../rules.ts";
import { type CompletePolicy, completePolicy, RESTART_RULES, type RestartPolicy } from "../worker/restart_policy.ts";

/** What becomes of a frame that its task keeps failing on. */
export type FailedFrameEnd =
  /** It is consumed, and counted. */
  | "skip"
  /** The pipeline fails. */
  | "fail"
  /** It is consumed, and handed to `Pipeline.deadLetters`. */
  | "deadLetters";

/** What becomes of the frame that a failed task had in hand. */
export type FailedFramePolicy =
  /** The task gets it again. */
  | "retry"
  | "skip"
  /** The task gets it again until it has failed on it so many times, 1 or more. */
  | { readonly attempts: number; readonly then: FailedFrameEnd };

/** When, and how, a task that has failed goes on in a new worker. */
export interface TaskRestart extends RestartPolicy {
  /**
   * What becomes of the frame in hand: the one that `look()`, `lookMany()` or a loop has handed out and that is not consumed.
   *
   * @default {"retry"}
   */
  onFailedFrame?: FailedFramePolicy;
}

/** A restart with nothing left out. */
export interface CompleteRestart extends CompletePolicy {
  readonly onFailedFrame: { readonly attempts: number; readonly then: FailedFrameEnd };
}

const ENDS = ["skip", "fail", "deadLetters"] satisfies FailedFrameEnd[];

const failedFrame: rules.Rule = {
  expected: `"retry", "skip" or { attempts, then }, where then is one of ${ENDS.join(", ")}`,
  isKind: (value) => typeof value === "string" || rules.object.isKind(value),
  isInRange: (value: unknown) => {
    if (typeof value === "string") return value === "retry" || value === "skip";
    const { attempts, then, ...rest } = value as Record<string, unknown>;
    return rules.keeps(rules.countOrInfinity(1), attempts) && ENDS.includes(then as FailedFrameEnd) &&
      Object.keys(rest).length === 0;
  },
};

/** What each option of a task's `restart` must be. */
export const TASK_RESTART_RULES = {
  ...RESTART_RULES,
  onFailedFrame: failedFrame,
} satisfies { readonly [Option in keyof TaskRestart]: rules.Rule };

/** Fills the defaults in. */
export function completeRestart(restart: TaskRestart): CompleteRestart {
  const { onFailedFrame = "retry" } = restart;
  if (onFailedFrame === "retry") {
    return { ...completePolicy(restart), onFailedFrame: { attempts: Infinity, then: "fail" } };
  }
  if (onFailedFrame === "skip") return { ...completePolicy(restart), onFailedFrame: { attempts: 1, then: "skip" } };
  return { ...completePolicy(restart), onFailedFrame };
}
