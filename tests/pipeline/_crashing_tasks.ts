/** Tasks that fail, and what goes on with them. */

import { mapFrames, type Reader, type TaskContext, type TaskEvent, type Writer } from "@ringmill/ringmill";

/** How a stage crashes. */
export interface Crash {
  /** At which frames: at each once, one after the other. */
  readonly at: readonly number[];
  /** Whether it is at all of them whenever they come. */
  readonly always?: boolean;
  readonly how: "throw" | "reject" | "close" | "exit" | "uncaught";
}

type Stage = { samples: Reader<"float64">; doubled: Writer<"float64"> };
type Context = TaskContext<Crash, Float64Array>;

function crash({ how }: Crash): never {
  if (how === "close") self.close();
  if (how === "exit") Deno.exit(3);
  throw new Error("crash");
}

/** Whether this run fails at a frame. */
function mustCrash(n: number, { params, restarts }: Context): boolean {
  const turn = params.at.indexOf(n);
  return turn >= 0 && (params.always || turn === restarts);
}

/** Writes frames filled with their number. */
export function numbers(
  { samples }: { samples: Writer<"float64"> },
  { params: { frames, length = 1 } }: TaskContext<{ frames: number; length?: number }>,
) {
  for (let n = 0; n < frames; n++) samples.write(new Float64Array(length).fill(n));
}

/** Consumes each frame after it has written the result. */
export function byLook({ samples, doubled }: Stage, context: Context) {
  for (;;) {
    const frame = samples.look(Infinity);
    if (!frame) return;
    if (mustCrash(frame[0], context)) crash(context.params);
    doubled.write(Float64Array.of(2 * frame[0]));
    samples.increment();
  }
}

/** The same in a loop. */
export function byLoop({ samples, doubled }: Stage, context: Context) {
  for (const frame of samples) {
    if (mustCrash(frame[0], context)) crash(context.params);
    doubled.write(Float64Array.of(2 * frame[0]));
  }
}

/** The same without blocking the thread. */
export async function byAsyncLoop({ samples, doubled }: Stage, context: Context) {
  for await (const frame of samples) {
    if (mustCrash(frame[0], context)) crash(context.params);
    await doubled.writeAsync(Float64Array.of(2 * frame[0]));
  }
}

/** The same by the loop that is there for it. */
export function byMapFrames({ samples, doubled }: Stage, context: Context) {
  mapFrames(samples, doubled, (frame) => {
    if (mustCrash(frame[0], context)) crash(context.params);
    return Float64Array.of(2 * frame[0]);
  });
}

/** Writes, and crashes before it consumes. */
export function betweenWriteAndIncrement({ samples, doubled }: Stage, context: Context) {
  for (;;) {
    const frame = samples.look(Infinity);
    if (!frame) return;
    doubled.write(Float64Array.of(2 * frame[0]));
    if (mustCrash(frame[0], context)) crash(context.params);
    samples.increment();
  }
}

/** Crashes with several frames in hand. */
export function byLookMany({ samples, doubled }: Stage, context: Context) {
  for (;;) {
    const frames = samples.lookMany(4, { timeoutMs: Infinity });
    if (!frames) return;
    if (frames.some(([n]) => mustCrash(n, context))) crash(context.params);
    for (const [n] of frames) doubled.write(Float64Array.of(2 * n));
    samples.increment();
  }
}

/** Goes on writing by code that nobody awaits, after it has failed. */
export async function leavesCodeBehind({ samples, doubled }: Stage, context: Context) {
  for await (const frame of samples) {
    if (mustCrash(frame[0], context)) {
      setInterval(() => doubled.write(Float64Array.of(-1), 0), 0);
      crash(context.params);
    }
    await doubled.writeAsync(Float64Array.of(2 * frame[0]));
  }
}

/** Counts what it sees in an array that outlives its worker. */
export function sums({ samples, doubled }: Stage, context: Context) {
  for (;;) {
    const frame = samples.look(Infinity);
    if (!frame) return;
    if (mustCrash(frame[0], context)) crash(context.params);
    context.state[0] += frame[0];
    doubled.write(context.state.slice());
    samples.increment();
  }
}

/** The same with a state of two columns. */
export function countsColumns(
  { samples, doubled }: Stage,
  { state, params, restarts }: TaskContext<Crash, { count: Uint32Array; sum: Float64Array }>,
) {
  for (;;) {
    const frame = samples.look(Infinity);
    if (!frame) return;
    if (params.at[restarts] === frame[0]) throw new Error("crash");
    state.count[1]++;
    state.sum[1] += frame[0];
    doubled.write(Float64Array.of(state.count[1], state.sum[1]));
    samples.increment();
  }
}

/** Joins two streams. */
export function join(
  { left, right, joined }: { left: Reader<"float64">; right: Reader<"float64">; joined: Writer<"float64"> },
  context: Context,
) {
  for (;;) {
    const [a, b] = [left.look(Infinity), right.look(Infinity)];
    if (!a || !b) return;
    if (mustCrash(a[0], context)) crash(context.params);
    joined.write(Float64Array.of(a[0] + b[0]));
    left.increment();
    right.increment();
  }
}

/** The same, into columns. */
export function joinColumns(
  { left, right, joined }: {
    left: Reader<"float64">;
    right: Reader<"float64">;
    joined: Writer<{ a: "int8"; b: "float64" }>;
  },
  context: Context,
) {
  for (;;) {
    const [a, b] = [left.look(Infinity), right.look(Infinity)];
    if (!a || !b) return;
    if (mustCrash(a[0], context)) crash(context.params);
    joined.write({ a: new Int8Array(2).fill(a[0]), b: new Float64Array(2).fill(a[0] + b[0]) });
    left.increment();
    right.increment();
  }
}

/** Fails on every frame. */
export function failsOnAll({ joined }: { joined: Reader<{ a: "int8"; b: "float64" }> }) {
  for (const _ of joined) throw new Error("crash");
}

/** The same, of plain frames. */
export function failsAlways({ samples }: { samples: Reader<"float64"> }) {
  for (const _ of samples) throw new Error("crash");
}

/** Signals so many times. */
export function press({ button }: { button: TaskEvent }, { params }: TaskContext<{ times: number }>) {
  for (let n = 0; n < params.times; n++) button.signal();
}

/** Runs once for each signal, and fails in the runs that it is told to. */
export function onPress({ doubled }: { doubled: Writer<"float64"> }, context: Context) {
  const n = context.state[0];
  if (mustCrash(n, context)) crash(context.params);
  doubled.write(Float64Array.of(n));
  context.state[0]++;
}

/** Never looks at its stream again. */
export function hang({ samples }: { samples: Reader<"float64"> }, context: TaskContext) {
  samples.read(Infinity);
  context.sleep(Infinity);
}
