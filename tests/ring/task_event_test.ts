import { deepEqual, equal, rejects, throws } from "node:assert/strict";
import { layout } from "../../src/ring/core.generated.ts";
import { releaseBinding } from "../../src/ring/bindings.ts";
import { TaskEvent } from "../../src/ring/task_event.ts";
import { makeEvent } from "./_helpers.ts";
import { Peer, watched } from "./_threads.ts";

Deno.test("TaskEvent.signal() adds an activation, and wait() leaves it pending", () => {
  const event = makeEvent().open();
  deepEqual([event.name, event.pending, event.isOpen], ["event 0", 0, false]);
  event.signal();
  event.signal();
  deepEqual([event.pending, event.isOpen], [2, true]);
  equal(event.wait(), true);
  equal(event.wait(0), true);
  equal(event.pending, 2);
});

Deno.test("TaskEvent is open from the start where it was made so", () => {
  const event = makeEvent({ activations: 1 }).open();
  equal(event.isOpen, true);
  equal(event.take(), true);
  equal(event.isOpen, false);
});

Deno.test("TaskEvent.take() takes one activation, and none where none is pending", () => {
  const event = makeEvent().open();
  equal(event.take(), false);
  event.signal();
  event.signal();
  deepEqual([event.take(), event.take(), event.take()], [true, true, false]);
});

Deno.test("TaskEvent.reset() forgets all activations", () => {
  const fixture = makeEvent();
  const event = fixture.open();
  const other = fixture.open(false);
  for (let n = 0; n < 5; n++) event.signal();
  other.reset();
  deepEqual([event.pending, event.isOpen, event.take(), other.wait(0)], [0, false, false, false]);
  event.signal();
  equal(other.pending, 1);
});

Deno.test("TaskEvent.signal() stops counting at 2^32 - 1", () => {
  const fixture = makeEvent({ activations: 2 ** 32 - 2 });
  const event = fixture.open();
  event.signal();
  equal(event.pending, 2 ** 32 - 1);
  event.signal();
  equal(event.pending, 2 ** 32 - 1);
  equal(event.take(), true);
  equal(event.pending, 2 ** 32 - 2);
});

Deno.test("TaskEvent.wait() waits no longer than its timeout", async () => {
  const event = makeEvent().open(false);
  equal(event.wait(0), false);
  equal(event.wait(1), false);
  equal(await event.waitAsync({ timeoutMs: 0 }), false);
  equal(await event.waitAsync({ timeoutMs: 1 }), false);
});

Deno.test("TaskEvent refuses a timeout that is negative or NaN, open or not", async () => {
  for (const activations of [0, 1]) {
    const event = makeEvent({ activations }).open();
    for (const timeoutMs of [-1, NaN]) {
      const message =
        `Cannot wait for event "event 0": timeoutMs must be a number of milliseconds, 0 or more, received ${timeoutMs}`;
      throws(() => event.wait(timeoutMs), { name: "RangeError", message });
      await rejects(() => event.waitAsync({ timeoutMs }), { name: "RangeError", message });
    }
    equal(event.pending, activations);
  }
});

Deno.test("TaskEvent.closed is true once nobody else is left to signal", () => {
  const fixture = makeEvent({ signalers: 2 });
  const signaler = fixture.open(true);
  const waiter = fixture.open(false);
  deepEqual([signaler.closed, waiter.closed], [false, false]);
  fixture.leave();
  // The one that is left may signal itself, but nobody else for it.
  deepEqual([signaler.closed, waiter.closed], [true, false]);
  fixture.leave();
  deepEqual([signaler.closed, waiter.closed], [true, true]);
});

Deno.test("TaskEvent.wait() returns false at once when nobody is left to signal, true while activations are left", async () => {
  const fixture = makeEvent({ signalers: 1, activations: 1 });
  const waiter = fixture.open(false);
  fixture.leave();
  equal(waiter.wait(), true);
  equal(await waiter.waitAsync(), true);
  equal(waiter.take(), true);
  equal(waiter.wait(), false);
  equal(await waiter.waitAsync(), false);
  equal(waiter.take(), false);
});

Deno.test("TaskEvent.wait() returns false at once for the only party that signals", () => {
  const event = makeEvent({ signalers: 1 }).open(true);
  equal(event.wait(), false);
  event.signal();
  equal(event.wait(), true);
});

Deno.test("TaskEvent never counts its signalers below none", () => {
  const fixture = makeEvent({ signalers: 1 });
  fixture.leave();
  fixture.leave();
  const word = fixture.memory.words[(fixture.event.address + layout.EVENT_SIGNALERS) / 4];
  equal(word, 0);
  equal(fixture.open(false).closed, true);
});

Deno.test("TaskEvent.waitAsync() resolves when somebody signals or the last one leaves", async () => {
  const fixture = makeEvent({ signalers: 1 });
  const waiter = fixture.open(false);
  const signaler = fixture.open(true);
  const signalled = waiter.waitAsync();
  signaler.signal();
  equal(await watched(signalled), true);
  waiter.reset();
  const left = waiter.waitAsync();
  fixture.leave();
  equal(await watched(left), false);
});

Deno.test("TaskEvent.waitAsync() resolves for everyone who waits", async () => {
  const fixture = makeEvent();
  const all = [fixture.open(false), fixture.open(false), fixture.open(false)].map((event) => event.waitAsync());
  fixture.open().signal();
  deepEqual(await watched(Promise.all(all)), [true, true, true]);
});

Deno.test("TaskEvent that must not block throws a TypeError only where it would", async () => {
  const fixture = makeEvent({ signalers: 2 });
  const event = fixture.open(true, { mayBlock: false });
  const message = 'Cannot wait for event "event 0": the main thread must not block, use waitAsync()';
  throws(() => event.wait(), { name: "TypeError", message });
  throws(() => event.wait(1), { name: "TypeError", message });
  equal(event.wait(0), false);
  equal(await event.waitAsync({ timeoutMs: 0 }), false);
  event.signal();
  equal(event.wait(), true);
});

Deno.test("TaskEvent.close() counts a signaler less, once, and forbids to signal", async () => {
  const fixture = makeEvent({ signalers: 2 });
  const waiter = fixture.open(false);
  const binding = fixture.binding();
  const one = new TaskEvent(fixture.memory, binding);
  one.signal();
  one.close();
  one.close();
  releaseBinding(fixture.memory, binding);
  throws(() => one.signal(), { message: 'Cannot signal event "event 0": this party has closed it' });
  deepEqual([waiter.closed, waiter.take(), waiter.take()], [false, true, false]);
  const waiting = [waiter.waitAsync(), one.waitAsync()];
  {
    using other = fixture.open();
    equal(other.closed, true);
  }
  deepEqual(await watched(Promise.all(waiting)), [false, false]);
  deepEqual([waiter.closed, one.closed], [true, true]);
});

Deno.test("TaskEvent.close() of a party that only waits changes nothing for the others", () => {
  const fixture = makeEvent({ signalers: 1 });
  fixture.open(false).close();
  equal(fixture.open(false).closed, false);
});

Deno.test("TaskEvent.take() gives distinct activations to all who take, and loses none", async () => {
  const fixture = makeEvent({ signalers: 2 });
  const times = 20_000;
  using one = new Peer(fixture);
  using two = new Peer(fixture);
  using signaler = new Peer(fixture);
  const takers = [one, two].map((peer) => peer.run("takeActivations", fixture.binding(false)));
  const signalling = signaler.run("signalTimes", fixture.binding(), times);
  const event = fixture.open();
  for (let time = 0; time < times; time++) event.signal();
  fixture.leave();
  await signalling;
  const [first, second] = await Promise.all(takers);
  equal(first + second, 2 * times);
  equal(event.pending, 0);
});
