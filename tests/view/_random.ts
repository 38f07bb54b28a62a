/** Descriptions at random. */

import fc from "fast-check";
import type { ViewDescription, ViewEdge, ViewGroup, ViewNode, ViewNodeKind } from "@ringmill/ringmill/view";

const text = fc.oneof(
  fc.string({ minLength: 1, maxLength: 12 }),
  fc.string({ unit: "grapheme", maxLength: 60 }),
  fc.constantFrom("source", "日本語", "<b>&amp;</b>", "a\nb", "\u001b[31m", "x".repeat(200), ""),
);

const node = (id: string, groups: readonly string[]): fc.Arbitrary<ViewNode> =>
  fc.record({
    id: fc.constant(id),
    kind: fc.constantFrom<ViewNodeKind>("task", "data", "event", "program"),
    title: text,
    details: fc.array(text, { maxLength: 3 }),
    status: fc.option(fc.constantFrom("running", "failed", "odd"), { nil: undefined }),
    group: fc.option(fc.constantFrom(...groups, undefined), { nil: undefined }),
  });

/** Any edges at all, also from a node to itself, back, and the same twice; most lead onward. */
const edges = (count: number): fc.Arbitrary<ViewEdge[]> =>
  fc.array(
    fc.record({
      from: fc.nat(count - 1),
      to: fc.nat(count - 1),
      onward: fc.integer({ min: 0, max: 9 }).map((n) => n > 0),
      kind: fc.constantFrom("flow" as const, "flow" as const, "control" as const),
      label: fc.option(text, { nil: undefined, freq: 2 }),
      directed: fc.boolean(),
    }),
    { maxLength: Math.ceil(1.5 * count), size: "max" },
  ).map((drawn) =>
    drawn.map(({ from, to, onward, ...edge }, index) => {
      const [first, last] = onward && from > to ? [to, from] : [from, to];
      return { ...edge, id: `e${index}`, from: `n${first}`, to: `n${last}` };
    })
  );

/** Up to `most` nodes, some of them in groups. */
export function descriptions(most: number): fc.Arbitrary<ViewDescription> {
  const groups: fc.Arbitrary<ViewGroup[]> = fc.constantFrom(
    [],
    [],
    [{ id: "g", title: "a group" }],
    [{ id: "g", title: "a group" }, { id: "h", title: "within it", group: "g" }],
  );
  return fc.tuple(fc.integer({ min: 0, max: most }), groups).chain(([count, groups]) =>
    fc.record({
      title: text,
      nodes: fc.tuple(...Array.from({ length: count }, (_, n) => node(`n${n}`, groups.map(({ id }) => id)))),
      edges: count === 0 ? fc.constant([]) : edges(count),
      groups: fc.constant(groups),
    })
  );
}
