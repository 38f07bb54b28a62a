/** Memories that a worker has been sent once: others that lie in them are described without. */

import type { KernelMemoryDescription, MailboxDescription } from "./kernel_memory.ts";
import type { ToKernel, ToSharedHost } from "./kernel_protocol.ts";
import { type MemoryPlace, openMemory } from "./open_memory.ts";

/** The memories that several kernels share, of which a message tells. */
function* placesIn(message: ToKernel | ToSharedHost): Iterable<MemoryPlace> {
  if (message.kind === "load") yield* placesOf(message.job.self.memory);
  else if (message.kind === "peer" && message.peer) yield* placesOf(message.peer.memory);
  else if (message.kind === "mailbox" && message.mailbox) {
    const { queue, station } = message.mailbox;
    if (queue) yield queue;
    if (station) yield station;
  }
}

function placesOf(memory: KernelMemoryDescription): readonly MemoryPlace[] {
  return "gauge" in memory ? [memory, memory.station] : [];
}

/** Keeps the memories of which a message tells, whatever becomes of it: the next one is sent without them. */
export function keepMemoriesOf(message: ToKernel | ToSharedHost): void {
  for (const place of placesIn(message)) if (place.block !== null) openMemory(place);
}

/** What of the memories that several kernels share one worker knows. To post one costs it as much as the memory is large. */
export class KnownMemories {
  readonly #blocks = new Set<number>();
  /** Memories of the latest message. */
  #latest: number[] = [];

  /** A message without the memories that the worker knows already. */
  strip(message: ToKernel): ToKernel {
    this.#latest = [];
    if (message.kind === "load") {
      const { job } = message;
      return { ...message, job: { ...job, self: { ...job.self, memory: this.#kernel(job.self.memory) } } };
    }
    if (message.kind === "peer" && message.peer) {
      return { ...message, peer: { ...message.peer, memory: this.#kernel(message.peer.memory) } };
    }
    return message.kind === "mailbox" && message.mailbox
      ? { ...message, mailbox: this.#mailbox(message.mailbox) }
      : message;
  }

  /** The latest message could not be posted. */
  forgetLatest(): void {
    for (const block of this.#latest) this.#blocks.delete(block);
  }

  /** The worker forgets a memory. False if it has none of that number. */
  forget(block: number): boolean {
    return this.#blocks.delete(block);
  }

  #kernel(description: KernelMemoryDescription): KernelMemoryDescription {
    if (!("gauge" in description)) return description;
    return { ...this.#place(description), station: this.#place(description.station) };
  }

  #mailbox(mailbox: MailboxDescription): MailboxDescription {
    const { queue, station } = mailbox;
    return { ...mailbox, queue: queue && this.#place(queue), station: station && this.#place(station) };
  }

  #place<Place extends MemoryPlace>(place: Place): Place {
    const { block } = place;
    if (block === null) return place;
    if (this.#blocks.has(block)) return { ...place, memory: null };
    this.#blocks.add(block);
    this.#latest.push(block);
    return place;
  }
}
