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
import { HostedKernel } from "./hosted_kernel.ts";
import { keepMemories } from "./kernel_memory.ts";
import type { FromHost, ToHost } from "./kernel_protocol.ts";

/** The host of one kernel. */
export const KERNEL_HOST: HostModule = { url: import.meta.url, file: "kernel_host.ts", prefix: "ringmill kernel: " };
/** The host of many kernels. */
export const SHARED_HOST: HostModule = { ...KERNEL_HOST, prefix: "ringmill kernels: " };

const host = new HostScope<ToHost, FromHost>();

/** The kernels of this worker, by the numbers that the runtime has given them. */
const kernels = new Map<number, HostedKernel>();

/** Modules that are being imported. */
let importing = 0;

function newKernel(number: number, isAlone: boolean): HostedKernel {
  const kernel = new HostedKernel({
    post: (message) => {
      const isEnd = message.kind === "returned" || message.kind === "broken";
      if (isAlone && isEnd) host.settle({ from: number, message });
      else host.post({ from: number, message });
    },
    beginImport: (id) => {
      if (importing++ === 0) beginImport(id);
    },
    endImport: () => {
      if (--importing === 0) endImport();
    },
    left: () => {
      kernels.delete(number);
      // Nothing that the kernel has left behind runs after its end.
      if (isAlone) host.close();
    },
  });
  kernels.set(number, kernel);
  return kernel;
}

function serve(isAlone: boolean): HostEvents<ToHost> {
  keepMemories();
  return {
    heard: ({ to, message }) => {
      const kernel = message.kind === "load" ? newKernel(to, isAlone) : kernels.get(to);
      kernel?.onMessage(message);
    },
    // An unhandled error names no kernel: all kernels of this worker hear of it.
    threw: (incident, error) => {
      const message = { kind: "noted", incident, error: reportError(error) } as const;
      for (const from of kernels.keys()) host.post({ from, message });
    },
    ends: (incident) => {
      for (const kernel of kernels.values()) kernel.end({ kind: "broken", incident, isWorkers: true });
    },
  };
}

host.serve(KERNEL_HOST, () => serve(true));
host.serve(SHARED_HOST, () => serve(false));
