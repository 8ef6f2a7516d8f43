//! Cutoffs whose outcomes are awaited, and those that came to their end.
//!
//! Everybody is scored at a cutoff, and folded into a tally at its end, a few customers at a time beside the records.
//! How far that has come decides nothing: who is touched by an event in between is scored before it.

use std::collections::{BTreeMap, VecDeque};

use holdfast_features::{Ix, Store};
use holdfast_model::Scratch;
use holdfast_model::watch::{Counts, Pair, Rounded, Tally};

use super::slots::{BLANK, NONE, STASHED, STASHED_ACTED, Slots};
use super::terms::{Named, Terms};

/// Cutoffs whose tallies are kept: two horizons of them.
pub(super) const KEPT: usize = 6;
/// Customers fetched from memory together.
const TOGETHER: usize = 64;

/// A cutoff, and what is known of it so far.
#[derive(Debug, Clone, PartialEq)]
pub struct Cutoff {
    /// The instant, ms UTC.
    pub at: i64,
    /// Who predicted, by place in the list of models.
    pub champion: u16,
    pub challenger: Option<u16>,
    /// Members that were scored.
    pub scored: u64,
    /// How the champion's features were spread among them.
    pub drift: Vec<Counts>,
    pub tally: Tally,
    pub challenged: Tally,
    pub pair: Pair,
}

/// Who has been visited, of those who have to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sweep {
    /// Scoring at the newest cutoff, or folding the oldest one.
    pub(super) scores: bool,
    pub(super) next: u32,
    pub(super) end: u32,
}

/// What a visit needs beside the book.
pub(super) struct Eye<'a> {
    pub(super) terms: &'a Terms,
    pub(super) store: &'a Store,
    /// Customers as of the cutoff.
    pub(super) side: &'a Store,
    pub(super) scratch: &'a mut [Scratch; 2],
}

#[derive(Debug, Clone)]
pub(super) struct Book {
    pub(super) models: Vec<Named>,
    /// The cutoff that is still open.
    pub(super) open: i64,
    /// Those whose outcomes are awaited, oldest first.
    pub(super) pending: VecDeque<Cutoff>,
    pub(super) sweep: Option<Sweep>,
    pub(super) done: VecDeque<Cutoff>,
    pub(super) slots: Slots,
    /// When a customer first had the event that a named label asks for.
    pub(super) had: BTreeMap<u32, i64>,
}

impl Book {
    pub(super) fn new(terms: &Terms, clock: i64) -> Self {
        Self {
            models: Vec::new(),
            open: terms.first_cutoff(clock.saturating_add(1)),
            pending: VecDeque::new(),
            sweep: None,
            done: VecDeque::new(),
            slots: Slots::new(terms.width()),
            had: BTreeMap::new(),
        }
    }

    /// Place of a model in the list.
    fn model(&mut self, name: &Named) -> u16 {
        let known = self.models.iter().position(|known| known == name);
        let place = known.unwrap_or_else(|| {
            self.models.push(name.clone());
            self.models.len() - 1
        });
        u16::try_from(place).unwrap_or(u16::MAX)
    }

    /// Whether the oldest cutoff is being folded: its outcomes are what they are.
    fn is_folding(&self) -> bool {
        self.sweep.is_some_and(|sweep| !sweep.scores)
    }

    /// Those whose outcomes may still change.
    fn awaited(&self) -> impl Iterator<Item = &Cutoff> {
        self.pending.iter().skip(usize::from(self.is_folding()))
    }

    /// The next instant at which something has to be done: a cutoff, or the end of a horizon.
    pub(super) fn next_instant(&self, terms: &Terms) -> i64 {
        let end = self
            .awaited()
            .next()
            .map(|cutoff| cutoff.at + terms.horizon_ms);
        end.map_or(self.open, |end| end.min(self.open))
    }

    /// Begins what is due at [`next_instant`](Self::next_instant); nothing may be under way. A horizon that ends with
    /// a cutoff goes first, whose place that cutoff may need.
    pub(super) fn begin(&mut self, eye: &Eye<'_>) {
        let (terms, end) = (eye.terms, eye.store.end());
        let at = self.open;
        let scores = self
            .pending
            .front()
            .is_none_or(|oldest| oldest.at + terms.horizon_ms > at);
        if scores {
            let champion = self.model(&terms.champion.name);
            let challenger = terms.challenger.as_ref();
            let challenger = challenger.map(|judge| self.model(&judge.name));
            self.pending.push_back(Cutoff {
                at,
                champion,
                challenger,
                scored: 0,
                drift: vec![Counts::default(); terms.champion.spreads.len()],
                tally: Tally::default(),
                challenged: Tally::default(),
                pair: Pair::default(),
            });
            self.open += terms.step_ms;
        }
        self.sweep = Some(Sweep {
            scores,
            next: 0,
            end,
        });
    }

    /// Visits up to `customers` more; true when that was the last.
    pub(super) fn go_on(&mut self, eye: &mut Eye<'_>, customers: u32) -> bool {
        let Some(mut sweep) = self.sweep else {
            return false;
        };
        let stop = sweep.next.saturating_add(customers).min(sweep.end);
        while sweep.next < stop {
            if sweep.scores {
                let end = stop.min(sweep.next + TOGETHER as u32);
                let live = (sweep.next..end)
                    .map(Ix)
                    .filter(|ix| eye.store.is_live(*ix));
                let live: Vec<Ix> = live.collect();
                eye.store.touch(&live);
                for ix in live {
                    self.score(eye, ix, BLANK);
                }
                sweep.next = end;
            } else if let Some(after) = self.slots.skip(sweep.next) {
                sweep.next = after.min(sweep.end);
            } else {
                self.fold(eye.terms, sweep.next);
                sweep.next += 1;
            }
        }
        self.sweep = (sweep.next < sweep.end).then_some(sweep);
        if self.sweep.is_some() {
            return false;
        }
        if !sweep.scores
            && let Some(cutoff) = self.pending.pop_front()
        {
            self.slots.release();
            self.keep(cutoff);
        }
        true
    }

    fn keep(&mut self, cutoff: Cutoff) {
        if cutoff.tally.rows().0 > 0 {
            self.done.push_back(cutoff);
        }
        if self.done.len() > KEPT {
            self.done.pop_front();
        }
    }

    pub(super) fn finish(&mut self, eye: &mut Eye<'_>) {
        while self.sweep.is_some() {
            self.go_on(eye, u32::MAX);
        }
    }

    /// Scores a customer at the newest cutoff before something changes, if that is still to be done.
    pub(super) fn force(&mut self, eye: &mut Eye<'_>, ix: Ix) {
        let to_do = |sweep: Sweep| sweep.scores && (sweep.next..sweep.end).contains(&ix.0);
        if self.sweep.is_some_and(to_do) {
            self.score(eye, ix, NONE);
        }
    }

    /// Scores a customer; who is no member gets `vacant`.
    fn score(&mut self, eye: &mut Eye<'_>, ix: Ix, vacant: u16) {
        let Some(at) = self.pending.back().map(|cutoff| cutoff.at) else {
            return;
        };
        let slot = eye.terms.slot(at);
        let code = self.slots.get(ix.0, slot);
        let has_left = self.had.get(&ix.0).is_some_and(|had| *had <= at);
        let found = match code {
            _ if has_left && code <= STASHED_ACTED => None,
            BLANK => predict(eye, (eye.store, ix), at),
            STASHED | STASHED_ACTED => {
                let side = eye.side;
                let of = side.find(eye.store.id(ix));
                of.and_then(|of| predict(eye, (side, of), at))
            }
            _ => return,
        };
        let Some((champion, challenger)) = found else {
            return self.slots.set(ix.0, slot, vacant);
        };
        let acted = u16::from(code == STASHED_ACTED);
        self.slots.set(ix.0, slot, champion.code() << 1 | acted);
        if let Some(challenger) = challenger {
            let slot = eye.terms.slots + slot;
            self.slots.set(ix.0, slot, challenger.code());
        }
        if let Some(cutoff) = self.pending.back_mut() {
            cutoff.scored += 1;
            let values = eye.scratch[0].values();
            for ((place, spread), counts) in
                eye.terms.champion.spreads.iter().zip(&mut cutoff.drift)
            {
                let count = &mut counts[spread.bin(values[*place])];
                *count = count.saturating_add(1);
            }
        }
    }

    /// Counts what became of a customer since the oldest cutoff.
    fn fold(&mut self, terms: &Terms, ix: u32) {
        let Some(cutoff) = self.pending.front_mut() else {
            return;
        };
        let slot = terms.slot(cutoff.at);
        let code = self.slots.get(ix, slot);
        self.slots.set(ix, slot, BLANK);
        let Some(champion) = Rounded::with_code(code >> 1).filter(|_| code > STASHED_ACTED) else {
            return;
        };
        let left = (code & 1 == 1) == terms.label.kind.event_means_left();
        cutoff.tally.add(champion, left);
        if cutoff.challenger.is_some() && self.slots.width() > terms.slots {
            let slot = terms.slots + slot;
            let challenger = Rounded::with_code(self.slots.get(ix, slot));
            self.slots.set(ix, slot, BLANK);
            if let Some(challenger) = challenger {
                cutoff.challenged.add(challenger, left);
                cutoff.pair.add(champion, challenger, left);
            }
        }
    }

    /// An event of the label's kind came.
    pub(super) fn happened(&mut self, terms: &Terms, ix: u32, ts: i64) {
        if terms.label.kind.event_means_left() {
            let first = self.had.entry(ix).or_insert(ts);
            *first = ts.min(*first);
        }
        for at in 0..self.pending.len() {
            let cutoff = self.pending[at].at;
            let folding = at == 0 && self.is_folding();
            if !folding && ts > cutoff && ts <= cutoff + terms.horizon_ms {
                let slot = terms.slot(cutoff);
                let code = self.slots.get(ix, slot);
                if code > STASHED_ACTED && code & 1 == 0 {
                    self.slots.set(ix, slot, code | 1);
                }
            }
        }
        let slot = terms.slot(self.open);
        if ts > self.open && self.slots.get(ix, slot) == STASHED {
            self.slots.set(ix, slot, STASHED_ACTED);
        }
    }

    /// A customer is erased: what is awaited of it goes. What is being folded is past.
    pub(super) fn erase(&mut self, terms: &Terms, ix: u32) {
        self.had.remove(&ix);
        let awaited: Vec<usize> = self.awaited().map(|cutoff| terms.slot(cutoff.at)).collect();
        for slot in awaited {
            if self.slots.get(ix, slot) > STASHED_ACTED {
                self.slots.set(ix, slot, NONE);
            }
        }
    }
}

/// Both models' log-odds of a customer as of `at`; none for one who is not in the population. The champion's features
/// stay in the first scratch.
fn predict(
    eye: &mut Eye<'_>,
    (store, ix): (&Store, Ix),
    at: i64,
) -> Option<(Rounded, Option<Rounded>)> {
    if !store.is_live(ix) || !eye.terms.label.covers(store, ix, at) {
        return None;
    }
    if store.next_timer(ix).is_some_and(|timer| timer <= at) {
        // A cart was given up before the cutoff, and nobody has noticed yet.
        let mut copy = Store::new(*store.settings());
        let own = copy.adopt(store, ix)?;
        fire(&mut copy, own, at);
        return predict(eye, (&copy, own), at);
    }
    let [first, second] = &mut *eye.scratch;
    let champion = eye.terms.champion.scorer.log_odds(store, ix, at, first);
    let challenger = eye.terms.challenger.as_ref();
    let challenger = challenger.map(|judge| judge.scorer.log_odds(store, ix, at, second));
    Some((Rounded::of(champion), challenger.map(Rounded::of)))
}

/// Fires a customer's own timers up to an instant.
pub(super) fn fire(store: &mut Store, ix: Ix, to: i64) {
    while store.next_timer(ix).is_some_and(|at| at <= to) {
        if store.fire_timer(ix).is_none() {
            return;
        }
    }
}
