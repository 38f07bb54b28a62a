/** A kernel that speaks for its host. */

import { message, ringKernel } from "@ringmill/ringmill/actors";
import { post } from "./_forging_tasks.ts";

export const Text = message<{ text: string }>("Text");

/** Posts what it is sent as JSON. */
export const forger = ringKernel(
  { id: "forger", module: import.meta, input: Text, output: Text, restart: "never" },
  async (ctx) => {
    for await (const { text } of ctx) post(JSON.parse(text));
  },
);
