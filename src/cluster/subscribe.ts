/** The reading end of a link: it brings the frames of another program into a stream. */

import type { Pipeline } from "../pipeline/pipeline.ts";
import { replaceWriter } from "../pipeline/replaced_writers.ts";
import type { StreamHandle } from "../pipeline/stream.ts";
import * as rules from "../rules.ts";
import { checkStream, END_RULES, linkOf, schemaOf, WINDOW_BYTES } from "./ends.ts";
import { subscribeFrames, type SubscribeParams } from "./tasks/subscribe_frames.ts";
import { type Transport, transportRule } from "./transport.ts";

/** Options of {@link subscribe}. */
export interface SubscribeOptions {
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
  /**
   * What happens when the writing program is stopped, fails, or is killed and comes back, before it has ended the stream.
   * `"fail"`: when all before is consumed, this task fails with a `TransportError` that says what happened. `"accept"`: it goes
   * on with the new run, whose frames follow the old ones in the stream.
   *
   * @default {"fail"}
   */
  onNewRun?: "fail" | "accept";
  /**
   * Bytes that the server sends ahead, at most.
   *
   * @default {4194304}
   */
  windowBytes?: number;
}

/** What each option of {@link subscribe} must be. */
export const SUBSCRIBE_RULES: rules.Rules = {
  ...END_RULES,
  from: transportRule,
  reader: rules.name,
  onNewRun: rules.oneOf(["fail", "accept"]),
};

function paramsOf(pipe: Pipeline, stream: StreamHandle, options: SubscribeOptions): SubscribeParams {
  const action = `subscribe stream "${stream.name}"`;
  rules.checkOptions(action, options, SUBSCRIBE_RULES);
  if (options.from === undefined) rules.checkRule(action, "from", transportRule, options.from);
  return {
    transport: options.from,
    stride: stream.stride,
    onNewRun: options.onNewRun ?? "fail",
    link: {
      link: options.link ?? linkOf(pipe, stream),
      action,
      schema: schemaOf(stream),
      frameBytes: stream.frameBytes,
      windowBytes: options.windowBytes ?? WINDOW_BYTES,
      reader: options.reader ?? "reader",
    },
  };
}

/**
 * Has frames that another program {@link publish}es take the place of whoever writes a stream. Tasks all of whose streams come
 * from elsewhere do not run, nor do those that only feed them: the declaration may be the same in both programs. It adds a
 * task that writes the stream, named `subscribe` and the stream's name: call it before the pipeline is compiled.
 *
 * What the readers of the stream have consumed is committed, at most 50 ms later. What is not when this program is killed or
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
export function subscribe(pipe: Pipeline, stream: StreamHandle, options: SubscribeOptions): void {
  checkStream("subscribe", stream);
  const params = paramsOf(pipe, stream, options);
  const task = `subscribe ${stream.name}`;
  pipe.addTask(task, {
    fn: subscribeFrames,
    module: import.meta.resolve("./tasks/subscribe_frames.ts"),
    writes: { frames: stream },
    params,
  });
  replaceWriter(pipe, stream.name, task);
}
