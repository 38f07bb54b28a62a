/** Pools: several kernels that take from one input. */

import type { KernelMemoryDescription, QueuePlace } from "../thread/kernel_memory.ts";
import type { PeerDescription } from "../thread/kernel_protocol.ts";
import type { OpenPeer } from "../thread/peer.ts";
import type { KernelLife } from "./kernel_life.ts";

/** A pool, on the program's thread. */
export interface Pool {
  readonly id: string;
  /** As other threads are told of it. */
  readonly description: PeerDescription;
  /** As this thread sees it. */
  readonly peer: OpenPeer;
  readonly members: readonly KernelLife[];
}

/** The queues that the members of a pool share. */
export function sharedQueues({ input, output }: KernelMemoryDescription): { input: QueuePlace; output: QueuePlace } {
  return { input, output };
}
