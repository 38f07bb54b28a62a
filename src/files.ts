/** Files that are written whole or not at all. */

import { basename, dirname, join, resolve } from "node:path";

/**
 * Writes a text file through another one beside it, so that nobody ever reads half of it. Of a file that is replaced, the
 * mode and the owner stay, and links are followed. What is no plain file, such as a pipe, is written to as it is.
 */
export async function writeWhole(path: string, text: string): Promise<void> {
  const file = await targetOf(path);
  const before = await Deno.stat(file).catch(() => null);
  if (before && !before.isFile) return await Deno.writeTextFile(file, text);
  const draft = join(dirname(file), `.${basename(file).slice(0, 100)}.${crypto.randomUUID()}.tmp`);
  try {
    await Deno.writeTextFile(draft, text, { createNew: true, ...before ? { mode: 0o600 } : {} });
    if (before && !await takeAfter(draft, before)) await Deno.writeTextFile(file, text);
    else return await Deno.rename(draft, file);
  } catch (error) {
    await Deno.remove(draft).catch(() => {});
    throw error;
  }
  await Deno.remove(draft);
}

/** Where a path leads, also by links to files that do not exist yet. */
async function targetOf(path: string): Promise<string> {
  let file = resolve(path);
  for (let links = 0; links < 40; links++) {
    const info = await Deno.lstat(file).catch(() => null);
    if (!info?.isSymlink) return file;
    file = resolve(dirname(file), await Deno.readLink(file));
  }
  return file;
}

/** Gives a file the mode and the owner of another; whether that is possible. Windows has neither. */
async function takeAfter(file: string, { mode, uid, gid }: Deno.FileInfo): Promise<boolean> {
  if (mode === null) return true;
  try {
    const own = await Deno.stat(file);
    if (own.uid !== uid || own.gid !== gid) await Deno.chown(file, uid, gid);
    await Deno.chmod(file, mode & 0o7777);
    return true;
  } catch {
    return false;
  }
}

/**
 * Gives a file that is written its name, unless there is one of that name: whole, as a link does. Where a file system has no
 * links, such as FAT, the name is empty for a moment before.
 *
 * @throws {Deno.errors.AlreadyExists} If there is one.
 */
export function publishNew(draft: string, path: string): void {
  try {
    Deno.linkSync(draft, path);
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists || error instanceof Deno.errors.NotCapable) throw error;
    Deno.openSync(path, { write: true, createNew: true }).close();
    try {
      return Deno.renameSync(draft, path);
    } catch (error) {
      Deno.removeSync(path);
      throw error;
    }
  }
  Deno.removeSync(draft);
}
