//! Every place of the wrap.

use ring_verify::native::{Copies, Native};
use ring_wasm::codes::{DONE, NOT_READY};
use ring_wasm::layout::ARENA;
use ring_wasm::{reader, ring, writer};

const SCRATCH: u32 = 1 << 15;

/// Writes and reads `length` bytes from `start` on, in a ring of `capacity` bytes.
fn round(capacity: u32, start: u64, length: u32) {
    let memory = Native::new(1 << 16, Copies::Plain);
    let (m, at) = (&memory, ring::reader(ARENA, 0));
    ring::init(m, ARENA, capacity, 1, start);
    let sent: Vec<u8> = (1..=length as u8).collect();
    m.put(SCRATCH, &sent);
    assert_eq!(reader::read(m, ARENA, at, SCRATCH, length), NOT_READY);
    assert_eq!(writer::write(m, ARENA, SCRATCH, length), DONE);
    assert_eq!(writer::look(m, ARENA, capacity - length + 1), NOT_READY);
    m.put(SCRATCH, &vec![0; length as usize + 1]);
    assert_eq!(reader::look(m, ARENA, at, length), (start % u64::from(capacity)) as i32);
    assert_eq!(reader::read(m, ARENA, at, SCRATCH, length), DONE);
    assert_eq!(m.bytes(SCRATCH, length + 1), [&sent[..], &[0]].concat(), "{length} bytes of {capacity} from {start}");
}

/// Every length from every offset of every small ring, far into the stream as at its start.
#[test]
fn bytes_wrap_at_every_offset() {
    let starts = [0, 1 << 32, (1 << 53) - 8, u64::MAX - 1_000];
    for capacity in 1..=17 {
        for length in 1..=capacity {
            for offset in 0..u64::from(capacity) {
                for start in starts {
                    round(capacity, start + offset, length);
                }
            }
        }
    }
}
