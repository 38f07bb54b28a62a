//! Readers that the writer does not wait for. It may overwrite what they read, but they find out.

use super::*;
use core::sync::atomic::Ordering::SeqCst;
use ring_verify::modelled::check;
use ring_wasm::codes::{NOT_READY, OVERTAKEN};
use ring_wasm::layout::*;
use ring_wasm::{reader as reading, writer as writing};

/// Reads once, at whatever is there. Whole frames come in order; everything else is counted as lost.
fn read_in_passing(m: &Modelled, last: u32) -> u32 {
    match reading::read(m, OBJECT, reader(0), scratch(1), FRAME) {
        NOT_READY | OVERTAKEN => last,
        code => {
            assert_eq!(code, DONE);
            assert!(number(m, 0) > last, "a frame out of order");
            number(m, 0)
        }
    }
}

/// A frame that is handed out as whole is whole, however often the writer went round meanwhile; and what was consumed is
/// either handed out or counted as lost.
#[test]
fn a_passing_reader_gets_whole_frames() {
    check("a passing reader gets whole frames", 4, || {
        let m = with_ring(Modelled::new(), 1, Data::Torn);
        reading::release(&*m, OBJECT, reader(0), READER_PASSING);
        let thread = start(&m, |m| {
            let first = read_in_passing(m, 0);
            let second = read_in_passing(m, first);
            let read = u64::from(FRAME) * (u64::from(first > 0) + u64::from(second > first));
            assert_eq!(m.get64(reader(0) + READER_POSITION), read + m.get64(reader(0) + READER_LOST));
        });
        for number in 1..=4 {
            write(&m, number);
        }
        thread.join().unwrap();
    });
}

/// A reader that turns passing in the midst of the stream gets whole frames, too.
#[test]
fn a_reader_turns_passing() {
    check("a reader turns passing", 3, || {
        let m = with_ring(Modelled::new(), 1, Data::Torn);
        let thread = start(&m, |m| {
            reading::release(m, OBJECT, reader(0), READER_PASSING);
            let first = read_in_passing(m, 0);
            read_in_passing(m, first);
        });
        for number in 1..=4 {
            write(&m, number);
        }
        thread.join().unwrap();
    });
}

/// Where one reader is passing, the writer still waits for the other.
#[test]
fn a_blocking_reader_sees_every_frame_beside_a_passing_one() {
    check("a blocking reader sees every frame beside a passing one", 2, || {
        let m = with_ring(Modelled::new(), 2, Data::Torn);
        reading::release(&*m, OBJECT, reader(0), READER_PASSING);
        let passing = start(&m, |m| {
            read_in_passing(m, 0);
        });
        let blocking = start(&m, |m| {
            for expected in 1..=3 {
                assert_eq!(read(m, 1), DONE);
                assert_eq!(number(m, 1), expected);
            }
        });
        for number in 1..=3 {
            write(&m, number);
        }
        passing.join().unwrap();
        blocking.join().unwrap();
    });
}

/// Reads all frames that are there together. Whole ones come in order.
fn read_many_in_passing(m: &Modelled) -> i32 {
    let length = reading::look_many(m, OBJECT, reader(0), FRAME, FRAME, CAPACITY);
    if length < 0 {
        return length;
    }
    let start = m.get32(reader(0) + READER_OFFSET);
    for done in (0..length as u32).step_by(FRAME as usize) {
        m.copy(scratch(1) + done, ring::data(m, OBJECT) + (start + done) % CAPACITY, FRAME);
    }
    let code = reading::advance(m, OBJECT, reader(0), length as u32);
    for at in (0..length as u32).step_by(FRAME as usize).map(|done| scratch(1) + done) {
        if code == DONE {
            assert_eq!(m.get32(at), m.get32(at + 4), "a torn frame");
            assert!(at == scratch(1) || m.get32(at) == m.get32(at - FRAME) + 1, "a frame out of order");
        }
    }
    code
}

/// The same where reader and writer look at two frames at a time.
#[test]
fn a_passing_reader_gets_several_whole_frames() {
    check("a passing reader gets several whole frames", 3, || {
        let m = with_ring(Modelled::new(), 1, Data::Torn);
        reading::release(&*m, OBJECT, reader(0), READER_PASSING);
        let thread = start(&m, |m| {
            if read_many_in_passing(m) == NOT_READY {
                read_many_in_passing(m);
            }
        });
        for first in [1, 3] {
            assert_eq!(writing::look_many(&*m, OBJECT, FRAME, FRAME, CAPACITY) as u32, CAPACITY);
            for slot in 0..2 {
                m.copy(ring::data(&*m, OBJECT) + slot * FRAME, frame(&m, first + slot), FRAME);
            }
            writing::advance(&*m, OBJECT, CAPACITY);
        }
        thread.join().unwrap();
    });
}

/// What an onlooker does (`src/ring/onlooker.ts`): it goes to the newest frame of its time, copies it, and looks whether it
/// was overtaken.
fn look_on(m: &Modelled, joined_at: u64) {
    let end = m.load64(OBJECT + RING_POSITION, SeqCst);
    if end <= joined_at {
        return;
    }
    let begin = end - u64::from(FRAME);
    let offset = ring::offset_of(begin, CAPACITY);
    m.set32(reader(0) + READER_OFFSET, offset);
    m.store64(reader(0) + READER_POSITION, begin, SeqCst);
    m.copy(scratch(1), ring::data(m, OBJECT) + offset, FRAME);
    if reading::advance(m, OBJECT, reader(0), FRAME) == DONE {
        assert_eq!(u64::from(number(m, 0)) * u64::from(FRAME), end, "another frame");
    }
}

/// Somebody who was not there, and comes in the midst of the stream, gets whole frames of the time from then on, though the
/// writer announces nothing until it has looked at its readers again.
#[test]
fn an_onlooker_gets_whole_frames_of_its_time() {
    check("an onlooker gets whole frames of its time", 3, || {
        let m = with_ring(Modelled::new(), 1, Data::Torn);
        reading::release(&*m, OBJECT, reader(0), READER_DETACHED);
        let thread = start(&m, |m| {
            reading::release(m, OBJECT, reader(0), READER_PASSING);
            let joined_at = m.load64(OBJECT + RING_POSITION, SeqCst);
            look_on(m, joined_at);
            look_on(m, joined_at);
        });
        for number in 1..=4 {
            write(&m, number);
        }
        thread.join().unwrap();
    });
}
