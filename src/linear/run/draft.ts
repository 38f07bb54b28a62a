/** A file that is being written, before it has its name. */

import { existsSync } from "node:fs";
import { dirname, extname, join } from "node:path";

/** Names that begin with a dot: patterns like `*` do not match them. */
const PREFIX = ".ringmill-draft-";
/** Ends the name of the file beside a draft whose lock ends with the program. It is there as long as the draft is. */
const LOCK = ".lock";

/** Folders in which this program has looked for drafts of programs that were killed. */
const tidied = new Set<string>();

/** Whether a path leads into a draft. */
export function isInDraft(path: string): boolean {
  return path.includes(PREFIX);
}

/** A file beside the one that it becomes, in a folder of its own. */
export class Draft {
  /** Where to write. It ends as the file's name does. */
  readonly path: string;
  readonly #folder: string;
  readonly #lock: Deno.FsFile | null;

  /** A draft of the file at an absolute path. The first in a folder removes those of programs that were killed. */
  constructor(target: string) {
    const folder = dirname(target);
    Deno.mkdirSync(folder, { recursive: true });
    if (!tidied.has(folder)) tidy(folder);
    const { path, lock } = lockNew(folder);
    this.#folder = path;
    this.#lock = lock;
    this.path = join(path, `draft${extname(target)}`);
    try {
      Deno.mkdirSync(path);
    } catch (error) {
      this.discard();
      throw error;
    }
  }

  /** Removes it, or what is left where the file has its name by now. */
  discard(): void {
    this.#lock?.close();
    remove(this.#folder);
  }
}

/** A name for a draft, which is locked. Where files cannot be locked, nobody will take the draft for one that is left. */
function lockNew(folder: string): { readonly path: string; readonly lock: Deno.FsFile | null } {
  for (;;) {
    const path = join(folder, `${PREFIX}${crypto.randomUUID()}`);
    const lock = Deno.openSync(path + LOCK, { write: true, createNew: true });
    try {
      lock.lockSync(true);
    } catch {
      lock.close();
      removeIfThere(path + LOCK);
      return { path, lock: null };
    }
    if (existsSync(path + LOCK)) return { path, lock };
    // Another program has found it before it was locked, and has removed it.
    lock.close();
  }
}

function tidy(folder: string): void {
  tidied.add(folder);
  if (Deno.permissions.querySync({ name: "read", path: folder }).state !== "granted") return;
  try {
    const names = Array.from(Deno.readDirSync(folder), ({ name }) => name);
    for (const name of names.filter((name) => name.startsWith(PREFIX) && name.endsWith(LOCK))) {
      removeIfLeft(join(folder, name.slice(0, -LOCK.length)));
    }
  } catch {
    // Nobody may look into the folder: what is left there stays.
  }
}

/** Removes a draft if the program that made it has ended. */
function removeIfLeft(draft: string): void {
  try {
    using lock = Deno.openSync(draft + LOCK, { write: true });
    if (lock.tryLockSync(true)) remove(draft);
  } catch {
    // Its program has just removed it, or nobody may.
  }
}

function remove(draft: string): void {
  removeIfThere(draft);
  removeIfThere(draft + LOCK);
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path, { recursive: true });
  } catch {
    // Another program has removed it, or nobody may.
  }
}
