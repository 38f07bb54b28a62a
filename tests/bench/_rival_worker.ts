/** One side of a transfer by `ringbuf.js` or by `postMessage`, in a worker of its own. */

import { RingBuffer } from "ringbuf.js";

/** What the worker is told to do. */
export interface RivalJob {
  readonly kind: "ringbuf" | "postMessage";
  readonly side: "write" | "read";
  readonly frames: number;
  /** Numbers of 32 bits per frame. */
  readonly length: number;
  /** For ringbuf.js. */
  readonly buffer?: SharedArrayBuffer;
  /** For postMessage: the other side. */
  readonly port?: MessagePort;
  /** For postMessage: frames that may be under way. */
  readonly window: number;
}

interface Scope {
  onmessage: ((event: MessageEvent<RivalJob>) => void) | null;
  postMessage(nanosecondsPerFrame: number): void;
}

const scope = globalThis as unknown as Scope;

scope.onmessage = ({ data: job }) => {
  if (job.kind === "ringbuf") transferByRing(job);
  else transferByMessages(job);
};

/** Nanoseconds per frame, or `NaN` if frames were lost or doubled. */
function settle({ frames }: RivalJob, start: number, sum: number): number {
  const time = (performance.now() - start) / (frames - 1) * 1e6;
  return sum === frames * (frames - 1) / 2 ? time : NaN;
}

/** Both sides spin: the library has no waiting of its own. */
function transferByRing(job: RivalJob): void {
  const ring = new RingBuffer(job.buffer!, Uint32Array);
  const frame = new Uint32Array(job.length);
  if (job.side === "write") {
    for (let n = 0; n < job.frames; n++) {
      frame[0] = n;
      while (ring.availableWrite() < job.length);
      ring.push(frame);
    }
    return scope.postMessage(0);
  }
  let start = 0, sum = 0;
  for (let n = 0; n < job.frames; n++) {
    while (ring.availableRead() < job.length);
    ring.pop(frame);
    if (n === 0) start = performance.now();
    sum += frame[0];
  }
  scope.postMessage(settle(job, start, sum));
}

/** The reader acknowledges every half window, so that memory stays bounded, as in a ring. */
function transferByMessages(job: RivalJob): void {
  const port = job.port!, half = job.window / 2;
  if (job.side === "write") {
    const frame = new Uint32Array(job.length);
    let n = 0;
    const send = (count: number) => {
      for (const end = Math.min(n + count, job.frames); n < end; n++) {
        frame[0] = n;
        port.postMessage(frame);
      }
    };
    port.onmessage = () => send(half);
    return send(job.window);
  }
  let start = 0, sum = 0, count = 0;
  port.onmessage = ({ data }: MessageEvent<Uint32Array>) => {
    if (count++ === 0) start = performance.now();
    sum += data[0];
    if (count % half === 0) port.postMessage(null);
    if (count === job.frames) {
      port.close();
      scope.postMessage(settle(job, start, sum));
    }
  };
}
