/** What a loop over a reader hands out, whatever its body does with the reader. */

import { deepEqual, equal, rejects, throws } from "node:assert/strict";
import { settleAll, settleOwed } from "../../src/ring/owed_frames.ts";
import type { Reader } from "../../src/ring/reader.ts";
import { makeEvent, makeStream } from "./_helpers.ts";
import { watched } from "./_threads.ts";

const frame = (n: number) => Int32Array.of(n);

/** A stream that has `count` frames and has ended, with a reader. */
function ended(count: number, { frames = Math.max(1, count), owes = false } = {}) {
  const stream = makeStream({ dtype: "int32", shape: [1], frames });
  const writer = stream.writer();
  for (let n = 0; n < count; n++) writer.write(frame(n));
  writer.close();
  return { stream, reader: stream.reader(0, { owes }) };
}

/** What the bodies of a loop are tried with: each returns the numbers that it has had itself. */
const BODIES: Readonly<Record<string, { body: (reader: Reader<"int32">) => number[]; loop: number[]; had: number[] }>> =
  {
    "read()": { body: (reader) => numbersOf(reader.read()), loop: [0, 2, 4, 6], had: [1, 3, 5] },
    "read(Infinity)": { body: (reader) => numbersOf(reader.read(Infinity)), loop: [0, 2, 4, 6], had: [1, 3, 5] },
    "readInto()": {
      body: (reader) => {
        const out = frame(-1);
        return reader.readInto(out) ? [out[0]] : [];
      },
      loop: [0, 2, 4, 6],
      had: [1, 3, 5],
    },
    "readInto(frame())": {
      body: (reader) => reader.readInto(reader.frame()) ? [reader.frame()[0]] : [],
      loop: [0, 2, 4, 6],
      had: [1, 3, 5],
    },
    "look() and increment()": {
      body: (reader) => {
        const found = numbersOf(reader.look());
        if (found.length) reader.increment();
        return found;
      },
      loop: [0, 2, 4, 6],
      had: [1, 3, 5],
    },
    "look()": { body: (reader) => numbersOf(reader.look()), loop: [0, 1, 2, 3, 4, 5, 6], had: [1, 2, 3, 4, 5, 6] },
    "lookMany(2) and increment()": {
      body: (reader) => {
        const found = reader.lookMany(2) ?? [];
        if (found.length) reader.increment();
        return found.map(([n]) => n);
      },
      loop: [0, 3, 6],
      had: [1, 2, 4, 5],
    },
    "lookMany(2, { least: 2 })": {
      body: (reader) => (reader.lookMany(2, { least: 2 }) ?? []).map(([n]) => n),
      loop: [0, 1, 2, 3, 4, 5, 6],
      had: [1, 2, 2, 3, 3, 4, 4, 5, 5, 6],
    },
    "increment()": { body: (reader) => (reader.increment(), []), loop: [0, 1, 2, 3, 4, 5, 6], had: [] },
    "skipToNewest()": { body: (reader) => (reader.skipToNewest(), []), loop: [0, 6], had: [] },
    "setBlocking(true)": { body: (reader) => (reader.setBlocking(true), []), loop: [0, 1, 2, 3, 4, 5, 6], had: [] },
    "setBlocking(false)": { body: (reader) => (reader.setBlocking(false), []), loop: [0, 1, 2, 3, 4, 5, 6], had: [] },
    "setBlocking(false) and setBlocking(true)": {
      body: (reader) => (reader.setBlocking(false), reader.setBlocking(true), []),
      loop: [0],
      had: [],
    },
    "close()": { body: (reader) => (reader.close(), []), loop: [0], had: [] },
    "ring.close()": { body: (reader) => (reader.ring.close(), []), loop: [0], had: [] },
    "dispose": { body: (reader) => (reader[Symbol.dispose](), []), loop: [0], had: [] },
    "ring.look()": {
      body: (reader) => {
        if (reader.ring.available === 0) return [];
        const [head] = reader.ring.look(64)!;
        reader.ring.increment();
        return [new Int32Array(head.buffer, head.byteOffset, 1)[0]];
      },
      loop: [0, 2, 4, 6],
      had: [1, 3, 5],
    },
    "ring.skipToNewest()": { body: (reader) => (reader.ring.skipToNewest(64), []), loop: [0, 6], had: [] },
  };

function numbersOf(found: Int32Array | null): number[] {
  return found ? [found[0]] : [];
}

/** Each way to go through a reader. */
const LOOPS: Readonly<Record<string, (reader: Reader<"int32">, body: (n: number) => void) => Promise<void> | void>> = {
  "for of": (reader, body) => {
    for (const [n] of reader) body(n);
  },
  "for await": async (reader, body) => {
    for await (const [n] of reader) body(n);
  },
  "an iterator driven by hand": (reader, body) => {
    const iterator = reader[Symbol.iterator]();
    for (let round = iterator.next(); !round.done; round = iterator.next()) body(round.value[0]);
  },
};

for (const [loopName, run] of Object.entries(LOOPS)) {
  for (const [bodyName, { body, loop, had }] of Object.entries(BODIES)) {
    Deno.test(`Reader: ${loopName} with ${bodyName} in its body hands out no frame twice, and ends`, async () => {
      const { reader } = ended(7);
      const looped: number[] = [];
      const own: number[] = [];
      await watched(Promise.resolve(run(reader, (n) => {
        looped.push(n);
        own.push(...body(reader));
      })));
      deepEqual([looped, own], [loop, had]);
      if (!/close|dispose/.test(bodyName)) equal(reader.closed, true);
      if (!/look\(|lookMany|close|dispose/.test(bodyName)) equal(looped.length + own.length + reader.lost, 7);
    });
  }
}

Deno.test("Reader: a loop's frame stays whole while its body reads on, though the writer waits for room", () => {
  const stream = makeStream({ dtype: "int32", shape: [1], frames: 3 });
  const writer = stream.writer();
  const reader = stream.reader();
  let next = 0;
  const fill = () => {
    while (writer.write(frame(next), 0)) next++;
  };
  const pairs: number[][] = [];
  fill();
  for (const first of reader) {
    fill();
    const second = reader.read()!;
    fill();
    pairs.push([first[0], second[0]]);
    if (pairs.length === 20) break;
  }
  deepEqual(pairs, Array.from({ length: 20 }, (_, n) => [2 * n, 2 * n + 1]));
});

Deno.test("Reader: a body may read on over a ring of one frame", () => {
  const stream = makeStream({ dtype: "int32", shape: [1], frames: 1 });
  const writer = stream.writer();
  const reader = stream.reader();
  writer.write(frame(0));
  for (const [first] of reader) {
    equal(writer.write(frame(first + 1), 0), false);
    // Nothing is there, and the frame of the loop makes room.
    equal(reader.read(), null);
    equal(writer.write(frame(first + 1), 0), true);
    deepEqual(reader.read(), frame(first + 1));
    if (first === 8) break;
    writer.write(frame(first + 2));
  }
  equal(reader.ring.unread, 0);
});

Deno.test("Reader: a loop inside a loop goes on behind the outer one's frame, which stays whole", () => {
  const { reader } = ended(7, { frames: 7 });
  const found: number[][] = [];
  for (const head of reader) {
    const rows: number[] = [];
    for (const [n] of reader) {
      rows.push(n);
      if (rows.length === 2) break;
    }
    found.push([head[0], ...rows]);
  }
  deepEqual(found, [[0, 1, 2], [3, 4, 5], [6]]);
});

Deno.test("Reader.readAsync() beside a for await takes frames that the loop leaves out", async () => {
  const { reader } = ended(6);
  const looped: number[] = [];
  const beside: number[] = [];
  for await (const [n] of reader) {
    looped.push(n);
    beside.push(...numbersOf(await reader.readAsync()));
  }
  deepEqual([looped, beside], [[0, 2, 4], [1, 3, 5]]);
});

Deno.test("Reader: a loop begun over a closed reader throws, as every other use", async () => {
  const { reader } = ended(2);
  reader.close();
  throws(() => [...reader], /this reader is closed$/);
  await rejects(async () => {
    for await (const _ of reader);
  }, /this reader is closed$/);
});

for (const way of ["break", "throw"]) {
  const leave = (reader: Reader<"int32">) => {
    try {
      for (const _ of reader) {
        if (way === "throw") throw new Error("enough");
        break;
      }
    } catch {
      // The function goes on.
    }
  };

  Deno.test(`Reader: a frame that a task's loop was left with by ${way} is consumed when the reader is used again`, () => {
    for (const frames of [1, 3]) {
      const { reader } = ended(1, { frames, owes: true });
      leave(reader);
      equal(reader.ring.unread, 64);
      equal(reader.read(Infinity), null);
      equal(reader.ring.unread, 0);
    }
    const { reader } = ended(4, { owes: true });
    leave(reader);
    leave(reader);
    deepEqual([...reader].length, 2);
  });

  Deno.test(`Reader: a frame that a task's loop was left with by ${way} is consumed when the function returns`, () => {
    const { reader } = ended(1, { owes: true });
    leave(reader);
    equal(reader.ring.unread, 64);
    settleAll();
    equal(reader.ring.unread, 0);
  });

  Deno.test(`Reader: a frame that a task's loop was left with by ${way} does not hold up what the thread waits for`, async () => {
    const { reader } = ended(1, { owes: true });
    leave(reader);
    equal(makeEvent({ signalers: 2 }).open(true).wait(100), false);
    equal(reader.ring.unread, 0);
    const other = ended(1, { owes: true }).reader;
    leave(other);
    equal(await makeEvent({ signalers: 2 }).open(true).waitAsync({ timeoutMs: 100 }), false);
    equal(other.ring.unread, 0);
  });

  Deno.test(`Reader: whoever opens the reader next gets the frame that a loop was left with by ${way}`, () => {
    const { stream, reader } = ended(3, { owes: true });
    reader.read();
    leave(reader);
    deepEqual([...stream.reader(0)].map(([n]) => n), [1, 2]);
    settleOwed();
  });
}
