//! The one way to wait: look, spin, announce, look again, park. The other side wakes only who has announced.
//!
//! The lowest bit of a waiters word says that somebody may be parked on it, the next that doorbells are to be rung (see
//! doorbell.rs), and the others count how often that was done. Who changes what others wait for then wakes them: see waking.rs.

use crate::codes::{SPUN, STOPPED, TIMED_OUT, WOKEN};
use crate::layout::{STOP, WAITERS_STEP, ZERO};
use crate::memory::Memory;
use core::sync::atomic::Ordering::{Relaxed, SeqCst};

/// Somebody may be parked on the waiters word.
pub const PARKED: u32 = 1;
/// Doorbells are to be rung.
pub const BELLS: u32 = 2;
/// The bits below the count.
pub const BITS: u32 = WAITERS_STEP - 1;

/// Loads of one pause, each of which waits for the one before.
const RELAX_LOADS: u32 = 48;

#[inline(always)]
pub fn stopped<M: Memory>(m: M) -> bool {
    m.load32(STOP, SeqCst) != 0
}

/// [`STOPPED`] once the pipeline is told to stop, otherwise what `attempt` returns.
#[inline(always)]
pub fn unless_stopped<M: Memory>(m: M, attempt: impl FnOnce() -> i32) -> i32 {
    if stopped(m) { STOPPED } else { attempt() }
}

/// Sets the lowest bit of the waiters word and returns what the word is then: the value to park on.
///
/// Ordering WAKE: the announcement before the second look. Were the look done first, the other side could change the
/// state and find nobody announced in between, and the waiter would sleep through it.
#[inline(always)]
pub fn announce<M: Memory>(m: M, waiters: u32) -> u32 {
    m.or32(waiters, PARKED) | PARKED
}

/// Wakes who has announced itself on a word without doorbells. If the exchange fails, somebody else is waking the same waiters.
#[inline(always)]
pub fn wake_parked<M: Memory>(m: M, waiters: u32) {
    let word = m.load32(waiters, Relaxed);
    if word & PARKED != 0 && m.replace32(waiters, word, (word | BITS).wrapping_add(1)) {
        m.notify(waiters);
    }
}

/// Lets some time pass between two looks. Every look takes the line from the other side's cache; looking without a
/// pause would make its next store wait. WASM has no instruction for a pause, so this follows a chain of loads.
#[inline(always)]
pub fn relax<M: Memory>(m: M) {
    let mut at = ZERO;
    for _ in 0..RELAX_LOADS {
        at = ZERO + m.load32(at, Relaxed);
    }
}

/// Waits until `ready` or for about `nanoseconds`; at 0 it only spins. `announce` does so by [`announce`].
#[inline(always)]
pub fn wait<M: Memory>(
    m: M,
    waiters: u32,
    spins: u32,
    nanoseconds: i64,
    announce: impl FnOnce() -> u32,
    ready: impl Fn() -> bool,
) -> i32 {
    for _ in 0..spins {
        if ready() {
            return SPUN;
        }
        relax(m);
    }
    if nanoseconds == 0 {
        return TIMED_OUT;
    }
    let announced = announce();
    if ready() || m.wait32(waiters, announced, nanoseconds) { WOKEN } else { TIMED_OUT }
}

/// The first half of a wait, for threads that must not park: 0 if it is `ready`, otherwise what the waiters word was
/// `announced` to be. It is time to look again when the word is something else.
#[inline(always)]
pub fn prepare(announced: u32, ready: impl FnOnce() -> bool) -> u32 {
    if ready() { 0 } else { announced }
}
