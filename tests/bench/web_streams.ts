/** Bytes through a `WritableStream` into a ring, against plain copies of the same bytes. */

import { Pipeline } from "@ringmill/ringmill";
import { medians, verify } from "./_measure.ts";
import { against, formatBytes, type Row, type Table } from "./_table.ts";

const TOTAL = 64 << 20;

/** Nanoseconds per chunk of `sink`, which takes them one by one. */
async function timeChunks(
  chunk: Uint8Array<ArrayBuffer>,
  sink: WritableStream<Uint8Array<ArrayBuffer>>,
): Promise<number> {
  const count = Math.floor(TOTAL / chunk.length);
  const writer = sink.getWriter();
  const start = performance.now();
  for (let n = 0; n < count; n++) await writer.write(chunk);
  const time = performance.now() - start;
  writer.releaseLock();
  return time / count * 1e6;
}

async function measure(chunkBytes: number, frameBytes: number): Promise<Row> {
  await using pipe = new Pipeline("bytes");
  const stream = pipe.addStream("bytes", { shape: [frameBytes], dtype: "uint8", frames: (4 << 20) / frameBytes });
  const writer = pipe.openWriter(stream);
  const reader = pipe.openReader(stream);
  await pipe.compile();
  reader.setBlocking(false);
  await pipe.start();
  const chunk = Uint8Array.from({ length: chunkBytes }, (_, n) => n * 7 % 251);
  const into = writer.writable({ bytes: true });
  const room = new Uint8Array(4 << 20);
  let at = 0;
  const copy = (chunk: Uint8Array) => {
    if (at + chunk.length > room.length) at = 0;
    room.set(chunk, at);
    at += chunk.length;
  };
  const times = await medians({
    "ring": async () => {
      const time = await timeChunks(chunk, into);
      const newest = reader.read()!;
      verify(newest.every((byte, n) => byte === chunk[chunkBytes - frameBytes + n]), "bytes into a ring");
      return time;
    },
    "stream that copies": async () => await timeChunks(chunk, new WritableStream({ write: copy })),
    "copy": () => {
      const count = Math.floor(TOTAL / chunkBytes);
      const start = performance.now();
      for (let n = 0; n < count; n++) copy(chunk);
      return (performance.now() - start) / count * 1e6;
    },
  }, 5);
  const label = `${formatBytes(chunkBytes)} in frames of ${formatBytes(frameBytes)}`;
  return { label, times, ratios: against(times, "ring") };
}

/** Measures. */
export async function benchWebStreams(): Promise<Table[]> {
  const rows = [await measure(65_536, 65_536), await measure(65_536, 4096), await measure(65_536, 64)];
  return [{
    title: "One chunk of bytes through a WritableStream into a ring",
    unit: "ns",
    note: "In one thread; nobody holds the writer back. All of them copy each byte once.",
    rows,
  }];
}
