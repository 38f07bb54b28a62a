/** Why a kernel has not answered, as far as that can be seen from outside. */

import type { KernelWait } from "../telemetry.ts";
import type { KernelLife } from "./kernel_life.ts";

/** More waits in a row are not told. */
const MOST_STEPS = 8;

function describeWait(life: KernelLife, { kind, kernel, sinceMs }: KernelWait): string {
  const time = `for ${Math.round(sinceMs)} ms`;
  if (kind === "room") {
    return kernel === life.id
      ? `has waited ${time} for room in its output, which nobody receives`
      : `has waited ${time} for room in a queue of ${kernel === null ? "the program" : `kernel "${kernel}"`}`;
  }
  return kernel === life.id
    ? "waits for an answer of itself"
    : `has waited ${time} for an answer of ${kernel === null ? "the program" : `kernel "${kernel}"`}`;
}

/** A clause to add to an error: what the kernel of a mailbox waits for, and what that one waits for. Empty if nothing is seen. */
export function reportSilence(mailboxId: number, lives: ReadonlyMap<number, KernelLife>): string {
  let life = lives.get(mailboxId);
  if (life && (life.state === "launched" || life.state === "deactivated")) return `: it is ${life.state}, not active`;
  const steps: string[] = [];
  const passed = new Set<KernelLife>();
  while (life && !passed.has(life) && steps.length < MOST_STEPS) {
    passed.add(life);
    const wait: KernelWait | null = life.waits;
    if (!wait) break;
    steps.push(describeWait(life, wait));
    const next: string | null = wait.kind === "answer" ? wait.kernel : null;
    life = next === null ? undefined : [...lives.values()].find(({ id }) => id === next);
  }
  return steps.length === 0 ? "" : `: it ${steps.join(", which ")}`;
}
