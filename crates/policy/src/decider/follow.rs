//! Decisions as facts: gathered while they are made, repeated while state is rebuilt.

use std::collections::BTreeMap;

use super::*;
use crate::alert::Kind;
use crate::episode::Record;
use crate::journal::{Fact, FactKind, Remembered};

/// How decisions are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Following {
    /// By model and policy: live.
    #[default]
    Off,
    /// By model and policy, until [`Decider::settle`] compares them with the facts.
    Checked,
    /// By the facts alone: they were made with another model or policy. Only the customers' own timers run.
    Blind,
}

/// A decision that may have to be undone.
#[derive(Debug)]
struct Tentative {
    /// None once the customer was erased: the index may be another's by now.
    ix: Option<Ix>,
    before: Option<Record>,
    fact: Fact,
}

/// Instants by index of a customer.
type Fired = BTreeMap<u32, i64>;

/// Decisions on their way to the journal, or from it.
#[derive(Debug, Default)]
pub(super) struct Facts {
    gathering: bool,
    pub(super) following: Following,
    /// Marks are no proofs for the model and the policy that decide now.
    is_unarmed: bool,
    made: Vec<Fact>,
    tentative: Vec<Tentative>,
    /// While following: whose timers fired since facts were last settled, and when.
    fired: Fired,
}

impl Facts {
    /// Whether what is decided now has to be known.
    pub(super) fn wanted(&self) -> bool {
        self.gathering || self.following == Following::Checked
    }

    /// Takes note of a timer: it moves a record on, which may not be there before its fact is.
    pub(super) fn fired(&mut self, ix: Ix, now: i64) {
        if self.following != Following::Off {
            self.fired.insert(ix.0, now);
        }
    }

    pub(super) fn erase(&mut self, ix: Ix) {
        self.fired.remove(&ix.0);
        for tentative in &mut self.tentative {
            tentative.ix = tentative.ix.filter(|of| *of != ix);
        }
    }
}

impl From<Kind> for FactKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Opened => Self::Opened,
            Kind::Escalated => Self::Escalated,
            Kind::Recovered => Self::Recovered,
            Kind::Lapsed => Self::Lapsed,
            Kind::Churned => Self::Churned,
        }
    }
}

impl Decider {
    /// Whether facts are kept for [`Self::take_facts`].
    pub fn gather(&mut self, on: bool) {
        self.facts.gathering = on;
    }

    /// Whether [`Self::take_facts`] has any.
    #[must_use]
    pub fn has_facts(&self) -> bool {
        !self.facts.made.is_empty()
    }

    /// The facts decided since the last call, in order.
    pub fn take_facts(&mut self) -> Vec<Fact> {
        std::mem::take(&mut self.facts.made)
    }

    /// Takes note of a decision that was just carried out. `before` is the customer's record before it.
    pub(super) fn decided(
        &mut self,
        store: &Store,
        ix: Ix,
        (kind, as_of): (FactKind, i64),
        before: Option<Record>,
    ) {
        if !self.facts.wanted() {
            return;
        }
        let Some(record) = self.records.get(ix) else {
            return;
        };
        let fact = Fact {
            customer: store.id(ix).to_owned(),
            kind,
            as_of,
            after: Remembered::from(record),
        };
        if self.facts.following == Following::Checked {
            self.facts.tentative.push(Tentative {
                ix: Some(ix),
                before,
                fact,
            });
        } else {
            self.facts.made.push(fact);
        }
    }

    /// How decisions are made from here on. Settle what was tentative first, and [`rearm`](Self::rearm) after blind
    /// following.
    pub fn follow(&mut self, how: Following) {
        self.facts.following = how;
        self.facts.is_unarmed |= how == Following::Blind;
        self.facts.tentative.clear();
        self.facts.fired.clear();
    }

    /// Whether [`rearm`](Self::rearm) is due before silence is watched again: the marks are those of blind following or
    /// of another model.
    #[must_use]
    pub fn needs_rearm(&self) -> bool {
        self.facts.is_unarmed
    }

    /// Compares what was decided since the last call with `facts`, which hold where they differ: give those of one place
    /// before anything after it is worked. The number of differences: facts that did not come out, and decisions that
    /// are no facts. Blind following has none.
    ///
    /// A customer whose decision is undone, with no fact in its place, is left alone until its next event or timer, or
    /// until [`rearm`](Self::rearm): otherwise it would be decided on again at once.
    pub fn settle(&mut self, store: &Store, facts: &[Fact]) -> u64 {
        let tentative = std::mem::take(&mut self.facts.tentative);
        let fired = std::mem::take(&mut self.facts.fired);
        if self.facts.following == Following::Blind {
            for fact in facts {
                self.repeat(store, fact, &fired);
            }
            return 0;
        }
        if tentative.iter().map(|t| &t.fact).eq(facts) {
            return 0;
        }
        let mut customers: BTreeMap<&str, (Vec<&Fact>, Vec<&Tentative>)> = BTreeMap::new();
        for fact in facts {
            customers.entry(&fact.customer).or_default().0.push(fact);
        }
        for made in &tentative {
            let customer = made.fact.customer.as_str();
            customers.entry(customer).or_default().1.push(made);
        }
        let mut differences = 0;
        for (facts, made) in customers.into_values() {
            if made.iter().map(|t| &t.fact).eq(facts.iter().copied()) {
                continue;
            }
            let missing = facts
                .iter()
                .filter(|fact| !made.iter().any(|t| t.fact == ***fact));
            let more = made.iter().filter(|t| !facts.contains(&&t.fact));
            differences += (missing.count() + more.count()).max(1) as u64;
            self.undo(store, &made, &fired);
            for fact in facts {
                self.repeat(store, fact, &fired);
            }
        }
        differences
    }

    /// Back to before the first of a customer's decisions.
    fn undo(&mut self, store: &Store, made: &[&Tentative], fired: &Fired) {
        let first = made.iter().find_map(|t| Some((t.ix?, t.before)));
        let Some((ix, before)) = first else { return };
        match before {
            Some(before) => {
                let fired = fired.get(&ix.0).copied().unwrap_or(i64::MIN);
                *self.records.make(ix) = before;
                self.records.make(ix).seen_at = before.seen_at.max(fired);
            }
            None => self.records.erase(ix),
        }
        match store.next_timer(ix) {
            Some(timer) => self.agenda.look_at(ix, timer),
            None => self.agenda.idle(ix),
        }
    }

    /// Sets what is remembered of a customer after a decision of the journal.
    fn repeat(&mut self, store: &Store, fact: &Fact, fired: &Fired) {
        // Whoever was erased since is in no state.
        let Some(ix) = store.find(&fact.customer) else {
            return;
        };
        let mut after = Record::from(&fact.after);
        // A timer between the decision and here moved the live run's record on.
        let seen_at = self.records.get(ix).map(|record| record.seen_at);
        let fired = fired.get(&ix.0).copied().filter(|at| *at > fact.as_of);
        after.seen_at = after.seen_at.max(seen_at.max(fired).unwrap_or(i64::MIN));
        *self.records.make(ix) = after;
        self.look_again(store, ix);
    }

    /// Another model and policy for the same records. [`Self::rearm`] is to follow where it decides at once.
    ///
    /// # Errors
    /// If the model cannot be scored.
    pub fn activate(&mut self, settings: Arc<Settings>, model: &Model) -> Result<(), Error> {
        let fresh = Self::new(settings, model)?;
        let old = std::mem::replace(self, fresh);
        self.agenda = old.agenda;
        self.records = old.records;
        self.facts = old.facts;
        self.facts.is_unarmed = true;
        self.floor = old.floor;
        self.emitting = old.emitting;
        self.counts = old.counts;
        Ok(())
    }

    /// Everybody is to be looked at anew, as of `clock` and not before: nothing is decided in the past.
    pub fn rearm(&mut self, store: &Store, clock: i64) {
        self.floor = self.floor.max(clock);
        self.facts.is_unarmed = self.facts.following == Following::Blind;
        for ix in store.iter() {
            self.look_again(store, ix);
        }
    }

    /// Nothing is proven of this customer: what falls due does so after its last scoring, a timer perhaps before.
    fn look_again(&mut self, store: &Store, ix: Ix) {
        let timer = store.next_timer(ix).unwrap_or(i64::MAX);
        self.agenda
            .look_at(ix, self.last_seen(store, ix).min(timer));
    }
}
