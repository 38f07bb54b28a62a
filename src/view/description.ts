/** What a drawing shows, whatever it is of: a pipeline, actors, a graph of nodes. */

import { UnknownNameError } from "../errors.ts";

/** What a node is: something that works, what passes between such, a switch, or the program around it all. */
export type ViewNodeKind = "task" | "data" | "event" | "program";

/** A box. */
export interface ViewNode {
  /** Unique among nodes and groups. */
  readonly id: string;
  /** What it is, which decides its shape and colour. */
  readonly kind: ViewNodeKind;
  /** Its first line. */
  readonly title: string;
  /** Lines below it. */
  readonly details?: readonly string[];
  /** What there is to say about it where there is room. */
  readonly description?: string;
  /** The state of its work: «waiting», «running», «completed», «ended», «failed» have colours, others are neutral. */
  readonly status?: string;
  /** The id of the group that it is in. */
  readonly group?: string;
}

/** A line between two boxes. */
export interface ViewEdge {
  /** Unique among the edges. The ends, as `from -> to`, if left out. */
  readonly id?: string;
  /** The id of a node. */
  readonly from: string;
  /** The id of a node. */
  readonly to: string;
  /**
   * What passes along it: data, or the word to run.
   *
   * @default {"flow"}
   */
  readonly kind?: "flow" | "control";
  /** A short text beside it. */
  readonly label?: string;
  /**
   * Whether it has an arrow.
   *
   * @default {true}
   */
  readonly directed?: boolean;
}

/** A frame around some nodes. */
export interface ViewGroup {
  /** Unique among nodes and groups. */
  readonly id: string;
  /** Its heading. */
  readonly title: string;
  /** The id of the group that it is in. */
  readonly group?: string;
}

/** Nodes and edges, in the order in which they should be drawn where that is free. */
export interface ViewDescription {
  /** The heading. */
  readonly title: string;
  /** The boxes. */
  readonly nodes: readonly ViewNode[];
  /** The lines. */
  readonly edges: readonly ViewEdge[];
  /** The frames. */
  readonly groups?: readonly ViewGroup[];
}

/** What is known of one node or edge at a moment. */
export interface Figure {
  /** Takes the place of the node's status. Edges have none. */
  readonly status?: string;
  /** Lines below the details; for an edge, below its label. */
  readonly lines?: readonly string[];
  /** How full or busy it is, from 0 to 1; `null` while that is not known. */
  readonly load?: number | null;
  /** What that is a share of, in a word, such as «CPU». */
  readonly loadName?: string;
}

/** What is known at a moment. */
export interface Figures {
  /** By the ids of nodes. */
  readonly nodes?: Readonly<Record<string, Figure>>;
  /** By the ids of edges. */
  readonly edges?: Readonly<Record<string, Figure>>;
}

/** The id of an edge. */
export function edgeId({ id, from, to }: ViewEdge): string {
  return id ?? `${from} -> ${to}`;
}

/**
 * Checks what no type can.
 *
 * @throws {UnknownNameError} If an edge, a node or a figure names what is not there.
 * @throws {RangeError} If an id is taken, groups hold each other, or a load is not from 0 to 1.
 */
export function checkDescription({ title, nodes, edges, groups = [] }: ViewDescription, figures: Figures = {}): void {
  const action = `Cannot draw "${title}"`;
  const unique = (kind: string, ids: readonly string[]): ReadonlySet<string> => {
    const known = new Set<string>();
    for (const id of ids) {
      if (known.has(id)) throw new RangeError(`${action}: ${kind} ids must be unique, received "${id}" twice`);
      known.add(id);
    }
    return known;
  };
  const expect = (known: ReadonlySet<string>, kind: string, id: string) => {
    if (!known.has(id)) throw new UnknownNameError(`${action}: there is no ${kind} "${id}"`);
  };
  unique("node and group", [...nodes, ...groups].map(({ id }) => id));
  const nodeIds = new Set(nodes.map(({ id }) => id)), groupIds = new Set(groups.map(({ id }) => id));
  const edgeIds = unique("edge", edges.map(edgeId));
  for (const { from, to } of edges) [from, to].forEach((id) => expect(nodeIds, "node", id));
  for (const { group } of [...nodes, ...groups]) if (group !== undefined) expect(groupIds, "group", group);
  for (const { id } of groups) checkAncestors(action, id, groups);
  for (const [kind, known, figure] of [["node", nodeIds, figures.nodes], ["edge", edgeIds, figures.edges]] as const) {
    for (const [id, { load }] of Object.entries(figure ?? {})) {
      expect(known, kind, id);
      if (load === undefined || load === null || load >= 0 && load <= 1) continue;
      throw new RangeError(
        `${action}: the load of ${kind} "${id}" must be from 0 to 1, received ${Deno.inspect(load)}`,
      );
    }
  }
}

function checkAncestors(action: string, id: string, groups: readonly ViewGroup[]): void {
  const parentOf = new Map(groups.map(({ id, group }) => [id, group]));
  const seen = new Set<string>();
  for (let at: string | undefined = id; at !== undefined; at = parentOf.get(at)) {
    if (seen.has(at)) throw new RangeError(`${action}: a group must not be within itself, received "${id}"`);
    seen.add(at);
  }
}
