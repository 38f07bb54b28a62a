/** The results of a run, as its report has them. */

import { UnknownNameError } from "../../errors.ts";
import type { CodecTable } from "../cache/codec_table.ts";
import { copyOf } from "../cache/copy_value.ts";

/** How to get at a result. */
export interface ResultSource {
  /** Returns the value. */
  readonly get: () => unknown;
}

/** The results of a run. */
export interface RunResults {
  readonly listed: ReadonlyMap<string, ResultSource>;
  /** What is not listed, but may be asked for. */
  readonly others: () => ReadonlyMap<string, ResultSource>;
}

/** A report with its results, which are made when they are asked for, and stay as they were then. */
export function withResults<Report extends object>(
  report: Report,
  results: RunResults,
): Report & { results: Record<string, unknown> } {
  let made: Record<string, unknown> | undefined;
  return Object.defineProperty(report, "results", {
    enumerable: true,
    get: () => made ??= makeResults(results),
  }) as Report & { results: Record<string, unknown> };
}

function makeResults({ listed, others }: RunResults): Record<string, unknown> {
  const results: Record<string, unknown> = {};
  const define = (sources: ReadonlyMap<string, ResultSource>, enumerable: boolean) => {
    for (const [name, { get }] of sources) defineOnce(results, name, enumerable, get);
  };
  define(others(), false);
  define(listed, true);
  // Shown as values, not as getters.
  const inspect = (show: typeof Deno.inspect, options: Deno.InspectOptions) => show({ ...results }, options);
  return Object.defineProperty(results, Symbol.for("Deno.customInspect"), { value: inspect });
}

/** A property whose value is made when it is asked for the first time. */
export function defineOnce(target: object, name: string, enumerable: boolean, make: () => unknown): void {
  const get = () => {
    const value = make();
    Object.defineProperty(target, name, { value, enumerable });
    return value;
  };
  Object.defineProperty(target, name, { enumerable, configurable: true, get });
}

/** A value in memory, of which the caller gets a copy, unless nobody else has it. */
export function heldResult(value: unknown, isOwn: boolean, codecs: CodecTable): ResultSource {
  return { get: () => isOwn ? value : copyOf(value, codecs) };
}

/** Something that is not there any more, or never was. */
export function noResult(pipeline: string, name: string, why: string): ResultSource {
  return {
    get: () => {
      throw new UnknownNameError(`Cannot get the result "${name}" of pipeline "${pipeline}": ${why}`);
    },
  };
}
