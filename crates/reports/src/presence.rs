//! Who is a customer at an instant.
//!
//! A customer exists at the instant t when their last purchase lies in (t - A, t] or when a subscription runs at t.
//!
//! | event | effect |
//! | --- | --- |
//! | `purchase` | exists for A from its instant, exclusive at the end |
//! | `subscription_start`, `subscription_renew` | that contract runs |
//! | `subscription_cancel`, `subscription_expire` | that contract ends; without an id, all do |
//! | `account_closed` | all contracts and the purchase's window end |
//!
//! Contracts are told apart by id; events without one speak of one contract without a name.

use holdfast_events::EventType;

use crate::act::{Act, Said};

/// What decides whether a customer is there, after the events up to some instant.
#[derive(Clone, Debug)]
pub(crate) struct Presence {
    window_ms: i64,
    purchase_ms: Option<i64>,
    /// Hashes of the ids of running contracts; 0 is the one without a name.
    running: Vec<u64>,
}

impl Presence {
    pub(crate) fn new(window_ms: i64) -> Self {
        Self {
            window_ms,
            purchase_ms: None,
            running: Vec::new(),
        }
    }

    /// As it was left.
    pub(crate) fn resumed(window_ms: i64, purchase_ms: Option<i64>, running: Vec<u64>) -> Self {
        Self {
            window_ms,
            purchase_ms,
            running,
        }
    }

    /// The last purchase that counts, and the hashes of the ids of running contracts.
    pub(crate) fn left(self) -> (Option<i64>, Vec<u64>) {
        (self.purchase_ms, self.running)
    }

    /// Applies the next event in time.
    pub(crate) fn take(&mut self, act: &Act<'_>) {
        let contract = match act.said {
            Said::Contract { contract, .. } => contract,
            _ => None,
        };
        self.happens(act.ts, act.kind, contract);
    }

    /// The same; a contract's event with the hash of its id.
    pub(crate) fn happens(&mut self, ts: i64, kind: EventType, contract: Option<u64>) {
        use EventType as E;
        match kind {
            E::Purchase => self.purchase_ms = Some(ts),
            E::SubscriptionStart | E::SubscriptionRenew => {
                let id = contract.unwrap_or(0);
                if !self.running.contains(&id) {
                    self.running.push(id);
                }
            }
            E::SubscriptionCancel | E::SubscriptionExpire => match contract {
                None => self.running.clear(),
                Some(id) if self.running.contains(&id) => self.running.retain(|r| *r != id),
                // One that was begun without its id.
                Some(_) => self.running.retain(|r| *r != 0),
            },
            E::AccountClosed => {
                self.running.clear();
                self.purchase_ms = None;
            }
            _ => {}
        }
    }

    /// Whether a subscription runs.
    pub(crate) fn subscribes(&self) -> bool {
        !self.running.is_empty()
    }

    /// Whether the customer exists at `t`, which is not before the last event taken.
    pub(crate) fn at(&self, t: i64) -> bool {
        let bought = |p: i64| p > t.saturating_sub(self.window_ms);
        self.subscribes() || self.purchase_ms.is_some_and(bought)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn act(ts: i64, kind: EventType, contract: Option<u64>) -> Act<'static> {
        let said = Said::Contract {
            contract,
            reason: None,
            voluntary: None,
        };
        Act {
            ts,
            kind,
            minor: None,
            said,
        }
    }

    fn after(acts: &[(i64, EventType, Option<u64>)]) -> Presence {
        let mut presence = Presence::new(10);
        for (ts, kind, contract) in acts {
            presence.take(&act(*ts, *kind, *contract));
        }
        presence
    }

    #[test]
    fn purchase_counts_from_its_instant_until_just_before_the_window_is_over() {
        let presence = after(&[(100, EventType::Purchase, None)]);
        assert!(presence.at(100) && presence.at(109));
        assert!(!presence.at(110));
    }

    #[test]
    fn contract_runs_until_its_own_end() {
        use EventType as E;
        let running = [
            (0, E::SubscriptionStart, Some(7)),
            (1, E::SubscriptionRenew, Some(8)),
            (2, E::SubscriptionCancel, Some(7)),
        ];
        assert!(after(&running).at(1_000));
        let ended = [&running[..], &[(3, E::SubscriptionExpire, Some(8))]].concat();
        assert!(!after(&ended).at(1_000));
        let unnamed = [&running[..], &[(3, E::SubscriptionCancel, None)]].concat();
        assert!(
            !after(&unnamed).subscribes(),
            "an end without an id ends all"
        );
        let begun = [
            (0, E::SubscriptionStart, None),
            (1, E::SubscriptionCancel, Some(9)),
        ];
        assert!(!after(&begun).subscribes());
    }

    #[test]
    fn closed_account_ends_contract_and_window_until_the_next_purchase() {
        use EventType as E;
        let closed = [
            (0, E::SubscriptionStart, None),
            (1, E::Purchase, None),
            (2, E::AccountClosed, None),
        ];
        assert!(!after(&closed).at(2));
        let back = [&closed[..], &[(3, E::Purchase, None)]].concat();
        assert!(after(&back).at(3));
    }
}
