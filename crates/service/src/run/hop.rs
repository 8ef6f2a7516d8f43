//! The second hop on Kafka: the instance that is given the topic of partials adds them up, and writes figures and lists.
//!
//! One thread reads, another one adds up and commits: whoever reads has to answer rebalances while a commit hangs. What is
//! told and how far the topic is worked through go into one transaction, and the offset that is committed is that of the
//! oldest partial that is still needed, so a restart knows what the process before it knew.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, SendTimeoutError, Sender, bounded};
use holdfast_consumer::{
    Assigned, Batch, KafkaSettings, KafkaSource, Partitions, Polled, Refusal, Source, SourceError,
    Start, now_ms,
};
use holdfast_producer::{
    KafkaSinkSettings, KafkaTransactions, Metadata, OutRecord, Outputs, Position, Sink, SinkError,
    SinkHealth, Stream, TransactionalSink,
};
use holdfast_reports::live::Kpi;
use tracing::{info, warn};

use super::message::Event;
use super::status::Committed;
use super::{RunError, Shared, no_thread, spawn};
use crate::config::Clock;
use crate::hop::Hop;

/// How long one poll may wait.
const POLL: Duration = Duration::from_millis(50);
/// Batches that wait to be added up.
const WAITING: usize = 4;
/// How long a last commit may take before the topic is given back without it.
const COMMIT_PATIENCE: Duration = Duration::from_secs(20);
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
    /// How often the topic went: what was read before is nobody's any more.
    losses: Arc<AtomicU64>,
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
        self.losses.fetch_add(1, Ordering::Release);
        if lost {
            // A commit under way that fails must not be tried again; then the message is got to.
            self.health.cancel();
        }
        let (answer, answered) = bounded(1);
        if self.adder.send(Message::Forget { answer }).is_ok()
            && answered.recv_timeout(COMMIT_PATIENCE) == Err(RecvTimeoutError::Timeout)
        {
            self.health.cancel();
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
        let silence = &shared.settings.silence;
        if !silence.enabled || silence.clock != Clock::Wall {
            warn!(
                "figures wait for an event in every partition: without silence.clock = \"wall\" no tick closes a day"
            );
        }
        let health = Arc::<SinkHealth>::default();
        let (adder, work) = bounded(WAITING);
        let losses = Arc::<AtomicU64>::default();
        let claim = Claim {
            adder: adder.clone(),
            health: Arc::clone(&health),
            losses: Arc::clone(&losses),
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
            losses,
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
    losses: Arc<AtomicU64>,
    adder: Sender<Message>,
    ending: Arc<AtomicBool>,
    until_end: bool,
    events: Sender<Event>,
}

impl Reader {
    fn run(mut self) {
        if let Err(error) = self.read() {
            // Nobody listens any more when the run is ending.
            self.events.send(Event::Failed(error.into())).ok();
        }
        self.source.close();
        self.adder.send(Message::Stop).ok();
    }

    /// Until the run ends; one that is to end by itself reads what there is first.
    fn read(&mut self) -> Result<(), SourceError> {
        let mut ending: Option<(Instant, i64)> = None;
        loop {
            if self.ending.load(Ordering::Acquire) {
                let (since, _) = *ending.get_or_insert_with(|| (Instant::now(), now_ms()));
                if !self.until_end || since.elapsed() > PATIENCE {
                    return Ok(());
                }
            }
            match self.source.poll(POLL) {
                Ok(Polled::Batch(batch)) => {
                    self.hand_on(Message::Batch(batch))?;
                }
                // The log was asked for its end after everything was committed.
                Ok(Polled::End {
                    offset,
                    log_end,
                    asked_ms: Some(asked),
                    ..
                }) if offset == log_end && ending.is_some_and(|(_, at)| asked > at) => {
                    return Ok(());
                }
                Ok(Polled::Trouble(text)) => warn!("partials: {text}"),
                Ok(_) => {}
                Err(_) if ending.is_some() => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    /// Waits for room, serving the source meanwhile: who adds up may wait for us to hear that the topic is gone. Then the
    /// message is let go.
    fn hand_on(&mut self, mut message: Message) -> Result<(), SourceError> {
        let losses = self.losses.load(Ordering::Acquire);
        loop {
            match self.adder.send_timeout(message, POLL) {
                Ok(()) => return Ok(()),
                Err(SendTimeoutError::Disconnected(_)) => {
                    let text = "who adds up figures has ended".to_owned();
                    return Err(SourceError::Temporary(text));
                }
                Err(SendTimeoutError::Timeout(back)) => message = back,
            }
            if let Polled::Trouble(text) = self.source.serve()? {
                warn!("partials: {text}");
            }
            let ends = self.ending.load(Ordering::Acquire) && !self.until_end;
            if ends || self.losses.load(Ordering::Acquire) != losses {
                return Ok(());
            }
        }
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
        batch.for_each_chunk(|records| {
            for record in records {
                hop.take(record.value.unwrap_or_default(), record.offset);
            }
        });
        while let Some((records, kpis)) = self.hop.as_mut().and_then(Hop::due) {
            self.tell(batch.partition(), records, kpis)?;
        }
        Ok(())
    }

    /// What ends at one instant, in a transaction with where a successor has to begin.
    fn tell(
        &mut self,
        partition: i32,
        records: Vec<OutRecord>,
        kpis: Vec<Kpi>,
    ) -> Result<(), RunError> {
        let Some(hop) = &self.hop else { return Ok(()) };
        let position = Position {
            partition,
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
