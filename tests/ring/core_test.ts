import { deepEqual, equal, notEqual, throws } from "node:assert/strict";
import { bytes, codes, layout } from "../../src/ring/core.generated.ts";
import { coreModule, instantiateCore } from "../../src/ring/core.ts";
import { ringBytes } from "../../src/ring/description.ts";
import { Arena, SharedMemory } from "../../src/ring/shared_memory.ts";
import { Random } from "./_helpers.ts";
import { isAwaited } from "./_threads.ts";

const CAPACITIES = [1, 2, 3, 63, 64, 65, 128, 300];

/** Positions at which 32 bits, and the integers of JavaScript, end. */
const EDGES = [0n, 2n ** 31n, 2n ** 32n, 2n ** 53n];

/** A ring with one reader in a memory of its own, reached by the core alone, with room for a frame beside it. */
class CoreRing {
  readonly core;
  readonly ring: number;
  readonly reader: number;
  readonly data: number;
  readonly scratch: number;
  readonly #memory: SharedMemory;
  readonly #capacity: number;

  constructor(capacity: number) {
    const arena = new Arena();
    this.ring = arena.reserve(ringBytes(capacity, 1));
    this.scratch = arena.reserve(capacity);
    this.reader = this.ring + layout.RING_HEADER;
    this.data = this.reader + layout.READER_BYTES;
    this.#memory = SharedMemory.create(arena);
    this.#capacity = capacity;
    this.core = this.#memory.core;
  }

  start(position: bigint): void {
    this.#memory.bytes.fill(0, this.ring, this.scratch);
    this.core.ring_init(this.ring, this.#capacity, 1, position);
    this.core.writer_refresh(this.ring, 1000);
  }

  write(sent: Uint8Array): number {
    this.#memory.bytes.set(sent, this.scratch);
    return this.core.writer_write(this.ring, this.scratch, sent.length);
  }

  read(length: number): Uint8Array | number {
    this.#memory.bytes.fill(0, this.scratch, this.scratch + length);
    const code = this.core.reader_read(this.ring, this.reader, this.scratch, length);
    return code < 0 ? code : this.#memory.bytes.slice(this.scratch, this.scratch + length);
  }

  get words(): Int32Array<SharedArrayBuffer> {
    return this.#memory.words;
  }

  /** The bytes between the ring's data and what follows. */
  get surroundings(): Uint8Array {
    return this.#memory.bytes.slice(this.data + this.#capacity, this.scratch);
  }
}

Deno.test("Core has the functions of the module, no more and no less", () => {
  const expected = WebAssembly.Module.exports(new WebAssembly.Module(bytes)).map(({ name }) => name);
  const { memory } = SharedMemory.create(new Arena()).handle;
  deepEqual(Object.keys(instantiateCore(coreModule(), memory)).toSorted(), expected.toSorted());
});

Deno.test("coreModule() compiles once", () => {
  equal(coreModule(), coreModule());
});

Deno.test("instantiateCore() refuses a memory that is not shared", () => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
  throws(() => instantiateCore(coreModule(), memory), WebAssembly.LinkError);
});

for (const capacity of CAPACITIES) {
  Deno.test(`Core.writer_write() and reader_read() carry every length over the wrap of ${capacity} bytes`, () => {
    const ring = new CoreRing(capacity);
    const random = new Random(capacity);
    const { surroundings } = ring;
    for (const edge of EDGES) {
      for (let offset = 0; offset < capacity; offset += Math.ceil(capacity / 100)) {
        for (let length = 1; length <= capacity; length += Math.ceil(capacity / 70)) {
          ring.start(edge + BigInt(offset));
          const sent = random.bytes(length);
          equal(ring.write(sent), codes.DONE);
          deepEqual(ring.read(length), sent);
          equal(ring.read(1), codes.NOT_READY);
        }
      }
    }
    deepEqual(ring.surroundings, surroundings);
  });
}

Deno.test("Core.ring_init() starts at any position, and its offset is the position modulo the capacity", () => {
  const ring = new CoreRing(48);
  for (const start of [0n, 1n, 47n, 48n, 2n ** 32n - 1n, 2n ** 32n + 5n, 2n ** 53n - 1n, 2n ** 53n + 7n]) {
    ring.start(start);
    equal(ring.core.writer_look(ring.ring, 1), Number(start % 48n), `${start}`);
    equal(ring.core.reader_look(ring.ring, ring.reader, 1), codes.NOT_READY);
    equal(ring.core.ring_unread(ring.ring), 0);
  }
});

Deno.test("Core goes on across 2^32 and 2^53 without a break", () => {
  const ring = new CoreRing(7);
  const random = new Random(1);
  for (const edge of [2n ** 32n, 2n ** 53n]) {
    ring.start(edge - 100n);
    for (let round = 0; round < 100; round++) {
      const sent = random.bytes(1 + random.below(7));
      equal(ring.write(sent), codes.DONE);
      equal(ring.core.ring_unread(ring.ring), sent.length);
      deepEqual(ring.read(sent.length), sent);
    }
  }
});

Deno.test("Core.writer_write() copies nothing when the ring is full", () => {
  const ring = new CoreRing(4);
  ring.start(0n);
  equal(ring.write(Uint8Array.of(1, 2, 3)), codes.DONE);
  equal(ring.write(Uint8Array.of(4, 5)), codes.NOT_READY);
  equal(ring.write(Uint8Array.of(6)), codes.DONE);
  equal(ring.write(Uint8Array.of(7)), codes.NOT_READY);
  deepEqual(ring.read(4), Uint8Array.of(1, 2, 3, 6));
});

Deno.test("Core.reader_look() tells empty from ended, and ended comes after the last byte", () => {
  const ring = new CoreRing(4);
  const { core, reader } = ring;
  ring.start(0n);
  equal(core.reader_look(ring.ring, reader, 2), codes.NOT_READY);
  ring.write(Uint8Array.of(1, 2, 3));
  core.writer_close(ring.ring);
  equal(core.reader_is_closed(ring.ring, reader), 0);
  deepEqual(ring.read(2), Uint8Array.of(1, 2));
  equal(core.reader_look(ring.ring, reader, 2), codes.CLOSED);
  equal(core.reader_is_closed(ring.ring, reader), 0);
  deepEqual(ring.read(1), Uint8Array.of(3));
  equal(core.reader_look(ring.ring, reader, 1), codes.CLOSED);
  equal(core.reader_is_closed(ring.ring, reader), 1);
});

Deno.test("Core.writer_advance() says when the refresh is due, once per countdown", () => {
  const ring = new CoreRing(64);
  const { core } = ring;
  ring.start(0n);
  core.writer_refresh(ring.ring, 3);
  const due = Array.from({ length: 3 }, () => core.writer_advance(ring.ring, 1));
  deepEqual(due, [codes.DONE, codes.DONE, codes.REFRESH_DUE]);
  core.writer_refresh(ring.ring, 2 ** 32 - 1);
  equal(core.writer_advance(ring.ring, 1), codes.DONE);
});

Deno.test("Core waits say how they ended: spun, woken or timed out", () => {
  const ring = new CoreRing(4);
  const { core, reader } = ring;
  ring.start(0n);
  equal(core.reader_wait(ring.ring, reader, 1, 10, 0), codes.TIMED_OUT);
  equal(core.reader_wait(ring.ring, reader, 1, 0, 1000), codes.TIMED_OUT);
  equal(core.writer_wait(ring.ring, 4, 10, 0), codes.SPUN);
  equal(core.writer_wait(ring.ring, 4, 0, 1000), codes.WOKEN);
  ring.write(Uint8Array.of(1));
  equal(core.reader_wait(ring.ring, reader, 1, 1, 0), codes.SPUN);
  equal(core.reader_wait(ring.ring, reader, 1, 0, 1000), codes.WOKEN);
  equal(core.writer_wait(ring.ring, 4, 0, 1000), codes.TIMED_OUT);
});

Deno.test("Core.reader_prepare_wait() and writer_prepare_wait() return 0 if there is no need to wait", () => {
  const ring = new CoreRing(4);
  const { core, reader } = ring;
  ring.start(0n);
  notEqual(core.reader_prepare_wait(ring.ring, reader, 1), 0);
  equal(core.writer_prepare_wait(ring.ring, 4), 0);
  ring.write(Uint8Array.of(1));
  equal(core.reader_prepare_wait(ring.ring, reader, 1), 0);
  notEqual(core.reader_prepare_wait(ring.ring, reader, 2), 0);
  notEqual(core.writer_prepare_wait(ring.ring, 4), 0);
  core.writer_close(ring.ring);
  equal(core.reader_prepare_wait(ring.ring, reader, 2), 0);
});

Deno.test("Core.reader_prepare_wait() returns what the waiters word is until somebody wakes", () => {
  const ring = new CoreRing(4);
  const { core, reader } = ring;
  const address = ring.ring + layout.RING_DATA_WAITERS;
  const word = () => Atomics.load(ring.words, address / 4);
  ring.start(0n);
  equal(isAwaited(ring.words, address), false);
  const announced = core.reader_prepare_wait(ring.ring, reader, 3);
  equal(word(), announced);
  equal(core.reader_prepare_wait(ring.ring, reader, 4), announced);
  equal(isAwaited(ring.words, address), true);
  ring.write(Uint8Array.of(1));
  notEqual(word(), announced);
  equal(isAwaited(ring.words, address), false);
  // One who announces itself after the wake must not make those sleep who did so before.
  notEqual(core.reader_prepare_wait(ring.ring, reader, 3), announced);
});

Deno.test("Core.reader_advance() wakes the writer with the byte that makes room, and not before", () => {
  const capacity = 5;
  const ring = new CoreRing(capacity);
  const address = ring.ring + layout.RING_SPACE_WAITERS;
  for (const start of [0n, 3n, 2n ** 32n - 2n, 2n ** 53n - 2n]) {
    for (let length = 1; length <= capacity; length++) {
      ring.start(start);
      ring.write(new Uint8Array(capacity));
      notEqual(ring.core.writer_prepare_wait(ring.ring, length), 0);
      for (let room = 0; room < capacity; room++) {
        equal(isAwaited(ring.words, address), room < length, `${length} bytes, room for ${room}`);
        ring.read(1);
      }
    }
  }
});

Deno.test("Core.reader_skip() and reader_release() wake the writer", () => {
  const ring = new CoreRing(4);
  const { core, reader } = ring;
  const address = ring.ring + layout.RING_SPACE_WAITERS;
  for (
    const free of [
      () => core.reader_skip(ring.ring, reader, 1),
      () => core.reader_release(ring.ring, reader, layout.READER_PASSING),
      () => core.reader_release(ring.ring, reader, layout.READER_DETACHED),
    ]
  ) {
    ring.start(0n);
    ring.write(new Uint8Array(4));
    core.writer_prepare_wait(ring.ring, 1);
    equal(isAwaited(ring.words, address), true);
    free();
    equal(isAwaited(ring.words, address), false);
  }
});

Deno.test("Core.writer_advance() leaves a waiters word alone on which nobody waits", () => {
  const ring = new CoreRing(4);
  const at = (ring.ring + layout.RING_DATA_WAITERS) / 4;
  ring.start(0n);
  const before = ring.words[at];
  for (let n = 0; n < 4; n++) ring.write(Uint8Array.of(n));
  equal(ring.words[at], before);
});
