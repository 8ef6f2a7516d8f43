//! Images of a live partition's state, a few customers at a time beside the records.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::run::Shared;
use crate::run::journal::JournalLog;
use crate::run::message::{Epoch, Take};
use crate::run::snapshots::{Plate, Snapshotting};

use super::{Owned, Trail};

/// Pieces encoded after each batch, and per look at an idle partition.
const PIECES: usize = 4;

/// When to take an image, and the one under way.
pub(super) struct Imaging {
    to: Snapshotting,
    partition: i32,
    epoch: Epoch,
    interval: Duration,
    every_records: i64,
    /// Where and when counting towards the next one began.
    since: Option<(i64, Instant)>,
    /// The place of the newest image or of the snapshot that was loaded.
    newest: Option<i64>,
    under_way: bool,
    journal: Arc<JournalLog>,
}

impl Imaging {
    /// None where no snapshots are kept.
    pub(super) fn new(shared: &Arc<Shared>, take: &Take) -> Option<Self> {
        let to = shared.snapshotting()?.clone();
        let settings = &shared.settings.snapshot;
        Some(Self {
            to,
            partition: take.partition,
            epoch: take.epoch,
            interval: Duration::from_millis(settings.interval_ms.unsigned_abs()),
            every_records: i64::try_from(settings.every_events).unwrap_or(i64::MAX),
            since: None,
            newest: take.recovered.snapshot,
            under_way: false,
            journal: Arc::clone(&take.journal),
        })
    }

    fn is_due(&self, offset: i64) -> bool {
        let Some((from, at)) = self.since else {
            return false;
        };
        let records = offset - from;
        records >= self.every_records || (records > 0 && at.elapsed() >= self.interval)
    }
}

impl Owned {
    /// Goes on with the image under way, or begins one if it is time.
    pub(super) fn image(&mut self) {
        if !self.is_live() {
            return;
        }
        let offset = self.next_offset;
        let Some(imaging) = &mut self.imaging else {
            return;
        };
        imaging.since.get_or_insert((offset, Instant::now()));
        if imaging.under_way {
            self.expose(PIECES);
        } else if imaging.is_due(offset) {
            self.begin_image();
        }
    }

    /// The whole state as it is now, at once: the partition goes. Nothing if there is one of this place already.
    pub(in crate::run::worker) fn last_image(&mut self) {
        let offset = self.next_offset;
        let news = |imaging: &Imaging| imaging.newest != Some(offset) || imaging.under_way;
        if self.is_live() && self.imaging.as_ref().is_some_and(news) {
            self.begin_image();
            self.expose(usize::MAX);
        }
    }

    fn begin_image(&mut self) {
        let Some(imaging) = &mut self.imaging else {
            return;
        };
        imaging.since = Some((self.next_offset, Instant::now()));
        imaging.newest = Some(self.next_offset);
        imaging.under_way = true;
        let image = self.pipeline.begin_image();
        imaging.to.begin(Plate {
            partition: imaging.partition,
            epoch: imaging.epoch,
            partitions: self.partitions,
            offset: self.next_offset,
            journal: self.journal,
            journal_offset: imaging.journal.end(imaging.partition),
            fired: self.fired,
            byte: self.byte,
            trail: self.trail.map(Trail::hash),
            customers: self.pipeline.customers(),
            regime: self.regime.clone(),
            model_id: self.pipeline.model_id().to_owned(),
            image,
        });
    }

    fn expose(&mut self, pieces: usize) {
        let Some(imaging) = &mut self.imaging else {
            return;
        };
        let mut exposed = Vec::new();
        let complete = self.pipeline.continue_image(pieces, &mut exposed);
        imaging.under_way = !complete;
        imaging
            .to
            .expose(imaging.partition, imaging.epoch, exposed, complete);
    }
}
