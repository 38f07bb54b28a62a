//! Calls that wait without bound: try, park, try again, as `src/ring/waiting.ts` does.

use ring_wasm::codes::NOT_READY;
use ring_wasm::memory::Memory;
use ring_wasm::{consumer, doorbell, event, producer, reader, writer};

const FOREVER: i64 = -1;

fn until_ready(attempt: impl Fn() -> i32, park: impl Fn() -> i32) -> i32 {
    loop {
        let code = attempt();
        if code != NOT_READY {
            return code;
        }
        park();
    }
}

/// Writes `length` bytes from the address `from`, as soon as there is room.
pub fn write<M: Memory>(m: M, ring: u32, from: u32, length: u32) -> i32 {
    until_ready(|| writer::write(m, ring, from, length), || writer::wait(m, ring, length, 0, FOREVER))
}

/// Reads `length` bytes to the address `to`, as soon as they are there.
pub fn read<M: Memory>(m: M, ring: u32, reader: u32, to: u32, length: u32) -> i32 {
    let attempt = || reader::read(m, ring, reader, to, length);
    until_ready(attempt, || reader::wait(m, ring, reader, length, 0, FOREVER))
}

/// Takes an activation of an event, as soon as there is one.
pub fn take<M: Memory>(m: M, event: u32, own: u32) -> i32 {
    until_ready(|| event::take(m, event, own), || event::wait(m, event, own, 0, FOREVER))
}

/// Claims room for `length` bytes in a queue, as soon as there is any: its offset, or a negative code.
pub fn claim<M: Memory>(m: M, queue: u32, party: u32, band: u32, length: u32) -> i32 {
    let attempt = || producer::claim(m, queue, party, band, length);
    until_ready(attempt, || producer::wait(m, queue, party, band, length, 0, 0, FOREVER))
}

/// Looks at the next record of a queue, as soon as there is one: its offset, or a negative code.
pub fn look<M: Memory>(m: M, queue: u32, party: u32) -> i32 {
    until_ready(|| consumer::look(m, queue, party), || consumer::wait(m, queue, party, 0, 0, FOREVER))
}

/// Waits until one of several things is ready: `watch` says so, and enlists the doorbell that it is given (0: none).
pub fn select<M: Memory>(m: M, bell: u32, watch: impl Fn(u32) -> bool) {
    while !watch(0) {
        let announced = doorbell::prepare(m, bell);
        if watch(bell) {
            return;
        }
        doorbell::park(m, bell, announced, FOREVER);
    }
}
