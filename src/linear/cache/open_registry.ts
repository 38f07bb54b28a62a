/** The registry that a pipeline opens. */

import { LifecycleError, UnknownNameError } from "../../errors.ts";
import { encode } from "./value_codec.ts";
import { copyOf, whyNotStorable } from "../../storable.ts";
import type { Entry, Store } from "./value_store.ts";
import { suggest } from "../../suggest.ts";
import type { Held } from "../run/held_values.ts";
import type { Placement, Registry } from "../registry.ts";

/** What a registry shows. */
interface RegistryContents {
  /** The pipeline's name. */
  readonly pipeline: string;
  /** The names of all outputs of its nodes. */
  readonly outputs: ReadonlySet<string>;
  /** The runtime constants. */
  readonly runtime: Readonly<Record<string, unknown>>;
  /** What the last run has left in memory. */
  readonly memory: ReadonlyMap<string, Held>;
  /** The cache, if there is one. The registry closes it. */
  readonly store: Store | null;
}

/** An open {@link Registry}. */
export class OpenRegistry<Objects extends object> implements Registry<Objects> {
  readonly #contents: RegistryContents;
  readonly #entries: ReadonlyMap<string, Entry>;
  readonly #placement: Readonly<Record<string, Placement>>;
  #isClosed = false;

  constructor(contents: RegistryContents) {
    this.#contents = contents;
    this.#entries = contents.store?.entries() ?? new Map();
    const onDisk = [...this.#entries.values()].filter(({ isOnDisk }) => isOnDisk);
    this.#placement = Object.fromEntries([
      ...Object.keys(contents.runtime).map((name) => [name, "runtime"]),
      ...onDisk.map(({ name }) => [name, "disk"]),
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
    const { runtime, memory, store } = this.#contents;
    switch (this.#placementOf(name)) {
      case "runtime":
        return copyOf(runtime[name]);
      case "memory":
        return copyOf(memory.get(name)!.value);
      case "disk":
        return store!.load(name, this.#entries.get(name)!.id);
    }
  }

  size(name: string): number | null {
    this.#check(`get the size of "${name}" from`);
    if (this.#placementOf(name) === "disk") return this.#entries.get(name)!.bytes;
    const { runtime, memory } = this.#contents;
    const value = memory.has(name) ? memory.get(name)!.value : runtime[name];
    return whyNotStorable(value) === null ? encode(value).bytes : null;
  }

  #placementOf(name: string): Placement {
    if (Object.hasOwn(this.#placement, name)) return this.#placement[name];
    const { pipeline, outputs } = this.#contents;
    const hint = outputs.has(name)
      ? ": no run has made it, or it was released after its last use, which usePersistentCache prevents"
      : suggest(name, [...this.names, ...outputs]);
    throw new UnknownNameError(`Cannot find "${name}" in the registry of pipeline "${pipeline}"${hint}`);
  }

  #check(action: string): void {
    if (!this.#isClosed) return;
    throw new LifecycleError(`Cannot ${action} the registry of pipeline "${this.#contents.pipeline}": it is closed`);
  }

  close(): void {
    if (!this.#isClosed) this.#contents.store?.[Symbol.dispose]();
    this.#isClosed = true;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
