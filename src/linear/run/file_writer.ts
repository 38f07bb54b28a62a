/** Writes the files that are outputs of a node: each whole or not at all. */

import type { LinearNode } from "../node.ts";
import { absolutePathOf, type FileContent, type FileOutput } from "../world.ts";
import { Draft } from "./draft.ts";
import { placeOf } from "./place.ts";

/** A file that is written, but does not have its name yet. */
interface Pending {
  readonly output: FileOutput;
  readonly path: string;
  readonly draft: Draft;
}

/** Writes the files of one call. */
export class FileWriter {
  readonly #node: LinearNode;
  readonly #pending: Pending[] = [];

  /**
   * Prepares the files of a node, before its function is called.
   *
   * @throws {TypeError} If what is at the place of one cannot be replaced: a folder, a device, a pipe.
   */
  constructor(node: LinearNode) {
    this.#node = node;
    for (const output of node.fileOutputs.values()) checkPlace(output);
  }

  /**
   * Writes what the function has returned for its files beside where they belong.
   *
   * @throws {TypeError} If it is no content.
   */
  async write(values: readonly unknown[]): Promise<void> {
    for (const [index, name] of this.#node.outputs.entries()) {
      const output = this.#node.fileOutputs.get(name);
      if (output) await this.#writeOne(output, values[index] as FileContent);
    }
  }

  async #writeOne(output: FileOutput, content: FileContent): Promise<void> {
    // The file that a link leads to is replaced, not the link.
    const path = placeOf(absolutePathOf(output));
    const draft = attempt(output, () => new Draft(path));
    this.#pending.push({ output, path, draft });
    if (typeof content === "string") Deno.writeTextFileSync(draft.path, content);
    else if (content instanceof Uint8Array) Deno.writeFileSync(draft.path, content);
    else if (typeof content === "function") await content(draft.path);
    else {
      throw new TypeError(
        `the content of file "${output.path}" must be a text, a Uint8Array or a function that writes to the path it gets, ` +
          `received ${Deno.inspect(content)}`,
      );
    }
    expectFile(output, draft.path);
  }

  /** Gives the files their names; returns their paths by the names of the outputs. Nothing else is left, whatever fails. */
  commit(): ReadonlyMap<string, string> {
    try {
      for (const { output, path, draft } of this.#pending) {
        keepMode(path, draft.path);
        attempt(output, () => Deno.renameSync(draft.path, path));
      }
      return new Map(this.#pending.map(({ output, path }) => [output.name, path]));
    } finally {
      this.discard();
    }
  }

  /** Removes what was written. */
  discard(): void {
    for (const { draft } of this.#pending) draft.discard();
    this.#pending.length = 0;
  }
}

/** To rename a file over a device would leave a file in its place. */
function checkPlace(output: FileOutput): void {
  const found = statIfThere(absolutePathOf(output));
  if (!found || found.isFile) return;
  const what = found.isDirectory ? "a folder" : "a device, a pipe or a socket";
  throw new TypeError(`file "${output.path}" cannot be written: there is ${what} of that name`);
}

function statIfThere(path: string): Deno.FileInfo | null {
  try {
    return Deno.statSync(path);
  } catch {
    return null;
  }
}

/** Says which file is concerned. */
function attempt<Result>({ path }: FileOutput, work: () => Result): Result {
  try {
    return work();
  } catch (cause) {
    throw new Error(`file "${path}" cannot be written: ${(cause as Error).message}`, { cause });
  }
}

function expectFile({ path }: FileOutput, temporary: string): void {
  if (statIfThere(temporary)?.isFile) return;
  throw new TypeError(`the function for file "${path}" has written no file to the path it got`);
}

/** A file that is replaced keeps who may read it. */
function keepMode(path: string, temporary: string): void {
  try {
    const { mode } = Deno.statSync(path);
    if (mode !== null) Deno.chmodSync(temporary, mode & 0o777);
  } catch {
    // There was none before.
  }
}
