/** A file of recorded frames that is written: whole messages, one after the other. */

import { dirname, join } from "node:path";
import { publishNew } from "../../files.ts";
import { END_MARK } from "./batch_block.ts";

function writeWhole(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length;) written += file.writeSync(bytes.subarray(written));
}

/** Appends messages. What was handed to {@link append} can be read, however this program ends. */
export class StreamFile implements Disposable {
  readonly path: string;
  readonly #file: Deno.FsFile;
  #bytes = 0;
  #isOpen = true;

  /**
   * Begins with a schema: nobody ever sees the file without.
   *
   * @throws {Deno.errors.AlreadyExists} If there is such a file.
   */
  constructor(path: string, schema: Uint8Array) {
    const draft = join(dirname(path), `.${crypto.randomUUID()}.tmp`);
    this.path = path;
    this.#file = Deno.openSync(draft, { write: true, createNew: true });
    try {
      this.append(schema);
      publishNew(draft, path);
    } catch (error) {
      this[Symbol.dispose]();
      Deno.removeSync(draft);
      throw error;
    }
  }

  /** Bytes that were written. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Writes a message. One that does not go in whole is taken back. */
  append(message: Uint8Array): void {
    try {
      writeWhole(this.#file, message);
    } catch (error) {
      this.#takeBack();
      throw error;
    }
    this.#bytes += message.length;
  }

  #takeBack(): void {
    try {
      this.#file.truncateSync(this.#bytes);
      this.#file.seekSync(this.#bytes, Deno.SeekMode.Start);
    } catch {
      // A reader ignores a message that is not whole, too.
    }
  }

  /** Has the disk keep what was written, even if the machine fails. */
  sync(): void {
    this.#file.syncDataSync();
  }

  /** Marks the end and closes the file. */
  finish(): void {
    this.append(END_MARK);
    this[Symbol.dispose]();
  }

  /** Closes the file without a mark of its end. */
  [Symbol.dispose](): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#file.close();
  }
}
