import { deepEqual, equal } from "node:assert/strict";
import { layout } from "../../src/ring/core.generated.ts";
import {
  dataAddress,
  eventBytes,
  eventWaiters,
  readerAddress,
  ringBytes,
  type RingDescription,
  ringWaiters,
} from "../../src/ring/description.ts";

const ring: RingDescription = {
  name: "numbers",
  address: 1024,
  capacity: 100,
  readers: 3,
  wait: "park",
  refresh: { interval: 64, ms: 5 },
};

Deno.test("ringBytes() counts the header, the readers and the data", () => {
  equal(ringBytes(100, 3), layout.RING_HEADER + 3 * layout.READER_BYTES + 100);
  equal(ringBytes(1, 0), layout.RING_HEADER + 1);
});

Deno.test("readerAddress() and dataAddress() follow the header, in this order", () => {
  const readers = [0, 1, 2].map((index) => readerAddress(ring, index) - ring.address - layout.RING_HEADER);
  deepEqual(readers, [0, layout.READER_BYTES, 2 * layout.READER_BYTES]);
  equal(dataAddress(ring), readerAddress(ring, 3));
  equal(dataAddress(ring) + ring.capacity, ring.address + ringBytes(ring.capacity, ring.readers));
});

Deno.test("dataAddress() begins on a line, so that frames of any kind can be aligned", () => {
  for (const readers of [0, 1, 2, 7]) equal(dataAddress({ ...ring, readers }) % layout.LINE, 0);
});

Deno.test("ringWaiters() and eventWaiters() name the words that are waited on", () => {
  deepEqual(ringWaiters(ring), [1024 + layout.RING_DATA_WAITERS, 1024 + layout.RING_SPACE_WAITERS]);
  equal(eventWaiters({ name: "armed", address: 512 }), 512 + layout.EVENT_WAITERS);
  equal(eventBytes(3), layout.EVENT_HEADER + 12);
});

Deno.test("layout gives each word that both sides touch a line of its own", () => {
  const { RING_POSITION, RING_CLAIM, RING_DATA_WAITERS, RING_SPACE_WAITERS, RING_CAPACITY, RING_LIMIT } = layout;
  const lines = [RING_POSITION, RING_CLAIM, RING_DATA_WAITERS, RING_SPACE_WAITERS, RING_CAPACITY, RING_LIMIT]
    .map((offset) => Math.floor(offset / layout.LINE));
  equal(new Set(lines).size, lines.length);
  equal(Math.floor(layout.READER_SEEN / layout.LINE), 1);
  equal(layout.READER_BYTES % layout.LINE, 0);
  equal(layout.RING_HEADER % layout.LINE, 0);
});
