//! Where the parts of a queue lie.
//!
//! A place is a position in a band, a multiple of 8, with the number of the band in its lowest bits.

use crate::layout::*;
use crate::memory::Memory;

/// The bits of a place that tell the band.
const BAND_BITS: u64 = 7;

/// The address of a band's tail.
#[inline(always)]
pub fn tail(queue: u32, band: u32) -> u32 {
    queue + QUEUE_TAILS + band * 8
}

/// The address of a band's head.
#[inline(always)]
pub fn head(queue: u32, band: u32) -> u32 {
    queue + QUEUE_HEADS + band * 8
}

/// The address of a party.
#[inline(always)]
pub fn party(queue: u32, index: u32) -> u32 {
    queue + QUEUE_HEADER + index * PARTY_BYTES
}

/// The address of the bands.
#[inline(always)]
pub fn data<M: Memory>(m: M, queue: u32) -> u32 {
    party(queue, m.get32(queue + QUEUE_PARTIES))
}

/// The address of a party's slot for its doorbell.
#[inline(always)]
pub fn slot<M: Memory>(m: M, queue: u32, party: u32) -> u32 {
    data(m, queue) + BANDS * m.get32(queue + QUEUE_BYTES) + party * 4
}

#[inline(always)]
pub fn place(position: u64, band: u32) -> u64 {
    position | u64::from(band)
}

#[inline(always)]
pub fn position(place: u64) -> u64 {
    place & !BAND_BITS
}

#[inline(always)]
pub fn band(place: u64) -> u32 {
    (place & BAND_BITS) as u32
}

/// Where the parts of a record lie, as offsets from the address of the bands.
pub struct Record {
    pub header: u32,
    pub bytes: u32,
    /// From its position to that of the next one: at most all bytes of a band, for records of up to half of them.
    pub advance: u32,
}

/// The record of a length at a place.
#[inline(always)]
pub fn record<M: Memory>(m: M, queue: u32, place: u64, length: u32) -> Record {
    let capacity = m.get32(queue + QUEUE_BYTES);
    let offset = position(place) as u32 & (capacity - 1);
    let (start, left, padded) = (band(place) * capacity, capacity - offset, (length + 7) & !7);
    let header = start + offset;
    if RECORD_HEADER + padded <= left {
        Record { header, bytes: header + RECORD_HEADER, advance: RECORD_HEADER + padded }
    } else {
        Record { header, bytes: start, advance: left + padded }
    }
}
