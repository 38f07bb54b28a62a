/** Tasks that meet each error of the guide's table. */

import type { Reader, RingReader, TaskContext, Writer } from "@ringmill/ringmill";

type Ints = Writer<"int32">;

export function fine({ numbers }: { numbers: Ints }) {
  numbers.write(Int32Array.of(1));
}

export function drain({ numbers }: { numbers: Reader<"int32"> }) {
  for (const _ of numbers);
}

export function fail(_: { numbers: Ints }) {
  throw new RangeError("failed");
}

/** Is busy for so many milliseconds, and hears nothing meanwhile. */
export function ignore(_: { numbers: Ints }, { params }: TaskContext<number>) {
  const until = performance.now() + params;
  while (performance.now() < until);
}

/** Waits until it is stopped, and says by which error. */
export function wait({ numbers }: { numbers: Reader<"int32"> }, { params }: TaskContext<SharedArrayBuffer>) {
  try {
    numbers.read(Infinity);
  } catch (error) {
    new Uint8Array(params).set(new TextEncoder().encode((error as Error).name));
    throw error;
  }
}

/** Each call of a writer that is wrong, with the class that it throws. */
export function misuse({ numbers }: { numbers: Ints }) {
  const wrong: [() => unknown, new () => Error][] = [
    [() => numbers.write(Float32Array.of(1) as unknown as Int32Array), TypeError],
    [() => numbers.write(new Int32Array(2)), TypeError],
    [() => numbers.write(Int32Array.of(1), -1), RangeError],
    [() => numbers.increment(), Error],
  ];
  for (const [call, kind] of wrong) {
    const error = thrownBy(call);
    if (error?.constructor !== kind) throw new Error(`${call}: expected ${kind.name}, received ${error}`);
  }
  numbers.write(Int32Array.of(1));
}

function thrownBy(call: () => unknown): Error | undefined {
  try {
    call();
  } catch (error) {
    return error as Error;
  }
}

/** Reads four bytes at a time of a ring that ends with fewer. */
export function readTooMuch({ chunks }: { chunks: RingReader }) {
  while (chunks.look(4, Infinity)) chunks.increment();
}
