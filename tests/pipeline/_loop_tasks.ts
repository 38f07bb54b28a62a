/** Task functions with loops whose bodies use the reader. */

import { mapFramesAsync, type Reader, type TaskContext, type TaskEvent, type Writer } from "@ringmill/ringmill";

type Ends = { numbers: Reader<"int32">; seen: Writer<"int32"> };

export function count({ numbers }: { numbers: Writer<"int32"> }, { params }: TaskContext<number>) {
  for (let n = 0; n < params; n++) numbers.write(numbers.frame().fill(n));
}

export function countAndThrow({ numbers }: { numbers: Writer<"int32"> }) {
  numbers.write(Int32Array.of(1));
  throw new RangeError("enough");
}

export function closeInLoop({ numbers, seen }: Ends) {
  for (const frame of numbers) {
    seen.write(frame);
    if (frame[0] === 2) numbers.close();
  }
}

export async function closeInAsyncLoop({ numbers, seen }: Ends) {
  for await (const frame of numbers) {
    seen.write(frame);
    if (frame[0] === 2) numbers.close();
  }
}

export function skipInLoop({ numbers, seen }: Ends) {
  for (const frame of numbers) {
    seen.write(frame);
    numbers.skipToNewest();
  }
}

export async function skipInAsyncLoop({ numbers, seen }: Ends) {
  for await (const frame of numbers) {
    seen.write(frame);
    numbers.skipToNewest();
  }
}

export function pairs({ numbers, seen }: Ends) {
  for (const first of numbers) {
    const second = numbers.read(Infinity)!;
    seen.write(first);
    seen.write(second);
  }
}

export async function asyncPairs({ numbers, seen }: Ends) {
  for await (const first of numbers) {
    const second = (await numbers.readAsync())!;
    seen.write(first);
    seen.write(second);
  }
}

export function writeTwoAndSignal({ numbers, go }: { numbers: Writer<"int32">; go: TaskEvent }) {
  numbers.write(Int32Array.of(1));
  numbers.write(Int32Array.of(2));
  go.signal();
}

export function breakAndWait({ numbers, go }: { numbers: Reader<"int32">; go: TaskEvent }) {
  for (const _ of numbers) break;
  if (!go.wait()) throw new Error("nobody has signalled");
  if (numbers.read()?.[0] !== 2) throw new Error("not the second");
}

/** Counts frames, and those that come out of order or whose numbers do not all agree. */
class Tally {
  had = 0;
  torn = 0;
  last = -1;

  add(frame: Int32Array): void {
    this.had++;
    if (frame[0] <= this.last || frame.some((n) => n !== frame[0])) this.torn++;
    this.last = frame[0];
  }

  tell({ numbers, seen }: Ends): void {
    for (const n of [this.had, this.torn, numbers.lost, this.last]) seen.write(Int32Array.of(n));
  }
}

export function readPassing(ends: Ends) {
  const tally = new Tally();
  ends.numbers.setBlocking(false);
  for (let frame; (frame = ends.numbers.read(Infinity)) !== null;) tally.add(frame);
  tally.tell(ends);
}

export async function readPassingAsync(ends: Ends) {
  const tally = new Tally();
  ends.numbers.setBlocking(false);
  for (let frame; (frame = await ends.numbers.readAsync()) !== null;) tally.add(frame);
  tally.tell(ends);
}

export function loopPassing(ends: Ends) {
  const tally = new Tally();
  ends.numbers.setBlocking(false);
  for (const frame of ends.numbers) tally.add(frame);
  tally.tell(ends);
}

export async function loopPassingAsync(ends: Ends) {
  const tally = new Tally();
  ends.numbers.setBlocking(false);
  for await (const frame of ends.numbers) tally.add(frame);
  tally.tell(ends);
}

/** Loops at a time over one reader, one much slower than another; says what their frames are at the end of a round. */
export async function loopsAtATime({ numbers, seen }: Ends) {
  const loop = async (pause: number) => {
    for await (const frame of numbers) {
      const before = frame.slice();
      for (let left = pause; left > 0; left--) await new Promise((resolve) => setTimeout(resolve));
      await seen.writeAsync(frame.every((n, index) => n === before[index]) ? before : before.fill(-1));
    }
  };
  await Promise.all([loop(0), loop(1), loop(5)]);
}

/** Two stages that share what they write. */
export async function mapsBoth(
  { left, right, both }: { left: Reader<"int32">; right: Reader<"int32">; both: Writer<"int32"> },
) {
  const map = (reader: Reader<"int32">) =>
    mapFramesAsync(reader, both, async ([n]) => {
      await Promise.resolve();
      return Int32Array.of(n);
    });
  await Promise.all([map(left), map(right)]);
}
