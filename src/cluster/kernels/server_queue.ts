/** Queues of messages on a server that keeps them until they are done. */

import { AckPolicy, DiscardPolicy, JetStreamApiError, RetentionPolicy, StorageType } from "@nats-io/jetstream";
import { headers } from "@nats-io/transport-node";
import { QueueTimeoutError } from "../../actors/errors.ts";
import type { Connection } from "../jetstream/connection.ts";
import { addStream, DEFAULT_REPLICAS, findConsumer, findStream } from "../jetstream/server_stream.ts";
import { Timer } from "../../timers.ts";
import { sleepUntil } from "../sleep.ts";
import type { ServerQueue } from "./names.ts";

/** How a server keeps a queue that is not there yet. */
export interface QueueKeeping {
  readonly keep: "file" | "memory";
  /** How many servers have it; `null` for three where there are as many. */
  readonly replicas: number | null;
  readonly maxBytes: number;
}

/** Messages that come twice within so long are one: a sender that heard nothing sends once more. */
const DUPLICATES_NS = 120 * 1e9;
/** "maximum bytes exceeded". */
const IS_FULL = 10077;
/** A full queue is looked at again after so long, in milliseconds. */
const FULL_PAUSE_MS = 100;
/** How long a reader may keep what it was handed, as a rule: 60 s. */
const READER_ACK_NS = 60 * 1e9;

/** Makes a queue, unless it is there. */
export async function ensureQueue(
  connection: Connection,
  { stream, subject }: ServerQueue,
  { keep, replicas, maxBytes }: QueueKeeping,
  signal: AbortSignal,
): Promise<void> {
  if (await findStream(connection, stream, signal)) return;
  await addStream(connection, {
    name: stream,
    subjects: [subject],
    retention: RetentionPolicy.Workqueue,
    // Nobody loses what was accepted: a full queue refuses.
    discard: DiscardPolicy.New,
    storage: keep === "file" ? StorageType.File : StorageType.Memory,
    num_replicas: replicas ?? (connection.isClustered ? DEFAULT_REPLICAS : 1),
    max_bytes: maxBytes,
    duplicate_window: DUPLICATES_NS,
  }, signal);
}

/** What hands out a queue: each message to one program, again when it is not done for `ackWaitMs`. */
export async function openConsumer(
  connection: Connection,
  { stream, consumer }: ServerQueue,
  ackWaitMs: number | null,
  signal: AbortSignal,
) {
  const ack_wait = ackWaitMs === null ? READER_ACK_NS : ackWaitMs * 1e6;
  const found = await findConsumer(connection, stream, consumer, signal);
  if (!found) {
    await connection.ask(
      () =>
        connection.manager.consumers.add(stream, {
          durable_name: consumer,
          ack_policy: AckPolicy.Explicit,
          ack_wait,
          max_ack_pending: -1,
          max_deliver: -1,
        }),
      signal,
    );
  } else if (found.config.ack_wait !== ack_wait) {
    await connection.ask(() => connection.manager.consumers.update(stream, consumer, { ack_wait }), signal);
  }
  return await connection.ask(() => connection.client.consumers.get(stream, consumer), signal);
}

/** A message for a queue. */
export interface Posting {
  /** No other one has it: the same message is kept once. */
  readonly id: string;
  readonly bytes: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

/** How long a full queue, or a server that does not answer, is waited for. */
export interface PostingWait {
  readonly timeoutMs: number;
  /** How much of that is left, if some is over. */
  readonly leftMs?: number;
  readonly signal: AbortSignal;
}

/**
 * Puts a message into a queue; resolves when the server keeps it.
 *
 * @throws {QueueTimeoutError} If it has no room for it in time, or does not answer: then it may keep it all the same.
 */
export async function post(
  connection: Connection,
  { stream, subject }: ServerQueue,
  { id, bytes, headers: fields = {} }: Posting,
  { timeoutMs, leftMs = timeoutMs, signal }: PostingWait,
  action: string,
): Promise<void> {
  const late = new AbortController();
  using _timer = new Timer(leftMs, () => late.abort());
  let state = "the server did not answer";
  try {
    const either = AbortSignal.any([signal, late.signal]);
    while (!await tryToPost(connection, subject, { id, bytes, headers: fields }, either)) {
      state = `its queue on the server, ${stream}, was full`;
      await sleepUntil(FULL_PAUSE_MS, either);
    }
  } catch (error) {
    signal.throwIfAborted();
    if (!late.signal.aborted) throw error;
    throw new QueueTimeoutError(`Cannot ${action}: ${state} for ${timeoutMs} ms`);
  }
}

/** False if the queue is full. */
async function tryToPost(
  connection: Connection,
  subject: string,
  { id, bytes, headers: fields }: Posting,
  signal: AbortSignal,
): Promise<boolean> {
  const named = headers();
  for (const [name, value] of Object.entries(fields!)) named.set(name, value);
  return await connection.ask(async () => {
    try {
      await connection.client.publish(subject, bytes, { msgID: id, headers: named });
      return true;
    } catch (error) {
      if (error instanceof JetStreamApiError && error.code === IS_FULL) return false;
      throw error;
    }
  }, signal);
}
