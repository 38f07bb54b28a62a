/** Who waits is woken. The peers park for good here, not for a second at a time, so that no lost wake-up heals itself. */

import { deepEqual, equal } from "node:assert/strict";
import { codes } from "../../src/ring/core.generated.ts";
import { readerAddress } from "../../src/ring/description.ts";
import type { Reader } from "../../src/ring/reader.ts";
import { WAIT_STRATEGIES, type WaitStrategy } from "../../src/ring/waiting.ts";
import type { Writer } from "../../src/ring/writer.ts";
import {
  type EventFixture,
  type Fixture,
  makeEvent,
  makeEvents,
  makeStream,
  makeStreams,
  type StreamFixture,
} from "./_helpers.ts";
import { isAwaited, Peer, together, untilParked, watched } from "./_threads.ts";

type Stream = StreamFixture<"int32">;
const frame = (n: number) => Int32Array.of(n, n, n, n);

/** A stream of one frame with two readers, full or empty. */
const makeOne = (isFull: boolean, wait: WaitStrategy = "park"): Stream => {
  const stream = makeStream({ dtype: "int32", frames: 1, readers: 2, wait });
  if (isFull) stream.writer().write(frame(1));
  return stream;
};

const stopping = ({ memory, waiters }: Fixture) => memory.stop(waiters);

const READER_WAKERS: Record<string, (stream: Stream) => void> = {
  "write()": (stream) => stream.writer().write(frame(1)),
  "increment()": (stream) => {
    const writer = stream.writer();
    writer.look();
    writer.increment();
  },
  "close()": (stream) => stream.writer().close(),
  "a stop": stopping,
};

for (const [waker, wake] of Object.entries(READER_WAKERS)) {
  Deno.test(`Core.reader_wait() returns on ${waker}, for all readers that are parked`, async () => {
    const stream = makeOne(false);
    const { ring, memory, waiters: [data] } = stream;
    using one = new Peer(stream);
    using other = new Peer(stream);
    const parking = [one, other].map((peer, index) =>
      peer.begin("park", "reader_wait", ring.address, readerAddress(ring, index), 64)
    );
    await watched(Promise.all(parking.map(({ begun }) => begun)));
    await untilParked(memory, data);
    wake(stream);
    deepEqual(await together(stream, parking.map(({ result }) => result)), [codes.WOKEN, codes.WOKEN]);
  });
}

/** The other reader has read already. */
const WRITER_WAKERS: Record<string, (slowest: Reader<"int32">, stream: Stream) => void> = {
  "read()": (reader) => reader.read(),
  "readInto()": (reader) => reader.readInto(reader.frame()),
  "setBlocking(false)": (reader) => reader.setBlocking(false),
  "close()": (reader) => reader.close(),
  "a stop": (_, stream) => stopping(stream),
};

for (const [waker, wake] of Object.entries(WRITER_WAKERS)) {
  Deno.test(`Core.writer_wait() returns on ${waker} of the slowest reader`, async () => {
    const stream = makeOne(true);
    const { ring, memory, waiters: [, space] } = stream;
    stream.reader(1).read();
    using peer = new Peer(stream);
    const parking = peer.run("park", "writer_wait", ring.address, 64);
    await untilParked(memory, space);
    wake(stream.reader(0), stream);
    equal(await parking, codes.WOKEN);
  });
}

Deno.test("Core.writer_wait() sleeps on while readers move that are not the one it waits for", async () => {
  const stream = makeStream({ dtype: "int32", frames: 4, readers: 2 });
  const writer = stream.writer();
  const fast = stream.reader(0);
  const slow = stream.reader(1);
  for (let n = 0; n < 4; n++) writer.write(frame(n));
  fast.read();
  using peer = new Peer(stream);
  const parking = peer.run("park", "writer_wait", stream.ring.address, 64);
  const { memory, waiters: [, space] } = stream;
  await untilParked(memory, space);
  for (let n = 1; n < 4; n++) fast.read();
  equal(isAwaited(memory.words, space), true);
  slow.read();
  equal(isAwaited(memory.words, space), false);
  equal(await parking, codes.WOKEN);
});

const EVENT_WAKERS: Record<string, (event: EventFixture) => void> = {
  "signal()": (event) => event.open().signal(),
  "the last signaler's leave": (event) => event.leave(),
  "a stop": stopping,
};

for (const [waker, wake] of Object.entries(EVENT_WAKERS)) {
  Deno.test(`Core.event_wait() returns on ${waker}, for all who are parked`, async () => {
    const event = makeEvent();
    using one = new Peer(event);
    using other = new Peer(event);
    const parking = [one, other].map((peer) => peer.begin("park", "event_wait", event.event.address, 0));
    await watched(Promise.all(parking.map(({ begun }) => begun)));
    await untilParked(event.memory, event.waiters[0]);
    wake(event);
    deepEqual(await together(event, parking.map(({ result }) => result)), [codes.WOKEN, codes.WOKEN]);
  });
}

for (const wait of WAIT_STRATEGIES) {
  Deno.test(`Reader.read() in another worker, waiting by "${wait}", gets what comes, and null at the end`, async () => {
    const stream = makeOne(false, wait);
    const binding = stream.readerBindings[0];
    const writer = stream.writer();
    stream.reader(1).close();
    using peer = new Peer(stream);
    for (const n of [1, 2, 3]) {
      const reading = peer.begin("call", binding, "read", Infinity);
      await watched(reading.begun);
      writer.write(frame(n));
      deepEqual(await reading.result, frame(n));
    }
    const last = peer.begin("call", binding, "read", Infinity);
    await watched(last.begun);
    writer.close();
    equal(await last.result, null);
  });

  Deno.test(`Writer.write() in another worker, waiting by "${wait}", gets in when there is room`, async () => {
    const stream = makeOne(true, wait);
    const binding = stream.writerBinding;
    const reader = stream.reader(0);
    stream.reader(1).close();
    using peer = new Peer(stream);
    for (const n of [2, 3, 4]) {
      const writing = peer.begin("call", binding, "write", frame(n), Infinity);
      await watched(writing.begun);
      deepEqual(reader.read(), frame(n - 1));
      equal(await writing.result, true);
    }
    const last = peer.begin("call", binding, "write", frame(5), Infinity);
    await watched(last.begun);
    reader.setBlocking(false);
    equal(await last.result, true);
  });
}

Deno.test("Reader.read() and Writer.write() in another worker give up after their timeout", async () => {
  for (const wait of WAIT_STRATEGIES) {
    const stream = makeOne(true, wait);
    using peer = new Peer(stream);
    equal(await peer.run("call", stream.writerBinding, "write", frame(2), 5), false);
    deepEqual(await peer.run("call", stream.readerBindings[0], "read", 5), frame(1));
    equal(await peer.run("call", stream.readerBindings[0], "read", 5), null);
  }
});

Deno.test("Reader.readAsync() resolves when another worker writes, and when it closes", async () => {
  const stream = makeOne(false);
  const reader = stream.reader(0);
  const other = stream.reader(1);
  using peer = new Peer(stream);
  const first = [reader.readAsync(), other.readAsync()];
  await peer.run("call", stream.writerBinding, "write", frame(1), 0);
  deepEqual(await watched(Promise.all(first)), [frame(1), frame(1)]);
  const last = [reader.readAsync(), other.lookAsync()];
  await peer.run("call", stream.writerBinding, "close");
  deepEqual(await watched(Promise.all(last)), [null, null]);
});

Deno.test("Writer.writeAsync() resolves when readers in another worker have read or are gone", async () => {
  const stream = makeOne(true);
  const writer = stream.writer();
  using peer = new Peer(stream);
  const [one, other] = stream.readerBindings;
  const second = writer.writeAsync(frame(2));
  deepEqual(await peer.run("call", one, "read", 0), frame(1));
  deepEqual(await peer.run("call", other, "read", 0), frame(1));
  equal(await watched(second), true);
  const third = writer.writeAsync(frame(3));
  deepEqual(await peer.run("call", one, "read", 0), frame(2));
  await peer.run("call", other, "close");
  equal(await watched(third), true);
});

Deno.test("TaskEvent.waitAsync() resolves when another worker signals", async () => {
  const event = makeEvent();
  const waiting = event.open(false).waitAsync();
  using peer = new Peer(event);
  await peer.run("call", event.binding(), "signal");
  equal(await watched(waiting), true);
});

Deno.test("Core loses no wake-up between two workers that wait for each other", async () => {
  const [there, back] = makeStreams({ dtype: "int32", frames: 1 }, { dtype: "int32", frames: 1 });
  const all = { memory: there.memory, waiters: [...there.waiters, ...back.waiters] };
  using one = new Peer(all);
  using other = new Peer(all);
  await together(all, [
    one.run("ask", there.writerBinding, back.readerBindings[0], 10_000),
    other.run("answer", there.readerBindings[0], back.writerBinding, 10_000),
  ]);
});

Deno.test("Core loses no wake-up between a writer and two readers of a ring of one or two frames", async () => {
  for (const frames of [1, 2]) {
    const stream = makeStream({ dtype: "int32", frames, readers: 2 });
    using writer = new Peer(stream);
    using one = new Peer(stream);
    using other = new Peer(stream);
    await together(stream, [
      writer.run("pour", stream.writerBinding, 10_000),
      ...[one, other].map((peer, index) => peer.run("drain", stream.readerBindings[index], 10_000)),
    ]);
  }
});

Deno.test("Core loses no wake-up between two workers that signal each other", async () => {
  const [there, back] = makeEvents(2);
  const all = { memory: there.memory, waiters: [...there.waiters, ...back.waiters] };
  using one = new Peer(all);
  using other = new Peer(all);
  there.open().signal();
  await together(all, [
    one.run("answerEvent", there.event.address, back.event.address, 10_000),
    other.run("answerEvent", back.event.address, there.event.address, 10_000),
  ]);
  equal(there.open().pending, 1);
});

Deno.test("Reader.readAsync() and Writer.writeAsync() lose no wake-up against a worker that parks", async () => {
  const [there, back] = makeStreams({ dtype: "int32", frames: 1 }, { dtype: "int32", frames: 1 });
  const all = { memory: there.memory, waiters: [...there.waiters, ...back.waiters] };
  using peer = new Peer(all);
  const rounds = 2000;
  const answering = peer.run("answer", there.readerBindings[0], back.writerBinding, rounds);
  const writer: Writer<"int32"> = there.writer();
  const reader: Reader<"int32"> = back.reader();
  const asking = (async () => {
    for (let round = 0; round < rounds; round++) {
      equal(await writer.writeAsync(frame(round)), true);
      await reader.readAsync();
    }
  })();
  await watched(together(all, [asking, answering]));
});
