//! `run`: the pipeline on live input, from Kafka or from the embedded log.
//!
//! | thread | owns | module |
//! | --- | --- | --- |
//! | reader | the source: polls it, hands batches to the workers, serves rebalances | [`reader`], [`handover`] |
//! | workers | the state of their partitions: decode, apply, decide | [`worker`] |
//! | committer | the sink: outputs and positions, together | [`committer`] |
//! | the caller's | start, end of input, stop | this module |
//!
//! | reload | the model file: taken over when it changes | [`reload`] |
//! | snapshots | images of state: packed, published once committed | [`snapshots`] |
//! | watchdog | nothing: ends the process when one of the others hangs | [`watchdog`] |
//!
//! Channels between them are bounded, so a slow sink slows the reader and memory stays flat. After a start each
//! partition begins with its newest snapshot ([`recovery`]): up to the committed offset the input is read again along
//! the [`journal`] and nothing is sent, from there on it is live.

mod challenger;
mod clock;
mod committer;
mod error;
mod figures;
mod handover;
mod headroom;
mod hop;
mod journal;
mod kafka;
mod log;
mod message;
mod reader;
mod recovery;
mod reload;
mod shared;
#[cfg(test)]
mod sim;
mod snapshots;
mod status;
mod stop;
mod summary;
mod threads;
mod watchdog;
mod watching;
mod worker;

use std::path::PathBuf;
use std::sync::{Arc, RwLock};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded, unbounded};
use holdfast_consumer::Source;
use holdfast_model::Model;
use holdfast_producer::Sink;
use tracing::{info, warn};

use crate::config::{Settings, SourceKind};
use crate::pipeline;
use handover::Handover;
use headroom::Headroom;
use message::{Done, Event, Work};
use recovery::Archive;
use snapshots::Unstarted;
use watchdog::Watchdog;

pub(crate) use challenger::challenged;
pub use error::RunError;
pub use figures::Newest;
pub(crate) use hop::group as partials_group;
pub(crate) use journal::{JournalLog, KafkaJournal, Values, between};
pub(crate) use kafka::client;
pub(crate) use recovery::Regime;
pub(crate) use shared::{Active, Shared};
pub use shared::{Options, Resume};
pub use status::{Committed, Concern, PartitionStatus, Rebuild, Status, Watcher};
pub use stop::Stop;
pub use summary::Summary;
use threads::{no_thread, spawn};

/// Batches that wait for a worker. With at most some thousands of records each, this bounds memory.
const WAITING_BATCHES: usize = 12;
/// Results of batches that wait for the committer.
const WAITING_RESULTS: usize = 64;
/// How long the last snapshots may take.
const SNAPSHOT_PATIENCE: Duration = Duration::from_secs(30);
/// How long the reader may take to notice a stop; one that hangs in a read of stdin is left behind.
const READER_PATIENCE: Duration = Duration::from_secs(2);

/// Runs until the input ends, a stop is requested, or something fails. Blocks.
///
/// # Errors
/// See [`RunError`]; whatever was not committed then is not visible, and a restart makes it again.
pub fn run(
    settings: &Settings,
    model: &Model,
    options: Options,
    status: Arc<Status>,
    stop: Stop,
) -> Result<Summary, RunError> {
    let from_kafka = settings.source == SourceKind::Kafka;
    let pipeline = pipeline::Settings::new(settings, model, from_kafka)
        .map_err(|e| RunError::Config(format!("{e:#}")))?;
    let pipeline = challenged(settings, pipeline)?;
    let unstarted = keeps_snapshots(settings).then(Unstarted::new);
    let shared = Arc::new(Shared {
        state_hash: pipeline.state_hash().to_owned(),
        active: RwLock::new(Arc::new(Active::new(pipeline))),
        settings: settings.clone(),
        options,
        status,
        stop,
        snapshotting: unstarted.as_ref().map(Unstarted::handle),
        time: Arc::new(clock::WallTime),
    });
    let started = if from_kafka {
        kafka::start(&shared, unstarted)
    } else {
        log::start(&shared, unstarted)
    };
    let result = match started {
        Ok(run) => watched(&shared).and_then(|_watchdog| run.drive()),
        // Nothing has been read yet; what was asked for is done.
        Err(RunError::Temporary(_)) if shared.stop.is_requested() => {
            Ok(Summary::of(&shared.status, 0.0))
        }
        Err(error) => Err(error),
    };
    if let Err(error) = &result {
        shared.status.set(Concern::Stop, error.to_string());
    }
    result
}

/// A pipe cannot be read again, so a state of it is of no use later.
fn keeps_snapshots(settings: &Settings) -> bool {
    settings.snapshot.enabled && !is_piped(settings)
}

fn is_piped(settings: &Settings) -> bool {
    let log = &settings.log;
    settings.source == SourceKind::Log && [&log.input, &log.output].contains(&&PathBuf::from("-"))
}

/// Whoever is at the other end of a pipe may take all the time in the world.
fn watched(shared: &Shared) -> Result<Option<Watchdog>, RunError> {
    let settings = &shared.settings;
    let limit = settings.run.watchdog.filter(|_| !is_piped(settings));
    limit
        .map(|limit| Watchdog::start(&shared.status, limit))
        .transpose()
}

/// A run that is set up: threads started, source and sink at hand.
struct Run {
    shared: Arc<Shared>,
    events: Receiver<Event>,
    workers: Vec<Sender<Work>>,
    worker_threads: Vec<thread::JoinHandle<()>>,
    committer: Sender<Done>,
    committer_thread: thread::JoinHandle<Result<u64, RunError>>,
    snapshots_thread: Option<thread::JoinHandle<()>>,
    /// The reader gives the source back when it ends.
    source: Receiver<Box<dyn Source>>,
    partitions: usize,
    began: Instant,
    /// Looks for as long as the run goes on.
    _headroom: Option<Headroom>,
    /// Adds up what all partitions say, where Kafka is between.
    hop: Option<hop::KafkaHop>,
}

/// What is ready before the source is: the channels, and the hand-over that the source calls.
struct Prepared {
    events: (Sender<Event>, Receiver<Event>),
    results: (Sender<Done>, Receiver<Done>),
    workers: Vec<(Sender<Work>, Receiver<Work>)>,
    handover: Arc<Handover>,
    snapshots_thread: Option<thread::JoinHandle<()>>,
}

fn prepare(
    shared: &Arc<Shared>,
    partitions: usize,
    archive: Archive,
    unstarted: Option<Unstarted>,
) -> Result<Prepared, RunError> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let count = shared
        .options
        .workers
        .unwrap_or_else(|| cores.min(partitions))
        .max(1);
    let workers: Vec<_> = (0..count).map(|_| bounded(WAITING_BATCHES)).collect();
    let results = bounded(WAITING_RESULTS);
    let senders: Vec<Sender<Work>> = workers
        .iter()
        .map(|(sender, _): &(Sender<Work>, _)| sender.clone())
        .collect();
    let snapshots_thread = match (unstarted, &archive.snapshots) {
        (Some(unstarted), Some(snapshots)) => Some(
            unstarted
                .start(
                    shared,
                    Arc::clone(snapshots),
                    Arc::clone(&archive.journal),
                    senders.clone(),
                )
                .map_err(no_thread)?,
        ),
        _ => None,
    };
    let handover = Arc::new(Handover::new(
        Arc::clone(shared),
        senders,
        results.0.clone(),
        archive,
        partitions,
    ));
    Ok(Prepared {
        events: unbounded(),
        results,
        workers,
        handover,
        snapshots_thread,
    })
}

impl Run {
    fn start(
        shared: Arc<Shared>,
        prepared: Prepared,
        (source, sink): (Box<dyn Source>, Box<dyn Sink>),
        partitions: usize,
    ) -> Result<Self, RunError> {
        let Prepared {
            events,
            results,
            workers,
            handover,
            snapshots_thread,
        } = prepared;
        let committer =
            committer::Committer::new(Arc::clone(&shared), sink, results.1, events.0.clone());
        let committer_thread = spawn("committer", move || committer.run()).map_err(no_thread)?;
        let mut worker_threads = Vec::new();
        for (number, (_, work)) in workers.iter().enumerate() {
            let worker = worker::Worker::new(
                Arc::clone(&shared),
                work.clone(),
                results.0.clone(),
                events.0.clone(),
            );
            worker_threads
                .push(spawn(&format!("worker-{number}"), move || worker.run()).map_err(no_thread)?);
        }
        let workers: Vec<Sender<Work>> = workers.into_iter().map(|(sender, _)| sender).collect();
        if let Some(reload) = reload::Reload::new(&shared, &workers) {
            // Ends with the run, at the latest a moment after it.
            spawn("reload", move || reload.run()).map_err(no_thread)?;
        }
        let (give_back, taken_back) = bounded(1);
        let reader = reader::Reader::new(
            Arc::clone(&shared),
            source,
            Arc::clone(&handover),
            events.0.clone(),
        );
        let reader_workers = workers.clone();
        spawn("reader", move || {
            let source = reader.run(&reader_workers);
            // Nobody waits for it any more when the process is in a hurry.
            give_back.send(source).ok();
        })
        .map_err(no_thread)?;
        Ok(Self {
            shared,
            events: events.1,
            workers,
            worker_threads,
            committer: results.0,
            committer_thread,
            snapshots_thread,
            source: taken_back,
            partitions,
            began: Instant::now(),
            _headroom: None,
            hop: None,
        })
    }

    fn drive(self) -> Result<Summary, RunError> {
        let outcome = self.watch();
        self.shared.stop.request();
        self.shared.status.sink.stop();
        self.shared.status.set(Concern::Stop, "stopping");
        let Ok(source) = self.source.recv_timeout(READER_PATIENCE) else {
            warn!("the reader does not come back, leaving it behind");
            return self.close(outcome, None);
        };
        self.close(outcome, Some(source))
    }

    /// Follows what the threads tell until there is a reason to end.
    fn watch(&self) -> Result<(), RunError> {
        // Partitions that have reached their end, the greatest clock among them, and those of which everything that was
        // due by then is committed.
        let (mut reached, mut latest, mut ended) = (0, i64::MIN, 0);
        loop {
            match self.events.recv_timeout(Duration::from_millis(100)) {
                Ok(Event::Failed(error)) => return Err(error),
                Ok(Event::Reached { clock }) => {
                    reached += 1;
                    latest = latest.max(clock);
                    if reached == self.partitions {
                        self.end_input(latest)?;
                    }
                }
                Ok(Event::Ended) => {
                    ended += 1;
                    if ended == self.partitions {
                        info!("end of input");
                        return Ok(());
                    }
                }
                Ok(Event::Closed) if !self.shared.options.until_end => {
                    info!("the input is closed");
                    return Ok(());
                }
                Ok(Event::Closed) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(RunError::Internal("all threads have ended".to_owned()));
                }
            }
            if self.shared.stop.is_requested() {
                info!("stop requested");
                return Ok(());
            }
        }
    }

    /// Every partition has reached its end: all clocks go to the greatest event time of the whole input.
    fn end_input(&self, until: i64) -> Result<(), RunError> {
        for worker in &self.workers {
            let sent = worker.send(Work::EndOfInput { until });
            sent.map_err(|_| RunError::Internal("a worker is gone".to_owned()))?;
        }
        Ok(())
    }

    /// Lets the workers finish what they have, commits it, and only then leaves the group.
    fn close(
        self,
        outcome: Result<(), RunError>,
        source: Option<Box<dyn Source>>,
    ) -> Result<Summary, RunError> {
        for worker in &self.workers {
            worker.send(Work::Stop).ok();
        }
        let mut panicked = false;
        for thread in self.worker_threads {
            panicked |= thread.join().is_err();
        }
        self.committer.send(Done::Stop).ok();
        let seconds = self.began.elapsed().as_secs_f64();
        let committed = self.committer_thread.join();
        if let Some(hop) = self.hop {
            hop.end();
        }
        if let (Some(snapshotting), Some(thread)) =
            (self.shared.snapshotting(), self.snapshots_thread)
        {
            if !snapshotting.drain(&*self.shared.time, SNAPSHOT_PATIENCE) {
                warn!(
                    "the last snapshots are not there yet; the next start begins with older ones"
                );
            }
            snapshotting.stop();
            panicked |= thread.is_finished() && thread.join().is_err();
        }
        // The first failure is the cause; those that follow from it say less.
        let pending = self.events.try_iter().find_map(|event| match event {
            Event::Failed(error) => Some(error),
            _ => None,
        });
        let summary = Summary::of(&self.shared.status, seconds);
        if let Some(source) = source {
            source.close();
        }
        outcome?;
        if let Some(error) = pending {
            return Err(error);
        }
        committed.map_err(|_| RunError::Internal("the committer panicked".to_owned()))??;
        if panicked {
            return Err(RunError::Internal("a worker panicked".to_owned()));
        }
        Ok(summary)
    }
}
