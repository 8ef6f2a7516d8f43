//! Another number of partitions changes no alert: neither the state that moves nor the customers in it notice.

#![allow(clippy::unwrap_used)] // in helpers of tests

#[path = "stream/stream.rs"]
mod stream;

use holdfast_consumer::murmur2_partition;
use holdfast_events::Record;
use holdfast_producer::Outputs;
use holdfast_service::pipeline::{Partition, Settings};
use proptest::prelude::*;
use stream::{DAY, T0, config, model};

/// Key and value of a file line.
fn pair(line: &str) -> (String, Option<Vec<u8>>) {
    let (key, value) = line.split_once('\t').unwrap_or(("", line));
    let own = || {
        let event: serde_json::Value = serde_json::from_str(value).unwrap_or_default();
        event["customer_id"].as_str().unwrap_or("nobody").to_owned()
    };
    let key = if key.is_empty() {
        own()
    } else {
        key.to_owned()
    };
    let value = (!value.is_empty()).then(|| value.as_bytes().to_vec());
    (key, value)
}

struct Input {
    partitions: Vec<Partition>,
    alerts: Vec<String>,
    /// The greatest event time so far: the timestamp of the record.
    newest: i64,
}

impl Input {
    fn new(settings: &Settings, partitions: u32) -> Self {
        Self {
            partitions: (0..partitions)
                .map(|_| Partition::new(settings).unwrap())
                .collect(),
            alerts: Vec::new(),
            newest: T0,
        }
    }

    fn work(&mut self, lines: &[String]) {
        for (offset, line) in (0..).zip(lines) {
            let (key, value) = pair(line);
            let event = value
                .as_deref()
                .map(serde_json::from_slice::<serde_json::Value>);
            let ts = event.and_then(|e| e.ok()?["ts"].as_i64());
            self.newest = self.newest.max(ts.unwrap_or(T0));
            let count = self.partitions.len() as u32;
            let place = murmur2_partition(key.as_bytes(), count) as usize;
            let record = Record {
                offset,
                key: Some(key.as_bytes()),
                value: value.as_deref(),
                timestamp: Some(self.newest),
                ..Record::default()
            };
            let mut out = Outputs::default();
            self.partitions[place].record(&record, &mut out);
            self.take(out);
        }
    }

    fn end(&mut self, until: i64) {
        let mut out = Outputs::default();
        for partition in &mut self.partitions {
            partition.end_of_input(until, &mut out);
        }
        self.take(out);
    }

    fn take(&mut self, out: Outputs) {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        self.alerts
            .extend(out.alerts.into_iter().map(|a| text(a.value)));
    }

    fn customers(&self) -> usize {
        self.partitions.iter().map(Partition::customers).sum()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn alerts_are_the_same_bytes_through_a_change_of_partitions(
        seed in any::<u64>(),
        at in 0_usize..240,
        (from, to) in (1..4_u32, 1..7_u32),
    ) {
        let settings = Settings::new(&config(), &model(), true).unwrap();
        let mut lines = stream::lines(seed, 240, 12, 60);
        // Equal alerts over all numbers of partitions are promised while disorder stays below the grace.
        lines.retain(|line| !line.contains(r#""event_id":"l"#));
        let (before, after) = lines.split_at(at.min(lines.len()));
        let (mut stayed, mut moved) = (Input::new(&settings, 1), Input::new(&settings, from));
        for input in [&mut stayed, &mut moved] {
            input.work(before);
        }
        moved.partitions = Partition::rescaled(&settings, &moved.partitions, to).unwrap();
        prop_assert_eq!(moved.partitions.len(), to as usize);
        prop_assert_eq!(moved.customers(), stayed.customers());
        for input in [&mut stayed, &mut moved] {
            input.work(after);
            input.end(T0 + 90 * DAY);
            input.alerts.sort();
        }
        prop_assert_eq!(moved.customers(), stayed.customers());
        prop_assert!(!stayed.alerts.is_empty());
        let only = |of: &Input, other: &Input| -> Vec<String> {
            let of = of.alerts.iter().filter(|a| !other.alerts.contains(a));
            of.cloned().collect()
        };
        prop_assert_eq!(only(&moved, &stayed), only(&stayed, &moved));
        prop_assert_eq!(moved.alerts, stayed.alerts);
    }
}

#[test]
fn keys_that_were_spread_otherwise_are_refused() {
    let settings = Settings::new(&config(), &model(), true).unwrap();
    let line = stream::event("ada", "purchase", T0, "1");
    let mut one = Input::new(&settings, 1);
    one.work(std::slice::from_ref(&line));
    let mut other = Input::new(&settings, 1);
    other.work(&[line]);
    one.partitions.append(&mut other.partitions);
    let refused = Partition::rescaled(&settings, &one.partitions, 4).unwrap_err();
    assert!(
        refused.to_string().contains("in two partitions"),
        "{refused}"
    );
}
