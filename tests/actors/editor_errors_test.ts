/** What the editor says of a mistake in the options of ringKernel. */

import { deepEqual } from "node:assert/strict";
import { misreported, type Mistakes } from "../_editor_errors.ts";

const HEAD = `import { message, ringKernel } from "@ringmill/ringmill/actors";
export const ask = message("ask").of<{ n: number }>();
export const told = message("told").of<{ text: string }>();
`;

const MISTAKES: Mistakes = {
  "a misspelt option": [
    `export const k = ringKernel({
  id: "k",
  module: import.meta,
  inputs: ask, // HERE
}, async (ctx) => { await ctx.receive(); });`,
    /'inputs' does not exist .*Did you mean to write 'input'\?/,
  ],
  "an option of the wrong kind": [
    `export const k = ringKernel({
  id: "k",
  module: import.meta,
  queueSize: "5", // HERE
}, async (ctx) => { await ctx.receive(); });`,
    /Type 'string' is not assignable to type 'number \| ForBoth<number> \| undefined'/,
  ],
  "a misspelt choice": [
    `export const k = ringKernel({
  id: "k",
  module: import.meta,
  backpressure: "blok", // HERE
}, async (ctx) => { await ctx.receive(); });`,
    /Type '"blok"' is not assignable .*Did you mean '"block"'\?/,
  ],
  "a misspelt option of restart": [
    `export const k = ringKernel({
  id: "k",
  module: import.meta,
  restart: {
    limt: 5, // HERE
  },
}, async (ctx) => { await ctx.receive(); });`,
    /'limt' does not exist .*Did you mean to write 'limit'\?/,
  ],
  "an input that is no message type": [
    `export const k = ringKernel({
  id: "k",
  module: import.meta,
  input: "ask", // HERE
}, async (ctx) => { await ctx.receive(); });`,
    /Type 'string' is not assignable to type 'AnyMessageType/,
  ],
  "a function that is none": [
    `export const k = ringKernel(
  { id: "k", module: import.meta, input: ask },
  5, // HERE
);`,
    /Argument of type 'number' is not assignable/,
  ],
  "a function of another context": [
    `export const k = ringKernel(
  { id: "k", module: import.meta, input: ask },
  async (ctx: string) => { await ctx; }, // HERE
);`,
    /Argument of type '\(ctx: string\) => Promise<void>' is not assignable/,
  ],
};

Deno.test("The first line of a type error of ringKernel is the mistake itself, and the mistake is underlined", async () => {
  deepEqual(await misreported(HEAD, MISTAKES), []);
});
