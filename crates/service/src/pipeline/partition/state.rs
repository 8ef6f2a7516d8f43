//! What a partition keeps beyond the life of a process: images of its state, and its journal.

use std::sync::Arc;

use holdfast_features::{Piece, Store};
use holdfast_policy::journal::{Entry, Fact, What};
use holdfast_policy::{Decider, DeciderImage, Following};
use holdfast_store::Snapshot;

use holdfast_lifecycle::{Tracker, TrackerImage};
use holdfast_reports::live::Daybook;

use super::{Erased, Partition};
use crate::pipeline::Settings;
use crate::pipeline::watch::{Watch, WatchImage};

/// Sections of a snapshot file: the customers' words, what was decided of them, and erasures that still block.
pub const STATE: &str = "state";
pub const DECISIONS: &str = "decisions";
pub const ERASED: &str = "erased";
/// And what is predicted and awaited, where that is watched.
pub const WATCH: &str = "watch";
/// And what is told beside alerts, where it is.
pub const TRACKER: &str = "lifecycle";
/// And figures of all customers, where they are kept.
pub const BOOK: &str = "figures";

/// What an image has beside the pieces of the store.
#[derive(Debug)]
pub struct Image {
    /// As [`Partition::clock`].
    pub clock: i64,
    /// The clock of the whole input, where the driver knows it.
    pub input_clock: i64,
    pub decisions: DeciderImage,
    pub erased: Vec<u8>,
    /// None where nothing is watched.
    pub watch: Option<WatchImage>,
    /// None where nothing is told beside alerts.
    pub tracker: Option<TrackerImage>,
    /// None where no figures are kept.
    pub book: Option<Daybook>,
}

impl Image {
    /// All sections but the store's, and their bytes.
    pub fn sections(self) -> Vec<(&'static str, Vec<u8>)> {
        let watch = self.watch.map(|watch| (WATCH, watch.encode()));
        let mut sections = vec![(ERASED, self.erased), (DECISIONS, self.decisions.encode())];
        sections.extend(watch);
        let tracker = self.tracker.map(|tracker| (TRACKER, tracker.encode()));
        sections.extend(tracker);
        sections.extend(self.book.map(|book| (BOOK, book.encode())));
        sections
    }
}

/// The bytes of a section that has one piece.
fn one(snapshot: &Snapshot, section: &str) -> Result<Vec<u8>, String> {
    let pieces = snapshot.section(section).map_err(|e| e.to_string())?;
    match <[_; 1]>::try_from(pieces) {
        Ok([piece]) => Ok(piece.bytes),
        Err(pieces) => Err(format!("{} pieces of {section}", pieces.len())),
    }
}

impl Partition {
    /// Begins an image of the state as it is now; one under way is given up. The pieces of the store follow by
    /// [`continue_image`](Self::continue_image), beside the records.
    pub fn begin_image(&mut self) -> Image {
        self.store.begin_image();
        Image {
            clock: self.clock,
            input_clock: self.input_clock,
            decisions: self.decider.image(),
            erased: self.erased.encode(),
            watch: self.watch.as_mut().map(Watch::image),
            tracker: self.tracker.as_ref().map(Tracker::image),
            book: self.book.clone(),
        }
    }

    /// Adds the pieces that records forced since the last call and up to `pieces` more; says whether these were the
    /// last.
    pub fn continue_image(&mut self, pieces: usize, out: &mut Vec<Piece>) -> bool {
        self.store.continue_image(pieces, out)
    }

    /// The partition of which a snapshot was made.
    ///
    /// # Errors
    /// A text, when the snapshot does not hold what it should.
    pub fn restore(settings: &Settings, snapshot: &Snapshot) -> Result<Self, String> {
        let manifest = snapshot.manifest();
        let pieces = snapshot
            .section(STATE)
            .map_err(|e| e.to_string())?
            .into_iter();
        let pieces: Vec<Piece> = pieces
            .map(|piece| Piece {
                number: piece.number,
                bytes: piece.bytes,
            })
            .collect();
        let store = Store::restore(settings.store, 0, &pieces).map_err(|e| e.to_string())?;
        let decisions = one(snapshot, DECISIONS)?;
        let policy = Arc::clone(&settings.policy);
        let decider = Decider::restore(policy, &settings.model, &decisions, &store)
            .map_err(|e| e.to_string())?;
        let erased = one(snapshot, ERASED)?;
        let erased = Erased::restore(&erased).map_err(|e| e.to_string())?;
        let mut partition = Self::new(settings).map_err(|e| format!("{e:#}"))?;
        partition.store = store;
        partition.decider = decider;
        partition.erased = erased;
        partition.clock = manifest.clock.unwrap_or(i64::MIN);
        if let Some(terms) = &settings.watch {
            let watches = manifest.sections.iter().any(|s| s.name == WATCH);
            let (store, clock) = (&partition.store, partition.clock);
            partition.watch = Some(if watches {
                Watch::restore((terms, clock), store, &one(snapshot, WATCH)?)?
            } else {
                Watch::new(terms, store, clock)
            });
        }
        if settings.lifecycle.is_some() {
            let bytes = one(snapshot, TRACKER)
                .map_err(|why| format!("{why}: was it taken with lifecycle.enabled = false?"))?;
            let tracker = Tracker::restore(settings.not_before, &bytes, &partition.store);
            partition.tracker = Some(tracker.map_err(|e| e.to_string())?);
            partition.await_ends();
        }
        if let Some(kept) = &settings.book {
            let bytes = one(snapshot, BOOK)
                .map_err(|why| format!("{why}: was it taken with kpis.enabled = false?"))?;
            let book = Daybook::restore(&bytes, kept.zone.clone()).map_err(|e| e.to_string())?;
            partition.take_book(book);
        }
        partition.input_clock = manifest.input_clock.unwrap_or(i64::MIN);
        partition.at = manifest.offset;
        Ok(partition)
    }

    /// A hash of the state: equal for equal states, however they came about.
    pub fn digest(&self) -> u64 {
        let parts = [
            self.store.digest(),
            self.decider.digest(&self.store),
            self.erased.digest(),
            self.clock.cast_unsigned(),
            self.watch
                .as_ref()
                .map_or(0, |watch| watch.digest(&self.store)),
            self.tracker
                .as_ref()
                .map_or(0, |tracker| tracker.digest(&self.store)),
        ];
        parts.into_iter().fold(0, |hash: u64, part| {
            (hash.rotate_left(5) ^ part).wrapping_mul(0x9E37_79B9_7F4A_7C15)
        })
    }

    /// Whether decisions are kept for [`take_journal`](Self::take_journal).
    pub fn set_gathering(&mut self, on: bool) {
        self.gathering = on;
        self.decider.gather(on);
    }

    /// Adds to the journal, as of the last record.
    pub fn note(&mut self, what: What) {
        self.stamp();
        self.cause(what);
    }

    /// The journal tells a cause before the facts that are gathered of it.
    pub(super) fn cause(&mut self, what: What) {
        if self.gathering {
            self.journal.push(Entry { at: self.at, what });
        }
    }

    /// What was decided and noted since the last call, in order, with the offset after which it happened.
    pub fn take_journal(&mut self) -> Vec<Entry> {
        self.stamp();
        std::mem::take(&mut self.journal)
    }

    /// Facts of the last record get its offset.
    pub(super) fn stamp(&mut self) {
        if self.decider.has_facts() {
            let at = self.at;
            let facts = self.decider.take_facts().into_iter();
            self.journal.extend(facts.map(|fact| Entry {
                at,
                what: What::Decision(fact),
            }));
        }
    }

    /// How decisions are made while the journal is repeated.
    pub fn follow(&mut self, how: Following) {
        self.decider.follow(how);
    }

    /// The journal's facts of what was worked since the last call: where they differ from what was decided, they
    /// hold. The number of differences.
    pub fn settle(&mut self, facts: &[Fact]) -> u64 {
        self.decider.settle(&self.store, facts)
    }

    /// Hash of the model that decides.
    pub fn model_sha256(&self) -> &str {
        self.settings.model.sha256()
    }

    /// Name of the model that decides.
    pub fn model_id(&self) -> &str {
        self.settings.model.id()
    }

    /// Another model or policy, for the same state. What is told beside alerts goes on by the terms it had until
    /// [`retrack`](Self::retrack).
    ///
    /// # Errors
    /// If the model cannot be scored.
    pub fn activate(&mut self, settings: &Settings) -> anyhow::Result<()> {
        self.decider
            .activate(Arc::clone(&settings.policy), &settings.model)?;
        self.watch = settings
            .watch
            .as_ref()
            .map(|terms| match self.watch.take() {
                Some(watch) => watch.activate(terms, &self.store, self.clock),
                None => Watch::new(terms, &self.store, self.clock),
            });
        self.settings = settings.clone();
        Ok(())
    }

    /// Whether marks may promise what does not hold, since another decided.
    pub fn needs_rearm(&self) -> bool {
        self.decider.needs_rearm()
    }

    /// Looks at every customer anew, as of the clock: what another model would have decided earlier is decided now.
    pub fn rearm(&mut self) {
        self.decider.rearm(&self.store, self.clock);
    }
}
