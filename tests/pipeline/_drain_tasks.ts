/** Sources that hear of a drain in every way, and write what is left in `finally`. */

import { type Reader, select, selectAsync, type TaskContext, type TaskEvent, type Writer } from "@ringmill/ringmill";
import { setTimeout as pause } from "node:timers/promises";

type Bindings = { left: Writer<"int32">; right: Writer<"int32">; never: TaskEvent; ends: TaskEvent };
type Way = (bindings: Bindings, context: TaskContext) => unknown;

/** More than a ring holds, so that the writer has to wait. */
export const REST = 20;

/** How a source works until it is told. */
export const WAYS: Readonly<Record<string, Way>> = {
  "write()": ({ left }) => {
    for (;;) left.write(Int32Array.of(0));
  },
  "look()": ({ left }) => {
    for (;;) {
      left.look(Infinity)!.fill(0);
      left.increment();
    }
  },
  "lookMany()": ({ left }) => {
    for (;;) {
      for (const frame of left.lookMany(3, { timeoutMs: Infinity })!) frame.fill(0);
      left.increment();
    }
  },
  "the end of an event": ({ ends }) => {
    while (ends.wait());
  },
  "the end of an event, looked at": ({ ends }) => {
    while (!ends.closed);
  },
  "the end of an event, awaited: Async": async ({ ends }) => {
    while (await ends.waitAsync());
  },
  "the end of an event, selected": ({ ends }) => {
    while (!ends.closed) select({ ends });
  },
  "the end of an event that it waits for again": ({ ends, left }) => {
    for (;;) {
      ends.wait(1);
      left.write(Int32Array.of(0));
    }
  },
  "the end of an event that it awaits again: Async": async ({ ends, left }) => {
    for (;;) {
      await ends.waitAsync({ timeoutMs: 1 });
      await left.writeAsync(Int32Array.of(0));
    }
  },
  "sleep()": (_, { sleep }) => sleep(Infinity),
  "stopped": (_, context) => {
    while (!context.stopped);
  },
  "wait() of an event": ({ never }) => never.wait(),
  "select() of an event": ({ never }) => select({ never }),
  "select() of a stream": ({ left }) => {
    for (;;) {
      select({ left });
      left.write(Int32Array.of(0));
    }
  },
  "writeAsync()": async ({ left }) => {
    for (;;) await left.writeAsync(Int32Array.of(0));
  },
  "lookAsync()": async ({ left }) => {
    for (;;) {
      (await left.lookAsync())!.fill(0);
      left.increment();
    }
  },
  "waitAsync() of an event": async ({ never }) => await never.waitAsync(),
  "selectAsync() of an event": async ({ never }) => await selectAsync({ never }),
  "selectAsync() of a stream": async ({ left }) => {
    for (;;) {
      await selectAsync({ left });
      await left.writeAsync(Int32Array.of(0));
    }
  },
  "signal": async (_, { signal }) => {
    await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  },
  "pipeTo() of a busy source": async ({ left }) => {
    const zeros = new ReadableStream({ pull: (controller) => controller.enqueue(Int32Array.of(0)) });
    await zeros.pipeTo(left.writable());
  },
  "pipeTo() of an idle source": pipeIdle,
};

/** Never gets a chunk. */
export async function pipeIdle({ left }: Pick<Bindings, "left">) {
  await new ReadableStream<Int32Array>().pipeTo(left.writable());
}

/** Writes 1, 2, 3 and so on to both streams when it is told, by blocking calls. */
export function source(bindings: Bindings, context: TaskContext<string>) {
  const { left, right } = bindings;
  const finish = () => {
    for (let n = 1; n <= REST; n++) left.write(Int32Array.of(n));
    for (let n = 1; n <= REST; n++) right.write(Int32Array.of(n));
  };
  try {
    const working = WAYS[context.params](bindings, context);
    if (working instanceof Promise) return working.finally(finish);
  } finally {
    if (!context.params.includes("Async") && !/signal|pipeTo/.test(context.params)) finish();
  }
}

/** As {@link source}, by promises, with all ways of waiting in between. */
export async function asyncSource(bindings: Bindings, context: TaskContext<string>) {
  const { left, right } = bindings;
  try {
    await WAYS[context.params](bindings, context);
  } finally {
    for (let n = 1; n <= REST; n++) await left.writeAsync(Int32Array.of(n));
    for (let n = 1; n <= REST; n++) {
      equal(await selectAsync({ right, never: bindings.never }), "right");
      await right.writeAsync(Int32Array.of(n));
    }
    equal(await selectAsync({ never: bindings.never }, { timeoutMs: 1 }), null);
    equal(select({ never: bindings.never }, { timeoutMs: 1 }), null);
  }
}

function equal(value: unknown, expected: unknown): void {
  if (value !== expected) throw new Error(`expected ${expected}, received ${value}`);
}

/** Parts that outlive each other: one waits, the others write now and then. */
export async function parts({ left, right, never }: Bindings) {
  const write = async (writer: Writer<"int32">) => {
    try {
      for (;;) {
        await pause(1);
        await writer.writeAsync(Int32Array.of(0));
      }
    } finally {
      for (let n = 1; n <= REST; n++) await writer.writeAsync(Int32Array.of(n));
    }
  };
  await Promise.allSettled([never.waitAsync(), selectAsync({ never }), write(left), write(right)]);
}

/** What goes on beside a part that writes as fast as it can. */
export const BESIDES: Readonly<Record<string, (left: Writer<"int32">, context: TaskContext) => unknown>> = {
  "a listener of signal": (_, { signal }) => signal.addEventListener("abort", () => {}),
  "a timer that asks for stopped": (_, context) => {
    const timer = setInterval(() => context.stopped && clearInterval(timer), 1);
  },
  "a part that writes, too": (left) => writeOn(left),
  "a part that writes chunks": async (left) => {
    const chunks = left.writable().getWriter();
    for (;;) await chunks.write(Int32Array.of(0));
  },
  "a part that is piped": (left) =>
    new ReadableStream({ pull: (controller) => controller.enqueue(Int32Array.of(0)) }).pipeTo(left.writable()),
};

async function writeOn(writer: Writer<"int32">): Promise<never> {
  for (;;) await writer.writeAsync(Int32Array.of(0));
}

/** Both parts write one stream. */
export async function besides({ left }: Bindings, context: TaskContext<string>) {
  const beside = BESIDES[context.params](left, context);
  await Promise.allSettled([beside, writeOn(left)]);
  for (let n = 1; n <= REST; n++) await left.writeAsync(Int32Array.of(n));
}

/** Could signal for as long as the source works. */
export function holder({ right }: { right: Reader<"int32">; never: TaskEvent }) {
  for (const _ of right);
}

/** Returns each time that it is told. */
export function returning({ left, right }: Omit<Bindings, "ends">, context: TaskContext) {
  while (!context.stopped);
  for (const writer of [left, right]) for (let n = 1; n <= REST; n++) writer.write(Int32Array.of(n));
}

/** Cannot write what is left. */
export function failing({ left }: Pick<Bindings, "left">) {
  try {
    for (;;) left.write(Int32Array.of(0));
  } finally {
    // deno-lint-ignore no-unsafe-finally
    throw new RangeError("the file is gone");
  }
}

/** Fails after its call, by a promise that it has left behind. */
export function leavesPromise({ left }: Pick<Bindings, "left"> & { go: TaskEvent }) {
  left.write(Int32Array.of(1));
  setTimeout(() => {
    throw new RangeError("too late");
  });
}

/** Reads one stream after the other, each when the event has let it, or nobody is left to. */
export function takesBoth({ left, right, go }: { left: Reader<"int32">; right: Reader<"int32">; go: TaskEvent }) {
  go.wait();
  for (const _ of left);
  for (const _ of right);
}
