/** Who looks at the newest frame of a stream without being one of its readers. */

import { deepEqual, equal, ok } from "node:assert/strict";
import { layout } from "../../src/ring/core.generated.ts";
import { Onlooker, type TakeFrame } from "../../src/ring/onlooker.ts";
import { consumedBytes, isRingAbandoned } from "../../src/ring/ring_figures.ts";
import { makeStream, type StreamFixture } from "./_helpers.ts";
import { Peer, together } from "./_threads.ts";
import { fillFrame, numberOf } from "./_sequence.ts";

const LENGTH = 8;

function make(frames: number, { readers = 1, length = LENGTH } = {}) {
  const stream = makeStream({ dtype: "uint32", shape: [length], frames, readers, hasOnlooker: true });
  const writer = stream.writer();
  let written = 0;
  const write = (count: number) => {
    for (; count > 0; count--) {
      const frame = writer.frame();
      fillFrame(frame, written++);
      equal(writer.write(frame, 0), true);
    }
  };
  return { stream, writer, write, reader: readers > 0 ? stream.reader(0) : undefined };
}

const number = (length = LENGTH): TakeFrame<number> => (buffer, address) =>
  numberOf(new Uint32Array(buffer, address, length));

function onlookerOf({ memory, ring }: StreamFixture<"uint32">): Onlooker {
  return new Onlooker(memory, ring);
}

const isAnnouncing = ({ memory, ring }: StreamFixture<"uint32">) =>
  memory.words[(ring.address + layout.RING_ANNOUNCING) / 4] !== 0;

Deno.test("Onlooker.look() gives the newest frame, once, and takes none from the readers", () => {
  const { stream, write, reader } = make(4);
  using onlooker = onlookerOf(stream);
  equal(onlooker.look(number()), null);
  for (let round = 0; round < 10; round++) {
    write(2);
    equal(onlooker.look(number()), 2 * round + 1);
    equal(onlooker.look(number()), null);
    deepEqual([numberOf(reader!.read()!), numberOf(reader!.read()!)], [2 * round, 2 * round + 1]);
    equal(reader!.lost, 0);
  }
  equal(onlooker.frames, 20);
});

Deno.test("Onlooker never holds its writer back, whether it looks or not", () => {
  const { stream, write } = make(2, { readers: 0 });
  using onlooker = onlookerOf(stream);
  write(100);
  equal(onlooker.look(number()), 99);
  write(100);
  equal(onlooker.look(number()), 199);
});

Deno.test("A writer announces what it overwrites only while somebody looks on", () => {
  const { stream, writer, write, reader } = make(4);
  const round = () => {
    write(4);
    for (let n = 0; n < 4; n++) reader!.read();
    equal(writer.write(writer.frame(), 0), true);
    reader!.read();
  };
  round();
  equal(isAnnouncing(stream), false);
  const onlooker = onlookerOf(stream);
  round();
  equal(isAnnouncing(stream), true);
  onlooker[Symbol.dispose]();
  round();
  equal(isAnnouncing(stream), false);
});

Deno.test("A stream is abandoned and consumed as by its readers alone, also while somebody looks on", () => {
  const { stream, write, reader } = make(4, { readers: 1 });
  using onlooker = onlookerOf(stream);
  write(3);
  reader!.read();
  equal(consumedBytes(stream.memory, stream.ring), stream.ring.frame!.stride);
  reader!.close();
  equal(onlooker.look(number()), 2);
  equal(isRingAbandoned(stream.memory, stream.ring), true);
  equal(consumedBytes(stream.memory, stream.ring), stream.ring.frame!.stride);
});

Deno.test("Onlooker.look() gives the frame that was there before it came, at its second look", () => {
  for (const readers of [0, 1]) {
    const { stream, write } = make(4, { readers });
    write(3);
    for (let visit = 0; visit < 3; visit++) {
      using onlooker = onlookerOf(stream);
      deepEqual([1, 2, 3].map(() => onlooker.look(number())), [null, 2, null]);
      write(readers === 0 ? 1 : 0);
      equal(onlooker.look(number()), readers === 0 ? 3 + visit : null);
      if (readers === 0) break;
    }
  }
});

Deno.test("Onlooker.look() gives the last frame of a stream that has ended, of any size of ring", () => {
  for (const frames of [1, 2, 5]) {
    const { stream, writer, write } = make(frames, { readers: 0 });
    write(7);
    writer.close();
    using onlooker = onlookerOf(stream);
    deepEqual([onlooker.look(number()), onlooker.look(number())], [null, 6]);
  }
});

Deno.test("Onlooker.look() gives no frame from before its time that the writer may be overwriting", () => {
  const inPlace: ((stream: ReturnType<typeof make>) => unknown)[] = [
    ({ writer }) => writer.lookMany(4),
    ({ writer }) => writer.lookMany(4, { least: 4 }),
    ({ writer, stream: { ring } }) => writer.ring.look(ring.capacity),
  ];
  for (const look of inPlace) {
    const made = make(4, { readers: 0 });
    made.write(4);
    look(made);
    made.stream.memory.bytes.fill(1, made.writer.raw.byteOffset, made.writer.raw.byteOffset + made.writer.raw.length);
    using onlooker = onlookerOf(made.stream);
    deepEqual([1, 2, 3].map(() => onlooker.look(number())), [null, null, null]);
  }
  // Of one frame only, the slot that is filled in place is the newest frame's.
  const made = make(1, { readers: 0 });
  made.write(1);
  made.writer.look()![0] = 77;
  using onlooker = onlookerOf(made.stream);
  deepEqual([1, 2, 3].map(() => onlooker.look(number())), [null, null, null]);
});

Deno.test("Onlooker.look() gives whole frames only, in order, beside a writer in another thread", async () => {
  const frames = 10_000;
  for (const [held, length, inPlace] of [[1, 64, false], [2, 64, true], [8, 64, false], [2, 3000, true]] as const) {
    const { stream } = make(held, { length });
    const count = length > 64 ? 1000 : frames;
    using writing = new Peer(stream), reading = new Peer(stream);
    const results = together(stream, [
      writing.run("writeFrames", stream.writerBinding, count, inPlace) as Promise<unknown>,
      reading.run("readFrames", stream.readerBindings[0], count, "readInto"),
    ]);
    let last = -1;
    let isOver = false;
    results.then(() => isOver = true, () => isOver = true);
    while (!isOver) {
      using onlooker = onlookerOf(stream);
      for (let look = 0; look < 50 && !isOver; look++) {
        const found = onlooker.look(number(length));
        if (found !== null) {
          ok(found >= Math.max(0, last) && found < count, `${found} after ${last} of ${held} × ${length}`);
        }
        last = found ?? last;
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
    }
    deepEqual((await results)[1], null);
    using onlooker = onlookerOf(stream);
    deepEqual([onlooker.look(number(length)), onlooker.look(number(length))], [null, count - 1]);
  }
});

Deno.test("Onlooker.look() makes of frames that are too large to be copied what lies in the ring", () => {
  const length = 2.5 * 2 ** 20;
  const { stream, writer, write } = make(2, { length, readers: 0 });
  using onlooker = onlookerOf(stream);
  write(1);
  equal(onlooker.look(number(length)), 0);
  write(1);
  // The writer begins to overwrite what is looked at: in vain, until it has written on.
  const disturbed: TakeFrame<number> = (buffer, address) => {
    writer.lookMany(2);
    return number(length)(buffer, address);
  };
  equal(onlooker.look(disturbed), null);
  equal(onlooker.look(number(length)), null);
  write(1);
  equal(onlooker.look(number(length)), 2);
});
