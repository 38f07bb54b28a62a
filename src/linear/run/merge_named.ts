/** Merges what two pipelines know by name. */

import { DeclarationError } from "../../errors.ts";
import { whyNotPlain } from "../../plain_values.ts";
import { identityOf } from "../cache/identity.ts";
import { whyNotStorable } from "../cache/inspect_value.ts";
import type { LinearPipelineSettings } from "../settings.ts";

/** Settings of a pipeline that is to be merged. */
export interface MergedSettings extends LinearPipelineSettings {
  /** Whether `cachePath` was given, and is not the default. */
  readonly hasOwnPath: boolean;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const kind = Object.getPrototypeOf(value);
  return (kind === Object.prototype || kind === null) && whyNotPlain(value) === null;
}

/** Merges: one name after the other. */
class Merge {
  readonly #action: string;

  constructor(action: string) {
    this.#action = action;
  }

  /** The value that both have. What is no plain data is equal only to itself: nobody sees what else differs. */
  same(way: string, one: unknown, other: unknown): unknown {
    if (Object.is(one, other)) return one;
    if (whyNotStorable(one) === null && whyNotStorable(other) === null && isSame(one, other)) return one;
    throw new DeclarationError(`Cannot ${this.#action}: they have different values of ${way}`);
  }

  /** Both constants by name. */
  constants(one: Readonly<Record<string, unknown>>, other: Readonly<Record<string, unknown>>): Record<string, unknown> {
    const merged = new Map(Object.entries(one));
    for (const [name, value] of Object.entries(other)) {
      merged.set(name, Object.hasOwn(one, name) ? this.same(`runtime.${name}`, one[name], value) : value);
    }
    return Object.fromEntries(merged);
  }

  /** Both configurations in one: plain objects in them are merged in turn. */
  config(way: string, one: unknown, other: unknown): unknown {
    if (one === undefined || other === undefined || one === other) return one ?? other;
    if (!isPlain(one) || !isPlain(other)) return this.same(way, one, other);
    const merged = new Map(Object.entries(one));
    for (const [key, value] of Object.entries(other)) {
      merged.set(key, Object.hasOwn(one, key) ? this.config(`${way}.${key}`, one[key], value) : value);
    }
    return Object.fromEntries(merged);
  }

  /** The setting of which there may be only one. */
  only<Value>(way: string, one: Value | undefined, other: Value | undefined): Value | undefined {
    if (one === undefined || other === undefined || one === other) return one ?? other;
    throw new DeclarationError(
      `Cannot ${this.#action}: they have different values of ${way}; give the one to use in the settings`,
    );
  }
}

function isSame(one: unknown, other: unknown): boolean {
  const [first, second] = [one, other].map((value) => identityOf(value));
  return "id" in first && "id" in second && first.id === second.id;
}

/** The settings of a pipeline made of two. Those of `more` take precedence. */
export function mergeSettings(
  one: MergedSettings,
  other: MergedSettings,
  more: Partial<LinearPipelineSettings>,
): LinearPipelineSettings {
  const merge = new Merge(`append pipeline "${other.name}" to "${one.name}"`);
  const signals = [one.signal, other.signal].filter((signal) => signal !== undefined);
  const listeners = [one.onEvent, other.onEvent].filter((listener) => listener !== undefined);
  return {
    name: one.name,
    config: merge.config("config", one.config, other.config),
    runtime: merge.constants(one.runtime ?? {}, other.runtime ?? {}),
    ...cacheOf(merge, one, other, more),
    codecs: [...one.codecs ?? [], ...other.codecs ?? []],
    trackHistory: one.trackHistory || other.trackHistory,
    signal: signals.length === 2 ? AbortSignal.any(signals) : signals[0],
    onEvent: listeners.length === 2 ? (event) => listeners.forEach((listen) => listen(event)) : listeners[0],
    quiet: one.quiet && other.quiet,
    ...more,
  };
}

/** The cache of both: a file that was named, or the default for the name. */
function cacheOf(merge: Merge, one: MergedSettings, other: MergedSettings, more: Partial<LinearPipelineSettings>) {
  const usePersistentCache = one.usePersistentCache || other.usePersistentCache;
  const named = [one, other].map(({ hasOwnPath, cachePath }) => hasOwnPath ? String(cachePath) : undefined);
  const cachePath = more.cachePath === undefined ? merge.only("cachePath", named[0], named[1]) : undefined;
  return {
    usePersistentCache,
    cachePath: usePersistentCache ? cachePath : undefined,
    module: one.module ?? other.module,
    maxBytes: merge.only("maxBytes", one.maxBytes, other.maxBytes),
    maxUnusedMs: merge.only("maxUnusedMs", one.maxUnusedMs, other.maxUnusedMs),
  };
}
