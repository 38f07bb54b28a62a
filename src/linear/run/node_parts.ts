/** What the outputs of a node are made from, as the cache compares it. */

import { fingerprintOf } from "../cache/bytes.ts";
import { identityOf, sourceIdentityOf } from "../cache/identity.ts";
import type { LinearNode } from "../node.ts";
import { partialOf } from "../partial.ts";
import type { Step } from "./linear_wiring.ts";

/** What an output was made from. A fingerprint that is not known yet is null. */
export interface Parts {
  readonly fn: string;
  readonly version: string;
  readonly bound: string;
  readonly codec: string;
  readonly outputs: readonly string[];
  readonly inputs: readonly (readonly [name: string, id: string | null])[];
}

/** Stands for what has no fingerprint. */
export const UNSEEN = "?";

/** Fingerprints by name. One that is not known before the run is null. */
export type Ids = Map<string, string | null>;

type OfNode = Pick<Parts, "fn" | "version" | "bound" | "codec">;

const ofNodes = new WeakMap<LinearNode, OfNode>();

/** Its function, version and bound values do not change. */
function ofNode(node: LinearNode): OfNode {
  let known = ofNodes.get(node);
  if (!known) ofNodes.set(node, known = identify(node));
  return known;
}

function identify({ fn, version, ignoreSource, codecs }: LinearNode): OfNode {
  const partial = partialOf(fn);
  const idOf = (value: unknown) => {
    const identity = sourceIdentityOf(value);
    return "id" in identity ? identity.id : UNSEEN;
  };
  const bound = identityOf(partial?.bound);
  return {
    fn: ignoreSource ? "ignored" : idOf(partial?.fn ?? fn),
    version: idOf(version),
    bound: "id" in bound ? bound.id : UNSEEN,
    codec: idOf(Object.entries(codecs).map(([output, { version }]) => [output, version ?? null])),
  };
}

/** What the outputs of a node are made from. */
export function partsOf(node: LinearNode, ids: Ids): Parts {
  const { inputs, outputs, ignore } = node;
  return {
    ...ofNode(node),
    outputs,
    inputs: inputs.map((name) => [name, ignore.includes(name) ? "ignored" : ids.get(name) ?? null]),
  };
}

/** Parts as the cache keeps them, and their fingerprint. */
export function keyOf(parts: Parts): { readonly text: string; readonly key: string } {
  const text = JSON.stringify(parts);
  return { text, key: fingerprintOf(text) };
}

/** The fingerprint of an output that is a resource: that of what it is made from. */
export function resourceId(key: string, output: string): string {
  return fingerprintOf(`resource ${key} ${output}`);
}

/** Why changes of something that the node takes cannot be seen, if so. `obstacles` has the reasons by name. */
export function unseenOf({ node }: Step, parts: Parts, obstacles: ReadonlyMap<string, string>): string | undefined {
  if (parts.bound === UNSEEN) return "changes of its bound values cannot be seen";
  const unseen = parts.inputs.find(([, id]) => id === UNSEEN);
  if (!unseen) return undefined;
  const [name] = unseen;
  return `changes of "${name}" cannot be seen: ${
    obstacles.get(name)
  }; to ignore them, name it in the option ignore of node ` +
    `"${node.name}"`;
}

/** In words, what has changed for certain. */
export function changesOf(before: Parts, now: Parts): string[] {
  const changes: string[] = [];
  if (before.fn !== now.fn) changes.push("its function has changed");
  if (before.version !== now.version) changes.push("its version has changed");
  if (before.bound !== now.bound) changes.push("its bound values have changed");
  if (before.codec !== now.codec) changes.push("its codec has changed");
  if (String(before.outputs) !== String(now.outputs)) changes.push("its outputs are declared differently");
  const names = ({ inputs }: Parts) => String(inputs.map(([name]) => name));
  if (names(before) !== names(now)) return [...changes, "its inputs are declared differently"];
  now.inputs.forEach(([name, id], index) => {
    if (id !== null && id !== before.inputs[index][1]) changes.push(`"${name}" has changed`);
  });
  return changes;
}
