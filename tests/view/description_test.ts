/** Descriptions that cannot be drawn. */

import { UnknownNameError } from "@ringmill/ringmill";
import fc from "fast-check";
import { match, ok, rejects, throws } from "node:assert/strict";
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
    'load of node "a" must be from 0 to 1, received 1.5',
  ],
  [
    "a load that is no number",
    {},
    { edges: { "a -> b": { load: NaN } } },
    "RangeError",
    'load of edge "a -> b" must be from 0 to 1, received NaN',
  ],
];
for (const [what, change, figures, name, message] of wrong) {
  Deno.test(`drawText(), drawMermaid() and drawSvg() refuse ${what}`, async () => {
    const error = { name, message: `Cannot draw "x": ${message}` };
    const description = { ...GOOD, ...change };
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

/** What JSON may hold instead of a description. */
const NONE: readonly unknown[] = [
  undefined,
  null,
  7,
  "x",
  [],
  {},
  { title: 7, nodes: [], edges: [] },
  { title: "x", nodes: {}, edges: [] },
  { title: "x", nodes: [], edges: [], groups: "g" },
  { title: "x", nodes: [null], edges: [] },
  { title: "x", nodes: [{ id: "a", title: "a" }], edges: [] },
  { title: "x", nodes: [{ id: "a", title: "a", kind: '"/><script>alert(1)</script><g x="' }], edges: [] },
  { title: "x", nodes: [{ id: "a", title: "a", kind: "constructor" }], edges: [] },
  { title: "x", nodes: [{ id: "a", title: "a", kind: "__proto__" }], edges: [] },
  { title: "x", nodes: [{ id: {}, title: "a", kind: "task" }], edges: [] },
  { title: "x", nodes: [{ id: "a", title: 7, kind: "task" }], edges: [] },
  { title: "x", nodes: [{ id: "a", title: "a", kind: "task", details: "abc" }], edges: [] },
  { title: "x", nodes: [{ id: "a", title: "a", kind: "task", details: [7] }], edges: [] },
  { title: "x", nodes: [{ id: "a", title: "a", kind: "task", status: {} }], edges: [] },
  { title: "x", nodes: [{ id: "a", title: "a", kind: "task", description: 7 }], edges: [] },
  { ...GOOD, edges: [{ from: "a", to: "b", kind: "toString" }] },
  { ...GOOD, edges: [{ from: "a", to: "b", label: 7 }] },
  { ...GOOD, edges: [{ from: "a", to: "b", directed: "no" }] },
  { ...GOOD, edges: [{ from: 7, to: "b" }] },
  { ...GOOD, groups: [{ id: "g" }] },
];

for (const description of NONE) {
  Deno.test(`drawText(), drawMermaid() and drawSvg() refuse ${JSON.stringify(description)} in a sentence`, async () => {
    const draw = [
      async () => await drawText(description as never),
      // deno-lint-ignore require-await
      async () => drawMermaid(description as never),
      async () => await drawSvg(description as never),
    ];
    for (const each of draw) {
      await rejects(each, (error) => {
        ok(error instanceof TypeError || error instanceof RangeError, String(error));
        match(error.message, /^Cannot draw( "x")?: \S.* must be .*, received /);
        return true;
      });
    }
  });
}

Deno.test("drawText(), drawMermaid() and drawSvg() refuse figures that are none, and unknown options", async () => {
  const wrong: readonly unknown[] = [
    { figures: null },
    { figures: { nodes: 7 } },
    { figures: { nodes: { a: 7 } } },
    { figures: { nodes: { a: { lines: "abc" } } } },
    { figures: { nodes: { a: { status: {} } } } },
    { figures: { nodes: { a: { load: "1" } } } },
    { figures: { edges: { "a -> b": { loadName: 1 } } } },
    { figure: {} },
    null,
  ];
  for (const options of wrong) {
    await rejects(() => drawText(GOOD, options as never), { name: "TypeError", message: /^Cannot draw "x": / });
    await rejects(() => drawSvg(GOOD, options as never), { name: "TypeError", message: /^Cannot draw "x": / });
    throws(() => drawMermaid(GOOD, options as never), { name: "TypeError", message: /^Cannot draw "x": / });
  }
});

Deno.test("Whatever is drawn from JSON is drawn, or refused in a sentence; nothing of it is markup", () => {
  const evil = fc.constantFrom(
    '"/><script>alert(1)</script>',
    "<img src=x onerror=1>",
    "__proto__",
    "toString",
    "\u202e",
    "\x1b[2J",
  );
  const words = fc.oneof(evil, fc.string({ unit: "binary", maxLength: 8 }));
  const field = fc.oneof({ weight: 9, arbitrary: words }, fc.anything());
  const id = fc.oneof({ weight: 9, arbitrary: fc.constantFrom("a", "b", "c") }, field);
  const kind = fc.oneof({ weight: 9, arbitrary: fc.constantFrom("task", "data", "event", "program") }, field);
  const node = fc.record({ id, kind, title: field, details: fc.array(field, { maxLength: 2 }), status: words }, {
    requiredKeys: ["id", "kind", "title"],
  });
  const edge = fc.record({ from: id, to: id, label: field, kind: fc.constantFrom("flow", "control", "__proto__") }, {
    requiredKeys: ["from", "to"],
  });
  const description = fc.oneof(
    fc.record({ title: field, nodes: fc.array(node, { maxLength: 3 }), edges: fc.array(edge, { maxLength: 2 }) }),
    fc.anything(),
  );
  fc.assert(
    fc.property(description, (value) => {
      try {
        const drawn = drawMermaid(value as never);
        // deno-lint-ignore no-control-regex
        ok(!/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]|<(?!br>)/.test(drawn), drawn);
      } catch (error) {
        ok(
          error instanceof TypeError || error instanceof RangeError || error instanceof UnknownNameError,
          String(error),
        );
        match((error as Error).message, /^Cannot draw/);
      }
    }),
    { numRuns: Number(Deno.env.get("FC_RUNS") ?? 1000) },
  );
});
