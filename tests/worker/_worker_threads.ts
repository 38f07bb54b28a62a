/** The threads of workers, as the system tells them. */

/** Linux alone tells which threads a process has. */
export const cannotCount = Deno.build.os !== "linux";

/** The threads of a process that are workers. */
export function workersOf(pid: number): string[] {
  return [...Deno.readDirSync(`/proc/${pid}/task`)].map(({ name }) => name).filter((thread) => {
    try {
      return Deno.readTextFileSync(`/proc/${pid}/task/${thread}/comm`).startsWith("worker-");
    } catch {
      return false;
    }
  });
}

/** Waits until none of some workers is left. Resolves to how many are. */
export async function countLeft(pid: number, isMeant: (thread: string) => boolean): Promise<number> {
  const count = () => workersOf(pid).filter(isMeant).length;
  const deadline = performance.now() + 15_000;
  while (count() > 0 && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50));
  return count();
}
