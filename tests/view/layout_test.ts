/** Nothing lies on anything else, whatever is drawn. */

import { ok } from "node:assert/strict";
import fc from "fast-check";
import { columnsOf, prepare } from "../../src/view/draw/content.ts";
import { layOutPixels } from "../../src/view/draw/draw_svg.ts";
import { layOutCells } from "../../src/view/draw/draw_text.ts";
import type { Layout, Rectangle } from "../../src/view/draw/geometry.ts";
import { descriptions } from "./_random.ts";

/** Two rectangles overlap. `slack` allows for the rounding of fractions. */
function overlap(one: Rectangle, other: Rectangle, slack = 0.01): boolean {
  return one.x + one.width > other.x + slack && other.x + other.width > one.x + slack &&
    one.y + one.height > other.y + slack && other.y + other.height > one.y + slack;
}

/** The pieces of an edge, as rectangles without width or height. */
function pieces({ points }: Layout["edges"][number]): Rectangle[] {
  return points.slice(1).map((to, index) => {
    const from = points[index];
    const [x, y] = [Math.min(from.x, to.x), Math.min(from.y, to.y)];
    return { x, y, width: Math.abs(from.x - to.x), height: Math.abs(from.y - to.y) };
  });
}

/** Whether a piece runs through a rectangle, not along its border. */
function crosses(piece: Rectangle, box: Rectangle): boolean {
  return piece.x + piece.width > box.x + 0.01 && piece.x < box.x + box.width - 0.01 &&
    piece.y + piece.height > box.y + 0.01 && piece.y < box.y + box.height - 0.01;
}

function checkLayout(layout: Layout): void {
  const { nodes, edges, groups } = layout;
  const labels = edges.flatMap(({ label, content }) => label ? [{ ...label, content }] : []);
  const boxes: (Rectangle & { name: string })[] = [
    ...nodes.map((node) => ({ ...node, name: `node ${node.content.node.id}` })),
    ...labels.map((label) => ({ ...label, name: `label of ${label.content.id}` })),
  ];
  for (const [index, one] of boxes.entries()) {
    ok(one.x >= 0 && one.y >= 0 && one.x + one.width <= layout.width + 0.01, `${one.name} is outside`);
    ok(one.y + one.height <= layout.height + 0.01, `${one.name} is below`);
    for (const other of boxes.slice(index + 1)) ok(!overlap(one, other), `${one.name} and ${other.name} overlap`);
  }
  for (const edge of edges) {
    for (const piece of pieces(edge)) {
      ok(piece.width < 0.01 || piece.height < 0.01, `${edge.content.id} is not at right angles`);
      for (const node of nodes) {
        ok(!crosses(piece, node), `${edge.content.id} runs through node ${node.content.node.id}`);
      }
    }
  }
  for (const { group, ...frame } of groups) {
    for (const node of nodes) {
      const isIn = node.content.node.group === group.id || node.content.node.group === "h" && group.id === "g";
      if (!isIn) ok(!overlap(frame, node), `node ${node.content.node.id} is in the frame of ${group.id}`);
      else ok(node.x >= frame.x && node.x + node.width <= frame.x + frame.width + 0.01, "a node leaves its frame");
    }
  }
}

const numRuns = Number(Deno.env.get("FC_RUNS") ?? 40);

for (const direction of ["down", "right"] as const) {
  Deno.test(`Drawings in pixels, ${direction}: no boxes, labels or lines lie on each other, for random graphs`, async () => {
    const property = fc.asyncProperty(descriptions(14), async (description) => {
      checkLayout(await layOutPixels(prepare(description), direction));
    });
    await fc.assert(property, { numRuns });
  });

  Deno.test(`Drawings in cells, ${direction}: no boxes, labels or lines lie on each other, for random graphs`, async () => {
    const property = fc.asyncProperty(descriptions(14), async (description) => {
      const layout = await layOutCells(prepare(description), direction);
      // The first cell of a line is that of the border which it leaves.
      const edges = layout.edges.map((edge) => ({
        ...edge,
        points: direction === "down" ? below(edge) : beside(edge),
      }));
      checkLayout({ ...layout, edges });
      checkStrokes(layout);
    });
    await fc.assert(property, { numRuns });
  });
}

type Edge = Layout["edges"][number];
const below = ({ points: [{ x, y }, ...more] }: Edge) => [{ x, y: y + 1 }, ...more];
const beside = ({ points: [{ x, y }, ...more] }: Edge) => [{ x: x + 1, y }, ...more];

/** Lines from different nodes may cross, but never share a way, and none bends where its arrow is. */
function checkStrokes({ edges }: Layout): void {
  const owners = new Map<string, string>();
  for (const edge of edges) {
    const net = `${edge.content.edge.from} ${edge.content.edge.kind}`;
    const last = pieces(edge).at(-1)!;
    ok(last.width + last.height >= 2, `the arrow of ${edge.content.id} is on a bend`);
    for (const { x, y, width, height } of pieces(edge)) {
      for (let n = 0; n < width + height; n++) {
        const key = width > 0 ? `across ${x + n},${y}` : `down ${x},${y + n}`;
        ok((owners.get(key) ?? net) === net, `lines from ${net} and ${owners.get(key)} run along each other at ${key}`);
        owners.set(key, net);
      }
    }
  }
}

Deno.test("Every line of a node fits into its box", async () => {
  const property = fc.asyncProperty(descriptions(6), async (description) => {
    for (const node of (await layOutPixels(prepare(description), "down")).nodes) {
      const { title, details, status } = node.content;
      // Fonts of fixed width are up to 0.602 of their size wide.
      ok(columnsOf(title) * 13 * 0.602 <= node.width - 20, title);
      for (const line of [...details, status?.text ?? ""]) ok(columnsOf(line) * 11 * 0.602 <= node.width - 20, line);
    }
  });
  await fc.assert(property, { numRuns });
});
