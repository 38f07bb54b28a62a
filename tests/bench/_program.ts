/** Programs that benchmarks run. */

/**
 * What a program prints.
 *
 * @throws {Error} With the last line of its complaints, if it fails.
 */
export async function outputOf(program: string, args: string[], env: Record<string, string> = {}): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, { args, env }).output();
  const decoder = new TextDecoder();
  if (!success) throw new Error(`${program} failed: ${decoder.decode(stderr).trim().split("\n").at(-1)}`);
  return decoder.decode(stdout);
}
