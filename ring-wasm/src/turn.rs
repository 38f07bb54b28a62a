//! The turn: one party at a time looks at what is queued and frees it.

use crate::layout::*;
use crate::memory::Memory;
use crate::queue::wake_consumers;
use crate::waiting::relax;
use core::sync::atomic::Ordering::Relaxed;

/// Takes the turn, if nobody has it, or who has it gives it back within a moment: a turn takes no longer, unless somebody
/// copies a long record.
///
/// Ordering TURN: giving it back before this. What one party did in its turn, the next one finds.
#[inline(always)]
pub fn take<M: Memory>(m: M, queue: u32, party: u32) -> bool {
    for attempt in 0..M::PATIENCE {
        if attempt != 0 {
            relax(m);
        }
        if m.replace32(queue + QUEUE_TURN, 0, party + 1) {
            return true;
        }
    }
    false
}

/// As [`take`], for consumers: who misses the turn is woken when it is given back.
#[inline(always)]
pub fn take_or_contend<M: Memory>(m: M, queue: u32, party: u32) -> bool {
    while !take(m, queue, party) {
        if contend(m, queue + QUEUE_TURN) {
            return false;
        }
    }
    true
}

/// Marks the turn as wanted. False if it was given back meanwhile.
///
/// Ordering WAKE: the announcement before this exchange, where it is the look before parking. So it is made, too, where the
/// turn is marked already.
#[inline(never)]
fn contend<M: Memory>(m: M, turn: u32) -> bool {
    let word = m.load32(turn, Relaxed);
    word != 0 && m.replace32(turn, word, word | TURN_CONTENDED)
}

/// Gives the turn back.
#[inline(always)]
pub fn give_back<M: Memory>(m: M, queue: u32, party: u32) {
    if !m.replace32(queue + QUEUE_TURN, party + 1, 0) {
        // Ordering WAKE: this exchange before the load of the waiters word.
        m.replace32(queue + QUEUE_TURN, (party + 1) | TURN_CONTENDED, 0);
        wake_consumers(m, queue);
    }
}

/// Whether a party has the turn.
pub fn is_held_by<M: Memory>(m: M, queue: u32, party: u32) -> bool {
    m.load32(queue + QUEUE_TURN, Relaxed) & !TURN_CONTENDED == party + 1
}
