/** Writes the files that are outputs of a node: each whole or not at all. */

import { dirname } from "node:path";
import type { LinearNode } from "../node.ts";
import { absolutePathOf, type FileContent, type FileOutput } from "../world.ts";

/** A file that is written, but does not have its name yet. */
interface Pending {
  readonly output: FileOutput;
  readonly path: string;
  readonly temporary: string;
}

/** Writes the files of one call. */
export class FileWriter {
  readonly #node: LinearNode;
  readonly #pending: Pending[] = [];

  /** Prepares the files of a node. */
  constructor(node: LinearNode) {
    this.#node = node;
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
    const path = realPathOf(absolutePathOf(output));
    const temporary = `${path}.${crypto.randomUUID()}.part`;
    Deno.mkdirSync(dirname(path), { recursive: true });
    this.#pending.push({ output, path, temporary });
    if (typeof content === "string") Deno.writeTextFileSync(temporary, content);
    else if (content instanceof Uint8Array) Deno.writeFileSync(temporary, content);
    else if (typeof content === "function") await content(temporary);
    else {
      throw new TypeError(
        `the content of file "${output.path}" must be a text, a Uint8Array or a function that writes to the path it gets, ` +
          `received ${Deno.inspect(content)}`,
      );
    }
    expectFile(output, temporary);
  }

  /** Gives the files their names; returns their paths by the names of the outputs. */
  commit(): ReadonlyMap<string, string> {
    const paths = new Map<string, string>();
    for (const { output, path, temporary } of this.#pending) {
      keepMode(path, temporary);
      Deno.renameSync(temporary, path);
      paths.set(output.name, path);
    }
    this.#pending.length = 0;
    return paths;
  }

  /** Removes what was written. */
  discard(): void {
    for (const { temporary } of this.#pending) {
      try {
        Deno.removeSync(temporary, { recursive: true });
      } catch {
        // Never begun: there is nothing to remove.
      }
    }
    this.#pending.length = 0;
  }
}

/** The path that a link leads to: the file there is replaced, not the link. */
function realPathOf(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch {
    return path;
  }
}

function expectFile({ path }: FileOutput, temporary: string): void {
  try {
    if (Deno.statSync(temporary).isFile) return;
  } catch {
    // Not written.
  }
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
