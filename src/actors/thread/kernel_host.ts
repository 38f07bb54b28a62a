/**
 * The module that the workers of kernels start from: of one kernel each, or of many. It imports a kernel's module, finds the
 * kernel, and calls its function when told.
 *
 * The main thread imports it as well, so that `deno compile` embeds it; there it does nothing.
 */

import { reportError } from "../../worker/error_report.ts";
import { type HostEvents, HostScope } from "../../worker/host_scope.ts";
import type { HostModule } from "../../worker/hosted_worker.ts";
import { beginImport, endImport } from "../../worker/importing.ts";
import { HostedKernel, type KernelHost } from "./hosted_kernel.ts";
import { isStop, servicesFor } from "./kernel_core.ts";
import type { FromHost, FromHostOne, ToHost, ToHostOne } from "./kernel_protocol.ts";
import { keepMemoriesOf } from "./known_memories.ts";
import { MessageBatch } from "./message_batch.ts";
import { keepMemories } from "./open_memory.ts";
import { SharedThread } from "./shared_thread.ts";

/** The host of one kernel. */
export const KERNEL_HOST: HostModule = { url: import.meta.url, file: "kernel_host.ts", prefix: "ringmill kernel: " };
/** The host of many kernels. */
export const SHARED_HOST: HostModule = { ...KERNEL_HOST, prefix: "ringmill kernels: " };

const host = new HostScope<ToHost, FromHost>();

/** What is posted at the end of the turn: nothing that must be told though a function holds up the worker. */
const batch = new MessageBatch<FromHostOne>((messages) => host.post(messages));

function post(message: FromHostOne): void {
  batch.flush();
  host.post(message);
}

/** The kernels of this worker, by the numbers that the runtime has given them. */
const kernels = new Map<number, HostedKernel>();

/** Modules that are being imported. */
let importing = 0;

/** `shared` is `null` in the worker of one kernel. */
function hostOf(shared: SharedThread | null): KernelHost {
  return {
    post: (from, message) => {
      const isEnd = message.kind === "returned" || message.kind === "broken";
      if (!shared && isEnd) host.settle({ from, message });
      else if (shared && message.kind === "loaded") batch.add({ from, message });
      else post({ from, message });
    },
    beginImport: (id) => {
      if (importing++ === 0) beginImport(id);
    },
    endImport: () => {
      if (--importing === 0) endImport();
    },
    // Nothing that a kernel has left behind runs after its end.
    returned: () => {
      if (!shared) host.close();
    },
    left: (number) => {
      kernels.delete(number);
      if (!shared) host.close();
    },
    services: (from, job) => {
      if (shared) return { services: shared.services };
      const controller = new AbortController();
      return { services: servicesFor(job, controller.signal, (message) => post({ from, message })), controller };
    },
  };
}

/** What goes wrong with one message is told as if it had come alone. */
function hearAnyway(hear: (message: ToHostOne) => void, message: ToHostOne): void {
  try {
    hear(message);
  } catch (error) {
    globalThis.reportError(error);
  }
}

function serve(shared: SharedThread | null): HostEvents<ToHost> {
  keepMemories();
  const kernelHost = hostOf(shared);
  const hear = (posted: ToHostOne) => {
    keepMemoriesOf("host" in posted ? posted.host : posted.message);
    if ("host" in posted) return shared?.onMessage(posted.host);
    const { to, message } = posted;
    if (message.kind === "load") kernels.set(to, new HostedKernel(kernelHost, to));
    kernels.get(to)?.onMessage(message);
  };
  return {
    heard: (posted) => {
      shared?.countTurn();
      if (!Array.isArray(posted)) return hear(posted as ToHostOne);
      for (const one of posted) hearAnyway(hear, one);
    },
    // An unhandled error names no kernel: all kernels of this worker hear of it.
    threw: (incident, error) => {
      if (isStop(error)) return;
      const message = { kind: "noted", incident, error: reportError(error) } as const;
      for (const from of kernels.keys()) post({ from, message });
    },
    ends: (incident) => {
      shared?.leave();
      for (const kernel of kernels.values()) kernel.end({ kind: "broken", incident, isWorkers: true });
    },
  };
}

host.serve(KERNEL_HOST, () => serve(null));
host.serve(SHARED_HOST, () => serve(new SharedThread((message) => post({ host: message }))));
