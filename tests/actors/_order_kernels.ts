/** Messages with and without schemas, and kernels that pass them on. Each worker imports this module. */

import { message, ringKernel, type StandardSchema } from "@ringmill/ringmill/actors";

export interface Note {
  n: number;
  list: number[];
}

function schema(validate: (value: Note) => { value: Note } | Promise<{ value: Note }>): StandardSchema<Note> {
  return { "~standard": { version: 1, vendor: "test", validate: (value) => validate(value as Note) } };
}

const later = (value: Note, ms: number) =>
  new Promise<{ value: Note }>((resolve) => setTimeout(() => resolve({ value: { ...value } }), ms));

export const Plain = message<{ n: number; list: number[] }>("Plain");
export const Quick = message("Quick", schema((value) => ({ value })));
export const Slow = message("Slow note", schema((value) => later(value, 5)));
export const LateFirst = message("Late first", schema((value) => later(value, 20 - 3 * value.n)));

/** Passes on what it gets. */
export const note = ringKernel({ id: "note", module: import.meta }, async (ctx) => {
  for await (const { n, list } of ctx) await ctx.send(Plain({ n, list }));
});

/** Sends messages of all types, without awaiting each. */
export const noteAll = ringKernel({ id: "note all", module: import.meta }, async (ctx) => {
  await ctx.receive();
  const sent: Promise<void>[] = [];
  for (let n = 0; n < 8; n++) {
    const Kind = [LateFirst, Plain, Slow, Quick][n % 4];
    sent.push(ctx.runtime.send("note", Kind({ n, list: [] })));
  }
  await Promise.all(sent);
});
