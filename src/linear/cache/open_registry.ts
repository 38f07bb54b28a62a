/** The registry that a pipeline opens. */

import { LifecycleError, UnknownNameError } from "../../errors.ts";
import { suggest } from "../../suggest.ts";
import type { Placement, Registry } from "../registry.ts";
import type { Held } from "../run/held_values.ts";
import type { CodecTable } from "./codec_table.ts";
import { copyOf } from "./copy_value.ts";
import { UnavailableError } from "./entry.ts";
import type { OpenCache } from "./open_cache.ts";
import { type Codecs, encode } from "./value_codec.ts";

/** What a registry shows. */
export interface RegistryContents {
  /** The pipeline's name. */
  readonly pipeline: string;
  /** Why an output is not there, by name. */
  readonly missing: ReadonlyMap<string, string>;
  /** The runtime constants. */
  readonly runtime: Readonly<Record<string, unknown>>;
  /** What the last run has left in memory. */
  readonly memory: ReadonlyMap<string, Held>;
  /** The fingerprints of what it has left on the disk, or would take from it. */
  readonly onDisk: ReadonlyMap<string, string>;
  /** The cache, if there is one. The registry closes it. */
  readonly cache: OpenCache | null;
  readonly codecs: CodecTable;
  /** The codecs for an output. */
  readonly codecsOf: (output: string) => Codecs;
}

/** An open {@link Registry}. */
export class OpenRegistry<Objects extends object> implements Registry<Objects> {
  readonly #contents: RegistryContents;
  readonly #placement: Readonly<Record<string, Placement>>;
  #isClosed = false;

  /** Shows `contents`. */
  constructor(contents: RegistryContents) {
    this.#contents = contents;
    this.#placement = Object.fromEntries([
      ...Object.keys(contents.runtime).map((name) => [name, "runtime"]),
      ...Array.from(contents.onDisk.keys(), (name) => [name, "disk"]),
      ...Array.from(contents.memory.keys(), (name) => [name, "memory"]),
    ]);
  }

  get placement(): Readonly<Record<string, Placement>> {
    this.#check("look into");
    return { ...this.#placement };
  }

  get names(): string[] {
    return Object.keys(this.placement);
  }

  has(name: string): boolean {
    return Object.hasOwn(this.placement, name);
  }

  get<Name extends keyof Objects & string>(name: Name): Objects[Name] {
    this.#check(`get "${name}" from`);
    return this.#get(name) as Objects[Name];
  }

  #get(name: string): unknown {
    const { runtime, memory, codecs } = this.#contents;
    switch (this.#placementOf(name)) {
      case "runtime":
        return copyOf(runtime[name], codecs);
      case "memory":
        return copyOf(memory.get(name)!.value, codecs);
      case "disk":
        return this.#load(name);
    }
  }

  #load(name: string): unknown {
    const { cache, onDisk, codecsOf, pipeline } = this.#contents;
    try {
      return cache!.values.load(onDisk.get(name)!, codecsOf(name));
    } catch (cause) {
      if (!(cause instanceof UnavailableError)) throw cause;
      throw new Error(
        `Cannot get "${name}" from the registry of pipeline "${pipeline}": ${cause.message}; run it again`,
        { cause },
      );
    }
  }

  size(name: string): number | null {
    this.#check(`get the size of "${name}" from`);
    const { runtime, memory, cache, onDisk, codecs } = this.#contents;
    if (this.#placementOf(name) === "disk") return cache!.values.sizeOf(onDisk.get(name)!);
    const value = memory.has(name) ? memory.get(name)!.value : runtime[name];
    try {
      const { bytes } = encode(value, { table: codecs });
      return bytes;
    } catch {
      return null;
    }
  }

  #placementOf(name: string): Placement {
    if (Object.hasOwn(this.#placement, name)) return this.#placement[name];
    const { pipeline, missing } = this.#contents;
    const known = [...this.names, ...missing.keys()];
    const all = known.length > 0 ? `; it has ${known.map((one) => JSON.stringify(one)).join(", ")}` : "";
    const hint = missing.has(name) ? `: ${missing.get(name)}` : suggest(name, known) || all;
    throw new UnknownNameError(`Cannot find "${name}" in the registry of pipeline "${pipeline}"${hint}`);
  }

  #check(action: string): void {
    if (!this.#isClosed) return;
    throw new LifecycleError(`Cannot ${action} the registry of pipeline "${this.#contents.pipeline}": it is closed`);
  }

  close(): void {
    if (!this.#isClosed) this.#contents.cache?.[Symbol.dispose]();
    this.#isClosed = true;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
