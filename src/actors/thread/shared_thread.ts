/** A worker that kernels share: what it has for all of them. */

import { LocalPost } from "./local_post.ts";
import type { FromSharedHost, ToSharedHost } from "./kernel_protocol.ts";
import { forgetMemory } from "./open_memory.ts";
import type { ThreadAccess } from "./peer.ts";
import { Settler } from "./settler.ts";
import { openStation } from "./station.ts";
import { TakenTable } from "./taken_table.ts";
import type { ThreadServices } from "./kernel_core.ts";
import { ThreadDirectory } from "./worker_directory.ts";

/** The services of a worker that kernels share. */
export class SharedThread {
  readonly #post: (message: FromSharedHost) => void;
  #begun: { readonly services: ThreadServices; readonly local: LocalPost } | undefined;

  constructor(post: (message: FromSharedHost) => void) {
    this.#post = post;
  }

  /** What kernels find here. */
  get services(): ThreadServices {
    return this.#begun!.services;
  }

  /** The worker's event loop comes round. */
  countTurn(): void {
    this.#begun?.local.countTurn();
  }

  /** Does what the runtime tells the worker. */
  onMessage(message: ToSharedHost): void {
    switch (message.kind) {
      case "begin":
        return this.#begin(message);
      case "ping":
        return this.#post({ kind: "pong" });
      case "forget":
        return forgetMemory(message.block);
      case "gone":
        return this.services.directory.forgetKernel(message.gone);
      case "ended":
        return this.#begun!.local.moveOut(message.kernel, message.failure);
      default:
        return this.services.directory.onAnswer(message);
    }
  }

  #begin({ station: description, threadSlot, table }: Extract<ToSharedHost, { kind: "begin" }>): void {
    const station = openStation(description, threadSlot);
    const directory = new ThreadDirectory(() => access, (question) => this.#post(question));
    // It settles as long as the worker lives.
    const settler = new Settler(directory, new AbortController().signal);
    const local = new LocalPost({
      station,
      table: new TakenTable(table),
      settler,
      askWhose: (kernel) => this.#post({ kind: "whose", kernel }),
    });
    const access: ThreadAccess = { threadSlot, handles: { mayBlock: false, oversubscribed: true }, settler, local };
    this.#begun = { services: { directory, settler, access }, local };
  }

  /** The worker ends: what its kernels have not taken is told. */
  leave(): void {
    if (!this.#begun) return;
    this.#post({ kind: "left", left: this.#begun.local.leave() });
  }
}
