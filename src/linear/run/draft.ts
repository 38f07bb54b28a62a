/** A file that is being written, before it has its name. */

import { dirname, extname, join } from "node:path";

/** A folder whose name begins with a dot: patterns like `*` do not match it. */
const PREFIX = ".ringmill-draft-";
/** The file whose lock ends with the program. */
const LOCK = "lock";

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
    this.#folder = join(folder, `${PREFIX}${crypto.randomUUID()}`);
    Deno.mkdirSync(this.#folder);
    this.path = join(this.#folder, `draft${extname(target)}`);
    this.#lock = lockIn(this.#folder);
  }

  /** Removes it, or what is left where the file has its name by now. */
  discard(): void {
    this.#lock?.close();
    remove(this.#folder);
  }
}

/** Locks a draft, before anybody sees the lock. Where files cannot be locked, nobody will take the draft for one that is left. */
function lockIn(folder: string): Deno.FsFile | null {
  const unseen = join(folder, `new-${LOCK}`);
  try {
    const lock = Deno.openSync(unseen, { write: true, createNew: true });
    lock.lockSync(true);
    Deno.renameSync(unseen, join(folder, LOCK));
    return lock;
  } catch {
    return null;
  }
}

function tidy(folder: string): void {
  tidied.add(folder);
  if (Deno.permissions.querySync({ name: "read", path: folder }).state !== "granted") return;
  try {
    const names = Array.from(Deno.readDirSync(folder), ({ name }) => name);
    for (const name of names.filter(isInDraft)) if (isLeft(join(folder, name))) remove(join(folder, name));
  } catch {
    // Nobody may look into the folder: what is left there stays.
  }
}

/** Whether the program that made a draft has ended. */
function isLeft(draft: string): boolean {
  try {
    using lock = Deno.openSync(join(draft, LOCK), { write: true });
    return lock.tryLockSync(true);
  } catch {
    return false; // It is being made, or is gone.
  }
}

function remove(folder: string): void {
  try {
    Deno.removeSync(folder, { recursive: true });
  } catch {
    // Another program has removed it, or nobody may.
  }
}
