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

/** Begins to read a source. `action` is what messages begin with. */
export function openSource<Item>(action: string, source: StreamSource<Item>): OpenSource<Item> {
  const given = Object(source);
  if (source instanceof ReadableStream) return openStream(source);
  if (typeof given[Symbol.asyncIterator] === "function") return openIterator(given[Symbol.asyncIterator]());
  if (typeof given[Symbol.iterator] === "function") return openIterator(given[Symbol.iterator]());
  if (typeof given.subscribe === "function") return openStream(observed(given as Subscribable<Item>));
  return refuse(TypeError, action, "expected an iterable, a stream or an observable", source);
}

function openIterator<Item>(iterator: Iterator<Item> | AsyncIterator<Item>): OpenSource<Item> {
  return { next: () => iterator.next(), stop: async () => void await iterator.return?.() };
}

/** Cancelling the reader also ends a read that waits, which an iterator's `return()` does not. */
function openStream<Item>(stream: ReadableStream<Item>): OpenSource<Item> {
  const reader = stream.getReader();
  return { next: () => reader.read() as Promise<IteratorResult<Item>>, stop: (reason) => reader.cancel(reason) };
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
