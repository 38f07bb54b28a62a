/** Changes parts of a configuration by texts, as they stand on a command line. */

import { isBare } from "../plain_values.ts";
import { copyOf } from "./cache/copy_value.ts";
import { lookUpConfig } from "./run/config_path.ts";

/** A text does not say what to change, or to what. */
export class OverrideError extends Error {
  /** The class. */
  override readonly name = "OverrideError";
}

/**
 * A copy of a configuration in which each of `changes`, like `config.window=14`, has been made. A new value is of the type of
 * the old one; plain objects and arrays are JSON. Maps, typed arrays and objects of other classes cannot be changed.
 *
 * @throws {OverrideError} If the configuration has no such part, or the text is of another type.
 */
export function overrideConfig(config: unknown, changes: readonly string[]): unknown {
  const changed = copyOf(config);
  return changes.reduce((config, change) => override(config, change), changed);
}

function override(config: unknown, change: string): unknown {
  const [, path, text] = /^(config(?:\.[^=]+)?)=(.*)$/s.exec(change) ?? [];
  if (path === undefined) {
    throw new OverrideError(`Cannot change the configuration: expected config.PATH=VALUE, received "${change}"`);
  }
  const found = lookUpConfig(config, path);
  if ("problem" in found) throw new OverrideError(`Cannot change ${path}: ${found.problem}`);
  const value = parse(path, text, found.value);
  if (path === "config") return value;
  const holder = lookUpConfig(config, path.slice(0, path.lastIndexOf(".")));
  const key = path.slice(path.lastIndexOf(".") + 1);
  if ("problem" in holder || !Reflect.set(holder.value as object, key, value)) {
    throw new OverrideError(`Cannot change ${path}: it is read-only`);
  }
  return config;
}

function parse(path: string, text: string, old: unknown): unknown {
  const refuse = (expected: string): never => {
    throw new OverrideError(
      `Cannot change ${path}: expected ${expected}, as it is ${Deno.inspect(old)} now, received "${text}"`,
    );
  };
  switch (typeof old) {
    case "string":
      return text;
    case "number":
      return text.trim() !== "" && !Number.isNaN(Number(text)) ? Number(text) : refuse("a number");
    case "boolean":
      return text === "true" ? true : text === "false" ? false : refuse("true or false");
    case "bigint":
      return /^-?\d+$/.test(text) ? BigInt(text) : refuse("an integer");
    default:
      if (text === "null" && old == null) return null;
      return parseJson(text, old) ?? refuse("JSON of the same kind");
  }
}

/** JSON of the kind that `old` is of; of any kind if that is nothing. */
function parseJson(text: string, old: unknown): unknown {
  if (old instanceof Date) return Number.isNaN(Date.parse(text)) ? undefined : new Date(text);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (old === null || old === undefined) return value;
  // A Map or a typed array is no object of JSON.
  if (!isBare(Object.getPrototypeOf(old)) && !Array.isArray(old)) return undefined;
  return typeof value === "object" && value !== null && Array.isArray(value) === Array.isArray(old) ? value : undefined;
}
