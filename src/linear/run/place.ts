/** Files by where they are, whatever links lead there. */

import { basename, dirname, join, resolve } from "node:path";

/** Links that are followed at most: they may lead in a circle. */
const MOST_LINKS = 40;

/** Where an absolute path leads, also by links to what does not exist yet. */
export function placeOf(path: string, links = 0): string {
  if (Deno.permissions.querySync({ name: "read", path }).state !== "granted") return path;
  try {
    return Deno.realPathSync(path);
  } catch {
    // It is not there, or nobody may look.
  }
  const folder = dirname(path);
  if (folder === path) return path;
  const next = links < MOST_LINKS ? targetOf(path) : undefined;
  return next === undefined ? join(placeOf(folder, links), basename(path)) : placeOf(resolve(folder, next), links + 1);
}

function targetOf(link: string): string | undefined {
  try {
    return Deno.readLinkSync(link);
  } catch {
    return undefined;
  }
}

/** Where paths lead, each looked up once. */
export class Places {
  readonly #known = new Map<string, string>();

  /** Where an absolute path leads. */
  of(path: string): string {
    let place = this.#known.get(path);
    if (place === undefined) this.#known.set(path, place = placeOf(path));
    return place;
  }
}
