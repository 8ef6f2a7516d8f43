//! One partition's decisions: what an event, a timer or a deadline leads to.
//!
//! | step | when |
//! | --- | --- |
//! | [`Decider::before_event`] | an event at `t` is about to be applied: the customer's own timers and deadlines up to `t` fire |
//! | [`Decider::after_event`] | it was applied: the customer is scored at max(`t`, the last scoring) |
//! | [`Decider::advance`] | time has moved on: everybody's timers and deadlines up to it fire, by instant, then id |
//!
//! Deadlines are not solved per event. A customer's mark in the agenda is a proven bound; an event only has to show
//! that nothing can happen before the mark, which one call of the scorer's bounds does nearly always. The exact
//! instant is solved when the mark's hour is reached. As the solution is the leftmost second at which a limit is
//! reached, it does not matter when it is solved.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;

use holdfast_events::EventType;
use holdfast_features::{Ix, Store};
use holdfast_model::{Model, Scorer, Scratch, probability};

use crate::DAY_MS;
use crate::alert::{Kind, Trigger, Voice};
use crate::counts::Counts;
use crate::desk::Desk;
use crate::episode::Records;
use crate::error::Error;
use crate::outlook::{Edge, Outlook, Terms, outlook};
use crate::settings::{HardChurn, Mode, Settings};
use crate::solve::{Silent, first_reached};
use holdfast_features::agenda::{Agenda, Next};

mod adopt;
mod follow;
mod image;
mod judge;
mod own;

use follow::Facts;
pub use follow::Following;

const HOUR_MS: i64 = 3_600_000;

/// Customers that are brought into the cache together before they are looked at.
const TOGETHER: usize = 32;

/// The last millisecond of the hour of `at`.
fn hour_end(at: i64) -> i64 {
    at - at.rem_euclid(HOUR_MS) + HOUR_MS - 1
}

/// How far ahead a mark is tried, in turn.
const TRIES_MS: [i64; 4] = [32 * DAY_MS, 8 * DAY_MS, 2 * DAY_MS, DAY_MS / 4];

/// What the policy has to know of an applied event.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// Its type.
    pub kind: EventType,
    /// Its type's name as sent, which tells foreign types apart.
    pub type_name: &'a str,
    /// Its time, ms UTC.
    pub ts: i64,
    /// Its id, for the trigger.
    pub event_id: &'a str,
}

/// One partition's decisions.
#[derive(Debug)]
pub struct Decider {
    settings: Arc<Settings>,
    terms: Terms,
    scorer: Scorer,
    scratch: Scratch,
    voice: Voice,
    agenda: Agenda,
    records: Records,
    /// Event types at which an episode may close as churned; all others skip the check.
    churns: Vec<HardChurn>,
    emitting: bool,
    counts: Counts,
    facts: Facts,
    /// Nobody is scored at an instant before this one, since another model was activated then.
    floor: i64,
    /// When last contracts are over, by customer: what somebody else keeps, told by [`leaves_at`](Self::leaves_at).
    leaves: BTreeMap<u32, i64>,
}

/// An instant at which a customer is scored, and what for.
#[derive(Debug, Clone, Copy)]
struct Moment<'a> {
    now: i64,
    trigger: Trigger<'a>,
}

/// A due instant and what falls due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Due {
    at: i64,
    edge: Edge,
}

/// A customer's score while nothing happens.
struct Future<'a> {
    scorer: &'a Scorer,
    scratch: &'a mut Scratch,
    store: &'a Store,
    ix: Ix,
}

impl Silent for Future<'_> {
    fn at(&mut self, now: i64) -> f64 {
        self.scorer.log_odds(self.store, self.ix, now, self.scratch)
    }

    fn over(&mut self, from: i64, to: i64) -> (f64, f64) {
        self.scorer
            .bounds(self.store, self.ix, from..=to, self.scratch)
    }
}

impl Decider {
    /// Decisions by this policy and this model, with nobody decided on yet.
    ///
    /// # Errors
    /// If the model cannot be scored.
    pub fn new(settings: Arc<Settings>, model: &Model) -> Result<Self, Error> {
        let terms = Terms::new(model.label());
        let churns = settings
            .hard_churn
            .iter()
            .cloned()
            .chain(terms.named.clone())
            .collect();
        let scorer = Scorer::new(model)?;
        Ok(Self {
            scratch: scorer.scratch(),
            scorer,
            voice: Voice::new(Arc::clone(&settings), model)?,
            settings,
            terms,
            agenda: Agenda::default(),
            records: Records::default(),
            churns,
            emitting: true,
            counts: Counts::default(),
            facts: Facts::default(),
            floor: i64::MIN,
            leaves: BTreeMap::new(),
        })
    }

    /// Whether decisions are sent (and counted), or enter the state only, as in a rebuild.
    pub fn set_emitting(&mut self, emitting: bool) {
        self.emitting = emitting;
    }

    /// What was decided so far.
    #[must_use]
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Whether the customer's episode is open.
    #[must_use]
    pub fn is_open(&self, ix: Ix) -> bool {
        self.records
            .get(ix)
            .is_some_and(|record| record.open.is_some())
    }

    /// Open episodes.
    #[must_use]
    pub fn open_episodes(&self) -> usize {
        self.records.open()
    }

    /// Bytes held, as allocated.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.agenda.memory() + self.records.memory()
    }

    /// Whether [`before_event`](Self::before_event) at `t` may fire anything: if not, it need not be called.
    #[must_use]
    pub fn is_due(&self, ix: Ix, t: i64) -> bool {
        self.agenda.not_before(ix) <= t
    }

    /// Brings what is kept of a customer into the cache, some events before it is needed.
    pub fn touch(&self, ix: Ix) {
        black_box((
            self.agenda.not_before(ix),
            self.records.get(ix).map(|record| record.number),
        ));
    }

    /// Fires the customer's own timers and deadlines up to and with `t`, in the order of time.
    pub fn before_event(&mut self, store: &mut Store, ix: Ix, t: i64, out: &mut dyn Desk) {
        if !self.is_due(ix, t) {
            return;
        }
        let mut after = self.looked_until(store, ix);
        let mut fired = false;
        while let Some(due) = self.next_due(store, ix, after, t) {
            self.fire(store, ix, due, out);
            after = after.max(due.at);
            fired = true;
        }
        if fired {
            self.mark_after(store, ix, after);
        }
    }

    /// Scores the customer after an event was applied to the store, and decides.
    pub fn after_event(&mut self, store: &mut Store, ix: Ix, seen: &Seen<'_>, out: &mut dyn Desk) {
        let trigger = Trigger::Event {
            event_id: seen.event_id,
        };
        if self.settings.mode == Mode::Plain {
            self.judge(
                store,
                ix,
                Moment {
                    now: seen.ts,
                    trigger,
                },
                out,
            );
            return self.remark(store, ix);
        }
        // The store's newest event counts as seen, so the record need not know.
        let now = self.last_seen(store, ix).max(seen.ts).max(self.floor);
        if self.facts.following != Following::Blind
            && self
                .churns
                .iter()
                .any(|churn| churn.is(seen.kind, seen.type_name))
        {
            self.churn(store, ix, &Seen { ts: now, ..*seen }, out);
        }
        if !self.settings.silence {
            self.judge(store, ix, Moment { now, trigger }, out);
            self.mark_edge(store, ix, now);
        } else if !self.is_quiet_until_mark(store, ix, now) {
            self.judge(store, ix, Moment { now, trigger }, out);
            self.mark_after(store, ix, now);
        }
    }

    /// Fires everybody's timers and deadlines up to and with `to`, by instant, then by customer id.
    pub fn advance(&mut self, store: &mut Store, to: i64, out: &mut dyn Desk) {
        if !self.agenda.is_due(to) {
            return;
        }
        while let Some(next) = self.agenda.next(to) {
            match next {
                Next::Hour { customers, end } => {
                    for together in customers.chunks(TOGETHER) {
                        store.touch(together);
                        for &ix in together {
                            // The marks were in this hour, so nothing falls due before it.
                            let after = self.last_seen(store, ix).max(end - HOUR_MS);
                            self.look(store, ix, after, end);
                        }
                    }
                }
                Next::Due { customer, at } => self.fall_due(store, customer, at, out),
            }
        }
    }

    /// The customer's last contract is over at `at` (ms UTC) if nothing comes: an open episode closes then as churned,
    /// and none opens before new activity, as at an event by which a customer leaves.
    pub fn leaves_at(&mut self, ix: Ix, at: Option<i64>) {
        let counts = self.settings.mode != Mode::Plain && self.settings.contracts_end;
        match at.filter(|_| counts) {
            Some(at) => {
                self.leaves.insert(ix.0, at);
                if at < self.agenda.not_before(ix) {
                    self.agenda.look_at(ix, at);
                }
            }
            None => drop(self.leaves.remove(&ix.0)),
        }
    }

    /// Forgets a customer. Call it before the store forgets it.
    pub fn erase(&mut self, ix: Ix) {
        self.leaves.remove(&ix.0);
        self.agenda.idle(ix);
        self.records.erase(ix);
        self.facts.erase(ix);
    }

    /// The next instant up to `limit` at which silence, a timer or an episode's end leads to something, solved exactly.
    pub fn deadline(&mut self, store: &Store, ix: Ix, limit: i64) -> Option<i64> {
        let after = self.last_seen(store, ix);
        self.next_due(store, ix, after, limit).map(|due| due.at)
    }

    /// The first instant after `at` and up to `limit` at which a decision follows if nothing happens, the customer's
    /// timers firing on the way (in `store`: give a copy's). None if one is due at `at` already.
    pub fn decides_at(&mut self, store: &mut Store, ix: Ix, at: i64, limit: i64) -> Option<i64> {
        if self.is_reached(store, ix, at) {
            return None;
        }
        let mut after = at;
        loop {
            let due = self.next_due(store, ix, after, limit)?;
            if due.edge != Edge::Timer {
                return Some(due.at);
            }
            store.fire_timer(ix);
            after = after.max(due.at);
            if self.is_reached(store, ix, after) {
                return Some(after);
            }
        }
    }

    fn is_reached(&mut self, store: &Store, ix: Ix, now: i64) -> bool {
        let outlook = self.outlook(store, ix, now);
        outlook.compares(now) && outlook.limits.reached(self.log_odds(store, ix, now))
    }

    fn outlook(&self, store: &Store, ix: Ix, after: i64) -> Outlook {
        if self.facts.following == Following::Blind {
            return Outlook::of_timers(store, ix);
        }
        let mut outlook = outlook(
            &self.settings,
            &self.terms,
            (store, ix),
            self.records.get(ix),
            after,
        );
        if !self.leaves.is_empty()
            && let Some(at) = self.leaves.get(&ix.0)
        {
            outlook.edge_at(*at, Edge::Leave);
        }
        outlook
    }

    fn future<'a>(&'a mut self, store: &'a Store, ix: Ix) -> Future<'a> {
        Future {
            scorer: &self.scorer,
            scratch: &mut self.scratch,
            store,
            ix,
        }
    }

    fn log_odds(&mut self, store: &Store, ix: Ix, now: i64) -> f64 {
        self.scorer.log_odds(store, ix, now, &mut self.scratch)
    }

    /// The last instant at which the customer was scored: scoring does not go back behind it.
    fn last_seen(&self, store: &Store, ix: Ix) -> i64 {
        let newest = store.newest(ix).unwrap_or(i64::MIN);
        let newest = newest.max(self.floor.saturating_sub(1));
        self.records
            .get(ix)
            .map_or(newest, |record| record.seen_at.max(newest))
    }

    /// After a plain decision: the mark, where silence is watched.
    fn remark(&mut self, store: &Store, ix: Ix) {
        let now = self.last_seen(store, ix);
        if !self.settings.silence {
            self.mark_edge(store, ix, now);
        } else if !self.is_quiet_until_mark(store, ix, now) {
            self.mark_after(store, ix, now);
        }
    }
}
