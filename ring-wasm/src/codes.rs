//! What the functions return instead of an offset or of [`DONE`]. `deno task wasm` carries these to TypeScript too.

/// It is done.
pub const DONE: i32 = 0;
/// It is done, and the writer's cached limit is due for a refresh.
pub const REFRESH_DUE: i32 = 1;
/// Empty for a reader or consumer, full for a writer or producer, not pending for an event.
pub const NOT_READY: i32 = -1;
/// The writer has closed the ring and everything is read; or nobody is left who could signal the event; or the queue is
/// closed, and drained if it is a consumer that asks.
pub const CLOSED: i32 = -2;
/// The pipeline was told to stop.
pub const STOPPED: i32 = -3;
/// The writer overtook the passing reader while it read.
pub const OVERTAKEN: i32 = -4;
/// Everything that is queued outranks what it would have to make room for.
pub const OUTRANKED: i32 = -5;
/// Somebody has woken all who wait on the queue.
pub const INTERRUPTED: i32 = -6;

/// What a wait for something ended with: it came while spinning.
pub const SPUN: i32 = 0;
/// The waiter was parked, or about to be, and woke. It has to look again.
pub const WOKEN: i32 = 1;
/// The time ran out.
pub const TIMED_OUT: i32 = 2;
