//! `holdfast run` against a real Kafka broker: `benches/kafka/kafka.sh start` first, its address in
//! `HOLDFAST_TEST_KAFKA` (default 127.0.0.1:19092). Each test has topics, group and transactional id of its own, so
//! they run side by side and leave what others do alone. Broker outages are tested on a broker of the test's own.
#![cfg(feature = "broker-tests")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod broker;
mod cdnow;
mod erasure;
mod faults;
mod guarded;
mod input;
mod letters;
mod members;
mod outage;
#[expect(dead_code, reason = "the chaos tests need more of it")]
mod process;
mod rescale;
mod restarts;
mod rights;
mod security;
mod shop;
mod silence;
mod spec;
mod verify;
