//! The core under native threads: at full speed, and under Miri, which runs them in turns, returns old values where the
//! rules allow it, and reports a race for bytes that are not meant to be raced for.

use ring_verify::blocking;
use ring_verify::native::{Copies, Native};
use ring_wasm::codes::{CLOSED, DONE, NOT_READY, OVERTAKEN, STOPPED};
use ring_wasm::layout::*;
use ring_wasm::{event, reader, ring, writer};
use std::thread;

/// Each thread has so many bytes for its frames.
const SCRATCH_BYTES: u32 = 1024;
const SCRATCH: u32 = 1 << 14;
const MEMORY: u32 = 1 << 15;
/// No whole number of frames, so that frames wrap.
const CAPACITY: u32 = 100;
const FRAME: u32 = 24;

/// Miri is thousands of times slower.
const FRAMES: u64 = if cfg!(miri) { 40 } else { 200_000 };

fn scratch(thread: u32) -> u32 {
    SCRATCH + thread * SCRATCH_BYTES
}

fn with_ring(readers: u32, copies: Copies) -> Native {
    let memory = Native::new(MEMORY, copies);
    ring::init(&memory, ARENA, CAPACITY, readers, (1 << 32) - 50);
    memory
}

/// A frame carries its number in every word.
fn put_frame(m: &Native, thread: u32, number: u64) {
    m.put(scratch(thread), &number.to_le_bytes().repeat(FRAME as usize / 8));
}

fn frame_number(m: &Native, thread: u32) -> u64 {
    let bytes = m.bytes(scratch(thread), FRAME);
    let number = u64::from_le_bytes(bytes[..8].try_into().unwrap());
    assert_eq!(bytes, number.to_le_bytes().repeat(FRAME as usize / 8), "a torn frame");
    number
}

fn write_all(m: &Native, refresh: bool) {
    for number in 1..=FRAMES {
        put_frame(m, 0, number);
        assert!(blocking::write(m, ARENA, scratch(0), FRAME) >= DONE);
        if refresh {
            writer::refresh(m, ARENA, 1);
        }
    }
    writer::close(m, ARENA);
}

/// Reads whole frames until the end: their numbers.
fn read_all(m: &Native, index: u32) -> Vec<u64> {
    let (at, to) = (ring::reader(ARENA, index), scratch(index + 1));
    let mut numbers = Vec::new();
    loop {
        match blocking::read(m, ARENA, at, to, FRAME) {
            DONE => numbers.push(frame_number(m, index + 1)),
            OVERTAKEN => {}
            code => {
                assert_eq!(code, CLOSED);
                return numbers;
            }
        }
    }
}

#[test]
fn two_readers_see_every_frame() {
    let m = &with_ring(2, Copies::Plain);
    thread::scope(|scope| {
        for index in 0..2 {
            scope.spawn(move || assert!(read_all(m, index).into_iter().eq(1..=FRAMES)));
        }
        write_all(m, false);
    });
}

#[test]
fn a_passing_reader_gets_whole_frames() {
    let m = &with_ring(1, Copies::Torn);
    reader::release(m, ARENA, ring::reader(ARENA, 0), READER_PASSING);
    thread::scope(|scope| {
        scope.spawn(move || assert!(read_all(m, 0).is_sorted()));
        write_all(m, false);
    });
}

#[test]
fn a_reader_turns_passing_and_blocking_and_leaves() {
    let m = &with_ring(1, Copies::Torn);
    thread::scope(|scope| {
        scope.spawn(move || {
            let at = ring::reader(ARENA, 0);
            let mut last = 0;
            for _ in 0..FRAMES / 20 {
                reader::release(m, ARENA, at, READER_PASSING);
                for _ in 0..2 {
                    let code = reader::read(m, ARENA, at, scratch(1), FRAME);
                    assert!([DONE, NOT_READY, OVERTAKEN, CLOSED].contains(&code));
                }
                reader::rejoin(m, ARENA, at);
                for step in 0..3 {
                    if blocking::read(m, ARENA, at, scratch(1), FRAME) == CLOSED {
                        break;
                    }
                    let number = frame_number(m, 1);
                    assert!(if step == 0 { number > last } else { number == last + 1 }, "a frame is missing");
                    last = number;
                }
            }
            reader::release(m, ARENA, at, READER_DETACHED);
        });
        write_all(m, true);
    });
}

#[test]
fn signalers_and_waiters_share_activations() {
    let m = &Native::new(MEMORY, Copies::Plain);
    event::init(m, ARENA, 0, 2);
    let taken: u64 = thread::scope(|scope| {
        let waiters = [0, 1].map(|_| {
            scope.spawn(move || {
                let mut taken = 0;
                while blocking::take(m, ARENA, 0) == DONE {
                    taken += 1;
                }
                taken
            })
        });
        for _ in 0..2 {
            scope.spawn(move || {
                for _ in 0..FRAMES {
                    event::signal(m, ARENA);
                }
                event::leave(m, ARENA);
            });
        }
        waiters.map(|waiter| waiter.join().unwrap()).iter().sum()
    });
    assert_eq!(taken, 2 * FRAMES);
}

#[test]
fn a_stop_wakes_everybody() {
    let m = &with_ring(2, Copies::Plain);
    thread::scope(|scope| {
        // The other reader never reads: the writer will wait for it, and this one for the writer.
        scope.spawn(move || {
            let at = ring::reader(ARENA, 0);
            while blocking::read(m, ARENA, at, scratch(1), FRAME) == DONE {}
            assert_eq!(reader::look(m, ARENA, at, FRAME), STOPPED);
        });
        scope.spawn(move || {
            put_frame(m, 0, 1);
            while blocking::write(m, ARENA, scratch(0), FRAME) >= DONE {}
            assert_eq!(writer::look(m, ARENA, FRAME), STOPPED);
        });
        m.stop(&[ARENA + RING_DATA_WAITERS, ARENA + RING_SPACE_WAITERS]);
    });
}

/// Two threads store to one byte: what Miri must report.
#[test]
#[ignore = "a race, for Miri to find"]
fn a_planted_race() {
    let m = &Native::new(MEMORY, Copies::Plain);
    thread::scope(|scope| {
        for value in 0..2 {
            scope.spawn(move || m.put(SCRATCH, &[value]));
        }
    });
}
