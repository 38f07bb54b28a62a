/** An event does what a counter would, whatever its parties ask of it. */

import { equal, throws } from "node:assert/strict";
import fc from "fast-check";
import type { TaskEvent } from "../../src/ring/task_event.ts";
import { makeEvent } from "./_helpers.ts";
import { checkModel, operation } from "./_property.ts";

const MOST = 2 ** 32 - 1;

/** Activations, which of the parties count as signalers, and which have closed the event. */
interface Model {
  pending: number;
  readonly signalers: Set<number>;
  readonly closed: Set<number>;
}

/** Whether none but the party itself is left to signal. */
function isClosed({ signalers }: Model, party: number): boolean {
  return signalers.size - (signalers.has(party) ? 1 : 0) === 0;
}

function onParty(
  name: string,
  run: (model: Model, event: TaskEvent, party: number) => Promise<void> | void,
) {
  return operation(name, fc.nat(), async (model: Model, parties: readonly TaskEvent[], which) => {
    await run(model, parties[which % parties.length], which % parties.length);
  });
}

const OPERATIONS = [
  onParty("signal", (model, event, party) => {
    if (model.closed.has(party)) return throws(() => event.signal(), /this party has closed it$/);
    event.signal();
    model.pending = Math.min(model.pending + 1, MOST);
  }),
  onParty("take", (model, event) => {
    equal(event.take(), model.pending > 0);
    model.pending = Math.max(0, model.pending - 1);
  }),
  onParty("wait", (model, event) => equal(event.wait(0), model.pending > 0)),
  onParty("wait for good", (model, event, party) => {
    // Where it would block, it throws instead.
    if (model.pending > 0 || isClosed(model, party)) equal(event.wait(), model.pending > 0);
    else throws(() => event.wait(), { name: "TypeError" });
  }),
  onParty("waitAsync", async (model, event) => equal(await event.waitAsync({ timeoutMs: 0 }), model.pending > 0)),
  onParty("reset", (model, event) => {
    event.reset();
    model.pending = 0;
  }),
  onParty("close", (model, event, party) => {
    event.close();
    model.signalers.delete(party);
    model.closed.add(party);
  }),
];

function compare(model: Model, parties: readonly TaskEvent[]): void {
  for (const [party, event] of parties.entries()) {
    equal(event.pending, model.pending);
    equal(event.isOpen, model.pending > 0);
    equal(event.closed, isClosed(model, party));
  }
}

const settings = fc.record({
  activations: fc.constantFrom(0, 1, MOST - 1, MOST),
  signalers: fc.integer({ min: 1, max: 4 }),
  waiters: fc.nat(2),
});

Deno.test("TaskEvent does what a counter would, whatever its parties ask of it", async () => {
  await checkModel(
    settings,
    ({ activations, signalers, waiters }) => {
      const fixture = makeEvent({ activations, signalers });
      const numbers = [...new Array(signalers).keys()];
      const parties = Array.from(
        { length: signalers + waiters },
        (_, n) => fixture.open(n < signalers, { mayBlock: false }),
      );
      return { model: { pending: activations, signalers: new Set(numbers), closed: new Set<number>() }, real: parties };
    },
    OPERATIONS,
    compare,
    500,
  );
});
