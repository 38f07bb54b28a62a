/** How the larger examples start and end. */

/** Something that the person at the keyboard can mend. It is told in one line. */
export class UserError extends Error {
  override readonly name: string = "UserError";
  /** What the program exits with. */
  readonly status: number = 1;
}

/** The program was called in the wrong way. */
export class UsageError extends UserError {
  override readonly name = "UsageError";
  override readonly status = 2;
}

/** The arguments of the program: `least` to `most` of them, after so many options that the program knows. */
export function programArguments(usage: string, least: number, most: number, options = 0): string[] {
  const given = Deno.args.slice(options);
  const isOption = (argument: string) => argument.startsWith("-");
  if (given.length < least || given.length > most || given.some(isOption)) throw new UsageError(usage);
  return given;
}

/** Runs a program. An error of the user's ends it with a message and a status instead of a stack. */
export async function runProgram(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    // Values of files stand in it, which a terminal must not obey.
    console.error(error.message.replace(/[^\P{C}\n]|[\u2028\u2029]/gu, "\ufffd"));
    Deno.exitCode = error.status;
  }
}
