/** A task that speaks for its host. Its worker loads nothing else. */

import type { TaskContext } from "@ringmill/ringmill";

export function forge(_: unknown, { params }: TaskContext<{ message: unknown }>) {
  (globalThis as unknown as { postMessage(message: unknown): void }).postMessage(params.message);
  for (const end = Date.now() + 10_000; Date.now() < end;);
}
