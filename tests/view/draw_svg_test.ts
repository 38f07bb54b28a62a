import { deepEqual, equal, match, ok } from "node:assert/strict";
import fc from "fast-check";
import { drawSvg, type ViewDescription } from "@ringmill/ringmill/view";
import { prepare } from "../../src/view/draw/content.ts";
import { descriptions } from "./_random.ts";

const LINE: ViewDescription = {
  title: "line",
  nodes: [
    { id: "task:a", kind: "task", title: "source", details: ["source()"], description: "where it begins" },
    { id: "stream:s", kind: "data", title: "samples", details: ["float32[8], 32 frames"] },
    { id: "event:e", kind: "event", title: "go" },
  ],
  edges: [{ from: "task:a", to: "stream:s", label: "out" }, {
    from: "task:a",
    to: "event:e",
    kind: "control",
    directed: false,
  }],
};

/** What the elements of an SVG say, and whether all are closed. A small reader of XML, strict where it matters. */
function readXml(svg: string): { texts: string[]; attributes: Map<string, string[]> } {
  const open: string[] = [];
  const texts: string[] = [];
  const attributes = new Map<string, string[]>();
  const unescape = (text: string) => {
    ok(!/&(?!(amp|lt|gt|quot);)|[<>]/.test(text), `not escaped: ${text}`);
    return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"').replaceAll("&amp;", "&");
  };
  for (
    const [, close, name, rest, selfClosed, text] of svg.matchAll(
      /<(\/?)([a-z]+)((?:\s[\w:-]+="[^"<>]*")*)(\/?)>([^<]*)/gi,
    )
  ) {
    if (close) equal(open.pop(), name);
    else if (!selfClosed) open.push(name);
    for (const [, key, value] of rest.matchAll(/\s([\w:-]+)="([^"]*)"/g)) {
      attributes.set(key, [...attributes.get(key) ?? [], unescape(value)]);
    }
    if (open.at(-1) === "text" && !close) texts.push(unescape(text));
  }
  deepEqual(open, []);
  equal(svg.replace(/<\/?[a-z]+(?:\s[\w:-]+="[^"<>]*")*\/?>/gi, "").match(/[<>]/), null);
  return { texts, attributes };
}

Deno.test("drawSvg() has all texts, and the ids of nodes and edges", async () => {
  const { texts, attributes } = readXml(await drawSvg(LINE));
  deepEqual(texts.toSorted(), ["float32[8], 32 frames", "go", "line", "out", "samples", "source", "source()"]);
  deepEqual(attributes.get("data-node"), ["task:a", "stream:s", "event:e"]);
  deepEqual(attributes.get("data-edge"), ["task:a -> stream:s", "task:a -> event:e"]);
  match(await drawSvg(LINE), /<title>where it begins<\/title>/);
});

Deno.test("drawSvg() shows status, figures and loads, in colours that say the same", async () => {
  const figures = {
    nodes: {
      "task:a": { status: "failed" },
      "stream:s": { lines: ["12 k/s"], load: 0.95 },
      "event:e": { status: "odd" },
    },
    edges: { "task:a -> stream:s": { load: 0.1 } },
  };
  const svg = await drawSvg(LINE, { figures });
  const { texts } = readXml(svg);
  for (const text of ["failed", "12 k/s", "95 %", "10 %", "odd"]) ok(texts.includes(text), text);
  match(svg, /class="rm-task rm-bad" data-node="task:a"/);
  match(svg, /class="rm-event rm-calm" data-node="event:e"/);
  match(svg, /rm-load-2/);
  match(svg, /rm-line rm-line-0/);
});

Deno.test("drawSvg() follows the reader's preference for dark pages, or is told", async () => {
  const sheets = await Promise.all((["auto", "light", "dark"] as const).map((theme) => drawSvg(LINE, { theme })));
  deepEqual(
    sheets.map((svg) => [svg.includes("prefers-color-scheme"), svg.includes("#0d1117"), svg.includes("#ffffff")]),
    [
      [true, true, true],
      [false, false, true],
      [false, true, false],
    ],
  );
});

Deno.test("drawSvg() is well formed and shows every text as it is, for random graphs", async () => {
  const property = fc.asyncProperty(descriptions(6), async (description) => {
    const { texts } = readXml(await drawSvg(description));
    const { title, nodes, edges } = prepare(description);
    const expected = [
      title,
      ...nodes.flatMap((node) => [node.title, ...node.details, ...node.status ? [node.status.text] : []]),
      ...edges.flatMap(({ lines }) => lines),
    ];
    for (const text of expected) ok(texts.includes(text), JSON.stringify(text));
  });
  await fc.assert(property, { numRuns: Number(Deno.env.get("FC_RUNS") ?? 30) });
});
