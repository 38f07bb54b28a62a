/** Work of an exported kernel that was tried in vain, as the server keeps it. */

import type { Consumer, JsMsg } from "@nats-io/jetstream";
import { unpackMessage } from "../../actors/carried_message.ts";
import type { MessageEnvelope } from "../../actors/message.ts";
import { untilAborted } from "../../worker/until_aborted.ts";
import type { Connection } from "../jetstream/connection.ts";
import { sleepUntil } from "../sleep.ts";
import { HEADERS } from "./names.ts";

/** A letter as it is kept. */
export interface KeptLetter {
  readonly message: MessageEnvelope | null;
  readonly attempts: number;
  readonly reason: string;
  readonly sentAt: Date;
  remove(): Promise<void>;
}

/** How long one request for a letter stays at the server. */
const PULL_MS = 4000;
const PAUSE_MS = 200;

/** The letters, as they come. Those that were not removed are the server's again at the end, and come to the next reader. */
export async function* keptLetters(
  connection: Connection,
  consumer: Consumer,
  id: string,
  signal: AbortSignal,
): AsyncGenerator<KeptLetter, void> {
  const kept = new Set<JsMsg>();
  const signs = setInterval(() => kept.forEach((message) => message.working()), connection.leaseMs);
  try {
    while (!signal.aborted) {
      const message = await nextLetter(connection, consumer, signal);
      if (!message) continue;
      kept.add(message);
      yield letterOf(message, id, () => kept.delete(message));
    }
  } finally {
    clearInterval(signs);
    for (const message of kept) message.nak();
  }
}

async function nextLetter(connection: Connection, consumer: Consumer, signal: AbortSignal): Promise<JsMsg | null> {
  connection.check();
  try {
    const next = consumer.next({ expires: PULL_MS });
    next.then((late) => signal.aborted && late?.nak(), () => {});
    const message = await untilAborted(next, signal);
    connection.answered();
    return message;
  } catch (error) {
    if (signal.aborted) return null;
    connection.unanswered(error);
    await sleepUntil(PAUSE_MS, signal).catch(() => {});
    return null;
  }
}

function letterOf(message: JsMsg, id: string, removed: () => void): KeptLetter {
  const { headers, data, time } = message;
  return {
    message: readable(data, id),
    attempts: Number(headers?.get(HEADERS.attempts)),
    reason: headers?.get(HEADERS.reason) ?? "",
    sentAt: time,
    remove: async () => {
      await message.ackAck();
      removed();
    },
  };
}

/** A message that this program cannot read is a letter all the same. */
function readable(data: Uint8Array, id: string): MessageEnvelope | null {
  try {
    return unpackMessage(`read a dead letter of kernel "${id}"`, data);
  } catch {
    return null;
  }
}
