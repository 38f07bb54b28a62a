/** What the editor says of a mistake in the options of nodes and graphs. */

import { deepEqual } from "node:assert/strict";
import { misreported, type Mistakes } from "../_editor_errors.ts";

const HEAD = `import { BatchNode, FilterNode, Graph, Node } from "@ringmill/ringmill/graph";
export const clean = new Node("clean", (text: string) => text.trim());
export const count = new Node("count", (list: string[]) => list.length);
void [BatchNode, FilterNode, Graph];
`;

const MISTAKES: Mistakes = {
  "nodes whose types do not meet": [
    `clean.connect(
  count, // HERE
);`,
    /Argument of type 'Node<string\[\], number, \"count\", undefined>' is not assignable/,
  ],
  "a misspelt option": [
    `new Node("n", (text: string) => text, {
  rety: 5, // HERE
});`,
    /'rety' does not exist .*Did you mean to write 'retry'\?/,
  ],
  "a function that is none": [
    `new Node(
  "n",
  5, // HERE
);`,
    /Argument of type 'number' is not assignable/,
  ],
  "a misspelt option of retry": [
    `new Node("n", (text: string) => text, {
  retry: {
    limt: 5, // HERE
  },
});`,
    /'limt' does not exist/,
  ],
  "a fallback of another type": [
    `new Node("n", (text: string) => text.length, {
  fallback: () => "x", // HERE
});`,
    /Type '\(\) => string' is not assignable/,
  ],
  "a misspelt option of the graph": [
    `new Graph("g", {
  nodes: [clean],
  start: clean,
  timeout: 5, // HERE
});`,
    /'timeout' does not exist/,
  ],
  "an input of another type": [
    `new Graph("g", { nodes: [clean], start: clean }).execute(
  5, // HERE
);`,
    /Argument of type 'number' is not assignable to parameter of type 'string'/,
  ],
  "a misspelt option of a FilterNode": [
    `new FilterNode("f", (text: string) => text !== "", {
  rety: 5, // HERE
});`,
    /'rety' does not exist .*Did you mean to write 'retry'\?/,
  ],
  "a predicate that returns a text": [
    `new FilterNode(
  "f",
  (text: string) => text, // HERE
);`,
    /'\(text: string\) => string' is not assignable to parameter of type 'Predicate<string>/,
  ],
  "a misspelt option of a BatchNode": [
    `new BatchNode("b", (texts: string[]) => texts, {
  maxSiz: 5, // HERE
});`,
    /'maxSiz' does not exist/,
  ],
};

Deno.test("The first line of a type error of nodes and graphs is the mistake itself, and the mistake is underlined", async () => {
  deepEqual(await misreported(HEAD, MISTAKES), []);
});
