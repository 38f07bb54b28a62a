/** The task that publishes a stream. */

import { StoppedError } from "../../errors.ts";
import type { TaskContext } from "../../manager/task_context.ts";
import type { FrameType } from "../../ring/dtypes.ts";
import type { Reader } from "../../ring/reader.ts";
import { type LinkOpener, LostPeerError, type WritingDescription, type WritingLink } from "../link.ts";
import { KIND, makeNotice, type ParcelHead, readHead } from "../parcels/head.ts";
import { framesPerParcel, packFrames, packParts } from "../parcels/pack.ts";
import type { Endpoint } from "../transport.ts";
import { LinkFigures } from "../link_figures.ts";
import { FailureNote } from "./failure_note.ts";
import { sleepUntil } from "../sleep.ts";
import { linkOpener } from "./open_links.ts";

/** What the task is told. */
export interface PublishParams {
  readonly endpoint: Endpoint;
  readonly link: Omit<WritingDescription, "begin" | "figures" | "onStored">;
  /** Where it says how the link is. */
  readonly figures: SharedArrayBuffer;
  /** Where the program says why it stops. */
  readonly note: SharedArrayBuffer;
  /** The label of the machine that the program is, if it is one. */
  readonly machine: string | null;
  /** Which run of the program it is. */
  readonly epoch: number;
}

/** How long a program that is stopped waits for the reason. */
const REASON_MS = 100;
/** How often it is looked whether a run has begun. */
const LOOK_MS = 10;
/** How long it tries to tell the others. */
const FAREWELL_MS = 300;

/** Publishes until the stream ends, or the pipeline is stopped. */
export async function publishFrames(
  { frames }: { frames: Reader<FrameType> },
  { params, signal }: TaskContext<PublishParams>,
): Promise<void> {
  const opener = await linkOpener(params.endpoint);
  try {
    await carryOut(frames, opener, { ...params, signal });
  } finally {
    new LinkFigures(params.figures).setState("ended");
  }
}

/** What {@link carryOut} needs of the task. */
export interface CarryOutOptions extends Pick<PublishParams, "link" | "note" | "machine" | "epoch" | "figures"> {
  readonly signal: AbortSignal;
}

/** Carries the frames of a stream into a link that it opens. */
export async function carryOut(
  frames: Reader<FrameType>,
  opener: LinkOpener,
  { link, note, machine, epoch, signal, figures }: CarryOutOptions,
): Promise<void> {
  const description = { ...link, figures: new LinkFigures(figures) };
  let number = 0;
  const onStored = (stored: number) => {
    if (frames.runs && !description.isNewest) frames.runs.stored = stored;
  };
  const begin = (last: Uint8Array | null) => {
    number = last === null ? 0 : nextAfter(readHead(description.action, last, description.frameBytes));
    return makeNotice(KIND.begin, BigInt(epoch), number);
  };
  await using opened = await opener.openWriting({ ...description, begin, onStored }, signal);
  if (!description.isNewest) frames.runs?.begin(0, { epoch, number });
  else await beginNewest(frames, epoch, signal);
  const outlet = new Outlet(frames, opened, description, { epoch: BigInt(epoch), first: number });
  try {
    await outlet.run(signal);
  } catch (error) {
    // As if the readers of the stream had been here, and had left.
    if (error instanceof LostPeerError) return;
    if (error instanceof StoppedError) {
      await outlet.sayFarewell(machine ?? Deno.hostname(), await new FailureNote(note).read(REASON_MS));
    }
    throw error;
  }
}

/** Frames of which only the newest cross have the numbers that they have for those who get all. */
async function beginNewest({ runs }: Reader<FrameType>, epoch: number, signal: AbortSignal): Promise<void> {
  if (!runs?.isBegunByOthers) return runs?.begin(0, { epoch, number: 0 });
  while (runs.find(0) === null) await sleepUntil(LOOK_MS, signal);
}

/** Which frame a new run begins with behind the last parcel of the one before. Behind an end, it is the first of all. */
function nextAfter({ kind, first, count, part, parts }: ParcelHead): number {
  if (kind === KIND.end) return 0;
  // A frame whose last part is missing is sent again.
  return kind === KIND.frames && part + 1 === parts ? first + count : first;
}

/** Makes parcels of one run. */
class Outlet {
  readonly #frames: Reader<FrameType>;
  readonly #link: WritingLink;
  readonly #description: Omit<WritingDescription, "begin" | "onStored">;
  readonly #epoch: bigint;
  /** The number of the next frame: behind those that the link has, which a stop may keep it from having. */
  #next: number;

  constructor(
    frames: Reader<FrameType>,
    link: WritingLink,
    description: Omit<WritingDescription, "begin" | "onStored">,
    { epoch, first }: { readonly epoch: bigint; readonly first: number },
  ) {
    this.#frames = frames;
    this.#link = link;
    this.#description = description;
    this.#epoch = epoch;
    this.#next = first;
  }

  /** Publishes all frames and the end. */
  async run(signal: AbortSignal): Promise<void> {
    const { parcelBytes, frameBytes } = this.#description;
    const most = framesPerParcel(parcelBytes, frameBytes);
    for (;;) {
      const frame = await this.#frames.lookAsync({ signal });
      if (frame === null) break;
      if (this.#description.isNewest) await this.#putNewest(frame, most === 0, signal);
      else if (most === 0) await this.#putParts(frame, signal);
      else await this.#putFrames(most, signal);
    }
    await this.#link.put(makeNotice(KIND.end, this.#epoch, this.#next), 0, signal);
    await this.#link.settle(signal);
  }

  /** Many frames at a time if there are many: what waits for the network is gathered meanwhile. */
  async #putFrames(
    most: number,
    signal: AbortSignal,
    found: readonly object[] = this.#frames.lookMany(most)!,
  ): Promise<void> {
    const parcel = packFrames(found, this.#frames.frameBytes, this.#epoch, this.#next);
    this.#frames.increment();
    await this.#link.put(parcel, found.length, signal);
    this.#next += found.length;
  }

  /** One frame at a time, so that the next one is the newest when this one is there. */
  async #putNewest(frame: object, isCut: boolean, signal: AbortSignal): Promise<void> {
    this.#next = this.#frames.frameNumber!;
    if (isCut) await this.#putParts(frame, signal);
    else await this.#putFrames(1, signal, [frame]);
    await this.#link.settle(signal);
  }

  async #putParts(frame: object, signal: AbortSignal): Promise<void> {
    const { frameBytes, parcelBytes } = this.#description;
    const parcels = Array.from(packParts(frame, { frameBytes, parcelBytes }, this.#epoch, this.#next));
    this.#frames.increment();
    for (const [index, parcel] of parcels.entries()) {
      await this.#link.put(parcel, index + 1 === parcels.length ? 1 : 0, signal);
    }
    this.#next++;
  }

  /** Tells the readers why no more comes. What cannot be said in time is not: they then see a new run, or nobody. */
  async sayFarewell(machine: string, failure: string | null): Promise<void> {
    const [kind, text] = failure === null ? [KIND.stopped, ""] : [KIND.failed, failure];
    const signal = AbortSignal.timeout(FAREWELL_MS);
    try {
      await this.#link.put(makeNotice(kind, this.#epoch, this.#next, `${machine}\n${text}`), 0, signal);
      await this.#link.settle(signal);
    } catch {
      // The program stops, whether anybody hears of it or not.
    }
  }
}
