/** Where a stream's items come from. */

import { refuse } from "./node_options.ts";

/** Something that emits values, such as an RxJS `Observable`. It cannot be held back: what it emits meanwhile is kept. */
export interface Subscribable<Item> {
  /** Begins to emit. */
  subscribe(observer: {
    next(item: Item): void;
    error(error: unknown): void;
    complete(): void;
  }): { unsubscribe(): void };
}

/** Where a stream's items come from. */
export type StreamSource<Item> = Iterable<Item> | AsyncIterable<Item> | ReadableStream<Item> | Subscribable<Item>;

/** A source that is being read. */
export interface OpenSource<Item> {
  /** The next item. */
  next(): IteratorResult<Item> | Promise<IteratorResult<Item>>;
  /** Says that no more items are wanted. */
  stop(reason: unknown): Promise<void>;
}

/** Reads a source, from the first item that is asked for. `action` is what messages begin with. */
export function openSource<Item>(action: string, source: StreamSource<Item>): OpenSource<Item> {
  const open = openerOf(source);
  if (!open) return refuse(TypeError, action, "expected an iterable, a stream or an observable", source);
  let opened: OpenSource<Item> | undefined;
  return {
    next: () => (opened ??= open()).next(),
    stop: (reason) => opened?.stop(reason) ?? Promise.resolve(),
  };
}

function openerOf<Item>(source: StreamSource<Item>): (() => OpenSource<Item>) | null {
  const given = Object(source);
  if (source instanceof ReadableStream) return () => openStream(source);
  if (typeof given[Symbol.asyncIterator] === "function") return () => openIterator(given[Symbol.asyncIterator]());
  if (typeof given[Symbol.iterator] === "function") return () => openIterator(resolved(given[Symbol.iterator]()));
  if (typeof given.subscribe === "function") return () => openStream(observed(given as Subscribable<Item>));
  return null;
}

function openIterator<Item>(iterator: ItemIterator<Item>): OpenSource<Item> {
  return { next: () => iterator.next(), stop: async () => void await iterator.return?.() };
}

/** What a source is read by. */
interface ItemIterator<Item> {
  next(): IteratorResult<Item> | Promise<IteratorResult<Item>>;
  return?(): unknown;
}

/** Items that are promises are awaited, and one that rejects ends the iterator, as `for await` does. */
function resolved<Item>(iterator: Iterator<Item>): ItemIterator<Item> {
  return {
    next: () => {
      const result = iterator.next();
      const { value } = result;
      if (result.done || typeof (value as PromiseLike<Item> | null)?.then !== "function") return result;
      return Promise.resolve(value).then((value) => ({ done: false, value }), (error) => {
        endQuietly(iterator);
        throw error;
      });
    },
    return: () => iterator.return?.(),
  };
}

/** What has failed before counts, not what the end comes to. */
function endQuietly(iterator: Iterator<unknown>): void {
  try {
    iterator.return?.();
  } catch {
    // As with for await.
  }
}

/** Cancelling the reader also ends a read that waits, which an iterator's `return()` does not. */
function openStream<Item>(stream: ReadableStream<Item>): OpenSource<Item> {
  const reader = stream.getReader();
  const next = async () => {
    const result = await reader.read() as IteratorResult<Item>;
    if (result.done) reader.releaseLock();
    return result;
  };
  const stop = async (reason: unknown) => {
    await reader.cancel(reason);
    reader.releaseLock();
  };
  return { next, stop };
}

function observed<Item>(source: Subscribable<Item>): ReadableStream<Item> {
  let subscription: { unsubscribe(): void } | undefined;
  return new ReadableStream({
    start(controller) {
      subscription = source.subscribe({
        next: (item) => controller.enqueue(item),
        error: (error) => controller.error(error),
        complete: () => controller.close(),
      });
    },
    cancel: () => subscription?.unsubscribe(),
  });
}
