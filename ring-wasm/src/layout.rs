//! The byte map of the shared memory: where every word lies.
//!
//! `deno task wasm` reads the constants of this file and writes them into the generated TypeScript module, so that
//! there is one map only. Keep every line in the form `pub const NAME: u32 = NUMBER;`.
//!
//! A word that one side stores while the other side loads it has a line of 128 bytes to itself: two cache lines of
//! 64 bytes, because processors fetch them in pairs.

/// Bytes of one line, and the alignment of everything in the arena.
pub const LINE: u32 = 128;

// The memory as a whole. The first line stays empty, so that no object lies at address 0.

/// u32: 0 while the pipeline runs, 1 once it is told to stop. Only ever set, never cleared.
pub const STOP: u32 = 128;
/// u32: always 0.
pub const ZERO: u32 = 132;
/// u32: how often the tasks were asked to give account of themselves, modulo 2^32; 0 while nobody monitors them.
pub const ASKED: u32 = 136;
/// What is added to a waiters word (see waiting.rs) to make whoever parks on it look again: it counts, above the two bits.
pub const WAITERS_STEP: u32 = 4;
/// Bytes of a doorbell (see doorbell.rs): a waiters word on which one thread parks.
pub const DOORBELL_BYTES: u32 = 128;
/// The first address that the arena hands out.
pub const ARENA: u32 = 256;

// A ring, from its base address. Positions count bytes since the ring was made; they only grow and never wrap.

/// u64: bytes published. Stored by the writer, loaded by the readers.
pub const RING_POSITION: u32 = 0;
/// u32: 1 once the writer has published its last byte. Shares the line of the position: it changes once.
pub const RING_CLOSED: u32 = 8;
/// u64: the position up to which the writer may be overwriting. At least RING_POSITION while a passing reader exists.
pub const RING_CLAIM: u32 = 128;
/// u32: the waiters word (see waiting.rs) of readers that wait for data.
pub const RING_DATA_WAITERS: u32 = 256;
/// u32: the waiters word of the writer that waits for space.
pub const RING_SPACE_WAITERS: u32 = 384;
/// u64: the position that the slowest reader must reach for the parked writer to go on.
pub const RING_SPACE_NEEDED: u32 = 392;
/// u32: the address of the writer's doorbell (see doorbell.rs), or 0. Stored by the writer, loaded by the readers.
pub const RING_BELL: u32 = 400;
/// u32: bytes of the data area, 1 to 2^31 - 1. Constant.
pub const RING_CAPACITY: u32 = 512;
/// u32: how many readers follow the header. Constant.
pub const RING_READERS: u32 = 516;

// The writer's own line: nobody else touches it.

/// u64: the writer may publish up to this position without looking at the readers again.
pub const RING_LIMIT: u32 = 640;
/// u32: RING_POSITION modulo the capacity, 0 to capacity - 1.
pub const RING_OFFSET: u32 = 648;
/// u32: writes left until the cached limit is due for a refresh, 1 to 2^32 - 1.
pub const RING_COUNTDOWN: u32 = 652;
/// u32: 1 while some reader is passing, so that claims must be announced.
pub const RING_ANNOUNCING: u32 = 656;
/// u32: how often the readers were scanned, modulo 2^32.
pub const RING_SCANS: u32 = 660;
/// u64: bytes that the writer was given and could not put anywhere. Stored by the writer, loaded by monitors.
pub const RING_REFUSED: u32 = 664;
/// u32: the most bytes that the writer has looked at together, where that was more than a frame. For onlookers.
pub const RING_WIDEST: u32 = 672;

/// Bytes before the first reader.
pub const RING_HEADER: u32 = 768;

// A reader of a ring, from its own base address.

/// u64: bytes consumed. Stored by the reader, loaded by the writer.
pub const READER_POSITION: u32 = 0;
/// u32: one of the three states below. Stored by the reader, loaded by the writer.
pub const READER_STATE: u32 = 8;
/// u32: the address of the reader's doorbell (see doorbell.rs), or 0. Stored by the reader, loaded by the writer.
pub const READER_BELL: u32 = 12;
/// u64: RING_POSITION as the reader last saw it. The reader's own.
pub const READER_SEEN: u32 = 128;
/// u64: bytes that passed this reader by, unread. The reader's own.
pub const READER_LOST: u32 = 136;
/// u32: READER_POSITION modulo the capacity, 0 to capacity - 1. The reader's own.
pub const READER_OFFSET: u32 = 144;
/// Bytes of one reader.
pub const READER_BYTES: u32 = 256;

/// The reader is gone: nobody reads, the writer ignores it.
pub const READER_DETACHED: u32 = 0;
/// The reader sees every byte: the writer waits for it.
pub const READER_BLOCKING: u32 = 1;
/// The reader takes what it can get: the writer does not wait, but announces what it overwrites.
pub const READER_PASSING: u32 = 2;

// An event, from its base address.

/// u32: activations that were signalled and not yet taken.
pub const EVENT_PENDING: u32 = 0;
/// u32: parties left that may signal. It only shrinks.
pub const EVENT_SIGNALERS: u32 = 4;
/// u32: how many parties there are. Constant.
pub const EVENT_PARTIES: u32 = 8;
/// u32: the waiters word of those who wait for an activation.
pub const EVENT_WAITERS: u32 = 128;
/// Bytes before the first party's slot: a u32 for each party, the address of its doorbell or 0.
pub const EVENT_HEADER: u32 = 256;

// A record queue, from its base address. Claims are numbered; neither their numbers nor positions ever wrap.

/// u64: the claims word (see claims.rs): the number of the last claim, who made it, and whether the queue is closed.
pub const QUEUE_CLAIMS: u32 = 0;
/// u64 for each band: the position up to which it is claimed. The last claim's may be missing. Stored by producers.
pub const QUEUE_TAILS: u32 = 8;
/// u32: the waiters word of consumers that wait for a record.
pub const QUEUE_RECORD_WAITERS: u32 = 128;
/// u32: the waiters word of producers that wait for room.
pub const QUEUE_ROOM_WAITERS: u32 = 256;
/// u64: how many claims are over: taken, dropped or given up. Stored by who has the turn, loaded by the producers.
pub const QUEUE_RELEASED: u32 = 384;
/// u64 for each band: the position up to which it is free again. Stored by who has the turn, loaded by the producers.
pub const QUEUE_HEADS: u32 = 392;
/// u64: how many records were dropped to make room. Stored by who has the turn.
pub const QUEUE_DROPPED: u32 = 424;
/// u64: how many claims were given up. Stored by who has the turn.
pub const QUEUE_ABORTED: u32 = 432;
/// u32: 1 + the party that has the turn, 0 while nobody has; and TURN_CONTENDED once a consumer waits for it.
pub const QUEUE_TURN: u32 = 512;
/// u32: the band of the record that was found last. For who has the turn.
pub const QUEUE_FOUND: u32 = 516;
/// u64: what QUEUE_RELEASED is once the release under way is done. For who has the turn.
pub const QUEUE_GOAL_RELEASED: u32 = 520;
/// u64: the place (see queue.rs) of its band's head then. For who has the turn.
pub const QUEUE_GOAL: u32 = 528;
/// u32: the most claims that are not over at a time, 1 to 2^30. Constant.
pub const QUEUE_RECORDS: u32 = 640;
/// u32: bytes of each band, a power of two from 64 to 2^29. Constant.
pub const QUEUE_BYTES: u32 = 644;
/// u32: how many parties follow the header. Constant.
pub const QUEUE_PARTIES: u32 = 648;
/// u32: how often waiters were woken for another reason than the queue's own, modulo 2^32. Stored by anybody.
pub const QUEUE_WAKES: u32 = 768;
/// u64: how many records were refused, since nothing could be dropped for them. Stored by anybody.
pub const QUEUE_REFUSED: u32 = 776;
/// Bytes before the first party. The bands follow the last one, and a u32 for each party follows those: the address of its
/// doorbell, or 0.
pub const QUEUE_HEADER: u32 = 896;

/// How many bands a queue has.
pub const BANDS: u32 = 4;
/// The bit of the turn word that tells its owner to wake who waits for it.
pub const TURN_CONTENDED: u32 = 2147483648;

// A party of a queue, from its own base address.

/// u64: the intent (see claims.rs): the claim that the party is about to make or has made last. Loaded by other producers.
pub const PARTY_INTENT: u32 = 0;
/// u64: the place of that claim. Loaded by other producers.
pub const PARTY_PLACE: u32 = 8;
/// u64: the number up to which claims are allowed, as the party last saw it. The party's own.
pub const PARTY_ALLOWED: u32 = 16;
/// u64 for each band: the position up to which it is free, as the party last saw it. The party's own.
pub const PARTY_LIMITS: u32 = 24;
/// u32: the length of the record that the party has found last. The party's own.
pub const PARTY_FOUND: u32 = 56;
/// u64: the number of the party's last claim that was followed by another party's. Stored by other producers.
pub const PARTY_CONFIRMED: u32 = 128;
/// Bytes of one party.
pub const PARTY_BYTES: u32 = 256;
/// How many parties a queue may have.
pub const MOST_PARTIES: u32 = 1023;

// A record, from its position in its band, a multiple of 8. Its bytes follow, or else lie at the band's start, where they
// would not fit before the end.

/// u32: 0 while the record is being written, otherwise its length with one of the two bits below.
pub const RECORD_LENGTH: u32 = 0;
/// Bytes before the record's own.
pub const RECORD_HEADER: u32 = 8;
/// The record is whole.
pub const RECORD_COMMITTED: u32 = 2147483648;
/// The record was given up.
pub const RECORD_ABORTED: u32 = 1073741824;
