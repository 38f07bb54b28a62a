//! Random sequences of operations, one after the other, against models that keep everything in plain collections.

mod doorbell;
mod event;
mod queue;
mod ring;
mod wrap;

use proptest::test_runner::Config;

/// As many cases as the environment variable PROPTEST_CASES says, or else a few.
fn cases() -> Config {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(500);
    Config { cases, failure_persistence: None, ..Config::default() }
}
