/** The results of a run, as its report has them. */

import { UnknownNameError } from "../../errors.ts";
import type { CodecTable } from "../cache/codec_table.ts";
import { copyOf } from "../cache/copy_value.ts";

/** How to get at a result. */
export interface ResultSource {
  /** Whether it is listed. */
  readonly isListed: boolean;
  /** Returns the value. */
  readonly get: () => unknown;
}

/** An object with the results. Each is made when it is asked for, and stays as it was then. */
export function makeResults(sources: ReadonlyMap<string, ResultSource>): Record<string, unknown> {
  const results: Record<string, unknown> = {};
  for (const [name, { isListed, get }] of sources) {
    Object.defineProperty(results, name, {
      enumerable: isListed,
      configurable: true,
      get() {
        const value = get();
        Object.defineProperty(results, name, { value, enumerable: isListed });
        return value;
      },
    });
  }
  // Shown as values, not as getters.
  const inspect = (show: typeof Deno.inspect, options: Deno.InspectOptions) => show({ ...results }, options);
  Object.defineProperty(results, Symbol.for("Deno.customInspect"), { value: inspect });
  return results;
}

/** A value in memory, of which the caller gets a copy, unless nobody else has it. */
export function heldResult(value: unknown, isOwn: boolean, codecs: CodecTable): ResultSource {
  return { isListed: true, get: () => isOwn ? value : copyOf(value, codecs) };
}

/** Something that is not there any more, or never was. */
export function noResult(pipeline: string, name: string, why: string): ResultSource {
  return {
    isListed: false,
    get: () => {
      throw new UnknownNameError(`Cannot get the result "${name}" of pipeline "${pipeline}": ${why}`);
    },
  };
}
