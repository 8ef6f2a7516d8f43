//! The least that any program of this job has to do with this client: poll, decode, send the alerts, all in transactions.
//!
//! It keeps no state: which events raise an alert is known beforehand, from the alerts of an offline run in the order of
//! the log. What Holdfast takes longer than this is the price of features, scoring, journal and snapshots.
//!
//! usage: `bare_loop BROKER INPUT OUTPUT GROUP ALERTS.jsonl`, until the end of the input; the topics are there.

use std::collections::VecDeque;
use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use holdfast_consumer::murmur2_partition;
use holdfast_events::{CurrencyRule, Decoder, Outcome, Record, Settings};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::Message;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

/// As far apart as Holdfast's commits while there is a backlog.
const COMMIT_EVERY: Duration = Duration::from_millis(250);
const CALL: Duration = Duration::from_secs(30);

type Failure = Box<dyn Error>;

/// An alert that is to be sent when its event comes.
struct Expected {
    event_id: String,
    customer_id: String,
    value: String,
}

struct Loop {
    consumer: BaseConsumer,
    producer: BaseProducer,
    topics: (String, String),
    /// By partition, in the order of their events.
    expected: Vec<VecDeque<Expected>>,
    positions: Vec<i64>,
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [broker, input, output, group, alerts] = arguments.as_slice() else {
        return Err("usage: bare_loop BROKER INPUT OUTPUT GROUP ALERTS.jsonl".into());
    };
    let began = Instant::now();
    let consumer = consumer(broker, group)?;
    let metadata = consumer.fetch_metadata(Some(input), CALL)?;
    let partitions = metadata
        .topics()
        .first()
        .map_or(0, |t| t.partitions().len());
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", broker)
        .set("transactional.id", format!("{group}.bare"))
        .set("compression.type", "lz4")
        .set("linger.ms", "0")
        .create()?;
    producer.init_transactions(CALL)?;
    consumer.subscribe(&[input])?;
    let mut bare = Loop {
        expected: expected(alerts, partitions)?,
        positions: vec![0; partitions],
        topics: (input.clone(), output.clone()),
        consumer,
        producer,
    };
    let (events, sent, first) = bare.run(partitions)?;
    let (all, from_first) = (
        began.elapsed(),
        first.map(|at| at.elapsed()).unwrap_or_default(),
    );
    writeln!(
        io::stdout(),
        r#"{{"events":{events},"alerts":{sent},"seconds":{:.3},"seconds_from_first":{:.3}}}"#,
        all.as_secs_f64(),
        from_first.as_secs_f64()
    )?;
    Ok(())
}

fn consumer(broker: &str, group: &str) -> Result<BaseConsumer, KafkaError> {
    ClientConfig::new()
        .set("bootstrap.servers", broker)
        .set("group.id", group)
        .set("enable.auto.commit", "false")
        .set("auto.offset.reset", "earliest")
        .set("isolation.level", "read_committed")
        .set("enable.partition.eof", "true")
        // Without these it fetches but once a second after its queue was full.
        .set("fetch.queue.backoff.ms", "5")
        .set("queued.min.messages", "50000")
        .create()
}

/// The alerts by partition; each file line is one.
fn expected(path: &str, partitions: usize) -> Result<Vec<VecDeque<Expected>>, Failure> {
    let mut all: Vec<VecDeque<Expected>> = (0..partitions).map(|_| VecDeque::new()).collect();
    for line in fs::read_to_string(path)?.lines() {
        let alert = Expected {
            event_id: field(line, "event_id")?,
            customer_id: field(line, "customer_id")?,
            value: line.to_owned(),
        };
        let place = murmur2_partition(alert.customer_id.as_bytes(), u32::try_from(partitions)?);
        all[usize::try_from(place)?].push_back(alert);
    }
    Ok(all)
}

fn field(line: &str, name: &str) -> Result<String, Failure> {
    let start = line
        .split_once(&format!(r#""{name}":""#))
        .ok_or("an alert without id")?
        .1;
    let value = start.split_once('"').ok_or("an alert that is cut")?.0;
    Ok(value.to_owned())
}

impl Loop {
    /// Events read, alerts sent, and when the first event came.
    fn run(&mut self, partitions: usize) -> Result<(u64, u64, Option<Instant>), Failure> {
        let decoder = Decoder::new(Settings::new(CurrencyRule::Any));
        let (mut events, mut sent, mut ended, mut first) = (0, 0, 0, None);
        let mut commit_at = Instant::now() + COMMIT_EVERY;
        self.producer.begin_transaction()?;
        while ended < partitions {
            match self.consumer.poll(Duration::from_millis(100)) {
                None => {}
                Some(Err(KafkaError::PartitionEOF(_))) => ended += 1,
                Some(Err(error)) => return Err(error.into()),
                Some(Ok(message)) => {
                    first.get_or_insert_with(Instant::now);
                    let record = Record {
                        partition: message.partition(),
                        offset: message.offset(),
                        key: message.key(),
                        value: message.payload(),
                        timestamp: message.timestamp().to_millis(),
                        ..Record::default()
                    };
                    let Outcome::Event(event) = decoder.decode(&record) else {
                        return Err("a record of the workload is rejected".into());
                    };
                    events += 1;
                    let place = usize::try_from(message.partition())?;
                    self.positions[place] = message.offset() + 1;
                    let next = self.expected[place].front();
                    if next.is_some_and(|e| e.event_id == event.event_id) {
                        sent += 1;
                        let alert = self.expected[place].pop_front().ok_or("no alert")?;
                        self.send(&alert, message.partition())?;
                    }
                }
            }
            if Instant::now() >= commit_at {
                self.commit()?;
                self.producer.begin_transaction()?;
                commit_at = Instant::now() + COMMIT_EVERY;
            }
        }
        self.commit()?;
        Ok((events, sent, first))
    }

    fn send(&self, alert: &Expected, partition: i32) -> Result<(), Failure> {
        let mut record = BaseRecord::to(&self.topics.1)
            .key(&alert.customer_id)
            .payload(&alert.value)
            .partition(partition);
        loop {
            match self.producer.send(record) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back)) => {
                    self.producer.poll(Duration::from_millis(1));
                    record = back;
                }
                Err((error, _)) => return Err(error.into()),
            }
        }
    }

    fn commit(&self) -> Result<(), Failure> {
        let mut list = TopicPartitionList::new();
        for (partition, position) in self.positions.iter().enumerate() {
            let offset = Offset::Offset(*position);
            list.add_partition_offset(&self.topics.0, i32::try_from(partition)?, offset)?;
        }
        let group = self.consumer.group_metadata().ok_or("not in a group")?;
        self.producer
            .send_offsets_to_transaction(&list, &group, CALL)?;
        self.producer.commit_transaction(CALL)?;
        Ok(())
    }
}
