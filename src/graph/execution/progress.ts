/** How far an execution is: what has arrived where, which calls that makes due, and the status of each node. */

import type { NodeStatus } from "../events.ts";
import { Timing } from "./timing.ts";
import type { Plan, PlannedNode, Unit } from "./graph_plan.ts";
import { SKIPPED } from "../wiring.ts";

/** By number, as executions keep them. */
export const STATUSES: readonly NodeStatus[] = [
  "pending",
  "running",
  "completed",
  "failed",
  "skipped",
  "cancelled",
  "interrupted",
];
const PENDING = 0;
export const RUNNING = 1;
export const COMPLETED = 2;
export const FAILED = 3;
export const LEFT_OUT = 4;
export const CANCELLED = 5;
export const INTERRUPTED = 6;

/** Is told what becomes of nodes, unless they fail. */
export interface ProgressListener {
  completed(node: PlannedNode, output: unknown): void;
  skipped(node: PlannedNode): void;
  cancelled(node: PlannedNode): void;
}

/** The nodes of one execution. Calls nothing itself. */
export class Progress {
  readonly plan: Plan;
  /** By node: one of {@link STATUSES}, and its output. */
  readonly status: number[];
  readonly values: unknown[];
  /** `null` if nobody wants to know. */
  readonly timing: Timing | null;
  /** Nodes that have not ended. */
  left: number;
  readonly #listener: ProgressListener;
  /** Calls that are due: this one, then those of the queue from `#head` on. A chain needs no queue. */
  #next: Unit | undefined;
  #queue: Unit[] | undefined;
  #head = 0;
  /** By node: arrivals, or calls, that it still waits for. Where all wait for one only, nobody counts. */
  #pending: number[] | undefined;
  /** By node: whether something that it waits for will not arrive. */
  #lost: boolean[] | undefined;
  /** By node: outputs of its calls, where it has several. */
  #parts: unknown[][] | undefined;

  constructor(plan: Plan, hasTiming: boolean, listener: ProgressListener) {
    this.plan = plan;
    this.#listener = listener;
    // Copies, which are made faster than arrays are filled.
    this.status = plan.blank.status.slice();
    this.values = plan.blank.values.slice();
    this.timing = hasTiming ? new Timing(plan.blank.times) : null;
    this.left = plan.nodes.length;
    for (const unit of plan.starts) this.#push(unit);
  }

  /** Takes the call that has been due for longest. */
  next(): Unit | undefined {
    const unit = this.#next;
    this.#next = this.#queue?.[this.#head];
    if (this.#next !== undefined) this.#head++;
    return unit;
  }

  #push(unit: Unit): void {
    if (this.#next === undefined) this.#next = unit;
    else (this.#queue ??= []).push(unit);
  }

  /** A node is about to be called. False if it has ended already. */
  begin({ index, chunkNext }: PlannedNode): boolean {
    if (this.status[index] === PENDING) {
      this.status[index] = RUNNING;
      this.timing?.begin(index);
      for (const unit of chunkNext) this.#push(unit);
    }
    return this.status[index] === RUNNING;
  }

  /** A call has returned. */
  take({ node, slot }: Unit, output: unknown): void {
    if (node.isEach) this.#takePart(node, slot, output);
    else if (output === SKIPPED) this.#leaveOut(node);
    else this.#complete(node, output);
  }

  #takePart(node: PlannedNode, slot: number, output: unknown): void {
    this.timing?.pass();
    if (output !== SKIPPED) ((this.#parts ??= [])[node.index] ??= [])[slot] = output;
    if (this.#isLast(node) && this.status[node.index] === RUNNING) this.#completeParts(node);
  }

  #completeParts(node: PlannedNode): void {
    const parts = this.#parts?.[node.index];
    // Missing parts have been skipped.
    if (parts) this.#complete(node, Object.values(parts));
    else this.#leaveOut(node);
  }

  /** Counts something that the node waits for. Whether that was the last. */
  #isLast({ index, waitsFor }: PlannedNode): boolean {
    return waitsFor === 1 || --(this.#pending ??= this.plan.nodes.map(({ waitsFor }) => waitsFor))[index] === 0;
  }

  #complete(node: PlannedNode, output: unknown): void {
    this.#end(node, COMPLETED);
    this.values[node.index] = output;
    this.#listener.completed(node, output);
    const { next } = node;
    for (let n = 0; n < next.length; n++) {
      const unit = next[n];
      const to = unit.node;
      if (to.isEach) this.#push(unit);
      else if (this.#isLast(to)) {
        if (this.#lost?.[to.index] && !to.isArrived) this.#leaveOut(to);
        else this.#push(unit);
      }
    }
  }

  #end({ index }: PlannedNode, status: number): void {
    this.status[index] = status;
    this.timing?.end(index);
    this.left--;
  }

  /** Skips a node, and all that waits for it. */
  #leaveOut(first: PlannedNode): void {
    const nodes = [first];
    for (const node of nodes) {
      this.#end(node, LEFT_OUT);
      this.#listener.skipped(node);
      for (const idle of this.#miss(node)) nodes.push(idle);
    }
  }

  /** Nothing will come from a node. Returns those that must be skipped for that. */
  #miss(node: PlannedNode): PlannedNode[] {
    const lost = this.#lost ??= [];
    const idle: PlannedNode[] = [];
    for (const { node: to } of node.chunkNext) if (this.status[to.index] === PENDING) idle.push(to);
    for (const { node: to } of node.next) {
      lost[to.index] = true;
      if (!this.#isLast(to) || this.status[to.index] > RUNNING) continue;
      if (to.isEach && this.#parts?.[to.index]) this.#completeParts(to);
      else if (to.isArrived && to.sources.some(({ index }) => this.status[index] === COMPLETED)) {
        this.#push(to.units[0]);
      } else idle.push(to);
    }
    return idle;
  }

  /** A node has failed. False if it had before, by another of its calls. */
  fail(node: PlannedNode): boolean {
    if (this.status[node.index] === FAILED) return false;
    this.#end(node, FAILED);
    return true;
  }

  /** Skips what waits for a node that has failed. */
  skipAfter(node: PlannedNode): void {
    for (const idle of this.#miss(node)) this.#leaveOut(idle);
  }

  /** A node waits for an answer, for which its execution ends. */
  interrupt({ index }: PlannedNode): void {
    this.status[index] = INTERRUPTED;
    this.timing?.end(index);
  }

  /** Cancels what has not ended. */
  cancel(): void {
    for (const node of this.plan.nodes) {
      const status = this.status[node.index];
      if (status > RUNNING) continue;
      if (status === RUNNING) this.timing?.end(node.index);
      this.status[node.index] = CANCELLED;
      this.#listener.cancelled(node);
    }
  }
}
