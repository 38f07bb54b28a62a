/** The functions of the WASM core, as `ring-wasm/src/exports.rs` lists them. */

import { bytes } from "./core.generated.ts";

/**
 * The core's functions. Addresses are byte offsets into the shared memory, lengths are bytes, and what comes back is an
 * offset into the data area, a count, or one of `codes`.
 */
export interface Core {
  ring_init(ring: number, capacity: number, readers: number, start: bigint): void;
  ring_unread(ring: number): number;

  writer_look(ring: number, length: number): number;
  writer_look_many(ring: number, unit: number, least: number, most: number): number;
  writer_advance(ring: number, length: number): number;
  writer_write(ring: number, from: number, length: number): number;
  writer_refresh(ring: number, writes: number): void;
  writer_close(ring: number): void;
  writer_wait(ring: number, length: number, spins: number, nanoseconds: number): number;
  writer_prepare_wait(ring: number, length: number): number;
  writer_watch(ring: number, length: number, bell: number): number;

  reader_look(ring: number, reader: number, length: number): number;
  reader_look_many(ring: number, reader: number, unit: number, least: number, most: number): number;
  reader_next(ring: number, reader: number, consumed: number, length: number): number;
  reader_advance(ring: number, reader: number, length: number): number;
  reader_read(ring: number, reader: number, to: number, length: number): number;
  reader_skip(ring: number, reader: number, length: number): number;
  reader_release(ring: number, reader: number, state: number): void;
  reader_rejoin(ring: number, reader: number): void;
  reader_is_closed(ring: number, reader: number): number;
  reader_wait(ring: number, reader: number, length: number, spins: number, nanoseconds: number): number;
  reader_prepare_wait(ring: number, reader: number, length: number): number;
  reader_watch(ring: number, reader: number, length: number, bell: number): number;

  doorbell_prepare(bell: number): number;
  doorbell_park(bell: number, announced: number, nanoseconds: number): number;

  event_init(event: number, activations: number, signalers: number, parties: number): void;
  event_signal(event: number): void;
  event_look(event: number, own: number): number;
  event_take(event: number, own: number): number;
  event_reset(event: number): void;
  event_leave(event: number): void;
  event_wait(event: number, own: number, spins: number, nanoseconds: number): number;
  event_prepare_wait(event: number, own: number): number;
  event_watch(event: number, party: number, own: number, bell: number): number;

  queue_init(queue: number, records: number, bytes: number, parties: number, start: bigint): void;
  queue_claim(queue: number, party: number, band: number, length: number): number;
  queue_commit(queue: number, party: number): void;
  queue_look(queue: number, party: number): number;
  queue_free(queue: number, party: number): void;
  queue_make_room(queue: number, party: number, band: number, length: number): number;
  queue_refuse(queue: number): void;
  queue_unblock(queue: number, party: number): number;
  queue_wake(queue: number): void;
  queue_close(queue: number): void;
  queue_is_closed(queue: number): number;
  queue_depth(queue: number): number;
  queue_bytes_queued(queue: number): number;
  queue_written(queue: number): number;
  queue_taken(queue: number): number;
  queue_dropped(queue: number): number;
  queue_wait_for_room(
    queue: number,
    party: number,
    band: number,
    length: number,
    since: number,
    spins: number,
    nanoseconds: number,
  ): number;
  queue_prepare_wait_for_room(queue: number, party: number, band: number, length: number, since: number): number;
  queue_wait_for_record(queue: number, party: number, since: number, spins: number, nanoseconds: number): number;
  queue_prepare_wait_for_record(queue: number, party: number, since: number): number;
  queue_watch_room(
    queue: number,
    party: number,
    band: number,
    length: number,
    since: number,
    bell: number,
  ): number;
  queue_watch_record(queue: number, party: number, since: number, bell: number): number;
}

let compiled: WebAssembly.Module | undefined;

/** The core, compiled once per thread that asks; workers are sent the module instead. */
export function coreModule(): WebAssembly.Module {
  return compiled ??= new WebAssembly.Module(bytes);
}

/** An instance of the core on a memory. */
export function instantiateCore(module: WebAssembly.Module, memory: WebAssembly.Memory): Core {
  // A copy: calls through a plain object are cheaper than through the frozen exports object.
  return { ...new WebAssembly.Instance(module, { env: { memory } }).exports } as unknown as Core;
}
