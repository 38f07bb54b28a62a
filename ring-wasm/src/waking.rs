//! Waking whoever waits for what was changed: who is parked on the waiters word, and whose doorbell is enlisted.

use crate::doorbell::Bells;
use crate::memory::Memory;
use crate::waiting::{BELLS, BITS, PARKED};
use core::sync::atomic::Ordering::{Relaxed, SeqCst};

/// Wakes all who have announced themselves, and rings the doorbells in `bells` if that was asked for.
///
/// Ordering WAKE: the caller's change (a SeqCst store) before this load, for the same reason.
#[inline(always)]
pub fn wake<M: Memory>(m: M, waiters: u32, bells: impl Fn() -> Bells) {
    if m.load32(waiters, SeqCst) & BITS != 0 {
        wake_announced(m, waiters, bells);
    }
}

/// Clears the bits, counts on, and then notifies and rings.
///
/// The count is why a waiter does not sleep through a wake that comes between its second look and its parking, although
/// another waiter announces itself after the wake: the word is not what it was.
///
/// The exchange fails where somebody else is waking the same waiters, or where another kind of waiter has announced itself.
///
/// Ordering BELL: the exchange before the doorbells. One that was rung before its bit is cleared could be enlisted again in
/// between, and this exchange would take that back.
#[inline(never)]
fn wake_announced<M: Memory>(m: M, waiters: u32, bells: impl Fn() -> Bells) {
    loop {
        let word = m.load32(waiters, Relaxed);
        if word & BITS == 0 {
            return;
        }
        if m.replace32(waiters, word, (word | BITS).wrapping_add(1)) {
            if word & PARKED != 0 {
                m.notify(waiters);
            }
            if word & BELLS != 0 {
                bells().ring(m);
            }
            return;
        }
    }
}

/// As [`wake`], and wakes those as well whom somebody was about to notify, or to ring for, who has died before that.
pub fn wake_again<M: Memory>(m: M, waiters: u32, bells: impl Fn() -> Bells + Copy) {
    wake(m, waiters, bells);
    m.notify(waiters);
    bells().ring_again(m);
}
