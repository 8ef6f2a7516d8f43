//! What becomes of records in one partition.

#![allow(clippy::unwrap_used)] // in helpers of tests

#[path = "stream/stream.rs"]
mod stream;

use holdfast_events::{DropReason, Header, Headers, Record, RejectReason};
use holdfast_producer::{Outputs, Stream};
use holdfast_service::config::{CartAbandon, Currency, Settings as Config};
use holdfast_service::pipeline::{Contradiction, Partition, Settings};
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use stream::{DAY, HOUR, T0, config, event, model};

fn partition_of(config: &Config, kafka: bool) -> Partition {
    Partition::new(&Settings::new(config, &model(), kafka).unwrap()).unwrap()
}

/// Key and value of a record, owned.
type Pair = (Option<Vec<u8>>, Option<Vec<u8>>);

fn records(pairs: &[Pair]) -> Vec<Record<'_>> {
    let mut all = Vec::with_capacity(pairs.len());
    for (n, pair) in pairs.iter().enumerate() {
        all.push(Record {
            offset: n as i64,
            key: pair.0.as_deref(),
            value: pair.1.as_deref(),
            ..Record::default()
        });
    }
    all
}

fn pairs(lines: &[String]) -> Vec<Pair> {
    let split = |line: &String| match line.split_once('\t') {
        Some((key, "")) => (Some(key.as_bytes().to_vec()), None),
        Some((key, value)) => (
            Some(key.as_bytes().to_vec()),
            Some(value.as_bytes().to_vec()),
        ),
        None => (None, Some(line.as_bytes().to_vec())),
    };
    lines.iter().map(split).collect()
}

fn arbitrary() -> impl Strategy<Value = Vec<Pair>> {
    let noise = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..60),
        "[\\[\\]{}\":,0-9a-z]{0,40}".prop_map(String::into_bytes),
        Just(vec![b'['; 200]),
    ];
    let some = (
        prop::option::of("[a-c]".prop_map(String::into_bytes)),
        prop::option::of(noise),
    );
    let sound = any::<u64>().prop_map(|seed| pairs(&stream::lines(seed, 8, 3, 40)));
    let one = prop_oneof![some.prop_map(|pair| vec![pair]), sound];
    prop::collection::vec(one, 0..12).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn records_balance_for_any_input(pairs in arbitrary(), kafka in any::<bool>()) {
        let mut partition = partition_of(&config(), kafka);
        let mut out = Outputs::default();
        partition.batch(&records(&pairs), &mut out);
        let counts = partition.counts();
        prop_assert_eq!(counts.consumed, pairs.len() as u64);
        prop_assert!(counts.balance(), "{:?}", counts);
        prop_assert_eq!(counts.rejected_total(), out.dead_letters.len() as u64);
    }

    #[test]
    fn it_does_not_matter_how_records_are_cut_into_batches(pairs in arbitrary(), size in 1_usize..70) {
        let (mut one, mut many) = (partition_of(&config(), false), partition_of(&config(), false));
        let (mut one_out, mut many_out) = (Outputs::default(), Outputs::default());
        for record in records(&pairs) {
            one.record(&record, &mut one_out);
        }
        for batch in records(&pairs).chunks(size) {
            many.batch(batch, &mut many_out);
        }
        one.end_of_input(T0 + 90 * DAY, &mut one_out);
        many.end_of_input(T0 + 90 * DAY, &mut many_out);
        prop_assert_eq!(one_out, many_out);
        prop_assert_eq!(one.counts(), many.counts());
    }

    #[test]
    fn a_rebuild_to_any_offset_goes_on_as_if_nothing_had_been(seed in any::<u64>(), at in 0_usize..120) {
        let pairs = pairs(&stream::lines(seed, 120, 4, 60));
        let records = records(&pairs);
        let (before, after) = records.split_at(at.min(records.len()));
        let (mut straight, mut straight_out) = (partition_of(&config(), false), Outputs::default());
        straight.batch(before, &mut straight_out);
        straight_out.clear();
        straight.batch(after, &mut straight_out);
        straight.end_of_input(T0 + 90 * DAY, &mut straight_out);
        let (mut rebuilt, mut rebuilt_out) = (partition_of(&config(), false), Outputs::default());
        rebuilt.set_emitting(false);
        rebuilt.batch(before, &mut rebuilt_out);
        prop_assert!(rebuilt_out.is_empty());
        prop_assert_eq!(rebuilt.counts().consumed, 0);
        rebuilt.set_emitting(true);
        rebuilt.batch(after, &mut rebuilt_out);
        rebuilt.end_of_input(T0 + 90 * DAY, &mut rebuilt_out);
        prop_assert_eq!(straight_out, rebuilt_out);
        prop_assert_eq!(rebuilt.counts().consumed, after.len() as u64);
    }
}

/// Works these file lines and gives the partition with what came out.
fn work(lines: &[String]) -> (Partition, Outputs) {
    let (mut partition, mut out) = (partition_of(&config(), false), Outputs::default());
    partition.batch(&records(&pairs(lines)), &mut out);
    (partition, out)
}

#[test]
fn a_tombstone_forgets_the_customer_and_counts_as_applied() {
    let lines = [
        event("a", "purchase", T0, "1"),
        "a\t".into(),
        "nobody\t".into(),
    ];
    let (mut partition, mut out) = work(&lines);
    assert_eq!(
        (partition.counts().applied, partition.counts().erased),
        (3, 2)
    );
    assert_eq!(partition.customers(), 0);
    out.clear(); // what the purchase was told of
    partition.end_of_input(T0 + 90 * DAY, &mut out);
    // Days went by without anybody.
    out.records
        .retain(|record| record.stream != Stream::Partials);
    assert!(out.is_empty());
}

#[test]
fn a_dropped_event_fires_nothing_and_moves_no_clock() {
    let many = |kind: &'static str, n: i64| {
        (0..n).map(move |n| event("a", kind, T0 + 1 + n, &format!("{kind}{n}")))
    };
    let mut lines = vec![event("a", "purchase", T0, "1")];
    lines.extend(many("page_view", 15).chain(many("support_contact", 5)));
    // Silence crosses the threshold after about ten hours; the duplicate is dated after that.
    lines.push(event("a", "purchase", T0 + 20 * HOUR, "1"));
    let (mut partition, mut out) = work(&lines);
    assert_eq!(partition.counts().dropped_for(DropReason::Duplicate), 1);
    assert_eq!(partition.clock(), T0 + 15);
    assert!(out.alerts.is_empty());
    assert!(partition.tick(T0 + 11 * HOUR, &mut out));
    assert_eq!(out.alerts.len(), 1);
}

#[test]
fn given_abandons_are_dropped_while_they_are_derived_and_make_no_customer() {
    let (partition, _) = work(&[event("a", "cart_abandon", T0, "1")]);
    assert_eq!(
        partition.counts().dropped_for(DropReason::CartAbandonGiven),
        1
    );
    assert_eq!(partition.customers(), 0);
}

#[test]
fn a_full_partition_drops_events_of_new_customers_and_goes_on_with_those_it_holds() {
    let mut config = config();
    config.features.max_customers = Some(2);
    let lines = [
        event("a", "purchase", T0, "1"),
        event("b", "purchase", T0 + 1, "2"),
        event("c", "purchase", T0 + 2, "3"),
        event("a", "page_view", T0 + 3, "4"),
        "b\t".to_owned(),
        event("d", "purchase", T0 + 4, "5"),
        event("c", "purchase", T0 + 5, "6"),
    ];
    let pairs = pairs(&lines);
    let records = records(&pairs);
    let seen = |together: usize| {
        let (mut partition, mut out) = (partition_of(&config, false), Outputs::default());
        for batch in records.chunks(together) {
            partition.batch(batch, &mut out);
        }
        partition.end_of_input(T0 + 90 * DAY, &mut out);
        let sent: Vec<Vec<u8>> = out.alerts.into_iter().map(|alert| alert.value).collect();
        (partition.counts().clone(), partition.customers(), sent)
    };
    let (counts, customers, sent) = seen(1);
    // The erasure made room for d, not for c.
    assert_eq!(counts.dropped_for(DropReason::MaxCustomers), 2);
    assert_eq!((counts.consumed, counts.applied, customers), (7, 5, 2));
    assert!(counts.balance());
    assert!(!sent.is_empty());
    assert_eq!(seen(7), (counts, customers, sent));
}

#[test]
fn a_dead_letter_keeps_the_record_as_it_came() {
    let (mut partition, mut out) = (partition_of(&config(), true), Outputs::default());
    let headers = [
        Header {
            name: "h",
            value: Some(&[0xff]),
        },
        Header {
            name: "none",
            value: None,
        },
    ];
    let record = Record {
        partition: 3,
        offset: 9,
        key: Some(b"a"),
        value: Some(b"{]"),
        timestamp: Some(T0),
        headers: Headers::List(&headers),
        ..Record::default()
    };
    partition.record(&record, &mut out);
    let letter = &out.dead_letters[0];
    assert_eq!(
        (letter.partition, letter.offset, letter.timestamp),
        (3, 9, Some(T0))
    );
    assert_eq!(
        (letter.key.as_deref(), letter.value.as_deref()),
        (Some(&b"a"[..]), Some(&b"{]"[..]))
    );
    assert_eq!(
        letter.headers,
        [
            ("h".to_owned(), Some(vec![0xff])),
            ("none".to_owned(), None)
        ]
    );
    assert_eq!(
        (letter.reason, &letter.value_sha256),
        (RejectReason::Malformed, &None)
    );
}

#[test]
fn a_value_that_is_too_large_is_cut_and_hashed() {
    let value = vec![b' '; (1 << 20) + 1];
    let (mut partition, mut out) = (partition_of(&config(), false), Outputs::default());
    partition.record(&Record::line(0, &value), &mut out);
    let letter = &out.dead_letters[0];
    assert_eq!(letter.reason, RejectReason::TooLarge);
    assert_eq!(letter.value.as_ref().map(Vec::len), Some(64 << 10));
    let hash: String = Sha256::digest(&value)
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    assert_eq!(letter.value_sha256.as_deref(), Some(&hash[..]));
}

#[test]
fn an_alert_by_an_event_carries_its_place_and_trace_and_one_by_silence_none() {
    let (mut partition, mut out) = (partition_of(&config(), false), Outputs::default());
    let trace = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let headers = [Header {
        name: "TraceParent",
        value: Some(trace),
    }];
    let contacts: Vec<String> = (0..8)
        .map(|n| event("a", "support_contact", T0 + HOUR + n, &format!("s{n}")))
        .collect();
    let buy = [
        event("b", "purchase", T0, "2"),
        event("a", "purchase", T0, "1"),
    ];
    for (n, value) in buy.iter().chain(&contacts).enumerate() {
        let record = Record {
            partition: 2,
            offset: n as i64,
            headers: Headers::List(&headers),
            ..Record::line(0, value.as_bytes())
        };
        partition.record(&record, &mut out);
    }
    let by_event = &out.alerts[0];
    assert_eq!(by_event.key, b"a");
    assert!(
        by_event
            .input
            .is_some_and(|(partition, offset)| partition == 2 && offset >= 2)
    );
    assert_eq!(by_event.traceparent.as_deref(), Some(&trace[..]));
    out.clear();
    assert!(partition.tick(T0 + 27 * DAY, &mut out));
    let by_silence = out.alerts.iter().find(|alert| alert.key == b"b").unwrap();
    assert_eq!((by_silence.input, &by_silence.traceparent), (None, &None));
}

#[test]
fn a_tick_fires_deadlines_and_leaves_the_clock_alone() {
    let (mut partition, mut out) = work(&[event("a", "purchase", T0, "1")]);
    // A day is over, which is told, and nothing else has happened.
    assert!(partition.tick(T0 + DAY, &mut out));
    assert!(out.alerts.is_empty());
    assert!(partition.tick(T0 + 27 * DAY, &mut out));
    assert!(!partition.tick(T0 + 27 * DAY, &mut out));
    assert_eq!(partition.clock(), T0);
    assert!(!out.alerts.is_empty());
}

#[test]
fn a_configuration_that_contradicts_the_model_is_refused_with_every_reason() {
    let mut config = config();
    config.features.cart_abandon = Some(CartAbandon::Derived { after_ms: 2 * HOUR });
    config.money.currency = Some(Currency::Only("USD".to_owned()));
    config.policy.cooldown_ms = -1;
    config.events.mapping = Some(toml::from_str("fields = { a = \"no_such_field\" }").unwrap());
    let error = Settings::new(&config, &model(), false).unwrap_err();
    let Contradiction(faults) = error.downcast_ref::<Contradiction>().unwrap();
    assert_eq!(faults.len(), 4, "{faults:?}");
}
