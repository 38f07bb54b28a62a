/** The newest frames of a manager's streams, for all who look at them. Nothing is looked at while nobody does. */

import type { Manager } from "../../manager/manager.ts";
import type { Onlooker } from "../../ring/onlooker.ts";
import { formatFrames } from "../../ring/columns.ts";
import { type FrameShape, MOST_COLUMNS, sketchFrame } from "./sketch/sketch_frame.ts";
import type { LiveFrame } from "./live_frame.ts";

/** From one look to the next, in milliseconds, at least. */
const SHORTEST_MS = 100;
/** And at most: a page that is gone is noticed then. */
const LONGEST_MS = 2000;
/** Looking takes at most one part of the time in so many. */
const IDLE_SHARE = 20;

/** A stream that can be looked at. */
export interface SeenStream {
  readonly name: string;
  readonly description?: string;
}

/** A stream while somebody looks at it, however many. */
class SharedLook {
  users = 0;
  latest: LiveFrame;
  /** How long the last look took, in milliseconds. */
  costMs = 0;
  readonly #onlooker: Onlooker;
  readonly #shape: FrameShape;
  #lookedAt = -Infinity;

  constructor(manager: Manager, { name, description = "" }: SeenStream) {
    const { onlooker, frame } = manager.openOnlooker(name);
    this.#onlooker = onlooker;
    this.#shape = { ...frame, description };
    const columns = typeof frame.dtype === "string" ? 1 : Object.keys(frame.dtype).length;
    this.latest = {
      node: `stream:${name}`,
      frames: 0,
      isFinal: false,
      type: formatFrames(frame),
      description,
      parts: [],
      leftOut: Math.max(0, columns - MOST_COLUMNS),
    };
  }

  /** Looks, unless somebody else just has. */
  look(): LiveFrame {
    const now = performance.now();
    if (this.latest.isFinal || now - this.#lookedAt < SHORTEST_MS / 2) return this.latest;
    this.#lookedAt = now;
    // In this order: what is published before the end is the last.
    const { hasEnded } = this.#onlooker;
    const parts = this.#onlooker.look((buffer, address) => sketchFrame(buffer, address, this.#shape));
    this.costMs = performance.now() - now;
    if (parts) this.latest = { ...this.latest, frames: this.#onlooker.lastSeen, parts };
    if (hasEnded && this.latest.frames === this.#onlooker.frames) this.latest = { ...this.latest, isFinal: true };
    return this.latest;
  }

  /** Nobody looks any more. */
  close(): void {
    this.#onlooker[Symbol.dispose]();
  }
}

/** Before the first. */
const NOTHING: LiveFrame = { node: "", frames: 0, isFinal: false, type: "", description: "", parts: [], leftOut: 0 };

/** Looks of each manager that are under way now. */
const allLooks = new WeakMap<Manager, Map<string, SharedLook>>();

function openLook(manager: Manager, stream: SeenStream): SharedLook {
  let looks = allLooks.get(manager);
  if (!looks) allLooks.set(manager, looks = new Map());
  let look = looks.get(stream.name);
  if (!look) looks.set(stream.name, look = new SharedLook(manager, stream));
  look.users++;
  return look;
}

function closeLook(manager: Manager, { name }: SeenStream, look: SharedLook): void {
  if (--look.users > 0) return;
  look.close();
  allLooks.get(manager)!.delete(name);
}

/**
 * The newest frame of each of some streams, now and as it changes, some ten times a second at most, until all streams have
 * ended or `signal` aborts. Who is too slow for all of them gets the latest.
 */
export async function* followFrames(
  manager: Manager,
  streams: readonly SeenStream[],
  signal: AbortSignal,
): AsyncGenerator<LiveFrame, void> {
  const all: { stream: SeenStream; look: SharedLook; seen: LiveFrame; dueAt: number }[] = [];
  try {
    for (const stream of streams) all.push({ stream, look: openLook(manager, stream), seen: NOTHING, dueAt: 0 });
    for (;;) {
      for (const each of all) {
        if (each.dueAt > performance.now()) continue;
        const frame = each.look.look();
        // Large frames are looked at less often.
        const restMs = IDLE_SHARE * all.length * each.look.costMs;
        each.dueAt = performance.now() + Math.min(LONGEST_MS, Math.max(SHORTEST_MS, restMs));
        if (frame.isFinal) each.dueAt = Infinity;
        if (frame !== each.seen) yield each.seen = frame;
      }
      const dueAt = Math.min(...all.map(({ dueAt }) => dueAt));
      if (dueAt === Infinity || signal.aborted) return;
      await rest(Math.max(0, dueAt - performance.now()), signal);
    }
  } finally {
    for (const { stream, look } of all) closeLook(manager, stream, look);
  }
}

/** Waits without keeping the program alive. */
async function rest(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  const wake = () => resolve();
  Deno.unrefTimer(timer);
  signal.addEventListener("abort", wake);
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", wake);
  }
}
