/** The JetStream streams of links: made by the writing end, checked by all. */

import {
  AckPolicy,
  type Consumer,
  DeliverPolicy,
  DiscardPolicy,
  JetStreamApiError,
  RetentionPolicy,
  StorageType,
  type StreamInfo,
} from "@nats-io/jetstream";
import { whyUnreadable } from "../../format_version.ts";
import { tell } from "../../notices.ts";
import { formatDuration } from "../../units.ts";
import { partsOf } from "../parcels/pack.ts";
import { sleepUntil } from "../sleep.ts";
import { SchemaMismatchError, TransportError } from "../errors.ts";
import {
  givesUp,
  type LinkDescription,
  LostPeerError,
  type ReadingDescription,
  type WritingDescription,
} from "../link.ts";
import type { Connection } from "./connection.ts";
import { CLAIMS_STREAM, CLAIMS_SUBJECTS, KEEPER, streamOf, subjectOf, tokenOf } from "./names.ts";

const PROTOCOL = 1;
const KEYS = {
  protocol: "ringmill.protocol",
  schema: "ringmill.schema",
  identity: "ringmill.identity",
  parcel: "ringmill.parcel_bytes",
  rejoin: "ringmill.rejoin",
} as const;
/** Unconsumed parcels come again when a reading end attaches; while it lives, it has them. */
const ACK_WAIT_NS = 3600 * 1e9;
/** A consumer that nobody asks for so long is forgotten. */
const PASSING_NS = 30 * 1e9;
/** Between two attempts to find a link; after so many the terminal hears of it: 5 s. */
const PAUSE_MS = 200;
const WARN_AFTER = 25;
const STREAM_NOT_FOUND = 10059;
const CONSUMER_NOT_FOUND = 10014;
const NAME_IN_USE = 10058;
const NO_MESSAGE = 10037;
export const DEFAULT_REPLICAS = 3;
const MOST_PARCEL_BYTES = 8 * 1024 * 1024;

const hasCode = (error: unknown, code: number) => error instanceof JetStreamApiError && error.code === code;

/** A stream as it is, or `null` if there is none. */
export async function findStream(connection: Connection, name: string, signal?: AbortSignal) {
  return await connection.ask(async () => {
    try {
      return await connection.manager.streams.info(name);
    } catch (error) {
      if (hasCode(error, STREAM_NOT_FOUND)) return null;
      throw error;
    }
  }, signal);
}

/** A stream's own identity: one that was made anew after a loss has another. */
export function identityOf({ config }: StreamInfo): string {
  return config.metadata?.[KEYS.identity] ?? "";
}

/** Bytes of a parcel, or the most there can be where the stream does not say so in earnest. */
export function parcelBytesOf({ config }: StreamInfo): number {
  const bytes = Number(config.metadata?.[KEYS.parcel]);
  return Number.isSafeInteger(bytes) && bytes > 0 ? bytes : MOST_PARCEL_BYTES;
}

/**
 * Checks that a link's stream carries what this end declares.
 *
 * @throws {SchemaMismatchError} If it does not.
 * @throws {TransportError} If it is another program's.
 */
export function checkStream({ action, schema, link }: LinkDescription, { config }: StreamInfo): void {
  const { [KEYS.protocol]: protocol, [KEYS.schema]: other } = config.metadata ?? {};
  if (protocol === undefined) {
    throw new TransportError(`Cannot ${action}: JetStream stream ${streamOf(link)} was not made by Ringmill`);
  }
  const why = whyUnreadable(Number(protocol), { newest: PROTOCOL, name: "protocol" });
  if (why !== null) throw new TransportError(`Cannot ${action}: JetStream stream ${streamOf(link)}: ${why}`);
  if (other === schema) return;
  // The stream may be of a run before, whose declaration both ends have changed since.
  const advice = `if no end declares that any more, remove JetStream stream ${streamOf(link)}, with what it holds`;
  throw new SchemaMismatchError(
    `Cannot ${action}: the other end of link "${link}" declares ${other}, this one ${schema}; ${advice}`,
  );
}

function replicasOf({ replicas }: Pick<WritingDescription, "replicas">, connection: Connection): number {
  return replicas ?? (connection.isClustered ? DEFAULT_REPLICAS : 1);
}

/** Makes the stream of claims if there is none. */
export async function ensureClaims(
  connection: Connection,
  description: Pick<WritingDescription, "replicas">,
  signal: AbortSignal,
) {
  if (await findStream(connection, CLAIMS_STREAM, signal)) return;
  await addStream(connection, {
    name: CLAIMS_STREAM,
    subjects: [CLAIMS_SUBJECTS],
    storage: StorageType.File,
    num_replicas: replicasOf(description, connection),
    max_msgs_per_subject: 1,
  }, signal);
}

type StreamDraft = Parameters<Connection["manager"]["streams"]["add"]>[0];

/** Adds a stream, unless somebody else has done so meanwhile. */
export async function addStream(connection: Connection, draft: StreamDraft, signal: AbortSignal): Promise<StreamInfo> {
  try {
    return await connection.ask(() => connection.manager.streams.add(draft), signal);
  } catch (error) {
    const found = hasCode(error, NAME_IN_USE) ? await findStream(connection, draft.name, signal) : null;
    if (!found) throw error;
    return found;
  }
}

/** Makes the stream of a link, or checks the one that is there and has it hold as much as this run wants. */
export async function ensureStream(
  connection: Connection,
  description: WritingDescription,
  signal: AbortSignal,
): Promise<StreamInfo> {
  const name = streamOf(description.link);
  const found = await findStream(connection, name, signal) ?? await addStream(connection, {
    name,
    subjects: [subjectOf(description.link)],
    storage: description.keep === "file" ? StorageType.File : StorageType.Memory,
    num_replicas: replicasOf(description, connection),
    ...policiesOf(description),
    max_bytes: description.maxBytes,
    metadata: {
      [KEYS.protocol]: `${PROTOCOL}`,
      [KEYS.schema]: description.schema,
      [KEYS.identity]: crypto.randomUUID(),
      ...changing(description),
    },
  }, signal);
  checkStream(description, found);
  checkKept(description, found);
  const { maxBytes: max_bytes } = description;
  const { max_msgs } = policiesOf(description);
  const wanted = changing(description);
  const isSame = Object.entries(wanted).every(([key, value]) => found.config.metadata?.[key] === value);
  if (found.config.max_bytes === max_bytes && found.config.max_msgs === max_msgs && isSame) return found;
  const metadata = { ...found.config.metadata, ...wanted };
  return await connection.ask(() => connection.manager.streams.update(name, { max_bytes, max_msgs, metadata }), signal);
}

/**
 * Frames are kept until all have consumed them, or until there are newer ones: a whole frame is there at any time, and what was
 * said after it.
 */
function policiesOf({ isNewest, frameBytes, parcelBytes }: WritingDescription) {
  if (!isNewest) return { retention: RetentionPolicy.Interest, discard: DiscardPolicy.New, max_msgs: -1 };
  const max_msgs = 2 * partsOf(frameBytes, parcelBytes);
  return { retention: RetentionPolicy.Limits, discard: DiscardPolicy.Old, max_msgs };
}

/** Waits until the writing end has made a link, and checks it. */
export async function waitForStream(
  connection: Connection,
  description: ReadingDescription,
  signal: AbortSignal,
): Promise<StreamInfo> {
  for (let looks = 0;; looks++) {
    const info = await findStream(connection, streamOf(description.link), signal);
    if (info) {
      checkStream(description, info);
      return info;
    }
    await pauseForWriter(description, looks, signal);
  }
}

/**
 * Waits between two looks for a link that nobody publishes yet.
 *
 * @throws {LostPeerError} If nobody is waited for so long.
 */
export async function pauseForWriter(
  { link, action, onLostPeer, peerTimeoutMs }: ReadingDescription,
  looks: number,
  signal: AbortSignal,
): Promise<void> {
  if (looks === WARN_AFTER) tell(`Nobody publishes link "${link}" yet; it is waited for`);
  // Only time in which the server answers counts.
  if (givesUp(onLostPeer) && looks * PAUSE_MS >= peerTimeoutMs) {
    const since = formatDuration(peerTimeoutMs);
    throw new LostPeerError(`Cannot ${action}: the program that writes it has not been there for ${since}`);
  }
  await sleepUntil(PAUSE_MS, signal);
}

/** A consumer of all that is there and comes from a sequence number on, as long as somebody asks it. Nothing is acked. */
export async function addPassingConsumer(
  connection: Connection,
  stream: string,
  opt_start_seq: number,
  signal: AbortSignal,
): Promise<Consumer> {
  const deliver_policy = DeliverPolicy.StartSequence;
  const draft = { deliver_policy, opt_start_seq, ack_policy: AckPolicy.None, inactive_threshold: PASSING_NS };
  const { name } = await connection.ask(
    () => connection.manager.consumers.add(stream, { ...draft, mem_storage: true, num_replicas: 1 }),
    signal,
  );
  return await connection.ask(() => connection.client.consumers.get(stream, name), signal);
}

/** What each run decides anew. */
function changing({ parcelBytes, readers, onLostPeer }: WritingDescription): Record<string, string> {
  const isDropped = onLostPeer === "drop" || onLostPeer === "end";
  return { [KEYS.parcel]: `${parcelBytes}`, [KEYS.rejoin]: JSON.stringify(isDropped ? readers : []) };
}

/** Whether a reader that is not there is not waited for, and may come back by itself. */
export function mayRejoin({ config }: StreamInfo, reader: string): boolean {
  try {
    return (JSON.parse(config.metadata?.[KEYS.rejoin] ?? "[]") as string[]).includes(reader);
  } catch {
    return false;
  }
}

function checkKept({ action, keep, link }: WritingDescription, { config }: StreamInfo): void {
  if ((config.storage as string) === keep) return;
  const advice = `remove JetStream stream ${streamOf(link)} first, with what it holds`;
  throw new TransportError(
    `Cannot ${action}: its link was made with keep "${config.storage}", not "${keep}": ${advice}`,
  );
}

/**
 * Makes the consumers of all reading ends, which must be there before the first parcel: what nobody waits for is not kept.
 * Returns whether the one that keeps the last parcel was not there before.
 */
export async function ensureConsumers(
  connection: Connection,
  { link, readers, action, keepsLast }: WritingDescription,
  signal: AbortSignal,
): Promise<boolean> {
  const name = streamOf(link);
  const known = await connection.ask(() => consumerNames(connection, name), signal);
  const wanted = [...keepsLast ? [KEEPER] : [], ...readers.map(tokenOf)];
  if (known.includes(KEEPER) && !keepsLast) await deleteConsumer(connection, name, KEEPER, signal);
  const surplus = known.filter((consumer) => !wanted.includes(consumer) && consumer !== KEEPER);
  if (surplus.length > 0) {
    const advice = `name them, too, or remove these consumers of JetStream stream ${name}`;
    throw new TransportError(
      `Cannot ${action}: its link has readers that it does not name, ${surplus.join(", ")}: ${advice}`,
    );
  }
  for (const consumer of wanted.filter((consumer) => !known.includes(consumer))) {
    await addConsumer(connection, name, consumer, DeliverPolicy.All, signal);
  }
  return !known.includes(KEEPER);
}

/** Makes a consumer, of all that is there or of what is new. */
export async function addConsumer(
  connection: Connection,
  stream: string,
  durable_name: string,
  deliver_policy: DeliverPolicy,
  signal?: AbortSignal,
): Promise<void> {
  const acks = { ack_policy: AckPolicy.All, max_ack_pending: -1, ack_wait: ACK_WAIT_NS };
  await connection.ask(
    () => connection.manager.consumers.add(stream, { durable_name, deliver_policy, ...acks }),
    signal,
  );
}

/** Removes a consumer, if it is there: what only it has not acked is gone. */
export async function deleteConsumer(connection: Connection, stream: string, consumer: string, signal?: AbortSignal) {
  await connection.ask(async () => {
    try {
      await connection.manager.consumers.delete(stream, consumer);
    } catch (error) {
      if (!hasCode(error, CONSUMER_NOT_FOUND)) throw error;
    }
  }, signal);
}

/** The last message of a subject, from the leader; `null` if there is none, or no stream that has it. */
export async function lastMessage(connection: Connection, stream: string, subject: string, signal?: AbortSignal) {
  return await connection.ask(async () => {
    try {
      return await connection.manager.streams.getMessage(stream, { last_by_subj: subject });
    } catch (error) {
      if (hasCode(error, NO_MESSAGE) || hasCode(error, STREAM_NOT_FOUND)) return null;
      throw error;
    }
  }, signal);
}

async function consumerNames(connection: Connection, stream: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of connection.manager.consumers.list(stream)) names.push(name);
  return names;
}

/**
 * Whether a consumer has sent messages that have not arrived after the one with the number `taken`: a connection that breaks
 * loses what is on its way, and the server waits for an ack of that. Only for a request that is over.
 */
export async function hasSentMore(
  connection: Connection,
  consumer: Consumer,
  taken: number,
  signal?: AbortSignal,
): Promise<boolean> {
  const { delivered } = await connection.ask(() => consumer.info(), signal);
  return delivered.stream_seq > taken;
}

/** A consumer as it is, or `null` if there is none. */
export async function findConsumer(connection: Connection, stream: string, consumer: string, signal?: AbortSignal) {
  return await connection.ask(async () => {
    try {
      return await connection.manager.consumers.info(stream, consumer);
    } catch (error) {
      if (hasCode(error, CONSUMER_NOT_FOUND) || hasCode(error, STREAM_NOT_FOUND)) return null;
      throw error;
    }
  }, signal);
}
