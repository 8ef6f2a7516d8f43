//! Marks, looks and what falls due for one customer.

use super::*;

impl Decider {
    /// The instant up to which it is proven that nothing of this customer falls due.
    pub(super) fn looked_until(&self, store: &Store, ix: Ix) -> i64 {
        let mark = self.agenda.not_before(ix);
        let proven = if mark == i64::MAX {
            i64::MIN
        } else {
            mark.saturating_sub(1)
        };
        self.last_seen(store, ix).max(proven)
    }

    /// The first thing that falls due after `after`, up to and with `limit`, if no event comes.
    pub(super) fn next_due(
        &mut self,
        store: &Store,
        ix: Ix,
        mut after: i64,
        limit: i64,
    ) -> Option<Due> {
        loop {
            let outlook = self.outlook(store, ix, after);
            if self.settings.silence {
                let to = limit.min(outlook.reach());
                let crossing = first_reached(
                    &mut self.future(store, ix),
                    after.saturating_add(1),
                    to,
                    outlook.limits,
                );
                if let Some(at) = crossing {
                    return Some(Due {
                        at,
                        edge: Edge::Never,
                    });
                }
            }
            if outlook.until > limit || outlook.edge == Edge::Never {
                return None;
            }
            if matches!(outlook.edge, Edge::Lapse | Edge::Leave) {
                // Another model's horizon may have passed long ago: it is not applied to the past.
                return Some(Due {
                    at: outlook.until.max(self.floor).max(self.last_seen(store, ix)),
                    edge: outlook.edge,
                });
            }
            if outlook.edge == Edge::Timer {
                return Some(Due {
                    at: outlook.until,
                    edge: Edge::Timer,
                });
            }
            after = outlook.until;
            let changed = self.outlook(store, ix, after);
            if changed.compares(after) && changed.limits.reached(self.log_odds(store, ix, after)) {
                return Some(Due {
                    at: after,
                    edge: Edge::Never,
                });
            }
        }
    }

    /// Carries out what falls due.
    pub(super) fn fire(&mut self, store: &mut Store, ix: Ix, due: Due, out: &mut dyn Desk) {
        self.counts.fired += 1;
        match due.edge {
            Edge::Timer => {
                let now = due.at.max(self.last_seen(store, ix)).max(self.floor);
                let Some(timer) = store.fire_timer(ix) else {
                    return;
                };
                if let Some(record) = self.records.get_mut(ix) {
                    record.seen_at = now;
                }
                self.facts.fired(ix, now);
                let trigger = Trigger::Timer { name: timer.name };
                self.judge(store, ix, Moment { now, trigger }, out);
            }
            Edge::Lapse => self.lapse(store, ix, due.at, out),
            Edge::Leave => {
                self.leaves.remove(&ix.0);
                // Only whoever keeps contracts knows whether that still holds.
                if let Some((_, how)) = out.leaves_at(store, ix).filter(|(at, _)| *at <= due.at) {
                    self.run_out(store, ix, (due.at, how), out);
                }
            }
            Edge::Never | Edge::Change => {
                let moment = Moment {
                    now: due.at,
                    trigger: Trigger::Silence,
                };
                self.judge(store, ix, moment, out)
            }
        }
    }

    /// Whether nothing can fall due, or be decided, from `now` to the customer's mark: then the mark stays.
    pub(super) fn is_quiet_until_mark(&mut self, store: &Store, ix: Ix, now: i64) -> bool {
        let mark = self.agenda.not_before(ix);
        if mark <= now {
            return false;
        }
        let outlook = self.outlook(store, ix, now);
        if outlook.compares(now) {
            let to = outlook.reach().min(mark.saturating_sub(1));
            if to < now || to.saturating_sub(now) > TRIES_MS[0] {
                return false;
            }
            if !outlook.limits.hold(self.future(store, ix).over(now, to)) {
                return false;
            }
        }
        if outlook.edge != Edge::Never && outlook.until < mark {
            self.agenda.look_at(ix, outlook.until);
        }
        true
    }

    /// Sets the mark as late as can be shown, nothing being due up to and with `after`.
    pub(super) fn mark_after(&mut self, store: &Store, ix: Ix, after: i64) {
        let outlook = self.outlook(store, ix, after);
        let at_edge = if outlook.edge == Edge::Never {
            i64::MAX
        } else {
            outlook.until
        };
        let reach = outlook.reach();
        if !self.settings.silence || outlook.limits.is_none() || reach <= after {
            return self.mark(ix, at_edge);
        }
        let mut tried = i64::MAX;
        for ahead in TRIES_MS {
            let to = reach.min(after.saturating_add(ahead));
            if to == tried {
                continue;
            }
            tried = to;
            if outlook.limits.hold(self.future(store, ix).over(after, to)) {
                return self.mark(ix, if to == reach { at_edge } else { to + 1 });
            }
        }
        self.mark(ix, after.saturating_add(1));
    }

    fn mark(&mut self, ix: Ix, at: i64) {
        if at == i64::MAX {
            self.agenda.idle(ix)
        } else {
            self.agenda.look_at(ix, at)
        }
    }

    /// Where the score is not watched: the mark follows timers and episode ends alone.
    pub(super) fn mark_edge(&mut self, store: &Store, ix: Ix, now: i64) {
        let outlook = self.outlook(store, ix, now);
        let mark = self.agenda.not_before(ix);
        if outlook.edge == Edge::Never {
            if mark != i64::MAX {
                self.agenda.idle(ix);
            }
        } else if mark <= now || outlook.until < mark {
            self.agenda.look_at(ix, outlook.until);
        }
    }

    /// Time has come near a customer's mark: solve up to `end`, or mark anew.
    pub(super) fn look(&mut self, store: &Store, ix: Ix, after: i64, end: i64) {
        self.counts.looks += 1;
        match self.next_due(store, ix, after, end) {
            Some(due) => self.agenda.falls_due(ix, store.id(ix), due.at),
            None => self.mark_after(store, ix, after.max(end)),
        }
    }

    /// A customer's instant in the heap has come; an event may have made it void since.
    pub(super) fn fall_due(&mut self, store: &mut Store, ix: Ix, at: i64, out: &mut dyn Desk) {
        let seen = self.last_seen(store, ix);
        let Some(due) = self.next_due(store, ix, seen.max(at.saturating_sub(1)), at) else {
            return;
        };
        self.fire(store, ix, due, out);
        self.agenda.idle(ix);
        let after = self.last_seen(store, ix).max(at);
        self.look(store, ix, after, hour_end(at));
    }
}
