/** What a thread can find out about itself, and what the operating system tells of any thread. */

/** What is known of a thread's use of its processor. */
export interface ThreadTimes {
  /** CPU time since the thread began, in milliseconds. */
  readonly cpuMs: number;
  /** The nice level, -20 (first served) to 19; `null` where it is unknown. */
  readonly nice: number | null;
}

/** The operating system's number of this thread; 0 where it is not told: on Linux, with all permissions, it is. */
export function ownThread(): number {
  try {
    return Deno.build.os === "linux" ? Number(Deno.readLinkSync("/proc/thread-self").split("/").at(-1)) : 0;
  } catch {
    return 0;
  }
}

/** What only a thread itself can tell: its CPU time in milliseconds, and the bytes of its heap in use. */
export function ownAccount(): { cpuMs: number; heapBytes: number } {
  // By the global: importing the module would cost every worker some time, and most are never asked.
  // deno-lint-ignore no-process-global
  const { user, system } = process.threadCpuUsage();
  return { cpuMs: (user + system) / 1000, heapBytes: Deno.memoryUsage().heapUsed };
}

/** What the operating system tells of a thread of this process; `null` where it does not, or the thread has ended. */
export function readThreadTimes(thread: number): ThreadTimes | null {
  if (thread === 0) return null;
  try {
    const folder = `/proc/self/task/${thread}`;
    const [nanoseconds] = Deno.readTextFileSync(`${folder}/schedstat`).split(" ");
    // The name, in brackets, may hold anything. Of what follows it, the nice level is the 17th.
    const stat = Deno.readTextFileSync(`${folder}/stat`);
    const nice = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[16]);
    return { cpuMs: Number(nanoseconds) / 1e6, nice };
  } catch {
    return null;
  }
}
