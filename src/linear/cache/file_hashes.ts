/** Fingerprints of files, which are read only if their sizes or times say that they may have changed. */

import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { digest } from "../../fingerprint.ts";
import type { CacheDatabase } from "./cache_database.ts";

const BLOCK_BYTES = 1 << 20;
/** A file may change again without a change of its times, as long as these are so young: their clock has ticks. */
const YOUNG_NS = 2_000_000_000n;

interface Known {
  readonly stamp: string;
  readonly id: string;
}

/** What can be seen of a file without reading it; `undefined` if it is not there. */
function look(path: string): { stamp: string; isYoung: boolean } | undefined {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (!stats?.isFile()) return undefined;
  const { size, mtimeNs, ctimeNs, ino } = stats;
  const newest = mtimeNs > ctimeNs ? mtimeNs : ctimeNs;
  return {
    stamp: `${size} ${mtimeNs} ${ctimeNs} ${ino}`,
    isYoung: BigInt(Date.now()) * 1_000_000n - newest < YOUNG_NS,
  };
}

/** What is seen of a file without reading it; `undefined` if it is not there. */
export function stampOf(path: string): string | undefined {
  return look(path)?.stamp;
}

function hashOf(path: string): string {
  using file = Deno.openSync(path);
  const hash = createHash("sha256");
  const block = new Uint8Array(BLOCK_BYTES);
  for (let count = file.readSync(block); count !== null; count = file.readSync(block)) {
    hash.update(block.subarray(0, count));
  }
  return digest(hash);
}

/** Fingerprints of files. */
export class FileHashes {
  readonly #database: CacheDatabase | null;
  readonly #found = new Map<string, Known>();

  /** `database` has those of earlier runs. */
  constructor(database: CacheDatabase | null) {
    this.#database = database;
  }

  /** The fingerprint of the content of the file at an absolute path; `undefined` if there is no such file. */
  idOf(path: string): string | undefined {
    const seen = look(path);
    if (!seen) return undefined;
    const known = this.#found.get(path) ?? this.#stored(path);
    if (known?.stamp === seen.stamp) return known.id;
    const id = hashOf(path);
    // A file that changed while it was read, or just before, is read again the next time.
    if (!seen.isYoung && look(path)?.stamp === seen.stamp) this.#found.set(path, { stamp: seen.stamp, id });
    return id;
  }

  #stored(path: string): Known | undefined {
    const row = this.#database?.sql("select stamp, id from files where path = ?").get(path);
    return row as unknown as Known | undefined;
  }

  /** Writes what was found, in a transaction. */
  save(): void {
    const write = this.#database!.sql("insert or replace into files (path, stamp, id) values (?, ?, ?)");
    for (const [path, { stamp, id }] of this.#found) write.run(path, stamp, id);
    this.#found.clear();
  }

  /** Whether there is something to write. */
  get isChanged(): boolean {
    return this.#found.size > 0;
  }
}
