/** Task functions that the tests of pipelines run. */

import type { Reader, TaskContext, TaskEvent, Writer } from "@ringmill/ringmill";
import type { RingReader } from "@ringmill/ringmill/runtime";

export * from "./_faulty_tasks.ts";

type Ints = Writer<"int32">;

/** Writes 0 to count - 1. */
export function count({ numbers }: { numbers: Ints }, { params }: TaskContext<{ count: number }>) {
  for (let n = 0; n < params.count; n++) numbers.write(Int32Array.of(n), Infinity);
}

/** Writes until stopped. */
export function countForever({ numbers }: { numbers: Ints }) {
  for (let n = 0;; n++) numbers.write(Int32Array.of(n), Infinity);
}

/** Doubles every number. */
export function double({ numbers, doubled }: { numbers: Reader<"int32">; doubled: Ints }) {
  for (const frame of numbers) doubled.write(frame.map((n) => 2 * n), Infinity);
}

/** The same without blocking its thread. */
export async function doubleAsync({ numbers, doubled }: { numbers: Reader<"int32">; doubled: Ints }) {
  for await (const frame of numbers) await doubled.writeAsync(frame.map((n) => 2 * n));
}

/** Writes the sum of all numbers. */
export function sum({ numbers, total }: { numbers: Reader<"int32">; total: Ints }) {
  let sum = 0;
  for (const [n] of numbers) sum += n;
  total.write(Int32Array.of(sum), Infinity);
}

/** Reads all there is. */
export function drain({ numbers }: { numbers: Reader<"int32"> }) {
  for (const _ of numbers);
}

/** Reads one frame and returns. */
export function readOne({ numbers }: { numbers: Reader<"int32"> }) {
  numbers.read(Infinity);
}

/** Writes one more than it has been called so far, in this worker. */
let calls = 0;
export function countCalls({ numbers }: { numbers: Ints }) {
  numbers.write(Int32Array.of(++calls), Infinity);
}

/** Signals three times and returns. */
export function signalThrice({ go }: { go: TaskEvent }) {
  for (let n = 0; n < 3; n++) go.signal();
}

/** Opens a switch once five frames have come, then closes it after three more. */
export function countAndSwitch({ numbers, go }: { numbers: Reader<"int32">; go: TaskEvent }) {
  go.signal();
  for (const [n] of numbers) if (n === 3) go.reset();
}

/** Waits for an event and says whether it came. */
export function awaitEvent({ go, answer }: { go: TaskEvent; answer: Ints }) {
  answer.write(Int32Array.of(go.wait() ? 1 : 0), Infinity);
}

/** Does nothing with its event. */
export function ignoreEvent({ go: _ }: { go: TaskEvent }) {}

/** Only waits for its event, and writes how many activations it took. */
export function closeAndTake({ go, taken }: { go: TaskEvent; taken: Ints }) {
  go.close();
  let count = 0;
  while (go.wait()) if (go.take()) count++;
  taken.write(Int32Array.of(count), Infinity);
}

/** Closes its event, and reads on. */
export function closeEvent({ go, numbers }: { go: TaskEvent; numbers: Reader<"int32"> }) {
  go.close();
  for (const _ of numbers);
}

/** Writes its context. */
export function writeContext({ text }: { text: Writer<"uint8"> }, context: TaskContext) {
  const { name, params, stopped } = context;
  const frame = new Uint8Array(text.frameLength);
  new TextEncoder().encodeInto(JSON.stringify({ name, params, stopped }), frame);
  text.write(frame, Infinity);
}

/** Sleeps until stopped. */
export function sleepForever(_: unknown, context: TaskContext) {
  context.sleep(Infinity);
}

/** Waits, asynchronously, until stopped. */
export async function awaitSignal(_: unknown, { signal }: TaskContext) {
  await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
}

/** Has names of its own for everything. */
export function negate({ left, right }: { left: Reader<"int32">; right: Ints }) {
  for (const frame of left) right.write(frame.map((n) => -n), Infinity);
}

// Failures of several tasks.

/** Fails as soon as it is stopped. */
export function failOnStop({ numbers }: { numbers: Reader<"int32"> }) {
  try {
    for (const _ of numbers);
  } catch {
    throw new Error("could not clean up");
  }
}

/** Writes the answer of an attempt to read a file. */
export async function readFile({ answer }: { answer: Ints }, { params }: TaskContext<string>) {
  const could = await Deno.readTextFile(params).then(() => 1, () => 0);
  answer.write(Int32Array.of(could), Infinity);
}

// Ways to export.

/** By default. */
export default function byDefault({ numbers }: { numbers: Ints }) {
  numbers.write(Int32Array.of(1), Infinity);
}

function inner({ numbers }: { numbers: Ints }) {
  numbers.write(Int32Array.of(2), Infinity);
}
export { inner as outer };

function make(value: number) {
  return ({ numbers }: { numbers: Ints }) => {
    numbers.write(Int32Array.of(value), Infinity);
  };
}
export const three = make(3);
export const four = make(4);

/** Fails at the first frame. */
export function failAfterOne({ numbers }: { numbers: Reader<"int32"> }) {
  numbers.read(Infinity);
  throw new RangeError("one is enough");
}

/** Reads two streams. */
export function takeBoth({ one, two }: { one: Reader<"int32">; two: Reader<"int32"> }) {
  while (one.read(Infinity) && two.read(Infinity));
}

/** Posts messages of its own, some like those of a host. */
export function postForeign({ numbers }: { numbers: Ints }) {
  const { postMessage } = globalThis as unknown as { postMessage(message: unknown): void };
  for (const message of [null, undefined, 7, { kind: "failed" }, { kind: "ended" }]) postMessage(message);
  numbers.write(Int32Array.of(1), Infinity);
}

/** Writes 0 to `count` - 1 without a word about waiting. */
export function writePlainly({ numbers }: { numbers: Writer<"int32"> }, { params }: TaskContext<{ count: number }>) {
  for (let n = 0; n < params.count; n++) numbers.write(n % 2 ? Int32Array.of(n) : numbers.frame().fill(n));
}

/** Writes 0 to `count` - 1, and then waits for the end of `never`. */
export function writeThenRead(
  { numbers, never }: { numbers: Writer<"int32">; never: Reader<"int32"> },
  { params }: TaskContext<{ count: number }>,
) {
  for (let n = 0; n < params.count; n++) numbers.write(Int32Array.of(n), Infinity);
  for (const _ of never);
}

/** Reads all numbers, but only once `first` has ended. */
export function readAfterAnother({ numbers, first }: { numbers: Reader<"int32">; first: Reader<"int32"> }) {
  for (const _ of first);
  for (const _ of numbers);
}

/** Waits until a ring of bytes has ended. */
export function readBytes({ bytes }: { bytes: RingReader }) {
  bytes.look(1, Infinity);
}

/** Tries to write `count` frames while nobody reads, and then says on `done` how many were refused. */
export function writeTooMuch(
  { numbers, done }: { numbers: Writer<"int32">; done: Writer<"int32"> },
  { params }: TaskContext<{ count: number }>,
) {
  for (let n = 0; n < params.count; n++) numbers.write(Int32Array.of(n), 0);
  done.write(Int32Array.of(numbers.refused));
}

/** Takes its context apart, and writes what it finds. */
export function takeApart({ numbers }: { numbers: Ints }, { name, params, stopped, signal, sleep }: TaskContext) {
  sleep(1);
  numbers.write(Int32Array.of(name.length, params as number, Number(stopped), Number(signal.aborted)), Infinity);
}

/** Writes `count` frames in each of four parts: two in bytes that are cut anywhere, one as a stream of frames, one by hand. */
export async function writeInParts({ numbers }: { numbers: Ints }, { params }: TaskContext<{ count: number }>) {
  const { count } = params;
  const framesOf = (part: number) =>
    Array.from({ length: count }, (_, n) => new Int32Array(numbers.frameLength).fill(part * count + n));
  const inBytes = async (part: number, cut: number) => {
    const all = new Int32Array(framesOf(part).flatMap((frame) => [...frame]));
    const chunks = Array.from(
      { length: Math.ceil(all.byteLength / cut) },
      (_, n) => new Uint8Array(all.buffer.slice(n * cut, (n + 1) * cut)),
    );
    await ReadableStream.from(chunks).pipeTo(numbers.writable({ bytes: true }), { preventClose: true });
  };
  const byHand = async (part: number) => {
    for (const frame of framesOf(part)) await numbers.writeAsync(frame);
  };
  const inFrames = ReadableStream.from(framesOf(2)).pipeTo(numbers.writable(), { preventClose: true });
  await Promise.all([inBytes(0, 3), inBytes(1, 24), inFrames, byHand(3)]);
}
