import { equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { drawText, type ViewDescription } from "@ringmill/ringmill/view";
import { prepare } from "../../src/view/draw/content.ts";
import { descriptions } from "./_random.ts";

const FORK: ViewDescription = {
  title: "fork",
  nodes: [
    { id: "s", kind: "data", title: "samples" },
    { id: "l", kind: "task", title: "left" },
    { id: "r", kind: "program", title: "right" },
    { id: "e", kind: "event", title: "go" },
  ],
  edges: [
    { from: "s", to: "l" },
    { from: "s", to: "r", label: "in" },
    { from: "l", to: "e", kind: "control", directed: false },
  ],
};

Deno.test("drawText() draws a fork, a label, a line without arrow, and every kind of box", async () => {
  equal(
    await drawText(FORK),
    `fork

╭─────────╮
│ samples │
╰─────┬───╯
      │
      │
      ├─────────┐
      │         ▼
      │     ┌──────┐
   in │     │ left │
      │     └───┬──┘
      │         ╎
      │         ╎
      ▼         ╎
 ┏━━━━━━━┓   ╔══╧═╗
 ┃ right ┃   ║ go ║
 ┗━━━━━━━┛   ╚════╝`,
  );
});

Deno.test("drawText() draws to the right when it is told to, or when only that fits", async () => {
  const description: ViewDescription = {
    title: "wide",
    nodes: [1, 2, 3, 4].map((n) => ({ id: `n${n}`, kind: "task", title: `number ${n}` })),
    edges: [],
  };
  const down = await drawText(description);
  const right = await drawText(description, { direction: "right" });
  const width = (text: string) => Math.max(...text.split("\n").map((line) => line.length));
  ok(width(right) < 20 && width(down) > 50);
  equal(await drawText(description, { width: 100 }), down);
  equal(await drawText(description, { width: 30 }), right);
  equal(await drawText(description, { width: 1 }), right);
  equal(await drawText(description, { width: 30, direction: "down" }), down);
});

Deno.test("drawText() shows status, figures and loads", async () => {
  const text = await drawText(FORK, {
    figures: {
      nodes: { l: { status: "failed", lines: ["3 frames/s"], load: 0.5 }, r: { status: "running" } },
      edges: { "s -> l": { lines: ["1 MB/s"], load: 1 } },
    },
  });
  for (const line of ["✗ failed", "● running", "3 frames/s", "▰▰▰▰▰▱▱▱▱▱ 50 %", "1 MB/s", "100 %"]) {
    ok(text.includes(line), `${line} in\n${text}`);
  }
});

Deno.test("drawText() draws nothing, and a line from a box to itself", async () => {
  equal(await drawText({ title: "none", nodes: [], edges: [] }), "none\n\n");
  const text = await drawText({
    title: "loop",
    nodes: [{ id: "a", kind: "task", title: "a" }],
    edges: [{ from: "a", to: "a" }],
  });
  ok(text.includes("▼") && text.includes("│ a  │"), text);
});

Deno.test("drawText() writes every title whole and nothing that a terminal would obey, for random graphs", async () => {
  const property = fc.asyncProperty(
    descriptions(8),
    fc.constantFrom("down" as const, "right" as const),
    async (description, direction) => {
      const text = await drawText(description, { direction });
      const content = prepare(description);
      ok(!/\p{Cc}|[\u202a-\u202e\u2066-\u2069]/u.test(text.replaceAll("\n", "")));
      for (const { title, details } of content.nodes) {
        for (const line of [title, ...details]) ok(text.includes(line), `${JSON.stringify(line)} in\n${text}`);
      }
      for (const { lines } of content.edges) for (const line of lines) ok(text.includes(line.trimEnd()), line);
    },
  );
  await fc.assert(property, { numRuns: Number(Deno.env.get("FC_RUNS") ?? 30) });
});

Deno.test("drawText() keeps the sides of boxes straight beside wide characters", async () => {
  const text = await drawText({
    title: "wide",
    nodes: [{ id: "a", kind: "task", title: "日本語", details: ["e\u0301x"] }],
    edges: [],
  });
  equal(text, "wide\n\n┌────────┐\n│ 日本語 │\n│   e\u0301x   │\n└────────┘");
});
