/** The states of a kernel, and the ways between them. */

import { KernelStateError } from "./errors.ts";

/**
 * Where a kernel is in its life: its worker is starting; it waits to be activated; it processes messages; it keeps them
 * queued; it was told to end; it has ended.
 */
export type KernelState = "created" | "launched" | "active" | "deactivated" | "terminating" | "terminated";

/** The states, by their index in shared memory. */
export const KERNEL_STATES: readonly KernelState[] = [
  "created",
  "launched",
  "active",
  "deactivated",
  "terminating",
  "terminated",
];

/** Where each action is possible, and where it leads to. */
const ACTIONS = {
  activate: { from: ["launched"], to: "active" },
  deactivate: { from: ["active"], to: "deactivated" },
  reactivate: { from: ["deactivated"], to: "active" },
  terminate: { from: ["created", "launched", "active", "deactivated", "terminating"], to: "terminating" },
} as const satisfies Record<string, { from: readonly KernelState[]; to: KernelState }>;

/** What can be done to a kernel. */
export type KernelAction = keyof typeof ACTIONS;

/**
 * The state that a action leads to.
 *
 * @throws {KernelStateError} If the kernel's state does not allow it.
 */
export function stateAfter(action: KernelAction, kernel: string, state: KernelState): KernelState {
  const { from, to } = ACTIONS[action];
  if ((from as readonly KernelState[]).includes(state)) return to;
  const wanted = from.length > 1 ? "it has ended" : `it must be ${from[0]}`;
  throw new KernelStateError(`Cannot ${action} kernel "${kernel}": ${wanted}, and is ${state}`);
}
