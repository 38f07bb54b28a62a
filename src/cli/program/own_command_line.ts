/** How this program was started, so that it can be started once more. */

/** What Deno tells of a program. */
export interface OwnProgram {
  /** Whether it is a compiled binary. */
  readonly standalone: boolean;
  readonly mainModule: string;
  readonly args: readonly string[];
}

/**
 * The arguments for `Deno.execPath()`: those of the system, where it tells them, with each permission and flag. Otherwise all
 * permissions, which the command line needs, and the same module.
 */
export function ownArguments(words: readonly string[] | null, program: OwnProgram): string[] {
  if (program.standalone) return [...program.args];
  if (words !== null) return words.slice(1);
  return ["run", "-A", program.mainModule, ...program.args];
}

/** The words that this process was started with; `null` where the system does not tell. */
export function ownWords(): string[] | null {
  try {
    return Deno.readTextFileSync("/proc/self/cmdline").split("\0").slice(0, -1);
  } catch {
    return null;
  }
}
