//! Ends a process that hangs, so that its supervisor starts it again; a start is safe at any moment.
//!
//! Each part of a run says when it works and each time it gets on; one that waits for work is at rest. A broker that
//! is away is no hang: every try to reach it counts as getting on. What is left are calls that never return, of which
//! the client library has had some, and disks that stall. Time is counted in looks of the watchdog itself: a process
//! that was stopped, or a machine that slept, has not looked meanwhile.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{RecvTimeoutError, Sender, bounded};
use tracing::{error, warn};

use super::status::Status;
use super::{RunError, no_thread, spawn};

/// How often it looks.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long the last words may take: the log may be what hangs.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// EX_SOFTWARE of sysexits.h, as for any other defect.
const EXIT_CODE: i32 = 70;

/// The parts of a run, as they get on.
#[derive(Default)]
pub(super) struct Pulses {
    pub(super) reader: Pulse,
    pub(super) committer: Pulse,
    pub(super) snapshots: Pulse,
    workers: Mutex<Vec<Arc<Pulse>>>,
}

/// One part.
#[derive(Default)]
pub(super) struct Pulse {
    working: AtomicBool,
    beats: AtomicU64,
    /// The partition it works on, if it works on one at a time.
    partition: AtomicI32,
}

/// Who is stuck.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Reader,
    Worker { number: usize, partition: i32 },
    Committer,
    Snapshots,
}

/// How far a part has got that is at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Sample {
    part: Part,
    progress: u64,
}

/// Remembers at how many looks in a row each part had not got on.
struct Judge {
    /// So many are too many.
    limit: u32,
    seen: BTreeMap<Part, (u64, u32)>,
}

/// Looks until it is dropped.
pub(super) struct Watchdog {
    _ended: Sender<()>,
}

impl Pulse {
    pub(super) fn work(&self) {
        self.working.store(true, Ordering::Relaxed);
        self.beat();
    }

    pub(super) fn beat(&self) {
        self.beats.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn rest(&self) {
        self.working.store(false, Ordering::Relaxed);
    }

    /// Gets on to another partition.
    pub(super) fn at(&self, partition: i32) {
        self.partition.store(partition, Ordering::Relaxed);
        self.beat();
    }

    fn sample(&self, part: Part, more: u64) -> Option<Sample> {
        self.working.load(Ordering::Relaxed).then(|| Sample {
            part,
            progress: self.beats.load(Ordering::Relaxed).wrapping_add(more),
        })
    }
}

impl Pulses {
    /// A pulse for one more worker.
    pub(super) fn worker(&self) -> Arc<Pulse> {
        let pulse = Arc::default();
        let mut workers = self.workers.lock().unwrap_or_else(PoisonError::into_inner);
        workers.push(Arc::clone(&pulse));
        pulse
    }

    /// Those at work; `steps` are the sink's own.
    fn samples(&self, steps: u64) -> Vec<Sample> {
        let workers = self.workers.lock().unwrap_or_else(PoisonError::into_inner);
        let worker = |(number, pulse): (usize, &Arc<Pulse>)| {
            let partition = pulse.partition.load(Ordering::Relaxed);
            pulse.sample(Part::Worker { number, partition }, 0)
        };
        let workers = workers.iter().enumerate().filter_map(worker);
        let others = [
            self.reader.sample(Part::Reader, 0),
            self.committer.sample(Part::Committer, steps),
            self.snapshots.sample(Part::Snapshots, 0),
        ];
        others.into_iter().flatten().chain(workers).collect()
    }
}

impl Judge {
    fn new(limit: Duration) -> Self {
        let looks = limit.as_millis() / LOOK_EVERY.as_millis();
        Self {
            limit: u32::try_from(looks).unwrap_or(u32::MAX).max(1),
            seen: BTreeMap::new(),
        }
    }

    /// The parts that have been stuck for the limit as of this look.
    fn look(&mut self, samples: &[Sample]) -> Vec<Part> {
        self.seen
            .retain(|part, _| samples.iter().any(|sample| sample.part == *part));
        let mut stuck = Vec::new();
        for Sample { part, progress } in samples {
            let looks = match self.seen.get(part) {
                Some((before, looks)) if before == progress => looks + 1,
                _ => 0,
            };
            self.seen.insert(*part, (*progress, looks));
            if looks > 0 && looks.is_multiple_of(self.limit) {
                stuck.push(*part);
            }
        }
        stuck
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reader => f.write_str("the reading loop"),
            Self::Worker { number, partition } => {
                write!(f, "worker {number}, at partition {partition},")
            }
            Self::Committer => f.write_str("the commit"),
            Self::Snapshots => f.write_str("the writing of snapshots"),
        }
    }
}

impl Watchdog {
    /// Ends the process when a part of the run has not got on for `limit`. That no snapshot is written costs time at
    /// the next start and nothing else, so there it only warns.
    pub(super) fn start(status: &Arc<Status>, limit: Duration) -> Result<Self, RunError> {
        let (ended, end) = bounded::<()>(0);
        let status = Arc::clone(status);
        let mut judge = Judge::new(limit);
        let watch = move || {
            while let Err(RecvTimeoutError::Timeout) = end.recv_timeout(LOOK_EVERY) {
                let steps = status.sink.steps.load(Ordering::Relaxed);
                for part in judge.look(&status.pulses.samples(steps)) {
                    if part == Part::Snapshots {
                        warn!(?limit, "{part} does not get on; alerts go on");
                    } else {
                        end_process(part, limit);
                    }
                }
            }
        };
        spawn("watchdog", watch).map_err(no_thread)?;
        Ok(Self { _ended: ended })
    }
}

/// Without any destructor or exit handler: those could hang as well.
fn end_process(part: Part, limit: Duration) {
    let words = move || {
        error!(
            ?limit,
            "{part} has not got on for [run] watchdog, ending the process"
        );
    };
    if let Ok(said) = spawn("last words", words) {
        let mut waited = Duration::ZERO;
        while !said.is_finished() && waited < LAST_WORDS {
            thread::sleep(LAST_WORDS / 20);
            waited += LAST_WORDS / 20;
        }
    }
    signal_hook::low_level::exit(EXIT_CODE);
}

#[cfg(test)]
mod tests;
