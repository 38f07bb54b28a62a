//! A record queue against four lists.

use crate::cases;
use proptest::collection::vec;
use proptest::prelude::*;
use ring_verify::native::{Copies, Native};
use ring_wasm::codes::{CLOSED, DONE, NOT_READY, OUTRANKED, SPUN, STOPPED, TIMED_OUT, WOKEN};
use ring_wasm::layout::*;
use ring_wasm::memory::Memory;
use ring_wasm::{consumer, dropping, place, producer, queue, turn, unblocking};
use std::collections::VecDeque;
use std::sync::atomic::Ordering::SeqCst;

const PARTIES: u32 = 3;

#[derive(Clone, Copy, Debug)]
enum Operation {
    Claim { party: u32, band: u32, length: u32 },
    Commit { party: u32 },
    Take { party: u32 },
    Leave { party: u32 },
    MakeRoom { party: u32, band: u32, length: u32 },
    Refuse,
    Unblock { party: u32 },
    Close,
    Wake,
    PrepareForRoom { party: u32, band: u32, length: u32 },
    PrepareForRecord { party: u32 },
    Wait { party: u32, spins: u32, nanoseconds: i64 },
    Stop,
}

fn operations(bytes: u32) -> impl Strategy<Value = Operation> {
    use Operation::*;
    let (party, band) = (0..PARTIES, 0..BANDS);
    let length = prop_oneof![0..=bytes / 2, Just(bytes / 2), 0..12u32];
    let room = (party.clone(), band, length);
    prop_oneof![
        12 => room.clone().prop_map(|(party, band, length)| Claim { party, band, length }),
        12 => party.clone().prop_map(|party| Commit { party }),
        10 => party.clone().prop_map(|party| Take { party }),
        2 => party.clone().prop_map(|party| Leave { party }),
        4 => room.clone().prop_map(|(party, band, length)| MakeRoom { party, band, length }),
        1 => Just(Refuse),
        2 => party.clone().prop_map(|party| Unblock { party }),
        1 => Just(Close),
        1 => Just(Wake),
        4 => room.prop_map(|(party, band, length)| PrepareForRoom { party, band, length }),
        4 => party.clone().prop_map(|party| PrepareForRecord { party }),
        4 => (party, 0..2u32, 0..2i64).prop_map(|(party, spins, nanoseconds)| Wait { party, spins, nanoseconds }),
        1 => Just(Stop),
    ]
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Claimed,
    Whole,
    GivenUp,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    party: u32,
    /// What its bytes are made of.
    seed: u64,
    length: u32,
    advance: u64,
    state: State,
}

fn bytes_of(entry: Entry) -> Vec<u8> {
    (0..u64::from(entry.length)).map(|index| (entry.seed * 31 + index + 1) as u8).collect()
}

/// What a party has prepared to wait for, and what the waiters word was announced to be.
#[derive(Clone, Copy)]
enum Prepared {
    Room { band: u32, length: u32, announced: u32 },
    Record { announced: u32 },
}

struct Twins<'a> {
    m: &'a Native,
    start: u64,
    records: usize,
    bytes: u64,
    bands: [VecDeque<Entry>; BANDS as usize],
    tails: [u64; BANDS as usize],
    closed: bool,
    stopped: bool,
    wakes: u32,
    claims: u64,
    taken: u64,
    dropped: u64,
    given_up: u64,
    prepared: Option<Prepared>,
}

impl Twins<'_> {
    fn depth(&self) -> usize {
        self.bands.iter().map(VecDeque::len).sum()
    }

    fn used(&self, band: u32) -> u64 {
        self.bands[band as usize].iter().map(|entry| entry.advance).sum()
    }

    /// What a record takes in a band, with what is left out at the end.
    fn advance(&self, band: u32, length: u32) -> u64 {
        let left = self.bytes - self.tails[band as usize] % self.bytes;
        let padded = u64::from(length).div_ceil(8) * 8;
        if 8 + padded <= left { 8 + padded } else { left + padded }
    }

    fn fits(&self, band: u32, length: u32) -> bool {
        self.used(band) + self.advance(band, length) <= self.bytes
    }

    fn room(&self, band: u32, length: u32) -> i32 {
        match self.depth() < self.records && self.fits(band, length) {
            _ if self.stopped => STOPPED,
            _ if self.closed => CLOSED,
            true => DONE,
            false => NOT_READY,
        }
    }

    fn claimed(&mut self, party: u32) -> Option<&mut Entry> {
        let entries = self.bands.iter_mut().flatten();
        entries.into_iter().find(|entry| entry.party == party && entry.state == State::Claimed)
    }

    /// Leaves out what was given up and is the oldest of its band. Whether a record is left that can be taken.
    fn sweep(&mut self, band: u32) -> bool {
        let entries = &mut self.bands[band as usize];
        while entries.front().is_some_and(|entry| entry.state == State::GivenUp) {
            entries.pop_front();
            self.given_up += 1;
        }
        entries.front().is_some_and(|entry| entry.state == State::Whole)
    }

    /// The band of the next record. Bands are swept from the highest down to it.
    fn next(&mut self) -> Option<u32> {
        (0..BANDS).rev().find(|&band| self.sweep(band))
    }

    /// What a consumer finds, without sweeping.
    fn found(&self) -> i32 {
        let mut left = self.bands.iter().map(|entries| entries.iter().find(|entry| entry.state != State::GivenUp));
        let oldest: Vec<_> = left.by_ref().flatten().collect();
        match oldest.iter().any(|entry| entry.state == State::Whole) {
            _ if self.stopped => STOPPED,
            true => DONE,
            false if self.closed && oldest.is_empty() => CLOSED,
            false => NOT_READY,
        }
    }

    fn claim(&mut self, party: u32, band: u32, length: u32) {
        if self.claimed(party).is_some() {
            return;
        }
        let (m, expected) = (self.m, self.room(band, length));
        let offset = producer::claim(m, ARENA, party, band, length);
        if expected != DONE {
            return assert_eq!(offset, expected);
        }
        assert!(offset >= 0);
        let advance = self.advance(band, length);
        let entry = Entry { party, seed: self.claims, length, advance, state: State::Claimed };
        m.put(place::data(m, ARENA) + offset as u32, &bytes_of(entry));
        self.bands[band as usize].push_back(entry);
        self.tails[band as usize] += advance;
        self.claims += 1;
    }

    fn settle(&mut self, party: u32, state: State) -> bool {
        let Some(entry) = self.claimed(party) else { return false };
        entry.state = state;
        true
    }

    fn look(&mut self, party: u32) -> Option<u32> {
        let (m, expected) = (self.m, self.found());
        let offset = consumer::look(m, ARENA, party);
        let next = if self.stopped { None } else { self.next() };
        let Some(band) = next else {
            assert_eq!(offset, expected);
            return None;
        };
        let entry = *self.bands[band as usize].front().unwrap();
        assert_eq!(m.get32(place::party(ARENA, party) + PARTY_FOUND), entry.length);
        assert_eq!(m.bytes(place::data(m, ARENA) + offset as u32, entry.length), bytes_of(entry));
        Some(band)
    }

    fn make_room(&mut self, band: u32, length: u32) -> i32 {
        if self.stopped {
            return STOPPED;
        }
        if self.closed || self.room(band, length) == DONE {
            return DONE;
        }
        let (lowest, before) = (if self.fits(band, length) { 0 } else { band }, self.depth());
        for band in lowest..=band {
            if self.sweep(band) {
                self.bands[band as usize].pop_front();
                self.dropped += 1;
                return DONE;
            }
        }
        let is_empty = (lowest..=band).all(|band| self.bands[band as usize].is_empty());
        match self.depth() < before {
            true => DONE,
            false if is_empty => OUTRANKED,
            false => NOT_READY,
        }
    }

    fn apply(&mut self, operation: Operation) {
        use Operation::*;
        let m = self.m;
        match operation {
            Claim { party, band, length } => self.claim(party, band, length),
            Commit { party } => {
                if self.settle(party, State::Whole) {
                    producer::commit(m, ARENA, party);
                }
            }
            Take { party } => {
                if let Some(band) = self.look(party) {
                    consumer::free(m, ARENA, party);
                    self.bands[band as usize].pop_front();
                    self.taken += 1;
                }
            }
            Leave { party } => {
                if self.look(party).is_some() {
                    // Nobody else finds anything meanwhile, nor makes room.
                    let other = (party + 1) % PARTIES;
                    assert_eq!(consumer::look(m, ARENA, other), NOT_READY);
                    assert_eq!(unblocking::unblock(m, ARENA, other), NOT_READY);
                    turn::give_back(m, ARENA, party);
                }
            }
            MakeRoom { party, band, length } => {
                let expected = self.make_room(band, length);
                assert_eq!(dropping::make_room(m, ARENA, party, band, length), expected);
            }
            Refuse => {
                dropping::refuse(m, ARENA);
                self.dropped += 1;
            }
            Unblock { party } => {
                self.settle(party, State::GivenUp);
                assert_eq!(unblocking::unblock(m, ARENA, party), DONE);
            }
            Close => {
                queue::close(m, ARENA);
                self.closed = true;
            }
            Wake => {
                self.wakes += 1;
                m.store32(ARENA + QUEUE_WAKES, self.wakes, SeqCst);
                m.stir(&[ARENA + QUEUE_RECORD_WAITERS, ARENA + QUEUE_ROOM_WAITERS]);
                self.prepared = None;
            }
            PrepareForRoom { party, band, length } => {
                let announced = producer::prepare_wait(m, ARENA, party, band, length, self.wakes);
                assert_eq!(announced != 0, self.room(band, length) == NOT_READY);
                self.prepared = (announced != 0).then_some(Prepared::Room { band, length, announced });
                // Who has missed a wake comes back at once.
                assert_eq!(producer::wait(m, ARENA, party, band, length, self.wakes + 1, 1, 0), SPUN);
            }
            PrepareForRecord { party } => {
                let announced = consumer::prepare_wait(m, ARENA, party, self.wakes);
                assert_eq!(announced != 0, self.found() == NOT_READY);
                self.next();
                self.prepared = (announced != 0).then_some(Prepared::Record { announced });
            }
            Wait { party, spins, nanoseconds } => {
                let expected = match self.found() != NOT_READY {
                    true if spins > 0 => SPUN,
                    true if nanoseconds > 0 => WOKEN,
                    _ => TIMED_OUT,
                };
                assert_eq!(consumer::wait(m, ARENA, party, self.wakes, spins, nanoseconds), expected);
                // Who has missed a wake comes back at once.
                assert_eq!(consumer::wait(m, ARENA, party, self.wakes + 1, 1, 0), SPUN);
                self.next();
            }
            Stop => {
                m.stop(&[ARENA + QUEUE_RECORD_WAITERS, ARENA + QUEUE_ROOM_WAITERS]);
                self.stopped = true;
            }
        }
        self.check_wake_up();
        self.check_figures();
    }

    /// Who has prepared to wait must find the waiters word changed as soon as there is something for it.
    fn check_wake_up(&mut self) {
        let Some(prepared) = self.prepared else { return };
        let (ready, announced, at) = match prepared {
            Prepared::Room { band, length, announced } => {
                (self.room(band, length) != NOT_READY, announced, QUEUE_ROOM_WAITERS)
            }
            Prepared::Record { announced } => (self.found() != NOT_READY, announced, QUEUE_RECORD_WAITERS),
        };
        if ready {
            assert_ne!(self.m.get32(ARENA + at), announced, "a lost wake-up");
            self.prepared = None;
        }
    }

    fn check_figures(&self) {
        let (m, start) = (self.m, self.start / 8);
        assert_eq!(queue::depth(m, ARENA) as usize, self.depth());
        assert_eq!(queue::bytes_queued(m, ARENA), (0..BANDS).map(|band| self.used(band)).sum::<u64>());
        assert_eq!(queue::is_closed(m, ARENA), i32::from(self.closed));
        assert_eq!(queue::written(m, ARENA), start + self.claims - self.given_up);
        assert_eq!(queue::taken(m, ARENA), start + self.taken);
        assert_eq!(queue::dropped(m, ARENA), self.dropped);
    }
}

/// The number of bytes of a queue's bands, and what is done to it.
fn cases_of_a_queue() -> impl Strategy<Value = (u32, Vec<Operation>)> {
    (4..8u32).prop_map(|bits| 1 << bits).prop_flat_map(|bytes| (Just(bytes), vec(operations(bytes), 1..80)))
}

/// Positions about where 31, 32 and 53 bits end, and far on.
fn starts() -> impl Strategy<Value = u64> {
    let edges = prop_oneof![Just(0u64), Just(1 << 31), Just(1 << 32), Just(1 << 53), Just(1 << 55)];
    (edges, 0..64u64).prop_map(|(edge, steps)| edge.saturating_sub(steps * 8))
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn a_queue_is_four_lists(
        (bytes, operations) in cases_of_a_queue(),
        start in starts(),
        records in 1..6u32,
    ) {
        let m = &Native::new(4096, Copies::Plain);
        queue::init(m, ARENA, records, bytes, PARTIES, start);
        let mut twins = Twins {
            m,
            start,
            records: records as usize,
            bytes: bytes.into(),
            bands: Default::default(),
            tails: [start; BANDS as usize],
            closed: false,
            stopped: false,
            wakes: 0,
            claims: 0,
            taken: 0,
            dropped: 0,
            given_up: 0,
            prepared: None,
        };
        for operation in operations {
            twins.apply(operation);
        }
    }
}
