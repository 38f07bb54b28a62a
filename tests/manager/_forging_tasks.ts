/** Functions that speak for their hosts. Their workers load nothing else. */

import type { TaskContext } from "@ringmill/ringmill";

/** Posts a message, and goes on for long. */
export function post(message: unknown): void {
  (globalThis as unknown as { postMessage(message: unknown): void }).postMessage(message);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10_000);
}

/** As a task. */
export function forge(_: unknown, { params }: TaskContext<{ message: unknown }>) {
  post(params.message);
}

/** As a function of a pool, or a node. */
export function forgeCall(message: unknown): void {
  post(message);
}
