//! Once a minute and beside the work: how long the newest snapshots will still do, and what open transactions of the
//! input hold back.
//!
//! A snapshot is of use as long as the log still has the first record behind it. The broker removes a record when it
//! is older than the topic's retention, or, where the size is what is limited, when the log's start has moved up to
//! it. Neither stops the run: its state in memory is whole, and stopping would bring about the start that fails.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crossbeam_channel::{RecvTimeoutError, Sender, bounded};
use holdfast_consumer::{KafkaSettings, Probe, SourceError, first_timestamps};
use tracing::debug;

use super::status::{PartitionStatus, Status};
use super::{RunError, clock, no_thread, spawn};

/// Some time after a start, then again and again.
const FIRST_LOOK: Duration = Duration::from_secs(5);
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// How long the broker may take for one answer.
const ANSWER: Duration = Duration::from_secs(5);

/// Looks until it is dropped.
pub(super) struct Headroom {
    _ended: Sender<()>,
}

/// What limits the use of one snapshot. Offsets, and timestamps of records in ms.
#[derive(Debug, Clone, Copy, Default)]
struct Limits {
    /// Where the log starts and ends.
    begin: i64,
    end: i64,
    /// The first record that is not in the snapshot.
    snapshot: i64,
    begin_ms: Option<i64>,
    snapshot_ms: Option<i64>,
    retention_ms: Option<i64>,
}

impl Limits {
    /// Milliseconds until the log starts behind the snapshot; negative when it does, `i64::MAX` where nothing removes
    /// records, none when that is not known.
    fn headroom(&self, now_ms: i64) -> Option<i64> {
        if self.snapshot < self.begin {
            return Some(-1);
        }
        if self.snapshot >= self.end {
            // Nothing is behind it that could be missed.
            return Some(i64::MAX);
        }
        let at = self.snapshot_ms?;
        let by_age = self
            .retention_ms
            .map(|kept| at.saturating_add(kept).saturating_sub(now_ms));
        let by_size = self
            .begin_ms
            .filter(|_| self.begin > 0)
            .map(|begin| at.saturating_sub(begin));
        let least = by_age.into_iter().chain(by_size).min();
        Some(least.map_or(i64::MAX, |ms| ms.max(0)))
    }
}

impl Headroom {
    /// `retention_ms` is the input topic's, where it has one.
    pub(super) fn start(
        client: &KafkaSettings,
        status: &Arc<Status>,
        retention_ms: Option<i64>,
    ) -> Result<Self, RunError> {
        let (ended, end) = bounded::<()>(0);
        let survey = Survey {
            probe: Probe::new(client)?,
            committed: Probe::of_committed(client)?,
            client: client.clone(),
            status: Arc::clone(status),
            retention_ms,
        };
        let look = move || {
            let mut wait = FIRST_LOOK;
            while let Err(RecvTimeoutError::Timeout) = end.recv_timeout(wait) {
                wait = match survey.look() {
                    Ok(0) => FIRST_LOOK,
                    Ok(_) => LOOK_EVERY,
                    Err(fault) => {
                        debug!("headroom: {fault}");
                        LOOK_EVERY
                    }
                };
            }
        };
        spawn("headroom", look).map_err(no_thread)?;
        Ok(Self { _ended: ended })
    }
}

struct Survey {
    client: KafkaSettings,
    probe: Probe,
    committed: Probe,
    status: Arc<Status>,
    retention_ms: Option<i64>,
}

impl Survey {
    /// Says at how many partitions it looked.
    fn look(&self) -> Result<usize, SourceError> {
        let owned = self.status.partitions();
        let count = owned.len();
        let mut limits: BTreeMap<i32, (Arc<PartitionStatus>, Limits)> = BTreeMap::new();
        for (partition, status) in owned {
            let ends = |probe: &Probe| {
                probe
                    .ends(partition, ANSWER)
                    .map_err(SourceError::Temporary)
            };
            // First, so that what comes in between does not count.
            let (_, decided) = ends(&self.committed)?;
            let (begin, end) = ends(&self.probe)?;
            status
                .undecided
                .store((end - decided).max(0), Ordering::Relaxed);
            let snapshot = status.snapshot.load(Ordering::Relaxed);
            if snapshot >= 0 {
                let of = Limits {
                    begin,
                    end,
                    snapshot,
                    retention_ms: self.retention_ms,
                    ..Limits::default()
                };
                limits.insert(partition, (status, of));
            }
        }
        let ask = |place: fn(&Limits) -> Option<i64>| {
            let places: Vec<(i32, i64)> = limits
                .iter()
                .filter_map(|(n, (_, of))| Some((*n, place(of)?)))
                .collect();
            first_timestamps(&self.client, &places, ANSWER)
        };
        let begins = ask(|of| (of.begin > 0 && of.begin < of.end).then_some(of.begin))?;
        let places = ask(|of| {
            (of.begin..of.end)
                .contains(&of.snapshot)
                .then_some(of.snapshot)
        })?;
        for (partition, (status, mut of)) in limits {
            of.begin_ms = begins.get(&partition).copied();
            of.snapshot_ms = places.get(&partition).copied();
            let headroom = of.headroom(clock::now_ms()).unwrap_or(i64::MIN);
            status.headroom_ms.store(headroom, Ordering::Relaxed);
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000;

    #[test]
    fn headroom_is_the_time_until_the_log_starts_behind_the_snapshot() {
        let now = 100 * DAY;
        let whole = Limits {
            begin: 0,
            end: 1000,
            snapshot: 900,
            begin_ms: Some(90 * DAY),
            snapshot_ms: Some(99 * DAY),
            retention_ms: None,
        };
        // Nothing was ever removed, and nothing will be.
        assert_eq!(whole.headroom(now), Some(i64::MAX));
        // By age: kept for seven days, one of which has gone.
        let aging = Limits {
            retention_ms: Some(7 * DAY),
            ..whole
        };
        assert_eq!(aging.headroom(now), Some(6 * DAY));
        // By size: the start moves, and is nine days of records away.
        let moving = Limits { begin: 10, ..whole };
        assert_eq!(moving.headroom(now), Some(9 * DAY));
        let both = Limits { begin: 10, ..aging };
        assert_eq!(both.headroom(now), Some(6 * DAY));
        let overdue = Limits {
            snapshot_ms: Some(80 * DAY),
            ..aging
        };
        assert_eq!(overdue.headroom(now), Some(0));
    }

    #[test]
    fn a_snapshot_at_the_end_needs_no_record_and_one_before_the_start_is_of_no_use() {
        let of = |begin, end, snapshot| Limits {
            begin,
            end,
            snapshot,
            retention_ms: Some(1),
            ..Limits::default()
        };
        assert_eq!(of(50, 50, 50).headroom(DAY), Some(i64::MAX));
        assert_eq!(of(50, 60, 49).headroom(DAY), Some(-1));
        assert_eq!(of(0, 60, 49).headroom(DAY), None);
    }
}
