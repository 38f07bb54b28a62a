//! Threads that wait for any of several things, each on its doorbell. A doorbell that is not rung leaves its thread parked for
//! ever, which loom reports as a deadlock.

use super::queues::{BAND, LENGTH, fill, free, offer, with_queue};
use super::*;
use ring_verify::modelled::{check, check_all};
use ring_verify::mortal::live;
use ring_wasm::codes::{CLOSED, NOT_READY, STOPPED};
use ring_wasm::layout::*;
use ring_wasm::reader as reading;
use ring_wasm::{consumer, event, producer, queue, unblocking, writer};

/// A second ring, or an event beside one.
const OTHER: u32 = 1 << 13;
/// Where the doorbells lie.
const BELLS: u32 = 1 << 15;

fn bell(index: u32) -> u32 {
    BELLS + index * DOORBELL_BYTES
}

/// A memory with two doorbells.
fn with_bells(mut memory: Modelled) -> Modelled {
    (0..2).for_each(|index| memory.add_doorbell(bell(index)));
    memory
}

/// A ring of two slots and an event that one party signals.
fn ring_and_event(memory: Modelled, readers: u32) -> Arc<Modelled> {
    let mut memory = with_bells(memory);
    memory.add_event(OTHER, 1);
    with_ring(memory, readers, Data::Exclusive)
}

/// Whether a frame is there, or the end, for the reader of an index.
fn watch_frame(m: &Modelled, index: u32, bell: u32) -> bool {
    reading::watch(m, OBJECT, reader(index), FRAME, bell) != 0
}

/// Whether the event is signalled, or ended, for its party 0.
fn watch_event(m: &Modelled, bell: u32) -> bool {
    event::watch(m, OTHER, 0, 0, bell) != 0
}

/// Reads a frame without waiting: its code.
fn try_read(m: &Modelled, index: u32) -> i32 {
    reading::read(m, OBJECT, reader(index), scratch(index + 1), FRAME)
}

/// Reads a frame as soon as there is one, by the doorbell of the reader's index.
fn read_selecting(m: &Modelled, index: u32) -> i32 {
    blocking::select(m, bell(index), |bell| watch_frame(m, index, bell));
    try_read(m, index)
}

/// A thread that waits for a frame and for an event wakes for both, whichever comes first.
#[test]
fn a_thread_wakes_for_either() {
    check("a thread wakes for either", 3, || {
        let m = ring_and_event(Modelled::new(), 1);
        let signaler = start(&m, |m| event::signal(m, OTHER));
        let selecting = start(&m, |m| {
            let (mut frames, mut signals) = (0, 0);
            while frames + signals < 2 {
                blocking::select(m, bell(0), |bell| watch_frame(m, 0, bell) | watch_event(m, bell));
                frames += u32::from(try_read(m, 0) == DONE);
                signals += u32::from(event::take(m, OTHER, 0) == DONE);
            }
            assert_eq!((frames, signals), (1, 1));
        });
        write(&m, 1);
        join([signaler, selecting]);
    });
}

/// Of two readers of a ring one parks and the other selects: both wake, though one announces itself while the writer wakes
/// the other.
#[test]
fn a_parked_and_a_selecting_reader_wake() {
    check("a parked and a selecting reader wake", 3, || {
        let m = ring_and_event(Modelled::new(), 2);
        let parked = start(&m, |m| assert_eq!(read(m, 0), DONE));
        let selecting = start(&m, |m| assert_eq!(read_selecting(m, 1), DONE));
        let writing = start(&m, |m| write(m, 1));
        join([parked, selecting, writing]);
    });
}

/// Two readers that select wake for each frame and for the end, though one announces itself anew while the writer still rings
/// for the other.
#[test]
fn two_selecting_readers_see_every_frame() {
    check("two selecting readers see every frame", 2, || {
        let m = ring_and_event(Modelled::new(), 2);
        let readers = [0, 1].map(|index| {
            start(&m, move |m| {
                for expected in 1..=2 {
                    assert_eq!(read_selecting(m, index), DONE);
                    assert_eq!(number(m, index), expected);
                }
                assert_eq!(read_selecting(m, index), CLOSED);
            })
        });
        write(&m, 1);
        write(&m, 2);
        writer::close(&*m, OBJECT);
        join(readers);
    });
}

/// A reader that is rung selects again at once, for the next frame: no announcement is taken back by the ringing before.
#[test]
fn a_reader_selects_again_while_it_is_rung() {
    check("a reader selects again while it is rung", 4, || {
        let m = ring_and_event(Modelled::new(), 1);
        let reader = start(&m, |m| {
            assert_eq!([0; 2].map(|_| read_selecting(m, 0)), [DONE; 2]);
        });
        write(&m, 1);
        write(&m, 2);
        reader.join().unwrap();
    });
}

/// A writer that selects wakes for room, and for what it waits for besides.
#[test]
fn a_selecting_writer_wakes() {
    fn wait_while(change: fn(&Modelled)) {
        let m = ring_and_event(Modelled::new(), 1);
        write(&m, 1);
        write(&m, 2);
        let thread = start(&m, change);
        blocking::select(&*m, bell(0), |bell| (writer::watch(&*m, OBJECT, FRAME, bell) != 0) | watch_event(&m, bell));
        thread.join().unwrap();
    }
    let changes: [fn(&Modelled); 5] = [
        |m| assert_eq!(try_read(m, 0), DONE),
        |m| assert_eq!(reading::skip(m, OBJECT, reader(0), FRAME), u64::from(FRAME)),
        |m| reading::release(m, OBJECT, reader(0), READER_DETACHED),
        |m| event::signal(m, OTHER),
        |m| event::leave(m, OTHER),
    ];
    check_all("a selecting writer wakes", 4, changes.map(|change| move || wait_while(change)));
}

/// A writer that selects for room in a ring of two readers wakes for the slower one.
#[test]
fn a_selecting_writer_wakes_for_the_slowest_reader() {
    check("a selecting writer wakes for the slowest reader", 3, || {
        let m = ring_and_event(Modelled::new(), 2);
        write(&m, 1);
        write(&m, 2);
        let readers = [0, 1].map(|index| start(&m, move |m| assert_eq!(read(m, index), DONE)));
        blocking::select(&*m, bell(0), |bell| writer::watch(&*m, OBJECT, FRAME, bell) != 0);
        assert!(writer::write(&*m, OBJECT, frame(&m, 3), FRAME) >= DONE);
        join(readers);
    });
}

/// A reader that selects is told to stop.
#[test]
fn a_selecting_reader_wakes_for_the_stop() {
    check("a selecting reader wakes for the stop", 4, || {
        let m = ring_and_event(Modelled::stoppable(), 1);
        let reader = start(&m, |m| assert_eq!(read_selecting(m, 0), STOPPED));
        m.stop(&[OBJECT + RING_DATA_WAITERS, bell(0)]);
        reader.join().unwrap();
    });
}

/// A writer dies between any two of its stores. Whoever ends its ring in its place wakes the readers that select, those as
/// well whose doorbells it was about to ring.
#[test]
fn selecting_readers_outlive_a_writer() {
    let models = (1..16).map(|stores| {
        move || {
            let m = ring_and_event(Modelled::new(), 2);
            let at = frame(&m, 1);
            let readers = [0, 1].map(|index| start(&m, move |m| while read_selecting(m, index) == DONE {}));
            let dying = start(&m, move |m| live(m, stores, |m| writer::write(m, OBJECT, at, FRAME)));
            dying.join().unwrap();
            writer::close(&*m, OBJECT);
            join(readers);
        }
    });
    check_all("selecting readers outlive a writer", 1, models);
}

fn queue_and_bells(memory: Modelled, records: u32) -> Arc<Modelled> {
    let mut memory = with_bells(memory);
    memory.add_event(OTHER, 1);
    with_queue(memory, records, &[BAND])
}

/// Whether a record is there, or the end.
fn watch_record(m: &Modelled, party: u32, bell: u32) -> bool {
    consumer::watch(m, OBJECT, party, 0, bell) != 0
}

/// Takes a record as soon as there is one, by a doorbell: whether there was one, rather than the end.
fn take_selecting(m: &Modelled, party: u32, bell: u32) -> bool {
    loop {
        blocking::select(m, bell, |bell| watch_record(m, party, bell) | watch_event(m, bell));
        let offset = consumer::look(m, OBJECT, party);
        if offset != NOT_READY {
            return offset != CLOSED && free(m, party, offset) != 0;
        }
    }
}

/// Two consumers of a queue, of whom one selects: each record is taken once, and both see the end.
#[test]
fn a_selecting_consumer_takes_turns() {
    check("a selecting consumer takes turns", 2, || {
        let m = queue_and_bells(Modelled::new(), 2);
        let parked = start(&m, |m| {
            let offset = blocking::look(m, OBJECT, 1);
            u32::from(offset >= 0 && free(m, 1, offset) != 0)
        });
        let selecting = start(&m, |m| u32::from(take_selecting(m, 2, bell(0))));
        offer(&m, 0, 1);
        queue::close(&*m, OBJECT);
        assert_eq!(parked.join().unwrap() + selecting.join().unwrap(), 1);
    });
}

/// A producer that selects wakes for room.
#[test]
fn a_selecting_producer_wakes_for_room() {
    check("a selecting producer wakes for room", 3, || {
        let m = queue_and_bells(Modelled::new(), 1);
        offer(&m, 0, 1);
        let consumer = start(&m, |m| {
            let offset = consumer::look(m, OBJECT, 1);
            free(m, 1, offset);
        });
        blocking::select(&*m, bell(0), |bell| {
            (producer::watch(&*m, OBJECT, 0, BAND, LENGTH, 0, bell) != 0) | watch_event(&m, bell)
        });
        assert!(producer::claim(&*m, OBJECT, 0, BAND, LENGTH) >= 0);
        consumer.join().unwrap();
    });
}

/// A consumer that selects goes on after a producer that died, whatever it was about to do, once that is cleaned up after.
#[test]
fn a_selecting_consumer_outlives_a_producer() {
    let models = (1..24).map(|stores| {
        move || {
            let m = queue_and_bells(Modelled::new(), 2);
            let dying = start(&m, move |m| {
                live(m, stores, |m| {
                    let offset = producer::claim(m, OBJECT, 0, BAND, LENGTH);
                    fill(m, offset, 1);
                    producer::commit(m, OBJECT, 0);
                    loop {
                        // It dies at last, and publishes nothing more.
                        m.or32(bell(1), 1);
                    }
                });
            });
            let consumer = start(&m, |m| while take_selecting(m, 1, bell(0)) {});
            dying.join().unwrap();
            while unblocking::unblock(&*m, OBJECT, 0) == NOT_READY {
                loom::thread::yield_now();
            }
            queue::close(&*m, OBJECT);
            consumer.join().unwrap();
        }
    });
    check_all("a selecting consumer outlives a producer", 1, models);
}
