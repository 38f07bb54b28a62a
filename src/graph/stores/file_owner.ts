/** A mark that a program is alive: a file that it has locked. The system lets go of the lock when the program ends, however. */

import { resolve } from "node:path";

/** The files of programs that use one file. */
export class FileOwners {
  readonly #path: string;
  #own: { readonly id: string; readonly file: Deno.FsFile } | undefined;

  /** For the programs that use the file of this path. */
  constructor(path: string) {
    this.#path = resolve(path);
  }

  #fileOf(id: string): string {
    return `${this.#path}-owner-${id}`;
  }

  /** The name of this user of the file, which is alive from now on. It begins with the process's number. */
  claim(): string {
    if (this.#own) return this.#own.id;
    const id = `${Deno.pid}-${crypto.randomUUID()}`;
    const file = Deno.openSync(this.#fileOf(id), { createNew: true, write: true });
    file.lockSync(true);
    this.#own = { id, file };
    return id;
  }

  /** Whether a user of the file is alive. The file of one that is not is removed. */
  isAlive(id: string): boolean {
    if (id === this.#own?.id) return true;
    const path = this.#fileOf(id);
    try {
      using file = Deno.openSync(path, { write: true });
      if (!file.tryLockSync(true)) return true;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      throw error;
    }
    remove(path);
    return false;
  }

  /** This user of the file is no more. */
  release(): void {
    if (!this.#own) return;
    const { id, file } = this.#own;
    this.#own = undefined;
    file.close();
    remove(this.#fileOf(id));
  }
}

function remove(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // Already removed by another program.
  }
}
