/** The order in which tasks start. */

import { DeclarationError, UnknownNameError } from "../../errors.ts";
import { suggest } from "../../suggest.ts";

/** Checks that `order` names each of `tasks` once. `owner` is named in messages. */
export function checkOrder(owner: string, order: Iterable<string>, tasks: readonly string[]): string[] {
  const refusal = `Cannot start "${owner}"`;
  if (typeof order !== "object" || order === null || !(Symbol.iterator in order)) {
    throw new TypeError(`${refusal}: order must be a list of the names of all tasks, received ${Deno.inspect(order)}`);
  }
  const names = [...order];
  const unknown = names.find((name) => !tasks.includes(name));
  if (unknown !== undefined) {
    const near = suggest(String(unknown), [...tasks]);
    throw new UnknownNameError(`${refusal}: order names the unknown task ${Deno.inspect(unknown)}${near}`);
  }
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new DeclarationError(`${refusal}: order names task "${twice}" twice`);
  const missing = tasks.filter((name) => !names.includes(name)).map((name) => `"${name}"`);
  if (missing.length > 0) {
    throw new DeclarationError(`${refusal}: order leaves out ${missing.join(", ")}, which could not run any more`);
  }
  return names;
}
