/** The reading end of a link: it brings the frames of another program into a stream. */

import { addLinkEnd } from "../pipeline/links.ts";
import { markCarried } from "../pipeline/carried_streams.ts";
import { CARRY_RULES, type CarryOptions } from "../pipeline/carry.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import { replaceWriter } from "../pipeline/replaced_writers.ts";
import { refuseSaving } from "../pipeline/unsaved_tasks.ts";
import type { LatestStream, StreamHandle } from "../pipeline/stream.ts";
import * as rules from "../rules.ts";
import {
  type CrossingStream,
  crossingStream,
  type EndPlace,
  linkOf,
  PEER_TIMEOUT_MS,
  schemaOf,
  WINDOW_BYTES,
} from "./ends.ts";
import { LinkFigures } from "./link_figures.ts";
import { subscribeFrames, type SubscribeParams } from "./tasks/subscribe_frames.ts";
import { endpointOf, type Transport, transportRule } from "./transport.ts";

/** Options of {@link subscribe}. */
export interface SubscribeOptions
  extends Pick<CarryOptions, "windowBytes" | "onLostPeer" | "peerTimeoutMs" | "onNewRun" | "commit"> {
  /** The server. */
  from: Transport;
  /**
   * What the two ends call the link.
   *
   * @default {"<pipeline>.<stream>"}
   */
  link?: string;
  /**
   * The name of this end, one of the `readers` of the writing end. One program at a time has it.
   *
   * @default {"reader"}
   */
  reader?: string;
}

const { windowBytes, onLostPeer, peerTimeoutMs, onNewRun, commit } = CARRY_RULES;

/** What each option of {@link subscribe} must be. */
export const SUBSCRIBE_RULES: rules.Rules = {
  link: rules.name,
  from: transportRule,
  reader: rules.name,
  windowBytes,
  onLostPeer,
  peerTimeoutMs,
  onNewRun,
  commit,
};

/** The same where only the newest frame crosses. */
export const NEWEST_SUBSCRIBE_RULES: rules.Rules = {
  from: transportRule,
  link: rules.name,
  reader: rules.name,
  onLostPeer: rules.oneOf(["wait", "fail", "end"]),
  peerTimeoutMs,
  onNewRun: rules.oneOf(["fail", "accept"]),
};

function paramsOf(
  pipe: Pipeline,
  crossing: CrossingStream,
  options: SubscribeOptions,
  offset: number,
): Omit<SubscribeParams, "figures"> {
  const { stream, isNewest } = crossing;
  const action = `subscribe stream "${stream.name}"`;
  rules.checkOptions(action, options, isNewest ? NEWEST_SUBSCRIBE_RULES : SUBSCRIBE_RULES);
  if (options.from === undefined) rules.checkRule(action, "from", transportRule, options.from);
  return {
    endpoint: endpointOf(options.from),
    stride: stream.stride,
    onNewRun: options.onNewRun ?? "fail",
    commit: options.commit ?? "consumed",
    link: {
      link: linkOf(pipe, crossing, options.link),
      isNewest,
      action,
      schema: schemaOf(crossing),
      frameBytes: stream.frameBytes,
      windowBytes: options.windowBytes ?? WINDOW_BYTES,
      offset,
      reader: options.reader ?? "reader",
      onLostPeer: options.onLostPeer ?? "wait",
      peerTimeoutMs: options.peerTimeoutMs ?? PEER_TIMEOUT_MS,
    },
  };
}

/**
 * Has frames that another program {@link publish}es take the place of whoever writes a stream. Tasks all of whose streams come
 * from elsewhere do not run, nor do those that only feed them: the declaration may be the same in both programs. It adds a
 * task that writes the stream, named `subscribe` and the stream's name: call it before the pipeline is compiled.
 *
 * With `stream.latest` only the newest frame comes, as the other program must publish it: read it as `latest` here, too.
 * Otherwise, what the readers of the stream have consumed is committed, at most 50 ms later. What is not when this program is killed or
 * stopped comes again when it is started again; nothing else comes twice.
 *
 * @throws {TypeError | RangeError} If an option is not what it must be.
 * @throws {DeclarationError} If the stream is not one of the pipeline, or comes from elsewhere already; and, when the pipeline
 * is compiled, if only some of the streams of a task do.
 *
 * @example
 * ```ts
 * import { Pipeline } from "@ringmill/ringmill";
 * import { nats, subscribe } from "@ringmill/ringmill/cluster";
 * import { deepEqual } from "node:assert/strict";
 *
 * const pipe = new Pipeline("line", import.meta);
 * const frames = pipe.addStream("frames", { shape: [480, 640], dtype: "uint8" });
 * subscribe(pipe, frames, { from: nats("nats://hub:4222"), reader: "detect" });
 * deepEqual(Array.from(pipe.tasks.keys()), ["subscribe frames"]);
 * ```
 */
export function subscribe(
  pipe: Pipeline,
  stream: StreamHandle | LatestStream,
  options: SubscribeOptions,
): void {
  subscribeAs(pipe, stream, options);
}

/** As {@link subscribe}, of one of the links of a machine. */
export function subscribeAs(
  pipe: Pipeline,
  stream: StreamHandle | LatestStream,
  options: SubscribeOptions,
  place: EndPlace = { offset: 0 },
): void {
  const { machine, offset } = place;
  const crossing = crossingStream("subscribe", stream);
  const { stream: handle, isNewest } = crossing;
  const { name } = handle;
  const figures = LinkFigures.make();
  const params = { ...paramsOf(pipe, crossing, options, offset), figures: figures.memory };
  const task = `subscribe ${isNewest ? "newest " : ""}${name}`;
  pipe.addTask(task, {
    fn: subscribeFrames,
    module: import.meta.resolve("./tasks/subscribe_frames.ts"),
    writes: { frames: handle },
    params,
    machine,
  });
  markCarried(pipe, name, "in");
  replaceWriter(pipe, name, task);
  const peers = place.peers ?? [params.link.link];
  addLinkEnd(pipe, { task, stream: name, way: "in", peers, read: () => figures.read() });
  refuseSaving(pipe, task, `takes stream "${name}" from another program`);
}
