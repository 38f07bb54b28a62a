//! Readers that turn blocking and leave while the writer writes.

use super::*;
use ring_verify::modelled::check;
use ring_wasm::codes::CLOSED;
use ring_wasm::layout::*;
use ring_wasm::{reader as reading, writer};

/// Writes frames with a look at the readers before each, and ends the stream.
fn write_all(m: &Modelled, frames: u32) {
    for number in 1..=frames {
        writer::refresh(m, OBJECT, 1);
        write(m, number);
    }
    writer::close(m, OBJECT);
}

/// Reads to the end: the frames follow each other up to the last. They are whole: nothing is checked after the copy, so
/// they must not have been overwritten meanwhile.
fn read_to_the_end(m: &Modelled, frames: u32) {
    let mut last = None;
    while read(m, 0) == DONE {
        assert_eq!(number(m, 0), last.map_or(number(m, 0), |last| last + 1), "a frame is missing");
        last = Some(number(m, 0));
    }
    assert_eq!(read(m, 0), CLOSED);
    assert!(last.is_none_or(|last| last == frames), "the last frame is missing");
}

/// From the moment on that a passing reader has rejoined, it sees every frame, and none is overwritten while it reads.
#[test]
fn a_reader_rejoins() {
    check("a reader rejoins", 3, || {
        let m = with_ring(Modelled::new(), 1, Data::Exclusive);
        reading::release(&*m, OBJECT, reader(0), READER_PASSING);
        let thread = start(&m, |m| {
            reading::rejoin(m, OBJECT, reader(0));
            read_to_the_end(m, 4);
        });
        write_all(&m, 4);
        thread.join().unwrap();
    });
}

/// A reader may turn passing and blocking again before the writer has noticed.
#[test]
fn a_reader_turns_passing_and_rejoins() {
    check("a reader turns passing and rejoins", 2, || {
        let m = with_ring(Modelled::new(), 1, Data::Exclusive);
        let thread = start(&m, |m| {
            reading::release(m, OBJECT, reader(0), READER_PASSING);
            reading::rejoin(m, OBJECT, reader(0));
            read_to_the_end(m, 4);
        });
        write_all(&m, 4);
        thread.join().unwrap();
    });
}

/// What a reader has read before it left is not overwritten before it has read it, and the writer goes on without it.
#[test]
fn a_reader_leaves() {
    check("a reader leaves", 3, || {
        let m = with_ring(Modelled::new(), 1, Data::Exclusive);
        let thread = start(&m, |m| {
            assert_eq!(read(m, 0), DONE);
            assert_eq!(number(m, 0), 1);
            reading::release(m, OBJECT, reader(0), READER_DETACHED);
        });
        write_all(&m, 4);
        thread.join().unwrap();
    });
}
