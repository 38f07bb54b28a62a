import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { Pipeline, StoppedError } from "@ringmill/ringmill";
import { TransportError } from "@ringmill/ringmill/cluster";
import type { Reader } from "../../src/ring/reader.ts";
import type { Writer } from "../../src/ring/writer.ts";
import type { FrameType } from "../../src/ring/dtypes.ts";
import { LinkFigures } from "../../src/cluster/link_figures.ts";
import { FailureNote } from "../../src/cluster/tasks/failure_note.ts";
import { carryOut } from "../../src/cluster/tasks/publish_frames.ts";
import { carryIn } from "../../src/cluster/tasks/subscribe_frames.ts";
import { HEAD_BYTES, KIND, makeNotice, sealParcel } from "../../src/cluster/parcels/head.ts";
import { MemoryLinks } from "./_memory_link.ts";

/** Numbers from 0 to below 1, the same for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** A stream that the program writes and reads. */
async function openStream(length: number, frames = 4) {
  const pipe = new Pipeline("loop");
  const stream = pipe.addStream("frames", { shape: [length], dtype: "int32", frames });
  const writer = pipe.openWriter(stream);
  const reader = pipe.openReader(stream);
  await pipe.start();
  return { pipe, stream, writer, reader };
}
type Opened = Awaited<ReturnType<typeof openStream>>;

const peers = { onLostPeer: "wait", peerTimeoutMs: 10_000 } as const;

const link = (length: number) => ({
  link: "l",
  action: 'subscribe stream "frames"',
  schema: "s",
  frameBytes: length * 4,
  windowBytes: 1 << 20,
  isNewest: false,
  figures: LinkFigures.make(),
  offset: 0,
});

function bringIn(
  { stream, writer }: Opened,
  links: MemoryLinks,
  signal: AbortSignal,
  onNewRun: "fail" | "accept" | "resume" = "fail",
) {
  const description = { ...link(stream.shape[0]), ...peers, reader: "r" };
  const isStopped = () => signal.aborted;
  const options = {
    link: description,
    stride: stream.stride,
    onNewRun,
    commit: "consumed" as const,
    flows: [],
    signal,
    isStopped,
  };
  return carryIn(writer as unknown as Writer<FrameType>, links, options);
}

function takeOut({ stream, reader }: Opened, links: MemoryLinks, parcelBytes: number) {
  const description = {
    ...link(stream.shape[0]),
    ...peers,
    readers: ["r"],
    keep: "file" as const,
    keepsLast: false,
    replicas: 1,
    maxBytes: 1e6,
    parcelBytes,
  };
  const options = {
    link: description,
    note: FailureNote.make().memory,
    machine: null,
    epoch: 1,
    figures: LinkFigures.make().memory,
  };
  return carryOut(reader as unknown as Reader<FrameType>, links, { ...options, signal: new AbortController().signal });
}

for (const [what, length, parcelBytes] of [["one parcel for many", 3, 1024], ["parts of one", 1000, 700]] as const) {
  for (const seed of [1, 2, 3]) {
    Deno.test(`Frames, ${what}, survive late and doubled parcels, forgotten acks and readers that begin again, seed ${seed}`, async () => {
      const random = randomOf(seed);
      const links = new MemoryLinks(random, { late: 0.2, twice: 0.2, forgotten: 0.5 });
      const total = 300;
      const source = await openStream(length);
      await using _ = source.pipe;
      const out = takeOut(source, links, parcelBytes);
      const writing = (async () => {
        for (let n = 0; n < total; n++) await source.writer.writeAsync(new Int32Array(length).fill(n));
        source.writer.close();
      })();
      let next = 0;
      for (let round = 0; next < total; round++) {
        ok(round < 50, "it goes on");
        next = await readRound(links, { length, next, most: 20 + Math.floor(random() * 200), total });
      }
      await writing;
      await out;
      equal(links.acked, links.parcels.length);
    });
  }
}

/** Longer than the inlet takes from one look at its readers to the next. */
const LIFE_MS = 30;

/** One life of a reading program: up to `most` frames, then it is gone without a word. */
async function readRound(
  links: MemoryLinks,
  { length, next, most, total }: { length: number; next: number; most: number; total: number },
): Promise<number> {
  const sink = await openStream(length);
  await using _ = sink.pipe;
  const gone = new AbortController();
  const inward = bringIn(sink, links, gone.signal);
  inward.catch(() => {});
  let seen: number | undefined;
  for (let n = 0; n < most; n++) {
    const frame = await sink.reader.readAsync();
    if (frame === null) break;
    ok(frame.every((value) => value === frame[0]), "it is whole");
    ok(seen === undefined ? frame[0] <= next : frame[0] === seen + 1, `after ${seen ?? next - 1} comes ${frame[0]}`);
    seen = frame[0];
  }
  const reached = Math.max(next, (seen ?? -1) + 1);
  // A life that is shorter than the time between two looks at what was consumed acks nothing.
  if (reached < total) await new Promise((resolve) => setTimeout(resolve, LIFE_MS));
  if (reached === total) await inward;
  else gone.abort(new StoppedError("gone"));
  return reached;
}

/** A parcel of one frame of three numbers, of which some bytes are changed before it is sealed, or after. */
function parcelOf(head: Partial<Parameters<typeof sealParcel>[1]>, body = 12, after?: (bytes: Uint8Array) => void) {
  const bytes = new Uint8Array(HEAD_BYTES + body);
  sealParcel(bytes, { kind: KIND.frames, epoch: 7n, first: 0, count: 1, part: 0, parts: 1, ...head });
  after?.(bytes);
  return bytes;
}

const WRONG: Readonly<Record<string, readonly Uint8Array[]>> = {
  "nothing in it": [new Uint8Array(0)],
  "half a head": [parcelOf({}).slice(0, 20)],
  "half a body": [parcelOf({}).slice(0, HEAD_BYTES + 6)],
  "another magic number": [parcelOf({}, 12, (bytes) => bytes[0]++)],
  "another version": [parcelOf({}, 12, (bytes) => bytes[3]++)],
  "a changed body": [parcelOf({}, 12, (bytes) => bytes[HEAD_BYTES]++)],
  "a changed head": [parcelOf({}, 12, (bytes) => bytes[16]++)],
  "an unknown kind": [parcelOf({ kind: 99 as 0 })],
  "no frames": [parcelOf({ count: 0 }, 0)],
  "far too many frames": [parcelOf({ count: 2 ** 32 - 1 })],
  "fewer frames than it says": [parcelOf({ count: 2 })],
  "more bytes than it says": [parcelOf({}, 24)],
  "a part behind the last": [parcelOf({ part: 3, parts: 3 }, 4)],
  "no parts": [parcelOf({ parts: 0 })],
  "two frames in a part": [parcelOf({ count: 2, parts: 2 }, 4)],
  "a part as large as a frame": [parcelOf({ parts: 2 }, 12)],
  "a part that is not the first": [parcelOf({ part: 1, parts: 3 }, 4)],
  "parts that are too large": [parcelOf({ parts: 3 }, 8), parcelOf({ part: 1, parts: 3 }, 8)],
  "parts that are too small": [parcelOf({ parts: 2 }, 4), parcelOf({ part: 1, parts: 2 }, 4)],
  "parts that are left out": [parcelOf({ parts: 3 }, 4), parcelOf({ part: 2, parts: 3 }, 4)],
  "a frame in the middle of another's parts": [parcelOf({ parts: 3 }, 4), parcelOf({})],
  "an impossible frame number": [parcelOf({ first: 2 ** 53 - 1 })],
};

for (const [what, parcels] of Object.entries(WRONG)) {
  Deno.test(`A parcel with ${what} is an error that names the stream, and nothing is written`, async () => {
    const links = new MemoryLinks();
    for (const parcel of parcels) links.add(parcel);
    const sink = await openStream(3);
    await using _ = sink.pipe;
    const expected = (error: Error) =>
      error instanceof TransportError && error.message.startsWith('Cannot subscribe stream "frames": ');
    await rejects(() => bringIn(sink, links, new AbortController().signal), expected);
    equal(sink.reader.read(), null);
    equal(links.acked, 0);
  });
}

Deno.test("A hole between parcels, another run without a beginning, and an end that comes too early are errors", async () => {
  for (const next of [parcelOf({ first: 2 }), parcelOf({ epoch: 8n, first: 1 }), makeNotice(KIND.end, 7n, 5)]) {
    const links = new MemoryLinks();
    links.add(parcelOf({}));
    links.add(next);
    const sink = await openStream(3);
    await using _ = sink.pipe;
    await rejects(() => bringIn(sink, links, new AbortController().signal), TransportError);
    deepEqual([sink.reader.read()?.length, sink.reader.read()], [3, null]);
  }
});

function partOf(first: number, part: number): Uint8Array {
  const bytes = new Uint8Array(HEAD_BYTES + 4);
  new DataView(bytes.buffer).setInt32(HEAD_BYTES, first, true);
  sealParcel(bytes, { kind: KIND.frames, epoch: 7n, first, count: 1, part, parts: 3 });
  return bytes;
}

const frameOf = (first: number) => [0, 1, 2].map((part) => partOf(first, part));
const REJOINED: Readonly<Record<string, readonly [parcels: readonly Uint8Array[], numbers: readonly number[]]>> = {
  "frames follow": [[...frameOf(6), ...frameOf(7), makeNotice(KIND.end, 7n, 8)], [6, 7]],
  "the end follows": [[makeNotice(KIND.end, 7n, 6)], []],
  "a stop and a new run follow": [
    [
      makeNotice(KIND.stopped, 7n, 6),
      makeNotice(KIND.begin, 8n, 0),
      parcelOf({ epoch: 8n }),
      makeNotice(KIND.end, 8n, 1),
    ],
    [0],
  ],
};

for (const [what, [parcels, numbers]] of Object.entries(REJOINED)) {
  for (const dropped of [1, 2]) {
    Deno.test(`A reader that comes back after ${dropped} parts of a frame goes on behind it when ${what}`, async () => {
      const links = new MemoryLinks();
      links.isRejoined = true;
      [...frameOf(5).slice(dropped), ...parcels].forEach((parcel) => links.add(parcel));
      const sink = await openStream(3);
      await using _ = sink.pipe;
      const inward = bringIn(sink, links, new AbortController().signal, "accept").finally(() => sink.writer.close());
      inward.catch(() => {});
      const read: number[] = [];
      for await (const [first] of sink.reader) read.push(first);
      await inward;
      deepEqual(read, numbers);
      equal(links.acked, links.parcels.length);
    });
  }
}

Deno.test("Frames are acked when the slowest reader has consumed them, and not because a stop has readers leave", async () => {
  const links = new MemoryLinks();
  for (let first = 0; first < 3; first++) links.add(parcelOf({ first }));
  const sink = await openStream(3);
  await using _ = sink.pipe;
  const gone = new AbortController();
  const inward = bringIn(sink, links, gone.signal);
  inward.catch(() => {});
  ok(await sink.reader.lookAsync());
  await new Promise((resolve) => setTimeout(resolve, 120));
  equal(links.acked, 0);
  sink.reader.increment();
  await new Promise((resolve) => setTimeout(resolve, 120));
  equal(links.acked, 1);
  gone.abort(new StoppedError("gone"));
  sink.reader.close();
  await rejects(() => inward, StoppedError);
  equal(links.acked, 1);
});

Deno.test("What is consumed is acked after a share of the window, not only now and then: a writer waits for that room", async () => {
  const links = new MemoryLinks();
  const length = 16_384;
  const [source, sink] = [await openStream(length), await openStream(length)];
  await using _source = source.pipe;
  await using _sink = sink.pipe;
  const gone = new AbortController();
  // The 50 ms between two looks at what was consumed never come to their end.
  const { setInterval } = globalThis;
  globalThis.setInterval = ((work: () => void, ms: number) => setInterval(work, ms === 50 ? 1e9 : ms)) as never;
  try {
    takeOut(source, links, 4 * length + HEAD_BYTES).catch(() => {});
    const inward = bringIn(sink, links, gone.signal);
    for (let n = 0; n < 40; n++) {
      await source.writer.writeAsync(new Int32Array(length).fill(n));
      equal((await sink.reader.readAsync())![0], n);
    }
    ok(links.acked >= 30, `of 40 frames, ${links.acked} parcels are acked`);
    gone.abort(new StoppedError("gone"));
    await rejects(inward, StoppedError);
  } finally {
    globalThis.setInterval = setInterval;
  }
});
