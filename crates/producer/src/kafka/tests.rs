//! A coordinator that goes away, on librdkafka's mock brokers.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Instant;

use holdfast_consumer::{Assigned, KafkaSource, Partitions, Refusal, Start};
use rdkafka::mocking::{MockCluster, MockCoordinator};

use super::*;
use crate::{Metadata, Sink, TransactionalSink};

const PATIENCE: Duration = Duration::from_secs(60);

struct Nobody;

impl Partitions for Nobody {
    fn assigned(&self, _: &[Assigned]) -> Result<Vec<Start>, Refusal> {
        Ok(Vec::new())
    }

    fn revoked(&self, _: &[i32], _: bool) {}
}

fn wait_for(what: &str, is: impl Fn() -> bool) {
    let began = Instant::now();
    while !is() {
        assert!(began.elapsed() < PATIENCE, "no {what}");
        thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_group_without_coordinator_does_not_hold_a_commit_for_ever() {
    let cluster = MockCluster::new(2).unwrap();
    cluster.create_topic("in", 1, 1).unwrap();
    let writer = MockCoordinator::Transaction("t".to_owned());
    cluster.coordinator(writer, 1).unwrap();
    let group = MockCoordinator::Group("g".to_owned());
    cluster.coordinator(group, 2).unwrap();
    let client = KafkaSettings {
        bootstrap_servers: cluster.bootstrap_servers(),
        topic: "in".to_owned(),
        group_id: "g".to_owned(),
        instance_id: "g-0".to_owned(),
        properties: BTreeMap::new(),
    };
    let source = KafkaSource::open(client.clone(), Arc::new(Nobody)).unwrap();
    let settings = KafkaSinkSettings {
        client,
        alerts: "alerts".to_owned(),
        dead_letters: "letters".to_owned(),
        streams: Default::default(),
        journal: "journal".into(),
        transactional_id: "t".to_owned(),
        app: "a".to_owned(),
        version: "1".to_owned(),
    };
    let health = Arc::new(SinkHealth::default());
    let transactions =
        KafkaTransactions::open(settings, source.group(), Arc::clone(&health)).unwrap();
    let mut sink = TransactionalSink::new(transactions);
    let commit = |sink: &mut TransactionalSink<KafkaTransactions>, next_offset| {
        let position = Position {
            partition: 0,
            next_offset,
            metadata: Metadata::default(),
        };
        sink.commit(&Outputs::default(), &[position]).unwrap();
    };
    commit(&mut sink, 1);

    cluster.broker_down(2).unwrap();
    let committing = thread::spawn(move || {
        commit(&mut sink, 2);
    });
    wait_for("doubt", || health.unknown.load(Ordering::Relaxed) > 0);
    cluster.broker_up(2).unwrap();
    wait_for("second commit", || {
        health.committed.load(Ordering::Relaxed) == 2
    });
    committing.join().unwrap();
}
