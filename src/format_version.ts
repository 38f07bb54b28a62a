/** The versions of what is stored or sent: one sentence, in all layers, about one that this Ringmill does not read. */

/** Why something of a newer version cannot be read, or `null`. `name` is what the format calls its version. */
export function whyNewer(version: unknown, newest: number, name = "version"): string | null {
  if (!Number.isSafeInteger(version) || (version as number) <= newest) return null;
  return `it was made by a newer Ringmill: its ${name} is ${version}, this one reads ${newest} at most`;
}

/** Why something of a version other than `oldest` to `newest` cannot be read, or `null`. */
export function whyUnreadable(
  version: unknown,
  { oldest = 1, newest, name = "version" }: {
    readonly oldest?: number;
    readonly newest: number;
    readonly name?: string;
  },
): string | null {
  if (!Number.isSafeInteger(version) || (version as number) < 1) {
    return `its ${name} must be an integer, 1 or more, received ${Deno.inspect(version)}`;
  }
  if ((version as number) >= oldest) return whyNewer(version, newest, name);
  return `it was made by an older Ringmill: its ${name} is ${version}, this one reads ${oldest} or later`;
}
