/** Task functions that end early, are stopped while they use a library, or ask for a stop. */

import { on } from "node:events";
import { EventEmitter } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type { Reader, TaskContext, TaskEvent, Writer } from "@ringmill/ringmill";

type In = { numbers: Reader<"int32"> };
type Out = { numbers: Writer<"int32"> };

export function countForever({ numbers }: Out) {
  for (let n = 0;; n++) numbers.write(numbers.frame().fill(n));
}

export function readTen({ numbers }: In) {
  let left = 10;
  for (const _ of numbers) if (--left === 0) break;
}

export function closeAfterTen({ numbers }: In, { sleep }: TaskContext) {
  let left = 10;
  for (const _ of numbers) if (--left === 0) numbers.close();
  sleep(Infinity);
}

export function readAll({ numbers }: In) {
  for (const _ of numbers);
}

export function pass({ numbers, passed }: In & { passed: Writer<"int32"> }) {
  for (const frame of numbers) passed.write(frame);
}

export function askForStop({ numbers }: In, { stop }: TaskContext) {
  for (const [n] of numbers) if (n === 10) stop();
}

/** Goes on when nobody reads any more, for as long as it is told, and then says what `abandoned` was. */
export function goOn({ numbers, said }: Out & { said: Writer<"int32"> }) {
  const before = numbers.abandoned;
  for (let n = 0; !numbers.abandoned || n < 5000; n++) numbers.write(numbers.frame().fill(n));
  said.write(Int32Array.of(Number(before), Number(numbers.abandoned)));
}

export function sleepForever(_: Out, { sleep }: TaskContext) {
  sleep(Infinity);
}

export async function waitForEvent({ go }: Out & { go: TaskEvent }) {
  await go.waitAsync();
}

export function waitForEventBlocked({ go }: Out & { go: TaskEvent }) {
  go.wait();
}

export async function waitForSignal(_: Out, { signal }: TaskContext) {
  await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
}

/** Writes until it is told, and then how many it has written. */
export function countAndSum({ numbers }: Out) {
  let written = 0;
  try {
    for (;;) {
      numbers.write(Int32Array.of(1));
      written++;
    }
  } finally {
    numbers.write(Int32Array.of(-written));
  }
}

export async function countAndSumAsync({ numbers }: Out) {
  let written = 0;
  try {
    for (;;) {
      await numbers.writeAsync(Int32Array.of(1));
      written++;
    }
  } finally {
    await numbers.writeAsync(Int32Array.of(-written));
  }
}

/** Sums up, and writes the sum at the end. */
export function sum({ numbers, sums }: In & { sums: Writer<"int32"> }) {
  let total = 0;
  for (const [n] of numbers) total += n;
  sums.write(Int32Array.of(total));
}

export function ignoreEverything() {
  const end = performance.now() + 400;
  while (performance.now() < end);
}

/** What libraries, and code around them, throw when a stop aborts them. */
export const WRAPPINGS: Readonly<Record<string, (parts: In, context: TaskContext) => Promise<unknown>>> = {
  "timers of node:timers/promises": (_, { signal }) => sleep(100_000, undefined, { signal }),
  "on() of node:events": async (_, { signal }) => {
    for await (const _ of on(new EventEmitter(), "never", { signal }));
  },
  "an AbortError of its own": (_, { signal }) =>
    new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(new DOMException("The operation was aborted", "AbortError")));
    }),
  "an error with the stop as its cause": ({ numbers }) => wrapped(numbers.readAsync()),
  "two errors around the stop": ({ numbers }) => wrapped(wrapped(numbers.readAsync())),
  "Promise.any()": ({ numbers }) => Promise.any([numbers.readAsync(), numbers.readAsync()]),
  "an error around Promise.any()": ({ numbers }) => wrapped(Promise.any([numbers.readAsync()])),
  "a promise that nobody awaits": ({ numbers }, { signal }) => {
    numbers.readAsync();
    return new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
  },
  "a wait that goes on when it returns": (parts, context) => {
    parts.numbers.readAsync();
    while (!context.stopped);
    return Promise.resolve();
  },
  "a SuppressedError": async ({ numbers }) => {
    using _ = { [Symbol.dispose]: () => void numbers.read() };
    await numbers.readAsync();
  },
};

async function wrapped(work: Promise<unknown>): Promise<unknown> {
  try {
    return await work;
  } catch (cause) {
    throw new Error("while reading", { cause });
  }
}

export async function wrapStop(parts: In, context: TaskContext<string>) {
  await WRAPPINGS[context.params](parts, context);
}

/** What stays a failure, although the pipeline is stopped. */
export const FAILURES: Readonly<Record<string, (stop: unknown) => unknown>> = {
  "an error of its own": () => new RangeError("too loud"),
  "several errors, one of them its own": (stop) => new AggregateError([stop, new RangeError("too loud")], "several"),
  "an error with a cause of its own": () => new Error("while reading", { cause: new RangeError("too loud") }),
  "a text": () => "StoppedError",
};

export async function failAtStop({ numbers }: In, { params }: TaskContext<string>) {
  try {
    await numbers.readAsync();
  } catch (stop) {
    throw FAILURES[params](stop);
  }
}

export function failBeforeStop(_: In, { params }: TaskContext<string>) {
  throw params === "AbortError"
    ? new DOMException("early", "AbortError")
    : new Error("early", { cause: "StoppedError" });
}

export function leaveRejection() {
  Promise.reject(new RangeError("nobody awaits this"));
}
