//! From what is left of an earlier run to the state of its last commit: the input again, along the journal.
//!
//! Decisions are facts: they come from the journal. As long as the model and the settings are those they were made
//! with, they are also made again, and a difference is counted; the journal wins.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;

use holdfast_events::Record;
use holdfast_policy::Following;
use holdfast_policy::journal::{Entry, Fact, What};
use holdfast_producer::Outputs;
use tracing::{error, info, warn};

use super::{Owned, Trail};
use crate::run::RunError;
use crate::run::recovery::Regime;

/// A rebuild on its way.
pub(super) struct Rebuild {
    /// Below it everything was committed before.
    pub(super) target: i64,
    /// What is left of the journal.
    entries: VecDeque<Entry>,
    /// What the decisions of this stretch were made with; none before the first.
    regime: Option<Regime>,
    /// Decisions that came out otherwise than the journal has them.
    divergences: u64,
    /// What had been read when the last commit was made, where it says so.
    pub(super) trail: Option<Trail>,
}

impl Rebuild {
    pub(super) fn new(target: i64, entries: VecDeque<Entry>, regime: Option<Regime>) -> Self {
        Self {
            target,
            entries,
            regime,
            divergences: 0,
            trail: None,
        }
    }

    /// Records below this offset can be worked before the journal has to be asked.
    fn limit(&self) -> i64 {
        let next = self.entries.front().map_or(i64::MAX, |entry| entry.at);
        self.target.min(next)
    }

    /// The facts that come next, all of one place at or before `place`.
    fn facts(&mut self, place: i64) -> Vec<Fact> {
        let mut facts = Vec::new();
        while let Some(Entry {
            at,
            what: What::Decision(_),
        }) = self.entries.front()
            && *at <= place
        {
            if let Some(Entry {
                what: What::Decision(fact),
                ..
            }) = self.entries.pop_front()
            {
                facts.push(fact);
            }
        }
        facts
    }
}

impl Owned {
    /// How the first stretch is followed.
    pub(super) fn begin_rebuild(&mut self) {
        self.pipeline.set_emitting(false);
        self.follow();
        self.go_on(self.next_offset);
    }

    fn follow(&mut self) {
        let Some(rebuild) = &self.rebuild else { return };
        let same = rebuild.regime.as_ref() == Some(&self.regime);
        self.pipeline.follow(if same {
            Following::Checked
        } else {
            Following::Blind
        });
    }

    /// Works the records of a batch that were committed before; says how many.
    pub(super) fn rebuild(&mut self, records: &[Record<'_>]) -> usize {
        let mut nothing = Outputs::default();
        let mut done = 0;
        while let Some(rebuild) = &self.rebuild
            && done < records.len()
        {
            let limit = rebuild.limit();
            let rest = &records[done..];
            let span = &rest[..rest.partition_point(|record| record.offset < limit)];
            self.pipeline.batch(span, &mut nothing);
            self.follow_trail(span);
            done += span.len();
            if let Some(last) = span.last() {
                self.next_offset = last.offset + 1;
            }
            let place = records
                .get(done)
                .map_or(self.next_offset, |next| next.offset);
            self.go_on(place);
        }
        debug_assert!(nothing.is_empty(), "a rebuild sends nothing");
        done
    }

    /// Everything before `place` has been worked: what the journal has up to there is done, and the rebuild may be
    /// over.
    pub(super) fn go_on(&mut self, place: i64) {
        loop {
            let Some(rebuild) = &mut self.rebuild else {
                return;
            };
            let facts = rebuild.facts(place);
            let differences = self.pipeline.settle(&facts);
            if differences > 0 {
                rebuild.divergences += differences;
                self.shared
                    .status
                    .divergences
                    .fetch_add(differences, Ordering::Relaxed);
            }
            let next = rebuild.entries.front().filter(|entry| entry.at <= place);
            if next.is_none() {
                break;
            }
            if let Some(Entry { what, .. }) = rebuild.entries.pop_front() {
                self.repeat(what);
            }
        }
        let over = self
            .rebuild
            .as_ref()
            .is_some_and(|r| place >= r.target && r.entries.is_empty());
        if over {
            self.go_live();
        }
    }

    /// Does again what is no function of the input.
    fn repeat(&mut self, what: What) {
        let mut nothing = Outputs::default();
        match what {
            What::Tick { to } => {
                self.pipeline.tick(to, &mut nothing);
                self.fired = self.fired.max(Some(to));
            }
            What::EndOfInput { until } => {
                self.pipeline.end_of_input(until, &mut nothing);
                self.fired = self.fired.max(Some(until));
            }
            What::Activated {
                model_sha256,
                config_hash,
                lifecycle,
                ..
            } => {
                let now = Regime {
                    model_sha256,
                    config_hash,
                };
                let Some(rebuild) = &mut self.rebuild else {
                    return;
                };
                let changed = rebuild.regime.replace(now).is_some();
                self.follow();
                self.pipeline.retrack(lifecycle.map(|terms| *terms));
                if changed || self.pipeline.needs_rearm() {
                    self.pipeline.rearm();
                }
            }
            What::Snapshot { .. } | What::Decision(_) => {}
        }
        debug_assert!(nothing.is_empty(), "a rebuild sends nothing");
    }

    /// Notes what was read.
    pub(super) fn follow_trail(&mut self, records: &[Record<'_>]) {
        if let Some(trail) = &mut self.trail {
            trail.add(records);
        }
    }

    /// The records read again have to be those that were read before.
    fn check_trail(&mut self, before: Option<Trail>) {
        let (partition, offset) = (self.partition, self.next_offset);
        if let (Some(before), Some(now)) = (before, self.trail)
            && before != now
        {
            let text = format!(
                "partition {partition}: the records before offset {offset} are not those that were worked before: was \
                 the topic made anew, restored, compacted or cut?"
            );
            if self.shared.options.accept_gap {
                warn!("accepted: {text}");
            } else {
                self.fault = Some(RunError::Config(format!(
                    "{text} Start with --on-gap=accept to go on without a promise about alerts missed or sent twice"
                )));
            }
        }
        let fresh = || Trail::from_offset(offset);
        self.trail = Some(before.or(self.trail).unwrap_or_else(fresh));
    }

    /// The log ends before the committed offset, or before where a snapshot begins.
    pub(super) fn ends_early(&self, log_end: i64) -> Option<RunError> {
        let target = self.rebuild.as_ref().map_or(0, |rebuild| rebuild.target);
        let target = target.max(self.next_offset);
        (log_end < target && !self.shared.options.accept_gap).then(|| {
            RunError::Config(format!(
                "partition {}: the log ends at offset {log_end}, before the committed {target}: is it another log?",
                self.partition
            ))
        })
    }

    fn go_live(&mut self) {
        let Some(rebuild) = self.rebuild.take() else {
            return;
        };
        self.check_trail(rebuild.trail);
        let same = rebuild.regime.as_ref() == Some(&self.regime);
        self.pipeline.follow(Following::Off);
        self.pipeline.set_emitting(true);
        self.pipeline.set_gathering(true);
        if rebuild.divergences > 0 {
            error!(
                partition = self.partition,
                divergences = rebuild.divergences,
                "decisions came out otherwise than they were sent; the journal was followed"
            );
        }
        // Whoever repeats this journal has to look anew at the same place.
        if !same || rebuild.divergences > 0 || self.pipeline.needs_rearm() {
            self.pipeline.retrack(None);
            self.activated();
            self.pipeline.rearm();
        }
        self.status.live.store(true, Ordering::Release);
        info!(
            partition = self.partition,
            offset = self.next_offset,
            "live"
        );
    }
}
