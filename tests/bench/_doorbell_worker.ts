/**
 * A hop round a ring by what is least for a message between two threads that wait without blocking: a word each, a wait on it
 * by `Atomics.waitAsync`, and a message to oneself, after which the event loop has had its turn.
 */

import { onJob } from "./_jobs.ts";
import type { Found } from "./_message_rivals.ts";

/** Where one stands in the ring. */
export interface DoorbellJob {
  /** A word for each who stands there. */
  readonly words: Int32Array<SharedArrayBuffer>;
  readonly place: number;
  readonly warmUp: number;
  readonly hops: number;
}

onJob(({ words, place, warmUp, hops }: DoorbellJob): Promise<Found> => {
  const { promise, resolve } = Promise.withResolvers<Found>();
  const { port1, port2 } = new MessageChannel();
  const next = (place + 1) % words.length;
  let seen = 0;
  let start = 0;
  const handOn = (number: number) => {
    if (number === warmUp) start = performance.now();
    if (number === warmUp + hops) return resolve({ time: (performance.now() - start) / hops * 1e6, sum: hops });
    Atomics.store(words, next, number + 1);
    Atomics.notify(words, next);
  };
  const wait = async () => {
    for (;;) {
      const { async, value } = Atomics.waitAsync(words, place, seen);
      if (async) await value;
      const number = Atomics.load(words, place);
      if (number === seen) continue;
      seen = number;
      return port1.postMessage(number);
    }
  };
  port2.onmessage = ({ data }) => {
    handOn(data);
    wait();
  };
  if (place === 0) handOn(0);
  wait();
  return promise;
});
