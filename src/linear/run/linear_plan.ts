/** Decides, before anything runs, which nodes have to, and why. */

import { fingerprint } from "../cache/fingerprint.ts";
import type { LinearNodeStatus } from "../explanation.ts";
import type { Step } from "./linear_wiring.ts";
import { partialOf } from "../partial.ts";
import type { LinearNode } from "../node.ts";

/** A step, and what becomes of it. */
export interface PlannedStep extends Step {
  readonly status: LinearNodeStatus;
  readonly reason: string;
  /** It only runs because an input is made anew: not if that comes out as it was. */
  readonly isTentative: boolean;
}

/** What an output was made from. A fingerprint that is not known yet is null. */
export interface Parts {
  readonly fn: string;
  readonly version: string;
  readonly bound: string;
  readonly outputs: readonly string[];
  readonly inputs: readonly (readonly [name: string, id: string | null])[];
}

/** What the plan uses of an entry of the cache. */
export interface KnownEntry {
  readonly id: string;
  readonly parts: string;
  readonly isOnDisk: boolean;
}

/** What the plan knows of the cache. */
export interface CacheView {
  readonly entries: ReadonlyMap<string, KnownEntry>;
  /** Fingerprints of what earlier runs have left, in memory or on the disk. */
  readonly kept: (name: string) => string;
}

/** Fingerprints by name, as far as they are known. */
export type Ids = Map<string, string | null>;

/** The fingerprints of all that is known before a run. */
export function knownIds(steps: readonly Step[], cache: CacheView): Ids {
  const ids: Ids = new Map();
  for (const source of steps.flatMap(({ inputs }) => inputs)) {
    if (source.kind === "made" || ids.has(source.name)) continue;
    ids.set(source.name, source.kind === "kept" ? cache.kept(source.name) : fingerprint(source.value));
  }
  return ids;
}

/** What the outputs of a node are made from. */
export function partsOf({ fn, version, inputs, outputs, ignore }: LinearNode, ids: Ids): Parts {
  const partial = partialOf(fn);
  return {
    fn: fingerprint(partial?.fn ?? fn),
    version: fingerprint(version),
    bound: fingerprint(partial?.bound),
    outputs,
    inputs: inputs.map((name) => [name, ignore.includes(name) ? "ignored" : ids.get(name)!]),
  };
}

/** The plan of a run with a cache. `force` has the nodes that run in any case. */
export function planWithCache(
  steps: readonly Step[],
  cache: CacheView,
  ids: Ids,
  force: ReadonlySet<LinearNode>,
): PlannedStep[] {
  /** Nodes whose outputs cannot be kept on the disk and are needed, and why. */
  const woken = new Map<LinearNode, string>();
  for (;;) {
    const known = new Map(ids);
    const planned = steps.map((step) => decide(step, cache, known, force, woken));
    const found = findNeeded(planned, cache);
    if (found.size === 0) return planned;
    // What they make besides may come out anew, so that others have to run as well.
    for (const [node, reason] of found) woken.set(node, reason);
  }
}

/** Decides on one step, and notes the fingerprints of its outputs. */
function decide(
  step: Step,
  { entries }: CacheView,
  ids: Ids,
  force: ReadonlySet<LinearNode>,
  woken: ReadonlyMap<LinearNode, string>,
): PlannedStep {
  const { node } = step;
  const parts = partsOf(node, ids);
  const found = node.outputs.map((name) => entries.get(name));
  const note = (known: boolean) => {
    node.outputs.forEach((name, index) => ids.set(name, known ? found[index]!.id : null));
  };
  const must = force.has(node) ? "it is forced" : reasonToRun(step, parts, entries);
  if (must !== null) {
    note(false);
    const isTentative = must.startsWith(ANEW);
    return { ...step, status: "run", reason: isTentative ? must.slice(ANEW.length) : must, isTentative };
  }
  const waking = woken.get(node);
  if (waking !== undefined) {
    node.outputs.forEach((name, index) => ids.set(name, found[index]!.isOnDisk ? null : found[index]!.id));
    return { ...step, status: "run", reason: waking, isTentative: false };
  }
  note(true);
  return found.every((entry) => entry!.isOnDisk)
    ? { ...step, status: "cached", reason: "nothing has changed", isTentative: false }
    : { ...step, status: "skipped", reason: "nothing has changed, and no node that runs needs it", isTentative: false };
}

const ANEW = "anew: ";

/** Why a step has to run by itself; `null` if it does not. */
function reasonToRun({ node, inputs }: Step, parts: Parts, entries: CacheView["entries"]): string | null {
  if (node.outputs.length === 0) return "it has no outputs, so that it always runs";
  const missing = node.outputs.find((name) => !entries.has(name));
  if (missing !== undefined) return `"${missing}" is not in the cache`;
  const changes = changesOf(JSON.parse(entries.get(node.outputs[0])!.parts), parts);
  if (changes.length > 0) return changes.join(", ");
  const anew = inputs.find((_, index) => parts.inputs[index][1] === null);
  if (anew?.kind === "made") return `${ANEW}its input "${anew.name}" is made anew by node "${anew.by.name}"`;
  const text = JSON.stringify(parts);
  const stranger = node.outputs.find((name) => entries.get(name)!.parts !== text);
  return stranger === undefined ? null : `"${stranger}" in the cache was made by something else`;
}

/** In words, what has changed for certain. */
function changesOf(before: Parts, now: Parts): string[] {
  const changes: string[] = [];
  if (before.fn !== now.fn) changes.push("its function has changed");
  if (before.version !== now.version) changes.push("its version has changed");
  if (before.bound !== now.bound) changes.push("its bound values have changed");
  if (String(before.outputs) !== String(now.outputs)) changes.push("its outputs are declared differently");
  const names = ({ inputs }: Parts) => String(inputs.map(([name]) => name));
  if (names(before) !== names(now)) return [...changes, "its inputs are declared differently"];
  now.inputs.forEach(([name, id], index) => {
    if (id !== null && id !== before.inputs[index][1]) changes.push(`"${name}" has changed`);
  });
  return changes;
}

/** The nodes that are skipped, but have to run: a node that runs needs what the disk cannot keep, or it is a result. */
function findNeeded(planned: readonly PlannedStep[], { entries }: CacheView): Map<LinearNode, string> {
  const taken = new Set(planned.flatMap(({ inputs }) => inputs.map(({ name }) => name)));
  const needed = new Map<string, LinearNode>(), found = new Map<LinearNode, string>();
  for (const { node, status, inputs } of planned.toReversed()) {
    const reason = status === "skipped" ? reasonToWake(node, entries, needed, taken) : null;
    if (reason !== null) found.set(node, reason);
    if (status === "run" || reason !== null) { for (const { name } of inputs) needed.set(name, node); }
  }
  return found;
}

function reasonToWake(
  { outputs }: LinearNode,
  entries: CacheView["entries"],
  needed: ReadonlyMap<string, LinearNode>,
  taken: ReadonlySet<string>,
): string | null {
  for (const name of outputs.filter((name) => !entries.get(name)!.isOnDisk)) {
    const user = needed.get(name);
    if (user) return `"${name}" cannot be kept on the disk, and node "${user.name}" needs it`;
    if (!taken.has(name)) return `"${name}" cannot be kept on the disk, and is a result`;
  }
  return null;
}
