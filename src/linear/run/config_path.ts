/** Names that stand for the configuration, or a part of it. */

import { suggest } from "../../suggest.ts";

/** Whether a name is `config` or a path into it. */
export function isConfigName(name: string): boolean {
  return name === "config" || name.startsWith("config.");
}

/** What a name of the configuration leads to, or the reason why it leads nowhere. */
export type Lookup = { readonly value: unknown } | { readonly problem: string };

function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

/** Whether an object, or its class, has the key: what all objects have does not count. */
function hasKey(value: object, key: string): boolean {
  for (
    let at: object | null = value;
    at && at !== Object.prototype && at !== Function.prototype;
    at = Object.getPrototypeOf(at)
  ) {
    if (Object.hasOwn(at, key)) return key !== "constructor" || at === value;
  }
  return false;
}

/** Follows `config.a.b` from `config`. A key may have dots itself. */
export function lookUpConfig(config: unknown, name: string): Lookup {
  if (config === undefined) return { problem: "the pipeline has no config" };
  return follow(config, "config", name.split(".").slice(1));
}

function follow(value: unknown, way: string, keys: readonly string[]): Lookup {
  if (keys.length === 0) return { value };
  if (!isObject(value)) return { problem: `${way} is ${Deno.inspect(value)}, which has no "${keys[0]}"` };
  for (let count = 1; count <= keys.length; count++) {
    const key = keys.slice(0, count).join(".");
    if (!hasKey(value, key)) continue;
    const item = read(value, key);
    if ("problem" in item) return { problem: `${way}.${key} ${item.problem}` };
    return follow(item.value, `${way}.${key}`, keys.slice(count));
  }
  const wanted = `${way}.${keys.join(".")}`;
  return {
    problem: `${way} has no "${keys[0]}"${suggest(wanted, Object.keys(value).map((other) => `${way}.${other}`))}`,
  };
}

function read(value: object, key: string): Lookup {
  try {
    return { value: Reflect.get(value, key) };
  } catch (error) {
    return { problem: `cannot be read: ${error instanceof Error ? error.message : String(error)}` };
  }
}
