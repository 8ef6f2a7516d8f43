//! What the threads of a run say to each other.

use std::sync::Arc;

use crossbeam_channel::Sender;
use holdfast_consumer::Batch;
use holdfast_policy::journal::Entry;
use holdfast_producer::{Outputs, Position};

use super::RunError;
use super::journal::JournalLog;
use super::recovery::{Recovered, Regime};
use crate::pipeline;

/// Counts the assignments of one process: what was read under an earlier one is not worked on under a later one.
pub(super) type Epoch = u64;

/// To a worker.
pub(super) enum Work {
    /// A partition is the worker's from now on.
    Take(Box<Take>),
    /// It is no more; answered when its state is gone, after a last image of it unless it was lost.
    Give {
        partition: i32,
        lost: bool,
        answer: Sender<()>,
    },
    Batch {
        epoch: Epoch,
        batch: Batch,
    },
    /// Everything before `offset` has been read; the log ended at `log_end` a moment ago.
    End {
        epoch: Epoch,
        partition: i32,
        offset: i64,
        log_end: i64,
        asked_ms: Option<i64>,
    },
    /// The whole input has ended at this instant.
    EndOfInput {
        until: i64,
    },
    /// Another model or policy decides from the next batch on.
    Activate {
        settings: Arc<pipeline::Settings>,
        regime: Regime,
    },
    /// A snapshot of this partition is in the store.
    Published {
        epoch: Epoch,
        partition: i32,
        name: String,
        offset: i64,
        sha256: String,
    },
    Stop,
}

impl Work {
    /// Which partition it is about; none when it is about all of them.
    pub(super) fn partition(&self) -> Option<i32> {
        match self {
            Self::Take(take) => Some(take.partition),
            Self::Batch { batch, .. } => Some(batch.partition()),
            Self::Give { partition, .. }
            | Self::End { partition, .. }
            | Self::Published { partition, .. } => Some(*partition),
            Self::EndOfInput { .. } | Self::Activate { .. } | Self::Stop => None,
        }
    }
}

/// A partition and what is known of it.
pub(super) struct Take {
    pub(super) epoch: Epoch,
    pub(super) partition: i32,
    /// Where it begins, and with what.
    pub(super) recovered: Recovered,
    /// Partitions of the input.
    pub(super) partitions: u32,
    /// Where the input ends for this run; none for a run without end, or when only reading tells.
    pub(super) end: Option<i64>,
    pub(super) journal: Arc<JournalLog>,
}

/// To the committer.
pub(super) enum Done {
    Part(Box<Part>),
    /// Commit everything so far, then answer.
    Flush {
        answer: Sender<()>,
    },
    /// Forget what was made of these partitions under epochs before this one, and take no more of it.
    Forget {
        partitions: Vec<i32>,
        before: Epoch,
        answer: Sender<()>,
    },
    Stop,
}

/// What a worker made of some records of one partition.
pub(super) struct Part {
    pub(super) epoch: Epoch,
    pub(super) outputs: Outputs,
    /// For the partition's journal, and how many entries were before.
    pub(super) entries: Vec<Entry>,
    pub(super) first: u64,
    pub(super) position: Position,
    /// Broker timestamp of the newest of the records.
    pub(super) newest_ms: Option<i64>,
    /// Whether this is the last of the partition: the end of input has been worked on.
    pub(super) last: bool,
}

/// To the thread that runs it all.
pub(super) enum Event {
    Failed(RunError),
    /// A partition has been read to its end; its clock.
    Reached {
        clock: i64,
    },
    /// The end of input has been committed for one partition.
    Ended,
    /// The source will give nothing more.
    Closed,
}
