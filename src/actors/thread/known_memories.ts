/** Memories that a worker has been sent once: others that lie in them are described without. */

import type { KernelMemoryDescription, MailboxDescription } from "./kernel_memory.ts";
import type { ToKernel } from "./kernel_protocol.ts";
import type { MemoryPlace } from "./open_memory.ts";

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
