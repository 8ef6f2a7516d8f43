//! The second hop on Kafka: the instance that is given the topic of partials adds them up, and writes figures and lists.
//!
//! One thread reads, another one adds up and commits: whoever reads has to answer rebalances while a commit hangs. What is
//! told and how far the topic is worked through go into one transaction, and the offset that is committed is that of the
//! oldest partial that is still needed, so a restart knows what the process before it knew.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};
use holdfast_consumer::{
    Assigned, Batch, KafkaSettings, KafkaSource, Partitions, Polled, Refusal, Source, Start,
};
use holdfast_producer::{
    KafkaSinkSettings, KafkaTransactions, Metadata, Outputs, Position, Sink, SinkError, SinkHealth,
    Stream, TransactionalSink,
};
use holdfast_reports::Period;
use holdfast_reports::live::Kpi;
use tracing::{info, warn};

use super::message::Event;
use super::status::Committed;
use super::{RunError, Shared, Status, no_thread, spawn};
use crate::hop::Hop;

/// How long one poll may wait.
const POLL: Duration = Duration::from_millis(50);
/// Batches that wait to be added up.
const WAITING: usize = 4;
/// How long a run that is to end by itself waits for figures of what it has read.
const PATIENCE: Duration = Duration::from_secs(30);

/// The two threads.
pub(super) struct KafkaHop {
    ending: Arc<AtomicBool>,
    health: Arc<SinkHealth>,
    threads: [thread::JoinHandle<()>; 2],
}

enum Message {
    /// The topic is ours from this offset on; everything that ended by then was told.
    Take {
        offset: i64,
        done: Option<i64>,
    },
    Batch(Batch),
    /// It is not ours any more.
    Forget {
        answer: Sender<()>,
    },
    Stop,
}

/// Answers rebalances.
struct Claim {
    adder: Sender<Message>,
    health: Arc<SinkHealth>,
}

impl Partitions for Claim {
    fn assigned(&self, given: &[Assigned]) -> Result<Vec<Start>, Refusal> {
        let starts = given.iter().map(|assigned| {
            let (offset, text) = assigned.committed.clone().unwrap_or_default();
            if assigned.committed.is_some() && offset < assigned.begin {
                let lost = assigned.begin - offset;
                warn!(
                    lost,
                    "partials were removed before they were added up: figures begin anew"
                );
            }
            let offset = offset.max(assigned.begin);
            let done = Metadata::from_json(&text).and_then(|metadata| metadata.done);
            info!(offset, "adds up figures of all partitions");
            let take = Message::Take { offset, done };
            // Nobody is there any more when the run is ending.
            self.adder.send(take).ok();
            Start {
                partition: assigned.partition,
                offset,
            }
        });
        Ok(starts.collect())
    }

    fn revoked(&self, _: &[i32], lost: bool) {
        if lost {
            // A commit under way that fails must not be tried again; then the message is got to.
            self.health.cancel();
        }
        let (answer, answered) = bounded(1);
        if self.adder.send(Message::Forget { answer }).is_ok() {
            answered.recv().ok();
        }
        self.health.resume();
    }
}

impl KafkaHop {
    /// None where no figures are kept. `sink` is that of the run.
    pub(super) fn start(
        shared: &Arc<Shared>,
        sink: KafkaSinkSettings,
        events: Sender<Event>,
    ) -> Result<Option<Self>, RunError> {
        let topic = sink.streams.get(&Stream::Partials).cloned();
        let Some(topic) = topic.filter(|_| shared.settings.lifecycle.kpis.is_some()) else {
            return Ok(None);
        };
        let client = KafkaSettings {
            topic,
            group_id: group(&sink.client.group_id),
            ..sink.client.clone()
        };
        let health = Arc::<SinkHealth>::default();
        let (adder, work) = bounded(WAITING);
        let claim = Claim {
            adder: adder.clone(),
            health: Arc::clone(&health),
        };
        let source = KafkaSource::open(client.clone(), Arc::new(claim))?;
        let sink = KafkaSinkSettings {
            client,
            transactional_id: format!("{}.partials", sink.transactional_id),
            ..sink
        };
        let group = source.group();
        let sink =
            TransactionalSink::new(KafkaTransactions::open(sink, group, Arc::clone(&health))?);
        shared.stop.also({
            let health = Arc::clone(&health);
            move || health.stop()
        });
        let ending = Arc::<AtomicBool>::default();
        let reader = Reader {
            source: Box::new(source),
            adder,
            ending: Arc::clone(&ending),
            until_end: shared.options.until_end,
            events: events.clone(),
        };
        let adder = Adder {
            shared: Arc::clone(shared),
            sink: Box::new(sink),
            work,
            hop: None,
            events,
        };
        let threads = [
            spawn("partials", move || reader.run()).map_err(no_thread)?,
            spawn("figures", move || adder.run()).map_err(no_thread)?,
        ];
        Ok(Some(Self {
            ending,
            health,
            threads,
        }))
    }

    /// The run ends: one that is to end by itself adds up what there is.
    pub(super) fn end(self) {
        self.ending.store(true, Ordering::Release);
        self.health.stop();
        for thread in self.threads {
            if thread.join().is_err() {
                warn!("a thread that adds up figures panicked");
            }
        }
    }
}

/// The group that reads partials.
pub(crate) fn group(group_id: &str) -> String {
    format!("{group_id}.partials")
}

struct Reader {
    source: Box<dyn Source>,
    adder: Sender<Message>,
    ending: Arc<AtomicBool>,
    until_end: bool,
    events: Sender<Event>,
}

impl Reader {
    fn run(mut self) {
        let mut ending_since: Option<Instant> = None;
        loop {
            if self.ending.load(Ordering::Acquire) {
                let since = *ending_since.get_or_insert_with(Instant::now);
                if !self.until_end || since.elapsed() > PATIENCE {
                    break;
                }
            }
            match self.source.poll(POLL) {
                Ok(Polled::Batch(batch)) => {
                    if self.adder.send(Message::Batch(batch)).is_err() {
                        break;
                    }
                }
                // Asked for after everything was committed, or asked for again later.
                Ok(Polled::End {
                    offset,
                    log_end,
                    asked_ms: Some(_),
                    ..
                }) if offset == log_end
                    && ending_since.is_some_and(|since| since.elapsed() > POLL * 4) =>
                {
                    break;
                }
                Ok(Polled::Trouble(text)) => warn!("partials: {text}"),
                Ok(_) => {}
                Err(error) => {
                    if ending_since.is_none() {
                        self.events.send(Event::Failed(error.into())).ok();
                    }
                    break;
                }
            }
        }
        self.source.close();
        self.adder.send(Message::Stop).ok();
    }
}

struct Adder {
    shared: Arc<Shared>,
    sink: Box<dyn Sink>,
    work: Receiver<Message>,
    /// None while the topic is another instance's.
    hop: Option<Hop>,
    events: Sender<Event>,
}

impl Adder {
    fn run(mut self) {
        while let Ok(message) = self.work.recv() {
            match message {
                Message::Stop => return,
                Message::Take { offset, done } => {
                    self.hop = Hop::new(&self.shared.active().settings, done, offset);
                }
                Message::Forget { answer } => {
                    self.hop = None;
                    self.shared.status.clear_kpis();
                    answer.send(()).ok();
                }
                Message::Batch(batch) => {
                    if let Err(error) = self.add(&batch) {
                        self.events.send(Event::Failed(error)).ok();
                        self.hop = None;
                    }
                }
            }
        }
    }

    fn add(&mut self, batch: &Batch) -> Result<(), RunError> {
        let Some(hop) = &mut self.hop else {
            return Ok(());
        };
        let before = hop.done();
        batch.for_each_chunk(|records| {
            for record in records {
                hop.take(record.value.unwrap_or_default(), record.offset);
            }
        });
        let (records, kpis) = hop.due();
        if hop.done() == before {
            return Ok(());
        }
        let position = Position {
            partition: batch.partition(),
            next_offset: hop.floor(),
            metadata: Metadata {
                done: hop.done(),
                ..Metadata::default()
            },
        };
        let outputs = Outputs {
            records,
            ..Outputs::default()
        };
        let began = Instant::now();
        match self.sink.commit(&outputs, &[position]) {
            Ok(()) => {}
            // Whoever has it now does it again.
            Err(SinkError::Cancelled) => {
                self.hop = None;
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        }
        if let Some(watcher) = &self.shared.options.watcher {
            watcher.committed(&Committed {
                outputs: &outputs,
                newest_ms: &[],
                took: began.elapsed(),
            });
        }
        self.shared.status.tell_kpis(kpis);
        Ok(())
    }
}

/// What a sink of one process adds up in place: partials among outputs, and what comes of them in the same commit.
pub(super) struct Adding<S> {
    pub(super) sink: S,
    pub(super) hop: Hop,
    pub(super) shared: Arc<Shared>,
}

impl<S: Sink> Sink for Adding<S> {
    fn commit(&mut self, outputs: &Outputs, positions: &[Position]) -> Result<(), SinkError> {
        let partials = outputs
            .records
            .iter()
            .filter(|r| r.stream == Stream::Partials);
        let mut some = false;
        for record in partials {
            self.hop.take_next(&record.value);
            some = true;
        }
        let (told, kpis) = if some {
            self.hop.due()
        } else {
            Default::default()
        };
        if told.is_empty() {
            return self.sink.commit(outputs, positions);
        }
        let mut outputs = outputs.clone();
        outputs.records.extend(told);
        self.sink.commit(&outputs, positions)?;
        self.shared.status.tell_kpis(kpis);
        Ok(())
    }
}

/// The newest figures of each kind of period.
pub type Newest = BTreeMap<Period, Kpi>;

impl Status {
    /// The newest figures of each kind of period; nothing where another instance adds them up.
    #[must_use]
    pub fn kpis(&self) -> Newest {
        let kpis = self.kpis.lock().unwrap_or_else(PoisonError::into_inner);
        kpis.clone()
    }

    fn tell_kpis(&self, told: Vec<Kpi>) {
        let mut kpis = self.kpis.lock().unwrap_or_else(PoisonError::into_inner);
        kpis.extend(told.into_iter().map(|kpi| (kpi.period, kpi)));
    }

    fn clear_kpis(&self) {
        self.kpis
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}
