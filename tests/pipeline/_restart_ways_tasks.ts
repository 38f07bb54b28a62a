/** Tasks that crash once, each beside something that others rely on. */

import type { Reader, RingReader, RingWriter, TaskContext, TaskEvent, Writer } from "@ringmill/ringmill";
import { select } from "@ringmill/ringmill";

type Numbers = { samples: Writer<"float64"> };
type State = TaskContext<unknown, Float64Array>;

export function numbers({ samples }: Numbers, { params }: TaskContext<{ frames: number }>) {
  for (let n = 0; n < params.frames; n++) samples.write(Float64Array.of(n));
}

/** Writes a frame, crashes, and then writes for ever. */
export function crashesAndGoesOn({ samples }: Numbers, { resumed }: TaskContext) {
  if (!resumed) {
    samples.write(Float64Array.of(1));
    throw new Error("crash");
  }
  for (;;) samples.write(Float64Array.of(2));
}

/** Crashes on every run. */
export function crashesAlways({ samples }: Numbers) {
  samples.write(Float64Array.of(1));
  throw new Error("crash");
}

/** Reads one frame. */
export function takesOne({ samples }: { samples: Reader<"float64"> }) {
  samples.read(Infinity);
}

export function takesAll({ samples }: { samples: Reader<"float64"> }) {
  for (const _ of samples);
}

/** Crashes with the newest frame in hand, every time until the last frame is there. */
export function crashesOnLatest(
  { samples, seen }: { samples: Reader<"float64">; seen: Writer<"float64"> },
  { state }: State,
) {
  for (;;) {
    const frame = samples.look(Infinity);
    if (!frame) return;
    if (state[0]++ < 3) throw new Error("crash");
    seen.write(frame);
    samples.increment();
  }
}

/** Merges two streams, and crashes while it holds a frame of the one that it has selected. */
export function selects(
  { left, right, merged }: { left: Reader<"float64">; right: Reader<"float64">; merged: Writer<"float64"> },
  { state }: State,
) {
  while (!left.closed || !right.closed) {
    const key = select({ left: left.closed ? null : left, right: right.closed ? null : right });
    const reader = key === "left" ? left : right;
    const frame = reader.look(0);
    if (!frame) continue;
    if (++state[0] % 7 === 0) throw new Error("crash");
    merged.write(frame);
    reader.increment();
  }
}

/** Counts signals, and crashes at some. */
export function waits({ bell, seen }: { bell: TaskEvent; seen: Writer<"float64"> }, { state }: State) {
  while (bell.wait(Infinity)) {
    if (!bell.take()) continue;
    if (++state[0] === 2) throw new Error("crash");
    seen.write(Float64Array.of(state[0]));
  }
}

export function signals({ bell }: { bell: TaskEvent }, context: TaskContext<{ times: number }>) {
  for (let n = 0; n < context.params.times; n++) {
    bell.signal();
    context.sleep(50);
  }
}

/** Is called while its event is open; crashes in its second call. */
export function onOpen({ samples, seen }: { samples: Reader<"float64">; seen: Writer<"float64"> }, { state }: State) {
  const frame = samples.look(Infinity);
  if (!frame) return;
  if (++state[0] === 2) throw new Error("crash");
  seen.write(frame);
  samples.increment();
}

/** Closes one of its writers, and crashes then. */
export function closesFirst(
  { early, seen }: { early: Writer<"float64">; seen: Writer<"float64"> },
  { resumed }: TaskContext,
) {
  if (!resumed) {
    early.write(Float64Array.of(1));
    early.close();
    throw new Error("crash");
  }
  seen.write(Float64Array.of(early.abandoned ? 1 : 2));
}

/** Crashes in turn without a frame and with one, of two streams one or both. */
export function crashesInTurn(
  { left, right, seen }: { left: Reader<"float64">; right: Reader<"float64">; seen: Writer<"float64"> },
  { state }: State,
) {
  const turn = state[0]++;
  if (turn % 2 === 0 && turn < 8) throw new Error("crash without a frame");
  const frame = left.look(Infinity)!;
  if (turn % 4 === 1 && turn < 8) throw new Error("crash with one frame");
  right.look(Infinity);
  if (turn < 8) throw new Error("crash with both");
  seen.write(frame);
}

/** Writes bytes. */
export function writesBytes({ bytes }: { bytes: RingWriter }) {
  bytes.write(Uint8Array.of(1, 2, 3, 4));
}

/** Crashes with bytes in hand. */
export function failsOnBytes({ bytes }: { bytes: RingReader }) {
  const found = bytes.look(4, Infinity);
  if (found) throw new Error("crash");
}

/** Crashes as long as it is let, also when it is told to stop. */
export function crashesAtStop({ samples }: { samples: Reader<"float64"> }) {
  try {
    for (const _ of samples);
  } catch {
    throw new Error("crash while it stops");
  }
}

type Closable = { samples: Reader<"float64">; others: Reader<"float64">; seen: Writer<"float64">; go: TaskEvent };

/** Its first run fails in one part; another part closes everything then, as `finally` and `using` do. */
export async function closesBehind({ samples, others, seen, go }: Closable, { resumed, params }: TaskContext<Closing>) {
  const copy = async (reader: Reader<"float64">, fails: boolean) => {
    try {
      for (let n = 0, frame; (frame = await reader.readAsync()); n++) {
        if (fails && n === 5) throw new Error("crash");
        await seen.writeAsync(frame);
      }
    } finally {
      if (!resumed && !fails) CLOSINGS[params]({ samples, others, seen, go });
    }
  };
  await Promise.all([copy(samples, !resumed), copy(others, false)]);
  go.signal();
}

/** What closes ends and events. */
export const CLOSINGS = {
  "a writer": ({ seen }) => seen.close(),
  "the ring of a writer": ({ seen }) => seen.ring.close(),
  "a writable": ({ seen }) => void seen.writable().close().catch(() => {}),
  "a reader": ({ samples }) => samples.close(),
  "a readable": ({ samples }) => void samples.readable().cancel().catch(() => {}),
  "an event": ({ go }) => go.close(),
} satisfies Record<string, (parts: Closable) => void>;

type Closing = keyof typeof CLOSINGS;

/** Ends once it was signalled. */
export async function untilSignalled({ go, seen }: { go: TaskEvent; seen: Writer<"float64"> }) {
  await go.waitAsync();
  seen.write(Float64Array.of(Number(go.take())));
}

/** Copies half of the frames in each of two runs. The first run returns and leaves something behind that fails. */
export function failsBehind(
  { samples, seen }: { samples: Reader<"float64">; seen: Writer<"float64"> },
  { params, resumed }: TaskContext<"promise" | "timer" | "close">,
) {
  for (let n = 0; n < 10; n++) seen.write(samples.read(Infinity)!);
  if (resumed) return;
  if (params === "promise") Promise.reject(new Error("left behind"));
  if (params === "timer") setTimeout(() => void failLate());
  if (params === "close") setTimeout(() => self.close());
}

function failLate(): never {
  throw new Error("left behind");
}
