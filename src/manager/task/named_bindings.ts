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

/** Comments, and texts in quotes of any kind. */
const COMMENT_OR_TEXT = /\/\*[^]*?\*\/|\/\/[^\n]*|(["'`])((?:\\[^]|(?!\1)[^\\])*)\1/g;
const START = /^(?:async\s+)?(?:function\b[^(]*|[^\s(]+\s*)?\(\s*\{/;
/** Brackets with none inside. */
const INNERMOST = /\{[^{}[\]()]*\}|\[[^{}[\]()]*\]|\([^{}[\]()]*\)/g;
const NAME = /^\s*(?:([\p{ID_Continue}$\u200c\u200d]+)|"(\d+)")/u;

/** What the first parameter of a function takes, where it is written as `{ a, b: c, d = e }`. */
// deno-lint-ignore ban-types
function namesOf(fn: Function): TakenName[] {
  const texts: string[] = [];
  const source = Function.prototype.toString.call(fn).replace(COMMENT_OR_TEXT, (_, quote, text) => {
    return quote === undefined ? " " : `"${texts.push(text) - 1}"`;
  });
  const start = START.exec(source);
  if (!start) return [];
  const parts = bodyOf(source.slice(start[0].length)).split(",");
  return parts.flatMap((part) => {
    const [, name, text] = NAME.exec(part) ?? [];
    if (name === undefined && text === undefined) return [];
    return [{ name: name ?? texts[Number(text)], hasDefault: part.includes("=") }];
  });
}

/** What comes before the brace that closes, without anything in brackets. */
function bodyOf(text: string): string {
  let flat = text;
  for (let before = ""; flat !== before;) [before, flat] = [flat, flat.replace(INNERMOST, "")];
  return flat.slice(0, Math.max(flat.indexOf("}"), 0));
}
