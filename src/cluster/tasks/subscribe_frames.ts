/** The task that subscribes to a link. */

import type { CommitPolicy, NewRunPolicy } from "../../pipeline/carry.ts";
import { flowsOf, isPipelineStopped, type TaskContext } from "../../manager/task_context.ts";
import type { FrameType } from "../../ring/dtypes.ts";
import type { RingFlow } from "../../ring/ring_flow.ts";
import type { Writer } from "../../ring/writer.ts";
import { type LinkOpener, LostPeerError, type ReadingDescription, type ReadingLink } from "../link.ts";
import type { Endpoint } from "../transport.ts";
import { LinkFigures } from "../link_figures.ts";
import { Inlet } from "./inlet.ts";
import { NewestInlet } from "./newest_inlet.ts";
import { linkOpener } from "./open_links.ts";

/** What the task is told. */
export interface SubscribeParams {
  readonly endpoint: Endpoint;
  readonly link: Omit<ReadingDescription, "figures">;
  /** Where it says how the link is. */
  readonly figures: SharedArrayBuffer;
  /** Bytes from one frame of the stream to the next. */
  readonly stride: number;
  readonly onNewRun: NewRunPolicy;
  readonly commit: CommitPolicy;
}

/** Subscribes until the stream ends, or the pipeline is stopped. */
export async function subscribeFrames(
  { frames }: { frames: Writer<FrameType> },
  context: TaskContext<SubscribeParams>,
): Promise<void> {
  const { params, signal } = context;
  const opener = await linkOpener(params.endpoint);
  const figures = new LinkFigures(params.figures);
  const link = { ...params.link, figures };
  try {
    await carryIn(frames, opener, {
      ...params,
      link,
      signal,
      isStopped: () => isPipelineStopped(context),
      flows: flowsOf(context),
    });
  } finally {
    figures.setState("ended");
  }
}

/** What {@link carryIn} needs of the task. */
export interface CarryInOptions extends Omit<SubscribeParams, "endpoint" | "figures" | "link"> {
  readonly link: ReadingDescription;
  /** The rings that what is made of the frames passes on its way to other machines. */
  readonly flows: readonly RingFlow[];
  readonly signal: AbortSignal;
  /** Whether readers of the stream may have left since they were told to: by a stop of the whole pipeline. */
  isStopped(): boolean;
}

/** Carries what comes from a link that it opens into a stream. */
export async function carryIn(
  frames: Writer<FrameType>,
  opener: LinkOpener,
  options: CarryInOptions,
): Promise<void> {
  await using link = await openLink(opener, options);
  if (!link) return;
  if (options.link.isNewest) return await new NewestInlet(frames, link, options).run();
  using inlet = new Inlet(frames, link, options);
  await inlet.run();
}

/** The link, or `null` if nobody has come to write it, and that ends the stream. */
async function openLink(opener: LinkOpener, { link, signal }: CarryInOptions): Promise<ReadingLink | null> {
  try {
    return await opener.openReading(link, signal);
  } catch (error) {
    if (error instanceof LostPeerError && link.onLostPeer === "end") return null;
    throw error;
  }
}
