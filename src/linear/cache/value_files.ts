/** Large values: files beside the database, each named by the fingerprint of its bytes. */

import { createHash } from "node:crypto";
import { join } from "node:path";
import { digest } from "../../fingerprint.ts";
import type { ByteSource, Encoded } from "./value_codec.ts";

/** From this size on, a value is a file of its own. */
export const LEAST_FILE_BYTES = 1 << 20;

/** What is read at once of small pieces. */
const BLOCK_BYTES = 1 << 20;
/** Pieces from this size on are read to where they belong. */
const DIRECT_BYTES = 1 << 18;
/** A file that no entry names is left alone for so long: its program may be about to write the entry. */
const ORPHAN_MS = 3_600_000;

/** The folder of the large values of one cache. */
export class ValueFiles {
  readonly #folder: string;

  /** Opens the files of the database at `path`. */
  constructor(path: string) {
    this.#folder = `${path}.values`;
  }

  #pathOf(id: string): string {
    return join(this.#folder, id);
  }

  /** Writes a value whole or not at all. One that is there already is not written again. */
  write({ id, pieces, bytes }: Encoded): void {
    if (this.#sizeOf(id) === bytes) return;
    Deno.mkdirSync(this.#folder, { recursive: true });
    const temporary = this.#pathOf(`${id}.${crypto.randomUUID()}`);
    try {
      writePieces(temporary, pieces);
      Deno.renameSync(temporary, this.#pathOf(id));
    } catch (error) {
      removeIfThere(temporary);
      throw error;
    }
  }

  #sizeOf(id: string): number | undefined {
    try {
      return Deno.statSync(this.#pathOf(id)).size;
    } catch {
      return undefined;
    }
  }

  /**
   * Gives the bytes of a value to `read`, and returns what that returns.
   *
   * @throws {Error} If they are not those that were written.
   */
  read<Result>(id: string, bytes: number, read: (source: ByteSource) => Result): Result {
    using file = Deno.openSync(this.#pathOf(id));
    const { size } = file.statSync();
    if (size !== bytes) throw new RangeError(`its file has ${size} bytes, expected ${bytes}`);
    const source = new FileSource(file, bytes);
    const result = read(source);
    if (source.id !== id) throw new RangeError("its bytes are not those that were written");
    return result;
  }

  /** Removes a value. */
  remove(id: string): void {
    removeIfThere(this.#pathOf(id));
  }

  /** Removes all values, or only those that `isNeeded` denies and that have lain there for a while. */
  sweep(isNeeded: (id: string) => boolean, leastAgeMs = ORPHAN_MS): void {
    for (const name of this.#names()) {
      const path = this.#pathOf(name);
      if (!isNeeded(name) && ageOf(path) >= leastAgeMs) removeIfThere(path);
    }
  }

  #names(): string[] {
    try {
      return Array.from(Deno.readDirSync(this.#folder), ({ name }) => name);
    } catch {
      return [];
    }
  }

  /** Removes the folder with all that is in it. */
  clear(): void {
    for (const name of this.#names()) removeIfThere(this.#pathOf(name));
    // Another program may be writing there.
    removeIfThere(this.#folder);
  }
}

function ageOf(path: string): number {
  try {
    return Date.now() - (Deno.statSync(path).mtime?.getTime() ?? 0);
  } catch {
    return 0;
  }
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // Another program has removed it, or nobody may.
  }
}

function writePieces(path: string, pieces: readonly Uint8Array[]): void {
  using file = Deno.openSync(path, { write: true, createNew: true });
  for (const piece of pieces) {
    for (let end = 0; end < piece.length;) end += file.writeSync(piece.subarray(end));
  }
}

/** Reads a file from its beginning to its end, and takes its fingerprint on the way. */
class FileSource implements ByteSource {
  readonly bytes: number;
  readonly #file: Deno.FsFile;
  readonly #hash = createHash("sha256");
  #block = new Uint8Array(0);
  #left: number;

  constructor(file: Deno.FsFile, bytes: number) {
    this.#file = file;
    this.bytes = bytes;
    this.#left = bytes;
  }

  /** The fingerprint of all bytes, once all are read. */
  get id(): string {
    return digest(this.#hash);
  }

  take(length: number): Uint8Array<ArrayBuffer> {
    if (length > this.#left + this.#block.length) throw new RangeError("it is longer than its file");
    const target = new Uint8Array(length);
    let filled = this.#takeFromBlock(target, 0);
    if (length - filled >= DIRECT_BYTES) {
      this.#fill(target.subarray(filled));
      return target;
    }
    while (filled < length) {
      this.#block = new Uint8Array(Math.min(BLOCK_BYTES, this.#left));
      this.#fill(this.#block);
      filled += this.#takeFromBlock(target, filled);
    }
    return target;
  }

  #takeFromBlock(target: Uint8Array, start: number): number {
    const part = this.#block.subarray(0, target.length - start);
    target.set(part, start);
    this.#block = this.#block.subarray(part.length);
    return part.length;
  }

  #fill(target: Uint8Array): void {
    for (let end = 0; end < target.length;) {
      const count = this.#file.readSync(target.subarray(end));
      if (count === null) throw new RangeError("its file ends too early");
      end += count;
    }
    this.#hash.update(target);
    this.#left -= target.length;
  }
}
