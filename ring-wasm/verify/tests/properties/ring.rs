//! A ring and its readers against an array of all bytes ever written.

use crate::cases;
use proptest::collection::vec;
use proptest::prelude::*;
use ring_verify::native::{Copies, Native};
use ring_wasm::codes::{CLOSED, DONE, NOT_READY, OVERTAKEN, REFRESH_DUE, SPUN, TIMED_OUT, WOKEN};
use ring_wasm::layout::*;
use ring_wasm::memory::Memory;
use ring_wasm::{reader, ring, writer};

/// Lengths are drawn large and cut down to the capacity, readers to their number.
#[derive(Clone, Copy, Debug)]
enum Operation {
    Write { length: u32 },
    LookToWrite { length: u32 },
    LookToWriteMany { many: Many },
    Refresh { writes: u32 },
    PrepareToWrite { length: u32 },
    WaitToWrite { length: u32, spins: u32, nanoseconds: i64 },
    Close,
    Read { reader: usize, length: u32 },
    ReadInPlace { reader: usize, length: u32, overtaken_by: u32 },
    ReadOn { reader: usize, length: u32, next: u32 },
    LookAtMany { reader: usize, many: Many },
    Skip { reader: usize, length: u32 },
    Release { reader: usize, state: u32 },
    Rejoin { reader: usize },
    PrepareToRead { reader: usize, length: u32 },
    WaitToRead { reader: usize, length: u32, spins: u32, nanoseconds: i64 },
}

/// A look at several pieces: bytes of one, and how many of them.
#[derive(Clone, Copy, Debug)]
struct Many {
    unit: u32,
    least: u32,
    most: u32,
}

fn operations() -> impl Strategy<Value = Operation> {
    use Operation::*;
    let (length, reader, spins, nanoseconds) = (1..1000u32, 0..100usize, 0..2u32, 0..2i64);
    let on_reader = (reader.clone(), length.clone());
    let many = (1..20u32, 0..1000u32, 0..1000u32).prop_map(|(unit, least, most)| Many { unit, least, most });
    prop_oneof![
        20 => length.clone().prop_map(|length| Write { length }),
        5 => length.clone().prop_map(|length| LookToWrite { length }),
        5 => many.clone().prop_map(|many| LookToWriteMany { many }),
        2 => (1..4u32).prop_map(|writes| Refresh { writes }),
        4 => length.clone().prop_map(|length| PrepareToWrite { length }),
        2 => (length.clone(), spins.clone(), nanoseconds.clone())
            .prop_map(|(length, spins, nanoseconds)| WaitToWrite { length, spins, nanoseconds }),
        1 => Just(Close),
        20 => on_reader.clone().prop_map(|(reader, length)| Read { reader, length }),
        10 => (on_reader.clone(), prop_oneof![Just(0), 1..1000u32])
            .prop_map(|((reader, length), overtaken_by)| ReadInPlace { reader, length, overtaken_by }),
        5 => (on_reader.clone(), length.clone())
            .prop_map(|((reader, length), next)| ReadOn { reader, length, next }),
        5 => (reader.clone(), many).prop_map(|(reader, many)| LookAtMany { reader, many }),
        3 => on_reader.clone().prop_map(|(reader, length)| Skip { reader, length }),
        4 => (reader.clone(), prop_oneof![Just(READER_PASSING), Just(READER_DETACHED)])
            .prop_map(|(reader, state)| Release { reader, state }),
        4 => reader.clone().prop_map(|reader| Rejoin { reader }),
        4 => on_reader.prop_map(|(reader, length)| PrepareToRead { reader, length }),
        2 => (reader, length, spins, nanoseconds)
            .prop_map(|(reader, length, spins, nanoseconds)| WaitToRead { reader, length, spins, nanoseconds }),
    ]
}

#[derive(Clone, Debug)]
struct ModelReader {
    position: usize,
    lost: usize,
    state: u32,
    /// What the waiters word was announced to be, and the length that is waited for.
    prepared: Option<(u32, usize)>,
}

/// A ring and its model, which must not differ. The model counts positions from 0.
struct Twins<'a> {
    m: &'a Native,
    capacity: usize,
    start: u64,
    written: Vec<u8>,
    /// The end of the furthest look of the writer: what may be overwritten.
    claimed: usize,
    /// How far the writer may go without a scan, by the last one, and how many there were.
    limit: u64,
    scans: u32,
    /// Writes left until a refresh is due, where one was asked for.
    countdown: Option<u32>,
    closed: bool,
    readers: Vec<ModelReader>,
    prepared: Option<(u32, usize)>,
}

const SCRATCH: u32 = 1 << 14;
const MEMORY: u32 = 1 << 15;

impl Twins<'_> {
    fn length(&self, drawn: u32) -> u32 {
        1 + drawn % self.capacity as u32
    }

    /// Whether there is a reader for what was drawn, and it has not left.
    fn reads(&self, drawn: usize) -> bool {
        let count = self.readers.len();
        count > 0 && self.readers[drawn % count].state != READER_DETACHED
    }

    fn slowest(&self) -> usize {
        let blocking = self.readers.iter().filter(|reader| reader.state == READER_BLOCKING);
        blocking.map(|reader| reader.position).min().unwrap_or(self.written.len())
    }

    fn fits(&self, length: u32) -> bool {
        self.written.len() + length as usize <= self.slowest() + self.capacity
    }

    fn scan(&mut self) {
        self.limit = self.start + (self.slowest() + self.capacity) as u64;
        self.scans += 1;
    }

    /// Whether it fits, which takes a scan only where the last one does not tell.
    fn finds_room(&mut self, length: u32) -> bool {
        if self.start + self.written.len() as u64 + u64::from(length) > self.limit {
            self.scan();
        }
        self.fits(length)
    }

    fn write(&mut self, length: u32) {
        let (m, fits) = (self.m, self.finds_room(length));
        let bytes: Vec<u8> = (0..length as usize).map(|i| ((self.written.len() + i) * 31 % 251) as u8).collect();
        m.put(SCRATCH, &bytes);
        let code = writer::write(m, ARENA, SCRATCH, length);
        if !fits {
            return assert_eq!(code, NOT_READY);
        }
        if let Some(countdown) = &mut self.countdown {
            *countdown = countdown.wrapping_sub(1);
            assert_eq!(code, if *countdown == 0 { REFRESH_DUE } else { DONE });
        }
        assert!(code >= DONE);
        self.written.extend(bytes);
        self.claimed = self.claimed.max(self.written.len());
    }

    fn look_to_write(&mut self, length: u32) {
        let expected = match self.finds_room(length) {
            true => ((self.start + self.written.len() as u64) % self.capacity as u64) as i32,
            false => NOT_READY,
        };
        assert_eq!(writer::look(self.m, ARENA, length), expected);
        if expected >= 0 {
            self.claimed = self.claimed.max(self.written.len() + length as usize);
        }
    }

    /// The unit, the least and the most bytes of a look at several pieces.
    fn lengths(&self, Many { unit, least, most }: Many) -> (u32, u32, u32) {
        let unit = self.length(unit - 1);
        let pieces = self.capacity as u32 / unit;
        let least = 1 + least % pieces;
        (unit, least * unit, least.max(1 + most % pieces) * unit)
    }

    fn look_to_write_many(&mut self, many: Many) {
        let (unit, least, most) = self.lengths(many);
        let found = writer::look_many(self.m, ARENA, unit, least, most);
        if !self.finds_room(least) {
            return assert_eq!(found, NOT_READY);
        }
        let end = self.start + self.written.len() as u64;
        if self.limit - end < u64::from(most) {
            self.scan();
        }
        let room = u64::from(most).min(self.limit - end) as u32;
        assert_eq!(found as u32, room - room % unit);
        self.claimed = self.claimed.max(self.written.len() + found as usize);
    }

    fn is_overtaken(&self, index: usize) -> bool {
        let reader = &self.readers[index];
        reader.state == READER_PASSING && self.claimed > reader.position + self.capacity
    }

    fn skip(&mut self, index: usize, length: usize) -> usize {
        let reader = &mut self.readers[index];
        let skipped = self.written.len().saturating_sub(length).saturating_sub(reader.position);
        // The newest bytes may lie before the start of the model's array, where nothing was written.
        reader.position += skipped;
        reader.lost += skipped;
        skipped
    }

    /// What a look for `length` bytes finds, and where the reader is then.
    fn look(&mut self, index: usize, length: u32) -> i32 {
        if self.readers[index].position + length as usize > self.written.len() {
            return if self.closed { CLOSED } else { NOT_READY };
        }
        if self.is_overtaken(index) {
            self.skip(index, length as usize);
        }
        ((self.start + self.readers[index].position as u64) % self.capacity as u64) as i32
    }

    /// What consuming `length` bytes returns.
    fn advance(&mut self, index: usize, length: u32) -> i32 {
        let overtaken = self.is_overtaken(index);
        let reader = &mut self.readers[index];
        reader.position += length as usize;
        reader.lost += if overtaken { length as usize } else { 0 };
        if overtaken { OVERTAKEN } else { DONE }
    }

    fn read(&mut self, index: usize, length: u32) {
        let found = self.look(index, length);
        let from = self.readers[index].position;
        let expected = if found < 0 { found } else { self.advance(index, length) };
        assert_eq!(reader::read(self.m, ARENA, ring::reader(ARENA, index as u32), SCRATCH, length), expected);
        if expected == DONE {
            assert_eq!(self.m.bytes(SCRATCH, length), &self.written[from..from + length as usize]);
        }
    }

    /// Looks, lets the writer look, and consumes.
    fn read_in_place(&mut self, index: usize, length: u32, overtaken_by: u32) {
        let (m, at) = (self.m, ring::reader(ARENA, index as u32));
        let found = self.look(index, length);
        assert_eq!(reader::look(m, ARENA, at, length), found);
        if found < 0 {
            return;
        }
        let place = ring::data(m, ARENA);
        let there = self.readers[index].position;
        for i in 0..length as usize {
            let offset = (found as usize + i) % self.capacity;
            // What lies there now, which is what was written last.
            if !self.is_overtaken(index) {
                assert_eq!(m.bytes(place + offset as u32, 1), [self.written[there + i]]);
            }
        }
        if overtaken_by > 0 {
            self.look_to_write(self.length(overtaken_by));
        }
        let expected = self.advance(index, length);
        assert_eq!(reader::advance(m, ARENA, at, length), expected);
    }

    /// Looks, and consumes in the same step in which it looks at what follows.
    fn read_on(&mut self, index: usize, length: u32, next: u32) {
        let (m, at) = (self.m, ring::reader(ARENA, index as u32));
        let found = self.look(index, length);
        assert_eq!(reader::look(m, ARENA, at, length), found);
        if found >= 0 {
            self.advance(index, length);
            let expected = self.look(index, next);
            assert_eq!(reader::next(m, ARENA, at, length, next), expected);
        }
    }

    fn look_at_many(&mut self, index: usize, many: Many) {
        let (unit, least, most) = self.lengths(many);
        let found = reader::look_many(self.m, ARENA, ring::reader(ARENA, index as u32), unit, least, most);
        let first = self.look(index, least);
        if first < 0 {
            return assert_eq!(found, first);
        }
        let there = (self.written.len() - self.readers[index].position).min(most as usize) as u32;
        assert_eq!(found as u32, there - there % unit);
    }

    fn wait_ends_with(ready: bool, spins: u32, nanoseconds: i64) -> i32 {
        match ready {
            true if spins > 0 => SPUN,
            true if nanoseconds > 0 => WOKEN,
            _ => TIMED_OUT,
        }
    }

    fn is_ready(&self, index: usize, length: usize) -> bool {
        self.closed || self.readers[index].position + length <= self.written.len()
    }

    fn apply(&mut self, operation: Operation) {
        use Operation::*;
        let m = self.m;
        let length_of = |drawn| 1 + drawn % self.capacity as u32;
        let count = self.readers.len();
        match operation {
            Write { length } if !self.closed => self.write(length_of(length)),
            LookToWrite { length } if !self.closed => self.look_to_write(length_of(length)),
            LookToWriteMany { many } if !self.closed => self.look_to_write_many(many),
            Refresh { writes } => {
                writer::refresh(m, ARENA, writes);
                self.countdown = Some(writes);
                self.scan();
            }
            PrepareToWrite { length } => {
                let length = length_of(length);
                let announced = writer::prepare_wait(m, ARENA, length);
                assert_eq!(announced != 0, !self.finds_room(length));
                self.prepared = (announced != 0).then_some((announced, length as usize));
            }
            WaitToWrite { length, spins, nanoseconds } => {
                let length = length_of(length);
                let looks = spins + u32::from(nanoseconds > 0);
                let ready = (0..looks).any(|_| self.finds_room(length));
                let expected = Self::wait_ends_with(ready, spins, nanoseconds);
                assert_eq!(writer::wait(m, ARENA, length, spins, nanoseconds), expected);
                // It has announced itself, and says anew what it needs.
                self.prepared = None;
            }
            Close => {
                writer::close(m, ARENA);
                self.closed = true;
            }
            Read { reader, length } if self.reads(reader) => self.read(reader % count, length_of(length)),
            ReadInPlace { reader, length, overtaken_by } if self.reads(reader) => {
                let by = if self.closed { 0 } else { overtaken_by };
                self.read_in_place(reader % count, length_of(length), by);
            }
            ReadOn { reader, length, next } if self.reads(reader) => {
                self.read_on(reader % count, length_of(length), length_of(next));
            }
            LookAtMany { reader, many } if self.reads(reader) => self.look_at_many(reader % count, many),
            Skip { reader, length } if count > 0 => {
                let (index, length) = (reader % count, length_of(length));
                let skipped = self.skip(index, length as usize);
                assert_eq!(reader::skip(m, ARENA, ring::reader(ARENA, index as u32), length), skipped as u64);
            }
            Release { reader, state } if self.reads(reader) => {
                reader::release(m, ARENA, ring::reader(ARENA, (reader % count) as u32), state);
                self.readers[reader % count].state = state;
            }
            Rejoin { reader } if count > 0 => {
                reader::rejoin(m, ARENA, ring::reader(ARENA, (reader % count) as u32));
                self.skip(reader % count, 0);
                self.readers[reader % count].state = READER_BLOCKING;
            }
            PrepareToRead { reader, length } if self.reads(reader) => {
                let (index, length) = (reader % count, length_of(length));
                let announced = reader::prepare_wait(m, ARENA, ring::reader(ARENA, index as u32), length);
                assert_eq!(announced != 0, !self.is_ready(index, length as usize));
                self.readers[index].prepared = (announced != 0).then_some((announced, length as usize));
            }
            WaitToRead { reader, length, spins, nanoseconds } if count > 0 => {
                let (index, length) = (reader % count, length_of(length));
                let expected = Self::wait_ends_with(self.is_ready(index, length as usize), spins, nanoseconds);
                let at = ring::reader(ARENA, index as u32);
                assert_eq!(reader::wait(m, ARENA, at, length, spins, nanoseconds), expected);
            }
            _ => {}
        }
        self.check();
    }

    /// Everything that can be asked, and that whoever has prepared to wait finds its waiters word changed in time.
    fn check(&mut self) {
        let m = self.m;
        assert_eq!(m.get32(ARENA + RING_SCANS), self.scans);
        assert_eq!(ring::unread(m, ARENA) as usize, (self.written.len() - self.slowest()).min(self.capacity));
        for index in 0..self.readers.len() {
            let (at, reader) = (ring::reader(ARENA, index as u32), &self.readers[index]);
            assert_eq!(m.get64(at + READER_POSITION), self.start + reader.position as u64);
            assert_eq!(m.get64(at + READER_LOST), reader.lost as u64);
            let is_closed = self.closed && reader.position >= self.written.len();
            assert_eq!(reader::is_closed(m, ARENA, at), i32::from(is_closed));
            if let Some((announced, length)) = reader.prepared
                && self.is_ready(index, length)
            {
                assert_ne!(m.get32(ARENA + RING_DATA_WAITERS), announced, "a reader sleeps through its data");
                self.readers[index].prepared = None;
            }
        }
        if let Some((announced, length)) = self.prepared
            && self.fits(length as u32)
        {
            assert_ne!(m.get32(ARENA + RING_SPACE_WAITERS), announced, "the writer sleeps through its room");
            self.prepared = None;
        }
    }
}

/// Positions where 32 bits, 53 bits and signs end.
fn starts() -> impl Strategy<Value = u64> {
    let bases = prop::sample::select(vec![100, 1 << 31, 1 << 32, 1 << 52, 1 << 53, 1 << 62, 1 << 63]);
    (bases, 0..100u64).prop_map(|(base, less)| base - less)
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn a_ring_is_an_array(
        capacity in prop_oneof![1..9u32, 1..100u32, 250..600u32],
        count in 0..4usize,
        start in prop_oneof![Just(0), starts()],
        operations in vec(operations(), 1..120),
    ) {
        let m = &Native::new(MEMORY, Copies::Plain);
        ring::init(m, ARENA, capacity, count as u32, start);
        let reader = ModelReader { position: 0, lost: 0, state: READER_BLOCKING, prepared: None };
        let mut twins = Twins {
            m,
            capacity: capacity as usize,
            start,
            written: Vec::new(),
            claimed: 0,
            limit: 0,
            scans: 0,
            countdown: None,
            closed: false,
            readers: vec![reader; count],
            prepared: None,
        };
        for operation in operations {
            twins.apply(operation);
        }
    }
}
