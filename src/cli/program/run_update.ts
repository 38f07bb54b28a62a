/** What is known of a run in another program, and whether that is what it should be: anybody may have sent it. */

import type { Snapshot } from "../../manager/metrics.ts";
import type { LiveFrame, LivePart } from "../../view/live/live_frame.ts";
import type { RunFailure } from "./run_server.ts";

/** What is known at a moment. */
export interface RunUpdate {
  readonly title: string;
  readonly snapshot: Snapshot;
  /** Whether it is over: nothing follows. */
  readonly isFinal: boolean;
  readonly failures: readonly RunFailure[];
}

type Table = Readonly<Record<string, unknown>>;

const isText = (value: unknown): value is string => typeof value === "string";
const isTable = (value: unknown): value is Table =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isFigure = (value: unknown) => value === null || typeof value === "number" && value >= 0;

/** Whether all fields but some are numbers of 0 or more, or unknown. */
function hasFigures(table: Table, others: readonly string[]): boolean {
  return Object.entries(table).every(([field, value]) => others.includes(field) || isFigure(value));
}

function areAll(tables: unknown, isOne: (table: Table) => boolean): boolean {
  return isTable(tables) && Object.values(tables).every((table) => isTable(table) && isOne(table));
}

const isEnd = (end: Table) => isText(end.stream) && hasFigures(end, ["stream"]);
const isWait = (wait: unknown) =>
  isTable(wait) && isText(wait.what) && (wait.name === undefined || isText(wait.name)) &&
  hasFigures(wait, ["what", "name"]);

function isTask(task: Table): boolean {
  const { name, state, waitingFor, waits, nice, lastError, reads, writes } = task;
  return isText(name) && isText(state) && (lastError === undefined || lastError === null || isText(lastError)) &&
    (waitingFor === null || isWait(waitingFor)) &&
    (waits === undefined || Array.isArray(waits) && waits.every(isWait)) && areAll(reads, isEnd) &&
    areAll(writes, isEnd) && (nice === undefined || nice === null || typeof nice === "number") &&
    hasFigures(task, ["name", "state", "waitingFor", "waits", "nice", "lastError", "reads", "writes"]);
}

const isStream = (stream: Table) => isText(stream.name) && hasFigures(stream, ["name"]);

const LINK_TEXTS = ["task", "stream", "way", "state"];

const isLink = (link: Table) =>
  LINK_TEXTS.every((field) => isText(link[field])) && Array.isArray(link.peers) && link.peers.every(isText) &&
  hasFigures(link, [...LINK_TEXTS, "peers"]);

/** Whether a value is a snapshot of a pipeline. */
export function isSnapshot(value: unknown): value is Snapshot {
  return isTable(value) && hasFigures(value, ["tasks", "streams", "links"]) && areAll(value.tasks, isTask) &&
    areAll(value.streams, isStream) && (value.links === undefined || areAll(value.links, isLink));
}

/** Whether a value is a list of failures. */
export function isFailures(value: unknown): value is readonly RunFailure[] {
  return Array.isArray(value) &&
    value.every((failure) =>
      isTable(failure) && [failure.task, failure.reason, failure.details].every((text) => isText(text))
    );
}

const KINDS: readonly unknown[] = ["line", "picture", "colours"] satisfies LivePart["kind"][];

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const areTwo = (value: unknown, isOne: (value: unknown) => boolean) =>
  value === null || Array.isArray(value) && value.length === 2 && value.every(isOne);

function isLivePart(part: unknown): boolean {
  if (!isTable(part)) return false;
  const { name, kind, unit, width, height, channels = 1, texts, missing, data } = part;
  if (![name, unit, data].every(isText) || !KINDS.includes(kind) || !areTwo(texts, isText)) return false;
  if (![width, height, channels, missing].every(isCount)) return false;
  const bytes = (width as number) * (height as number) * (kind === "line" ? 4 : channels as number);
  return bytes <= LARGEST_PART && isBase64(data as string, bytes);
}

/** Bytes of a part, at most. */
const LARGEST_PART = 1_000_000;

function isBase64(text: string, bytes: number): boolean {
  try {
    return Uint8Array.fromBase64(text).length === bytes;
  } catch {
    return false;
  }
}

/** Whether a value is the newest frame of a stream. */
export function isLiveFrame(value: unknown): value is LiveFrame {
  if (!isTable(value)) return false;
  const { node, frames, isFinal, type, parts, leftOut } = value;
  return isText(node) && isText(type) && isCount(frames) && isCount(leftOut) && typeof isFinal === "boolean" &&
    Array.isArray(parts) && parts.every(isLivePart);
}
