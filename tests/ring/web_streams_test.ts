/** Readers and writers as streams of the platform. */

import { deepEqual, equal, match, ok, rejects, throws } from "node:assert/strict";
import { Pipeline, StoppedError } from "@ringmill/ringmill";

/** Rejects if a promise takes suspiciously long. */
async function soon<Value>(promise: Promise<Value>): Promise<Value> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error("nothing came of it")), 10_000);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

async function loop(shape: number[] = [2], frames = 4, cacheAlign = true) {
  const pipe = new Pipeline("loop");
  const stream = pipe.addStream("pcm", { shape, dtype: "int16", frames, cacheAlign });
  const writer = pipe.openWriter(stream);
  const reader = pipe.openReader(stream);
  await pipe.start();
  return { pipe, writer, reader };
}

/** Chunks as a stream. */
const streamOf = <Chunk>(...chunks: Chunk[]) => ReadableStream.from<Chunk>(chunks);

async function all<Chunk>(stream: ReadableStream<Chunk>): Promise<Chunk[]> {
  const chunks: Chunk[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

const bytesUpTo = (length: number) => Uint8Array.from({ length }, (_, n) => n);

Deno.test("Reader.readable() is the frames, as copies, to the end of the stream", async () => {
  const { pipe, writer, reader } = await loop();
  await using _ = pipe;
  const reading = all(reader.readable());
  for (let n = 0; n < 50; n++) await writer.writeAsync(Int16Array.of(n, -n));
  writer.close();
  deepEqual(await soon(reading), Array.from({ length: 50 }, (_, n) => Int16Array.of(n, n === 0 ? 0 : -n)));
});

Deno.test("Reader.readable() takes no frame before it is asked for, and holds the writer back", async () => {
  const { pipe, writer, reader } = await loop([2], 2);
  await using _ = pipe;
  const stream = reader.readable().getReader();
  await new Promise((resolve) => setTimeout(resolve, 20));
  const frame = Int16Array.of(1, 2);
  deepEqual([writer.write(frame), writer.write(frame), writer.write(frame)], [true, true, false]);
  deepEqual((await soon(stream.read())).value, frame);
  equal(await soon(writer.writeAsync(frame)), true);
});

for (const cacheAlign of [true, false]) {
  for (const length of [1, 3, 20_000]) {
    Deno.test(`Bytes go through frames of ${length}, whatever the chunks, with cacheAlign ${cacheAlign}`, async () => {
      const { pipe, writer, reader } = await loop([length], 4, cacheAlign);
      await using _ = pipe;
      const sent = Uint8Array.from({ length: 2 * length * 33 }, (_, n) => n * 7 % 251);
      const chunks: Uint8Array<ArrayBuffer>[] = [];
      let size = 1;
      for (let at = 0; at < sent.length; at += chunks.at(-1)!.length) {
        chunks.push(sent.slice(at, at + size));
        size = 1 + (size * 5 + 3) % (length * 7);
      }
      const writing = streamOf(...chunks, new Uint8Array(0)).pipeTo(writer.writable({ bytes: true }));
      deepEqual(await soon(new Response(reader.readable({ bytes: true })).bytes()), sent);
      await soon(writing);
    });
  }
}

Deno.test("Writer.writable() of bytes takes buffers and all views of them, and leaves them as they are", async () => {
  const { pipe, writer, reader } = await loop([2]);
  await using _ = pipe;
  const chunks = [
    bytesUpTo(4).buffer,
    new DataView(bytesUpTo(6).buffer, 1, 2),
    Int16Array.of(9),
    new Uint16Array(new SharedArrayBuffer(4)).fill(7),
  ];
  const writing = streamOf(...chunks).pipeTo(writer.writable({ bytes: true }));
  const frames = await soon(all(reader.readable()));
  await writing;
  deepEqual(frames, [Int16Array.of(0x100, 0x302), Int16Array.of(0x201, 9), Int16Array.of(7, 7)]);
});

for (
  const [partial, expected] of [["drop", []], ["pad", [Int16Array.of(0x504, 6)]]] as const
) {
  Deno.test(`Writer.writable() with partial "${partial}" ends with a part of a frame`, async () => {
    const { pipe, writer, reader } = await loop([2]);
    await using _ = pipe;
    await soon(streamOf(bytesUpTo(7)).pipeTo(writer.writable({ bytes: true, partial })));
    deepEqual(await soon(all(reader.readable())), [Int16Array.of(0x100, 0x302), ...expected]);
  });
}

for (const [left, text] of [[1, "1 byte is"], [3, "3 bytes are"]] as const) {
  Deno.test(`Writer.writable() says that ${text} left, and leaves nobody waiting`, async () => {
    const { pipe, writer, reader } = await loop([2]);
    await using _ = pipe;
    await rejects(soon(streamOf(bytesUpTo(4 + left)).pipeTo(writer.writable({ bytes: true }))), {
      name: "RangeError",
      message: `Cannot end stream "pcm": ${text} left, a frame has 4; the option partial says what becomes of them`,
    });
    deepEqual(await soon(all(reader.readable())), [Int16Array.of(0x100, 0x302)]);
  });
}

Deno.test("Writer.writable() holds its source back while the ring is full", async () => {
  const { pipe, writer, reader } = await loop([2], 2);
  await using _ = pipe;
  let pulled = 0;
  const source = new ReadableStream<Int16Array<ArrayBuffer>>({
    pull: (controller) => controller.enqueue(Int16Array.of(pulled++, 0)),
  }, { highWaterMark: 0 });
  const writing = source.pipeTo(writer.writable());
  writing.catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, 50));
  ok(pulled <= 4, `${pulled} frames were pulled into a ring of 2`);
  for (let n = 0; n < 10; n++) equal((await soon(reader.readAsync()))![0], n);
  pipe.stop();
  await rejects(soon(writing), StoppedError);
});

Deno.test("Reader.readable().cancel() closes the reader and ends a read under way", async () => {
  const { pipe, writer, reader } = await loop([2], 2);
  await using _ = pipe;
  const stream = reader.readable().getReader();
  const reading = stream.read();
  await soon(stream.cancel("enough"));
  deepEqual(await soon(reading), { done: true, value: undefined });
  equal(reader.closed, true);
  // Nobody holds the writer back any longer.
  for (let n = 0; n < 9; n++) equal(writer.write(Int16Array.of(1, 2)), true);
});

for (const bytes of [false, true]) {
  for (const closes of ["reader", "ring"] as const) {
    Deno.test(`A ${bytes ? "stream of bytes" : "readable"} ends when its ${closes} is closed, as loops do`, async () => {
      const { pipe, writer, reader } = await loop();
      await using _ = pipe;
      const close = () => closes === "ring" ? reader.ring.close() : reader.close();
      const readable = (): ReadableStream<unknown> => bytes ? reader.readable({ bytes }) : reader.readable();
      const [waiting, idle] = [readable(), readable()];
      writer.write(Int16Array.of(1, 2));
      const found: unknown[] = [];
      const ended = Promise.withResolvers<void>();
      const piping = waiting.pipeTo(
        new WritableStream({
          write: (chunk) => {
            found.push(chunk);
            setTimeout(close);
          },
          close: ended.resolve,
        }),
      );
      await soon(Promise.all([piping, ended.promise]));
      deepEqual(found, [bytes ? Uint8Array.of(1, 0, 2, 0) : Int16Array.of(1, 2)]);
      deepEqual(await soon(all(idle)), []);
      await rejects(soon(all(readable())), /^Error: Cannot read "pcm": this reader is closed$/);
    });
  }
}

Deno.test("A BYOB request ends when the reader is closed", async () => {
  const { pipe, reader } = await loop();
  await using _ = pipe;
  const reading = reader.readable({ bytes: true }).getReader({ mode: "byob" }).read(new Uint8Array(3));
  reader.close();
  deepEqual(await soon(reading), { done: true, value: new Uint8Array(0) });
});

Deno.test("A loop over Reader.readable() that is left closes the reader", async () => {
  const { pipe, writer, reader } = await loop();
  await using _ = pipe;
  writer.write(Int16Array.of(1, 2));
  for await (const frame of reader.readable()) {
    deepEqual(frame, Int16Array.of(1, 2));
    break;
  }
  equal(reader.closed, true);
});

Deno.test("Streams of the platform fail when the pipeline is stopped, also those that wait for their source", async () => {
  const { pipe, writer, reader } = await loop();
  await using _ = pipe;
  let cancelled: unknown;
  const silent = new ReadableStream<Uint8Array>({ cancel: (reason) => void (cancelled = reason) });
  const writing = silent.pipeTo(writer.writable({ bytes: true }));
  const reading = all(reader.readable());
  await new Promise((resolve) => setTimeout(resolve, 20));
  pipe.stop();
  await rejects(soon(writing), StoppedError);
  await rejects(soon(reading), StoppedError);
  ok(cancelled instanceof StoppedError);
});

Deno.test("A source that fails ends the program's stream, and the failure reaches who pipes", async () => {
  const { pipe, writer, reader } = await loop();
  await using _ = pipe;
  const failing = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(bytesUpTo(6)),
    pull: (controller) => controller.error(new Error("the line is cut")),
  });
  const writing = failing.pipeTo(writer.writable({ bytes: true }));
  await rejects(soon(writing), /the line is cut/);
  // What was under way may have come through; nothing of a part of a frame has.
  ok((await soon(all(reader.readable()))).length <= 1);
});

Deno.test("Writer.writable().abort() ends a write that waits for room", async () => {
  const { pipe, writer, reader } = await loop([2], 1);
  await using _ = pipe;
  const stream = writer.writable().getWriter();
  const frame = Int16Array.of(1, 2);
  await soon(stream.write(frame));
  const waiting = stream.write(frame);
  waiting.catch(() => {});
  stream.closed.catch(() => {});
  await soon(stream.abort(new Error("enough")));
  await rejects(soon(waiting), /enough/);
  deepEqual(await soon(all(reader.readable())), [frame]);
});

Deno.test("Reader.readable() of bytes fills the buffers of whoever brings some", async () => {
  const { pipe, writer, reader } = await loop([4]);
  await using _ = pipe;
  for (const n of [1, 2]) writer.write(Int16Array.of(n, n, n, n));
  writer.close();
  const stream = reader.readable({ bytes: true }).getReader({ mode: "byob" });
  const bytes: number[] = [];
  for (let done = false; !done;) {
    const part = await soon(stream.read(new Uint8Array(3)));
    bytes.push(...part.value ?? []);
    done = part.done;
  }
  deepEqual(bytes, [1, 0, 1, 0, 1, 0, 1, 0, 2, 0, 2, 0, 2, 0, 2, 0]);
});

Deno.test("Chunks of the wrong kind are refused by name", async () => {
  for (const [chunk, received] of [["text", '"text"'], [7, "7"], [null, "null"], [{}, "Object"]] as const) {
    const { pipe, writer } = await loop();
    await using _ = pipe;
    const writing = streamOf<unknown>(chunk).pipeTo(writer.writable({ bytes: true }) as WritableStream<unknown>);
    const message = `Cannot write bytes to stream "pcm": expected a buffer or a view of one, received ${received}`;
    await rejects(soon(writing), { name: "TypeError", message });
  }
  const { pipe, writer } = await loop();
  await using _ = pipe;
  await rejects(soon(streamOf(new Float32Array(2)).pipeTo(writer.writable() as never)), TypeError);
});

Deno.test("A chunk whose buffer is transferred before it is written is refused: its bytes would be lost", async () => {
  const message = 'Cannot write bytes to stream "pcm": the chunk\'s buffer was transferred before they were written';
  for (
    const chunkOf of [
      (bytes: Uint8Array) => bytes,
      ({ buffer }: Uint8Array) => buffer,
      (bytes: Uint8Array) => new DataView(bytes.buffer),
    ]
  ) {
    const { pipe, writer } = await loop();
    await using _ = pipe;
    const bytes = new Uint8Array(8);
    const chunk = chunkOf(bytes);
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
    await rejects(soon(streamOf<unknown>(chunk).pipeTo(writer.writable({ bytes: true }) as never)), { message });
  }
  // While it waits for room.
  const { pipe, writer, reader } = await loop();
  await using _ = pipe;
  const bytes = new Uint8Array(1000);
  const into = writer.writable({ bytes: true }).getWriter();
  const writing = into.write(bytes);
  writing.catch(() => {});
  into.closed.catch(() => {});
  while (reader.read() === null) await new Promise((resolve) => setTimeout(resolve));
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  while (await soon(reader.readAsync()) !== null);
  await rejects(soon(writing), { message });
});

Deno.test("A chunk of the wrong kind ends the program's stream after what came before", async () => {
  for (const bytes of [true, false]) {
    const { pipe, writer, reader } = await loop();
    await using _ = pipe;
    const good = Int16Array.of(1, 2);
    const writable = (bytes ? writer.writable({ bytes }) : writer.writable()) as WritableStream<unknown>;
    await rejects(soon(streamOf<unknown>(good, "text").pipeTo(writable)), TypeError);
    deepEqual(await soon(all(reader.readable())), [good]);
    equal(reader.closed, true);
  }
});

Deno.test("Options of readable() and writable() are checked", async () => {
  const { pipe, writer, reader } = await loop();
  await using _ = pipe;
  throws(() => reader.readable({ byte: true } as never), { name: "TypeError" });
  throws(() => reader.readable({ bytes: 1 } as never), { name: "TypeError" });
  throws(() => writer.writable({ bytes: true, partial: "keep" as never }), { name: "RangeError" });
  throws(() => writer.writable({ partial: "drop" } as never), (error: Error) => {
    match(error.message, /partial is of streams with bytes: true/);
    return true;
  });
});

Deno.test("Frames of columns go through streams of bytes, with what is between the columns", async () => {
  await using pipe = new Pipeline("columns");
  const dtype = { flag: "uint8", value: "float64" } as const;
  const ticks = pipe.addStream("ticks", { shape: [2], dtype, frames: 2 });
  const copies = pipe.addStream("copies", { shape: [2], dtype, frames: 2 });
  const [writer, reader] = [pipe.openWriter(ticks), pipe.openReader(ticks)];
  const [copyWriter, copyReader] = [pipe.openWriter(copies), pipe.openReader(copies)];
  await pipe.start();
  const copying = reader.readable({ bytes: true }).pipeTo(copyWriter.writable({ bytes: true }));
  const reading = all(copyReader.readable());
  const frame = (n: number) => ({ flag: Uint8Array.of(n, n), value: Float64Array.of(n / 2, -1) });
  await soon(streamOf(frame(1), frame(2), frame(3)).pipeTo(writer.writable()));
  deepEqual(await soon(reading), [frame(1), frame(2), frame(3)]);
  await copying;
});
