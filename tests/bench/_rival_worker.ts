/** One side of a transfer by `ringbuf.js` or by `postMessage`, in a worker of its own; or plain copies in one worker. */

import { RingBuffer } from "ringbuf.js";
import { onJob } from "./_jobs.ts";
import { Receipt } from "./_measure.ts";

/** What the worker is told to do. */
export interface RivalJob {
  readonly kind: "ringbuf" | "postMessage" | "memcpy";
  /** For memcpy: there is only one. */
  readonly side: "write" | "read";
  readonly frames: number;
  /** Numbers of 32 bits per frame. */
  readonly length: number;
  /** For ringbuf.js. */
  readonly buffer?: SharedArrayBuffer;
  /** For postMessage: the other side. */
  readonly port?: MessagePort;
  /** For memcpy: the module of `_memcpy.ts`. */
  readonly module?: WebAssembly.Module;
  /** Frames that may be under way. */
  readonly window: number;
}

/** What the reading side found. */
export interface RivalAnswer {
  /** Nanoseconds per frame. */
  readonly time: number;
  /** Of the numbers that the frames began with. */
  readonly sum: number;
}

onJob((job: RivalJob): RivalAnswer | Promise<RivalAnswer> | null => {
  if (job.kind === "memcpy") return copyInOneThread(job);
  if (job.kind === "ringbuf") return job.side === "write" ? writeToRing(job) : readFromRing(job);
  return job.side === "write" ? writeMessages(job) : readMessages(job);
});

/** In and out of as much memory as a ring has. */
function copyInOneThread({ frames, length, window, module }: RivalJob): RivalAnswer {
  const bytes = length * 4;
  const pages = Math.ceil(bytes * (window + 2) / 65_536);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const { exports } = new WebAssembly.Instance(module!, { env: { memory } });
  const memcpy = exports.memcpy as (to: number, from: number, length: number) => void;
  const [from, to] = [window * bytes, (window + 1) * bytes];
  const source = new Uint32Array(memory.buffer, from, 1);
  const target = new Uint32Array(memory.buffer, to, 1);
  const receipt = new Receipt();
  for (let n = 0; n < frames; n++) {
    const slot = n % window * bytes;
    source[0] = n;
    memcpy(slot, from, bytes);
    memcpy(to, slot, bytes);
    receipt.take(target[0]);
  }
  return receipt.settle();
}

/** Both sides spin: the library has no waiting of its own. */
function writeToRing({ frames, length, buffer }: RivalJob): null {
  const ring = new RingBuffer(buffer!, Uint32Array);
  const frame = new Uint32Array(length);
  for (let n = 0; n < frames; n++) {
    frame[0] = n;
    while (ring.availableWrite() < length);
    ring.push(frame);
  }
  return null;
}

function readFromRing({ frames, length, buffer }: RivalJob): RivalAnswer {
  const ring = new RingBuffer(buffer!, Uint32Array);
  const frame = new Uint32Array(length);
  const receipt = new Receipt();
  for (let n = 0; n < frames; n++) {
    while (ring.availableRead() < length);
    ring.pop(frame);
    receipt.take(frame[0]);
  }
  return receipt.settle();
}

/** The reader acknowledges every half window, so that memory stays bounded, as in a ring. */
function writeMessages(job: RivalJob): null {
  const port = job.port!;
  const frame = new Uint32Array(job.length);
  let n = 0;
  const send = (count: number) => {
    for (const end = Math.min(n + count, job.frames); n < end; n++) {
      frame[0] = n;
      port.postMessage(frame);
    }
  };
  port.onmessage = () => send(job.window / 2);
  send(job.window);
  return null;
}

function readMessages(job: RivalJob): Promise<RivalAnswer> {
  const port = job.port!;
  const receipt = new Receipt();
  return new Promise((resolve) => {
    port.onmessage = ({ data }: MessageEvent<Uint32Array>) => {
      receipt.take(data[0]);
      if (receipt.count % (job.window / 2) === 0) port.postMessage(null);
      if (receipt.count < job.frames) return;
      port.close();
      resolve(receipt.settle());
    };
  });
}
