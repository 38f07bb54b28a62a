/** The cache of a run: what the plan found in it, and what nodes have made since. */

import { DamagedError } from "../cache/cache_database.ts";
import { named } from "../cache/codec_table.ts";
import { type Entry, type NewEntry, UnavailableError } from "../cache/entry.ts";
import { areAlike } from "../cache/alike.ts";
import { inspectValue } from "../cache/inspect_value.ts";
import type { OpenCache } from "../cache/open_cache.ts";
import type { KeptValue, KeptValues, NewCall } from "../cache/run_records.ts";
import { type Codecs, encode, type Encoded } from "../cache/value_codec.ts";
import type { CodecTable } from "../cache/codec_table.ts";
import { snapshot } from "../history.ts";
import type { LinearNode } from "../node.ts";
import type { Held } from "./held_values.ts";
import { type CacheView, findOutput, type Found, type PlannedStep } from "./linear_plan.ts";
import type { Source } from "./linear_wiring.ts";
import { type Ids, keyOf, partsOf, resourceId } from "./node_parts.ts";
import type { WorldReader } from "./world_reader.ts";
import { warn } from "../../notices.ts";

/** What a run has for its cache. */
export interface RunCacheOptions {
  readonly pipeline: string;
  readonly cache: OpenCache;
  readonly view: CacheView;
  readonly world: WorldReader;
  readonly codecs: CodecTable;
  /** Fingerprints by name; the run adds those of what it makes. */
  readonly ids: Ids;
  /** Entries that the run uses. */
  readonly used: Set<Entry>;
  /** The fingerprints of what is on the disk, by name; the run adds to it. */
  readonly onDisk: Map<string, string>;
  readonly signal: AbortSignal;
}

/** What has become of the outputs of a node. */
export interface Kept {
  readonly held: readonly Pick<Held, "id" | "isOnDisk">[];
  readonly bytes: number;
}

/** An input as the history keeps it: a copy from before the call, or what is on the disk anyway. */
export type InputSnapshot = { readonly value: unknown } | { readonly id: string };

/** What a call has made. */
export interface MadeByCall {
  readonly values: readonly unknown[];
  /** The paths of the files that it wrote, by the names of the outputs. */
  readonly files: ReadonlyMap<string, string>;
  /** Its figures. */
  readonly record: object;
  /** Its inputs, if the history keeps values. */
  readonly inputs: Readonly<Record<string, InputSnapshot>> | null;
}

/** An output on its way to the cache. */
interface Output {
  readonly name: string;
  readonly value: unknown;
  /** Its fingerprint. */
  readonly id: string;
  readonly encoded?: Encoded;
}

/** Bytes of an output, at most, that is compared with the one before. */
const MOST_COMPARED = 1 << 14;

/** The cache of a run. */
export class RunCache {
  readonly #options: RunCacheOptions;
  /** Fingerprints by name. */
  readonly ids: Ids;

  /** For one plan. */
  constructor(options: RunCacheOptions) {
    this.#options = options;
    this.ids = options.ids;
  }

  /** Whether an error is not the node's, but that of the cache. */
  isTrouble(error: unknown): boolean {
    return error instanceof UnavailableError || error instanceof DamagedError;
  }

  /** Takes over the fingerprints of the outputs of a step that does not run. */
  noteFound({ node, found }: PlannedStep): void {
    node.outputs.forEach((name, index) => {
      const one = found?.[index];
      this.ids.set(name, one?.value ?? null);
      this.#note(node, name, one);
    });
  }

  #note(node: LinearNode, name: string, found: Found | undefined): void {
    const { used, onDisk } = this.#options;
    if (found?.entry) used.add(found.entry);
    if (found?.entry?.isStored && !node.fileOutputs.has(name)) onDisk.set(name, found.entry.value);
  }

  /** Files are looked at once more before a node reads them: nodes before may have written them. */
  refreshFiles({ inputs }: PlannedStep): void {
    for (const source of inputs) {
      const isFile = source.kind === "world" && (source.input.kind === "file" || source.input.kind === "files");
      if (isFile) this.ids.set(source.name, this.#options.world.idOf(source.input));
    }
  }

  /** Whether the outputs of just these inputs are there. They are taken over then. */
  cameOutTheSame({ node }: PlannedStep): boolean {
    const { view } = this.#options;
    const parts = partsOf(node, this.ids);
    if (parts.inputs.some(([, id]) => id === null)) return false;
    const { key } = keyOf(parts);
    if (node.outputs.length === 0) return view.done.hasCall(node.name, key);
    const found = node.outputs.map((name) => findOutput(view, node, name, key));
    if (!found.every((one) => one?.isThere)) return false;
    if (node.outputs.some((name, at) => node.fileOutputs.has(name) && view.fileTrouble(node, name, found[at]!))) {
      return false;
    }
    node.outputs.forEach((name, index) => {
      this.ids.set(name, found[index]!.value);
      this.#note(node, name, found[index]);
    });
    return true;
  }

  /** The fingerprint of an input whose value is on the disk anyway. */
  storedInput(name: string): { id: string } | undefined {
    const id = this.ids.get(name);
    return typeof id === "string" && this.#options.cache.values.has(id) ? { id } : undefined;
  }

  /** Keeps what a node has made: on the disk if that can be, otherwise in memory, with a warning. */
  async keep({ node, inputs, sameIds }: PlannedStep, made: MadeByCall): Promise<Kept & { readonly key: string }> {
    const { text, key } = keyOf(partsOf(node, this.ids));
    const changed = this.#changedFile(inputs);
    const outputs = node.outputs.map((name, index) =>
      this.#output(node, name, made, index, sameIds?.get(name) ?? (node.resource ? resourceId(key, name) : undefined))
    );
    for (const { name, id } of outputs) this.ids.set(name, id);
    const isKept = node.cache && changed === undefined;
    if (changed !== undefined) {
      this.#warn(`the outputs of node "${node.name}" are not cached: "${changed}" changed while it ran`);
    }
    const entries = isKept
      ? outputs.map(({ name, id, encoded }): NewEntry => ({
        name,
        key,
        value: encoded?.id ?? id,
        parts: text,
        encoded,
      }))
      : [];
    const call = {
      node: node.name,
      key,
      record: made.record,
      values: made.inputs && this.#history(outputs, made.inputs),
    };
    const isSaved = await this.#save(node, entries, call);
    const held = outputs.map(({ id, encoded }) => ({ id, isOnDisk: isSaved && isKept && encoded !== undefined }));
    for (const [index, { name, encoded }] of outputs.entries()) {
      if (held[index].isOnDisk) this.#options.onDisk.set(name, encoded!.id);
      else this.#options.onDisk.delete(name);
    }
    const bytes = isSaved && isKept ? outputs.reduce((sum, { encoded }) => sum + (encoded?.bytes ?? 0), 0) : 0;
    return { held, bytes, key };
  }

  #warn(message: string): void {
    warn(`Pipeline "${this.#options.pipeline}": ${message}`);
  }

  /** A file that was read, and is not as it was when the run looked at it. */
  #changedFile(inputs: readonly Source[]): string | undefined {
    return inputs.find((source) => {
      const isFile = source.kind === "world" && (source.input.kind === "file" || source.input.kind === "files");
      return isFile && this.#options.world.idOf(source.input) !== this.ids.get(source.name);
    })?.name;
  }

  /** `unstoredId` is the fingerprint of a resource, and of what cannot be stored; a new one by default. */
  #output(
    node: LinearNode,
    name: string,
    { values, files }: MadeByCall,
    index: number,
    unstoredId: string | undefined,
  ): Output {
    const value = values[index];
    const path = files.get(name);
    if (path !== undefined) return { name, value: path, id: this.#options.world.hashes.idOf(path)! };
    const encoded = this.#encode(node, name, value);
    if (encoded) {
      const kept = this.#asBefore(name, value, encoded);
      return { name, value, id: node.resource ? unstoredId! : kept.id, encoded: kept };
    }
    return { name, value, id: unstoredId ?? crypto.randomUUID() };
  }

  /** The bytes of an output. Without a warning for a resource, of which nobody expects them. */
  #encode(node: LinearNode, name: string, value: unknown): Encoded | undefined {
    const codecs = codecsOf(node, name, this.#options.codecs);
    const traits = codecs.root ? undefined : inspectValue(value, codecs.table);
    let obstacle = traits?.obstacle ?? null;
    try {
      if (obstacle === null) return encode(value, codecs, traits);
    } catch (error) {
      obstacle = (error as Error).message;
    }
    if (!node.resource) this.#warn(`"${name}" stays in memory, not in the cache: ${obstacle}`);
    return undefined;
  }

  /** The bytes that an output had before, if they stand for just this value: what takes it need not run again. */
  #asBefore(name: string, value: unknown, encoded: Encoded): Encoded {
    if (encoded.bytes > MOST_COMPARED || typeof value !== "object") return encoded;
    try {
      if (!this.#options.view.latest(name)) return encoded;
      const before = this.#options.cache.values.latestSmall(name, encoded.id);
      return before && areAlike(before.decode(), value) ? before.encoded : encoded;
    } catch {
      return encoded;
    }
  }

  #history(outputs: readonly Output[], inputs: Readonly<Record<string, InputSnapshot>>): KeptValues {
    return {
      inputs: Object.fromEntries(
        Object.entries(inputs).map(([name, one]) => [name, "id" in one ? one : keptValue(one.value)]),
      ),
      outputs: Object.fromEntries(outputs.map(({ name, value, encoded }) => {
        return [name, encoded ? { encoded } : keptValue(snapshot(value))];
      })),
    };
  }

  async #save(node: LinearNode, entries: readonly NewEntry[], call: NewCall): Promise<boolean> {
    const { cache, signal } = this.#options;
    if (cache.isReadOnly) return false;
    try {
      await cache.save({ entries, call });
      return true;
    } catch (error) {
      if (error instanceof DamagedError) await cache.startAnew(error, signal);
      // The value is made: whatever is wrong with the disk, it is not lost.
      this.#warn(`the outputs of node "${node.name}" stay in memory: ${(error as Error).message}`);
      return false;
    }
  }
}

/** A copy that the history keeps. */
function keptValue(copy: unknown): KeptValue {
  try {
    return { encoded: encode(copy) };
  } catch {
    return { shown: Deno.inspect(copy, { depth: 2 }) };
  }
}

/** The codecs for an output of a node. */
export function codecsOf(node: LinearNode | undefined, output: string, table: CodecTable): Codecs {
  const codec = node && Object.hasOwn(node.codecs, output) ? node.codecs[output] : undefined;
  return codec ? { table, root: named(`node ${node!.name}`, codec) } : { table };
}
