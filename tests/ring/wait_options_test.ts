/** The options of async waits, and what an abandoned wait leaves behind. */

import { deepEqual, equal, rejects, throws } from "node:assert/strict";
import type { WaitOptions } from "../../src/ring/waiting.ts";
import { makeEvent, makeRing, makeStream } from "./_helpers.ts";
import { watched } from "./_threads.ts";

const frame = (n: number) => Int32Array.of(n);
const makePair = (frames = 4) => {
  const stream = makeStream({ dtype: "int32", shape: [1], frames });
  return { writer: stream.writer(), reader: stream.reader() };
};

/** Every async wait, each on something for which it has to wait. */
const WAITS: Readonly<Record<string, (options?: WaitOptions) => Promise<unknown>>> = {
  "Reader.readAsync()": (options) => makePair().reader.readAsync(options),
  "Reader.lookAsync()": (options) => makePair().reader.lookAsync(options),
  "Writer.writeAsync()": (options) => fullWriter().writeAsync(frame(2), options),
  "Writer.lookAsync()": (options) => fullWriter().lookAsync(options),
  "RingReader.lookAsync()": (options) => makeRing(8).bytesReader().lookAsync(1, options),
  "RingWriter.lookAsync()": (options) => fullWriter().ring.lookAsync(64, options),
  "TaskEvent.waitAsync()": (options) => makeEvent({ signalers: 2 }).open(true).waitAsync(options),
};

function fullWriter() {
  const { writer } = makePair(1);
  writer.write(frame(1));
  return writer;
}

for (const [name, wait] of Object.entries(WAITS)) {
  Deno.test(`${name} refuses a bare number, an unknown option, and options of the wrong kind`, async () => {
    await rejects(wait(5 as WaitOptions), { name: "TypeError", message: /\{ timeoutMs: 5 \}, received 5$/ });
    await rejects(wait({ timeout: 5 } as WaitOptions), { name: "TypeError", message: /did you mean "timeoutMs"/ });
    await rejects(wait({ timeoutMs: "5" } as unknown as WaitOptions), {
      name: "TypeError",
      message: /received "5"$/,
    });
    await rejects(wait({ signal: {} } as WaitOptions), {
      name: "TypeError",
      message: /signal must be an AbortSignal/,
    });
    await rejects(wait({ timeoutMs: -1 }), { name: "RangeError", message: /received -1$/ });
  });

  Deno.test(`${name} rejects with the reason of its signal, before and during the wait`, async () => {
    await rejects(wait({ signal: AbortSignal.abort("early") }), (reason) => reason === "early");
    const controller = new AbortController();
    const waiting = wait({ signal: controller.signal, timeoutMs: 100_000 });
    setTimeout(() => controller.abort("late"));
    await rejects(watched(waiting), (reason) => reason === "late");
  });

  Deno.test(`${name} that runs out of time resolves, whatever its signal does afterwards`, async () => {
    const controller = new AbortController();
    equal(await watched(wait({ signal: controller.signal, timeoutMs: 1 })) || null, null);
    controller.abort();
  });
}

Deno.test("Reader.readAsync() that was aborted takes no frame with it", async () => {
  const { writer, reader } = makePair();
  for (let round = 0; round < 5; round++) {
    const controller = new AbortController();
    const reading = reader.readAsync({ signal: controller.signal });
    setTimeout(() => controller.abort());
    await rejects(watched(reading), { name: "AbortError" });
  }
  for (let n = 0; n < 4; n++) writer.write(frame(n));
  for (let n = 0; n < 4; n++) deepEqual(await reader.readAsync(), frame(n));
});

Deno.test("Reader.readAsync() behind another call is aborted at once, and the order of the others stays", async () => {
  const { writer, reader } = makePair();
  const controller = new AbortController();
  const first = reader.readAsync();
  const second = reader.readAsync({ signal: controller.signal });
  const third = reader.readAsync();
  controller.abort();
  await rejects(watched(second), { name: "AbortError" });
  writer.write(frame(1));
  writer.write(frame(2));
  deepEqual(await watched(Promise.all([first, third])), [frame(1), frame(2)]);
});

Deno.test("Writer.writeAsync() that was aborted publishes nothing, and is not counted as refused", async () => {
  const { writer, reader } = makePair(1);
  writer.write(frame(1));
  const controller = new AbortController();
  const writing = writer.writeAsync(frame(2), { signal: controller.signal });
  setTimeout(() => controller.abort());
  await rejects(watched(writing), { name: "AbortError" });
  deepEqual([reader.read(), reader.read(), writer.refused], [frame(1), null, 0]);
});

Deno.test("A time-out of the wrong kind is refused also where nothing has to be waited for", () => {
  const stream = makeStream({ dtype: "int32", shape: [1], frames: 4 });
  const reader = stream.reader();
  const writer = stream.writer();
  const frame = Int32Array.of(1);
  writer.write(frame, 0);
  writer.write(frame, 0);
  const calls: Record<string, (timeoutMs: never) => unknown> = {
    "Reader.read()": (timeoutMs) => reader.read(timeoutMs),
    "Reader.look()": (timeoutMs) => reader.look(timeoutMs),
    "Reader.readInto()": (timeoutMs) => reader.readInto(frame, timeoutMs),
    "Reader.readInto() of its own frame": (timeoutMs) => reader.readInto(reader.frame(), timeoutMs),
    "Reader.lookMany()": (timeoutMs) => reader.lookMany(1, { timeoutMs }),
    "RingReader.look()": (timeoutMs) => reader.ring.look(64, timeoutMs),
    "RingReader.readInto()": (timeoutMs) => reader.ring.readInto(new Uint8Array(64), timeoutMs),
    "Writer.write()": (timeoutMs) => writer.write(frame, timeoutMs),
    "Writer.write() of its own frame": (timeoutMs) => writer.write(writer.frame(), timeoutMs),
    "Writer.look()": (timeoutMs) => writer.look(timeoutMs),
    "Writer.lookMany()": (timeoutMs) => writer.lookMany(1, { timeoutMs }),
    "RingWriter.look()": (timeoutMs) => writer.ring.look(64, timeoutMs),
    "RingWriter.write()": (timeoutMs) => writer.ring.write(new Uint8Array(64), timeoutMs),
  };
  for (const isPassing of [false, true]) {
    if (isPassing) reader.setBlocking(false);
    for (const [name, call] of Object.entries(calls)) {
      for (const wrong of ["5", true, null, 5n, [], new Date(5)]) {
        throws(
          () => call(wrong as never),
          { name: "TypeError", message: /timeoutMs must be/ },
          `${name} ${Deno.inspect(wrong)}`,
        );
      }
      throws(() => call(NaN as never), /timeoutMs must be/, name);
      throws(() => call(-1 as never), { name: "RangeError" }, name);
    }
    // Nothing was read or written by them.
    equal(reader.ring.available, 2 * 64);
  }
});
