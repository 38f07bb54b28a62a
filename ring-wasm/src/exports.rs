//! The functions of the module, as TypeScript calls them. `src/ring/core.ts` declares the same list.

use crate::codes::STOPPED;
use crate::waiting::stopped;
use crate::wasm::Instance;
use crate::{consumer, doorbell, dropping, event, producer, queue, reader, ring, unblocking, writer};

macro_rules! export {
    ($($name:ident($($argument:ident: $type:ty),*) $(-> $result:ty)? = $function:path;)*) => {$(
        #[unsafe(no_mangle)]
        pub extern "C" fn $name($($argument: $type),*) $(-> $result)? {
            $function(Instance, $($argument),*)
        }
    )*};
}

export! {
    ring_init(ring: u32, capacity: u32, readers: u32, start: u64) = ring::init;
    ring_unread(ring: u32) -> u32 = ring::unread;

    writer_look(ring: u32, length: u32) -> i32 = writer::look;
    writer_look_many(ring: u32, unit: u32, least: u32, most: u32) -> i32 = writer::look_many;
    writer_advance(ring: u32, length: u32) -> i32 = writer::advance;
    writer_write(ring: u32, from: u32, length: u32) -> i32 = writer::write;
    writer_refresh(ring: u32, writes: u32) = writer::refresh;
    writer_close(ring: u32) = writer::close;
    writer_wait(ring: u32, length: u32, spins: u32, nanoseconds: f64) -> i32 = writer_wait_for;
    writer_prepare_wait(ring: u32, length: u32) -> u32 = writer::prepare_wait;
    writer_watch(ring: u32, length: u32, bell: u32) -> i32 = writer::watch;

    reader_look(ring: u32, reader: u32, length: u32) -> i32 = reader::look;
    reader_look_many(ring: u32, reader: u32, unit: u32, least: u32, most: u32) -> i32 = reader::look_many;
    reader_next(ring: u32, reader: u32, consumed: u32, length: u32) -> i32 = reader::next;
    reader_advance(ring: u32, reader: u32, length: u32) -> i32 = reader::advance;
    reader_read(ring: u32, reader: u32, to: u32, length: u32) -> i32 = reader::read;
    reader_skip(ring: u32, reader: u32, length: u32) -> f64 = reader_skip_to_newest;
    reader_release(ring: u32, reader: u32, state: u32) = reader::release;
    reader_rejoin(ring: u32, reader: u32) = reader::rejoin;
    reader_is_closed(ring: u32, reader: u32) -> i32 = reader::is_closed;
    reader_wait(ring: u32, reader: u32, length: u32, spins: u32, nanoseconds: f64) -> i32 = reader_wait_for;
    reader_prepare_wait(ring: u32, reader: u32, length: u32) -> u32 = reader::prepare_wait;
    reader_watch(ring: u32, reader: u32, length: u32, bell: u32) -> i32 = reader::watch;

    doorbell_prepare(bell: u32) -> u32 = doorbell::prepare;
    doorbell_park(bell: u32, announced: u32, nanoseconds: f64) -> i32 = doorbell_park_for;

    event_init(event: u32, activations: u32, signalers: u32, parties: u32) = event::init;
    event_signal(event: u32) = event::signal;
    event_look(event: u32, own: u32) -> i32 = event::look;
    event_take(event: u32, own: u32) -> i32 = event::take;
    event_reset(event: u32) = event::reset;
    event_leave(event: u32) = event::leave;
    event_wait(event: u32, own: u32, spins: u32, nanoseconds: f64) -> i32 = event_wait_for;
    event_prepare_wait(event: u32, own: u32) -> u32 = event::prepare_wait;
    event_watch(event: u32, party: u32, own: u32, bell: u32) -> i32 = event::watch;

    queue_init(queue: u32, records: u32, bytes: u32, parties: u32, start: u64) = queue::init;
    queue_claim(queue: u32, party: u32, band: u32, length: u32) -> i32 = producer::claim;
    queue_commit(queue: u32, party: u32) = producer::commit;
    queue_look(queue: u32, party: u32) -> i32 = consumer::look;
    queue_free(queue: u32, party: u32) = consumer::free;
    queue_make_room(queue: u32, party: u32, band: u32, length: u32) -> i32 = dropping::make_room;
    queue_refuse(queue: u32) = dropping::refuse;
    queue_unblock(queue: u32, party: u32) -> i32 = unblocking::unblock;
    queue_wake(queue: u32) = queue::wake;
    queue_close(queue: u32) = queue::close;
    queue_is_closed(queue: u32) -> i32 = queue::is_closed;
    queue_depth(queue: u32) -> u32 = queue::depth;
    queue_bytes_queued(queue: u32) -> f64 = queue_bytes;
    queue_written(queue: u32) -> f64 = queue_written_records;
    queue_taken(queue: u32) -> f64 = queue_taken_records;
    queue_dropped(queue: u32) -> f64 = queue_dropped_records;
    queue_wait_for_room(
        queue: u32, party: u32, band: u32, length: u32, since: u32, spins: u32, nanoseconds: f64
    ) -> i32 = queue_wait_for_room_for;
    queue_prepare_wait_for_room(queue: u32, party: u32, band: u32, length: u32, since: u32) -> u32
        = producer::prepare_wait;
    queue_wait_for_record(queue: u32, party: u32, since: u32, spins: u32, nanoseconds: f64) -> i32
        = queue_wait_for_record_for;
    queue_prepare_wait_for_record(queue: u32, party: u32, since: u32) -> u32 = consumer::prepare_wait;
    queue_watch_room(queue: u32, party: u32, band: u32, length: u32, since: u32, bell: u32) -> i32 = producer::watch;
    queue_watch_record(queue: u32, party: u32, since: u32, bell: u32) -> i32 = consumer::watch;
}

// JavaScript has numbers where these have 64-bit integers.

fn writer_wait_for(m: Instance, ring: u32, length: u32, spins: u32, nanoseconds: f64) -> i32 {
    writer::wait(m, ring, length, spins, nanoseconds as i64)
}

fn reader_wait_for(m: Instance, ring: u32, reader: u32, length: u32, spins: u32, nanoseconds: f64) -> i32 {
    reader::wait(m, ring, reader, length, spins, nanoseconds as i64)
}

fn reader_skip_to_newest(m: Instance, ring: u32, reader: u32, length: u32) -> f64 {
    if stopped(m) { f64::from(STOPPED) } else { reader::skip(m, ring, reader, length) as f64 }
}

fn event_wait_for(m: Instance, event: u32, own: u32, spins: u32, nanoseconds: f64) -> i32 {
    event::wait(m, event, own, spins, nanoseconds as i64)
}

fn doorbell_park_for(m: Instance, bell: u32, announced: u32, nanoseconds: f64) -> i32 {
    i32::from(doorbell::park(m, bell, announced, nanoseconds as i64))
}

fn queue_bytes(m: Instance, queue: u32) -> f64 {
    queue::bytes_queued(m, queue) as f64
}

fn queue_written_records(m: Instance, queue: u32) -> f64 {
    queue::written(m, queue) as f64
}

fn queue_taken_records(m: Instance, queue: u32) -> f64 {
    queue::taken(m, queue) as f64
}

fn queue_dropped_records(m: Instance, queue: u32) -> f64 {
    queue::dropped(m, queue) as f64
}

#[allow(clippy::too_many_arguments)]
fn queue_wait_for_room_for(
    m: Instance,
    queue: u32,
    party: u32,
    band: u32,
    length: u32,
    since: u32,
    spins: u32,
    nanoseconds: f64,
) -> i32 {
    producer::wait(m, queue, party, band, length, since, spins, nanoseconds as i64)
}

fn queue_wait_for_record_for(m: Instance, queue: u32, party: u32, since: u32, spins: u32, nanoseconds: f64) -> i32 {
    consumer::wait(m, queue, party, since, spins, nanoseconds as i64)
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    core::arch::wasm32::unreachable()
}
