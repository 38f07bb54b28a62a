/** What the pipelines of a soak are, all of it drawn from a seed. */

import type { DType, WaitStrategy } from "@ringmill/ringmill";
import { DTYPES } from "../../src/ring/dtypes.ts";
import { Random } from "../ring/_helpers.ts";
import type { SinkParams } from "./_tasks.ts";

/** How a pipeline comes to its end. */
export type Ending = "end" | "stop" | "close" | "crash";

/** A stream, with the tasks that read it. A relay reads it and writes the next. */
export interface StreamPlan {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly frames: number;
  readonly cacheAlign: boolean;
  readonly wait: WaitStrategy;
  readonly first: number;
  readonly readers: readonly ReaderPlan[];
}

export interface ReaderPlan extends TaskPlan {
  readonly mode: SinkParams["mode"];
  readonly isAsync: boolean;
}

export interface TaskPlan {
  readonly seed: number;
  readonly burst: number;
}

export interface PipelinePlan {
  readonly name: string;
  /** Frames that its source writes, and each relay passes on. */
  readonly count: number;
  readonly source: TaskPlan & { readonly isAsync: boolean };
  /** One after the other, each but the first written by a relay. */
  readonly streams: readonly StreamPlan[];
  readonly relays: readonly TaskPlan[];
  /** Activations that a task signals to another one, which takes them, or is called for each. */
  readonly signals: number;
  readonly isToggled: boolean;
  readonly ending: Ending;
  /** Milliseconds after the start of the stop or the close. */
  readonly endsAfterMs: number;
  /** Which of the tasks crashes, by its position, and after how many frames. */
  readonly crash: { readonly task: number; readonly frame: number };
}

const DTYPE_NAMES = Object.keys(DTYPES) as DType[];
/** A frame has a multiple of so many bytes, which every element type divides. */
const UNIT = 16;

/** From what the pipelines of one kind are drawn. */
interface Kind {
  /** Sizes of frames in units. */
  readonly units: readonly number[];
  /** Frames that rings hold. */
  readonly rings: readonly number[];
  /** How many relays pass the frames on. */
  readonly relays: readonly number[];
  /** Frames of a pipeline at most; in terms of its smallest ring, where whoever waits for every frame moves few; in bytes. */
  readonly frames: number;
  readonly fillings: number;
  readonly bytes: number;
  /** How its streams are read. */
  readonly modes: readonly SinkParams["mode"][];
  /** Whether tasks may take breaks, or be asynchronous. */
  readonly isFickle: boolean;
}

/** Everything mixed. */
const MIXED: Kind = {
  units: [1, 2, 4, 4, 4, 4, 4, 5, 8, 8, 16, 64, 256, 1024],
  rings: [1, 2, 3, 8, 32, 128, 256, 256, 512],
  relays: [0, 0, 0, 1, 1, 2],
  frames: 1e6,
  fillings: 2e4,
  bytes: 1e9,
  modes: ["blocking", "blocking", "blocking", "passing", "toggling", "leaving"],
  isFickle: true,
};

/** One after the other without a break: most of the frames. */
const FLOWING: Kind = {
  units: [1, 2, 4, 4, 4, 8],
  rings: [256, 512, 1024, 2048],
  relays: [0],
  frames: 1e7,
  fillings: 1e5,
  bytes: 2e9,
  modes: ["blocking"],
  isFickle: false,
};

/** Readers that are overtaken all the time, also while they copy. */
const OVERTAKEN: Kind = {
  units: [64, 256, 1024],
  rings: [1, 2, 3, 8],
  relays: [0],
  frames: 1e6,
  fillings: 1e6,
  bytes: 2e9,
  modes: ["passing", "toggling"],
  isFickle: false,
};

const KINDS = [MIXED, MIXED, FLOWING, FLOWING, OVERTAKEN];

/** Asynchronous tasks move at most so many frames. */
const MOST_ASYNC_FRAMES = 1e5;

function planTask(random: Random, count: number, isFickle: boolean): TaskPlan {
  // Breaks are a millisecond or more, hence few.
  const hasBreaks = isFickle && random.below(3) === 0;
  return { seed: random.below(2 ** 31), burst: hasBreaks ? Math.ceil(count / (1 + random.below(300))) : 0 };
}

function planReader(random: Random, count: number, { modes, isFickle }: Kind): ReaderPlan {
  const isAsync = isFickle && count <= MOST_ASYNC_FRAMES && random.below(2) === 0;
  return { ...planTask(random, count, isFickle), mode: random.pick(modes), isAsync };
}

function planStream(random: Random, units: number, frames: number): Omit<StreamPlan, "readers"> {
  const dtype = random.pick(DTYPE_NAMES);
  const { array, lanes } = DTYPES[dtype];
  const elements = units * UNIT / array.BYTES_PER_ELEMENT / lanes;
  return {
    dtype,
    shape: elements % 2 === 0 && random.below(2) === 0 ? [2, elements / 2] : [elements],
    frames,
    cacheAlign: random.below(3) > 0,
    wait: random.pick(["adaptive", "adaptive", "adaptive", "park"] as const),
    first: random.below(2 ** 32),
  };
}

/** The `index`th pipeline of a soak. Its frames are `scale` times as many as they would be. */
export function planPipeline(seed: number, index: number, scale: number): PipelinePlan {
  const random = new Random(seed * 1_000_003 + index * 7919);
  const kind = random.pick(KINDS);
  const { isFickle } = kind;
  const units = random.pick(kind.units);
  const isAsync = isFickle && random.below(6) === 0;
  const relays = random.pick(kind.relays);
  const rings = Array.from({ length: relays + 1 }, () => random.pick(kind.rings));
  const most = Math.min(kind.frames, kind.bytes / (units * UNIT), kind.fillings * Math.min(...rings)) / (1 + relays);
  const share = (200 + random.below(801)) / 1000;
  const count = Math.ceil(scale * share * (isAsync ? Math.min(most, MOST_ASYNC_FRAMES) : most));
  const streams = rings.map((frames, level): StreamPlan => {
    // The last stream needs a reader; the others have the relay.
    const readers = random.pick([0, 0, 1]) + (level === relays ? 1 : 0);
    const read = () => planReader(random, count, kind);
    return { ...planStream(random, units, frames), readers: Array.from({ length: readers }, read) };
  });
  const tasks = 1 + relays + streams.reduce((sum, { readers }) => sum + readers.length, 0);
  return {
    name: `soak ${index}`,
    count,
    source: { ...planTask(random, count, isFickle), isAsync },
    streams,
    relays: Array.from({ length: relays }, () => planTask(random, count, isFickle)),
    signals: random.below(3) > 0 ? 0 : random.below(10_000),
    isToggled: random.below(2) === 0,
    ending: random.pick(["end", "end", "end", "end", "end", "stop", "close", "crash"] as const),
    endsAfterMs: Math.ceil(random.below(1000) * scale),
    crash: { task: random.below(tasks), frame: 1 + random.below(count) },
  };
}
