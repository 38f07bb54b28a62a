/** Names of what an exported kernel has on a server. */

import { tokenOf } from "../jetstream/names.ts";

/** Where it is asked. */
export const requestsOf = (id: string): string => `rm-kernel.${tokenOf(id)}`;
/** Where those who ask no longer wait for an answer. */
export const cancelsOf = (id: string): string => `rm-kernel.${tokenOf(id)}.cancel`;
/** Where its types of messages are told. */
export const descriptionOf = (id: string): string => `rm-kernel.${tokenOf(id)}.describe`;
/** Who exports it. */
export const exportClaimOf = (id: string): string => `rm-claims.${tokenOf(id)}.k`;

/** A queue of messages on a server: the JetStream stream, its subject, and the consumer that hands them out. */
export interface ServerQueue {
  readonly stream: string;
  readonly subject: string;
  readonly consumer: string;
}

/** Its work. */
export const workOf = (id: string): ServerQueue => ({
  stream: `RM-work-${tokenOf(id)}`,
  subject: `rm-work.${tokenOf(id)}`,
  consumer: "kernel",
});
/** What was tried in vain. */
export const deadOf = (id: string): ServerQueue => ({
  stream: `RM-dead-${tokenOf(id)}`,
  subject: `rm-dead.${tokenOf(id)}`,
  consumer: "reader",
});

/** Headers of messages. */
export const HEADERS = {
  /** Which request it is. */
  request: "Rm-Request",
  /** For how many milliseconds its answer is waited for. */
  timeout: "Rm-Timeout",
  /** Of a dead letter: how often it was tried, and why it is one. */
  attempts: "Rm-Attempts",
  reason: "Rm-Reason",
} as const;

/** What a program tells of the kernel that it exports. */
export interface ExportDescription {
  /** Names of the types of messages that it takes and sends; `null` for all. */
  readonly input: readonly string[] | null;
  readonly output: readonly string[] | null;
  /** Whether other programs may export it, too. */
  readonly shared: boolean;
  readonly host: string;
  readonly pid: number;
}

const areNames = (value: unknown) =>
  value === null || Array.isArray(value) && value.every((name) => typeof name === "string");

/** Whether it is one. */
export function isExportDescription(value: unknown): value is ExportDescription {
  const { input, output, shared, host, pid } = Object(value);
  return areNames(input) && areNames(output) && typeof shared === "boolean" && typeof host === "string" &&
    typeof pid === "number";
}
