//! Decisions as facts: gathered while they are made, repeated while state is rebuilt.

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
    ix: Ix,
    before: Option<Record>,
    fact: Fact,
}

/// Decisions on their way to the journal, or from it.
#[derive(Debug, Default)]
pub(super) struct Facts {
    gathering: bool,
    pub(super) following: Following,
    made: Vec<Fact>,
    tentative: Vec<Tentative>,
}

impl Facts {
    /// Whether what is decided now has to be known.
    pub(super) fn wanted(&self) -> bool {
        self.gathering || self.following == Following::Checked
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
            self.facts.tentative.push(Tentative { ix, before, fact });
        } else {
            self.facts.made.push(fact);
        }
    }

    /// How decisions are made from here on. Settle what was tentative first.
    pub fn follow(&mut self, how: Following) {
        self.facts.following = how;
        self.facts.tentative.clear();
    }

    /// Compares what was decided since the last call with `facts`, which hold where they differ. The number of
    /// differences: facts that did not come out, and decisions that are no facts. Blind following has none.
    pub fn settle(&mut self, store: &Store, facts: &[Fact]) -> u64 {
        let tentative = std::mem::take(&mut self.facts.tentative);
        let blind = self.facts.following == Following::Blind;
        let same = tentative.iter().map(|t| &t.fact).eq(facts);
        if same && !blind {
            return 0;
        }
        let mut differences = 0;
        if !blind {
            let missing = facts
                .iter()
                .filter(|f| !tentative.iter().any(|t| t.fact == **f));
            let more = tentative.iter().filter(|t| !facts.contains(&t.fact));
            differences = (missing.count() + more.count()) as u64;
        }
        for undone in tentative.into_iter().rev() {
            match undone.before {
                Some(before) => *self.records.make(undone.ix) = before,
                None => self.records.erase(undone.ix),
            }
            self.look_again(store, undone.ix);
        }
        for fact in facts {
            // Whoever was erased since is in no state.
            if let Some(ix) = store.find(&fact.customer) {
                *self.records.make(ix) = Record::from(&fact.after);
                self.look_again(store, ix);
            }
        }
        differences
    }

    fn look_again(&mut self, store: &Store, ix: Ix) {
        let at = self.last_seen(store, ix);
        self.agenda.look_at(ix, at);
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
        self.floor = old.floor;
        self.emitting = old.emitting;
        self.counts = old.counts;
        Ok(())
    }

    /// Everybody is to be looked at anew, as of `clock` and not before: nothing is decided in the past.
    pub fn rearm(&mut self, store: &Store, clock: i64) {
        self.floor = self.floor.max(clock.saturating_sub(1));
        for ix in store.iter() {
            let at = self.last_seen(store, ix);
            self.agenda.look_at(ix, at);
        }
    }
}
