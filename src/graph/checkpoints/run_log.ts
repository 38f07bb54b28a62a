/** A run that is kept: what it has come to before, and what it comes to now. */

import { whyNotStorable } from "../../storable.ts";
import { bytesOfValue, decodeValue } from "../stores/stored_value.ts";
import { SKIPPED } from "../wiring.ts";
import type { ClaimedRun } from "../stores/checkpoint_store.ts";
import type { RunInterrupt } from "../run_errors.ts";
import {
  answerStep,
  callStep,
  isFinished,
  parseQuestion,
  type QuestionName,
  questionStep,
  quoted,
  sideStep,
} from "./step_names.ts";

/** Something that is kept. */
export interface KeptValue {
  readonly value: unknown;
}

/** Is thrown through a function that waits for an answer. */
export class Interruption extends Error {
  /** The class. */
  override readonly name = "Interruption";
  readonly log: RunLog;

  constructor(log: RunLog, step: string) {
    super(`"${step}" of run "${log.runId}" waits for an answer`);
    this.log = log;
  }
}

/** The value of a step that is kept; `undefined` if it is damaged. Skips are kept as nothing in a list. */
function decodeStep(step: string, bytes: Uint8Array): KeptValue | undefined {
  const list = decodeValue(step, bytes)?.value;
  if (!Array.isArray(list)) return undefined;
  return { value: list.length === 0 ? SKIPPED : list[0] };
}

/**
 * The bytes of a step.
 *
 * @throws {TypeError} If the value would come back as another one.
 */
export function encodeStep(step: string, value: unknown): Uint8Array {
  if (value === SKIPPED) return bytesOfValue(step, []);
  const reason = whyNotStorable(value);
  if (reason !== null) throw new TypeError(`Cannot keep what "${step}" has come to in its run: ${reason}`);
  return bytesOfValue(step, [value]);
}

/** The questions that have no answer among kept steps. */
export function openQuestions(steps: ReadonlyMap<string, Uint8Array>): RunInterrupt[] {
  const open: RunInterrupt[] = [];
  for (const [step, bytes] of steps) {
    const question = parseQuestion(step);
    if (!question || steps.has(answerStep(question.call, question.name)) || steps.has(question.call)) continue;
    open.push({ node: question.call, value: decodeStep(step, bytes)?.value });
  }
  return inOrder(open);
}

/** By the names of nodes. */
export function inOrder(questions: readonly RunInterrupt[]): RunInterrupt[] {
  return questions.toSorted((a, b) => a.node < b.node ? -1 : 1);
}

/** One run under way. */
export class RunLog {
  readonly graph: string;
  readonly runId: string;
  /** The steps whose outputs were taken from what was kept. */
  readonly restored: string[] = [];
  /** By call: what waits for an answer. */
  readonly waiting: Map<string, RunInterrupt> = new Map();
  readonly #claim: ClaimedRun;
  readonly #kept: Map<string, Uint8Array>;

  constructor(graph: string, runId: string, claim: ClaimedRun, kept: ReadonlyMap<string, Uint8Array>) {
    this.graph = graph;
    this.runId = runId;
    this.#claim = claim;
    this.#kept = new Map(kept);
  }

  /** How many outputs are kept from before. */
  get finished(): number {
    return [...this.#kept.keys()].filter(isFinished).length;
  }

  /**
   * What is kept for a step.
   *
   * @throws {Error} If it cannot be read.
   */
  read(step: string): KeptValue | undefined {
    const bytes = this.#kept.get(step);
    if (bytes === undefined) return undefined;
    const found = decodeStep(step, bytes);
    if (found) return found;
    throw new Error(
      `Cannot read what is kept of "${step}" in run "${this.runId}": it is damaged, or of another version of V8; delete the run`,
    );
  }

  /**
   * Keeps a step.
   *
   * @throws {TypeError} If it would come back as another value.
   */
  save(step: string, value: unknown): void | PromiseLike<void> {
    return this.#claim.save(step, encodeStep(step, value));
  }

  forget(prefixes: readonly string[]): void | PromiseLike<void> {
    for (const step of [...this.#kept.keys()]) {
      if (prefixes.some((prefix) => step.startsWith(prefix))) this.#kept.delete(step);
    }
    return this.#claim.forget(prefixes);
  }

  /** The question that a call has stopped at, if it has no answer yet. */
  openQuestion(call: string): RunInterrupt | undefined {
    for (const series of ["", "f"] as const) {
      for (let number = 0;; number++) {
        const step = questionStep(call, `${series}${number}`);
        const question = this.#kept.get(step);
        if (!question) break;
        if (!this.#kept.has(answerStep(call, `${series}${number}`))) {
          return { node: call, value: decodeStep(step, question)?.value };
        }
      }
    }
  }

  release(): void | PromiseLike<void> {
    return this.#claim.release();
  }
}

/** Where in a run an execution is: the run's own, or that of an inner graph. */
export class RunPlace {
  readonly log: RunLog;
  readonly path: string;

  constructor(log: RunLog, path: string) {
    this.log = log;
    this.path = path;
  }

  /** Where a call of one of its nodes is. */
  callOf(node: string, slot: number): CallPlace {
    return new CallPlace(this.log, callStep(this.path, node, slot));
  }
}

/** Where in a run a call of a node is, with all of its attempts. */
export class CallPlace extends RunPlace {
  /** Once the function has asked for what nobody has answered. */
  interruption: Interruption | undefined;
  #question: { readonly name: QuestionName; readonly value: unknown } | undefined;
  #hasInside = false;
  #isNew = true;

  /** An inner part, such as a round or a way. */
  within(part: string): CallPlace {
    this.#hasInside = true;
    return new CallPlace(this.log, `${this.path}/${part}`);
  }

  /** The place of a graph that the call runs. */
  inside(): RunPlace {
    this.#hasInside = true;
    return this;
  }

  /** Begins an attempt. What the inner graphs of an earlier one have come to does not count. */
  beginAttempt(): void | PromiseLike<void> {
    const isAgain = this.#hasInside && !this.#isNew;
    this.#isNew = false;
    if (isAgain) return this.log.forget([`${this.path}/`, `${this.path}:`]);
  }

  read(): KeptValue | undefined {
    const found = this.log.read(this.path);
    if (found) this.log.restored.push(this.path);
    return found;
  }

  /** Whether the call has stopped for an answer in an earlier program that nobody has given. */
  isWaiting(): boolean {
    const question = this.log.openQuestion(this.path);
    if (question) this.log.waiting.set(this.path, question);
    return question !== undefined;
  }

  save(output: unknown): void | PromiseLike<void> {
    return this.log.save(this.path, output);
  }

  /** Keeps what the call has yielded, before its output. */
  saveChunks(chunks: readonly unknown[]): void | PromiseLike<void> {
    return this.log.save(sideStep(this.path, "chunks"), chunks);
  }

  readChunks(): readonly unknown[] {
    return (this.log.read(sideStep(this.path, "chunks"))?.value ?? []) as readonly unknown[];
  }

  /** Calls a function whose answer decides how the call goes on, unless that is kept. */
  async decide<Value>(name: string, work: () => Value | PromiseLike<Value>): Promise<Value> {
    const step = sideStep(this.path, name);
    const found = this.log.read(step);
    this.#hasInside = true;
    if (found) return found.value as Value;
    const value = await work();
    await this.log.save(step, value);
    return value;
  }

  /**
   * The answer to a question of the call.
   *
   * @throws {Interruption} If there is none yet.
   */
  ask(name: QuestionName, value: unknown): unknown {
    const answer = this.log.read(answerStep(this.path, name));
    if (answer) return answer.value;
    this.#question = { name, value };
    throw this.interruption ??= new Interruption(this.log, this.path);
  }

  /** Keeps the call's own question, before the run stops. `undefined` if it is one of an inner graph. */
  async saveQuestion(): Promise<RunInterrupt | undefined> {
    if (!this.#question) return undefined;
    const { name, value } = this.#question;
    const question = { node: this.path, value };
    await this.log.save(questionStep(this.path, name), value);
    this.log.waiting.set(this.path, question);
    return question;
  }
}

/** A part of a place: a way by its name, a round by its number. */
export function partOf(name: string | number): string {
  return typeof name === "number" ? `@${name}` : quoted(name);
}
