/** Which names a task function takes out of its bindings, however it is written. */

import { DeclarationError } from "@ringmill/ringmill";
import { deepEqual, equal, throws } from "node:assert/strict";
import { nameBindings } from "../../src/manager/task/named_bindings.ts";

/** Functions that take `größe` and `plain`, and `other` where there is one. */
// deno-lint-ignore no-explicit-any
const FUNCTIONS: Readonly<Record<string, (bindings: any) => unknown>> = {
  "an arrow function": ({ größe, plain, other = 1 }) => [größe, plain, other],
  "an async arrow function": async ({ größe, plain, other = 1 }) => await [größe, plain, other],
  "a function": function ({ größe, plain, other = 1 }) {
    return [größe, plain, other];
  },
  "a function with a name beyond ASCII": function größen({ größe, plain, other = 1 }) {
    return [größe, plain, other];
  },
  "a method": {
    méthode({ größe, plain, other = 1 }: Record<string, unknown>) {
      return [größe, plain, other];
    },
  }.méthode,
  "a pattern as default": ({ größe, plain, other: { deep = { x: [1] }, ...rest } = { deep: { x: [2] } } }) => [
    größe,
    plain,
    deep,
    rest,
  ],
  "a nested pattern": ({ größe: { x, y: [z] = [1] }, plain, other = 1 }) => [x, z, plain, other],
  "texts with signs of the language": ({ größe, plain, other = "}, nothing: //" + '"{' + `/* { ,` }) => [
    größe,
    plain,
    other,
  ],
  "comments": (
    { größe, /* , nothing } ' */ plain, other = 1 }, // nothing: }
  ) => [größe, plain, other],
  "names in quotes": ({ "größe": a, "plain": b, "other": c = (1) }) => [a, b, c],
  "a function as default": ({ größe, plain, other = ({ a, b }: { a: 1; b: 1 }) => a === b }) => [größe, plain, other],
};

for (const [what, fn] of Object.entries(FUNCTIONS)) {
  Deno.test(`A task function may be written with ${what}`, () => {
    const bindings = { größe: { x: 1, y: [2] }, plain: 3 };
    const named = nameBindings(fn, "task", bindings);
    fn(named);
    const message = /^it has no binding "plain"; bound are "größe"/;
    throws(() => nameBindings(fn, "task", { größe: bindings.größe }), { name: DeclarationError.name, message });
    throws(() => nameBindings(fn, "task", { plain: 3 }), { message: /^it has no binding "größe"/ });
    throws(() => named["nothing" as "plain"], {
      message: 'Task "task" has no binding "nothing"; bound are "größe", "plain"',
    });
  });
}

Deno.test("A task function that takes its bindings as a whole is asked for nothing", () => {
  // deno-lint-ignore no-explicit-any
  const functions = [(all: any) => all, ({ ...all }: any) => all, function () {}, class {}];
  for (const fn of functions) deepEqual({ ...nameBindings(fn, "task", { a: 1 }) }, { a: 1 });
  equal("b" in nameBindings(functions[0], "task", { a: 1 }), false);
});
