//! Faults in the middle of the work, drawn from a seed, on a real broker of the campaign's own: `make chaos`.
//!
//! A round feeds events to a broker, runs `holdfast`, does harm to it, and compares what a `read_committed` subscriber
//! sees with what `replay` makes of the same events.
//!
//! | variable | meaning |
//! | --- | --- |
//! | `HOLDFAST_CHAOS_SEED` | what everything is drawn from, default 1 |
//! | `HOLDFAST_CHAOS_ROUNDS` | rounds of the long campaign; none is the short one |
//! | `HOLDFAST_CHAOS_ROUND` | only this one of them, to repeat what failed |
//! | `HOLDFAST_TEST_BINARY` | a release build; else the one of the tests |
#![cfg(feature = "broker-tests")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

#[path = "../kafka/broker.rs"]
#[expect(dead_code, reason = "the other tests need more of it")]
mod broker;
mod campaign;
mod faults;
mod fleet;
#[path = "../kafka/process.rs"]
mod process;
mod progress;
mod ruin;
mod scene;
#[path = "../kafka/shop.rs"]
#[expect(dead_code, reason = "the other tests need more of it")]
mod shop;
mod table;

use campaign::Campaign;

#[test]
fn whatever_is_done_to_it_each_alert_and_dead_letter_is_seen_once_and_in_order() {
    let campaign = Campaign::from_env();
    let faults = campaign.run();
    assert!(
        faults.is_empty(),
        "a campaign has failed:\n{}",
        faults.join("\n")
    );
}
