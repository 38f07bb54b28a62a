//! Doorbells: who has enlisted one finds it rung as soon as there is something to do, and not before.

use crate::cases;
use proptest::collection::vec;
use proptest::prelude::*;
use ring_verify::native::{Copies, Native};
use ring_wasm::codes::NOT_READY;
use ring_wasm::layout::*;
use ring_wasm::memory::Memory;
use ring_wasm::{consumer, doorbell, event, producer, queue, reader, ring, writer};

const RING: u32 = ARENA;
const EVENT: u32 = 4096;
const QUEUE: u32 = 8192;
const BELLS: u32 = 1 << 14;
const SCRATCH: u32 = 1 << 15;
const MEMORY: u32 = 1 << 16;

const FRAME: u32 = 8;
const CAPACITY: u32 = 2 * FRAME;
const LENGTH: u32 = 8;
const BAND: u32 = 1;
/// Two that read, take and consume, and one that writes and produces.
const THREADS: u32 = 3;
const WRITER: u32 = 2;

#[derive(Clone, Copy, Debug)]
enum Operation {
    Write,
    Read {
        thread: u32,
    },
    Skip {
        thread: u32,
    },
    Detach {
        thread: u32,
    },
    CloseRing,
    Signal,
    Take,
    Leave,
    Offer,
    Consume {
        thread: u32,
    },
    CloseQueue,
    WakeQueue,
    /// Waits for some of the three things: a bit for each.
    Wait {
        thread: u32,
        things: u32,
    },
    Stop,
}
use Operation::*;

fn operations() -> impl Strategy<Value = Operation> {
    let thread = 0..2u32;
    prop_oneof![
        6 => Just(Write),
        8 => thread.clone().prop_map(|thread| Read { thread }),
        1 => thread.clone().prop_map(|thread| Skip { thread }),
        1 => thread.clone().prop_map(|thread| Detach { thread }),
        1 => Just(CloseRing),
        4 => Just(Signal),
        6 => Just(Take),
        1 => Just(Leave),
        4 => Just(Offer),
        6 => thread.prop_map(|thread| Consume { thread }),
        1 => Just(CloseQueue),
        1 => Just(WakeQueue),
        24 => (0..THREADS, 1..8u32).prop_map(|(thread, things)| Wait { thread, things }),
        1 => Just(Stop),
    ]
}

/// Who has found nothing to do: for what it waits, and what its doorbell was then.
#[derive(Clone, Copy)]
struct Waiting {
    things: u32,
    announced: u32,
}

struct Threads<'a> {
    m: &'a Native,
    waiting: [Option<Waiting>; THREADS as usize],
    /// How often the queue was woken when a thread has waited last.
    since: [u32; THREADS as usize],
}

fn bell(thread: u32) -> u32 {
    BELLS + thread * DOORBELL_BYTES
}

impl Threads<'_> {
    fn position(&self, thread: u32) -> u32 {
        ring::reader(RING, thread)
    }

    fn wakes(&self) -> u32 {
        self.m.get32(QUEUE + QUEUE_WAKES)
    }

    /// Which things are ready, by what can be asked of each.
    fn ready(&self, thread: u32) -> u32 {
        let m = self.m;
        let is_woken = self.wakes() != self.since[thread as usize];
        let is_stopped = m.get32(STOP) != 0;
        let [stream, record] = match thread {
            WRITER => {
                let is_open = queue::is_closed(m, QUEUE) == 0;
                [writer::look(m, RING, FRAME) != NOT_READY, !is_open || queue::depth(m, QUEUE) < 2]
            }
            _ => {
                let found = reader::look(m, RING, self.position(thread), FRAME) != NOT_READY;
                [found, queue::depth(m, QUEUE) > 0 || queue::is_closed(m, QUEUE) != 0]
            }
        };
        let signal = event::look(m, EVENT, 0) != NOT_READY;
        let all = [stream, signal, record || is_woken].map(|ready| u32::from(ready || is_stopped));
        all[0] | all[1] << 1 | all[2] << 2
    }

    /// The same by watching.
    fn watch(&self, thread: u32, things: u32, bell: u32) -> u32 {
        let (m, since) = (self.m, self.since[thread as usize]);
        let watch = |thing: u32| match (thing, thread) {
            (0, WRITER) => writer::watch(m, RING, FRAME, bell),
            (0, _) => reader::watch(m, RING, self.position(thread), FRAME, bell),
            (1, _) => event::watch(m, EVENT, thread, 0, bell),
            (_, WRITER) => producer::watch(m, QUEUE, thread, BAND, LENGTH, since, bell),
            _ => consumer::watch(m, QUEUE, thread, since, bell),
        };
        (0..3).filter(|thing| things >> thing & 1 != 0).map(|thing| (watch(thing) as u32) << thing).sum()
    }

    fn wait(&mut self, thread: u32, things: u32) {
        self.since[thread as usize] = self.wakes();
        let expected = self.ready(thread) & things;
        assert_eq!(self.watch(thread, things, 0), expected);
        let announced = doorbell::prepare(self.m, bell(thread));
        assert_eq!(self.watch(thread, things, bell(thread)), expected);
        let is_rung = doorbell::park(self.m, bell(thread), announced, 0);
        assert!(expected != 0 || !is_rung, "another word than was announced");
        self.waiting[thread as usize] = (expected == 0).then_some(Waiting { things, announced });
    }

    fn apply(&mut self, operation: Operation) {
        let m = self.m;
        match operation {
            Write => drop(writer::write(m, RING, SCRATCH, FRAME)),
            Read { thread } => drop(reader::read(m, RING, self.position(thread), SCRATCH, FRAME)),
            Skip { thread } => drop(reader::skip(m, RING, self.position(thread), FRAME)),
            Detach { thread } => reader::release(m, RING, self.position(thread), READER_DETACHED),
            CloseRing => writer::close(m, RING),
            Signal => event::signal(m, EVENT),
            Take => drop(event::take(m, EVENT, 0)),
            Leave => event::leave(m, EVENT),
            Offer => {
                if producer::claim(m, QUEUE, WRITER, BAND, LENGTH) >= 0 {
                    producer::commit(m, QUEUE, WRITER);
                }
            }
            Consume { thread } => {
                if consumer::look(m, QUEUE, thread) >= 0 {
                    consumer::free(m, QUEUE, thread);
                }
            }
            CloseQueue => queue::close(m, QUEUE),
            WakeQueue => {
                m.set32(QUEUE + QUEUE_WAKES, self.wakes() + 1);
                queue::wake(m, QUEUE);
            }
            Wait { thread, things } => self.wait(thread, things),
            Stop => m.stop(&[bell(0), bell(1), bell(2)]),
        }
        (0..THREADS).for_each(|thread| self.check_bell(thread));
    }

    /// Whoever has something to do now finds its doorbell rung, though another wait of its thread announces itself again.
    fn check_bell(&mut self, thread: u32) {
        let Some(Waiting { things, announced }) = self.waiting[thread as usize] else { return };
        if self.ready(thread) & things != 0 {
            assert_ne!(doorbell::prepare(self.m, bell(thread)), announced, "a doorbell that was not rung");
            self.waiting[thread as usize] = None;
        }
    }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn doorbells_ring_for_what_was_enlisted(operations in vec(operations(), 1..40)) {
        let m = &Native::new(MEMORY, Copies::Plain);
        ring::init(m, RING, CAPACITY, 2, 0);
        event::init(m, EVENT, 0, 1, THREADS);
        queue::init(m, QUEUE, 2, 64, THREADS, 0);
        let mut threads = Threads { m, waiting: [None; THREADS as usize], since: [0; THREADS as usize] };
        for operation in operations {
            threads.apply(operation);
        }
    }
}
