/** `select()` between workers: nothing is lost, nobody sleeps through anything. */

import { deepEqual, equal } from "node:assert/strict";
import { SelectFixture } from "./_select.ts";
import { Peer, together, untilParked } from "./_threads.ts";

const FRAMES = 4000;
const SIGNALS = 500;

function bindings(fixture: SelectFixture, index: number) {
  return fixture.rings.map((_, stream) => fixture.readerBinding(stream, index));
}

for (const streams of [1, 3, 8]) {
  for (const frames of [1, 2, 16]) {
    Deno.test(`select() between workers loses nothing: ${streams} streams of ${frames} frames`, async () => {
      const fixture = new SelectFixture({ streams, frames, readers: 1, signalers: 1 });
      using writing = new Peer(fixture);
      using reading = new Peer(fixture);
      using signaling = new Peer(fixture);
      const writers = fixture.rings.map((_, stream) => fixture.writerBinding(stream));
      const count = Math.ceil(FRAMES / streams);
      const reader = reading.run(
        "readSelecting",
        bindings(fixture, 0),
        fixture.eventBinding(0, 0, false),
        fixture.bells[0],
        frames,
      );
      const others = [
        writing.run("writeSelecting", writers, fixture.bells[1], count, streams),
        signaling.run("signalTimes", fixture.eventBinding(0, 1, true), SIGNALS),
      ];
      const [found] = await together<unknown>(fixture, [reader, ...others]);
      deepEqual(found, { frames: fixture.rings.map(() => count), signals: SIGNALS });
    });
  }
}

Deno.test("Two workers that select one and by promises see every frame of the same streams", async () => {
  const fixture = new SelectFixture({ streams: 3, readers: 2, signalers: 1 });
  using writing = new Peer(fixture);
  using one = new Peer(fixture);
  using other = new Peer(fixture);
  const writers = fixture.rings.map((_, stream) => fixture.writerBinding(stream));
  const event = fixture.event(0, 2, true);
  for (let time = 0; time < 2; time++) event.signal();
  event.close();
  const [first, second] = await together<unknown>(fixture, [
    one.run("readSelecting", bindings(fixture, 0), fixture.eventBinding(0, 0, false), fixture.bells[0], 1),
    other.run("readSelectingAsync", bindings(fixture, 1), fixture.eventBinding(0, 1, false), fixture.bells[1], 2),
    writing.run("writeSelecting", writers, fixture.bells[2], 1000, 3),
  ]) as { frames: number[]; signals: number }[];
  deepEqual([first.frames, second.frames], [[1000, 1000, 1000], [1000, 1000, 1000]]);
  equal(first.signals + second.signals, 2);
});

Deno.test("select() in another worker throws StoppedError when the stop comes", async () => {
  const fixture = new SelectFixture();
  using peer = new Peer(fixture);
  const call = peer.begin("readSelecting", bindings(fixture, 0), fixture.eventBinding(0, 0, true), fixture.bells[0], 1);
  await untilParked(fixture.memory, fixture.bells[0]);
  fixture.memory.stop(fixture.waiters);
  equal((await call.result.catch((error) => error)).name, "StoppedError");
});
