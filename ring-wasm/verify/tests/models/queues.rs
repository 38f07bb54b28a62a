//! Record queues: several producers, and consumers that take turns, who park whenever they have to wait.

use super::*;
use ring_verify::modelled::check;
use ring_wasm::codes::{CLOSED, NOT_READY, STOPPED};
use ring_wasm::layout::*;
use ring_wasm::{consumer, dropping, place, producer, queue, turn};
use std::sync::atomic::Ordering::SeqCst;

/// The band of the records that are all alike.
pub const BAND: u32 = 1;
/// A record is two words, so that it can be torn. With its header it takes 16 bytes.
pub const LENGTH: u32 = 8;
pub const PARTIES: u32 = 4;
/// A band holds two records.
const BYTES: u32 = 32;

/// A queue for `records` records.
pub fn with_queue(mut memory: Modelled, records: u32, bands: &[u32]) -> Arc<Modelled> {
    memory.add_queue(OBJECT, records, BYTES, PARTIES, bands);
    Arc::new(memory)
}

/// The address of what was claimed or found at an offset.
fn bytes_at<M: Memory>(m: M, offset: i32) -> u32 {
    place::data(m, OBJECT) + offset as u32
}

/// Fills what was claimed at an offset with a number.
pub fn fill<M: Memory>(m: M, offset: i32, number: u32) {
    let at = bytes_at(m, offset);
    m.set32(at, number);
    m.set32(at + 4, number);
}

/// Fills what a party has claimed, and publishes it.
fn publish(m: &Modelled, party: u32, offset: i32, number: u32) {
    assert!(offset >= 0, "nothing claimed: {offset}");
    fill(m, offset, number);
    producer::commit(m, OBJECT, party);
}

/// The number of the record at an offset, which must be whole.
pub fn number_at<M: Memory>(m: M, offset: i32) -> u32 {
    let at = bytes_at(m, offset);
    assert_eq!(m.get32(at), m.get32(at + 4), "a torn record");
    m.get32(at)
}

/// Frees the record that a party has found at an offset: its number.
pub fn free(m: &Modelled, party: u32, offset: i32) -> u32 {
    assert!(offset >= 0, "nothing found: {offset}");
    assert_eq!(m.get32(place::party(OBJECT, party) + PARTY_FOUND), LENGTH);
    let number = number_at(m, offset);
    consumer::free(m, OBJECT, party);
    number
}

/// Queues a record as soon as there is room.
pub fn offer(m: &Modelled, party: u32, number: u32) {
    publish(m, party, blocking::claim(m, OBJECT, party, BAND, LENGTH), number);
}

/// Takes a record as soon as there is one: its number, or none at the end.
fn take(m: &Modelled, party: u32) -> Option<u32> {
    let offset = blocking::look(m, OBJECT, party);
    (offset != CLOSED).then(|| free(m, party, offset))
}

/// Takes a record, if there is one at the moment.
fn poll(m: &Modelled, party: u32) -> Option<u32> {
    let offset = consumer::look(m, OBJECT, party);
    (offset >= 0).then(|| free(m, party, offset))
}

fn depth(m: &Modelled) -> u32 {
    queue::depth(m, OBJECT)
}

/// A producer's records are taken in their order, whole, and each once; then the end comes.
#[test]
fn a_consumer_takes_what_a_producer_offers() {
    check("a consumer takes what a producer offers", 2, || {
        let m = with_queue(Modelled::new(), 2, &[BAND]);
        let producer = start(&m, |m| {
            (1..=3).for_each(|number| offer(m, 0, number));
            queue::close(m, OBJECT);
        });
        assert_eq!([0; 4].map(|_| take(&m, 1)), [Some(1), Some(2), Some(3), None]);
        producer.join().unwrap();
    });
}

/// Two producers' records are both taken, whole; neither writes over the other's.
#[test]
fn two_producers_share_a_queue() {
    check("two producers share a queue", 2, || {
        let m = with_queue(Modelled::new(), 2, &[BAND]);
        let producers = [1, 2].map(|number| start(&m, move |m| offer(m, number - 1, number)));
        assert_eq!([0; 2].map(|_| take(&m, 2).unwrap()).iter().sum::<u32>(), 3);
        join(producers);
        assert_eq!(depth(&m), 0);
    });
}

/// Each claim takes a place of its own, whoever has settled the one before.
#[test]
fn each_claim_takes_its_own_place() {
    check("each claim takes its own place", 4, || {
        let mut memory = Modelled::new();
        memory.add_queue(OBJECT, 4, 2 * BYTES, PARTIES, &[BAND]);
        let m = Arc::new(memory);
        let producers = [1, 2].map(|count| {
            start(&m, move |m| (1..=count).map(|_| producer::claim(m, OBJECT, count, BAND, LENGTH)).collect::<Vec<_>>())
        });
        let mut places = producers.map(|producer| producer.join().unwrap()).concat();
        places.sort();
        assert_eq!(places.iter().map(|place| place - places[0]).collect::<Vec<_>>(), [0, 16, 32]);
    });
}

/// Of two consumers each takes another record, neither sleeps through one, and both see the end.
#[test]
fn two_consumers_take_turns() {
    check("two consumers take turns", 2, || {
        let m = with_queue(Modelled::new(), 2, &[BAND]);
        let consumers = [1, 2].map(|party| {
            start(&m, move |m| {
                let mut last = 0;
                while let Some(number) = take(m, party) {
                    assert!(number > last, "out of order");
                    last = number;
                }
            })
        });
        offer(&m, 0, 1);
        offer(&m, 0, 2);
        queue::close(&*m, OBJECT);
        join(consumers);
        assert_eq!(queue::taken(&*m, OBJECT), 2);
    });
}

/// A record that one consumer leaves, since its turn was only a look, is the other's, who has missed the turn meanwhile.
#[test]
fn a_consumer_wakes_for_a_turn_that_is_given_back() {
    check("a consumer wakes for a turn that is given back", 4, || {
        let m = with_queue(Modelled::new(), 2, &[BAND]);
        offer(&m, 0, 1);
        let other = start(&m, |m| {
            if consumer::look(m, OBJECT, 1) >= 0 {
                turn::give_back(m, OBJECT, 1);
            }
        });
        assert_eq!(take(&m, 2), Some(1));
        other.join().unwrap();
    });
}

/// Never more records than the limit, of whichever bands.
#[test]
fn two_producers_never_exceed_the_limit() {
    check("two producers never exceed the limit", 3, || {
        let m = with_queue(Modelled::new(), 2, &[0, 3]);
        let producers = [(0, 0), (1, 3)].map(|(party, band)| {
            start(&m, move |m| {
                let mut claimed = 0;
                for number in [1, 2] {
                    let offset = producer::claim(m, OBJECT, party, band, LENGTH);
                    if offset != NOT_READY {
                        publish(m, party, offset, number);
                        claimed += 1;
                    }
                }
                claimed
            })
        });
        let claimed: u32 = producers.map(|producer| producer.join().unwrap()).iter().sum();
        assert_eq!((claimed, depth(&m)), (2, 2));
    });
}

/// A producer that waits for room is woken, whether it is the count or the bytes that do not suffice.
#[test]
fn a_producer_wakes_for_room() {
    for records in [1, 8] {
        let model = if records == 1 { || a_producer_waits_for_room(1) } else { || a_producer_waits_for_room(8) };
        check("a producer wakes for room", 3, model);
    }
}

fn a_producer_waits_for_room(records: u32) {
    let m = with_queue(Modelled::new(), records, &[BAND]);
    let fitting = records.min(2);
    (1..=fitting).for_each(|number| offer(&m, 0, number));
    let producer = start(&m, move |m| offer(m, 0, fitting + 1));
    (1..=fitting).for_each(|number| assert_eq!(take(&m, 1), Some(number)));
    producer.join().unwrap();
    assert_eq!(take(&m, 1), Some(fitting + 1));
}

/// Two producers that wait for room are both woken.
#[test]
fn two_producers_wake_for_room() {
    check("two producers wake for room", 1, || {
        let m = with_queue(Modelled::new(), 1, &[BAND]);
        offer(&m, 0, 9);
        let producers = [0, 1].map(|party| start(&m, move |m| offer(m, party, party)));
        assert_eq!(take(&m, 2), Some(9));
        assert_eq!(take(&m, 2).unwrap() + take(&m, 2).unwrap(), 1);
        join(producers);
    });
}

/// A producer that waits for room is woken by the end; what was claimed before it comes, and nothing after it.
#[test]
fn a_close_ends_the_queue() {
    check("a close ends the queue", 2, || {
        let m = with_queue(Modelled::new(), 1, &[BAND]);
        let producer = start(&m, |m| {
            let mut offered = 0;
            for number in [1, 2] {
                let offset = blocking::claim(m, OBJECT, 0, BAND, LENGTH);
                if offset != CLOSED {
                    publish(m, 0, offset, number);
                    offered += 1;
                }
            }
            offered
        });
        let consumer = start(&m, |m| {
            let mut taken = 0;
            while take(m, 1).is_some() {
                taken += 1;
            }
            taken
        });
        queue::close(&*m, OBJECT);
        assert_eq!(producer.join().unwrap(), consumer.join().unwrap());
        assert_eq!(poll(&m, 2), None);
    });
}

/// A record of a higher band comes first, wherever it stands in its band; and one that is being written holds back its own
/// band only.
#[test]
fn a_higher_band_comes_first() {
    check("a higher band comes first", 3, || {
        let m = with_queue(Modelled::new(), 4, &[0, 3]);
        publish(&m, 0, producer::claim(&*m, OBJECT, 0, 0, LENGTH), 1);
        let slow = producer::claim(&*m, OBJECT, 1, 3, LENGTH);
        let thread = start(&m, move |m| publish(m, 1, slow, 2));
        let first = take(&m, 2).unwrap();
        let second = take(&m, 2).unwrap();
        assert_eq!(first + second, 3);
        thread.join().unwrap();
        assert_eq!(poll(&m, 2), None);
    });
}

/// A producer that drops the oldest record, and a consumer that takes it, share it out between them.
#[test]
fn a_record_is_dropped_or_taken() {
    check("a record is dropped or taken", 3, || {
        let m = with_queue(Modelled::new(), 1, &[BAND]);
        offer(&m, 0, 1);
        let producer = start(&m, |m| {
            loop {
                let offset = producer::claim(m, OBJECT, 0, BAND, LENGTH);
                if offset >= 0 {
                    return publish(m, 0, offset, 2);
                }
                if dropping::make_room(m, OBJECT, 0, BAND, LENGTH) == NOT_READY {
                    loom::thread::yield_now();
                }
            }
        });
        let first = take(&m, 1).unwrap();
        producer.join().unwrap();
        let second = poll(&m, 1);
        assert_eq!((first, second), if first == 1 { (1, Some(2)) } else { (2, None) });
        assert_eq!(queue::dropped(&*m, OBJECT), u64::from(first - 1));
    });
}

/// A consumer and a producer that wait are woken by the stop.
#[test]
fn all_wake_for_the_stop_of_a_queue() {
    check("all wake for the stop of a queue", 3, || {
        let mut memory = Modelled::stoppable();
        memory.add_queue(OBJECT + (1 << 12), 1, BYTES, PARTIES, &[BAND]);
        let m = with_queue(memory, 1, &[BAND]);
        offer(&m, 0, 1);
        let producer = start(&m, |m| {
            assert_eq!(blocking::claim(m, OBJECT, 0, BAND, LENGTH), STOPPED);
        });
        let waiting = start(&m, |m| {
            assert_eq!(blocking::look(m, OBJECT + (1 << 12), 1), STOPPED);
        });
        m.stop(&[OBJECT + QUEUE_ROOM_WAITERS, OBJECT + (1 << 12) + QUEUE_RECORD_WAITERS]);
        producer.join().unwrap();
        waiting.join().unwrap();
    });
}

/// Who waits comes back once the queue is woken without a record, as `RecordQueue.wake` does it in TypeScript.
#[test]
fn a_consumer_comes_back_from_a_wake() {
    check("a consumer comes back from a wake", 4, || {
        let m = with_queue(Modelled::new(), 1, &[BAND]);
        let waking = start(&m, |m| {
            m.store32(OBJECT + QUEUE_WAKES, 1, SeqCst);
            m.stir(&[OBJECT + QUEUE_RECORD_WAITERS]);
        });
        while m.load32(OBJECT + QUEUE_WAKES, SeqCst) == 0 {
            consumer::wait(&*m, OBJECT, 1, 0, 0, -1);
        }
        waking.join().unwrap();
    });
}
