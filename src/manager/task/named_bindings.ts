/** What a task function is given: its bindings by name, of which it cannot take one that is not there without a word. */

import { DeclarationError } from "../../errors.ts";
import { suggest } from "../../suggest.ts";

/** A name that a function takes out of its first parameter. */
interface TakenName {
  readonly name: string;
  readonly hasDefault: boolean;
}

/**
 * The bindings, as an object that throws for a name that is not bound: unless the function has a default for it, or asks by
 * `in` first.
 *
 * @throws {DeclarationError} If the function's first parameter takes such a name: why the task cannot run.
 */
export function nameBindings<Bindings extends object>(
  // deno-lint-ignore ban-types
  fn: Function,
  task: string,
  bindings: Bindings,
): Bindings {
  const taken = namesOf(fn);
  const optional = new Set(taken.filter(({ hasDefault }) => hasDefault).map(({ name }) => name));
  const bound = Object.keys(bindings);
  const names = bound.map((each) => `"${each}"`).join(", ") || "none";
  const missing = (name: string) => `has no binding "${name}"; bound are ${names}${suggest(name, bound)}`;
  const isMissing = (name: string) => !Object.hasOwn(bindings, name) && !optional.has(name);
  const lacking = taken.find(({ name }) => isMissing(name));
  if (lacking) throw new DeclarationError(`it ${missing(lacking.name)}`);
  return new Proxy(bindings, {
    get(target, name, receiver) {
      if (typeof name === "string" && isMissing(name) && !(name in Object.prototype) && !NEUTRAL.has(name)) {
        throw new TypeError(`Task "${task}" ${missing(name)}`);
      }
      return Reflect.get(target, name, receiver);
    },
    has(target, name) {
      if (typeof name === "string") optional.add(name);
      return Reflect.has(target, name);
    },
  });
}

/** What consoles, promises and serialisers look for on any object. */
const NEUTRAL: ReadonlySet<string> = new Set(["then", "toJSON", "nodeType", "asymmetricMatch", "$$typeof"]);

/** What the first parameter of a function takes, where it is written as `{ a, b: c, d = e }`. */
// deno-lint-ignore ban-types
function namesOf(fn: Function): TakenName[] {
  const text = Function.prototype.toString.call(fn).replace(/\/\*[^]*?\*\/|\/\/[^\n]*/g, "");
  const start = /^(?:async\s+)?(?:function\b[^(]*|[\w$]+\s*)?\(\s*\{/.exec(text);
  if (!start) return [];
  const parts = splitParts(text.slice(start[0].length));
  return parts.flatMap((part) => {
    const found = /^\s*(?:([\w$]+)|"([^"]+)"|'([^']+)')\s*(?::\s*[\w$]+\s*)?(=)?/.exec(part);
    const name = found?.[1] ?? found?.[2] ?? found?.[3];
    return name === undefined ? [] : [{ name, hasDefault: found![4] !== undefined }];
  });
}

/** The parts between commas, up to the brace that closes. */
function splitParts(text: string): string[] {
  const parts = [""];
  let depth = 0;
  for (const sign of text) {
    if (depth === 0 && sign === "}") return parts;
    if ("{[(".includes(sign)) depth++;
    if ("}])".includes(sign)) depth--;
    if (depth === 0 && sign === ",") parts.push("");
    else parts[parts.length - 1] += sign;
  }
  return [];
}
