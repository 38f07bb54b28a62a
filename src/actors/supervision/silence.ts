/** Why a kernel has not answered, as far as that can be seen from outside. */

import type { KernelState } from "../kernel_state.ts";
import type { KernelWait } from "../telemetry.ts";
import type { Waits } from "./waits.ts";

/** More waits in a row are not told. */
const MOST_STEPS = 8;

function describeWait(id: string, { kind, kernel, sinceMs }: KernelWait): string {
  const time = `for ${Math.round(sinceMs)} ms`;
  if (kind === "room") {
    return kernel === id
      ? `has waited ${time} for room in its output, which nobody receives`
      : `has waited ${time} for room in a queue of ${kernel === null ? "the program" : `kernel "${kernel}"`}`;
  }
  return kernel === id
    ? "waits for an answer of itself"
    : `has waited ${time} for an answer of ${kernel === null ? "the program" : `kernel "${kernel}"`}`;
}

function describeCircle(circle: readonly string[], verb: "wait" | "waited"): string {
  if (circle.length < 2) return "";
  const names = circle.slice(0, MOST_STEPS).map((id) => `"${id}"`);
  if (circle.length > MOST_STEPS) names.push(`${circle.length - MOST_STEPS} others`);
  return `: ${names.slice(0, -1).join(", ")} and ${names[names.length - 1]} ${verb} for each other in a circle`;
}

/** What is asked for. */
export interface Silence {
  /** Who has not answered. */
  readonly asked: string;
  /** Its state, if it is one kernel. */
  readonly state: KernelState | undefined;
  /** The kernel that has waited for it; `null` if the program has. */
  readonly asker: string | null;
}

/** A circle that was told is remembered for so long, in milliseconds. */
const REMEMBERED_MS = 1000;

/** Tells why kernels have not answered. */
export class Silences {
  readonly #waits: Waits;
  #circle: readonly string[] = [];
  #toldAt = -Infinity;

  constructor(waits: Waits) {
    this.#waits = waits;
  }

  /** A clause to add to an error: what a kernel waits for, and what that one waits for. Empty if nothing is seen. */
  explain({ asked, state, asker }: Silence): string {
    if (state === "launched" || state === "deactivated") return `: it is ${state}, not active`;
    const { ids, circle } = this.#waits.from(asker === null || asker === asked ? [asked] : [asker, asked]);
    if (circle.length === 0 && this.#wasInCircle(asked, asker)) return describeCircle(this.#circle, "waited");
    if (circle.length > 0) [this.#circle, this.#toldAt] = [circle, performance.now()];
    const steps = this.#describeWaits(ids.slice(ids.indexOf(asked)));
    return steps.length === 0 ? "" : `: it ${steps.join(", which ")}${describeCircle(circle, "wait")}`;
  }

  /** The first whose time is over breaks the circle; those that ask at the same moment are told of it, too. */
  #wasInCircle(asked: string, asker: string | null): boolean {
    const circle = performance.now() - this.#toldAt < REMEMBERED_MS ? this.#circle : [];
    return circle.includes(asked) && (asker === null || circle.includes(asker));
  }

  #describeWaits(ids: readonly string[]): string[] {
    const steps: string[] = [];
    for (const id of ids.slice(0, MOST_STEPS)) {
      const wait = this.#waits.of(id);
      if (wait) steps.push(describeWait(id, wait));
    }
    return steps;
  }
}
