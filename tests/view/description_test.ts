/** Descriptions that cannot be drawn. */

import { rejects, throws } from "node:assert/strict";
import { drawMermaid, drawSvg, drawText, type Figures, type ViewDescription } from "@ringmill/ringmill/view";

const NODES = [{ id: "a", kind: "task", title: "a" }, { id: "b", kind: "task", title: "b" }] as const;
const GOOD: ViewDescription = { title: "x", nodes: NODES, edges: [{ from: "a", to: "b" }] };
const group = (id: string, group?: string) => ({ id, title: id, group });

const wrong: [string, Partial<ViewDescription>, Figures | undefined, string, string][] = [
  ["an edge from nowhere", { edges: [{ from: "c", to: "b" }] }, undefined, "UnknownNameError", 'there is no node "c"'],
  ["an edge to nowhere", { edges: [{ from: "a", to: "c" }] }, undefined, "UnknownNameError", 'there is no node "c"'],
  [
    "a node in no group",
    { nodes: [...NODES, { ...NODES[0], id: "c", group: "g" }] },
    undefined,
    "UnknownNameError",
    'there is no group "g"',
  ],
  [
    "an id that is taken",
    { nodes: [...NODES, NODES[0]] },
    undefined,
    "RangeError",
    'node and group ids must be unique, received "a" twice',
  ],
  [
    "a group of a node's name",
    { groups: [group("a")] },
    undefined,
    "RangeError",
    'node and group ids must be unique, received "a" twice',
  ],
  [
    "an edge twice",
    { edges: [...GOOD.edges, ...GOOD.edges] },
    undefined,
    "RangeError",
    'edge ids must be unique, received "a -> b" twice',
  ],
  [
    "groups in each other",
    { groups: [group("g", "h"), group("h", "g")] },
    undefined,
    "RangeError",
    'a group must not be within itself, received "g"',
  ],
  ["a figure of nothing", {}, { nodes: { c: {} } }, "UnknownNameError", 'there is no node "c"'],
  ["a figure of no edge", {}, { edges: { a: {} } }, "UnknownNameError", 'there is no edge "a"'],
  [
    "a load above 1",
    {},
    { nodes: { a: { load: 1.5 } } },
    "RangeError",
    'the load of node "a" must be from 0 to 1, received 1.5',
  ],
  [
    "a load that is no number",
    {},
    { edges: { "a -> b": { load: NaN } } },
    "RangeError",
    'the load of edge "a -> b" must be from 0 to 1, received NaN',
  ],
];
for (const [what, change, figures, name, message] of wrong) {
  Deno.test(`drawText(), drawMermaid() and drawSvg() refuse ${what}`, async () => {
    const error = { name, message: `Cannot draw "x": ${message}` }, description = { ...GOOD, ...change };
    throws(() => drawMermaid(description, { figures }), error);
    await rejects(() => drawText(description, { figures }), error);
    await rejects(() => drawSvg(description, { figures }), error);
  });
}

Deno.test("drawSvg() refuses a theme that is none", async () => {
  await rejects(() => drawSvg(GOOD, { theme: "sepia" as "dark" }), {
    name: "RangeError",
    message: 'Cannot draw "x": theme must be one of auto, light, dark, received "sepia"',
  });
});

Deno.test("drawText(), drawMermaid() and drawSvg() refuse a direction that is none", async () => {
  const options = { direction: "up" as "down" };
  const error = { name: "RangeError", message: 'Cannot draw "x": direction must be one of down, right, received "up"' };
  throws(() => drawMermaid(GOOD, options), error);
  await rejects(() => drawText(GOOD, options), error);
  await rejects(() => drawSvg(GOOD, options), error);
});
