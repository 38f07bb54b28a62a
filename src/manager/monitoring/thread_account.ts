/** What a thread can find out about itself, and what the operating system tells of any thread. */

import type { OwnFigures } from "../../ring/task_record.ts";

/** The operating system's number of this thread; 0 where it is not told: on Linux, with all permissions, it is. */
export function ownThread(): number {
  try {
    return Deno.build.os === "linux" ? Number(Deno.readLinkSync("/proc/thread-self").split("/").at(-1)) : 0;
  } catch {
    return 0;
  }
}

/** What only a thread itself can tell: its CPU time in milliseconds, and the bytes of its heap in use. */
export const ownFigures: OwnFigures = {
  cpuMs() {
    // By the global: importing the module would cost every worker some time, and most are never asked.
    // deno-lint-ignore no-process-global
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  },
  heapBytes: () => Deno.memoryUsage().heapUsed,
};

/**
 * CPU time of a thread of this process since it began, in milliseconds; `null` where the operating system does not tell, or
 * the thread has ended.
 */
export function readCpuTime(thread: number): number | null {
  const text = readThreadFile(thread, "schedstat");
  return text === null ? null : Number(text.split(" ")[0]) / 1e6;
}

/** The nice level of a thread of this process, -20 (first served) to 19; `null` as above. */
export function readNice(thread: number): number | null {
  const text = readThreadFile(thread, "stat");
  // The name, in brackets, may hold anything. Of what follows it, the nice level is the 17th.
  return text === null ? null : Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[16]);
}

function readThreadFile(thread: number, name: string): string | null {
  if (thread === 0) return null;
  try {
    return Deno.readTextFileSync(`/proc/self/task/${thread}/${name}`);
  } catch {
    return null;
  }
}
