/** What a drawing shows, whatever it is of: a pipeline, actors, a graph of nodes. */

import { UnknownNameError } from "../errors.ts";
import { arrayOf, boolean, checkRule, keeps, number, object, oneOf, type Rule, type Rules, text } from "../rules.ts";

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

/** The kinds of nodes. */
const NODE_KINDS: readonly ViewNodeKind[] = ["task", "data", "event", "program"];

const optional = (rule: Rule): Rule => ({
  ...rule,
  isKind: (value) => value === undefined || rule.isKind(value),
  isInRange: (value: unknown) => value === undefined || keeps(rule, value),
});
const texts = arrayOf(text, "an array of texts");
const share: Rule = { ...number(0, 1), expected: "from 0 to 1" };

/** Fields of a node, an edge, a group, the whole, and of figures: each with its rule. */
const NODE: Rules = {
  id: text,
  kind: oneOf(NODE_KINDS),
  title: text,
  details: optional(texts),
  description: optional(text),
  status: optional(text),
  group: optional(text),
};
const EDGE: Rules = {
  id: optional(text),
  from: text,
  to: text,
  kind: optional(oneOf(["flow", "control"])),
  label: optional(text),
  directed: optional(boolean),
};
const GROUP: Rules = { id: text, title: text, group: optional(text) };
const WHOLE: Rules = {
  title: text,
  nodes: arrayOf(object, "an array of nodes"),
  edges: arrayOf(object, "an array of edges"),
  groups: optional(arrayOf(object, "an array of groups")),
};
const FIGURE: Rules = {
  status: optional(text),
  lines: optional(texts),
  load: optional(share),
  loadName: optional(text),
};
const FIGURES: Rules = { nodes: optional(object), edges: optional(object) };

function checkFields(action: string, owner: string, value: object, rules: Rules): void {
  for (const [field, rule] of Object.entries(rules)) {
    checkRule(action, `${field}${owner}`, rule, (value as Record<string, unknown>)[field]);
  }
}

/** Checks the fields of everything, each by itself. */
function checkParts(action: string, { nodes, edges, groups = [] }: ViewDescription, figures: Figures): void {
  const parts = [["node", nodes, NODE], ["edge", edges, EDGE], ["group", groups, GROUP]] as const;
  for (const [kind, all, rules] of parts) {
    for (const [index, part] of all.entries()) {
      const { id } = part;
      const name = typeof id === "string" ? `${kind} ${JSON.stringify(id)}` : `${kind}s[${index}]`;
      checkFields(action, ` of ${name}`, part, rules);
    }
  }
  checkFields(action, " of the figures", figures, FIGURES);
  for (const [kind, all] of [["node", figures.nodes], ["edge", figures.edges]] as const) {
    for (const [id, figure] of Object.entries(all ?? {})) {
      checkRule(action, `the figure of ${kind} ${JSON.stringify(id)}`, object, figure);
      checkFields(action, ` of ${kind} ${JSON.stringify(id)}`, figure, FIGURE);
    }
  }
}

/**
 * Checks what no type can.
 *
 * @throws {TypeError} If it is no description, or a field is of the wrong kind.
 * @throws {UnknownNameError} If an edge, a node or a figure names what is not there.
 * @throws {RangeError} If a kind is unknown, an id is taken, groups hold each other, or a load is not from 0 to 1.
 */
export function checkDescription(description: ViewDescription, figures: Figures = {}): void {
  checkRule("draw", "the description", object, description);
  checkFields("draw", " of the description", description, WHOLE);
  const { title, nodes, edges, groups = [] } = description;
  const action = `draw ${JSON.stringify(title)}`;
  checkRule(action, "figures", object, figures);
  checkParts(action, description, figures);
  const nodeIds = new Set(nodes.map(({ id }) => id));
  unique(action, "node and group", [...nodes, ...groups].map(({ id }) => id));
  const groupIds = new Set(groups.map(({ id }) => id));
  const edgeIds = unique(action, "edge", edges.map(edgeId));
  const expect = (known: ReadonlySet<string>, kind: string, id: string) => {
    if (!known.has(id)) throw new UnknownNameError(`Cannot ${action}: there is no ${kind} ${JSON.stringify(id)}`);
  };
  for (const { from, to } of edges) [from, to].forEach((id) => expect(nodeIds, "node", id));
  for (const { group } of [...nodes, ...groups]) if (group !== undefined) expect(groupIds, "group", group);
  for (const id of Object.keys(figures.nodes ?? {})) expect(nodeIds, "node", id);
  for (const id of Object.keys(figures.edges ?? {})) expect(edgeIds, "edge", id);
  checkAncestors(action, groups);
}

function unique(action: string, kind: string, ids: readonly string[]): ReadonlySet<string> {
  const known = new Set<string>();
  for (const id of ids) {
    if (known.has(id)) {
      throw new RangeError(`Cannot ${action}: ${kind} ids must be unique, received ${JSON.stringify(id)} twice`);
    }
    known.add(id);
  }
  return known;
}

function checkAncestors(action: string, groups: readonly ViewGroup[]): void {
  const parentOf = new Map(groups.map(({ id, group }) => [id, group]));
  const isClear = new Set<string>();
  for (const { id } of groups) {
    const seen = new Set<string>();
    for (let at: string | undefined = id; at !== undefined && !isClear.has(at); at = parentOf.get(at)) {
      if (seen.has(at)) {
        throw new RangeError(`Cannot ${action}: a group must not be within itself, received ${JSON.stringify(id)}`);
      }
      seen.add(at);
    }
    seen.forEach((each) => isClear.add(each));
  }
}
