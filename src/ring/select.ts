/** Waiting for any of several streams and events. */

import { checkOptions, duration, type Rules } from "../rules.ts";
import type { Doorbell } from "./doorbell.ts";
import { describe } from "./frame_kind.ts";
import type { AsyncReader } from "./reader.ts";
import type { RingReader, RingWriter } from "./ring.ts";
import { SOURCE, type Source } from "./source.ts";
import type { AsyncTaskEvent } from "./task_event.ts";
import { checkWaitOptions, type WaitOptions } from "./waiting.ts";
import type { AsyncWriter } from "./writer.ts";

/** Anything that can be waited for together with others: an end of a stream or of a ring of bytes, or an event. */
export type Selectable =
  // Of any element type.
  // deno-lint-ignore no-explicit-any
  AsyncReader<any> | AsyncWriter<any> | RingReader | RingWriter | AsyncTaskEvent;

/** Options of {@link select}. */
export interface SelectOptions {
  /**
   * How long to wait, in milliseconds; 0 polls.
   *
   * @default {Infinity}
   */
  timeoutMs?: number;
}

/** The rules of {@link SelectOptions}. */
const SELECT_RULES: Rules = { timeoutMs: duration };

const NO_OPTIONS = {};

/** What handles give as their source. */
interface HandleSource extends Source {
  readonly doorbell?: Doorbell;
  readonly isShut?: boolean;
  /** The last call that has waited for it. */
  call?: number;
}

/** How many calls of this thread there were. */
let calls = 0;

type Sources = Readonly<Record<string, Selectable | null>>;

/** What a call waits for. */
export interface Selection {
  readonly keys: readonly string[];
  readonly handles: readonly Selectable[];
  readonly sources: readonly HandleSource[];
  readonly doorbell: Doorbell;
}

/**
 * Blocks the thread until at least one of `sources` is ready, and returns the key of one that is; `null` if none is within
 * `timeoutMs`. It takes nothing: call `read()`, `write()`, `take()` or whatever you want to do next.
 *
 * Ready are a reader whose next frame is there (of a ring of bytes: a byte) or whose stream has ended and is read to the
 * end; a writer for which there is room for one frame (a byte); an event that is signalled, or that nobody else is left to
 * signal. Of several that are ready, the one that was chosen longest ago by this thread is chosen: none waits for ever
 * behind a busy one. An ended stream stays ready, so that loops find its end: give `null` in its
 * place in the next call, which leaves it out.
 *
 * The thread spins for a moment and then sleeps until one of them changes; it does not poll. While a task selects, it counts
 * as waiting for each of them.
 *
 * @throws {TypeError} If `sources` is no object of handles by name, is empty, or has the same handle twice; if an option is
 * wrong; or on the main thread, which must not block, unless `timeoutMs` is 0: see {@link selectAsync}.
 * @throws {RangeError} If `timeoutMs` is negative.
 * @throws {Error} If one of the handles was closed by this thread, or they belong to different pipelines.
 * @throws {StoppedError} If the pipeline was told to stop.
 *
 * @example Two streams as their frames come, and a pause of at most a second
 * ```ts
 * import { type Reader, select, type Writer } from "@ringmill/ringmill";
 *
 * type Bindings = { left: Reader<"float32">; right: Reader<"float32">; merged: Writer<"float32"> };
 *
 * export function merge({ left, right, merged }: Bindings) {
 *   while (!left.closed || !right.closed) {
 *     const open = { left: left.closed ? null : left, right: right.closed ? null : right };
 *     const key = select(open, { timeoutMs: 1000 });
 *     if (key === null) {
 *       console.log("Nothing for a second");
 *       continue;
 *     }
 *     const frame = open[key]!.read();
 *     if (frame) merged.write(frame);
 *   }
 * }
 * ```
 */
export function select<const Sources extends Readonly<Record<string, Selectable | null>>>(
  sources: Sources,
  options?: SelectOptions & { readonly timeoutMs?: undefined },
): Extract<keyof Sources, string>;
/** As above; `null` if none is ready within `timeoutMs`. */
export function select<const Sources extends Readonly<Record<string, Selectable | null>>>(
  sources: Sources,
  options: SelectOptions,
): Extract<keyof Sources, string> | null;
export function select<Sources extends Readonly<Record<string, Selectable | null>>>(
  sources: Sources,
  options: SelectOptions = NO_OPTIONS,
): Extract<keyof Sources, string> | null {
  if (options !== NO_OPTIONS) checkOptions("select", options, SELECT_RULES);
  const { keys, sources: waited, doorbell } = selectionOf(sources);
  const found = doorbell.block(waited, options.timeoutMs ?? Infinity);
  return found < 0 ? null : keys[found] as Extract<keyof Sources, string>;
}

/**
 * As {@link select}, without blocking the thread; it works in the program, too. Any number of calls may wait at a time. A
 * frame for which one of them resolves may be taken by another call before: `read()` is `null` then.
 *
 * @example Two streams in the program
 * ```ts
 * import { Pipeline, selectAsync } from "@ringmill/ringmill";
 * import { equal } from "node:assert/strict";
 *
 * await using pipe = new Pipeline("loop");
 * const [ticks, trades] = ["ticks", "trades"].map((name) => pipe.addStream(name, { shape: [1], dtype: "int32" }));
 * const writers = { ticks: pipe.openWriter(ticks), trades: pipe.openWriter(trades) };
 * const readers = { ticks: pipe.openReader(ticks), trades: pipe.openReader(trades) };
 * await pipe.start();
 * equal(await selectAsync(readers, { timeoutMs: 10 }), null);
 * writers.trades.write(Int32Array.of(7));
 * equal(await selectAsync(readers), "trades");
 * equal(readers.trades.read()![0], 7);
 * writers.ticks.close();
 * equal(await selectAsync(readers), "ticks");
 * equal(readers.ticks.closed, true);
 * ```
 */
export function selectAsync<const Sources extends Readonly<Record<string, Selectable | null>>>(
  sources: Sources,
  options?: WaitOptions & { readonly timeoutMs?: undefined },
): Promise<Extract<keyof Sources, string>>;
/** As above; `null` if none is ready within `timeoutMs`. */
export function selectAsync<const Sources extends Readonly<Record<string, Selectable | null>>>(
  sources: Sources,
  options: WaitOptions,
): Promise<Extract<keyof Sources, string> | null>;
export async function selectAsync<Sources extends Readonly<Record<string, Selectable | null>>>(
  sources: Sources,
  options: WaitOptions = NO_OPTIONS,
): Promise<Extract<keyof Sources, string> | null> {
  if (options !== NO_OPTIONS) checkWaitOptions("select", options);
  const { keys, sources: waited, doorbell } = selectionOf(sources);
  const found = await doorbell.wait(waited, options.timeoutMs ?? Infinity, options.signal);
  return found < 0 ? null : keys[found] as Extract<keyof Sources, string>;
}

/** What a call waits for: checked, unless it is what the call before has waited for. */
function selectionOf(sources: Sources): Selection {
  if (typeof sources !== "object" || sources === null || Array.isArray(sources) || SOURCE in sources) {
    throw new TypeError(`Cannot select: expected handles by name, received ${describe(sources)}`);
  }
  const known = selectionBefore(sources);
  return known !== undefined && isOf(known, sources) ? known : newSelection(sources);
}

/** What was selected last of the pipeline of the first handle. */
function selectionBefore(sources: Sources): Selection | undefined {
  for (const key in sources) {
    const handle = sources[key] as { readonly [SOURCE]?: HandleSource } | null | undefined;
    if (handle !== null) return handle?.[SOURCE]?.doorbell?.selection;
  }
}

/** Whether a selection is of these handles by these names, which are open. */
function isOf({ keys, handles, sources: known }: Selection, sources: Sources): boolean {
  let at = 0;
  for (const key in sources) {
    const handle = sources[key];
    if (handle === null) continue;
    if (at === keys.length || keys[at] !== key || handles[at] !== handle || known[at].isShut) return false;
    at++;
  }
  return at === keys.length;
}

function newSelection(sources: Sources): Selection {
  const keys: string[] = [];
  const handles: Selectable[] = [];
  const found: HandleSource[] = [];
  calls++;
  for (const key of Object.keys(sources)) {
    const handle = sources[key];
    if (handle === null) continue;
    const source = sourceOf(key, handle);
    if (source.call === calls || source.doorbell !== (found[0] ?? source).doorbell) refuse(key, source, keys, found);
    source.call = calls;
    keys.push(key);
    handles.push(handle);
    found.push(source);
  }
  if (keys.length === 0) {
    throw new TypeError(`Cannot select: there is nothing to wait for, received ${Deno.inspect(sources)}`);
  }
  const doorbell = found[0].doorbell!;
  return doorbell.selection = { keys, handles, sources: found, doorbell };
}

function sourceOf(key: string, handle: Selectable): HandleSource {
  const source = (handle as { readonly [SOURCE]?: HandleSource } | null | undefined)?.[SOURCE];
  if (source === undefined) {
    throw new TypeError(`Cannot select "${key}": expected a reader, writer or event, received ${describe(handle)}`);
  }
  if (source.isShut) throw new Error(`Cannot select "${key}": this handle is closed`);
  if (source.doorbell === undefined) throw new Error(`Cannot select "${key}": it was opened without a doorbell`);
  return source;
}

/** Throws: the source of a key does not go with those before it. */
function refuse(key: string, source: HandleSource, keys: readonly string[], sources: readonly HandleSource[]): never {
  const same = sources.indexOf(source);
  if (same >= 0) throw new TypeError(`Cannot select "${key}": it is the same handle as "${keys[same]}"`);
  throw new Error(`Cannot select "${key}": it belongs to another pipeline than "${keys[0]}"`);
}
