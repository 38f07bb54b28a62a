/** Asynchronous calls that are made before the last one has resolved take turns. */

import { deepEqual, equal, rejects } from "node:assert/strict";
import { StoppedError } from "../../src/errors.ts";
import { makeEvent, makeRing, makeStream } from "./_helpers.ts";
import { Peer, untilParked, watched } from "./_threads.ts";

const pair = (frames: number, readers = 1) => {
  const stream = makeStream({ dtype: "int32", shape: [1], frames, readers });
  const all = Array.from({ length: readers }, (_, index) => stream.reader(index));
  return { stream, writer: stream.writer(), reader: all[0], readers: all };
};
const frame = (n: number) => Int32Array.of(n);
const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);

Deno.test("Writer.writeAsync() and Reader.readAsync() keep the order of many calls that are not awaited", async () => {
  const { writer, reader } = pair(4);
  const reading = numbers(300).map(() => reader.readAsync());
  const writing = numbers(300).map((n) => writer.writeAsync(frame(n)));
  deepEqual(new Set(await watched(Promise.all(writing))), new Set([true]));
  deepEqual((await watched(Promise.all(reading))).map((read) => read![0]), numbers(300));
});

Deno.test("Reader.readAsync() gives up after its own timeout while another one waits on", async () => {
  const { writer, reader } = pair(4);
  const first = reader.readAsync();
  const second = reader.readAsync({ timeoutMs: 5 });
  const third = reader.readAsync({ timeoutMs: 0 });
  const last = reader.readAsync();
  deepEqual(await watched(Promise.all([second, third])), [null, null]);
  writer.write(frame(1));
  writer.write(frame(2));
  deepEqual(await watched(Promise.all([first, last])), [frame(1), frame(2)]);
});

Deno.test("Reader.lookAsync() finds the same frame for all who call it, until it is consumed", async () => {
  const { writer, reader } = pair(4);
  const looking = [reader.lookAsync(), reader.lookAsync()];
  writer.write(frame(1));
  const [one, other] = await watched(Promise.all(looking));
  equal(one, other);
  equal(reader.increment(), true);
});

Deno.test("RingReader.lookAsync() and RingWriter.lookAsync() that run out of time leave what look() has found", async () => {
  const ring = makeRing(8);
  const writer = ring.bytesWriter();
  const reader = ring.bytesReader();
  const all = reader.lookAsync(8);
  writer.write(Uint8Array.of(1, 2, 3, 4));
  reader.look(4);
  deepEqual([await reader.lookAsync(4, { timeoutMs: 5 }), await reader.lookAsync(8, { timeoutMs: 0 })], [null, null]);
  writer.look(4);
  equal(await writer.lookAsync(8, { timeoutMs: 0 }), null);
  writer.increment();
  deepEqual((await watched(all))?.map((part) => part.length), [8, 0]);
  equal(reader.increment(), true);
  equal(reader.unread, 0);
});

Deno.test("Reader.close() and Writer.close() end all calls that wait", async () => {
  const { writer, reader } = pair(1);
  const reading = numbers(3).map(() => reader.readAsync());
  reader.close();
  for (const each of reading) await rejects(watched(each), /this reader is closed/);
  const other = pair(1);
  other.writer.write(frame(0));
  const writing = numbers(3).map((n) => other.writer.writeAsync(frame(n)));
  other.writer.close();
  for (const each of writing) await rejects(watched(each), /its writer is closed/);
  deepEqual([other.reader.read(), other.reader.read(), writer.pressure], [frame(0), null, 0]);
});

Deno.test("Reader, Writer and TaskEvent reject all calls that wait with StoppedError when it comes", async () => {
  const { stream, writer, readers: [empty] } = pair(1, 2);
  writer.write(frame(0));
  empty.read();
  const waiting: Promise<unknown>[] = numbers(3).flatMap((n) => [empty.readAsync(), writer.writeAsync(frame(n))]);
  stream.memory.stop(stream.waiters);
  for (const each of waiting) await rejects(watched(each), StoppedError);
  const event = makeEvent({ signalers: 2 });
  const handle = event.open();
  const waitingToo = numbers(3).map(() => handle.waitAsync());
  event.memory.stop(event.waiters);
  for (const each of waitingToo) await rejects(watched(each), StoppedError);
});

Deno.test("TaskEvent.waitAsync() resolves for all calls on one handle", async () => {
  const event = makeEvent({ signalers: 2 }).open();
  const waiting = numbers(3).map(() => event.waitAsync());
  event.signal();
  deepEqual(await watched(Promise.all(waiting)), [true, true, true]);
  equal(event.pending, 1);
});

Deno.test("Reader.close() leaves other readers waiting, in a worker too", async () => {
  const { stream, writer, readers: [, near, leaving] } = pair(1, 3);
  using peer = new Peer(stream);
  const far = peer.run("call", stream.readerBindings[0], "read", Infinity);
  await untilParked(stream.memory, stream.waiters[0]);
  const waiting = near.readAsync();
  leaving.close();
  writer.write(frame(1));
  deepEqual(await watched(Promise.all([far, waiting])), [frame(1), frame(1)]);
});

Deno.test("Writer.writeAsync() does not keep timers and messages waiting, however fast the other side is", async () => {
  const { writer, reader } = pair(4);
  let isDone = false;
  const timer = new Promise((resolve) => setTimeout(resolve, 0)).then(() => isDone = true);
  const loop = (async () => {
    for (let n = 0; !isDone; n++) {
      await writer.writeAsync(frame(n));
      await reader.readAsync();
    }
  })();
  await watched(Promise.all([timer, loop]));
});
