/** Messages between threads without Ringmill: by `postMessage`, and by comlink, which calls functions through it. */

import { expose, wrap } from "comlink";
import { type Percentiles, percentiles, Receipt, verify } from "./_measure.ts";
import { timeRoundTripsAsync } from "./_round_trips.ts";

/** A message of about 64 bytes. */
export interface Payload {
  readonly number: number;
  readonly text: string;
  /** Makes a body one that is not flat. */
  readonly nested?: { readonly at: readonly number[] };
}

/** The 56 characters that a payload carries beside its number. */
export const TEXT: string = "x".repeat(56);

/** What the receiving side found. */
export interface Found {
  /** Nanoseconds per message. */
  readonly time: number;
  /** Of the numbers of the messages. */
  readonly sum: number;
  /** Nanoseconds per message in which threads have computed, where that was measured. */
  readonly cpu?: number;
}

/** A way from one thread to another. */
interface Transport {
  /** Gives each message that comes through the port to `take`. */
  receive(port: MessagePort, take: (message: Payload) => void): void;
  /** Sends a message. A promise resolves when it has been taken. */
  sender(port: MessagePort): (message: Payload) => Promise<void> | void;
  /** Answers each message that comes through the port with one of the same number. */
  answer(port: MessagePort): void;
  /** Sends a message and resolves to its answer. */
  asker(port: MessagePort): (message: Payload) => Promise<Payload>;
}

interface Remote {
  take(message: Payload): void;
  answer(message: Payload): Payload;
}

function answerTo({ number }: Payload): Payload {
  return { number, text: TEXT };
}

const TRANSPORTS = {
  postMessage: {
    receive(port, take) {
      port.onmessage = ({ data }) => take(data);
    },
    sender: (port) => (message) => port.postMessage(message),
    answer(port) {
      port.onmessage = ({ data }) => port.postMessage(answerTo(data));
    },
    asker(port) {
      let came = (_answer: Payload) => {};
      port.onmessage = ({ data }) => came(data);
      return (message) => {
        const answer = new Promise<Payload>((resolve) => came = resolve);
        port.postMessage(message);
        return answer;
      };
    },
  },
  comlink: {
    receive: (port, take) => expose({ take }, port),
    sender(port) {
      const remote = wrap<Remote>(port);
      return (message) => remote.take(message);
    },
    answer: (port) => expose({ answer: answerTo }, port),
    asker(port) {
      const remote = wrap<Remote>(port);
      return (message) => remote.answer(message);
    },
  },
} satisfies Record<string, Transport>;

/** The name of a way. */
export type TransportName = keyof typeof TRANSPORTS;

/** Calls that comlink may have under way: each is a promise. */
const UNDER_WAY = 1000;

/** Sends the numbers from `first` on, each `step` above the one before, all below `messages`. */
export async function sendAll(name: TransportName, port: MessagePort, range: Range): Promise<void> {
  const send = TRANSPORTS[name].sender(port);
  let sent = 0;
  for (let number = range.first; number < range.messages; number += range.step) {
    const taken = send({ number, text: TEXT });
    if (++sent % UNDER_WAY === 0) await taken;
  }
}

/** Numbers to send. */
export interface Range {
  readonly first: number;
  readonly step: number;
  readonly messages: number;
}

/** Sums up the numbers of so many messages, whichever port they come through. */
export function sumUp(name: TransportName, ports: readonly MessagePort[], messages: number): Promise<Found> {
  const receipt = new Receipt(messages / 5);
  const { promise, resolve } = Promise.withResolvers<Found>();
  const take = ({ number }: Payload) => {
    receipt.take(number);
    if (receipt.count === messages) resolve(receipt.settle());
  };
  for (const port of ports) TRANSPORTS[name].receive(port, take);
  return promise;
}

/** Asks so often, and tells how long it took. */
export async function ask(name: TransportName, port: MessagePort, trips: number): Promise<Percentiles> {
  const send = TRANSPORTS[name].asker(port);
  return percentiles(
    await timeRoundTripsAsync(trips, async (number) => {
      verify((await send({ number, text: TEXT })).number === number, `a round trip by ${name}`);
    }),
  );
}

/** Answers what {@link ask} asks. */
export function answer(name: TransportName, port: MessagePort): void {
  TRANSPORTS[name].answer(port);
}

/** One of those who stand in a ring. */
export interface Place {
  /** Whether the message begins here, and ends after `hops` hops. */
  readonly begins: boolean;
  /** A multiple of how many stand in the ring. */
  readonly hops: number;
}

/** Hands on each message with its number plus one. Where it begins, resolves to what it found; otherwise never. */
export function handOn(
  name: TransportName,
  from: MessagePort,
  to: MessagePort,
  { begins, hops }: Place,
): Promise<Found> {
  const send = TRANSPORTS[name].sender(to);
  const { promise, resolve } = Promise.withResolvers<Found>();
  const start = performance.now();
  TRANSPORTS[name].receive(from, ({ number, text }) => {
    if (number === hops) resolve({ time: (performance.now() - start) / hops * 1e6, sum: number });
    else send({ number: number + 1, text });
  });
  if (begins) send({ number: 1, text: TEXT });
  return promise;
}
