//! One writer and its readers, who park whenever they have to wait.

use super::*;
use ring_verify::modelled::check;
use ring_wasm::codes::CLOSED;
use ring_wasm::writer;

/// Writes so many frames and ends the stream; each reader must see all of them, whole and in order, and then the end.
fn stream(readers: u32, frames: u32) {
    let m = with_ring(Modelled::new(), readers, Data::Exclusive);
    let threads: Vec<_> = (0..readers)
        .map(|index| {
            start(&m, move |m| {
                for expected in 1..=frames {
                    assert_eq!(read(m, index), DONE);
                    assert_eq!(number(m, index), expected);
                }
                assert_eq!(read(m, index), CLOSED);
            })
        })
        .collect();
    for number in 1..=frames {
        write(&m, number);
    }
    writer::close(&*m, OBJECT);
    join(threads);
}

/// No frame is lost, doubled, reordered or overwritten while it is read (loom sees a race for its words), and nobody
/// sleeps through a frame, through room or through the end.
#[test]
fn a_reader_sees_every_frame() {
    check("a reader sees every frame", 3, || stream(1, 3));
}

/// As above, and neither reader disturbs the other: the slower one holds the writer back.
#[test]
fn two_readers_see_every_frame() {
    check("two readers see every frame", 2, || stream(2, 3));
}
