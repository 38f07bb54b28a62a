/** Task functions that read the newest frame only, or have names for bindings that are not there. */

import type { Reader, TaskContext, TaskEvent, Writer } from "@ringmill/ringmill";

type In = { numbers: Reader<"int32"> };

export function count({ numbers }: { numbers: Writer<"int32"> }, { params, sleep }: TaskContext<number>) {
  for (let n = 0; n < params; n++) {
    numbers.write(numbers.frame().fill(n));
    if (n % 64 === 0) sleep(1);
  }
}

/** Says what it has read by `read()`, and whether that was whole and in order. */
function tell(frames: Iterable<Int32Array>, { numbers, seen }: In & { seen: Writer<"int32"> }) {
  let had = 0;
  let last = -1;
  let bad = 0;
  for (const frame of frames) {
    had++;
    if (frame[0] <= last || frame.some((n) => n !== frame[0])) bad++;
    last = frame[0];
  }
  for (const n of [had + numbers.lost, bad, last]) seen.write(Int32Array.of(n));
}

export function readLatest(ends: In & { seen: Writer<"int32"> }) {
  const read = function* () {
    for (let frame; (frame = ends.numbers.read(Infinity)) !== null;) yield frame;
  };
  tell(read(), ends);
}

export function loopLatest(ends: In & { seen: Writer<"int32"> }) {
  tell(ends.numbers, ends);
}

/** Reads two frames when it is called, with a pause in which others are written. */
export function snapshot({ numbers, seen }: In & { seen: Writer<"int32"> }) {
  seen.write(Int32Array.of(numbers.read(Infinity)![0]));
}

export function alarm({ numbers, go }: In & { go: TaskEvent }) {
  for (const [n] of numbers) if (n % 1000 === 999) go.signal();
}

export function never({ rec }: { rec: TaskEvent }, { sleep }: TaskContext) {
  void rec;
  sleep(300);
}

export function takesInList({ samples }: { samples: Reader<"int32"> }) {
  void samples;
}

export function takesLater(bindings: { samples: Reader<"int32"> }) {
  void bindings.samples.closed;
}

export function takesEventLater(bindings: { numbers: Reader<"int32">; quit: TaskEvent }) {
  void bindings.quit.isOpen;
}

export const takesInArrow = ({ samples: s }: { samples: Reader<"int32"> }) => void s;

export async function takesAsync({ numbers, results }: In & { results: Writer<"int32"> }) {
  await results.writeAsync(numbers.read()!);
}

export function hasDefaults(
  { numbers, extra = null, other: o = { a: [1, 2] } }: In & { extra?: Reader<"int32"> | null; other?: unknown },
) {
  if (extra !== null || (o as { a: number[] }).a.length !== 2) throw new Error("no default");
  void numbers;
}

export function asksFirst(bindings: In & { extra?: Reader<"int32"> }) {
  if ("extra" in bindings || bindings.extra) throw new Error("it is there");
}
