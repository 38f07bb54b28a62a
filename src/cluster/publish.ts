/** The writing end of a link: it takes the frames of a stream to programs on other machines. */

import { CARRY_RULES, type CarryOptions } from "../pipeline/carry.ts";
import { markCarried } from "../pipeline/carried_streams.ts";
import { addLinkEnd } from "../pipeline/links.ts";
import { onFailure } from "../pipeline/followed_failures.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import { refuseSaving } from "../pipeline/unsaved_tasks.ts";
import type { LatestStream, StreamHandle } from "../pipeline/stream.ts";
import * as rules from "../rules.ts";
import {
  checkEngine,
  type CrossingStream,
  crossingStream,
  type EndPlace,
  epochOf,
  linkOf,
  PEER_TIMEOUT_MS,
  schemaOf,
  WINDOW_BYTES,
} from "./ends.ts";
import { LinkFigures } from "./link_figures.ts";
import { HEAD_BYTES } from "./parcels/head.ts";
import { partsOf } from "./parcels/pack.ts";
import { FailureNote } from "./tasks/failure_note.ts";
import { publishFrames, type PublishParams } from "./tasks/publish_frames.ts";
import { endpointOf, type Transport, transportRule } from "./transport.ts";

/** Options of {@link publish}. */
export interface PublishOptions extends Omit<CarryOptions, "commit"> {
  /** The server. */
  to: Transport;
  /**
   * What the two ends call the link.
   *
   * @default {"<pipeline>.<stream>"}
   */
  link?: string;
  /**
   * The names of the reading ends, one for each program that subscribes. The server keeps each frame until all of them have
   * consumed it, whether they run or not.
   *
   * @default {["reader"]}
   */
  readers?: readonly string[];
}

const { commit: _, ...SENDING_RULES } = CARRY_RULES;
const names = rules.arrayOf(rules.name, "an array of one or more different texts that are not empty");

/** What each option of {@link publish} must be. */
export const PUBLISH_RULES: rules.Rules = {
  ...SENDING_RULES,
  link: rules.name,
  to: transportRule,
  readers: {
    ...names,
    isInRange: (value: readonly string[]) =>
      value.length > 0 && new Set(value).size === value.length && names.isInRange!(value as never),
  },
};

/** The same where only the newest frame crosses: it takes the place of older ones, whoever has read them. */
export const NEWEST_PUBLISH_RULES: rules.Rules = {
  to: transportRule,
  link: rules.name,
  keep: CARRY_RULES.keep,
  replicas: CARRY_RULES.replicas,
  parcelBytes: CARRY_RULES.parcelBytes,
};

/** Bytes that the server counts for each message besides its own. */
const MESSAGE_BYTES = 256;

/** The least that a link must be able to hold: two frames, each of them with all its parts, and what is said about them. */
function leastBytes(frameBytes: number, parcelBytes: number): number {
  const parts = partsOf(frameBytes, parcelBytes);
  return 2 * (frameBytes + parts * (HEAD_BYTES + MESSAGE_BYTES)) + 2 * parcelBytes + 8 * MESSAGE_BYTES;
}

function paramsOf(
  pipe: Pipeline,
  crossing: CrossingStream,
  options: PublishOptions,
  note: FailureNote,
  offset: number,
): Omit<PublishParams, "machine" | "epoch" | "figures"> {
  const { stream, isNewest } = crossing;
  const action = `publish stream "${stream.name}"`;
  rules.checkOptions(action, options, isNewest ? NEWEST_PUBLISH_RULES : PUBLISH_RULES);
  if (options.to === undefined) rules.checkRule(action, "to", transportRule, options.to);
  checkEngine(action, options.to, options);
  const { parcelBytes = 512 * 1024, maxBytes = 64 * 1024 * 1024, windowBytes = WINDOW_BYTES } = options;
  rules.checkRule(action, "maxBytes", rules.integer(leastBytes(stream.frameBytes, parcelBytes)), maxBytes);
  return {
    endpoint: endpointOf(options.to),
    note: note.memory,
    link: {
      link: linkOf(pipe, crossing, options.link),
      isNewest,
      action,
      schema: schemaOf(crossing),
      frameBytes: stream.frameBytes,
      windowBytes,
      readers: isNewest ? [] : options.readers ?? ["reader"],
      keep: options.to.engine === "tcp" ? "memory" : options.keep ?? "file",
      offset,
      replicas: options.replicas ?? null,
      maxBytes,
      parcelBytes,
      onLostPeer: options.onLostPeer ?? "wait",
      peerTimeoutMs: options.peerTimeoutMs ?? PEER_TIMEOUT_MS,
      keepsLast: options.onNewRun === "resume",
    },
  };
}

/**
 * Has a pipeline send the frames of one of its streams to programs on other machines, each of which has {@link subscribe}d to
 * the same link. It adds a task that reads the stream, named `publish` and the stream's name: call it before the pipeline is
 * compiled.
 *
 * Of `stream.latest` only the newest frame crosses, to any number of programs: it takes the place of older ones, and nobody
 * holds the writer back. Of a stream, all frames arrive, in order. Whoever reads them slowest there holds the writer back here. The end of the stream crosses; so
 * does a failure or a stop of this program. A program that was killed and starts again begins a new run of the link.
 *
 * @throws {TypeError | RangeError} If an option is not what it must be.
 * @throws {DeclarationError} If the stream is not one of the pipeline, or is published already.
 *
 * @example
 * ```ts
 * import { Pipeline } from "@ringmill/ringmill";
 * import { nats, publish } from "@ringmill/ringmill/cluster";
 * import { deepEqual } from "node:assert/strict";
 *
 * const pipe = new Pipeline("line", import.meta);
 * const frames = pipe.addStream("frames", { shape: [480, 640], dtype: "uint8" });
 * publish(pipe, frames, { to: nats("nats://hub:4222"), readers: ["detect", "archive"] });
 * deepEqual(Array.from(pipe.tasks.keys()), ["publish frames"]);
 * ```
 */
export function publish(
  pipe: Pipeline,
  stream: StreamHandle | LatestStream,
  options: PublishOptions,
): void {
  publishAs(pipe, stream, options);
}

/** As {@link publish}, of one of the links of a machine. */
export function publishAs(
  pipe: Pipeline,
  stream: StreamHandle | LatestStream,
  options: PublishOptions,
  place: EndPlace = { offset: 0 },
): void {
  const { machine, offset } = place;
  const crossing = crossingStream("publish", stream);
  const { stream: { name }, isNewest } = crossing;
  const note = FailureNote.make();
  const figures = LinkFigures.make();
  const own = { machine: machine ?? null, epoch: epochOf(pipe), figures: figures.memory };
  const params: PublishParams = { ...paramsOf(pipe, crossing, options, note, offset), ...own };
  const task = `publish ${isNewest ? "newest " : ""}${name}`;
  pipe.addTask(task, {
    fn: publishFrames,
    module: import.meta.resolve("./tasks/publish_frames.ts"),
    reads: { frames: stream },
    params,
    machine,
  });
  markCarried(pipe, name, isNewest ? "newest" : "out");
  onFailure(pipe, ({ message }) => note.write(message.replace(/^Task /, "task ")));
  const peers = options.readers ?? (isNewest ? ["readers"] : ["reader"]);
  addLinkEnd(pipe, { task, stream: name, way: "out", peers: place.peers ?? peers, read: () => figures.read() });
  refuseSaving(pipe, task, `sends stream "${name}" to other programs`);
}
