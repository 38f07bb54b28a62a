import { equal, match, ok } from "node:assert/strict";
import fc from "fast-check";
import { drawMermaid } from "@ringmill/ringmill/view";
import { prepare } from "../../src/view/draw/content.ts";
import { descriptions } from "./_random.ts";

Deno.test("drawMermaid() draws every kind of box and line, groups, figures and colours", () => {
  const text = drawMermaid({
    title: 'the "graph"',
    nodes: [
      { id: "end", kind: "task", title: "end", details: ["f()"], status: "running" },
      { id: "s", kind: "data", title: "samples", group: "g" },
      { id: "e", kind: "event", title: "go", group: "h" },
      { id: "p", kind: "program", title: "the program" },
    ],
    edges: [
      { from: "end", to: "s", label: "out" },
      { from: "e", to: "end", kind: "control" },
      { from: "end", to: "e", kind: "control", directed: false, label: "a|b" },
      { from: "s", to: "p", directed: false },
    ],
    groups: [{ id: "g", title: "outer" }, { id: "h", title: "inner", group: "g" }],
  }, { direction: "right", figures: { nodes: { s: { load: 0.5, status: "failed" } } } });
  equal(
    text,
    `---
title: "the \\"graph\\""
---
flowchart LR
  n0["end<br>running<br>f()"]
  n3[["the program"]]
  subgraph g0["outer"]
    n1(["samples<br>failed<br>50 #37;"])
    subgraph g1["inner"]
      n2{{"go"}}
    end
  end
  n0 -->|"out"| n1
  n2 -.-> n0
  n0 -.-|"a#124;b"| n2
  n1 --- n3
  classDef active stroke:#2da44e,stroke-width:2px
  class n0 active
  classDef bad stroke:#cf222e,stroke-width:3px
  class n1 bad
`,
  );
});

/** What a reader of Mermaid sees of a label. */
function shown(label: string): string {
  return label.replace(/#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)));
}

Deno.test("drawMermaid() escapes every text, for random graphs", () => {
  const property = fc.property(descriptions(8), (description) => {
    const [, , , ...lines] = drawMermaid(description).split("\n");
    const labels = lines.flatMap((line) => [...line.matchAll(/"([^"]*)"/g)].map(([, label]) => label));
    const { nodes, edges } = prepare(description);
    for (const label of labels) match(label.replaceAll("<br>", ""), /^[\p{L}\p{M}\p{N} ,()×#;]*$/u);
    const texts = labels.flatMap((label) => label.split("<br>").map(shown)).map((text) =>
      text.replaceAll("\u2060", "")
    );
    for (const { title, details } of nodes) for (const text of [title, ...details]) ok(texts.includes(text), text);
    for (const edge of edges) for (const text of edge.lines) ok(texts.includes(text), text);
  });
  fc.assert(property, { numRuns: Number(Deno.env.get("FC_RUNS") ?? 200) });
});
