/** Functions for pools to call. */

import type { CallContext } from "../../src/pool/call_context.ts";

export function add(left: number, right = 1): number {
  return left + right;
}

export async function addSlowly(left: number, right: number): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, 5));
  return left + right;
}

export function echo(...args: unknown[]): unknown[] {
  return args;
}

export function first(value: unknown): unknown {
  return value;
}

export default function double(array: Float64Array): Float64Array {
  return array.map((x) => 2 * x);
}

class Overload extends Error {
  readonly level = 11;
}

export function overload(): never {
  throw new Overload("too loud", { cause: new RangeError("why") });
}

export function returnFunction(): () => void {
  return () => {};
}

/** Ends its worker. */
export function die(): Promise<never> {
  self.close();
  return new Promise(() => {});
}

/** Leaves a promise rejected, for later. */
export function litter(): void {
  setTimeout(() => Promise.reject(new Error("left behind")), 1);
}

/** Which worker this is: each has a number of its own. */
let calls = 0;
export function countCalls(): number {
  return ++calls;
}

/** Says on a channel that a call has begun. */
function announce(channel: string): void {
  say(channel, 0);
}

/** Says a number on a channel. */
export function say(channel: string, number: number): void {
  const sender = new BroadcastChannel(channel);
  sender.postMessage(number);
  sender.close();
}

export function hang(channel: string): Promise<never> {
  announce(channel);
  return new Promise(() => {});
}

/** Computes until it is told not to. */
export function spinUntilCancelled(channel: string, context: CallContext): void {
  announce(channel);
  while (!context.cancelled);
}

let aborted = 0;

/** Counts how often a signal has aborted. */
export function waitForSignal(channel: string, { signal }: CallContext): Promise<number> {
  announce(channel);
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(++aborted)));
}

export function countAborted(): number {
  return aborted;
}

function unexported(): void {}
export const hidden = { unexported };
