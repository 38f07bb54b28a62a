/** One side of round trips by `Atomics` alone or by `postMessage`, in a worker of its own. */

import { onJob } from "./_jobs.ts";
import { type Percentiles, percentiles, verify } from "./_measure.ts";
import { timeRoundTrips, timeRoundTripsAsync } from "./_round_trips.ts";

/** What the worker is told to do. */
export interface LatencyJob {
  readonly kind: "spin" | "park" | "postMessage";
  readonly side: "ask" | "answer";
  readonly trips: number;
  /** Two words, 128 bytes apart: the number sent, and the number sent back. For all but `postMessage`. */
  readonly words?: Int32Array<SharedArrayBuffer>;
  /** The other side. For `postMessage`. */
  readonly port?: MessagePort;
}

const THERE = 0;
const BACK = 32;
/** What a word holds before the first number, and after the last. */
const NOTHING = -(2 ** 31);
const END = 2 ** 31 - 1;

onJob(async (job: LatencyJob): Promise<Percentiles | null> => {
  if (job.kind === "postMessage") return await (job.side === "ask" ? askByMessages(job) : answerByMessages(job));
  const wait = job.kind === "park" ? park : spin;
  return job.side === "ask" ? askByWords(job, wait) : answerByWords(job, wait);
});

/** Waits until a word is not `old` any more, and returns what it is. */
type Wait = (words: Int32Array<SharedArrayBuffer>, at: number, old: number) => number;

const spin: Wait = (words, at, old) => {
  for (;;) {
    const value = Atomics.load(words, at);
    if (value !== old) return value;
  }
};

const park: Wait = (words, at, old) => {
  while (Atomics.load(words, at) === old) Atomics.wait(words, at, old);
  return Atomics.load(words, at);
};

/** Notifies in any case, where the other side parks. */
function send(words: Int32Array<SharedArrayBuffer>, at: number, n: number, wait: Wait): void {
  Atomics.store(words, at, n);
  if (wait === park) Atomics.notify(words, at);
}

function askByWords({ trips, words }: LatencyJob, wait: Wait): Percentiles {
  let last = NOTHING;
  const times = timeRoundTrips(trips, (n) => {
    send(words!, THERE, n, wait);
    last = wait(words!, BACK, last);
    verify(last === n, "a round trip by Atomics");
  });
  send(words!, THERE, END, wait);
  return percentiles(times);
}

function answerByWords({ words }: LatencyJob, wait: Wait): null {
  for (let last = NOTHING; (last = wait(words!, THERE, last)) !== END;) send(words!, BACK, last, wait);
  return null;
}

async function askByMessages({ trips, port }: LatencyJob): Promise<Percentiles> {
  let came = (_n: number) => {};
  port!.onmessage = ({ data }: MessageEvent<number>) => came(data);
  const times = await timeRoundTripsAsync(trips, async (n) => {
    const answer = new Promise<number>((resolve) => came = resolve);
    port!.postMessage(n);
    verify(await answer === n, "a round trip by postMessage");
  });
  port!.close();
  return percentiles(times);
}

function answerByMessages({ port }: LatencyJob): Promise<null> {
  port!.onmessage = ({ data }) => port!.postMessage(data);
  return new Promise((resolve) => port!.addEventListener("close", () => resolve(null)));
}
