/** Tasks of the soak that crash again and again, at points that chance decides, and account for what that does. */

import { mapFrames, mapFramesAsync, type Reader, type TaskContext, type Writer } from "@ringmill/ringmill";
import { Random } from "../ring/_helpers.ts";

/** What a task is to do, and where it counts. */
export interface FateParams {
  readonly seed: number;
  /** Frames between two crashes, in the mean; `Infinity` for none. */
  readonly gap: number;
  readonly account: SharedArrayBuffer;
  /** Every so many frames is one that the task cannot bear; 0 for none. */
  readonly poison: number;
  /** Frames that a source writes. */
  readonly frames: number;
}

/** Where each figure lies in a task's account. */
export const ACCOUNT = { crashes: 0, doubled: 1, received: 2, repeated: 3, wrong: 4 } as const;

/** An account, all 0. */
export const newAccount = () => new SharedArrayBuffer(8 * Object.keys(ACCOUNT).length);

/** What outlives the task's workers: the runs so far, the frame that is next, and the frames until the next crash. */
export const FATE_STATE = { shape: [4], dtype: "float64" } as const;
const [RUNS, NEXT, COUNTDOWN, POINT] = [0, 1, 2, 3];

/** Points of a loop at which a task may crash. */
const POINTS = ["begins", "holds", "has written", "has consumed"] as const;
type Point = typeof POINTS[number];

type Context = TaskContext<FateParams, Float64Array>;

/** Decides when a task crashes, and how. */
class Fate {
  readonly #state: Float64Array;
  readonly #account: Float64Array;
  readonly #random: Random;
  readonly #params: FateParams;
  /** Frames that it has written since it has consumed one. */
  #written = 0;
  /** Whether it will crash in a moment. */
  #isDoomed = false;

  constructor({ params, state, restarts }: Context) {
    this.#state = state;
    this.#account = new Float64Array(params.account);
    this.#params = params;
    this.#random = new Random(params.seed + restarts);
    // The state is that of the run before.
    if (state[RUNS]++ !== restarts) this.#account[ACCOUNT.wrong]++;
    if (restarts === 0) this.#plan();
  }

  #plan(): void {
    this.#state[COUNTDOWN] = 1 + this.#random.below(2 * this.#params.gap);
    this.#state[POINT] = this.#random.below(POINTS.length);
  }

  count(figure: keyof typeof ACCOUNT): void {
    this.#account[ACCOUNT[figure]]++;
  }

  /** Another frame. */
  frame(): void {
    this.#state[COUNTDOWN]--;
  }

  wrote(): void {
    this.#written++;
    this.at("has written");
  }

  consumed(): void {
    this.#written = 0;
    this.at("has consumed");
  }

  /** As `at()`, or by other code of the thread, a moment later. */
  atOrLater(point: Point): void {
    if (this.#isAt(point) && this.#random.below(2) === 0) {
      this.#plan();
      this.#isDoomed = true;
      setTimeout(() => this.crash());
    } else this.at(point);
  }

  at(point: Point): void {
    if (!this.#isAt(point)) return;
    this.#plan();
    this.crash();
  }

  #isAt(point: Point): boolean {
    return !this.#isDoomed && this.#state[COUNTDOWN] <= 0 && POINTS[this.#state[POINT]] === point;
  }

  /** Crashes. What it has written and not consumed comes twice. */
  crash(): never {
    this.#account[ACCOUNT.crashes]++;
    this.#account[ACCOUNT.doubled] += this.#written;
    const how = this.#random.below(10);
    if (how === 0) self.close();
    if (how === 1) Deno.exit(3);
    throw new Error("a planned crash");
  }

  /** The number of the next frame, which a source has yet to write or a sink to see. */
  get next(): number {
    return this.#state[NEXT];
  }

  set next(number: number) {
    this.#state[NEXT] = number;
  }

  isPoison(number: number): boolean {
    const { poison } = this.#params;
    return poison > 0 && number % poison === poison - 1;
  }
}

type Stage = { in: Reader<"float64">; out: Writer<"float64"> };

/** A frame's second number shows whether it is whole. */
const frameOf = (number: number) => Float64Array.of(number, -number);

/** Writes all frames, one after the other. */
export function source({ out }: { out: Writer<"float64"> }, context: Context) {
  const fate = new Fate(context);
  while (fate.next < context.params.frames) {
    fate.frame();
    fate.at("begins");
    out.write(frameOf(fate.next));
    fate.wrote();
    fate.next++;
    fate.consumed();
  }
}

export function byMapFrames({ in: reader, out }: Stage, context: Context) {
  const fate = new Fate(context);
  mapFrames(reader, out, (frame) => {
    fate.frame();
    if (fate.isPoison(frame[0])) fate.crash();
    // Any point will do: there is none but this one.
    for (const point of POINTS) fate.at(point);
    return frameOf(frame[0]);
  });
}

export async function byMapFramesAsync({ in: reader, out }: Stage, context: Context) {
  const fate = new Fate(context);
  await mapFramesAsync(reader, out, async (frame) => {
    fate.frame();
    for (const point of POINTS) fate.atOrLater(point);
    if (frame[0] % 64 === 0) await Promise.resolve();
    return frameOf(frame[0]);
  });
}

export function byHand({ in: reader, out }: Stage, context: Context) {
  const fate = new Fate(context);
  for (;;) {
    fate.at("begins");
    const frame = reader.look(Infinity);
    if (!frame) return;
    fate.frame();
    fate.at("holds");
    out.write(frameOf(frame[0]));
    fate.wrote();
    reader.increment();
    fate.consumed();
  }
}

export function byLoop({ in: reader, out }: Stage, context: Context) {
  const fate = new Fate(context);
  for (const frame of reader) {
    // The loop has consumed the frame before.
    fate.consumed();
    fate.frame();
    fate.at("begins");
    fate.at("holds");
    out.write(frameOf(frame[0]));
    fate.wrote();
  }
}

export function byMany({ in: reader, out }: Stage, context: Context) {
  const fate = new Fate(context);
  for (;;) {
    fate.at("begins");
    const frames = reader.lookMany(16, { timeoutMs: Infinity });
    if (!frames) return;
    for (const frame of frames) {
      fate.frame();
      fate.at("holds");
      out.write(frameOf(frame[0]));
      fate.wrote();
    }
    reader.increment();
    fate.consumed();
  }
}

/** Checks that each frame comes, in order, and counts those that come again. */
export function sink({ in: reader }: { in: Reader<"float64"> }, context: Context) {
  const fate = new Fate(context);
  for (;;) {
    fate.at("begins");
    const frame = reader.look(Infinity);
    if (!frame) return;
    fate.frame();
    fate.at("holds");
    take(frame, fate);
    fate.wrote();
    reader.increment();
    fate.consumed();
  }
}

/** Several frames of a stage may come again at once. */
const MOST_AGAIN = 16;

function take(frame: Float64Array, fate: Fate): void {
  const [number, negative] = frame;
  while (fate.isPoison(fate.next)) fate.next++;
  fate.count("received");
  if (number === fate.next) fate.next++;
  else fate.count("repeated");
  // Those that come again are followed by those that came with them.
  if (number < fate.next - MOST_AGAIN * 8 || number > fate.next || negative !== -number) fate.count("wrong");
}
