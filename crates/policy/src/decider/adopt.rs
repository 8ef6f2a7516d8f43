//! Customers that move between partitions, decisions and all.

use super::*;

impl Decider {
    /// A decider that remembers nothing yet and is to take over customers of these.
    ///
    /// # Errors
    /// If the model cannot be scored.
    pub fn heir_of(
        settings: Arc<Settings>,
        model: &Model,
        others: &[&Self],
    ) -> Result<Self, Error> {
        // The least: where it is greater, it goes into the record of whom it matters to.
        let floor = others.iter().map(|other| other.floor).min();
        Ok(Self {
            floor: floor.unwrap_or(i64::MIN),
            ..Self::new(settings, model)?
        })
    }

    /// Takes over what another decider by the same policy and model remembers of a customer: `theirs` is its index
    /// in `store`, `own` the one here.
    ///
    /// The instant before which nobody is scored stays the customer's, also where the two deciders' differ.
    pub fn adopt(&mut self, from: &Self, store: &Store, theirs: Ix, own: Ix) {
        if let Some(record) = from.records.get(theirs) {
            *self.records.make(own) = *record;
        }
        let newest = store.newest(theirs).unwrap_or(i64::MIN);
        // Seen just before it, the customer is scored at the instant itself at the earliest.
        let before = from.floor.saturating_sub(1);
        if from.floor > self.floor && before > newest {
            let record = self.records.make(own);
            record.seen_at = record.seen_at.max(before);
        }
        match from.agenda.not_before(theirs) {
            i64::MAX => self.agenda.idle(own),
            // It falls due at an instant that only the other one's heap knows: look from the last one on, or from a
            // timer that is older.
            i64::MIN => {
                let timer = store.next_timer(theirs).unwrap_or(i64::MAX);
                let seen = from.last_seen(store, theirs);
                self.agenda.look_at(own, seen.min(timer));
            }
            mark => self.agenda.look_at(own, mark),
        }
    }
}
