/** Ends recordings that were cut off. */

import { basename } from "node:path";
import { DamagedFile, indexFile, PlacedReader } from "./format/batch_index.ts";
import { END_MARK } from "./format/batch_block.ts";
import { folderPath, partsIn, readFolderHead } from "./format/folder.ts";

/** What was done to a file. */
export interface RepairedFile {
  /** Where it lies. */
  readonly path: string;
  /** Bytes of a batch that was not whole. */
  readonly cutBytes: number;
  /** The number of the last frame that there is; `null` if there is none. */
  readonly last: number | null;
}

/** Where the whole batches of a file end, or `null` if it was ended properly. */
function findCut(
  path: string,
): { readonly wholeBytes: number; readonly size: number; readonly last: number | null } | null {
  try {
    using file = new PlacedReader(path);
    const { batches, wholeBytes, isComplete } = indexFile(file);
    const final = batches.at(-1);
    return isComplete ? null : { wholeBytes, size: file.size, last: final ? final.last.frame : null };
  } catch (error) {
    if (!(error instanceof DamagedFile)) throw error;
    throw new Error(`Cannot repair ${basename(path)}: ${error.message}`, { cause: error });
  }
}

/**
 * Ends each file of a recording that was cut off: a batch that is not whole is cut away, and the mark of the end is written.
 * Returns what was done; nothing if all files were ended properly. Do not repair a recording that is being made.
 *
 * @throws {Error} If the folder holds no recording, or a file is damaged otherwise.
 *
 * @example
 * ```ts
 * import { repairRecording } from "@ringmill/ringmill/recording";
 * import { throws } from "node:assert/strict";
 *
 * const folder = await Deno.makeTempDir();
 * throws(() => repairRecording(folder), /it has no recording.toml/);
 * ```
 */
export function repairRecording(folder: string | URL): RepairedFile[] {
  const path = folderPath(folder);
  readFolderHead(path);
  const repaired: RepairedFile[] = [];
  for (const file of Array.from(partsIn(path).values()).flat()) {
    const done = repairFile(file);
    if (done) repaired.push(done);
  }
  return repaired;
}

/** Ends a file that was cut off. `null` if it was ended properly. */
export function repairFile(path: string): RepairedFile | null {
  const cut = findCut(path);
  if (!cut) return null;
  Deno.truncateSync(path, cut.wholeBytes);
  Deno.writeFileSync(path, END_MARK, { append: true });
  return { path, cutBytes: cut.size - cut.wholeBytes, last: cut.last };
}
