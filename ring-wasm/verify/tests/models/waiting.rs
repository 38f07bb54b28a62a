//! Who waits is woken. A wake-up that is lost leaves a thread parked for ever, which loom reports as a deadlock.

use super::*;
use ring_verify::modelled::check;
use ring_wasm::codes::{CLOSED, STOPPED};
use ring_wasm::layout::*;
use ring_wasm::{reader as reading, writer};

/// A ring whose two slots are full.
fn full_ring(memory: Modelled, readers: u32) -> Arc<Modelled> {
    let m = with_ring(memory, readers, Data::Exclusive);
    write(&m, 1);
    write(&m, 2);
    m
}

/// Two readers that wait for the same frame are both woken, though one announces itself anew before the other parks.
#[test]
fn two_readers_wake_for_a_frame() {
    check("two readers wake for a frame", 3, || {
        let m = with_ring(Modelled::new(), 2, Data::Exclusive);
        let threads = [0, 1].map(|index| {
            start(&m, move |m| {
                assert_eq!(read(m, index), DONE);
                assert_ne!(reading::prepare_wait(m, OBJECT, reader(index), FRAME), 0);
            })
        });
        write(&m, 1);
        join(threads);
    });
}

/// A reader that waits is woken by the end of the stream.
#[test]
fn a_reader_wakes_for_the_end() {
    check("a reader wakes for the end", 4, || {
        let m = with_ring(Modelled::new(), 1, Data::Exclusive);
        let thread = start(&m, |m| assert_eq!(read(m, 0), CLOSED));
        writer::close(&*m, OBJECT);
        thread.join().unwrap();
    });
}

/// A reader that does not park but has prepared to is told by a change of the waiters word.
#[test]
fn a_prepared_reader_wakes_for_a_frame() {
    check("a prepared reader wakes for a frame", 4, || {
        let m = with_ring(Modelled::new(), 1, Data::Exclusive);
        let thread = start(&m, |m| {
            let announced = reading::prepare_wait(m, OBJECT, reader(0), FRAME);
            if announced != 0 {
                m.wait32(OBJECT + RING_DATA_WAITERS, announced, -1);
            }
            assert_eq!(reading::read(m, OBJECT, reader(0), scratch(1), FRAME), DONE);
        });
        write(&m, 1);
        thread.join().unwrap();
    });
}

/// A writer that waits for two readers is woken by whichever is the last to make room.
#[test]
fn a_writer_wakes_for_the_slowest_reader() {
    check("a writer wakes for the slowest reader", 3, || {
        let m = full_ring(Modelled::new(), 2);
        let threads = [0, 1].map(|index| start(&m, move |m| assert_eq!(read(m, index), DONE)));
        write(&m, 3);
        join(threads);
    });
}

/// A writer that waits for two frames' room is woken by the step that makes the second.
#[test]
fn a_writer_wakes_for_all_that_it_needs() {
    check("a writer wakes for all that it needs", 4, || {
        let m = full_ring(Modelled::new(), 1);
        let thread = start(&m, |m| {
            assert_eq!(read(m, 0), DONE);
            assert_eq!(read(m, 0), DONE);
        });
        frame(&m, 3);
        assert!(blocking::write(&*m, OBJECT, scratch(WRITER), 2 * FRAME) >= DONE);
        thread.join().unwrap();
    });
}

/// A full ring whose writer waits for what its reader does.
fn wait_while(make_room: fn(&Modelled)) {
    let m = full_ring(Modelled::new(), 1);
    let thread = start(&m, make_room);
    write(&m, 3);
    thread.join().unwrap();
}

/// A writer that waits is woken by a reader that leaves out frames, and does not overwrite what that has looked at.
#[test]
fn a_writer_wakes_for_a_skip() {
    check("a writer wakes for a skip", 4, || {
        wait_while(|m| {
            let offset = reading::look(m, OBJECT, reader(0), FRAME) as u32;
            m.copy(scratch(1), ring::data(m, OBJECT) + offset, FRAME);
            assert_eq!(number(m, 0), 1);
            assert_eq!(reading::skip(m, OBJECT, reader(0), FRAME), u64::from(FRAME));
        });
    });
}

/// A writer that waits is woken by a reader that leaves.
#[test]
fn a_writer_wakes_for_a_reader_that_leaves() {
    check("a writer wakes for a reader that leaves", 4, || {
        wait_while(|m| reading::release(m, OBJECT, reader(0), READER_DETACHED));
    });
}

/// A writer that waits is woken by a reader that rejoins at once, for which it gives up what was there.
#[test]
fn a_writer_wakes_for_a_reader_that_rejoins() {
    check("a writer wakes for a reader that rejoins", 4, || {
        wait_while(|m| reading::rejoin(m, OBJECT, reader(0)));
    });
}

/// A reader and a writer that wait are woken by the stop.
#[test]
fn all_wake_for_the_stop() {
    check("all wake for the stop", 3, || {
        let m = full_ring(Modelled::stoppable(), 2);
        for _ in 0..2 {
            assert_eq!(read(&m, 0), DONE);
        }
        let waiting = start(&m, |m| assert_eq!(read(m, 0), STOPPED));
        let stopping = start(&m, |m| m.stop(&[OBJECT + RING_DATA_WAITERS, OBJECT + RING_SPACE_WAITERS]));
        assert_eq!(blocking::write(&*m, OBJECT, frame(&m, 3), FRAME), STOPPED);
        waiting.join().unwrap();
        stopping.join().unwrap();
    });
}
