import { deepEqual, equal, ok, rejects, throws } from "node:assert/strict";
import { select, type Selectable, selectAsync } from "../../src/ring/select.ts";
import { StoppedError } from "../../src/errors.ts";
import { SelectFixture } from "./_select.ts";
import { watched } from "./_threads.ts";

const frame = Uint32Array.of(1);

Deno.test("select() names a reader whose frame is there, and takes nothing", () => {
  const fixture = new SelectFixture();
  const options = fixture.options();
  const left = fixture.reader(0, options);
  const right = fixture.reader(1, options);
  const writer = fixture.writer(1);
  equal(select({ left, right }, { timeoutMs: 0 }), null);
  equal(select({ left, right }, { timeoutMs: 2 }), null);
  writer.write(frame);
  equal(select({ left, right }), "right");
  equal(select({ left, right }), "right");
  deepEqual(right.read(), frame);
  equal(select({ left, right }, { timeoutMs: 0 }), null);
});

Deno.test("select() leaves out what is null in the place of a handle", () => {
  const fixture = new SelectFixture();
  const options = fixture.options();
  const left = fixture.reader(0, options);
  const right = fixture.reader(1, options);
  fixture.writer(0).write(frame);
  equal(select({ left: null, right }, { timeoutMs: 0 }), null);
  equal(select({ left, right: null }), "left");
});

Deno.test("select() names a writer that has room for a frame", () => {
  const fixture = new SelectFixture();
  const options = fixture.options();
  const writer = fixture.writer(0, options);
  const reader = fixture.reader(1, options);
  const drain = fixture.reader(0);
  equal(select({ writer, reader }), "writer");
  while (writer.write(frame, 0));
  equal(select({ writer, reader }, { timeoutMs: 0 }), null);
  drain.read();
  equal(select({ writer, reader }), "writer");
});

Deno.test("select() leaves frames alone that a reader which holds nobody back has not read", () => {
  const fixture = new SelectFixture();
  const passing = fixture.reader(0);
  const writer = fixture.writer(0, fixture.options());
  passing.setBlocking(false);
  for (let n = 0; n < 2; n++) writer.write(frame, 0);
  equal(select({ writer }), "writer");
  ok(passing.read());
  equal(passing.lost, 0);
});

Deno.test("select() names an event that is signalled, and one that nobody else can signal", () => {
  const fixture = new SelectFixture({ events: 2 });
  const options = fixture.options();
  const event = fixture.event(0, 0, false, options);
  const other = fixture.event(1, 0, false, options);
  const signaler = fixture.event(0, 1, true);
  const leaver = fixture.event(1, 1, true);
  equal(select({ event, other }, { timeoutMs: 0 }), null);
  signaler.signal();
  equal(select({ event, other }), "event");
  equal(event.take(), true);
  leaver.close();
  equal(select({ event, other }), "other");
  equal(other.closed, true);
});

Deno.test("select() names a stream that has ended once it is read to the end", () => {
  const fixture = new SelectFixture();
  const options = fixture.options();
  const left = fixture.reader(0, options);
  const right = fixture.reader(1, options);
  const writer = fixture.writer(0);
  writer.write(frame);
  writer.close();
  equal(select({ left, right }), "left");
  ok(left.read());
  equal(select({ left, right }), "left");
  equal(left.read(), null);
  equal(left.closed, true);
});

Deno.test("select() waits for a byte of a ring of bytes, and for room for one", () => {
  const fixture = new SelectFixture();
  const options = fixture.options();
  const { ring } = fixture.reader(0, options);
  const writer = fixture.writer(0);
  equal(select({ ring }, { timeoutMs: 0 }), null);
  writer.write(frame);
  equal(select({ ring }), "ring");
});

Deno.test("select() is fair: of those that are ready each is named as often, in different sets of one thread, too", () => {
  const fixture = new SelectFixture({ streams: 5 });
  const options = fixture.options();
  const readers = [0, 1, 2, 3, 4].map((stream) => fixture.reader(stream, options));
  for (const stream of [0, 1, 2, 4]) fixture.writer(stream).write(frame);
  const [a, b, c, d, e] = readers;
  const counts: Record<string, number> = {};
  for (let round = 0; round < 30; round++) {
    for (const key of [select({ a, b, c }), select({ d, e }), select({ c, d })]) counts[key] = (counts[key] ?? 0) + 1;
  }
  equal(counts.d, undefined);
  equal(counts.e, 30);
  equal(counts.a + counts.b + counts.c, 60);
  ok(Math.min(counts.a, counts.b) >= 10, JSON.stringify(counts));
});

Deno.test("select() goes by what its object holds now, however like it is to that of the call before", () => {
  const fixture = new SelectFixture({ streams: 3 });
  const options = fixture.options();
  const [a, b, c] = [0, 1, 2].map((index) => fixture.reader(index, options));
  const writers = [0, 1, 2].map((index) => fixture.writer(index));
  const poll = { timeoutMs: 0 } as const;
  const sources: Record<string, Selectable | null> = { a, b };
  writers[1].write(frame);
  equal(select(sources, poll), "b");
  // The same object with other handles, one less, one more, and others by the same names.
  sources.b = null;
  equal(select(sources, poll), null);
  sources.c = c;
  equal(select(sources, poll), null);
  sources.b = b;
  equal(select(sources, poll), "b");
  equal(select({ a: b, b: a }, poll), "a");
  equal(select({ b, a }, poll), "b");
  equal(select({ b }, poll), "b");
  delete sources.b;
  equal(select(sources, poll), null);
  writers[2].write(frame);
  equal(select(sources, poll), "c");
  equal(select(Object.assign(Object.create({ b }), { a, c }) as Record<string, Selectable>, poll), "c");
  // What is wrong is refused also where it was right before.
  throws(() => select({ a, c: a }, poll), /it is the same handle as "a"/);
  throws(() => select({ a, c: undefined as never }, poll), /expected a reader, writer or event/);
  equal(select({ a, c }, poll), "c");
  a.close();
  throws(() => select({ a, c }, poll), /Cannot select "a": this handle is closed/);
  equal(select({ c }, poll), "c");
  throws(() => select({ c: null }, poll), /there is nothing to wait for/);
});

Deno.test("selectAsync() resolves to what becomes ready, also for several calls at a time", async () => {
  const fixture = new SelectFixture({ streams: 3 });
  const options = fixture.options(0, false);
  const [a, b, c] = [0, 1, 2].map((stream) => fixture.reader(stream, options));
  const writer = fixture.writer(1);
  const other = fixture.writer(2);
  const first = selectAsync({ a, b });
  const second = selectAsync({ b, c });
  const third = selectAsync({ a, c });
  other.write(frame);
  deepEqual([await watched(second), await watched(third)], ["c", "c"]);
  writer.write(frame);
  equal(await watched(first), "b");
  equal(await watched(selectAsync({ a }, { timeoutMs: 5 })), null);
  equal(await watched(selectAsync({ a }, { timeoutMs: 0 })), null);
});

Deno.test("selectAsync() of a shorter time-out ends in time beside one of a longer", async () => {
  const fixture = new SelectFixture();
  const options = fixture.options(0, false);
  const a = fixture.reader(0, options);
  const b = fixture.reader(1, options);
  const long = selectAsync({ a, b }, { timeoutMs: 60_000 });
  equal(await watched(selectAsync({ b }, { timeoutMs: 5 })), null);
  fixture.writer(0).write(frame);
  equal(await watched(long), "a");
});

Deno.test("selectAsync() rejects with the reason of its signal, takes nothing, and leaves no timer behind", async () => {
  const fixture = new SelectFixture();
  const options = fixture.options(0, false);
  const reader = fixture.reader(0, options);
  const writer = fixture.writer(0);
  const controller = new AbortController();
  const waiting = selectAsync({ reader }, { signal: controller.signal });
  controller.abort(new Error("enough"));
  await rejects(watched(waiting), /^Error: enough$/);
  await rejects(selectAsync({ reader }, { signal: AbortSignal.abort(new Error("before")) }), /before/);
  writer.write(frame);
  deepEqual(reader.read(), frame);
});

Deno.test("selectAsync() rejects when one of its handles is closed meanwhile", async () => {
  const fixture = new SelectFixture();
  const options = fixture.options(0, false);
  const a = fixture.reader(0, options);
  const b = fixture.reader(1, options);
  const waiting = selectAsync({ a, b });
  b.close();
  await rejects(watched(waiting), /Cannot read "stream 1": this reader is closed/);
  const event = fixture.event(0, 0, true, options);
  const alone = selectAsync({ a, event });
  event.close();
  equal(await watched(alone), "event");
});

Deno.test("select() and selectAsync() throw StoppedError once the pipeline was told to stop", async () => {
  const fixture = new SelectFixture();
  const options = fixture.options();
  const reader = fixture.reader(0, options);
  const waiting = selectAsync({ reader });
  fixture.writer(0).write(frame);
  equal(await watched(waiting), "reader");
  const other = selectAsync({ other: fixture.reader(1, options) });
  fixture.memory.stop(fixture.waiters);
  await rejects(watched(other), StoppedError);
  throws(() => select({ reader }), StoppedError, "though a frame is there");
});

Deno.test("select() refuses wrong use by name", async () => {
  const fixture = new SelectFixture();
  const options = fixture.options();
  const a = fixture.reader(0, options);
  const b = fixture.reader(1, options);
  const stranger = new SelectFixture();
  const foreign = stranger.reader(0, stranger.options());
  const closed = stranger.reader(1, stranger.options());
  closed.close();
  const unknown = (value: unknown) => ({ a, value: value as Selectable });
  const wrong: readonly (readonly [() => unknown, ErrorConstructor, string])[] = [
    [() => select({}), TypeError, "Cannot select: there is nothing to wait for, received {}"],
    [() => select({ a: null }), TypeError, "Cannot select: there is nothing to wait for, received { a: null }"],
    [() => select([a] as never), TypeError, "Cannot select: expected handles by name, received Array of 1"],
    [() => select(null as never), TypeError, "Cannot select: expected handles by name, received null"],
    [() => select(a as never), TypeError, "Cannot select: expected handles by name, received Reader"],
    [() => select({ a, again: a }), TypeError, 'Cannot select "again": it is the same handle as "a"'],
    [() => select({ a, b, ring: b.ring }), TypeError, 'Cannot select "ring": it is the same handle as "b"'],
    [() => select({ a, foreign }), Error, 'Cannot select "foreign": it belongs to another pipeline than "a"'],
    [() => select({ closed }), Error, 'Cannot select "closed": this handle is closed'],
    [
      () => select({ plain: fixture.reader(0) }),
      Error,
      'Cannot select "plain": it was opened without a doorbell',
    ],
    ...[undefined, 7, {}, "a"].map((value) =>
      [
        () => select(unknown(value)),
        TypeError,
        `Cannot select "value": expected a reader, writer or event, received ${
          value && typeof value === "object" ? "Object" : Deno.inspect(value)
        }`,
      ] as const
    ),
    [() => select({ a }, { timeoutMs: -1 }), RangeError, ""],
    [() => select({ a }, { timeoutMs: "5" as never }), TypeError, ""],
    [() => select({ a }, { timeout: 5 } as never), TypeError, ""],
    [() => select({ a }, 5 as never), TypeError, ""],
  ];
  for (const [call, kind, message] of wrong) {
    throws(call, (error: Error) => {
      equal(error.constructor, kind, `${error}`);
      if (message) equal(error.message, message);
      return true;
    });
  }
  const main = fixture.reader(0, fixture.options(1, false));
  throws(() => select({ main }), /the main thread must not block, use selectAsync\(\)/);
  equal(select({ main }, { timeoutMs: 0 }), null);
  await rejects(selectAsync({}), /there is nothing to wait for/);
  await rejects(selectAsync({ a }, 5 as never), TypeError);
  await rejects(selectAsync({ a }, { timeoutMs: NaN }), RangeError);
});

Deno.test("select() tells the observers of all that it waits for when a wait begins and ends", async () => {
  const fixture = new SelectFixture();
  const options = fixture.options();
  const heard: string[] = [];
  const observer = (name: string) => ({
    begins: (isBlocked: boolean) => void heard.push(`${name} begins ${isBlocked}`),
    lasts: () => {},
    ends: () => void heard.push(`${name} ends`),
  });
  const a = fixture.reader(0, { ...options, observer: observer("a") });
  const b = fixture.reader(1, { ...options, observer: observer("b") });
  select({ a, b }, { timeoutMs: 0 });
  deepEqual(heard, []);
  select({ a, b }, { timeoutMs: 1 });
  deepEqual(heard.splice(0), ["a begins true", "b begins true", "a ends", "b ends"]);
  const waiting = selectAsync({ a, b });
  fixture.writer(0).write(frame);
  await watched(waiting);
  deepEqual(heard, ["a begins false", "b begins false", "a ends", "b ends"]);
});

/** Types alone. */
export function checkTypes(a: Selectable, b: Selectable) {
  const always: "a" | "b" = select({ a, b });
  const perhaps: "a" | "b" | null = select({ a, b }, { timeoutMs: 1 });
  // @ts-expect-error: null is possible with a time-out.
  const wrong: "a" | "b" = select({ a, b }, { timeoutMs: 1 });
  // @ts-expect-error: only handles can be selected.
  select({ a, b: new AbortController().signal });
  // @ts-expect-error: a select without a signal cannot be aborted.
  select({ a }, { signal: new AbortController().signal });
  return [always, perhaps, wrong];
}

Deno.test("select() inside a loop over a reader waits for the frame behind the one in hand", () => {
  const fixture = new SelectFixture();
  const options = fixture.options();
  const reader = fixture.reader(0, options);
  const other = fixture.reader(1, options);
  const writer = fixture.writer(0);
  writer.write(Uint32Array.of(1));
  const seen: number[] = [];
  for (const [number] of reader) {
    seen.push(number);
    if (number > 1) break;
    equal(select({ reader, other }, { timeoutMs: 0 }), null);
    writer.write(Uint32Array.of(2));
    equal(select({ reader, other }), "reader");
  }
  deepEqual(seen, [1, 2]);
  equal(select({ reader, other }, { timeoutMs: 0 }), null);
});
