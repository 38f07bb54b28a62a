//! Readers that the writer does not wait for. It may overwrite what they read, but they find out.

use super::*;
use ring_verify::modelled::check;
use ring_wasm::codes::{NOT_READY, OVERTAKEN};
use ring_wasm::layout::*;
use ring_wasm::reader as reading;

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
