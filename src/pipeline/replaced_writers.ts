/** Tasks that take the place of those that write a stream: a recording that is replayed, a stream of another machine. */

import { DeclarationError } from "../errors.ts";
import type { Pipeline } from "./pipeline.ts";
import type { DeclaredBinding, TaskDeclaration } from "./task.ts";

/** Streams of each pipeline that have another writer, with the name of the task that writes them. */
const replacements = new WeakMap<Pipeline, Map<string, string>>();

/** Has `task` write a stream instead of whoever was declared to. What only feeds the others is left out. */
export function replaceWriter(pipe: Pipeline, stream: string, task: string): void {
  const known = replacements.get(pipe) ?? new Map<string, string>();
  replacements.set(pipe, known.set(stream, task));
}

/** What was declared. */
interface Declared {
  readonly tasks: ReadonlyMap<string, TaskDeclaration>;
  /** The streams that the program reads, and those that it writes. */
  readonly opened: { readonly reads: ReadonlySet<string>; readonly writes: ReadonlySet<string> };
}

const targets = (bindings: readonly DeclaredBinding[]) => bindings.map(({ target }) => target);

/** The tasks that run: all but those whose streams are written by others, and those that only feed such tasks. */
export function runningTasks(pipe: Pipeline, { tasks, opened }: Declared): ReadonlyMap<string, TaskDeclaration> {
  const replaced = replacements.get(pipe);
  if (!replaced) return tasks;
  const running = new Map(tasks);
  for (const [name, { writes }] of tasks) {
    if (targets(writes).some((stream) => replaced.has(stream) && replaced.get(stream) !== name)) running.delete(name);
  }
  while (leaveOutFeeders(running, tasks, opened.reads));
  return running;
}

/**
 * Checks that whoever has another writer for one of its streams has one for all.
 *
 * @throws {DeclarationError} If a task has not, or if the program itself writes such a stream.
 */
export function checkReplaced(pipe: Pipeline, { tasks, opened }: Declared): void {
  const replaced = replacements.get(pipe);
  if (!replaced) return;
  const cannot = `Cannot compile pipeline "${pipe.name}"`;
  for (const [stream, task] of replaced) {
    if (opened.writes.has(stream)) {
      throw new DeclarationError(`${cannot}: task "${task}" writes stream "${stream}", which the program writes, too`);
    }
  }
  for (const { name, writes } of tasks.values()) {
    const isReplaced = (stream: string) => replaced.has(stream) && replaced.get(stream) !== name;
    const [gone, left] = [targets(writes).filter(isReplaced), targets(writes).filter((stream) => !isReplaced(stream))];
    if (gone.length === 0 || left.length === 0) continue;
    const others = `${quoted(gone)} ${gone.length === 1 ? "has" : "have"} another writer`;
    throw new DeclarationError(
      `${cannot}: task "${name}" writes ${quoted(writes.map(({ target }) => target))}, of which ` +
        `${others} and ${quoted(left)} ${left.length === 1 ? "has" : "have"} not: replace all of them, or none`,
    );
  }
}

const quoted = (names: readonly string[]) => names.map((name) => `"${name}"`).join(", ");

/** Leaves out tasks all of whose streams were read by tasks that are left out. True if there were any. */
function leaveOutFeeders(
  running: Map<string, TaskDeclaration>,
  tasks: ReadonlyMap<string, TaskDeclaration>,
  programReads: ReadonlySet<string>,
): boolean {
  const readersOf = (stream: string, among: ReadonlyMap<string, TaskDeclaration>) =>
    Array.from(among.values()).filter(({ reads, mode }) => mode !== "terminator" && targets(reads).includes(stream));
  const isUseless = (stream: string) =>
    !programReads.has(stream) && readersOf(stream, tasks).length > 0 && readersOf(stream, running).length === 0;
  const feeders = Array.from(running.values()).filter(({ writes }) =>
    writes.length > 0 && targets(writes).every(isUseless)
  );
  for (const { name } of feeders) running.delete(name);
  return feeders.length > 0;
}

/** The streams that are still written or read when only some of the tasks run. */
export function runningStreams<Stream>(
  streams: ReadonlyMap<string, Stream>,
  declared: Declared,
  running: ReadonlyMap<string, TaskDeclaration>,
): ReadonlyMap<string, Stream> {
  if (running === declared.tasks) return streams;
  const isNamed = (stream: string, tasks: ReadonlyMap<string, TaskDeclaration>) =>
    declared.opened.reads.has(stream) || declared.opened.writes.has(stream) ||
    Array.from(tasks.values()).some(({ reads, writes, mode }) =>
      mode !== "terminator" && targets([...reads, ...writes]).includes(stream)
    );
  return new Map(Array.from(streams).filter(([name]) => isNamed(name, running) || !isNamed(name, declared.tasks)));
}
