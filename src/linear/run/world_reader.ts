/** What a run gets from outside: files, environment variables, the clock, a signal. */

import { globSync } from "node:fs";
import { isAbsolute, resolve } from "node:path";
import { fingerprint } from "../../fingerprint.ts";
import { FileHashes, stampOf } from "../cache/file_hashes.ts";
import { absolutePathOf, type WorldInput } from "../world.ts";
import { isInDraft } from "./draft.ts";

/** What is gone meanwhile, and a link that leads nowhere, is none. */
function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Where a relative path was looked for. */
function from({ target }: WorldInput): string {
  return isAbsolute(target) ? "" : `, seen from the working directory ${Deno.cwd()}`;
}

/** Reads inputs from outside. Times and variables are those of its making. */
export class WorldReader {
  /** Fingerprints of files. */
  readonly hashes: FileHashes;
  readonly #signal: AbortSignal;
  readonly #now = Date.now();
  readonly #variables = new Map<string, string | undefined>();

  /** `hashes` has those of files, `signal` is that of the run. */
  constructor(hashes = new FileHashes(null), signal = new AbortController().signal) {
    this.hashes = hashes;
    this.#signal = signal;
  }

  /** What the function gets. */
  valueOf(input: WorldInput): unknown {
    switch (input.kind) {
      case "file":
        return input.target;
      case "files":
        return this.#matchesOf(input);
      case "env":
        return this.#variable(input.target);
      case "clock":
        return new Date(Math.floor(this.#now / input.everyMs) * input.everyMs);
      case "signal":
        return this.#signal;
    }
  }

  #matchesOf({ target }: WorldInput): string[] {
    return globSync(target).filter((path) => !isInDraft(path) && isFile(path)).sort();
  }

  #variable(name: string): string | undefined {
    if (!this.#variables.has(name)) this.#variables.set(name, Deno.env.get(name));
    return this.#variables.get(name);
  }

  /** Why the input is not there, if it is not. */
  problemOf(input: WorldInput): string | undefined {
    if (input.kind === "files" && this.#matchesOf(input).length === 0) return `no file matches it${from(input)}`;
    if (input.kind !== "file") return undefined;
    try {
      return Deno.statSync(absolutePathOf(input)).isFile ? undefined : "it is no file";
    } catch (error) {
      return error instanceof Deno.errors.NotFound ? `there is no such file${from(input)}` : (error as Error).message;
    }
  }

  /** What is seen of the input without reading files. */
  stampOf(input: WorldInput): string {
    if (input.kind === "file") return stampOf(absolutePathOf(input)) ?? "missing";
    if (input.kind !== "files") return this.idOf(input);
    return JSON.stringify(this.#matchesOf(input).map((path) => [path, stampOf(resolve(path))]));
  }

  /** The fingerprint of the input. */
  idOf(input: WorldInput): string {
    if (input.kind === "signal") return "signal";
    // The path is the name of the input. A node that writes the file has the same fingerprint for it.
    if (input.kind === "file") return this.hashes.idOf(absolutePathOf(input)) ?? "missing";
    const value = this.valueOf(input);
    if (input.kind !== "files") return fingerprint(value);
    return fingerprint((value as string[]).map((path) => [path, this.hashes.idOf(resolve(path))]));
  }
}
