/** The task that publishes a stream. */

import { StoppedError } from "../../errors.ts";
import type { TaskContext } from "../../manager/task_context.ts";
import type { FrameType } from "../../ring/dtypes.ts";
import type { Reader } from "../../ring/reader.ts";
import type { LinkOpener, WritingDescription, WritingLink } from "../link.ts";
import { KIND, makeNotice } from "../parcels/head.ts";
import { framesPerParcel, packFrames, packParts } from "../parcels/pack.ts";
import type { Transport } from "../transport.ts";
import { FailureNote } from "./failure_note.ts";
import { linkOpener } from "./open_links.ts";

/** What the task is told. */
export interface PublishParams {
  readonly transport: Transport;
  readonly link: Omit<WritingDescription, "begin">;
  /** Where the program says why it stops. */
  readonly note: SharedArrayBuffer;
}

/** How long a program that is stopped waits for the reason. */
const REASON_MS = 100;
/** How long it tries to tell the others. */
const FAREWELL_MS = 300;

/** Publishes until the stream ends, or the pipeline is stopped. */
export async function publishFrames(
  { frames }: { frames: Reader<FrameType> },
  { params, signal }: TaskContext<PublishParams>,
): Promise<void> {
  const opener = await linkOpener(params.transport);
  await carryOut(frames, opener, { ...params, signal });
}

/** What {@link carryOut} needs of the task. */
export interface CarryOutOptions extends Pick<PublishParams, "link" | "note"> {
  readonly signal: AbortSignal;
}

/** Carries the frames of a stream into a link that it opens. */
export async function carryOut(
  frames: Reader<FrameType>,
  opener: LinkOpener,
  { link: description, note, signal }: CarryOutOptions,
): Promise<void> {
  const epoch = crypto.getRandomValues(new BigUint64Array(1))[0];
  const begin = makeNotice(KIND.begin, epoch, 0);
  await using link = await opener.openWriting({ ...description, begin }, signal);
  const outlet = new Outlet(frames, link, description, epoch);
  try {
    await outlet.run(signal);
  } catch (error) {
    if (error instanceof StoppedError) await outlet.sayFarewell(await new FailureNote(note).read(REASON_MS));
    throw error;
  }
}

/** Makes parcels of one run. */
class Outlet {
  readonly #frames: Reader<FrameType>;
  readonly #link: WritingLink;
  readonly #description: Omit<WritingDescription, "begin">;
  readonly #epoch: bigint;
  /** The number of the next frame. */
  #next = 0;

  constructor(
    frames: Reader<FrameType>,
    link: WritingLink,
    description: Omit<WritingDescription, "begin">,
    epoch: bigint,
  ) {
    this.#frames = frames;
    this.#link = link;
    this.#description = description;
    this.#epoch = epoch;
  }

  /** Publishes all frames and the end. */
  async run(signal: AbortSignal): Promise<void> {
    const { parcelBytes, frameBytes } = this.#description;
    const most = framesPerParcel(parcelBytes, frameBytes);
    for (;;) {
      const frame = await this.#frames.lookAsync({ signal });
      if (frame === null) break;
      if (most === 0) await this.#putParts(frame, signal);
      else await this.#putFrames(most, signal);
    }
    await this.#link.put(makeNotice(KIND.end, this.#epoch, this.#next), 0, signal);
    await this.#link.settle(signal);
  }

  /** Many frames at a time if there are many: what waits for the network is gathered meanwhile. */
  async #putFrames(most: number, signal: AbortSignal): Promise<void> {
    const found = this.#frames.lookMany(most)!;
    const parcel = packFrames(found, this.#frames.frameBytes, this.#epoch, this.#next);
    this.#frames.increment();
    this.#next += found.length;
    await this.#link.put(parcel, found.length, signal);
  }

  async #putParts(frame: object, signal: AbortSignal): Promise<void> {
    const { frameBytes, parcelBytes } = this.#description;
    const parcels = Array.from(packParts(frame, { frameBytes, parcelBytes }, this.#epoch, this.#next));
    this.#frames.increment();
    this.#next++;
    for (const [index, parcel] of parcels.entries()) {
      await this.#link.put(parcel, index + 1 === parcels.length ? 1 : 0, signal);
    }
  }

  /** Tells the readers why no more comes. What cannot be said in time is not: they then see a new run, or nobody. */
  async sayFarewell(failure: string | null): Promise<void> {
    const [kind, text] = failure === null ? [KIND.stopped, ""] : [KIND.failed, failure];
    const signal = AbortSignal.timeout(FAREWELL_MS);
    try {
      await this.#link.put(makeNotice(kind, this.#epoch, this.#next, `${Deno.hostname()}\n${text}`), 0, signal);
      await this.#link.settle(signal);
    } catch {
      // The program stops, whether anybody hears of it or not.
    }
  }
}
