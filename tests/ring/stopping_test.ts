import { deepEqual, equal, ok, rejects, throws } from "node:assert/strict";
import { StoppedError } from "../../src/errors.ts";
import { codes } from "../../src/ring/core.generated.ts";
import { WAIT_STRATEGIES } from "../../src/ring/waiting.ts";
import { makeEvent, makeStream, type RingFixture } from "./_helpers.ts";
import { type Call, Peer, untilParked, watched } from "./_threads.ts";

const frame = new Int32Array(4);
const bytes = new Uint8Array(64);

/** Ends of a stream that was told to stop when it held `held` of 2 frames. */
const stopped = (held: number, stopReason?: () => Error) => {
  const stream = makeStream({ dtype: "int32", frames: 2 });
  const writer = stream.writer({ stopReason });
  const reader = stream.reader(0, { stopReason });
  for (let n = 0; n < held; n++) writer.write(frame);
  stream.memory.stop(stream.waiters);
  return { writer, reader };
};

for (const held of [0, 1, 2]) {
  Deno.test(`Reader throws StoppedError from every call that looks for frames, with ${held} of 2 there`, async () => {
    const { reader } = stopped(held);
    for (const timeoutMs of [0, 1, Infinity]) {
      throws(() => reader.look(timeoutMs), StoppedError);
      throws(() => reader.read(timeoutMs), StoppedError);
      throws(() => reader.readInto(frame, timeoutMs), StoppedError);
      throws(() => reader.readInto(reader.frame(), timeoutMs), StoppedError);
      throws(() => reader.ring.look(64, timeoutMs), StoppedError);
      throws(() => reader.ring.readInto(bytes, timeoutMs), StoppedError);
      await rejects(() => reader.lookAsync({ timeoutMs }), StoppedError);
      await rejects(() => reader.readAsync({ timeoutMs }), StoppedError);
      await rejects(() => reader.ring.lookAsync(64, { timeoutMs }), StoppedError);
    }
    throws(() => [...reader], StoppedError);
    await rejects(async () => {
      for await (const _ of reader);
    }, StoppedError);
  });

  Deno.test(`Writer throws StoppedError from every call that looks for room, with ${held} of 2 taken`, async () => {
    const { writer } = stopped(held);
    for (const timeoutMs of [0, 1, Infinity]) {
      throws(() => writer.look(timeoutMs), StoppedError);
      throws(() => writer.write(frame, timeoutMs), StoppedError);
      throws(() => writer.write(writer.frame(), timeoutMs), StoppedError);
      throws(() => writer.ring.look(64, timeoutMs), StoppedError);
      throws(() => writer.ring.write(bytes, timeoutMs), StoppedError);
      await rejects(() => writer.lookAsync({ timeoutMs }), StoppedError);
      await rejects(() => writer.writeAsync(frame, { timeoutMs }), StoppedError);
      await rejects(() => writer.ring.lookAsync(64, { timeoutMs }), StoppedError);
    }
  });
}

Deno.test("TaskEvent throws StoppedError from signal(), take(), wait() and waitAsync(), open or not", async () => {
  for (const activations of [0, 1]) {
    const fixture = makeEvent({ activations });
    const event = fixture.open();
    fixture.memory.stop(fixture.waiters);
    throws(() => event.signal(), StoppedError);
    throws(() => event.take(), StoppedError);
    for (const timeoutMs of [0, 1, Infinity]) {
      throws(() => event.wait(timeoutMs), StoppedError);
      await rejects(() => event.waitAsync({ timeoutMs }), StoppedError);
    }
    equal(event.pending, activations);
  }
});

Deno.test("Reader.skipToNewest() throws StoppedError once it was told to stop", () => {
  const { reader } = stopped(2);
  throws(() => reader.skipToNewest(), StoppedError);
});

Deno.test("Reader and Writer throw the stop reason that they were given", () => {
  const reason = new RangeError("too loud");
  const { writer, reader } = stopped(1, () => reason);
  throws(() => reader.read(), reason);
  throws(() => writer.write(frame), reason);
  const fixture = makeEvent();
  const event = fixture.open(true, { stopReason: () => reason });
  fixture.memory.stop([]);
  throws(() => event.take(), reason);
});

Deno.test("Reader and Writer can still be closed once they were told to stop", () => {
  const { writer, reader } = stopped(1);
  equal(reader.closed, false);
  writer.close();
  reader.close();
  equal(reader.closed, true);
});

Deno.test("Reader and Writer publish and consume nothing once they were told to stop", () => {
  const { writer, reader } = stopped(1);
  throws(() => writer.write(frame), StoppedError);
  throws(() => reader.read(), StoppedError);
  equal(writer.pressure, 0.5);
});

Deno.test("Reader throws StoppedError out of an iteration that is under way", () => {
  const stream = makeStream({ dtype: "int32" });
  const writer = stream.writer();
  for (let n = 0; n < 4; n++) writer.write(frame);
  let seen = 0;
  throws(() => {
    for (const _ of stream.reader()) if (++seen === 2) stream.memory.stop(stream.waiters);
  }, StoppedError);
  equal(seen, 2);
});

Deno.test("Reader, Writer and TaskEvent answer what looks for nothing, once they were told to stop", () => {
  const stream = makeStream({ dtype: "int32", frames: 2 });
  const writer = stream.writer();
  const reader = stream.reader();
  writer.write(frame);
  writer.look();
  reader.look();
  stream.memory.stop(stream.waiters);
  writer.increment();
  deepEqual([writer.pressure, reader.increment(), reader.closed, reader.lost], [1, true, false, 0]);
  reader.setBlocking(false);
  equal(reader.isBlocking(), false);
  const fixture = makeEvent({ activations: 1 });
  const event = fixture.open();
  fixture.memory.stop(fixture.waiters);
  deepEqual([event.isOpen, event.pending], [true, 1]);
  event.reset();
  deepEqual([event.isOpen, event.pending, event.closed], [false, 0, true]);
});

Deno.test("Reader, Writer and TaskEvent that wait without blocking reject with StoppedError when it comes", async () => {
  const stream = makeStream({ dtype: "int32", frames: 1, readers: 2 });
  const writer = stream.writer();
  const [full, empty] = [stream.reader(0), stream.reader(1)];
  writer.write(frame);
  empty.read();
  const waiting = [empty.readAsync(), empty.ring.lookAsync(64), writer.writeAsync(frame), writer.ring.lookAsync(64)];
  stream.memory.stop(stream.waiters);
  for (const each of await watched(Promise.allSettled(waiting))) {
    ok(each.status === "rejected" && each.reason instanceof StoppedError);
  }
  throws(() => full.read(), StoppedError);
  const event = makeEvent({ signalers: 2 });
  const waitingToo = event.open().waitAsync();
  event.memory.stop(event.waiters);
  await rejects(watched(waitingToo), StoppedError);
});

Deno.test("Writer.write() of its own frame() throws StoppedError, if the stop comes just before it writes", () => {
  const stream = makeStream({ dtype: "int32", frames: 1 });
  const writer = stream.writer();
  const reader = stream.reader();
  const { memory } = stream;
  const { core } = memory;
  const { writer_look } = core;
  writer.write(frame);
  core.writer_wait = () => reader.read() ? codes.WOKEN : codes.TIMED_OUT;
  core.writer_look = (...place) => {
    const offset = writer_look(...place);
    memory.stop([]);
    return offset;
  };
  throws(() => writer.write(writer.frame(), Infinity), StoppedError);
  equal(writer.pressure, 0);
});

Deno.test("Reader.readInto() its own frame() throws StoppedError, if the stop comes just before it reads", () => {
  const stream = makeStream({ dtype: "int32", frames: 1 });
  const writer = stream.writer();
  const reader = stream.reader();
  const { memory } = stream;
  const { core } = memory;
  const { reader_look } = core;
  core.reader_wait = () => writer.write(frame) ? codes.WOKEN : codes.TIMED_OUT;
  core.reader_look = (...place) => {
    const offset = reader_look(...place);
    memory.stop([]);
    return offset;
  };
  throws(() => reader.readInto(reader.frame(), Infinity), StoppedError);
  equal(writer.pressure, 1);
});

type Calling = (peer: Peer, stream: RingFixture) => Call<unknown>;

/** Calls that wait: the readers' on an empty stream, the writers' on a full one. */
const CASES: readonly (readonly [name: string, isFull: boolean, call: Calling])[] = [
  ["Reader.read()", false, (peer, { readerBindings: [reader] }) => peer.begin("call", reader, "read", Infinity)],
  ["Reader.look()", false, (peer, { readerBindings: [reader] }) => peer.begin("call", reader, "look", 1e9)],
  ["Reader.readAsync()", false, (peer, { readerBindings: [reader] }) => peer.begin("call", reader, "readAsync")],
  ["Writer.write()", true, (peer, { writerBinding }) => peer.begin("call", writerBinding, "write", frame, Infinity)],
  ["Writer.look()", true, (peer, { writerBinding }) => peer.begin("call", writerBinding, "look", 1e9)],
  ["Writer.writeAsync()", true, (peer, { writerBinding }) => peer.begin("call", writerBinding, "writeAsync", frame)],
];

for (const wait of WAIT_STRATEGIES) {
  for (const [name, isFull, call] of CASES) {
    Deno.test(`${name} in another worker, waiting by "${wait}", throws StoppedError when it comes`, async () => {
      const stream = makeStream({ dtype: "int32", frames: 1, wait });
      if (isFull) stream.writer().write(frame);
      using peer = new Peer(stream);
      const { begun, result } = call(peer, stream);
      await watched(begun);
      // Who only spins announces nothing.
      if (wait !== "spin" || name.includes("Async")) await untilParked(stream.memory, stream.waiters[isFull ? 1 : 0]);
      stream.memory.stop(stream.waiters);
      await rejects(result, { name: "StoppedError", message: "The pipeline was stopped" });
    });
  }
}

Deno.test("TaskEvent.wait() and waitAsync() in another worker throw StoppedError when it comes", async () => {
  for (const method of ["wait", "waitAsync"]) {
    const fixture = makeEvent();
    using peer = new Peer(fixture);
    const waiting = peer.run("call", fixture.binding(false), method);
    await untilParked(fixture.memory, fixture.waiters[0]);
    fixture.memory.stop(fixture.waiters);
    await rejects(waiting, { name: "StoppedError" });
  }
});
