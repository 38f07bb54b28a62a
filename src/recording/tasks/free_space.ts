/** How much room a disk has left. */

import { statfsSync } from "node:fs";

/** Bytes that a program may still write to the disk of a folder, or `Infinity` where the system does not tell. */
export function freeBytes(folder: string): number {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return Number(bavail) * Number(bsize);
  } catch {
    return Infinity;
  }
}
