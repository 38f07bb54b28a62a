/** What the peers of the tests of `select()` do. */

import type { BindingOf } from "../../src/ring/description.ts";
import { Doorbell } from "../../src/ring/doorbell.ts";
import { Reader } from "../../src/ring/reader.ts";
import { select, selectAsync } from "../../src/ring/select.ts";
import type { SharedMemory } from "../../src/ring/shared_memory.ts";
import { TaskEvent } from "../../src/ring/task_event.ts";
import { Writer } from "../../src/ring/writer.ts";
import { Random } from "./_helpers.ts";

/** What a peer that reads has found. */
export interface Selected {
  /** How many frames came by each stream, each of which must carry its number. */
  readonly frames: readonly number[];
  readonly signals: number;
}

type Ends = Record<string, Reader<"uint32"> | TaskEvent>;

function openAll(
  memory: SharedMemory,
  readers: readonly BindingOf<"reader">[],
  event: BindingOf<"event">,
  bell: number,
) {
  const doorbell = new Doorbell(memory, bell);
  const open: Ends = { event: new TaskEvent(memory, event, { doorbell }) };
  for (const [index, binding] of readers.entries()) open[index] = new Reader<"uint32">(memory, binding, { doorbell });
  return open;
}

/** Takes what the end of a key has, or some of it: leaves it out if it has ended. */
function takeFrom(open: Ends, key: string, frames: number[], random: Random): number {
  const end = open[key];
  if (end instanceof TaskEvent) {
    if (end.take()) return 1;
    if (end.closed && !end.isOpen) delete open[key];
    return 0;
  }
  for (let most = 1 + random.below(3); most > 0; most--) {
    const frame = end.read();
    if (frame === null) break;
    if (frame[0] !== frames[Number(key)]++) throw new Error(`frame ${frames[Number(key)] - 1} reads as ${frame[0]}`);
  }
  if (end.closed) delete open[key];
  return 0;
}

function pause(random: Random): void {
  for (let left = random.below(300); left > 0; left--) random.below(2);
}

/** The jobs. */
export const selectJobs = {
  /** Reads numbered frames of several streams, and takes signals, until all have ended. */
  readSelecting(
    memory: SharedMemory,
    readers: readonly BindingOf<"reader">[],
    event: BindingOf<"event">,
    bell: number,
    seed: number,
  ): Selected {
    const open = openAll(memory, readers, event, bell);
    const random = new Random(seed);
    const frames = readers.map(() => 0);
    let signals = 0;
    while (Object.keys(open).length > 0) {
      signals += takeFrom(open, select(open), frames, random);
      pause(random);
    }
    return { frames, signals };
  },

  /** The same by promises, several at a time. */
  async readSelectingAsync(
    memory: SharedMemory,
    readers: readonly BindingOf<"reader">[],
    event: BindingOf<"event">,
    bell: number,
    seed: number,
  ): Promise<Selected> {
    const open = openAll(memory, readers, event, bell);
    const random = new Random(seed);
    const frames = readers.map(() => 0);
    let signals = 0;
    const loop = async (mine: Ends) => {
      while (Object.keys(mine).length > 0) {
        // Awaited apart: `signals += … await …` would read the count before the wait, and lose what the other loop adds.
        const key = await selectAsync(mine);
        signals += takeFrom(mine, key, frames, random);
      }
    };
    const { event: signal, 0: first, ...rest } = open;
    await Promise.all([loop({ signal, 0: first }), loop(rest)]);
    return { frames, signals };
  },

  /** Writes so many numbered frames to each stream, whichever has room, and ends them. */
  writeSelecting(
    memory: SharedMemory,
    writers: readonly BindingOf<"writer">[],
    bell: number,
    count: number,
    seed: number,
  ): void {
    const doorbell = new Doorbell(memory, bell);
    const random = new Random(seed);
    const written = writers.map(() => 0);
    const open: Record<string, Writer<"uint32">> = {};
    for (const [index, binding] of writers.entries()) open[index] = new Writer<"uint32">(memory, binding, { doorbell });
    while (Object.keys(open).length > 0) {
      const key = select(open);
      const writer = open[key];
      if (!writer.write(Uint32Array.of(written[Number(key)]), 0)) throw new Error("no room though it was selected");
      if (++written[Number(key)] === count) {
        writer.close();
        delete open[key];
      }
      pause(random);
    }
  },
};
