//! The event: a count of pending activations, on which tasks wait. Any thread may call any of these.

use crate::codes::{CLOSED, DONE, NOT_READY};
use crate::doorbell::{self, Bells};
use crate::layout::*;
use crate::memory::Memory;
use crate::waiting::{announce, prepare, stopped, unless_stopped, wait as wait_until};
use crate::waking::{wake, wake_again};
use core::sync::atomic::Ordering::SeqCst;

/// Makes an event in zeroed memory. Of its parties, `signalers` may signal it.
pub fn init<M: Memory>(m: M, event: u32, activations: u32, signalers: u32, parties: u32) {
    m.set32(event + EVENT_PARTIES, parties);
    m.store32(event + EVENT_PENDING, activations, SeqCst);
    m.store32(event + EVENT_SIGNALERS, signalers, SeqCst);
}

/// The address of a party's slot for its doorbell.
#[inline(always)]
fn slot(event: u32, party: u32) -> u32 {
    event + EVENT_HEADER + party * 4
}

#[inline(always)]
fn bells<M: Memory>(m: M, event: u32) -> Bells {
    Bells { first: slot(event, 0), stride: 4, count: m.get32(event + EVENT_PARTIES) }
}

#[inline(always)]
fn pending<M: Memory>(m: M, event: u32) -> u32 {
    m.load32(event + EVENT_PENDING, SeqCst)
}

/// Whether nobody but the asking party, which counts as `own` (0 or 1) of the signalers, is left to signal.
#[inline(always)]
fn is_closed<M: Memory>(m: M, event: u32, own: u32) -> bool {
    m.load32(event + EVENT_SIGNALERS, SeqCst) <= own
}

/// Replaces a word by what `next` makes of it, until that is not disturbed. Unchanged where `next` returns nothing.
#[inline(always)]
fn update<M: Memory>(m: M, at: u32, next: impl Fn(u32) -> Option<u32>) -> bool {
    loop {
        let old = m.load32(at, SeqCst);
        match next(old) {
            None => return false,
            Some(new) if m.replace32(at, old, new) => return true,
            Some(_) => {}
        }
    }
}

/// Adds an activation. The count stops at 2^32 - 1.
pub fn signal<M: Memory>(m: M, event: u32) {
    update(m, event + EVENT_PENDING, |count| count.checked_add(1));
    wake(m, event + EVENT_WAITERS, move || bells(m, event));
}

/// [`DONE`] while an activation is pending, otherwise [`CLOSED`] or [`NOT_READY`].
pub fn look<M: Memory>(m: M, event: u32, own: u32) -> i32 {
    unless_stopped(m, || {
        // The signalers first: the last to leave may have signalled just before.
        let closed = is_closed(m, event, own);
        match pending(m, event) {
            0 if closed => CLOSED,
            0 => NOT_READY,
            _ => DONE,
        }
    })
}

/// Takes one activation: [`DONE`] if there was one.
pub fn take<M: Memory>(m: M, event: u32, own: u32) -> i32 {
    let found = look(m, event, own);
    if found == DONE && !update(m, event + EVENT_PENDING, |count| count.checked_sub(1)) { NOT_READY } else { found }
}

/// Forgets all activations.
pub fn reset<M: Memory>(m: M, event: u32) {
    m.store32(event + EVENT_PENDING, 0, SeqCst);
}

/// One of the parties that may signal is gone.
pub fn leave<M: Memory>(m: M, event: u32) {
    update(m, event + EVENT_SIGNALERS, |count| count.checked_sub(1));
    wake_again(m, event + EVENT_WAITERS, move || bells(m, event));
}

#[inline(always)]
fn ready<M: Memory>(m: M, event: u32, own: u32) -> bool {
    pending(m, event) != 0 || is_closed(m, event, own) || stopped(m)
}

/// Waits until an activation is pending, or nobody else is left to signal.
pub fn wait<M: Memory>(m: M, event: u32, own: u32, spins: u32, nanoseconds: i64) -> i32 {
    let waiters = event + EVENT_WAITERS;
    wait_until(m, waiters, spins, nanoseconds, || announce(m, waiters), || ready(m, event, own))
}

/// As [`wait`], for threads that must not park: see [`prepare`].
pub fn prepare_wait<M: Memory>(m: M, event: u32, own: u32) -> u32 {
    prepare(announce(m, event + EVENT_WAITERS), || ready(m, event, own))
}

/// Whether an activation is pending, or nobody else is left to signal, as one of several things that a party waits for: see
/// [`doorbell::watch`].
pub fn watch<M: Memory>(m: M, event: u32, party: u32, own: u32, bell: u32) -> i32 {
    doorbell::watch(m, bell, event + EVENT_WAITERS, slot(event, party), || ready(m, event, own))
}
