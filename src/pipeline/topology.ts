/** The order of a graph. */

/** What {@link sortTopologically} finds: an order, or a cycle that prevents one. */
export type Topology =
  | { readonly order: readonly string[] }
  /** A path along the edges that ends where it began. */
  | { readonly cycle: readonly string[] };

/**
 * Sorts nodes so that each comes before its successors, by depth-first search. Of the possible orders it takes the one
 * closest to that of `nodes`.
 */
export function sortTopologically(
  nodes: readonly string[],
  successors: (node: string) => Iterable<string>,
): Topology {
  const done = new Set<string>();
  const path: string[] = [];
  const reversed: string[] = [];

  /** The cycle that the node closes, if it does. */
  const visit = (node: string): readonly string[] | null => {
    if (done.has(node)) return null;
    if (path.includes(node)) return [...path.slice(path.indexOf(node)), node];
    path.push(node);
    for (const next of [...successors(node)].reverse()) {
      const cycle = visit(next);
      if (cycle) return cycle;
    }
    path.pop();
    done.add(node);
    reversed.push(node);
    return null;
  };

  for (const node of nodes.toReversed()) {
    const cycle = visit(node);
    if (cycle) return { cycle };
  }
  return { order: reversed.reverse() };
}
