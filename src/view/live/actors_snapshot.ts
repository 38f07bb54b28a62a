/** What is known of the kernels of a runtime at a moment. */

import { cut } from "../../safe_text.ts";
import { figuresOf } from "../describe/kernel_groups.ts";
import type { RingKernelRuntime } from "../../actors/runtime.ts";
import type { KernelTelemetry, RuntimeSummary } from "../../actors/telemetry.ts";

/** A kernel's figures, as JSON can hold them. */
export interface KernelSample extends Omit<KernelTelemetry, "lastError" | "failure"> {
  /** Messages that it has processed a second since the snapshot before. */
  readonly messagesPerSecond: number;
  /** How it has failed last; `null` if it has not. */
  readonly lastError: string | null;
  /** The failure that has ended it; `null` if there is none. */
  readonly failure: string | null;
}

/** All kernels of a runtime at a moment. */
export interface ActorsSnapshot {
  /** When that was, in milliseconds since 1970. */
  readonly sampledAt: number;
  /** All together. */
  readonly summary: RuntimeSummary;
  /** Each, by its id; of more than 200, all of one definition together, by its name. */
  readonly kernels: Readonly<Record<string, KernelSample>>;
}

/** Takes snapshots of a runtime. */
export class ActorsSampler {
  readonly #runtime: RingKernelRuntime;
  #before: ReadonlyMap<string, KernelTelemetry> = new Map();
  #takenAt = performance.now();

  constructor(runtime: RingKernelRuntime) {
    this.#runtime = runtime;
  }

  /** What is known now. */
  take(): ActorsSnapshot {
    const telemetry = Object.entries(figuresOf(this.#runtime));
    const takenAt = performance.now();
    const seconds = Math.max(takenAt - this.#takenAt, 1) / 1000;
    const kernels = telemetry.map(([id, kernel]) => {
      return [id, sampleOf(kernel, processedSince(this.#before.get(id), kernel) / seconds)] as const;
    });
    this.#before = new Map(telemetry);
    this.#takenAt = takenAt;
    return { sampledAt: Date.now(), summary: this.#runtime.getSummary(), kernels: Object.fromEntries(kernels) };
  }
}

/** Another kernel of the same id begins at 0; of one that is new, nothing is known yet. */
function processedSince(before: KernelTelemetry | undefined, { messagesProcessed, uptimeMs }: KernelTelemetry): number {
  if (!before) return 0;
  // A new one of its id, or one whose figures have begun anew.
  const isNew = before.uptimeMs > uptimeMs || before.messagesProcessed > messagesProcessed;
  return messagesProcessed - (isNew ? 0 : before.messagesProcessed);
}

function sampleOf({ lastError, failure, ...figures }: KernelTelemetry, messagesPerSecond: number): KernelSample {
  return {
    ...figures,
    messagesPerSecond,
    lastError: lastError && cut(lastError.reason),
    failure: failure && cut(failure.reason),
  };
}
