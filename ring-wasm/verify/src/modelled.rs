//! The memory of loom, which explores the interleavings of a model's threads, and every value that a load may return by
//! the rules of C11.
//!
//! loom takes a SeqCst access for one that acquires or releases. What SeqCst adds is that a load stays behind the thread's
//! stores, for which processors put a fence before each such load, or else after each such store. Each model is explored in
//! both ways. An access that asks for less gets no fence. WASM's atomic accesses are stronger than all of this.

use loom::cell::UnsafeCell;
use loom::sync::atomic::{AtomicU32, AtomicU64, fence};
use loom::sync::{Condvar, Mutex};
use ring_wasm::layout::*;
use ring_wasm::memory::Memory;
use ring_wasm::{place, queue, ring};
use std::cell::Cell;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::{self, AcqRel, Acquire, Relaxed, Release, SeqCst};

/// Where the fences of SeqCst accesses are.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fences {
    BeforeLoads,
    AfterStores,
}

thread_local! {
    /// For the model that this thread explores.
    static FENCES: Cell<Fences> = const { Cell::new(Fences::BeforeLoads) };
}

/// Explores the interleavings of `model` with at most `preemptions` preemptions, or with as few as the environment
/// variable LOOM_MAX_PREEMPTIONS says, and prints how many there are. With fences after stores, where more loads may
/// return more values, it is one preemption fewer.
pub fn check(name: &str, preemptions: usize, model: impl Fn() + Clone + Send + Sync + 'static) {
    check_all(name, preemptions, [model]);
}

/// As [`check`], for several models that are one.
pub fn check_all<Model>(name: &str, preemptions: usize, models: impl IntoIterator<Item = Model>)
where
    Model: Fn() + Clone + Send + Sync + 'static,
{
    let mut builder = loom::model::Builder::new();
    let bound = builder.preemption_bound.map_or(preemptions, |most| most.min(preemptions));
    let explored = Arc::new(AtomicUsize::new(0));
    for model in models {
        for (fences, bound) in [(Fences::BeforeLoads, bound), (Fences::AfterStores, bound.saturating_sub(1))] {
            FENCES.set(fences);
            builder.preemption_bound = Some(bound);
            let (explored, model) = (explored.clone(), model.clone());
            builder.check(move || {
                explored.fetch_add(1, Relaxed);
                model();
            });
        }
    }
    println!("model {name}: {} interleavings, at most {bound} preemptions", explored.load(Relaxed));
}

/// A fence of a SeqCst access, if it is here.
fn fence_of(order: Ordering, fences: Fences) {
    if order == SeqCst && FENCES.get() == fences {
        fence(SeqCst);
    }
}

enum Word {
    /// One side's own, or constant. loom reports where two threads race for it.
    Plain(UnsafeCell<u64>),
    Atomic32(AtomicU32),
    Atomic64(AtomicU64),
    Waiters(Waiters),
    Shifting(Shifting),
}

/// A word of a queue's bands: now the length of a record, which producers and consumers pass on to each other, and now a
/// part of one, for which nobody races.
struct Shifting {
    word: AtomicU32,
    /// Read by every atomic access and changed by every plain one, so that loom reports a race of the two.
    plain: UnsafeCell<()>,
}

/// A word with the threads that are parked on it.
struct Waiters {
    word: AtomicU32,
    turn: Mutex<()>,
    notified: Condvar,
}

/// What the bytes of a ring are to the model.
#[derive(Clone, Copy)]
pub enum Data {
    /// Never touched by two threads at a time: loom reports a race.
    Exclusive,
    /// Read while it is overwritten, by design: each word is an atomic one, and a frame of two words may be torn.
    Torn,
}

/// The words of a model, each at its address.
pub struct Modelled {
    words: HashMap<u32, Word>,
}

impl Modelled {
    /// A memory in which nobody is ever told to stop.
    pub fn new() -> Self {
        let mut memory = Self { words: HashMap::new() };
        memory.plain(STOP, LINE);
        memory
    }

    /// A memory in which [`stop`](Self::stop) may be called.
    pub fn stoppable() -> Self {
        let mut memory = Self::new();
        memory.insert32(STOP);
        memory
    }

    fn insert32(&mut self, at: u32) {
        self.words.insert(at, Word::Atomic32(AtomicU32::new(0)));
    }

    fn insert64(&mut self, at: u32) {
        self.words.insert(at, Word::Atomic64(AtomicU64::new(0)));
    }

    fn insert_shifting(&mut self, at: u32) {
        let shifting = Shifting { word: AtomicU32::new(0), plain: UnsafeCell::new(()) };
        self.words.insert(at, Word::Shifting(shifting));
    }

    fn insert_waiters(&mut self, at: u32) {
        let waiters = Waiters { word: AtomicU32::new(0), turn: Mutex::new(()), notified: Condvar::new() };
        self.words.insert(at, Word::Waiters(waiters));
    }

    /// Adds words of 4 bytes that only one thread uses at a time.
    pub fn plain(&mut self, at: u32, bytes: u32) {
        for at in (at..at + bytes).step_by(4) {
            self.words.insert(at, Word::Plain(UnsafeCell::new(0)));
        }
    }

    /// Adds a ring and makes it.
    pub fn add_ring(&mut self, ring: u32, capacity: u32, readers: u32, data: Data) {
        self.plain(ring, RING_HEADER + readers * READER_BYTES);
        for at in [RING_POSITION, RING_CLAIM, RING_SPACE_NEEDED] {
            self.insert64(ring + at);
        }
        self.insert32(ring + RING_CLOSED);
        self.insert32(ring + RING_BELL);
        for at in [RING_DATA_WAITERS, RING_SPACE_WAITERS] {
            self.insert_waiters(ring + at);
        }
        for reader in (0..readers).map(|index| ring::reader(ring, index)) {
            self.insert64(reader + READER_POSITION);
            self.insert32(reader + READER_STATE);
            self.insert32(reader + READER_BELL);
        }
        let start = ring::reader(ring, readers);
        match data {
            Data::Exclusive => self.plain(start, capacity),
            Data::Torn => (start..start + capacity).step_by(4).for_each(|at| self.insert32(at)),
        }
        ring::init(&*self, ring, capacity, readers, 0);
    }

    /// Adds a doorbell.
    pub fn add_doorbell(&mut self, bell: u32) {
        self.insert_waiters(bell);
    }

    /// Adds an event of four parties and makes it.
    pub fn add_event(&mut self, event: u32, signalers: u32) {
        const PARTIES: u32 = 4;
        self.plain(event + EVENT_PARTIES, 4);
        (0..PARTIES).for_each(|party| self.insert32(event + EVENT_HEADER + party * 4));
        self.insert32(event + EVENT_PENDING);
        self.insert32(event + EVENT_SIGNALERS);
        self.insert_waiters(event + EVENT_WAITERS);
        ring_wasm::event::init(&*self, event, 0, signalers, PARTIES);
    }

    /// Adds a queue and makes it. Only the bands of `used` may have records.
    pub fn add_queue(&mut self, queue: u32, records: u32, bytes: u32, parties: u32, used: &[u32]) {
        let data = place::party(queue, parties);
        let slots = data + BANDS * bytes;
        self.plain(queue, slots - queue);
        (0..parties).for_each(|party| self.insert32(slots + party * 4));
        for at in [QUEUE_CLAIMS, QUEUE_RELEASED, QUEUE_DROPPED, QUEUE_ABORTED, QUEUE_GOAL, QUEUE_REFUSED] {
            self.insert64(queue + at);
        }
        for at in [QUEUE_TURN, QUEUE_WAKES] {
            self.insert32(queue + at);
        }
        for at in [QUEUE_RECORD_WAITERS, QUEUE_ROOM_WAITERS] {
            self.insert_waiters(queue + at);
        }
        for &band in used {
            self.insert64(place::tail(queue, band));
            self.insert64(place::head(queue, band));
            let start = data + band * bytes;
            (start..start + bytes).step_by(4).for_each(|at| self.insert_shifting(at));
        }
        for party in (0..parties).map(|index| place::party(queue, index)) {
            for at in [PARTY_INTENT, PARTY_PLACE, PARTY_CONFIRMED] {
                self.insert64(party + at);
            }
        }
        queue::init(&*self, queue, records, bytes, parties, 0);
    }

    /// Tells everybody to stop, as `SharedMemory.stop` does in TypeScript.
    pub fn stop(&self, waiters: &[u32]) {
        self.store32(STOP, 1, SeqCst);
        self.stir(waiters);
    }

    /// Makes whoever waits look again.
    pub fn stir(&self, waiters: &[u32]) {
        for &at in waiters {
            self.waiters(at).word.fetch_add(WAITERS_STEP, AcqRel);
            fence_of(SeqCst, Fences::AfterStores);
            self.notify(at);
        }
    }

    fn word(&self, at: u32) -> &Word {
        self.words.get(&at).unwrap_or_else(|| panic!("no word at {at}"))
    }

    fn word32(&self, at: u32) -> &AtomicU32 {
        match self.word(at) {
            Word::Atomic32(word) | Word::Waiters(Waiters { word, .. }) => word,
            Word::Shifting(Shifting { word, plain }) => {
                plain.with(|_| ());
                word
            }
            _ => panic!("not an atomic word of 32 bits at {at}"),
        }
    }

    fn word64(&self, at: u32) -> &AtomicU64 {
        match self.word(at) {
            Word::Atomic64(word) => word,
            _ => panic!("not an atomic word of 64 bits at {at}"),
        }
    }

    fn waiters(&self, at: u32) -> &Waiters {
        match self.word(at) {
            Word::Waiters(waiters) => waiters,
            _ => panic!("not a waiters word at {at}"),
        }
    }

    fn get(&self, at: u32) -> u64 {
        match self.word(at) {
            // SAFETY: loom fails the model where a store races with this.
            Word::Plain(word) => word.with(|value| unsafe { *value }),
            // SAFETY: as above.
            Word::Atomic32(word) => u64::from(unsafe { word.unsync_load() }),
            // SAFETY: as above.
            Word::Atomic64(word) => unsafe { word.unsync_load() },
            Word::Waiters(_) => panic!("a waiters word at {at} is never one thread's own"),
            Word::Shifting(Shifting { word, plain }) => plain.with(|_| u64::from(word.load(Relaxed))),
        }
    }

    fn set(&self, at: u32, value: u64) {
        match self.word(at) {
            // SAFETY: loom fails the model where another access races with this.
            Word::Plain(word) => word.with_mut(|place| unsafe { *place = value }),
            Word::Shifting(Shifting { word, plain }) => plain.with_mut(|_| word.store(value as u32, Relaxed)),
            _ => panic!("not a plain word at {at}"),
        }
    }
}

impl Default for Modelled {
    fn default() -> Self {
        Self::new()
    }
}

impl Memory for &Modelled {
    const PATIENCE: u32 = 1;

    fn get32(self, at: u32) -> u32 {
        self.get(at) as u32
    }

    fn set32(self, at: u32, value: u32) {
        self.set(at, value.into());
    }

    fn get64(self, at: u32) -> u64 {
        self.get(at)
    }

    fn set64(self, at: u32, value: u64) {
        self.set(at, value);
    }

    fn load32(self, at: u32, order: Ordering) -> u32 {
        if let Word::Plain(_) = self.word(at) {
            return self.get32(at); // Never stored to in this model.
        }
        fence_of(order, Fences::BeforeLoads);
        self.word32(at).load(if order == SeqCst { Acquire } else { order })
    }

    fn store32(self, at: u32, value: u32, order: Ordering) {
        if order != SeqCst {
            return self.word32(at).store(value, order);
        }
        // loom leaves open whether a store comes before or after other threads' exchanges, and then lets both be the newest.
        self.word32(at).swap(value, Release);
        fence_of(order, Fences::AfterStores);
    }

    fn load64(self, at: u32, order: Ordering) -> u64 {
        if let Word::Plain(_) = self.word(at) {
            return self.get64(at); // Never stored to in this model.
        }
        fence_of(order, Fences::BeforeLoads);
        self.word64(at).load(if order == SeqCst { Acquire } else { order })
    }

    fn store64(self, at: u32, value: u64, order: Ordering) {
        if let Word::Plain(_) = self.word(at) {
            return self.set64(at, value);
        }
        self.word64(at).store(value, if order == SeqCst { Release } else { order });
        fence_of(order, Fences::AfterStores);
    }

    fn replace32(self, at: u32, old: u32, new: u32) -> bool {
        let replaced = self.word32(at).compare_exchange(old, new, AcqRel, Acquire).is_ok();
        fence_of(SeqCst, Fences::AfterStores);
        replaced
    }

    fn replace64(self, at: u32, old: u64, new: u64) -> bool {
        let replaced = self.word64(at).compare_exchange(old, new, AcqRel, Acquire).is_ok();
        fence_of(SeqCst, Fences::AfterStores);
        replaced
    }

    fn or32(self, at: u32, bits: u32) -> u32 {
        let before = self.word32(at).fetch_or(bits, AcqRel);
        fence_of(SeqCst, Fences::AfterStores);
        before
    }

    fn fence(self) {
        fence(SeqCst);
    }

    fn copy(self, to: u32, from: u32, length: u32) {
        for done in (0..length).step_by(4) {
            let value = match self.word(from + done) {
                Word::Atomic32(word) => word.load(Relaxed),
                _ => self.get32(from + done),
            };
            match self.word(to + done) {
                Word::Atomic32(word) => word.store(value, Relaxed),
                _ => self.set32(to + done, value),
            }
        }
    }

    fn clear(self, at: u32, length: u32) {
        (at..at + length).step_by(4).for_each(|at| self.set32(at, 0));
    }

    /// Without a bound, whatever time is given: a wake-up that was lost is a deadlock, which loom reports.
    fn wait32(self, at: u32, expected: u32, _nanoseconds: i64) -> bool {
        let waiters = self.waiters(at);
        let turn = waiters.turn.lock().unwrap();
        // A read of the newest value, as the instruction does it.
        if waiters.word.fetch_or(0, AcqRel) == expected {
            drop(waiters.notified.wait(turn).unwrap());
        }
        true
    }

    fn notify(self, at: u32) {
        let waiters = self.waiters(at);
        let _turn = waiters.turn.lock().unwrap();
        waiters.notified.notify_all();
    }
}
