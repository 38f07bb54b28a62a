/** Messages between kernels for minutes: random runtimes, one after the other, in which every message is checked. */

import { deepEqual, equal } from "node:assert/strict";
import { RingKernelRuntime } from "@ringmill/ringmill/actors";
import { Random } from "../ring/_helpers.ts";
import { checkNumbered, sendNumbered } from "./_soak_kernels.ts";

export interface MessageSoakOptions {
  seed: number;
  /** Messages that must have been received before it ends. */
  messages: number;
  /** Minutes after which it ends in any case. */
  minutes: number;
  /** Messages of one runtime, about. */
  perRuntime: number;
  /** Told after each runtime. */
  progress?: (report: MessageSoakReport) => void;
}

const both = <Value>(value: Value) => ({ input: value, output: value });

/** What has come of it so far. */
export interface MessageSoakReport {
  messages: number;
  runtimes: number;
  seconds: number;
}

/** A message takes half of a band's bytes at most, and its envelope a part of that. */
const ENVELOPE = 256;

async function soakOne(random: Random, perRuntime: number): Promise<number> {
  const senders = 1 + random.below(4);
  const receivers = 1 + random.below(3);
  const queueSize = 1 + random.below(random.pick([4, 4096]));
  const queueBytes = 2 ** (10 + random.below(8));
  const messages = Math.ceil(perRuntime / senders / receivers);
  const sink = {
    ...checkNumbered,
    settings: { ...checkNumbered.settings, queueSize: both(queueSize), queueBytes: both(queueBytes) },
  };
  const sinks = Array.from({ length: receivers }, (_, n) => `sink ${n}`);
  await using runtime = new RingKernelRuntime();
  for (const id of sinks) await runtime.launch(id, sink, { params: { senders, messages } });
  for (let sender = 0; sender < senders; sender++) {
    const params = { sender, sinks, messages, most: queueBytes / 2 - ENVELOPE, seed: random.below(2 ** 31) };
    await runtime.launch(`sender ${sender}`, sendNumbered, { params });
  }
  for (const id of runtime.kernels) await runtime.activate(id);
  for (const id of sinks) {
    const { counts } = await runtime.receive(id).catch((error) => {
      throw runtime.getTelemetry(id).lastError ?? error;
    });
    deepEqual(counts, new Array(senders).fill(messages));
    const { queueDepth, messagesDropped } = runtime.getTelemetry(id);
    deepEqual([queueDepth, messagesDropped], [0, 0]);
  }
  equal(runtime.getSummary().errors, 0);
  return senders * receivers * messages;
}

/**
 * Sends messages of random sizes by random numbers of kernels through queues of random sizes, which are often full.
 *
 * @throws {Error} If a message is lost, doubled, out of its sender's order or not what was sent.
 */
export async function soakMessages(options: MessageSoakOptions): Promise<MessageSoakReport> {
  const random = new Random(options.seed);
  const start = performance.now();
  const report: MessageSoakReport = { messages: 0, runtimes: 0, seconds: 0 };
  while (report.messages < options.messages && report.seconds < options.minutes * 60) {
    report.messages += await soakOne(random, options.perRuntime);
    report.runtimes++;
    report.seconds = (performance.now() - start) / 1000;
    options.progress?.(report);
  }
  return report;
}
