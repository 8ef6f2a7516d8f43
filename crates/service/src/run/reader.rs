//! The reading thread: polls the source and hands on what it gives.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{SendTimeoutError, Sender};
use holdfast_consumer::{Polled, Source, SourceError};
use tracing::{info, warn};

use super::Shared;
use super::handover::Handover;
use super::message::{Event, Work};
use super::status::Concern;

/// How long one poll may wait.
const POLL: Duration = Duration::from_millis(50);
/// How long to wait for room at a worker before the source is served again.
const SERVE_EVERY: Duration = Duration::from_millis(50);
/// The same trouble is logged no more often.
const LOG_EVERY: Duration = Duration::from_secs(10);

pub(super) struct Reader {
    shared: Arc<Shared>,
    source: Box<dyn Source>,
    handover: Arc<Handover>,
    events: Sender<Event>,
    trouble_logged_at: Option<Instant>,
}

/// Why reading ended.
pub(super) enum Ended {
    Stopped,
    Closed,
}

impl Reader {
    pub(super) fn new(
        shared: Arc<Shared>,
        source: Box<dyn Source>,
        handover: Arc<Handover>,
        events: Sender<Event>,
    ) -> Self {
        Self {
            shared,
            source,
            handover,
            events,
            trouble_logged_at: None,
        }
    }

    /// Reads until a stop, an end or a failure; gives the source back, for the last commit needs it.
    pub(super) fn run(mut self, workers: &[Sender<Work>]) -> Box<dyn Source> {
        self.shared.status.pulses.reader.work();
        let ended = self.read(workers);
        self.shared.status.pulses.reader.rest();
        let event = match ended {
            Ok(Ended::Stopped) => None,
            Ok(Ended::Closed) => Some(Event::Closed),
            // It is to end anyway; what is not done yet, the next start does.
            Err(SourceError::Temporary(text)) if self.shared.stop.is_requested() => {
                warn!("input: {text}");
                None
            }
            Err(error) => Some(Event::Failed(error.into())),
        };
        if let Some(event) = event {
            // Nobody listens any more when the run is ending for another reason.
            self.events.send(event).ok();
        }
        self.source
    }

    fn read(&mut self, workers: &[Sender<Work>]) -> Result<Ended, SourceError> {
        while !self.shared.stop.is_requested() {
            if let Some(ended) = self.step(workers)? {
                return Ok(ended);
            }
        }
        Ok(Ended::Stopped)
    }

    /// One poll, and what follows from it; why that was the last, if it was.
    pub(super) fn step(&mut self, workers: &[Sender<Work>]) -> Result<Option<Ended>, SourceError> {
        self.shared.status.beat();
        let polled = self.source.poll(POLL)?;
        let work = match polled {
            Polled::Nothing => return Ok(None),
            Polled::Trouble(text) => {
                self.trouble(text);
                return Ok(None);
            }
            Polled::Closed => return Ok(Some(Ended::Closed)),
            Polled::Batch(batch) => {
                self.shared.status.record_read();
                let partition = batch.partition();
                self.handover
                    .epoch(partition)
                    .map(|epoch| (partition, Work::Batch { epoch, batch }))
            }
            Polled::End {
                partition,
                offset,
                log_end,
                asked_ms,
            } => self.handover.epoch(partition).map(|epoch| {
                (
                    partition,
                    Work::End {
                        epoch,
                        partition,
                        offset,
                        log_end,
                        asked_ms,
                    },
                )
            }),
        };
        self.all_well();
        if let Some((partition, work)) = work {
            let worker = Handover::worker_of(partition, workers.len());
            if !self.hand_on(&workers[worker], work)? {
                return Ok(Some(Ended::Stopped));
            }
        }
        Ok(None)
    }

    /// Waits for room, serving the source meanwhile; false when the worker is gone or a stop was asked for.
    fn hand_on(&mut self, worker: &Sender<Work>, mut work: Work) -> Result<bool, SourceError> {
        loop {
            match worker.send_timeout(work, SERVE_EVERY) {
                Ok(()) => return Ok(true),
                Err(SendTimeoutError::Disconnected(_)) => return Ok(false),
                Err(SendTimeoutError::Timeout(back)) => work = back,
            }
            self.shared.status.beat();
            if let Polled::Trouble(text) = self.source.serve()? {
                self.trouble(text);
            }
            if self.shared.stop.is_requested() {
                return Ok(false);
            }
        }
    }

    fn trouble(&mut self, text: String) {
        if self
            .trouble_logged_at
            .is_none_or(|at| at.elapsed() > LOG_EVERY)
        {
            warn!("input: {text}");
            self.trouble_logged_at = Some(Instant::now());
        }
        self.shared.status.set(Concern::Input, text);
    }

    fn all_well(&mut self) {
        if self.trouble_logged_at.take().is_some() {
            info!("input: all well again");
            self.shared.status.clear(Concern::Input);
        }
    }
}
