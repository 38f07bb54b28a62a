/** Figures of kernels, from shared memory: true while a kernel is busy or blocked. */

import type { SpanFigures } from "../ring/kernel_record.ts";
import type { KernelError } from "./errors.ts";
import type { KernelState } from "./kernel_state.ts";

/** What a kernel waits for. */
export interface KernelWait {
  /** An answer to a request of its own, or room for a message that it sends. */
  readonly kind: "answer" | "room";
  /**
   * The kernel that it waits for: that is asked, or whose queue is full. Its own id means its own output, for room; `null` the
   * program, or a kernel that has ended.
   */
  readonly kernel: string | null;
  /** For how long, in milliseconds. */
  readonly sinceMs: number;
}

/**
 * A kernel at one moment. Counts are those since it was launched, or since `resetTelemetry()`; times are in milliseconds.
 */
export interface KernelTelemetry {
  /** Its id. */
  readonly kernelId: string;
  /** Where it is in its life. */
  readonly state: KernelState;
  /** Messages that it has taken from its input. The last of them may be in process still. */
  readonly messagesProcessed: number;
  /** Messages that were put into its output. Answers to requests are not among them. */
  readonly messagesSent: number;
  /** Messages that its input and its output have dropped, by the strategy `"dropOldest"`. */
  readonly messagesDropped: number;
  /** Requests that it has left out, as nobody waited for their answers any more. */
  readonly messagesExpired: number;
  /** Messages that were left in its input when it had ended. */
  readonly messagesLost: number;
  /** Answers for which nobody waited any more: they came too late, or twice. */
  readonly lateAnswers: number;
  /** Messages that it has tried in vain, with `ack`. */
  readonly deadLetters: number;
  /** What it waits for at this moment, besides messages; `null` if it does not. */
  readonly waitsFor: KernelWait | null;
  /**
   * Of a kernel that shares its worker: for how long its function has held up that worker, and so its neighbours, by computing or
   * blocking, in milliseconds; 0 if it does not. It is known, and warned about once, after one to three seconds.
   */
  readonly holdsUpMs: number;
  /** Messages processed a second, of the time in which it was active; 0 if it has not been. */
  readonly throughput: number;
  /** Messages that wait in its input. */
  readonly queueDepth: number;
  /** Messages that wait in its output. */
  readonly outputDepth: number;
  /** The most messages that its input holds. */
  readonly queueSize: number;
  /** The most messages that its output holds. */
  readonly outputSize: number;
  /** From the sending of a message until the kernel took it; `null` without `telemetry: true`. */
  readonly latencyMs: SpanFigures | null;
  /** From taking a message until asking for the next; `null` without `telemetry: true`. */
  readonly processingMs: SpanFigures | null;
  /** How often it has failed. */
  readonly errors: number;
  /** How it has failed last; `null` if it has not. */
  readonly lastError: KernelError | null;
  /** What has ended it; `null` if it has not ended, has returned, or was terminated. */
  readonly failure: KernelError | null;
  /** Workers that were started for it after the first. */
  readonly restarts: number;
  /** Since it was launched, until it terminated. */
  readonly uptimeMs: number;
}

/** All kernels of a runtime together, at one moment. */
export interface RuntimeSummary {
  /** Kernels that were launched, by state. Of each id, the last. */
  readonly kernels: Readonly<Record<KernelState, number>>;
  /** Messages that kernels have taken from their inputs. */
  readonly messagesProcessed: number;
  /** Messages that were put into the kernels' outputs. Answers to requests are not among them, as they pass through none. */
  readonly messagesSent: number;
  /** Messages that were dropped. */
  readonly messagesDropped: number;
  /** Messages that were left in the inputs of kernels that have ended. */
  readonly messagesLost: number;
  /** Messages that kernels have tried in vain, with `ack`. */
  readonly deadLetters: number;
  /** Answers for which nobody waited any more, and requests that were left out for that. */
  readonly lateAnswers: number;
  /**
   * Kernels that wait for each other in a circle, for answers or for room in each other's inputs, by their ids: they wait for
   * ever, or until a time-out.
   */
  readonly cycles: readonly (readonly string[])[];
  /** The sum of the throughputs of kernels that have not ended: messages a second. */
  readonly throughput: number;
  /** Messages that wait in inputs. */
  readonly queueDepth: number;
  /** How often kernels have failed. */
  readonly errors: number;
  /** Milliseconds since the runtime was made. */
  readonly uptimeMs: number;
}

function sum(telemetry: readonly KernelTelemetry[], figure: (one: KernelTelemetry) => number): number {
  return telemetry.reduce((total, one) => total + figure(one), 0);
}

/** Adds up the figures of kernels. */
export function summarize(
  telemetry: readonly KernelTelemetry[],
  { cycles, lateAnswers, uptimeMs }: Pick<RuntimeSummary, "cycles" | "lateAnswers" | "uptimeMs">,
): RuntimeSummary {
  const living = telemetry.filter(({ state }) => state !== "terminated");
  const kernels = { created: 0, launched: 0, active: 0, deactivated: 0, terminating: 0, terminated: 0 };
  for (const { state } of telemetry) kernels[state]++;
  return {
    kernels,
    messagesProcessed: sum(telemetry, (one) => one.messagesProcessed),
    messagesSent: sum(telemetry, (one) => one.messagesSent),
    messagesDropped: sum(telemetry, (one) => one.messagesDropped),
    throughput: sum(living, (one) => one.throughput),
    messagesLost: sum(telemetry, (one) => one.messagesLost),
    deadLetters: sum(telemetry, (one) => one.deadLetters),
    lateAnswers: lateAnswers + sum(telemetry, (one) => one.lateAnswers + one.messagesExpired),
    cycles,
    queueDepth: sum(telemetry, (one) => one.queueDepth),
    errors: sum(telemetry, (one) => one.errors),
    uptimeMs,
  };
}
