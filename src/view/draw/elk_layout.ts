/** What the Eclipse Layout Kernel is told, and what it says. Whoever uses it brings the kernel along. */

import type { ELK, ElkExtendedEdge, ElkNode, ElkPort } from "elkjs";
import type { Content, EdgeContent, NodeContent } from "./content.ts";
import type { ViewEdge } from "../description.ts";
import { type Direction, fit, type Layout, type Metrics, type Rectangle, straighten } from "./geometry.ts";

/** Lays out what is to be drawn. */
export async function layOutBy(
  elk: Pick<ELK, "layout">,
  content: Content,
  metrics: Metrics,
  direction: Direction,
): Promise<Layout> {
  const root = await elk.layout({
    id: "root",
    layoutOptions: {
      ...layoutOptions(metrics, direction),
      // At the root only: with this on a group whose nodes have no edges, the kernel fails.
      "elk.layered.considerModelOrder.strategy": "NODES_AND_EDGES",
    },
    children: childrenOf(undefined, content, metrics, direction),
    edges: content.edges.map((edge, index) => elkEdge(edge, index, metrics)),
  });
  return readLayout(root, content, direction);
}

function layoutOptions(metrics: Metrics, direction: Direction): Record<string, string> {
  const spacing = metrics.spacing(direction);
  const options: Record<string, string | number> = {
    "algorithm": "layered",
    "direction": direction.toUpperCase(),
    "edgeRouting": "ORTHOGONAL",
    "hierarchyHandling": "INCLUDE_CHILDREN",
    "json.shapeCoords": "ROOT",
    "json.edgeCoords": "ROOT",
    "layered.nodePlacement.strategy": "NETWORK_SIMPLEX",
    "padding": "[top=0,left=0,bottom=0,right=0]",
    "spacing.nodeNode": spacing.nodes,
    "spacing.componentComponent": spacing.nodes,
    "spacing.edgeEdge": spacing.lines,
    "spacing.edgeNode": spacing.nodeToLine,
    "spacing.nodeSelfLoop": spacing.layerToLine,
    "spacing.edgeLabel": spacing.lineToLabel,
    "spacing.labelNode": spacing.lineToLabel,
    "spacing.labelLabel": spacing.nodes,
    "spacing.portPort": direction === "down" ? metrics.portGap.width : metrics.portGap.height,
    "layered.spacing.nodeNodeBetweenLayers": spacing.layers,
    "layered.spacing.edgeNodeBetweenLayers": spacing.layerToLine,
    "layered.spacing.edgeEdgeBetweenLayers": spacing.linesBetweenLayers,
  };
  return Object.fromEntries(Object.entries(options).map(([name, value]) => [`elk.${name}`, String(value)]));
}

/** The groups and nodes in a group, or in none. */
function childrenOf(parent: string | undefined, content: Content, metrics: Metrics, direction: Direction): ElkNode[] {
  const groups = content.groups.filter(({ group }) => group === parent).map((group): ElkNode => {
    const { padding } = metrics;
    const heading = metrics.heading(group.title);
    const width = heading.width + 2 * padding;
    const height = heading.height + 2 * padding;
    const children = childrenOf(group.id, content, metrics, direction);
    // The kernel cannot lay out an empty group.
    if (children.length === 0) return { id: `group ${group.id}`, width, height };
    const around = `[top=${padding + heading.height},left=${padding},bottom=${padding},right=${padding}]`;
    return {
      id: `group ${group.id}`,
      children,
      layoutOptions: {
        ...layoutOptions(metrics, direction),
        "elk.padding": around,
        "elk.nodeSize.constraints": "MINIMUM_SIZE",
        "elk.nodeSize.minimum": `(${width},${height})`,
      },
    };
  });
  const nodes = content.nodes.filter(({ node }) => node.group === parent);
  return [...groups, ...nodes.map((node) => elkNode(node, content, metrics, direction))];
}

/** All that leaves a node leaves it at one place and may branch; all that arrives has a place of its own. */
function elkNode(content: NodeContent, { edges }: Content, metrics: Metrics, direction: Direction): ElkNode {
  const { id } = content.node;
  const isDown = direction === "down";
  const port = (name: string, side: string): ElkPort => ({
    id: name,
    width: 0,
    height: 0,
    layoutOptions: { "elk.port.side": side },
  });
  const arriving = edges.flatMap(({ edge }, index) =>
    edge.to === id ? [port(`to ${index}`, isDown ? "NORTH" : "WEST")] : []
  );
  const sources = new Set(edges.flatMap(({ edge }, index) => edge.from === id ? [sourcePort(edge, index)] : []));
  const leaving = [...sources].map((name) => port(name, isDown ? "SOUTH" : "EAST"));
  const { width, height } = metrics.node(content);
  const { portGap } = metrics;
  const ports = Math.max(arriving.length, leaving.length) + 1;
  return {
    id: `node ${id}`,
    width: isDown ? Math.max(width, ports * portGap.width) : width,
    height: isDown ? height : Math.max(height, ports * portGap.height),
    ports: [...arriving, ...leaving],
    layoutOptions: { "elk.portConstraints": "FIXED_SIDE" },
  };
}

/** Where an edge leaves: with others of its kind, but alone if it leads back at once, which the kernel cannot branch. */
function sourcePort({ from, to, kind = "flow" }: ViewEdge, index: number): string {
  return from === to ? `from ${index}` : `from ${from} ${kind}`;
}

function elkEdge({ edge, lines }: EdgeContent, index: number, metrics: Metrics): ElkExtendedEdge {
  return {
    id: `edge ${index}`,
    sources: [sourcePort(edge, index)],
    targets: [`to ${index}`],
    labels: lines.length === 0 ? [] : [{ id: `label ${index}`, text: lines[0], ...metrics.label(lines) }],
  };
}

function readLayout(root: ElkNode, content: Content, direction: Direction): Layout {
  const placed = new Map<string, Rectangle & { depth: number }>();
  const collect = (parent: ElkNode, depth: number) => {
    for (const child of parent.children ?? []) {
      placed.set(child.id, { x: child.x!, y: child.y!, width: child.width!, height: child.height!, depth });
      collect(child, depth + 1);
    }
  };
  collect(root, 0);
  const edges = new Map((root.edges ?? []).map((edge) => [edge.id, edge]));
  return fit({
    direction,
    width: 0,
    height: 0,
    nodes: content.nodes.map((node) => ({ ...placed.get(`node ${node.node.id}`)!, content: node })),
    groups: content.groups.map((group) => ({ ...placed.get(`group ${group.id}`)!, group })),
    edges: content.edges.map((edge, index) => {
      const { sections: [section], labels = [], junctionPoints = [] } = edges.get(`edge ${index}`)! as RoutedEdge;
      return {
        content: edge,
        points: straighten([section.startPoint, ...section.bendPoints ?? [], section.endPoint]),
        junctions: junctionPoints,
        label: labels.length > 0 ? labels[0] as Rectangle : undefined,
      };
    }),
  });
}

/** What the kernel makes of an edge that is given to it. */
type RoutedEdge = ElkExtendedEdge & Required<Pick<ElkExtendedEdge, "sections">>;
