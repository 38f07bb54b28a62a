/** Opens what a thread is told of a kernel. */

import type { HandleOptions } from "../../ring/ring_ends.ts";
import { type KernelMemory, openKernelMemory } from "./kernel_memory.ts";
import { Outlet } from "./outlet.ts";
import type { Peer } from "./post_office.ts";
import type { PeerDescription } from "./kernel_protocol.ts";

/** A kernel, with all handles on its memory. */
export interface OpenPeer extends Peer {
  readonly memory: KernelMemory;
}

/** Opens a kernel's memory for the thread of a number. */
export function openPeer(
  { id, memory, backpressure, types }: PeerDescription,
  party: number,
  options: HandleOptions,
): OpenPeer {
  const place = `to kernel "${id}"`, opened = openKernelMemory(memory, party, options);
  return {
    kernel: id,
    place,
    types: types && new Set(types),
    number: memory.mailbox.number,
    input: new Outlet(opened.input, id, backpressure, place),
    output: opened.output,
    isUsedBy: { send: false, receive: false, request: false },
    memory: opened,
  };
}
