//! An event against a number.

use crate::cases;
use proptest::collection::vec;
use proptest::prelude::*;
use ring_verify::native::{Copies, Native};
use ring_wasm::codes::{CLOSED, DONE, NOT_READY, SPUN, STOPPED, TIMED_OUT, WOKEN};
use ring_wasm::event;
use ring_wasm::layout::*;
use ring_wasm::memory::Memory;

#[derive(Clone, Copy, Debug)]
enum Operation {
    Signal,
    Look { own: u32 },
    Take { own: u32 },
    Reset,
    Leave,
    Prepare { own: u32 },
    Wait { own: u32, spins: u32, nanoseconds: i64 },
    Stop,
}

fn operations() -> impl Strategy<Value = Operation> {
    let own = 0..2u32;
    prop_oneof![
        8 => Just(Operation::Signal),
        4 => own.clone().prop_map(|own| Operation::Look { own }),
        8 => own.clone().prop_map(|own| Operation::Take { own }),
        1 => Just(Operation::Reset),
        1 => Just(Operation::Leave),
        4 => own.clone().prop_map(|own| Operation::Prepare { own }),
        4 => (own, 0..2u32, 0..2i64).prop_map(|(own, spins, nanoseconds)| Operation::Wait { own, spins, nanoseconds }),
        1 => Just(Operation::Stop),
    ]
}

struct Twins<'a> {
    m: &'a Native,
    pending: u32,
    signalers: u32,
    stopped: bool,
    /// What the waiters word was announced to be, and by which kind of party.
    prepared: Option<(u32, u32)>,
}

impl Twins<'_> {
    fn found(&self, own: u32) -> i32 {
        match self.pending {
            _ if self.stopped => STOPPED,
            0 if self.signalers <= own => CLOSED,
            0 => NOT_READY,
            _ => DONE,
        }
    }

    fn apply(&mut self, operation: Operation) {
        let m = self.m;
        match operation {
            Operation::Signal => {
                event::signal(m, ARENA);
                self.pending = self.pending.saturating_add(1);
            }
            Operation::Look { own } => assert_eq!(event::look(m, ARENA, own), self.found(own)),
            Operation::Take { own } => {
                let found = self.found(own);
                assert_eq!(event::take(m, ARENA, own), found);
                self.pending -= u32::from(found == DONE);
            }
            Operation::Reset => {
                event::reset(m, ARENA);
                self.pending = 0;
            }
            Operation::Leave => {
                event::leave(m, ARENA);
                self.signalers = self.signalers.saturating_sub(1);
            }
            Operation::Prepare { own } => {
                let announced = event::prepare_wait(m, ARENA, own);
                assert_eq!(announced != 0, self.found(own) == NOT_READY);
                self.prepared = (announced != 0).then_some((announced, own));
            }
            Operation::Wait { own, spins, nanoseconds } => {
                let expected = match self.found(own) != NOT_READY {
                    true if spins > 0 => SPUN,
                    true if nanoseconds > 0 => WOKEN,
                    _ => TIMED_OUT,
                };
                assert_eq!(event::wait(m, ARENA, own, spins, nanoseconds), expected);
            }
            Operation::Stop => {
                m.stop(&[ARENA + EVENT_WAITERS]);
                self.stopped = true;
            }
        }
        self.check_wake_up();
    }

    /// Who has prepared to wait must find the waiters word changed as soon as there is something for it.
    fn check_wake_up(&mut self) {
        let Some((announced, own)) = self.prepared else { return };
        if self.found(own) != NOT_READY {
            assert_ne!(self.m.get32(ARENA + EVENT_WAITERS), announced, "a lost wake-up");
            self.prepared = None;
        }
    }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn an_event_is_a_count(
        activations in prop_oneof![0..3u32, u32::MAX - 2..=u32::MAX],
        signalers in 0..4u32,
        operations in vec(operations(), 1..40),
    ) {
        let m = &Native::new(1024, Copies::Plain);
        event::init(m, ARENA, activations, signalers, 1);
        let mut twins = Twins { m, pending: activations, signalers, stopped: false, prepared: None };
        for operation in operations {
            twins.apply(operation);
        }
    }
}
