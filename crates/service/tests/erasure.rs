//! What an erasure takes away, what it keeps out, and for how long.

#![allow(clippy::unwrap_used)] // in helpers of tests

#[path = "stream/stream.rs"]
mod stream;

use holdfast_consumer::murmur2_partition;
use holdfast_events::{DropReason, Record};
use holdfast_producer::Outputs;
use holdfast_service::config::Settings as Config;
use holdfast_service::pipeline::{Counts, Erased, Partition, Settings};
use proptest::prelude::*;
use stream::{DAY, Draw, HOUR, T0, event, model};

/// A record's key, value and broker timestamp.
#[derive(Debug, Clone)]
struct Sent {
    key: String,
    value: Option<String>,
    timestamp: Option<i64>,
}

impl Sent {
    fn record(&self) -> Record<'_> {
        Record {
            key: Some(self.key.as_bytes()),
            value: self.value.as_deref().map(str::as_bytes),
            timestamp: self.timestamp,
            ..Record::default()
        }
    }
}

fn sent(customer: &str, kind: &str, ts: i64) -> Sent {
    Sent {
        key: customer.to_owned(),
        value: Some(event(customer, kind, ts, &format!("{kind}{ts}"))),
        timestamp: None,
    }
}

fn tombstone(customer: &str, timestamp: Option<i64>) -> Sent {
    Sent {
        key: customer.to_owned(),
        value: None,
        timestamp,
    }
}

/// With the default, 30 days.
fn partition() -> Partition {
    Partition::new(&Settings::new(&Config::defaults(), &model(), false).unwrap()).unwrap()
}

fn work(partition: &mut Partition, records: &[Sent]) -> Outputs {
    let mut out = Outputs::default();
    let records: Vec<Record<'_>> = records.iter().map(Sent::record).collect();
    partition.batch(&records, &mut out);
    out
}

fn dropped(partition: &Partition) -> u64 {
    assert!(partition.counts().balance(), "{:?}", partition.counts());
    partition.counts().dropped_for(DropReason::Erased)
}

#[test]
fn events_dated_before_the_end_of_the_block_are_dropped_and_a_later_one_begins_anew() {
    let mut partition = partition();
    work(
        &mut partition,
        &[
            sent("a", "purchase", T0),
            sent("b", "purchase", T0 + DAY),
            sent("a", "privacy_delete", T0 + DAY),
        ],
    );
    assert_eq!((partition.customers(), partition.counts().erased), (1, 1));
    // One under way, one of a shop that has not heard of it, the last one blocked.
    for (n, ts) in [T0 + HOUR, T0 + 9 * DAY, T0 + 31 * DAY - 1]
        .into_iter()
        .enumerate()
    {
        work(&mut partition, &[sent("a", "page_view", ts)]);
        assert_eq!(dropped(&partition), n as u64 + 1);
    }
    assert_eq!((partition.customers(), partition.clock()), (1, T0 + DAY));
    work(&mut partition, &[sent("a", "page_view", T0 + 31 * DAY)]);
    assert_eq!((partition.customers(), dropped(&partition)), (2, 3));
    // The new customer's beginning does not let the old one's events in.
    work(&mut partition, &[sent("a", "purchase", T0 + 30 * DAY)]);
    assert_eq!(dropped(&partition), 4);
}

#[test]
fn a_tombstone_counts_from_its_records_timestamp_or_else_from_the_clock() {
    for (timestamp, end) in [(Some(T0 + 5 * DAY), T0 + 35 * DAY), (None, T0 + 32 * DAY)] {
        let mut partition = partition();
        let records = [
            sent("b", "purchase", T0 + 2 * DAY),
            tombstone("a", timestamp),
        ];
        work(&mut partition, &records);
        work(&mut partition, &[sent("a", "page_view", end - 1)]);
        assert_eq!((partition.customers(), dropped(&partition)), (1, 1));
        work(&mut partition, &[sent("a", "page_view", end)]);
        assert_eq!((partition.customers(), dropped(&partition)), (2, 1));
    }
}

#[test]
fn an_erasure_moves_no_clock() {
    let mut partition = partition();
    let far = T0 + 900 * DAY;
    work(
        &mut partition,
        &[sent("a", "purchase", T0), tombstone("b", Some(far))],
    );
    work(&mut partition, &[sent("b", "privacy_delete", far)]);
    assert_eq!(partition.clock(), T0);
}

#[test]
fn entries_go_a_week_and_a_grace_behind_the_clock() {
    let mut partition = partition();
    work(&mut partition, &[sent("a", "privacy_delete", T0)]);
    work(
        &mut partition,
        &[sent("b", "purchase", T0 + 37 * DAY + HOUR - 1)],
    );
    assert_eq!(partition.erased().len(), 1);
    work(
        &mut partition,
        &[sent("b", "purchase", T0 + 37 * DAY + HOUR)],
    );
    assert!(partition.erased().is_empty());
    let restored = Erased::restore(&partition.erased().encode()).unwrap();
    assert_eq!(restored.digest(), partition.erased().digest());
}

#[test]
fn what_was_due_by_then_is_sent_and_nothing_after() {
    let crossed = |at: i64| {
        let mut partition = partition();
        let mut out = work(
            &mut partition,
            &[sent("a", "purchase", T0), sent("a", "privacy_delete", at)],
        );
        let sent = out.alerts.len();
        partition.end_of_input(T0 + 90 * DAY, &mut out);
        assert_eq!(out.alerts.len(), sent, "silence of an erased customer");
        sent
    };
    assert_eq!(crossed(T0 + DAY), 0);
    assert!(crossed(T0 + 27 * DAY) > 0);
}

/// A log as Kafka has it: records stamped when they were sent, events up to half an hour older, erasures of both kinds.
fn log(seed: u64) -> Vec<Sent> {
    let mut draw = Draw(seed);
    let mut log = Vec::new();
    let mut now = T0;
    for _ in 0..600 {
        now += draw.below(6 * HOUR as u64) as i64;
        let customer = format!("c{}", draw.below(25));
        let ts = now - draw.below(HOUR as u64 / 2) as i64;
        let record = match draw.below(30) {
            0 => tombstone(&customer, Some(now)),
            1 => sent(&customer, "privacy_delete", ts),
            2..=5 => sent(&customer, "support_contact", ts),
            6..=15 => sent(&customer, "purchase", ts),
            _ => sent(&customer, "page_view", ts),
        };
        log.push(Sent {
            timestamp: Some(now),
            ..record
        });
    }
    log
}

/// The whole log through so many partitions that know nothing of each other.
fn through(log: &[Sent], partitions: u32) -> (Vec<Vec<u8>>, Counts) {
    let settings = Settings::new(&stream::config(), &model(), true).unwrap();
    let (mut out, mut counts) = (Outputs::default(), Counts::default());
    for number in 0..partitions {
        let mut partition = Partition::new(&settings).unwrap();
        for sent in log {
            if murmur2_partition(sent.key.as_bytes(), partitions) == number {
                partition.record(&sent.record(), &mut out);
            }
        }
        partition.end_of_input(T0 + 250 * DAY, &mut out);
        counts.add(partition.counts());
    }
    let mut alerts: Vec<Vec<u8>> = out.alerts.into_iter().map(|alert| alert.value).collect();
    alerts.sort_unstable();
    (alerts, counts)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 30, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn erasures_do_not_make_alerts_depend_on_the_number_of_partitions(seed in any::<u64>()) {
        let log = log(seed);
        let (alone, counts) = through(&log, 1);
        prop_assert!(counts.balance() && counts.erased > 10 && alone.len() > 20, "{:?}", counts);
        prop_assert!(counts.dropped_for(DropReason::Erased) > 0);
        for partitions in [2, 5, 16] {
            let (alerts, other) = through(&log, partitions);
            prop_assert_eq!(&alerts, &alone);
            prop_assert_eq!(&other, &counts);
        }
    }
}
