/** Memories that a worker has been sent once: others that lie in them are described without. */

import type { KernelMemoryDescription, QueuePlace } from "./kernel_memory.ts";
import type { ToKernel } from "./kernel_protocol.ts";

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
      ? { ...message, mailbox: this.#place(message.mailbox) }
      : message;
  }

  /** The latest message could not be posted. */
  forgetLatest(): void {
    for (const block of this.#latest) this.#blocks.delete(block);
  }

  #kernel(description: KernelMemoryDescription): KernelMemoryDescription {
    const { input, output, mailbox } = description;
    return {
      ...this.#place(description),
      input: this.#place(input),
      output: this.#place(output),
      mailbox: this.#place(mailbox),
    };
  }

  #place<Place extends Pick<QueuePlace, "memory" | "block">>(place: Place): Place {
    const { block } = place;
    if (block === null) return place;
    if (this.#blocks.has(block)) return { ...place, memory: null };
    this.#blocks.add(block);
    this.#latest.push(block);
    return place;
  }
}
