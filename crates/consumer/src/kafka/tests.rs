//! What an outage leaves behind, on librdkafka's mock broker, which answers as it is told.

use std::sync::Mutex;

use rdkafka::ClientConfig;
use rdkafka::mocking::{MockCluster, MockCoordinator};
use rdkafka::producer::{BaseProducer, BaseRecord, DefaultProducerContext, Producer};
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};

use super::*;
use crate::{Assigned, Refusal, Start};

const PATIENCE: Duration = Duration::from_secs(30);

/// Reads everything from the start, and notes what came and went.
#[derive(Default)]
struct Notes {
    assigned: Mutex<usize>,
    revoked: Mutex<Vec<(Vec<i32>, bool)>>,
}

impl Partitions for Notes {
    fn assigned(&self, given: &[Assigned]) -> Result<Vec<Start>, Refusal> {
        *self.assigned.lock().unwrap() += 1;
        let start = |a: &Assigned| Start {
            partition: a.partition,
            offset: a.begin,
        };
        Ok(given.iter().map(start).collect())
    }

    fn revoked(&self, partitions: &[i32], lost: bool) {
        let mut revoked = self.revoked.lock().unwrap();
        revoked.push((partitions.to_vec(), lost));
    }
}

struct Fixture {
    // The cluster goes last.
    source: KafkaSource,
    producer: BaseProducer,
    cluster: MockCluster<'static, DefaultProducerContext>,
    notes: Arc<Notes>,
    sent: usize,
}

impl Fixture {
    fn new() -> Self {
        let cluster = MockCluster::new(1).unwrap();
        cluster.create_topic("in", 1, 1).unwrap();
        let group = MockCoordinator::Group("g".to_owned());
        cluster.coordinator(group, 1).unwrap();
        let notes = Arc::new(Notes::default());
        let settings = KafkaSettings {
            bootstrap_servers: cluster.bootstrap_servers(),
            topic: "in".to_owned(),
            group_id: "g".to_owned(),
            instance_id: "g-0".to_owned(),
            properties: BTreeMap::from([
                ("heartbeat.interval.ms".to_owned(), "100".to_owned()),
                ("session.timeout.ms".to_owned(), "5000".to_owned()),
            ]),
        };
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &settings.bootstrap_servers);
        let handler = Arc::clone(&notes) as Arc<dyn Partitions>;
        Self {
            producer: config.create().unwrap(),
            source: KafkaSource::open(settings, handler).unwrap(),
            cluster,
            notes,
            sent: 0,
        }
    }

    /// Sends the next records; the values are their numbers.
    fn send(&mut self, count: usize) {
        for _ in 0..count {
            let value = self.sent.to_string();
            let record = BaseRecord::<str, str>::to("in").payload(&value);
            self.producer.send(record.partition(0)).unwrap();
            self.sent += 1;
        }
        self.producer.flush(PATIENCE).unwrap();
    }

    /// Reads until the end of the partition with as many records as were sent has come; their values.
    fn read(&mut self) -> Vec<usize> {
        let (mut values, began) = (Vec::new(), Instant::now());
        let mut renewed = self.source.renewed_at;
        while began.elapsed() < PATIENCE {
            let polled = self.source.poll(Duration::from_millis(50)).unwrap();
            // With a new consumer everything comes again.
            if self.source.renewed_at != renewed {
                renewed = self.source.renewed_at;
                values.clear();
            }
            match polled {
                Polled::Batch(batch) => batch.for_each_chunk(|records| {
                    let text = |r: &holdfast_events::Record<'_>| {
                        String::from_utf8(r.value.unwrap().to_vec()).unwrap()
                    };
                    values.extend(records.iter().map(|r| text(r).parse::<usize>().unwrap()));
                }),
                Polled::End { offset, .. } if offset == self.sent as i64 => return values,
                _ => {}
            }
        }
        panic!("the end did not come, only {values:?}");
    }

    fn fence(&self) {
        let error = RDKafkaRespErr::RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID;
        self.cluster
            .request_errors(RDKafkaApiKey::Heartbeat, &[error]);
    }

    fn wait_for(&mut self, what: &str, is: impl Fn(&KafkaSource) -> bool) {
        let began = Instant::now();
        while !is(&self.source) {
            assert!(began.elapsed() < PATIENCE, "no {what}");
            self.source.poll(Duration::from_millis(50)).unwrap();
        }
    }

    /// Polls until the source gives up; why.
    fn failure(&mut self) -> String {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            if let Err(error) = self.source.poll(Duration::from_millis(50)) {
                return error.to_string();
            }
        }
        panic!("no failure");
    }
}

#[test]
fn a_consumer_fenced_after_an_outage_joins_again_once_an_outage_and_has_lost_its_partitions() {
    let mut f = Fixture::new();
    f.send(3);
    assert_eq!(f.read(), [0, 1, 2]);
    f.source.troubled_at = Some(Instant::now());
    f.fence();
    f.wait_for("renewal", |source| source.renewed_at.is_some());
    assert_eq!(*f.notes.revoked.lock().unwrap(), [(vec![0], true)]);
    f.send(2);
    assert_eq!(f.read(), [0, 1, 2, 3, 4]);
    assert_eq!(*f.notes.assigned.lock().unwrap(), 2);
    let member = f.source.group().metadata();
    assert!(member.is_some(), "the handle follows to the new consumer");
    // Another outage soon after the first.
    f.source.away_at = Some(Instant::now());
    let before = f.source.renewed_at;
    f.fence();
    f.wait_for("renewal", |source| source.renewed_at > before);
    assert_eq!(f.read(), [0, 1, 2, 3, 4]);
    f.source.away_at = None;
    f.fence();
    let text = f.failure();
    assert!(
        text.contains("another process runs as kafka.instance_id `g-0`"),
        "{text}"
    );
}

#[test]
fn who_lost_its_partitions_and_hears_nothing_of_the_group_joins_it_again() {
    let mut f = Fixture::new();
    f.send(3);
    assert_eq!(f.read(), [0, 1, 2]);
    let assigned = *f.notes.assigned.lock().unwrap();
    // As after a loss whose answer from the group never came.
    f.source.owned.clear();
    f.source.unheard_since = Instant::now().checked_sub(UNHEARD);
    f.wait_for("renewal", |source| source.renewed_at.is_some());
    assert_eq!(f.read(), [0, 1, 2]);
    assert!(*f.notes.assigned.lock().unwrap() > assigned);
    assert_eq!(f.source.unheard_since, None);
}

#[test]
fn a_consumer_fenced_out_of_the_blue_gives_up_and_names_the_instance() {
    let mut f = Fixture::new();
    f.send(1);
    assert_eq!(f.read(), [0]);
    f.source.troubled_at = None;
    f.fence();
    let text = f.failure();
    assert!(
        text.contains("another process runs as kafka.instance_id `g-0`"),
        "{text}"
    );
}

#[test]
fn a_position_wrongly_taken_for_out_of_range_is_gone_back_to() {
    let mut f = Fixture::new();
    f.send(3);
    assert_eq!(f.read(), [0, 1, 2]);
    let error = RDKafkaRespErr::RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE;
    f.cluster.request_errors(RDKafkaApiKey::Fetch, &[error]);
    f.wait_for("partition astray", |source| {
        source.owned.values().any(|owned| owned.astray)
    });
    // A rebalance that comes before its error was read finds it so as well.
    f.source.owned.insert(0, Owned::at(3));
    f.source.seek_to_positions().unwrap();
    assert!(f.source.owned[&0].astray);
    f.send(2);
    assert_eq!(f.read(), [3, 4], "each record once");
}

#[test]
fn a_partition_that_stopped_in_silence_is_read_on_where_it_was() {
    let mut f = Fixture::new();
    f.send(3);
    assert_eq!(f.read(), [0, 1, 2]);
    // librdkafka believes that it has read what comes now.
    let ahead = rdkafka::Offset::Offset(5);
    f.source.consumer.seek("in", 0, ahead, PATIENCE).unwrap();
    f.send(2);
    let owned = f.source.owned.get_mut(&0).unwrap();
    owned.at_end = None;
    owned.heard_at = Instant::now().checked_sub(2 * changes::SILENT).unwrap();
    f.source.housekeeping_at = Instant::now();
    assert_eq!(f.read(), [3, 4]);
}

#[test]
fn a_position_behind_the_end_of_the_log_is_a_gap() {
    let mut f = Fixture::new();
    f.send(3);
    assert_eq!(f.read(), [0, 1, 2]);
    f.source.owned.insert(
        0,
        Owned {
            astray: true,
            ..Owned::at(9)
        },
    );
    let text = f.failure();
    assert!(
        text.contains("the log has offsets 0 to 3, reading was at 9"),
        "{text}"
    );
}
