/** The values in memory during a run, which are released after their last use. */

import type { CodecTable } from "../cache/codec_table.ts";
import { copyOf } from "../cache/copy_value.ts";
import type { LinearNode } from "../node.ts";
import type { PlannedStep } from "./linear_plan.ts";
import type { Source, Step } from "./linear_wiring.ts";
import { isReadOnce, useOnce } from "./read_once.ts";
import type { WorldReader } from "./world_reader.ts";

/** A value in memory. */
export interface Held {
  readonly value: unknown;
  /** Its fingerprint, in a run with a cache. */
  readonly id?: string;
  /** The fingerprint of what it was made from, in a run with a cache. */
  readonly key?: string;
  /** Whether nothing else refers to the value or its parts: its last user may have the value itself. */
  readonly isOwn: boolean;
  /** Whether it is on the disk as well. */
  readonly isOnDisk?: boolean;
}

/** What the values of a run come from. */
export interface ValueSources {
  /** What earlier runs have left in memory. It stays there. */
  readonly kept: ReadonlyMap<string, Held>;
  /** Reads what is not in memory. */
  readonly load: (name: string, by: LinearNode) => unknown;
  readonly world: WorldReader;
  readonly codecs: CodecTable;
}

/** The values in memory during a run. */
export class Values {
  readonly #sources: ValueSources;
  readonly #held = new Map<string, Held>();
  /** How often a value will be taken. */
  readonly #uses = new Map<string, number>();
  readonly #results = new Set<string>();

  /** Constants are taken now, as they are: what becomes of them later does not matter. */
  constructor(steps: readonly PlannedStep[], sources: ValueSources) {
    this.#sources = sources;
    for (const { inputs } of steps.filter(({ status }) => status === "run")) {
      for (const source of inputs) {
        this.#uses.set(source.name, (this.#uses.get(source.name) ?? 0) + 1);
        if ("value" in source && !this.#held.has(source.name)) {
          this.#held.set(source.name, this.#constant(source.value));
        }
      }
    }
    for (const [name, { value }] of this.#held) this.#checkUses(name, value, this.#uses.get(name)!);
  }

  #constant(value: unknown): Held {
    const copy = copyOf(value, this.#sources.codecs);
    return { value: copy, isOwn: copy !== value };
  }

  /** What inputs from outside come from. */
  get world(): WorldReader {
    return this.#sources.world;
  }

  /** The value of an input, for the node function alone, unless that shares it. */
  take(source: Source, { name: node, share }: LinearNode): unknown {
    if (source.kind === "world") return this.#sources.world.valueOf(source.input);
    const { name } = source;
    const held = this.#find(source);
    const left = this.#uses.get(name)! - 1;
    this.#uses.set(name, left);
    useOnce(held.value, name, node);
    if (share.includes(name)) {
      this.#held.set(name, { ...held, isOwn: false });
      return held.value;
    }
    if (left > 0 || !held.isOwn) return copyOf(held.value, this.#sources.codecs);
    this.#held.delete(name);
    return held.value;
  }

  #find(source: Exclude<Source, { kind: "world" }>): Held {
    const known = this.#held.get(source.name);
    if (known) return known;
    if (source.kind !== "made") return this.#constant(source.value);
    const held = this.#sources.kept.get(source.name) ??
      { value: this.#sources.load(source.name, source.by), isOwn: true };
    this.#held.set(source.name, held);
    return held;
  }

  /** A step has run: what nobody will take is released. Until then, it stays for another attempt. */
  release({ inputs }: Step): void {
    for (const { name } of inputs) {
      if (this.#uses.get(name) === 0 && !this.#results.has(name)) this.#held.delete(name);
    }
  }

  /** A step turned out not to run: it takes nothing. */
  forgo(step: Step): void {
    for (const { name } of step.inputs) this.#uses.set(name, this.#uses.get(name)! - 1);
    this.release(step);
  }

  /** Holds a value while a later step needs it, or as a result. */
  put(name: string, held: Held, isResult: boolean): void {
    const uses = this.#uses.get(name) ?? 0;
    this.#checkUses(name, held.value, uses);
    if (isResult) this.#results.add(name);
    if (uses > 0 || isResult) this.#held.set(name, held);
  }

  #checkUses(name: string, value: unknown, uses: number): void {
    if (uses < 2 || !isReadOnce(value)) return;
    throw new TypeError(
      `"${name}" can be read only once, but ${uses} inputs take it; make it an array or a text instead`,
    );
  }

  /** What is in memory. */
  get held(): ReadonlyMap<string, Held> {
    return this.#held;
  }
}
