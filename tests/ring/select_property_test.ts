/** `select()` against a list of what is ready, in the order in which it was chosen. */

import { equal } from "node:assert/strict";
import fc from "fast-check";
import { select, type Selectable } from "../../src/ring/select.ts";
import { SelectFixture } from "./_select.ts";

const STREAMS = 3;
const FRAMES = 2;

type Step = { readonly do: "write" | "read" | "close" | "signal" | "take" | "select"; readonly at: number };

const steps = fc.array(
  fc.record<Step>({
    do: fc.constantFrom("write", "write", "read", "read", "close", "signal", "take", "select", "select", "select"),
    at: fc.nat(63),
  }),
  { maxLength: 80 },
);

/** What is known of the streams and the event without asking them. */
class Known {
  readonly frames = Array.from({ length: STREAMS }, () => 0);
  readonly closed = new Set<number>();
  readonly chosenAt = new Map<string, number>();
  signals = 0;

  isReady(key: string): boolean {
    if (key === "event") return this.signals > 0;
    const stream = Number(key.slice(1));
    if (key.startsWith("w")) return this.frames[stream] < FRAMES;
    return this.frames[stream] > 0 || this.closed.has(stream);
  }

  /** Which of the keys is to be chosen. */
  next(keys: readonly string[]): string | null {
    const chosenAt = (key: string) => this.chosenAt.get(key) ?? 0;
    const ready = keys.filter((key) => this.isReady(key));
    return ready.reduce<string | null>((best, key) => best && chosenAt(best) <= chosenAt(key) ? best : key, null);
  }
}

/** All ends of a fixture by their keys: r0, w0, … and the event. */
function openAll(fixture: SelectFixture) {
  const options = fixture.options();
  const streams = Array.from({ length: STREAMS }, (_, stream) => stream);
  const readers = streams.map((stream) => fixture.reader(stream, options));
  const writers = streams.map((stream) => fixture.writer(stream, options));
  return { readers, writers, event: fixture.event(0, 0, true, options) };
}

Deno.test("select() chooses what a list of what is ready says, whatever was done before", () => {
  fc.assert(
    fc.property(steps, (steps) => {
      const fixture = new SelectFixture({ streams: STREAMS, frames: FRAMES, signalers: 2 });
      const { readers, writers, event } = openAll(fixture);
      const known = new Known();
      for (const [choice, step] of steps.entries()) {
        const stream = step.at % STREAMS;
        const isOpen = !known.closed.has(stream);
        if (step.do === "write" && isOpen) known.frames[stream] += Number(writers[stream].write(Uint32Array.of(1), 0));
        if (step.do === "read") known.frames[stream] -= Number(readers[stream].read() !== null);
        if (step.do === "signal") event.signal(), known.signals++;
        if (step.do === "take" && event.take()) known.signals--;
        if (step.do === "close") writers[stream].close(), known.closed.add(stream);
        if (step.do !== "select") continue;
        const all: [string, Selectable][] = [
          ...readers.map((reader, index): [string, Selectable] => [`r${index}`, reader]),
          ...writers.map((writer, index): [string, Selectable] => [`w${index}`, writer]),
          ["event", event],
        ];
        const some = all.filter(([key], index) =>
          (step.at + 1) >> index % 6 & 1 && !(key[0] === "w" && known.closed.has(Number(key[1])))
        );
        if (some.length === 0) continue;
        const expected = known.next(some.map(([key]) => key));
        equal(select(Object.fromEntries(some), { timeoutMs: 0 }), expected);
        if (expected !== null) known.chosenAt.set(expected, choice + 1);
      }
    }),
    { numRuns: Number(Deno.env.get("FC_RUNS") ?? 150) },
  );
});
