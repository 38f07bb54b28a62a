/** What is wrong with a saved pipeline, and where. */

/** Keys and indexes that lead from the whole document to a value in it. */
export type Path = readonly (string | number)[];

/** Something is wrong. Whoever knows the file makes an error for users of it. */
export class Problem extends Error {
  override readonly name = "Problem";
  /** Where. */
  readonly path: Path;

  constructor(path: Path, message: string) {
    super(message);
    this.path = path;
  }
}

/** A path as people write it: `params.list[3]`. */
export function pathText(path: Path): string {
  return path.map((key, index) => typeof key === "number" ? `[${key}]` : index === 0 ? key : `.${key}`).join("");
}

/** A value in a message, in one line that is not too long. */
export function inspect(value: unknown): string {
  const text = Deno.inspect(value, { depth: 1, iterableLimit: 5, strAbbreviateSize: 60, breakLength: Infinity })
    .replaceAll("[Object: null prototype] ", "").replace(/\s+/g, " ");
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}
