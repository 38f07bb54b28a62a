/**
 * Frames that the loops of a task have handed out and that are not consumed yet. Those that a loop was left with by a
 * `break` or a throw are owed: an iterator cannot tell one from the other. They stay in the ring, for a successor of a task
 * that has crashed, until the same function goes on or returns.
 */

/** A reader with such frames. */
export interface Owing {
  /** Consumes them. */
  release(): void;
}

/**
 * How long a thread waits for something else before what it owes is consumed: the producer may be waiting for that room.
 * Code that cleans up after a throw seldom waits so long.
 */
export const OWED_MS = 20;

const keeping = new Set<Owing>();
const owing = new Set<Owing>();

/** Whether a reader of this thread owes something. */
export function isOwing(): boolean {
  return owing.size > 0;
}

/** Notes that a loop over a reader has a frame in hand. */
export function keep(reader: Owing): void {
  keeping.add(reader);
}

/** Notes that the loop was left. */
export function owe(reader: Owing): void {
  owing.add(reader);
}

/** Notes that everything is consumed. */
export function forgive(reader: Owing): void {
  keeping.delete(reader);
  owing.delete(reader);
}

/** Consumes everything that readers of this thread owe. */
export function settleOwed(): void {
  for (const reader of [...owing]) reader.release();
}

/** Consumes everything that loops of this thread have handed out: the task's function has returned. */
export function settleAll(): void {
  for (const reader of [...keeping]) reader.release();
}
