/** Decides, before anything runs, which nodes have to, and why. */

import type { Entry } from "../cache/entry.ts";
import { formatDuration } from "../../units.ts";
import type { LinearNodeStatus } from "../explanation.ts";
import type { LinearNode } from "../node.ts";
import type { DoneCalls } from "./done_calls.ts";
import { refuse, type Step } from "./linear_wiring.ts";
import { changesOf, type Ids, keyOf, type Parts, partsOf, resourceId, unseenOf } from "./node_parts.ts";

/** A value that is there, or has been. */
export interface Found {
  /** Its fingerprint. */
  readonly value: string;
  /** Whether the value itself is there. One that cannot be stored is not. */
  readonly isThere: boolean;
  /** Its row in the cache. */
  readonly entry?: Entry;
}

/** A step, and what becomes of it. */
export interface PlannedStep extends Step {
  readonly status: LinearNodeStatus | "left out";
  readonly reason: string;
  /** It only runs because an input is made anew: not if that comes out as it was. */
  readonly isTentative: boolean;
  /** What there is of its outputs, in their order, if it does not run. */
  readonly found?: readonly (Found | undefined)[];
  /** Why the outputs of a step that is left out are of another configuration, if they are. */
  readonly stale?: string;
  /** What is said of inputs that are of an earlier run. */
  readonly warning?: string;
  /** The fingerprints of outputs that are made anew and count as what they were, by name. */
  readonly sameIds?: ReadonlyMap<string, string>;
}

/** What the plan knows of the cache. */
export interface CacheView {
  /** The value of an output that was made from what `key` stands for. */
  find(output: string, key: string): Found | undefined;
  /** The value of an output that had been used last when the plan was made. */
  latest(output: string): Entry | undefined;
  /** What is left of it in memory, if that may be used. */
  inMemory(output: string, key: string | null): Found | undefined;
  /** Why the file of an output is not as it was written, if it is not. */
  fileTrouble(node: LinearNode, output: string, found: Found): string | undefined;
  /** Why something has no fingerprint, by name. */
  readonly obstacles: ReadonlyMap<string, string>;
  /** What an earlier run that failed, or this one before it had to plan again, has done. */
  readonly done: DoneCalls;
  /** Whether what is made anew for nodes that are left counts as what it was. */
  readonly isResumed: boolean;
}

/** What there is of an output that was made from what `key` stands for. */
export function findOutput(view: CacheView, node: LinearNode, output: string, key: string | null): Found | undefined {
  const found = view.inMemory(output, key) ?? (key === null ? undefined : view.find(output, key));
  return found && asDeclared(node, output, found);
}

/** A resource has the fingerprint of what it is made from, whatever the value: one that is made anew counts as what it was. */
function asDeclared({ resource }: LinearNode, output: string, found: Found): Found {
  if (!resource || !found.entry?.isStored) return found;
  return { ...found, value: resourceId(found.entry.key, output) };
}

const ANEW = "anew: ";

/** Makes the plan of a run with a cache. */
export class CachePlanner {
  readonly #pipeline: string;
  readonly #steps: readonly Step[];
  readonly #cache: CacheView;
  readonly #ids: Ids;
  readonly #force: ReadonlySet<LinearNode>;
  /** Names that some node of the pipeline takes. */
  readonly #taken: ReadonlySet<string>;
  /** Nodes whose outputs cannot be kept on the disk and are needed, and why. */
  readonly #woken = new Map<LinearNode, string>();

  /** `ids` has the fingerprints of what is known before, `force` the nodes that run in any case. */
  constructor(pipeline: string, steps: readonly Step[], cache: CacheView, ids: Ids, force: ReadonlySet<LinearNode>) {
    this.#pipeline = pipeline;
    this.#steps = steps;
    this.#cache = cache;
    this.#ids = ids;
    this.#force = force;
    this.#taken = new Set(steps.flatMap(({ node }) => node.inputs));
  }

  /**
   * The plan.
   *
   * @throws {DeclarationError} If a node needs what is left out, and is not there.
   */
  plan(): PlannedStep[] {
    for (;;) {
      const ids: Ids = new Map(this.#ids);
      const planned = this.#steps.map((step) => this.#decide(step, ids));
      const found = this.#findNeeded(planned);
      if (found.size === 0) {
        this.#checkSources(planned);
        return withStaleInputs(planned);
      }
      // Their other outputs may change too, which can make further nodes run: plan again until nothing is added.
      for (const [node, reason] of found) this.#woken.set(node, reason);
    }
  }

  /** Decides on one step, and notes the fingerprints of its outputs. */
  #decide(step: Step, ids: Ids): PlannedStep {
    const { node } = step;
    const parts = this.#partsOf(step, ids);
    const key = parts.inputs.some(([, id]) => id === null) ? null : keyOf(parts).key;
    const found = this.#find(step, key);
    const waking = this.#woken.get(node);
    const must = step.isLeftOut && waking === undefined ? null : this.#mustRun(step, parts, key, found);
    if (must !== null && !(step.isLeftOut && waking !== undefined)) return this.#toRun(step, key, ids, must);
    if (waking !== undefined) return this.#wake(step, found, key, ids, waking);
    node.outputs.forEach((name, index) => ids.set(name, found[index]?.value ?? null));
    return step.isLeftOut ? this.#leftOut(step, parts, key, found) : this.#toSkip(step, found);
  }

  /** Files that nodes before write have the fingerprints that these nodes give them. */
  #partsOf({ node, inputs }: Step, ids: Ids): Parts {
    for (const source of inputs) {
      if (source.kind !== "world") continue;
      const isAnew = source.by.some(({ output }) => ids.get(output.name) === null);
      if (isAnew) ids.set(source.name, null);
    }
    return partsOf(node, ids);
  }

  #find({ node, isLeftOut }: Step, key: string | null): (Found | undefined)[] {
    return node.outputs.map((output) => {
      const found = findOutput(this.#cache, node, output, key);
      if (found || !isLeftOut) return found;
      const latest = this.#cache.latest(output);
      return latest && asDeclared(node, output, { value: latest.value, isThere: latest.isStored, entry: latest });
    });
  }

  #toRun(step: Step, key: string | null, ids: Ids, must: string): PlannedStep {
    const { node } = step;
    for (const name of node.outputs) ids.set(name, node.resource && key !== null ? resourceId(key, name) : null);
    const isTentative = must.startsWith(ANEW);
    return { ...step, status: "run", reason: isTentative ? must.slice(ANEW.length) : must, isTentative };
  }

  /** Its values are made anew. Those that nodes know already count as new, unless they are resources. */
  #wake(step: Step, found: readonly (Found | undefined)[], key: string | null, ids: Ids, reason: string): PlannedStep {
    const { node } = step;
    const sameIds = new Map<string, string>();
    node.outputs.forEach((name, index) => {
      const isSame = found[index]?.isThere !== true && (node.resource || this.#cache.isResumed || step.isLeftOut);
      const id = isSame ? found[index]?.value ?? (key && resourceId(key, name)) : null;
      ids.set(name, id);
      if (id !== null) sameIds.set(name, id);
    });
    return { ...step, status: "run", reason, isTentative: false, found, sameIds };
  }

  #toSkip(step: Step, found: readonly (Found | undefined)[]): PlannedStep {
    const reason = this.#cache.done.has(step.node.name) && this.#cache.isResumed
      ? "it was done before the failure"
      : "nothing has changed";
    const isCached = step.node.outputs.length > 0 && found.every((one) => one!.isThere);
    if (isCached) return { ...step, status: "cached", reason, isTentative: false, found };
    const why = step.node.outputs.length === 0 ? reason : `${reason}, and no node that runs needs it`;
    return { ...step, status: "skipped", reason: why, isTentative: false, found };
  }

  #leftOut(step: Step, parts: Parts, key: string | null, found: readonly (Found | undefined)[]): PlannedStep {
    const { node } = step;
    const isCurrent = node.outputs.every((name) =>
      key !== null && findOutput(this.#cache, node, name, key) !== undefined
    );
    const latest = node.outputs.length === 0 ? undefined : this.#cache.latest(node.outputs[0]);
    const changes = isCurrent || !latest ? [] : changesOf(JSON.parse(latest.parts), parts);
    const stale = isCurrent || !latest ? undefined : changes.join(", ") || "what it is made from has changed";
    return { ...step, status: "left out", reason: "", isTentative: false, found, stale };
  }

  /** Why a step has to run by itself; `null` if it does not. */
  #mustRun(step: Step, parts: Parts, key: string | null, found: readonly (Found | undefined)[]): string | null {
    const { node } = step;
    if (this.#force.has(node)) return "it is forced";
    const isDone = this.#isDone(node, key);
    if (node.outputs.length === 0) return isDone ? null : this.#whyWithoutOutputs(node, key);
    if (!isDone || !found.every(Boolean)) {
      if (!node.cache) return "its outputs are not kept in the cache";
      const unseen = unseenOf(step, parts, this.#cache.obstacles);
      if (unseen !== undefined) return unseen;
    }
    if (!found.every(Boolean)) return this.#whyMissing(step, parts, found);
    return tooOld(node, found as Found[]) ?? this.#fileTrouble(node, found as Found[]);
  }

  /** A node without outputs has no trace in the cache but that it has run. */
  #isDone({ name }: LinearNode, key: string | null): boolean {
    return key !== null && this.#cache.done.hasCall(name, key);
  }

  #whyWithoutOutputs({ name }: LinearNode, key: string | null): string {
    const isUndecided = this.#cache.done.has(name) && key === null;
    return `${isUndecided ? ANEW : ""}it has no outputs, so that it always runs`;
  }

  #whyMissing({ node, inputs }: Step, parts: Parts, found: readonly (Found | undefined)[]): string {
    const missing = node.outputs[found.findIndex((one) => one === undefined)];
    const latest = this.#cache.latest(node.outputs[0]);
    const other = node.outputs.find((name) => this.#cache.latest(name) === undefined);
    const anew = inputs.find((_, index) => parts.inputs[index][1] === null);
    if (!anew) {
      if (other !== undefined || !latest) return `"${other ?? missing}" is not in the cache`;
      return changesOf(JSON.parse(latest.parts), parts).join(", ") || `"${missing}" is not in the cache`;
    }
    if (other !== undefined) return `"${other}" is not in the cache`;
    const changes = latest ? changesOf(JSON.parse(latest.parts), parts) : [];
    if (changes.length > 0) return `${ANEW}${changes.join(", ")}`;
    const by = anew.kind === "made" ? anew.by : anew.kind === "world" ? anew.by[0].node : undefined;
    return `${ANEW}its input "${anew.name}" is made anew by node "${by?.name}"`;
  }

  #fileTrouble(node: LinearNode, found: readonly Found[]): string | null {
    for (const [index, output] of node.outputs.entries()) {
      const trouble = node.fileOutputs.has(output) ? this.#cache.fileTrouble(node, output, found[index]) : undefined;
      if (trouble !== undefined) return trouble;
    }
    return null;
  }

  /** Nodes that are skipped or left out, but have to run: one that runs needs what the disk cannot keep, or it is a result. */
  #findNeeded(planned: readonly PlannedStep[]): Map<LinearNode, string> {
    const needed = new Map<string, LinearNode>();
    const found = new Map<LinearNode, string>();
    for (const step of planned.toReversed()) {
      const reason = step.status === "run" || step.status === "cached" ? null : this.#reasonToWake(step, needed);
      if (reason !== null) found.set(step.node, reason);
      if (step.status === "run" || reason !== null) {
        for (const { name } of step.inputs) needed.set(name, step.node);
      }
    }
    return found;
  }

  #reasonToWake({ node, found, isLeftOut }: PlannedStep, needed: ReadonlyMap<string, LinearNode>): string | null {
    for (const [index, name] of node.outputs.entries()) {
      if (found![index]?.isThere || (isLeftOut && !found![index] && !node.resource)) continue;
      const user = needed.get(name);
      if (user) return `"${name}" cannot be kept on the disk, and node "${user.name}" needs it`;
      const isResult = !this.#taken.has(name) || node.keep;
      if (isResult && !isLeftOut) return `"${name}" cannot be kept on the disk, and is a result`;
    }
    return null;
  }

  /** Checks that what the run leaves out is there, as far as it is needed. */
  #checkSources(planned: readonly PlannedStep[]): void {
    const states = new Map(planned.map((step) => [step.node, step]));
    const problems: string[] = [];
    for (const { node, inputs, status, problem } of planned) {
      if (status !== "run") continue;
      if (problem !== undefined) problems.push(problem);
      for (const source of inputs) {
        if (source.kind !== "made") continue;
        const maker = states.get(source.by)!;
        const found = maker.found?.[maker.node.outputs.indexOf(source.name)];
        if (maker.status === "left out" && !found?.isThere) problems.push(leftOutProblem(node, source.name, source.by));
      }
    }
    refuse(`run pipeline "${this.#pipeline}"`, problems);
  }
}

/** Says that an input comes from a node that is left out, and is not there. */
export function leftOutProblem(node: LinearNode, input: string, by: LinearNode): string {
  return `node "${node.name}" needs "${input}": node "${by.name}", which provides it, is left out of this run, and no earlier run ` +
    "has kept it";
}

function tooOld({ maxAgeMs }: LinearNode, found: readonly Found[]): string | null {
  if (maxAgeMs === Infinity) return null;
  const now = Date.now();
  const ages = found.flatMap(({ entry }) => entry ? [now - entry.madeAt] : []);
  if (ages.some((age) => age > maxAgeMs)) return `its outputs are older than ${formatDuration(maxAgeMs)}`;
  // Otherwise they would count as young until the clock is there again.
  return ages.some((age) => age < -maxAgeMs) ? "the clock has been set back since its outputs were made" : null;
}

/** Says which inputs are of another configuration. */
function withStaleInputs(planned: readonly PlannedStep[]): PlannedStep[] {
  const stale = new Map(planned.flatMap(({ node, stale }) => stale === undefined ? [] : [[node, stale]]));
  if (stale.size === 0) return [...planned];
  return planned.map((step) => {
    const makers = new Set(
      step.inputs.flatMap((source) => source.kind === "made" && stale.has(source.by) ? source.by : []),
    );
    if (step.status === "left out" || makers.size === 0) return step;
    const told = Array.from(
      makers,
      (node) => `its inputs from node "${node.name}" are of an earlier run: ${stale.get(node)}`,
    );
    const warning = `node "${step.node.name}": ${told.join("; ")}`;
    return { ...step, reason: [step.reason, ...told].join("; "), warning };
  });
}
