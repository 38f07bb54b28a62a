/** Task functions in which something goes wrong, one thing in each. They write `numbers`. */

import type { Reader, TaskContext, TaskEvent, Writer } from "@ringmill/ringmill";

type Ints = Writer<"int32">;

export class Overload extends Error {
  override readonly name = "Overload";
  constructor(message: string, readonly level: number) {
    super(message);
  }
}

/** Throws after one frame. */
export function throwError({ numbers }: { numbers: Ints }) {
  numbers.write(Int32Array.of(1), Infinity);
  throw new Overload("too loud", 11);
}

/** Rejects after one frame. */
export async function rejectAsync({ numbers }: { numbers: Ints }) {
  await numbers.writeAsync(Int32Array.of(1));
  throw new RangeError("no more", { cause: new TypeError("the reason") });
}

/** Throws something that is no error. */
export function throwText(_: { numbers: Ints }) {
  throw "just a text";
}

/** Throws from a timer, while its function waits. */
export async function throwLater(_: { numbers: Ints }, { signal }: TaskContext) {
  setTimeout(() => {
    throw new RangeError("from a timer");
  }, 1);
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
}

/** Leaves a promise rejected, while its function waits. */
export async function rejectLater(_: { numbers: Ints }, { signal }: TaskContext) {
  Promise.reject(new RangeError("nobody caught it"));
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
}

/** Exits. */
export function exit(_: { numbers: Ints }) {
  Deno.exit(3);
}

/** Closes its worker. */
export function closeWorker(_: { numbers: Ints }) {
  (globalThis as unknown as { close(): void }).close();
}

/** Throws an error that cannot be cloned. */
export function throwOdd(_: { numbers: Ints }) {
  const error = new Error("odd");
  throw Object.assign(error, { name: Symbol("no text") });
}

/** Ignores everything, the stop too, until the test is over: an endless loop would outlive it. */
export function ignoreStop(_: unknown, { params }: TaskContext<SharedArrayBuffer>) {
  const isOver = new Int32Array(params);
  while (Atomics.load(isOver, 0) === 0);
}

/** Writes a frame of the wrong length. */
export function writeWrong({ numbers }: { numbers: Ints }) {
  numbers.write(new Int32Array(2));
}

/** Writes a frame of another kind of numbers. */
export function writeFloats({ numbers }: { numbers: Ints }) {
  numbers.write(Float32Array.of(1) as unknown as Int32Array);
}

/** Writes after the end of its stream, which it has told twice. */
export function writeAfterClose({ numbers }: { numbers: Ints }) {
  numbers.close();
  numbers.close();
  numbers.write(Int32Array.of(1));
}

/** Publishes what it has not looked at. */
export function incrementTwice({ numbers }: { numbers: Ints }) {
  numbers.look(Infinity);
  numbers.increment();
  numbers.increment();
}

/** Waits for less than no time. */
export function waitBackwards({ numbers }: { numbers: Ints }) {
  numbers.write(Int32Array.of(1), -1);
}

/** Calls itself without end. */
export function recurse(bindings: { numbers: Ints }): number {
  return recurse(bindings) + 1;
}

/** Wants more bytes than there are. */
export function allocate(_: { numbers: Ints }) {
  new Uint8Array(2 ** 52);
}

/** Ends its stream twice, and returns. */
export function closeTwice({ numbers }: { numbers: Ints }) {
  numbers.write(Int32Array.of(1), Infinity);
  numbers.close();
  numbers.close();
}

// What a task sees, noted in memory that it shares with the test: a stopped task can tell in no other way.

const text = new TextEncoder();

function note(report: SharedArrayBuffer, error: unknown): void {
  new Uint8Array(report).set(text.encode(`${error}`));
}

/** Goes on to use its reader when it has returned. */
export function useReaderLater({ numbers }: { numbers: Reader<"int32"> }, { params }: TaskContext<SharedArrayBuffer>) {
  const again = () => {
    try {
      numbers.read();
      queueMicrotask(again);
    } catch (error) {
      note(params, error);
    }
  };
  queueMicrotask(again);
}

interface WaitingBindings {
  /** Nobody writes it. */
  empty: Reader<"int32">;
  /** Of one frame, which nobody reads. */
  full: Ints;
  /** Nobody signals it. */
  go: TaskEvent;
}

const frame = new Int32Array(1);

/** All ways to wait. */
export const WAITS: Readonly<Record<string, (bindings: WaitingBindings, context: TaskContext) => unknown>> = {
  "Reader.read()": ({ empty }) => empty.read(Infinity),
  "Reader.readInto()": ({ empty }) => empty.readInto(frame, Infinity),
  "Reader.readInto() of its own frame()": ({ empty }) => empty.readInto(empty.frame(), Infinity),
  "Reader.look()": ({ empty }) => empty.look(Infinity),
  "Reader.readAsync()": ({ empty }) => empty.readAsync(),
  "Reader.lookAsync()": ({ empty }) => empty.lookAsync(),
  "Reader.ring.look()": ({ empty }) => empty.ring.look(64, Infinity),
  "for of a Reader": ({ empty }) => [...empty],
  "for await of a Reader": async ({ empty }) => {
    for await (const _ of empty);
  },
  "Writer.write()": ({ full }) => full.write(frame, Infinity),
  "Writer.write() of its own frame()": ({ full }) => full.write(full.frame(), Infinity),
  "Writer.look()": ({ full }) => full.look(Infinity),
  "Writer.writeAsync()": ({ full }) => full.writeAsync(frame),
  "Writer.lookAsync()": ({ full }) => full.lookAsync(),
  "TaskEvent.wait()": ({ go }) => go.wait(),
  "TaskEvent.waitAsync()": ({ go }) => go.waitAsync(),
  "TaskContext.sleep()": (_, context) => context.sleep(Infinity),
  "TaskContext.signal": (_, { signal }) =>
    new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
};

/** Waits in one of these ways, and notes what ends that. */
export async function wait(
  bindings: WaitingBindings,
  context: TaskContext<{ way: string; report: SharedArrayBuffer; begun: SharedArrayBuffer }>,
) {
  const { way, report, begun } = context.params;
  bindings.full.write(frame);
  try {
    Atomics.store(new Int32Array(begun), 0, 1);
    await WAITS[way](bindings, context);
  } catch (error) {
    note(report, error);
    throw error;
  }
}
