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

/** Follows `config.a.b` from `config`. */
export function lookUpConfig(config: unknown, name: string): Lookup {
  if (config === undefined) return { problem: "the pipeline has no config" };
  let value = config, way = "config";
  for (const key of name.split(".").slice(1)) {
    if (!isObject(value)) return { problem: `${way} is ${Deno.inspect(value)}, which has no "${key}"` };
    if (!(key in value)) {
      const near = suggest(name, Object.keys(value).map((other) => `${way}.${other}`));
      return { problem: `${way} has no "${key}"${near}` };
    }
    value = Reflect.get(value, key);
    way += `.${key}`;
  }
  return { value };
}
